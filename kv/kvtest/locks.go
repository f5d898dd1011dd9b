package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"datapunk/kv"
)

func (f *fixture) free(name string, strength kv.Strength) bool {
	f.Helper()
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	err := tx.LockRow(f.ctx, k(name), strength, kv.Wait{Policy: kv.NoWait})
	if err != nil {
		f.want(err, kv.ErrLockNotAvailable)
	}
	return err == nil
}

func savepointLocks(f *fixture) {
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	f.check(tx.LockRow(f.ctx, k("a"), kv.KeyShare, kv.Wait{}))
	sp := tx.Savepoint()
	f.check(tx.LockRow(f.ctx, k("a"), kv.Exclusive, kv.Wait{}))
	f.check(tx.LockRow(f.ctx, k("b"), kv.Exclusive, kv.Wait{}))
	obj := kv.ObjectID{Database: 1, Class: 1259, Object: 7}
	f.check(tx.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{}))
	if f.free("a", kv.NoKeyExclusive) || f.free("b", kv.KeyShare) {
		f.Fatal("a held lock is free")
	}
	f.check(tx.RollbackTo(sp))
	if !f.free("a", kv.NoKeyExclusive) || f.free("a", kv.Exclusive) || !f.free("b", kv.Exclusive) {
		f.Fatal("locks after the savepoint")
	}
	o := f.db.NewSession()
	defer o.Close()
	ot := f.begin(o)
	f.check(ot.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{Policy: kv.NoWait}))
	ot.Rollback()
	tx.Rollback()
	if !f.free("a", kv.Exclusive) {
		f.Fatal("not released")
	}
}

// waits tells whether the session comes to wait.
func (f *fixture) waits(id kv.SessionID) {
	f.Helper()
	for range 2000 {
		if len(f.db.BlockedBy(id)) > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	f.Fatal("the session does not wait")
}

func (f *fixture) goes(done chan error) error {
	f.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		f.Fatal("still waiting")
		return nil
	}
}

func spawn(fn func() error) chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}

func rowLockWaits(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	ta, tb := f.begin(a), f.begin(b)
	f.put(ta, "x", "1")
	done := spawn(func() error { return tb.LockRow(f.ctx, k("x"), kv.Exclusive, kv.Wait{}) })
	f.waits(b.ID())
	if got := f.db.BlockedBy(b.ID()); len(got) != 1 || got[0] != a.ID() {
		f.Fatalf("blocked by %v", got)
	}
	f.commit(ta)
	f.check(f.goes(done))
	tb.Rollback()
}

func takeOverSeesCommit(f *fixture) {
	f.write("x", "0")
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	for i := range 50 {
		ta, tb := f.begin(a), f.begin(b)
		f.put(ta, "x", fmt.Sprint(i))
		old := f.view(tb)
		done := spawn(func() error { return tb.LockRow(f.ctx, k("x"), kv.NoKeyExclusive, kv.Wait{}) })
		f.waits(b.ID())
		commit := spawn(func() error { _, err := ta.Commit(f.ctx); return err })
		f.check(f.goes(done))
		l, err := tb.Latest(f.ctx, k("x"))
		f.check(err)
		if string(l.Value) != fmt.Sprint(i) || !old.Changed(l) {
			f.Fatalf("latest is %q", l.Value)
		}
		v := f.view(tb)
		f.expect(v, "x", fmt.Sprint(i))
		if v.Changed(l) {
			f.Fatal("changed for a view after the take-over")
		}
		f.check(tb.WaitVisible(f.ctx))
		if f.db.Visible() < v.Snapshot() {
			f.Fatal("not visible after WaitVisible")
		}
		v.Close()
		old.Close()
		f.check(f.goes(commit))
		tb.Rollback()
	}
}

func noWaitSkipTimeout(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	ta, tb := f.begin(a), f.begin(b)
	f.put(ta, "x", "1")
	f.want(tb.LockRow(f.ctx, k("x"), kv.KeyShare, kv.Wait{Policy: kv.NoWait}), kv.ErrLockNotAvailable)
	f.want(tb.LockRow(f.ctx, k("x"), kv.KeyShare, kv.Wait{Policy: kv.Skip}), kv.ErrSkipped)
	f.want(tb.LockRow(f.ctx, k("x"), kv.KeyShare, kv.Wait{Timeout: 5}), kv.ErrLockTimeout)
	ta.Rollback()
	f.check(tb.LockRow(f.ctx, k("x"), kv.KeyShare, kv.Wait{Policy: kv.NoWait}))
	tb.Rollback()
}

func cancelWakes(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	ta, tb := f.begin(a), f.begin(b)
	f.put(ta, "x", "1")
	ctx, cancel := context.WithCancel(f.ctx)
	done := spawn(func() error { return tb.LockRow(ctx, k("x"), kv.Exclusive, kv.Wait{}) })
	f.waits(b.ID())
	cancel()
	f.want(f.goes(done), context.Canceled)
	tb.Rollback()
	ta.Rollback()
	if !f.free("x", kv.Exclusive) {
		f.Fatal("a cancelled waiter holds the lock")
	}
}

func deadlock(f *fixture) {
	const n = 3
	var s [n]kv.Session
	var tx [n]kv.Txn
	for i := range n {
		s[i] = f.db.NewSession()
		tx[i] = f.begin(s[i])
		f.put(tx[i], fmt.Sprint("d", i), "1")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	victims := 0
	for i := range n {
		wg.Go(func() {
			err := tx[i].LockRow(f.ctx, k(fmt.Sprint("d", (i+1)%n)), kv.Exclusive, kv.Wait{})
			var d *kv.DeadlockError
			if errors.As(err, &d) {
				mu.Lock()
				victims++
				mu.Unlock()
				if len(d.Cycle) != n || d.Cycle[0].Session != s[i].ID() {
					f.Errorf("cycle %+v", d.Cycle)
				}
			} else if err != nil {
				f.Error(err)
			}
			tx[i].Rollback()
		})
	}
	wg.Wait()
	if victims != 1 || f.db.Metrics().Deadlocks != 1 {
		f.Fatalf("%d victims", victims)
	}
	for i := range n {
		s[i].Close()
	}
}

func rowStrengths(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	for held := kv.KeyShare; held <= kv.Exclusive; held++ {
		tx := f.begin(a)
		f.check(tx.LockRow(f.ctx, k("x"), held, kv.Wait{}))
		for want := kv.KeyShare; want <= kv.Exclusive; want++ {
			if f.free("x", want) == held.Conflicts(want) {
				f.Fatalf("%d against %d", held, want)
			}
		}
		tx.Rollback()
	}
}

func relations(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	for m := kv.AccessShare; m <= kv.AccessExclusive; m++ {
		for n := kv.AccessShare; n <= kv.AccessExclusive; n++ {
			obj := kv.ObjectID{Class: 1259, Object: uint32(m)*16 + uint32(n)}
			ta, tb := f.begin(a), f.begin(b)
			f.check(ta.LockRelation(f.ctx, obj, m, kv.Wait{}))
			f.check(ta.LockRelation(f.ctx, obj, m, kv.Wait{}))
			err := tb.LockRelation(f.ctx, obj, n, kv.Wait{Policy: kv.NoWait})
			if m.Conflicts(n) {
				f.want(err, kv.ErrLockNotAvailable)
			} else {
				f.check(err)
			}
			ta.Rollback()
			f.check(tb.LockRelation(f.ctx, obj, n, kv.Wait{Policy: kv.NoWait}))
			tb.Rollback()
		}
	}
	if left := f.db.Locks(); len(left) != 0 {
		f.Fatalf("locks left: %+v", left)
	}
}

func unlockRelation(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	obj := kv.ObjectID{Class: 1259, Object: 1}
	for _, m := range []kv.Mode{kv.AccessShare, kv.RowExclusive, kv.ShareUpdateExclusive, kv.ExclusiveMode} {
		ta, tb := f.begin(a), f.begin(b)
		f.check(ta.LockRelation(f.ctx, obj, m, kv.Wait{}))
		f.check(ta.LockRelation(f.ctx, obj, m, kv.Wait{}))
		f.want(tb.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{Policy: kv.NoWait}), kv.ErrLockNotAvailable)
		ta.UnlockRelation(obj, m)
		f.want(tb.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{Policy: kv.NoWait}), kv.ErrLockNotAvailable)
		ta.UnlockRelation(obj, m)
		f.check(tb.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{Policy: kv.NoWait}))
		ta.Rollback()
		tb.Rollback()
	}
}

func fairQueue(f *fixture) {
	const n = 5
	holder := f.db.NewSession()
	defer holder.Close()
	ht := f.begin(holder)
	f.put(ht, "x", "0")
	order := make(chan int, n)
	var wg sync.WaitGroup
	for i := range n {
		s := f.db.NewSession()
		tx := f.begin(s)
		wg.Go(func() {
			if err := tx.LockRow(f.ctx, k("x"), kv.Exclusive, kv.Wait{}); err != nil {
				f.Error(err)
			}
			order <- i
			tx.Rollback()
			s.Close()
		})
		f.waits(s.ID())
	}
	if !f.free("y", kv.Exclusive) || f.free("x", kv.KeyShare) {
		f.Fatal("a newcomer passed the queue")
	}
	f.commit(ht)
	wg.Wait()
	for i := range n {
		if got := <-order; got != i {
			f.Fatalf("waiter %d got the lock at place %d", got, i)
		}
	}
}

func queueJumping(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	obj := kv.ObjectID{Class: 1259, Object: 1}
	ta, tb := f.begin(a), f.begin(b)
	f.check(ta.LockRelation(f.ctx, obj, kv.AccessShare, kv.Wait{}))
	done := spawn(func() error { return tb.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{}) })
	f.waits(b.ID())
	// The waiter waits for a anyway, so that a may take more at once.
	f.check(ta.LockRelation(f.ctx, obj, kv.RowExclusive, kv.Wait{Policy: kv.NoWait}))
	f.check(ta.LockRelation(f.ctx, obj, kv.ExclusiveMode, kv.Wait{Policy: kv.NoWait}))
	ta.Rollback()
	f.check(f.goes(done))
	tb.Rollback()
}

func advisory(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	id := kv.AdvisoryID{Database: 1, Key: 7}
	try := kv.Wait{Policy: kv.NoWait}
	f.check(a.LockAdvisory(f.ctx, id, false, kv.Wait{}))
	f.check(a.LockAdvisory(f.ctx, id, false, kv.Wait{}))
	f.want(b.LockAdvisory(f.ctx, id, true, try), kv.ErrLockNotAvailable)
	f.check(b.LockAdvisory(f.ctx, kv.AdvisoryID{Database: 1, Key: 7, Pair: true}, false, try))
	if !a.UnlockAdvisory(id, false) || a.UnlockAdvisory(id, true) {
		f.Fatal("unlock")
	}
	f.want(b.LockAdvisory(f.ctx, id, true, try), kv.ErrLockNotAvailable)
	if !a.UnlockAdvisory(id, false) || a.UnlockAdvisory(id, false) {
		f.Fatal("unlock")
	}
	f.check(b.LockAdvisory(f.ctx, id, true, try))
	ta := f.begin(a)
	f.check(ta.LockAdvisory(f.ctx, id, true, try))
	f.want(ta.LockAdvisory(f.ctx, id, false, try), kv.ErrLockNotAvailable)
	b.UnlockAllAdvisory()
	f.check(ta.LockAdvisory(f.ctx, id, false, try))
	f.check(a.LockAdvisory(f.ctx, id, false, try))
	ta.Rollback()
	f.want(b.LockAdvisory(f.ctx, id, true, try), kv.ErrLockNotAvailable)
	a.UnlockAllAdvisory()
	f.check(b.LockAdvisory(f.ctx, id, true, try))
	b.Close()
	f.check(a.LockAdvisory(f.ctx, id, false, try))
}

func lockReports(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	tx := f.begin(a)
	x := tx.XID()
	f.check(tx.LockRow(f.ctx, k("x"), kv.NoKeyExclusive, kv.Wait{}))
	obj := kv.ObjectID{Database: 1, Class: 1259, Object: 9}
	f.check(tx.LockRelation(f.ctx, obj, kv.RowExclusive, kv.Wait{}))
	f.check(tx.LockAdvisory(f.ctx, kv.AdvisoryID{Database: 1, Key: -3}, true, kv.Wait{}))
	kinds := map[kv.LockKind]kv.LockInfo{}
	for _, l := range f.db.Locks() {
		if l.Session != a.ID() || l.XID != x || !l.Granted {
			f.Fatalf("%+v", l)
		}
		kinds[l.Kind] = l
	}
	if l := kinds[kv.RowLock]; !bytes.Equal(l.Key, k("x")) || l.Strength != kv.NoKeyExclusive {
		f.Fatalf("%+v", l)
	}
	if l := kinds[kv.RelationLock]; l.Object != obj || l.Mode != kv.RowExclusive {
		f.Fatalf("%+v", l)
	}
	if l := kinds[kv.AdvisoryLock]; l.Advisory.Key != -3 || l.Mode != kv.ShareMode {
		f.Fatalf("%+v", l)
	}
	tx.Rollback()
}
