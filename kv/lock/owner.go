package lock

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"datapunk/kv"
)

// Owner is what holds locks: a session, and in it at most one transaction.
type Owner struct {
	t   *Table
	id  kv.SessionID
	xid atomic.Uint64

	grants   []grant // of the transaction, in order
	session  []grant // session-level advisory locks
	lastMark int
	buf      []byte
	wait     waiter
	reads    func() kv.Timestamp // the oldest snapshot it reads, 0 for none
	era      atomic.Uint64       // transactions that have ended
	outwaits atomic.Pointer[outwaiting]

	fast struct {
		sync.Mutex
		slots [fastSlots]slot
		used  int // slots from here on were never used
	}
	_ [64]byte
}

// grant is one entry of the log of what was gained. A fast grant names a slot;
// a dead one was given back early.
type grant struct {
	obj  *object
	mode uint8
	slot int8
	kind grantKind
}

type grantKind uint8

const (
	deadGrant grantKind = iota
	tableGrant
	fastGrant
)

// slot is a relation lock on the fast path, or one that was moved to the table.
type slot struct {
	object kv.ObjectID
	mask   uint8 // weak modes held here
	moved  uint8 // weak modes held in the table since someone moved them
	counts [4]uint32
}

// NewOwner adds an owner; reads tells the oldest snapshot that it reads now, 0 for none.
func (t *Table) NewOwner(id kv.SessionID, reads func() kv.Timestamp) *Owner {
	o := &Owner{t: t, id: id, reads: reads}
	o.wait.owner = o
	o.wait.ch = make(chan struct{}, 1)
	t.owners.Lock()
	defer t.owners.Unlock()
	list := append(slices.Clone(*t.owners.list.Load()), o)
	t.owners.list.Store(&list)
	return o
}

// Close releases everything and removes the owner.
func (o *Owner) Close(dep kv.Timestamp) {
	o.ReleaseAll(dep)
	o.UnlockAllAdvisory(dep)
	t := o.t
	t.owners.Lock()
	defer t.owners.Unlock()
	list := slices.DeleteFunc(slices.Clone(*t.owners.list.Load()), func(x *Owner) bool { return x == o })
	t.owners.list.Store(&list)
}

// SetXID names the transaction in reports.
func (o *Owner) SetXID(x kv.XID) { o.xid.Store(uint64(x)) }

// Mark is a position for RollbackTo.
func (o *Owner) Mark() int {
	o.lastMark = len(o.grants)
	return o.lastMark
}

// LockRow locks a key; dep is L3's timestamp, 0 if there is none.
func (o *Owner) LockRow(ctx context.Context, key []byte, strength kv.Strength, wait kv.Wait) (dep kv.Timestamp, err error) {
	o.buf = append(append(o.buf[:0], byte(kv.RowLock)), key...)
	return o.acquire(ctx, maphash.Bytes(o.t.seed, o.buf), o.buf, uint8(strength)+1, wait, &o.grants)
}

// HoldsRow tells whether the owner holds the key at least that strongly.
func (o *Owner) HoldsRow(key []byte, strength kv.Strength) bool {
	o.buf = append(append(o.buf[:0], byte(kv.RowLock)), key...)
	hash := maphash.Bytes(o.t.seed, o.buf)
	s := o.t.shard(hash)
	s.Lock()
	defer s.Unlock()
	if obj := s.find(hash, o.buf); obj != nil {
		if h := obj.holder(o); h != nil {
			return h.mask>>(strength+1) != 0
		}
	}
	return false
}

// LockRelation locks an object.
func (o *Owner) LockRelation(ctx context.Context, id kv.ObjectID, mode kv.Mode, wait kv.Wait) (dep kv.Timestamp, err error) {
	t := o.t
	hash := relationHash(id)
	class := &t.strong[hash%strongSlots]
	switch {
	case mode <= kv.RowExclusive:
		if o.lockFast(id, mode, class) {
			return kv.Timestamp(t.dep(hash).Load()), nil
		}
	case mode > kv.ShareUpdateExclusive:
		class.Add(1)
		t.moveFast(id, hash)
	}
	o.buf = appendRelation(o.buf[:0], id)
	before := len(o.grants)
	dep, err = o.acquire(ctx, hash, o.buf, uint8(mode), wait, &o.grants)
	if mode > kv.ShareUpdateExclusive {
		if err != nil || len(o.grants) == before {
			class.Add(-1) // not gained, or held already and counted then
		}
		if err == nil && t.opts.Applied != nil {
			dep = max(dep, t.opts.Applied())
		}
	}
	return dep, err
}

func (o *Owner) lockFast(id kv.ObjectID, mode kv.Mode, class *atomic.Int32) bool {
	bit := uint8(1) << mode
	f := &o.fast
	f.Lock()
	defer f.Unlock()
	free := -1
	for i := 0; i < f.used; i++ {
		s := &f.slots[i]
		if s.mask|s.moved == 0 {
			if free < 0 {
				free = i
			}
			continue
		}
		if s.object != id {
			continue
		}
		if (s.mask|s.moved)&bit != 0 {
			s.counts[mode]++
			return true
		}
		if s.moved != 0 || class.Load() != 0 {
			return false
		}
		s.mask |= bit
		s.counts[mode] = 1
		o.grants = append(o.grants, grant{mode: uint8(mode), slot: int8(i), kind: fastGrant})
		return true
	}
	if free < 0 {
		if f.used == fastSlots {
			return false
		}
		free = f.used
		f.used++
	}
	if class.Load() != 0 {
		return false
	}
	f.slots[free] = slot{object: id, mask: bit}
	f.slots[free].counts[mode] = 1
	o.grants = append(o.grants, grant{mode: uint8(mode), slot: int8(free), kind: fastGrant})
	return true
}

// moveFast moves every owner's fast locks on the object to the table.
func (t *Table) moveFast(id kv.ObjectID, hash uint64) {
	key := appendRelation(make([]byte, 0, 16), id)
	for _, o := range *t.owners.list.Load() {
		o.fast.Lock()
		for i := 0; i < o.fast.used; i++ {
			s := &o.fast.slots[i]
			if s.mask == 0 || s.object != id {
				continue
			}
			sh := t.shard(hash)
			sh.Lock()
			obj := sh.find(hash, key)
			if obj == nil {
				obj = sh.make(hash, key)
			}
			for m := uint8(kv.AccessShare); m <= uint8(kv.RowExclusive); m++ {
				if s.mask&(1<<m) != 0 {
					obj.grant(o, m)
				}
			}
			sh.Unlock()
			s.moved |= s.mask
			s.mask = 0
		}
		o.fast.Unlock()
	}
}

// releaseFast gives a fast grant back, wherever it is now.
func (o *Owner) releaseFast(i int8, mode uint8, dep kv.Timestamp) {
	f := &o.fast
	f.Lock()
	s := &f.slots[i]
	bit := uint8(1) << mode
	moved := s.moved&bit != 0
	id := s.object
	s.mask &^= bit
	if !moved {
		f.Unlock()
		return
	}
	hash := relationHash(id)
	var buf [16]byte
	key := appendRelation(buf[:0], id)
	sh := o.t.shard(hash)
	o.t.noteDep(hash, dep)
	sh.Lock()
	if obj := sh.find(hash, key); obj != nil {
		// An earlier grant in the table may hold the mode as well.
		if h := obj.holder(o); h != nil && h.counts[mode] > 1 {
			h.counts[mode]--
		} else {
			sh.revoke(obj, o, mode)
		}
	}
	sh.Unlock()
	s.moved &^= bit
	f.Unlock()
}

// UnlockRelation gives one grant back.
func (o *Owner) UnlockRelation(id kv.ObjectID, mode kv.Mode, dep kv.Timestamp) {
	if mode <= kv.RowExclusive {
		f := &o.fast
		f.Lock()
		for i := 0; i < f.used; i++ {
			s := &f.slots[i]
			if (s.mask|s.moved)&(1<<mode) == 0 || s.object != id {
				continue
			}
			s.counts[mode]--
			last := s.counts[mode] == 0
			f.Unlock()
			if last {
				o.releaseFast(int8(i), uint8(mode), dep)
				o.kill(func(g grant) bool { return g.kind == fastGrant && g.slot == int8(i) && g.mode == uint8(mode) })
			}
			return
		}
		f.Unlock()
	}
	hash := relationHash(id)
	o.buf = appendRelation(o.buf[:0], id)
	o.giveBack(hash, uint8(mode), dep, &o.grants)
	o.trim()
}

// giveBack takes one off a count and releases at zero.
func (o *Owner) giveBack(hash uint64, mode uint8, dep kv.Timestamp, log *[]grant) bool {
	sh := o.t.shard(hash)
	sh.Lock()
	obj := sh.find(hash, o.buf)
	var h *holder
	if obj != nil {
		h = obj.holder(o)
	}
	if h == nil || h.mask&(1<<mode) == 0 {
		sh.Unlock()
		return false
	}
	h.counts[mode]--
	if h.counts[mode] > 0 {
		sh.Unlock()
		return true
	}
	o.t.noteDep(hash, dep)
	if obj.kind() == kv.RelationLock && kv.Mode(mode) > kv.ShareUpdateExclusive {
		o.t.strong[hash%strongSlots].Add(-1)
	}
	for i := len(*log) - 1; i >= 0; i-- {
		if g := &(*log)[i]; g.kind == tableGrant && g.obj == obj && g.mode == mode {
			*g = grant{}
			break
		}
	}
	sh.revoke(obj, o, mode)
	sh.Unlock()
	return true
}

func (o *Owner) kill(match func(grant) bool) {
	for i := len(o.grants) - 1; i >= 0; i-- {
		if match(o.grants[i]) {
			o.grants[i] = grant{}
			break
		}
	}
	o.trim()
}

// trim forgets dead grants at the end that no mark counts.
func (o *Owner) trim() {
	for n := len(o.grants); n > o.lastMark && o.grants[n-1].kind == deadGrant; n-- {
		o.grants = o.grants[:n-1]
	}
}

// LockAdvisory locks an advisory key for the session or the transaction.
func (o *Owner) LockAdvisory(ctx context.Context, id kv.AdvisoryID, shared, session bool, wait kv.Wait) (kv.Timestamp, error) {
	o.buf = appendAdvisory(o.buf[:0], id)
	log := &o.grants
	if session {
		log = &o.session
	}
	return o.acquire(ctx, maphash.Bytes(o.t.seed, o.buf), o.buf, advisoryMode(shared, session), wait, log)
}

func advisoryMode(shared, session bool) uint8 {
	m := advisoryExclusive
	if shared {
		m = advisoryShared
	}
	if session {
		m += advisorySession
	}
	return m
}

// UnlockAdvisory gives one session-level lock back.
func (o *Owner) UnlockAdvisory(id kv.AdvisoryID, shared bool, dep kv.Timestamp) bool {
	o.buf = appendAdvisory(o.buf[:0], id)
	ok := o.giveBack(maphash.Bytes(o.t.seed, o.buf), advisoryMode(shared, true), dep, &o.session)
	o.session = slices.DeleteFunc(o.session, func(g grant) bool { return g.kind == deadGrant })
	return ok
}

// UnlockAllAdvisory gives all session-level locks back.
func (o *Owner) UnlockAllAdvisory(dep kv.Timestamp) {
	for _, g := range o.session {
		o.release(g, dep)
	}
	o.session = o.session[:0]
}

// ReleaseAll ends the transaction's locks; dep is its commit's timestamp, or
// what it depended on itself.
func (o *Owner) ReleaseAll(dep kv.Timestamp) {
	o.lastMark = 0
	o.RollbackTo(0, dep)
	o.xid.Store(0)
	o.era.Add(1)
}

// RollbackTo releases what was gained after a mark.
func (o *Owner) RollbackTo(mark int, dep kv.Timestamp) {
	o.lastMark = min(o.lastMark, mark)
	for i := len(o.grants) - 1; i >= mark; i-- {
		o.release(o.grants[i], dep)
		o.grants[i] = grant{}
	}
	if mark < len(o.grants) {
		o.grants = o.grants[:mark]
	}
}

func (o *Owner) release(g grant, dep kv.Timestamp) {
	switch g.kind {
	case fastGrant:
		o.releaseFast(g.slot, g.mode, dep)
	case tableGrant:
		hash := g.obj.hash
		o.t.noteDep(hash, dep)
		if g.obj.kind() == kv.RelationLock && kv.Mode(g.mode) > kv.ShareUpdateExclusive {
			o.t.strong[hash%strongSlots].Add(-1)
		}
		sh := o.t.shard(hash)
		sh.Lock()
		sh.revoke(g.obj, o, g.mode)
		sh.Unlock()
	}
}

// acquire is the whole of locking in the table.
func (o *Owner) acquire(ctx context.Context, hash uint64, key []byte, mode uint8, wait kv.Wait, log *[]grant) (kv.Timestamp, error) {
	sh := o.t.shard(hash)
	sh.Lock()
	obj := sh.find(hash, key)
	if obj == nil {
		obj = sh.make(hash, key)
	}
	var held uint16
	if h := obj.holder(o); h != nil {
		held = h.mask
		if obj.kind() == kv.RowLock {
			if held>>mode != 0 { // as strong, or stronger
				sh.Unlock()
				return 0, nil
			}
		} else if held&(1<<mode) != 0 {
			h.counts[mode]++
			sh.Unlock()
			return 0, nil
		}
	}
	pos, free := obj.place(o, mode, held)
	if free {
		obj.grant(o, mode)
		sh.Unlock()
	} else {
		switch wait.Policy {
		case kv.NoWait, kv.Skip:
			sh.drop(obj)
			sh.Unlock()
			if wait.Policy == kv.Skip {
				return 0, kv.ErrSkipped
			}
			return 0, kv.ErrLockNotAvailable
		}
		w := &o.wait
		w.mode, w.granted = mode, false
		w.since = o.t.opts.Clock.Now().UnixMilli()
		obj.insert(w, pos)
		sh.Unlock()
		if err := o.await(ctx, sh, obj, wait); err != nil {
			return 0, err
		}
	}
	*log = append(*log, grant{obj: obj, mode: mode, kind: tableGrant})
	return kv.Timestamp(o.t.dep(hash).Load()), nil
}

// await waits until granted, or leaves the queue.
func (o *Owner) await(ctx context.Context, sh *shard, obj *object, wait kv.Wait) error {
	w := &o.wait
	var limit <-chan time.Time
	if wait.Timeout > 0 {
		c, stop := o.t.opts.Clock.After(time.Duration(wait.Timeout) * time.Millisecond)
		defer stop()
		limit = c
	}
	pause := o.t.opts.DeadlockAfter
	check, stop := o.t.opts.Clock.After(pause)
	for {
		var err error
		select {
		case <-w.ch:
			stop()
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		case <-limit:
			err = kv.ErrLockTimeout
		case <-check:
			cycle := o.t.detect(o)
			if cycle == nil {
				pause = min(2*pause, deadlockMax)
				check, stop = o.t.opts.Clock.After(pause)
				continue
			}
			o.t.deadlocks.Add(1)
			return &kv.DeadlockError{Cycle: cycle}
		}
		stop()
		sh.Lock()
		if w.granted {
			sh.Unlock()
			<-w.ch
			return nil
		}
		obj.remove(w)
		obj.wake()
		sh.drop(obj)
		sh.Unlock()
		return err
	}
}
