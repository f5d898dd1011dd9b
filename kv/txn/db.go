// Package txn is the coordinator: sessions, transactions, views, commits.
//
// A transaction's life:
//
//	Begin ── View, Latest, Lock*, Put, Delete ──▶ Commit: build the batch; then,
//	  │                                            under the commit mutex, apply;
//	  │                                            release the locks; wait for the
//	  └───────────────▶ Rollback                   log; raise V; answer.
//
// Past a bound (Options.MaxBuffer) the buffer goes to the store as runs with
// provisional timestamps; the commit then writes the run map's entries.
//
// Invariants:
//
//	X1  A snapshot is at least the commit of every transaction whose lock was
//	    taken over (the session's dep), and V.
//	X2  Locks are released after the commit was applied, never before.
//	X3  A handle that Begin returned is dead after Commit or Rollback; the next
//	    Begin of its session revives it.
package txn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"datapunk/internal/clock"
	"datapunk/kv"
	"datapunk/kv/lock"
	"datapunk/kv/partition"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	defaultMaxBuffer = 32 << 20
	defaultRowCache  = 64 << 20
	keepBuffer       = 1 << 20 // a larger buffer is given back after its transaction
	backgroundEvery  = 200 * time.Millisecond
)

// Options of a node's store.
type Options struct {
	Dir           string
	FS            vfs.FS      // nil: the operating system's
	Clock         clock.Clock // nil: the machine's
	CacheBytes    int64       // blocks of the store
	RowCacheBytes int64       // 0: 64 MB
	MemtableBytes uint64      // 0: 32 MB
	MaxBuffer     int         // of a transaction in memory; 0: 32 MB
	DeadlockAfter time.Duration
	Logger        store.Logger
	// OnFatal is called once when a write or sync failed: the process should end.
	// No commit is acknowledged afterwards.
	OnFatal func(error)
}

// DB is kv.DB on Pebble.
type DB struct {
	opts    Options
	store   *store.Store
	set     *partition.Set
	locks   *lock.Table
	life    *lifetime
	stopped sync.WaitGroup
	next    atomic.Uint64

	rollbacks, large atomic.Int64
}

var _ kv.DB = (*DB)(nil)

// Open opens or makes the directory.
func Open(o Options) (kv.DB, error) {
	if o.Clock == nil {
		o.Clock = clock.Wall{}
	}
	if o.RowCacheBytes == 0 {
		o.RowCacheBytes = defaultRowCache
	}
	if o.MaxBuffer == 0 {
		o.MaxBuffer = defaultMaxBuffer
	}
	db := &DB{opts: o, life: newLifetime()}
	st, err := store.Open(store.Options{Dir: o.Dir, FS: o.FS, CacheBytes: o.CacheBytes, Memtable: o.MemtableBytes,
		Logger: o.Logger, OnFatal: o.OnFatal})
	if err != nil {
		return nil, err
	}
	db.store = st
	if db.set, err = partition.Open(partition.Options{Store: st, Clock: o.Clock, RowCacheBytes: o.RowCacheBytes}); err != nil {
		_ = st.Close()
		return nil, err
	}
	db.locks = lock.NewTable(lock.Options{Clock: o.Clock, Applied: db.set.Oracle.NewestApplied, DeadlockAfter: o.DeadlockAfter})
	db.stopped.Add(1)
	go db.background()
	return db, nil
}

// background syncs asynchronous commits and collects garbage.
func (db *DB) background() {
	defer db.stopped.Done()
	for {
		c, stop := db.opts.Clock.After(backgroundEvery)
		select {
		case <-db.life.Done():
			stop()
			return
		case <-c:
		}
		if db.set.FlushAsync() != nil {
			continue
		}
		if err := db.set.Collect(); err != nil && db.opts.Logger != nil && db.store.Failed() == nil {
			db.opts.Logger.Errorf("collect garbage: %v", err)
		}
	}
}

// Close stops the background work and closes the store. Sessions should be
// closed before; their calls fail from now on.
func (db *DB) Close() error {
	if !db.life.end() {
		return kv.ErrClosed
	}
	db.stopped.Wait()
	if db.store.Failed() == nil {
		_ = db.set.FlushAsync()
	}
	db.set.Stop()
	return db.store.Close()
}

// Locks lists the locks.
func (db *DB) Locks() []kv.LockInfo { return db.locks.Locks() }

// BlockedBy returns who stops a session.
func (db *DB) BlockedBy(id kv.SessionID) []kv.SessionID { return db.locks.BlockedBy(id) }

// Horizon is the oldest snapshot a view may read.
func (db *DB) Horizon() kv.Timestamp { return db.set.Slots.Horizon() }

// Visible is V.
func (db *DB) Visible() kv.Timestamp { return db.set.Oracle.Visible() }

// OldestXID is the oldest transaction in progress, or NextXID.
func (db *DB) OldestXID() kv.XID { x, _ := db.set.XIDs(); return x }

// NextXID is the number that will be allotted next.
func (db *DB) NextXID() kv.XID { _, x := db.set.XIDs(); return x }

// ApproximateSize estimates the bytes on disk of a span.
func (db *DB) ApproximateSize(span kv.Span) int64 {
	if db.store.Failed() != nil {
		return 0
	}
	n, err := db.store.EstimateDiskUsage(store.AppendBare(nil, span.Start), store.AppendBare(nil, span.End))
	if err != nil {
		return 0
	}
	return int64(n)
}

// Vacuum removes the garbage of a span.
func (db *DB) Vacuum(ctx context.Context, span kv.Span) (kv.VacuumStats, error) {
	return db.set.Vacuum(ctx, span)
}

// Split cuts a partition.
func (db *DB) Split(ctx context.Context, key []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.set.Split(key)
}

// Verify reads everything.
func (db *DB) Verify(ctx context.Context, progress func(float64)) error {
	return db.set.Verify(ctx, progress)
}

// Metrics returns the counters.
func (db *DB) Metrics() kv.Metrics {
	var m kv.Metrics
	db.set.Counters(&m)
	m.Rollbacks = db.rollbacks.Load()
	m.LargeCommits = db.large.Load()
	m.Deadlocks = db.locks.Deadlocks()
	return m
}

// lifetime is the DB's own context: it ends with Close.
type lifetime struct {
	done chan struct{}
	once sync.Once
}

func newLifetime() *lifetime { return &lifetime{done: make(chan struct{})} }

func (l *lifetime) end() (first bool) {
	l.once.Do(func() { close(l.done); first = true })
	return first
}

func (l *lifetime) Deadline() (time.Time, bool) { return time.Time{}, false }
func (l *lifetime) Done() <-chan struct{}       { return l.done }
func (l *lifetime) Value(any) any               { return nil }
func (l *lifetime) Err() error {
	select {
	case <-l.done:
		return kv.ErrClosed
	default:
		return nil
	}
}
