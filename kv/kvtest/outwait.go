package kvtest

import (
	"errors"

	"datapunk/kv"
)

func outwaitHolders(f *fixture) {
	holder, reader, next, waiter := f.db.NewSession(), f.db.NewSession(), f.db.NewSession(), f.db.NewSession()
	for _, s := range []kv.Session{holder, reader, next, waiter} {
		defer s.Close()
	}
	obj := kv.ObjectID{Database: 1, Class: 1259, Object: 9}
	ht, rt, nt, wt := f.begin(holder), f.begin(reader), f.begin(next), f.begin(waiter)
	f.check(wt.LockRelation(f.ctx, obj, kv.ShareUpdateExclusive, kv.Wait{}))
	f.check(wt.OutwaitHolders(f.ctx, obj, kv.ShareMode, kv.Wait{})) // nobody, and not itself
	f.check(ht.LockRelation(f.ctx, obj, kv.RowExclusive, kv.Wait{}))
	f.check(rt.LockRelation(f.ctx, obj, kv.AccessShare, kv.Wait{}))
	f.want(wt.OutwaitHolders(f.ctx, obj, kv.ShareMode, kv.Wait{Timeout: 20}), kv.ErrLockTimeout)
	done := spawn(func() error { return wt.OutwaitHolders(f.ctx, obj, kv.ShareMode, kv.Wait{}) })
	f.waits(waiter.ID())
	if by := f.db.BlockedBy(waiter.ID()); len(by) != 1 || by[0] != holder.ID() {
		f.Fatalf("blocked by %v", by)
	}
	// Others pass, and hold their locks beyond the wait; so does the holder's next transaction.
	f.check(nt.LockRelation(f.ctx, obj, kv.RowExclusive, kv.Wait{Policy: kv.NoWait}))
	ht.Rollback()
	ht = f.begin(holder)
	f.check(ht.LockRelation(f.ctx, obj, kv.RowExclusive, kv.Wait{Policy: kv.NoWait}))
	f.check(f.goes(done))
	for _, tx := range []kv.Txn{ht, rt, nt, wt} {
		tx.Rollback()
	}
}

func outwaitSnapshots(f *fixture) {
	old, young, waiter := f.db.NewSession(), f.db.NewSession(), f.db.NewSession()
	for _, s := range []kv.Session{old, young, waiter} {
		defer s.Close()
	}
	ot := old.Begin(kv.TxnOptions{Isolation: kv.RepeatableRead})
	v, err := ot.View(f.ctx)
	f.check(err)
	v.Close()
	wt := f.begin(waiter)
	f.check(wt.OutwaitSnapshots(f.ctx, v.Snapshot(), kv.Wait{}))
	tx := f.begin(young)
	f.put(tx, "x", "1")
	f.commit(tx)
	yt := young.Begin(kv.TxnOptions{Isolation: kv.RepeatableRead})
	v, err = yt.View(f.ctx)
	f.check(err)
	v.Close()
	done := spawn(func() error { return wt.OutwaitSnapshots(f.ctx, f.db.Visible(), kv.Wait{}) })
	f.waits(waiter.ID())
	ot.Rollback()
	f.check(f.goes(done))
	yt.Rollback()
	wt.Rollback()
}

func outwaitDeadlock(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	obj := kv.ObjectID{Database: 1, Class: 1259, Object: 9}
	ta, tb := f.begin(a), f.begin(b)
	f.check(ta.LockRelation(f.ctx, obj, kv.ShareUpdateExclusive, kv.Wait{}))
	f.check(tb.LockRelation(f.ctx, obj, kv.RowExclusive, kv.Wait{}))
	one := spawn(func() error { return ta.OutwaitHolders(f.ctx, obj, kv.ShareMode, kv.Wait{}) })
	f.waits(a.ID())
	two := spawn(func() error { return tb.LockRelation(f.ctx, obj, kv.AccessExclusive, kv.Wait{}) })
	// Whoever looks first gives up; the other goes on once it has rolled back.
	var d *kv.DeadlockError
	select {
	case err := <-one:
		if !errors.As(err, &d) {
			f.Fatal(err)
		}
		ta.Rollback()
		f.check(f.goes(two))
		tb.Rollback()
	case err := <-two:
		if !errors.As(err, &d) {
			f.Fatal(err)
		}
		tb.Rollback()
		f.check(f.goes(one))
		ta.Rollback()
	}
	if len(d.Cycle) != 2 {
		f.Fatalf("cycle %+v", d.Cycle)
	}
}
