package txn

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"datapunk/kv"
	"datapunk/kv/kvtest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// crew writes in several sessions and notes what was acknowledged. Worker w owns
// the keys a and b of storage 30+w, always with one value; all share a hot row.
type crew struct {
	db      kv.DB
	workers int
	rows    int // further rows of each commit, so that runs are made
	acked   []atomic.Int64
	tried   []atomic.Int64
	hot     atomic.Int64 // acknowledged value of the hot row
	cell    atomic.Int64 // acknowledged value of the cell
	ts      atomic.Uint64
	xid     atomic.Uint64
	loaded  []loadedStorage
	mu      sync.Mutex
	wg      sync.WaitGroup
	stop    atomic.Bool
}

type loadedStorage struct {
	id   kv.StorageID
	rows int
}

var hotKey, cellKey = kvtest.Key(29, "hot"), kvtest.Key(29, "cell")

func ownKey(w int, name string) []byte { return kvtest.Key(kv.StorageID(30+w), name) }

func newCrew(db kv.DB, workers, rows int) *crew {
	return &crew{db: db, workers: workers, rows: rows, acked: make([]atomic.Int64, workers), tried: make([]atomic.Int64, workers)}
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func parse(b []byte) int64 {
	if len(b) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

func raiseTo(a *atomic.Int64, v int64) {
	for old := a.Load(); old < v && !a.CompareAndSwap(old, v); old = a.Load() {
	}
}

// one is one transaction of a worker: n is written everywhere.
func (c *crew) one(ctx context.Context, s kv.Session, w int, n int64) error {
	tx := s.Begin(kv.TxnOptions{})
	defer tx.Rollback()
	x := tx.XID()
	var cell, hot int64
	if n%5 == 0 {
		if err := tx.UpdateCell(ctx, cellKey, func(old []byte) ([]byte, error) {
			cell = parse(old) + 1
			return number(cell), nil
		}); err != nil {
			return err
		}
	}
	if n%3 != 0 {
		if err := tx.LockRow(ctx, hotKey, kv.NoKeyExclusive, kv.Wait{}); err != nil {
			return err
		}
		l, err := tx.Latest(ctx, hotKey)
		if err != nil {
			return err
		}
		hot = parse(l.Value) + 1
		if err := tx.Put(hotKey, number(hot)); err != nil {
			return err
		}
	}
	if err := tx.Put(ownKey(w, "a"), number(n)); err != nil {
		return err
	}
	sp := tx.Savepoint()
	for i := range c.rows {
		if err := tx.Put(ownKey(w, fmt.Sprint("x", i)), number(-1)); err != nil {
			return err
		}
	}
	if n%2 == 0 {
		if err := tx.RollbackTo(sp); err != nil {
			return err
		}
	}
	for i := range c.rows {
		if err := tx.Put(ownKey(w, fmt.Sprint("r", i)), number(n)); err != nil {
			return err
		}
	}
	if err := tx.Put(ownKey(w, "b"), number(n)); err != nil {
		return err
	}
	var made loadedStorage
	if c.rows > 0 && n%10 == 0 {
		id, err := tx.CreateStorage(ctx)
		if err != nil {
			return err
		}
		made = loadedStorage{id, 20}
		l := tx.NewLoad(id)
		for i := range made.rows {
			if err := l.Add(ctx, kvtest.Key(id, fmt.Sprintf("%03d", i)), number(n), 0); err != nil {
				return err
			}
		}
		if err := l.Finish(ctx); err != nil {
			return err
		}
		if n%20 == 0 {
			return nil // aborted
		}
	}
	c.tried[w].Store(n)
	ts, err := tx.Commit(ctx)
	if err != nil {
		return err
	}
	c.acked[w].Store(n)
	raiseTo(&c.hot, hot)
	raiseTo(&c.cell, cell)
	for old := c.ts.Load(); old < uint64(ts) && !c.ts.CompareAndSwap(old, uint64(ts)); old = c.ts.Load() {
	}
	for old := c.xid.Load(); old < uint64(x) && !c.xid.CompareAndSwap(old, uint64(x)); old = c.xid.Load() {
	}
	if made.id != 0 {
		c.mu.Lock()
		c.loaded = append(c.loaded, made)
		c.mu.Unlock()
	}
	return nil
}

func (c *crew) run(ctx context.Context, from []int64) {
	for w := range c.workers {
		c.wg.Go(func() {
			s := c.db.NewSession()
			defer s.Close()
			for n := from[w] + 1; !c.stop.Load(); n++ {
				if err := c.one(ctx, s, w, n); err != nil {
					return
				}
			}
		})
	}
}

// check compares a recovered store with what was acknowledged before.
type witness struct {
	acked  []int64
	hot    int64
	cell   int64
	ts     uint64
	xid    uint64
	loaded []loadedStorage
}

func (c *crew) witness() (w witness) {
	c.mu.Lock()
	w.loaded = append(w.loaded, c.loaded...)
	c.mu.Unlock()
	for i := range c.acked {
		w.acked = append(w.acked, c.acked[i].Load())
	}
	w.hot, w.cell, w.ts, w.xid = c.hot.Load(), c.cell.Load(), c.ts.Load(), c.xid.Load()
	return w
}

func (c *crew) check(t *testing.T, db kv.DB, w witness) (from []int64) {
	t.Helper()
	ctx := t.Context()
	s := db.NewSession()
	defer s.Close()
	tx := s.Begin(kv.TxnOptions{})
	defer tx.Rollback()
	v, err := tx.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	get := func(key []byte) int64 {
		b, _, err := v.Get(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return parse(b)
	}
	for i := range c.workers {
		a, b := get(ownKey(i, "a")), get(ownKey(i, "b"))
		if a != b {
			t.Fatalf("worker %d: half a transaction, %d and %d", i, a, b)
		}
		if a < w.acked[i] {
			t.Fatalf("worker %d: lost %d, acknowledged %d", i, a, w.acked[i])
		}
		if a > c.tried[i].Load() {
			t.Fatalf("worker %d: %d was never tried to commit", i, a)
		}
		for r := range c.rows {
			if got := get(ownKey(i, fmt.Sprint("r", r))); got != a {
				t.Fatalf("worker %d: row %d is %d, want %d", i, r, got, a)
			}
		}
		sc := v.Scan(kvtest.Whole(kv.StorageID(30+i)), kv.ScanOptions{})
		var batch kv.Batch
		n := 0
		for {
			if err := sc.Next(ctx, &batch, 7); err != nil {
				t.Fatal(err)
			}
			if batch.Len() == 0 {
				break
			}
			for j := range batch.Len() {
				if name := batch.Key(j)[4]; name != 'x' && parse(batch.Value(j)) != a {
					t.Fatalf("worker %d: scan met %q = %d, want %d", i, batch.Key(j)[4:], parse(batch.Value(j)), a)
				}
				n++
			}
		}
		sc.Close()
		if a > 0 && n < 2+c.rows {
			t.Fatalf("worker %d: scan met %d rows", i, n)
		}
		from = append(from, a)
	}
	if hot := get(hotKey); hot < w.hot {
		t.Fatalf("hot row lost %d, acknowledged %d", hot, w.hot)
	}
	cell, err := tx.ReadCell(cellKey)
	if err != nil || parse(cell) < w.cell {
		t.Fatalf("cell %d %v, acknowledged %d", parse(cell), err, w.cell)
	}
	if uint64(db.Visible()) < w.ts {
		t.Fatalf("time went back: %d, acknowledged %d", db.Visible(), w.ts)
	}
	if uint64(db.NextXID()) <= w.xid {
		t.Fatalf("numbers went back: %d, acknowledged %d", db.NextXID(), w.xid)
	}
	for _, l := range w.loaded {
		sc := v.Scan(kvtest.Whole(l.id), kv.ScanOptions{})
		var batch kv.Batch
		if err := sc.Next(ctx, &batch, 100); err != nil || batch.Len() != l.rows {
			t.Fatalf("storage %d has %d rows, want %d (%v)", l.id, batch.Len(), l.rows, err)
		}
		sc.Close()
	}
	return from
}

// linkFS keeps apart from clones what takes MemFS's read lock within the same read
// lock: that deadlocks if CrashClone comes between.
type linkFS struct {
	*vfs.MemFS
	links sync.RWMutex
}

func (f *linkFS) Link(a, b string) error {
	f.links.RLock()
	defer f.links.RUnlock()
	return f.MemFS.Link(a, b)
}

func (f *linkFS) ReuseForWrite(a, b string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f.links.RLock()
	defer f.links.RUnlock()
	return f.MemFS.ReuseForWrite(a, b, c)
}

func (f *linkFS) Lock(name string) (io.Closer, error) {
	f.links.RLock()
	defer f.links.RUnlock()
	return f.MemFS.Lock(name)
}

func (f *linkFS) crash(cfg vfs.CrashCloneCfg) *linkFS {
	f.links.Lock()
	defer f.links.Unlock()
	return &linkFS{MemFS: f.MemFS.CrashClone(cfg)}
}

func TestCrash(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for _, mode := range []struct {
		name   string
		rows   int
		buffer int
	}{{"small", 0, 1 << 20}, {"runs", 20, 600}} {
		t.Run(mode.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			fs := &linkFS{MemFS: vfs.NewCrashableMem()}
			var c *crew
			var w witness
			from := make([]int64, 4)
			for round := range rounds {
				db, err := Open(Options{Dir: "db", FS: fs, MemtableBytes: 64 << 10, MaxBuffer: mode.buffer,
					RowCacheBytes: 1 << 20, Logger: testLog{t}})
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				if c != nil {
					from = c.check(t, db, w)
				}
				old := c
				c = newCrew(db, 4, mode.rows)
				for i := range from {
					c.tried[i].Store(from[i])
					c.acked[i].Store(from[i])
				}
				if old != nil {
					c.hot.Store(w.hot)
					c.cell.Store(w.cell)
					c.ts.Store(w.ts)
					c.xid.Store(w.xid)
					c.loaded = w.loaded
				}
				c.run(t.Context(), from)
				time.Sleep(time.Duration(r.IntN(12)) * time.Millisecond)
				w = c.witness()
				next := fs.crash(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[r.IntN(3)], RNG: r})
				c.stop.Store(true)
				c.wg.Wait()
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				fs = next
			}
			if w.hot == 0 {
				t.Fatal("nothing was done")
			}
		})
	}
}

// failingFS fails every write or sync once it is told to.
type failingFS struct {
	vfs.FS
	left atomic.Int64 // operations until the failure; negative: failed
	err  error
	sync bool // only syncs fail
}

func (f *failingFS) fails(isSync bool) error {
	if f.sync && !isSync {
		return nil
	}
	if f.left.Add(-1) < 0 {
		return f.err
	}
	return nil
}

func (f *failingFS) wrap(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &failingFile{file, f}, nil
}

func (f *failingFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.wrap(f.FS.Create(name, c))
}
func (f *failingFS) ReuseForWrite(a, b string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.wrap(f.FS.ReuseForWrite(a, b, c))
}

type failingFile struct {
	vfs.File
	fs *failingFS
}

func (f *failingFile) Write(p []byte) (int, error) {
	if err := f.fs.fails(false); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}
func (f *failingFile) Sync() error {
	if err := f.fs.fails(true); err != nil {
		return err
	}
	return f.File.Sync()
}
func (f *failingFile) SyncData() error {
	if err := f.fs.fails(true); err != nil {
		return err
	}
	return f.File.SyncData()
}

func TestDiskFailure(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	for _, e := range []error{syscall.ENOSPC, syscall.EIO} {
		for _, onlySync := range []bool{true, false} {
			t.Run(fmt.Sprint(e, " sync=", onlySync), func(t *testing.T) {
				r := rand.New(rand.NewPCG(2, 2))
				for round := range rounds {
					mem := vfs.NewCrashableMem()
					f := &failingFS{FS: mem, err: e, sync: onlySync}
					f.left.Store(1 << 60)
					fatal := make(chan error, 8)
					db, err := Open(Options{Dir: "db", FS: f, MemtableBytes: 256 << 10, OnFatal: func(err error) { fatal <- err }})
					if err != nil {
						t.Fatal(err)
					}
					c := newCrew(db, 4, 0)
					c.run(t.Context(), make([]int64, 4))
					f.left.Store(int64(r.IntN(60)))
					select {
					case err := <-fatal:
						if !errors.Is(err, e) && onlySync {
							t.Fatalf("fatal error %v", err)
						}
					case <-time.After(20 * time.Second):
						t.Fatal("no fatal error")
					}
					done := make(chan struct{})
					go func() { c.wg.Wait(); close(done) }()
					select {
					case <-done:
					case <-time.After(20 * time.Second):
						t.Fatalf("round %d: workers hang", round)
					}
					w := c.witness()
					s := db.NewSession()
					tx := s.Begin(kv.TxnOptions{})
					_ = tx.Put(ownKey(0, "a"), nil)
					if _, err := tx.Commit(t.Context()); !errors.Is(err, kv.ErrClosed) {
						t.Fatalf("commit after the failure: %v", err)
					}
					tx.Rollback()
					if len(fatal) > 0 {
						t.Fatal("OnFatal was called twice")
					}
					_ = db.Close()
					again, err := Open(Options{Dir: "db", FS: mem.CrashClone(vfs.CrashCloneCfg{}), MemtableBytes: 256 << 10})
					if err != nil {
						t.Fatal(err)
					}
					c.check(t, again, w)
					if err := again.Close(); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}
