// Package lock holds row, relation and advisory locks, lets waiters wait in
// order, and finds deadlocks.
//
// One Table serves a node. A session has one Owner, used by one goroutine at a
// time; what others may touch of it (its fast-path slots, its place in a queue)
// is guarded.
//
// Invariants:
//
//	L1  Two owners never hold conflicting modes of one object.
//	L2  A waiter is passed only by requests that do not conflict with it, or that
//	    already hold a mode it waits for (it would wait for them anyway).
//	L3  Whoever takes a lock over from a committed transaction learns a timestamp
//	    at or above that commit (the "dependency"); learning a later one is safe.
//	L4  Lock order: Owner.fast < shard in index order < Table.owners. No call out
//	    of the package and no waiting happens under any of them.
//
// A relation lock in one of the three weak modes is kept in the owner's own
// slots while no strong mode of (a hash class of) the relation is held or wanted;
// whoever wants one first counts itself in, then moves others' slots to the table.
package lock

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"datapunk/internal/clock"
	"datapunk/kv"
)

const (
	shardCount    = 64
	depSlots      = 1 << 14
	strongSlots   = 1 << 10
	fastSlots     = 16
	freePerShard  = 256
	softTries     = 16
	deadlockAfter = 50 * time.Millisecond
	deadlockMax   = time.Second
)

// Options of a table.
type Options struct {
	Clock clock.Clock
	// Applied is the newest applied commit; the dependency of a strong lock.
	Applied func() kv.Timestamp
	// DeadlockAfter is how long a waiter waits before it looks for a cycle.
	DeadlockAfter time.Duration
}

// Table is all locks of a node.
type Table struct {
	opts      Options
	seed      maphash.Seed
	shards    [shardCount]shard
	deps      [depSlots]atomic.Uint64
	strong    [strongSlots]atomic.Int32
	deadlocks atomic.Int64
	owners    struct {
		sync.Mutex
		list atomic.Pointer[[]*Owner]
	}
}

type shard struct {
	sync.Mutex
	objects map[uint64]*object
	free    []*object
	_       [24]byte
}

// object is something locked or waited for.
type object struct {
	hash    uint64
	next    *object // of the same hash
	key     []byte  // a kv.LockKind byte, then what names the object
	queue   []*waiter
	holders []holder
	one     [1]holder
}

type holder struct {
	owner  *Owner
	mask   uint16     // bit m: holds mode m
	counts *[9]uint32 // of relation and advisory locks
}

type waiter struct {
	owner   *Owner
	obj     *object // nil if not waiting
	mode    uint8
	granted bool
	since   int64
	ch      chan struct{}
}

// conflict[kind][m] has the modes that conflict with m. Row strengths are
// numbered from 1; advisory modes are shared and exclusive of the transaction,
// then of the session.
var conflict = buildConflicts()

func buildConflicts() (c [3][9]uint16) {
	for a := kv.KeyShare; a <= kv.Exclusive; a++ {
		for b := kv.KeyShare; b <= kv.Exclusive; b++ {
			if a.Conflicts(b) {
				c[kv.RowLock][a+1] |= 1 << (b + 1)
			}
		}
	}
	for a := kv.AccessShare; a <= kv.AccessExclusive; a++ {
		for b := kv.AccessShare; b <= kv.AccessExclusive; b++ {
			if a.Conflicts(b) {
				c[kv.RelationLock][a] |= 1 << b
			}
		}
	}
	for a := advisoryShared; a <= advisoryExclusive+advisorySession; a++ {
		for b := advisoryShared; b <= advisoryExclusive+advisorySession; b++ {
			if isExclusive(a) || isExclusive(b) {
				c[kv.AdvisoryLock][a] |= 1 << b
			}
		}
	}
	return c
}

const (
	advisoryShared    uint8 = 1
	advisoryExclusive uint8 = 2
	advisorySession   uint8 = 2 // added to the two above
)

func isExclusive(m uint8) bool { return m == 2 || m == 4 }

// NewTable makes an empty table.
func NewTable(o Options) *Table {
	if o.DeadlockAfter == 0 {
		o.DeadlockAfter = deadlockAfter
	}
	t := &Table{opts: o, seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].objects = map[uint64]*object{}
	}
	t.owners.list.Store(&[]*Owner{})
	return t
}

// Deadlocks counts the victims.
func (t *Table) Deadlocks() int64 { return t.deadlocks.Load() }

func (t *Table) shard(hash uint64) *shard { return &t.shards[hash%shardCount] }

func (t *Table) dep(hash uint64) *atomic.Uint64 { return &t.deps[hash/shardCount%depSlots] }

func (t *Table) noteDep(hash uint64, ts kv.Timestamp) {
	if ts == 0 {
		return
	}
	d := t.dep(hash)
	for {
		old := d.Load()
		if old >= uint64(ts) || d.CompareAndSwap(old, uint64(ts)) {
			return
		}
	}
}

func (s *shard) find(hash uint64, key []byte) *object {
	for o := s.objects[hash]; o != nil; o = o.next {
		if bytes.Equal(o.key, key) {
			return o
		}
	}
	return nil
}

func (s *shard) make(hash uint64, key []byte) *object {
	var o *object
	if n := len(s.free); n > 0 {
		o = s.free[n-1]
		s.free = s.free[:n-1]
	} else {
		o = &object{}
	}
	o.hash = hash
	o.key = append(o.key[:0], key...)
	o.holders = o.one[:0]
	o.next = s.objects[hash]
	s.objects[hash] = o
	return o
}

// drop removes an object that nobody holds or awaits.
func (s *shard) drop(o *object) {
	if len(o.holders) > 0 || len(o.queue) > 0 {
		return
	}
	if first := s.objects[o.hash]; first == o {
		if o.next == nil {
			delete(s.objects, o.hash)
		} else {
			s.objects[o.hash] = o.next
		}
	} else {
		for p := first; p != nil; p = p.next {
			if p.next == o {
				p.next = o.next
				break
			}
		}
	}
	o.next = nil
	if len(s.free) < freePerShard {
		o.holders, o.one[0] = nil, holder{}
		s.free = append(s.free, o)
	}
}

func (o *object) kind() kv.LockKind { return kv.LockKind(o.key[0]) }

func (o *object) holder(w *Owner) *holder {
	for i := range o.holders {
		if o.holders[i].owner == w {
			return &o.holders[i]
		}
	}
	return nil
}

// othersConflict tells whether someone else holds a mode that conflicts.
func (o *object) othersConflict(w *Owner, mode uint8) bool {
	c := conflict[o.kind()][mode]
	for i := range o.holders {
		if o.holders[i].owner != w && o.holders[i].mask&c != 0 {
			return true
		}
	}
	return false
}

func (o *object) grant(w *Owner, mode uint8) {
	h := o.holder(w)
	if h == nil {
		o.holders = append(o.holders, holder{owner: w})
		h = &o.holders[len(o.holders)-1]
	}
	h.mask |= 1 << mode
	if o.kind() != kv.RowLock {
		if h.counts == nil {
			h.counts = &[9]uint32{}
		}
		h.counts[mode]++
	}
}

// revoke takes a mode away whatever its count, and wakes whoever may go on.
func (s *shard) revoke(o *object, w *Owner, mode uint8) {
	for i := range o.holders {
		h := &o.holders[i]
		if h.owner != w {
			continue
		}
		h.mask &^= 1 << mode
		if h.counts != nil {
			h.counts[mode] = 0
		}
		if h.mask == 0 {
			last := len(o.holders) - 1
			o.holders[i] = o.holders[last]
			o.holders[last] = holder{}
			o.holders = o.holders[:last]
		}
		break
	}
	o.wake()
	s.drop(o)
}

// wake grants, in order, what no longer conflicts with a holder or with a
// waiter that stays ahead (L2).
func (o *object) wake() {
	var ahead uint16
	kept := o.queue[:0]
	for _, w := range o.queue {
		if conflict[o.kind()][w.mode]&ahead == 0 && !o.othersConflict(w.owner, w.mode) {
			o.grant(w.owner, w.mode)
			w.granted, w.obj = true, nil
			w.ch <- struct{}{}
			continue
		}
		ahead |= 1 << w.mode
		kept = append(kept, w)
	}
	clear(o.queue[len(kept):])
	o.queue = kept
}

// place returns where a request stands in the queue and whether it may be
// granted at once (L2).
func (o *object) place(w *Owner, mode uint8, held uint16) (pos int, free bool) {
	c := &conflict[o.kind()]
	var ahead uint16
	pos = len(o.queue)
	for i, q := range o.queue {
		if held != 0 && c[q.mode]&held != 0 {
			pos = i
			break
		}
		ahead |= 1 << q.mode
	}
	return pos, c[mode]&ahead == 0 && !o.othersConflict(w, mode)
}

func (o *object) remove(w *waiter) {
	for i, q := range o.queue {
		if q == w {
			o.queue = append(o.queue[:i], o.queue[i+1:]...)
			break
		}
	}
	w.obj = nil
}

func (o *object) insert(w *waiter, pos int) {
	o.queue = append(o.queue, nil)
	copy(o.queue[pos+1:], o.queue[pos:])
	o.queue[pos] = w
	w.obj = o
}

func mix(a, b, c uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ b*0xc2b2ae3d27d4eb4f ^ c*0x165667b19e3779f9
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

func relationHash(id kv.ObjectID) uint64 {
	return mix(uint64(id.Database), uint64(id.Class), uint64(id.Object)+1)
}

func appendRelation(dst []byte, id kv.ObjectID) []byte {
	dst = append(dst, byte(kv.RelationLock))
	dst = binary.BigEndian.AppendUint32(dst, id.Database)
	dst = binary.BigEndian.AppendUint32(dst, id.Class)
	return binary.BigEndian.AppendUint32(dst, id.Object)
}

func appendAdvisory(dst []byte, id kv.AdvisoryID) []byte {
	dst = append(dst, byte(kv.AdvisoryLock))
	dst = binary.BigEndian.AppendUint32(dst, id.Database)
	dst = binary.BigEndian.AppendUint64(dst, uint64(id.Key))
	if id.Pair {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// describe fills a report's names from an object's key.
func (o *object) describe(info *kv.LockInfo, mode uint8) {
	info.Kind = o.kind()
	switch info.Kind {
	case kv.RowLock:
		info.Key = bytes.Clone(o.key[1:])
		info.Strength = kv.Strength(mode - 1)
	case kv.RelationLock:
		info.Object = kv.ObjectID{
			Database: binary.BigEndian.Uint32(o.key[1:]),
			Class:    binary.BigEndian.Uint32(o.key[5:]),
			Object:   binary.BigEndian.Uint32(o.key[9:]),
		}
		info.Mode = kv.Mode(mode)
	case kv.AdvisoryLock:
		info.Advisory = kv.AdvisoryID{
			Database: binary.BigEndian.Uint32(o.key[1:]),
			Key:      int64(binary.BigEndian.Uint64(o.key[5:])),
			Pair:     o.key[13] == 1,
		}
		info.Mode = kv.ShareMode
		if isExclusive(mode) {
			info.Mode = kv.ExclusiveMode
		}
	}
}
