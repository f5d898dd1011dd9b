// Package partition holds the partitions of a node and applies commands to
// them. On one node they share a store and a log; a partition owns its row cache.
//
// Invariants:
//
//	P1  Under the commit mutex: timestamp, patch, apply, install, publish; so the
//	    order of timestamps is the order of the log and of the caches.
//	P2  Nothing waits for a disk under the commit mutex.
//	P3  A partition map is swapped only under the commit mutex, so that no commit
//	    installs into a cache that has been left.
//
// Lock order: cells < commit mutex < cache shard.
package partition

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"datapunk/internal/clock"
	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/router"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2"
)

// Keys of the node's own storage, by their tag.
const (
	tagTime    = 't' // timestamp ceiling
	tagXID     = 'x' // XID ceiling
	tagStorage = 's' // storage id ceiling
	tagRun     = 'r' // run map
	tagCreated = 'c' // storages of transactions in progress
	tagDropped = 'd' // storages to be removed behind the horizon
)

const (
	xidBlock     = 1 << 16
	storageBlock = 64
	firstXID     = 3
	advanceEvery = 64               // commits between two looks at the slots
	slowStep     = time.Millisecond // a commit's wait while compactions are behind
	slowLimit    = 200              // steps at the most
)

// Partition is one range of keys.
type Partition struct {
	ID    uint64
	Cache *mvcc.Cache
}

// Set is the partitions of a node.
type Set struct {
	Store  *store.Store
	Oracle *mvcc.Oracle
	Slots  *mvcc.Slots
	Runs   *mvcc.Runs
	Reader mvcc.Reader
	clock  clock.Clock
	table  atomic.Pointer[router.Table[*Partition]]

	cacheBytes int64
	slow       atomic.Bool
	asyncDirty atomic.Bool
	commits    atomic.Int64
	splits     atomic.Int64
	removed    atomic.Int64

	mu struct { // the commit mutex
		sync.Mutex
		nextPart uint64
		dropped  []droppedStorage
		swept    []sweptRun
	}
	collecting sync.Mutex // held through a round of Collect; before every other lock

	ids   idAllocator
	young youngSet
	cells cells
	trash trash
}

// Options of a set.
type Options struct {
	Store         *store.Store
	Clock         clock.Clock
	RowCacheBytes int64
}

// Open reads the node's own keys and cleans up after a crash.
func Open(o Options) (*Set, error) {
	s := &Set{Store: o.Store, clock: o.Clock, cacheBytes: o.RowCacheBytes, Runs: mvcc.NewRuns()}
	s.Reader = mvcc.Reader{Store: o.Store, Runs: s.Runs}
	ceiling, err := s.readMeta(tagTime)
	if err != nil {
		return nil, err
	}
	s.Oracle = mvcc.NewOracle(o.Clock, kv.Timestamp(max(ceiling, 1)))
	s.Slots = mvcc.NewSlots(s.Oracle)
	s.mu.nextPart = 1
	s.table.Store(router.New(s.newPartition()))
	s.cells.init()
	s.trash.init()
	s.young.list.Store(&[]kv.StorageID{})
	if err := s.ids.open(s); err != nil {
		return nil, err
	}
	if err := s.recoverRuns(); err != nil {
		return nil, err
	}
	if err := s.recoverStorages(); err != nil {
		return nil, err
	}
	return s, nil
}

// Stop lets no further command in; those that are applied may still be waited for.
func (s *Set) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Store.Stop()
}

func (s *Set) newPartition() *Partition {
	p := &Partition{ID: s.mu.nextPart, Cache: mvcc.NewCache(s.cacheBytes)}
	s.mu.nextPart++
	return p
}

func (s *Set) readMeta(tag byte) (uint64, error) {
	value, closer, err := s.Store.Get(store.AppendBare(nil, mvcc.MetaKey(tag)))
	if err == pebble.ErrNotFound {
		return 0, nil
	}
	if err != nil {
		return 0, store.Wrap("read meta", err)
	}
	defer closer.Close()
	if len(value) != 8 {
		return 0, fmt.Errorf("%w: meta key %q", kv.ErrCorrupt, tag)
	}
	return binary.BigEndian.Uint64(value), nil
}

func metaValue(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// Find returns the partition of a key.
func (s *Set) Find(key []byte) *Partition { return s.table.Load().Find(key) }

// Split cuts a partition (P3).
func (s *Set) Split(key []byte) error {
	if err := s.Store.Failed(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left, right := s.newPartition(), s.newPartition()
	t, ok := s.table.Load().Split(key, left, right)
	if ok {
		s.table.Store(t)
		s.splits.Add(1)
	}
	return nil
}

// Counters for Metrics.
func (s *Set) Counters(m *kv.Metrics) {
	m.Commits = s.commits.Load()
	m.Syncs = s.Store.Syncs()
	m.Splits = s.splits.Load()
	m.Removed = s.removed.Load()
	for _, p := range s.table.Load().Parts() {
		h, miss := p.Cache.Counts()
		m.CacheHits += h
		m.CacheMiss += miss
	}
}

// Get is a view's point read through the cache.
func (s *Set) Get(key []byte, snap kv.Timestamp) (f mvcc.Flags, value []byte, ts kv.Timestamp, ok bool, err error) {
	p := s.Find(key)
	v, known := p.Cache.Get(key, snap)
	if !known {
		if v, err = s.fill(p, key, snap); err != nil {
			return 0, nil, 0, false, err
		}
	}
	if v == nil {
		return 0, nil, 0, false, nil
	}
	return v.Flags, v.Value, v.TS, true, nil
}

func (s *Set) fill(p *Partition, key []byte, snap kv.Timestamp) (*mvcc.Version, error) {
	if err := s.Store.Failed(); err != nil {
		return nil, err
	}
	begun := p.Cache.Begin(key)
	chain, floor, sure, err := s.Reader.Chain(key, snap)
	if err != nil {
		return nil, err
	}
	var v *mvcc.Version
	if n := len(chain); n > 0 && chain[n-1].TS <= snap {
		v = &chain[n-1]
	}
	if sure && !s.young.has(key) {
		p.Cache.Fill(key, begun, chain, floor)
	}
	return v, nil
}

// Command is one transaction's writes, ready but for the timestamp.
type Command struct {
	Batch    *pebble.Batch
	Sync     bool
	Patch    []int // ends, in the batch, of the versioned keys to patch
	Values   []int // ends of the values whose last 8 bytes are the timestamp
	Installs []Install
	Safe     kv.Timestamp
	Removed  int64           // garbage versions that the batch deletes
	Runs     []mvcc.RunEntry // whose Commit becomes the timestamp
	Dropped  []kv.StorageID
	Applied  func(kv.Timestamp) // under the commit mutex
	TS       kv.Timestamp
}

// Install is a version on its way into the cache; without one the cache forgets
// the key.
type Install struct {
	Key     []byte
	Version *mvcc.Version
}

// MaxInstall is the largest commit whose versions enter the cache.
const MaxInstall = 10_000

// Admit waits a little while compactions are behind, before any lock.
func (s *Set) Admit(ctx context.Context) error {
	for range slowLimit {
		if !s.slow.Load() {
			return nil
		}
		c, stop := s.clock.After(slowStep)
		select {
		case <-c:
		case <-ctx.Done():
			stop()
			return ctx.Err()
		}
	}
	return nil
}

// Apply makes a command readable and gives it its timestamp. If it returned nil,
// Wait must follow.
func (s *Set) Apply(c *Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Store.Failed(); err != nil {
		return err
	}
	ts, ceiling := s.Oracle.Next()
	if ceiling != 0 {
		if err := c.Batch.Set(store.AppendBare(nil, mvcc.MetaKey(tagTime)), metaValue(uint64(ceiling)), nil); err != nil {
			return store.Wrap("commit", err)
		}
	}
	c.TS = ts
	data := c.Batch.Repr()
	for _, end := range c.Patch {
		store.PatchTimestamp(data[:end], ts)
	}
	for _, end := range c.Values {
		binary.BigEndian.PutUint64(data[end-8:end], uint64(ts))
	}
	if err := s.apply(c.Batch, c.Sync); err != nil {
		return err
	}
	table := s.table.Load()
	for i := range c.Installs {
		in := &c.Installs[i]
		if in.Version == nil {
			table.Find(in.Key).Cache.Forget(in.Key)
			continue
		}
		in.Version.TS = ts
		table.Find(in.Key).Cache.Install(in.Key, in.Version, c.Safe)
	}
	if len(c.Runs) > 0 {
		for i := range c.Runs {
			c.Runs[i].State, c.Runs[i].Commit = mvcc.RunCommitted, ts
		}
		s.Runs.Update(c.Runs...)
	}
	for _, id := range c.Dropped {
		s.mu.dropped = append(s.mu.dropped, droppedStorage{id, ts})
	}
	s.Oracle.Applied(ts, c.Sync)
	if c.Applied != nil {
		c.Applied(ts)
	}
	s.commits.Add(1)
	if c.Removed > 0 {
		s.removed.Add(c.Removed)
	}
	return nil
}

func (s *Set) apply(b *pebble.Batch, sync bool) error {
	var err error
	if sync {
		err = s.Store.ApplyNoSyncWait(b, pebble.Sync)
	} else {
		err = s.Store.DB.Apply(b, pebble.NoSync)
		s.asyncDirty.Store(true)
	}
	if err != nil {
		s.Store.Fail(fmt.Errorf("apply: %w", err))
	}
	return s.Store.Failed()
}

// Wait waits until a command is durable.
func (s *Set) Wait(c *Command) error {
	if c.Sync {
		if err := c.Batch.SyncWait(); err != nil {
			s.Store.Fail(fmt.Errorf("sync of the log: %w", err))
		}
		if err := s.Store.Failed(); err != nil {
			s.Oracle.Wake()
			return err
		}
		s.Oracle.Durable(c.TS)
	}
	if c.TS%advanceEvery == 0 || s.commits.Load()%advanceEvery == 0 {
		s.Slots.Advance()
	}
	for i := range c.Installs {
		s.trash.add(c.Installs[i], c.TS)
	}
	return nil
}

// SyncLog waits until everything applied so far is durable.
func (s *Set) SyncLog() error {
	if err := s.Store.Failed(); err != nil {
		return err
	}
	if err := s.Store.LogData(nil, pebble.Sync); err != nil {
		s.Store.Fail(fmt.Errorf("sync of the log: %w", err))
	}
	return s.Store.Failed()
}

// Discard gives a batch back. After a failure Pebble's log may still hold on to
// it, so that it is left to the garbage collector.
func (s *Set) Discard(b *pebble.Batch) {
	if s.Store.Failed() == nil {
		_ = b.Close()
	}
}

// write applies a batch of the node's own, not synced.
func (s *Set) write(fill func(b *pebble.Batch) error) error {
	if err := s.Store.Failed(); err != nil {
		return err
	}
	b := s.Store.NewBatch()
	defer s.Discard(b)
	if err := fill(b); err != nil {
		return store.Wrap("write", err)
	}
	if err := s.Store.DB.Apply(b, pebble.NoSync); err != nil {
		s.Store.Fail(fmt.Errorf("apply: %w", err))
	}
	return s.Store.Failed()
}

// Snapshot reserves provisional timestamps for a run, and makes the ceiling
// they need durable with the next sync.
func (s *Set) Reserve(n int) (first kv.Timestamp, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, ceiling := s.Oracle.Reserve(n)
	if ceiling == 0 {
		return first, nil
	}
	return first, s.write(func(b *pebble.Batch) error {
		return b.Set(store.AppendBare(nil, mvcc.MetaKey(tagTime)), metaValue(uint64(ceiling)), nil)
	})
}
