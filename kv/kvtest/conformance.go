package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"datapunk/kv"
)

// Conformance runs what every implementation of the door must do. open makes
// an empty store; the suite closes it.
func Conformance(t *testing.T, open func(t *testing.T) kv.DB) {
	for _, c := range []struct {
		name string
		run  func(*fixture)
	}{
		{"CommitIsVisible", commitIsVisible},
		{"CommandsSeeEarlierOnes", commandsSeeEarlierOnes},
		{"SnapshotStands", snapshotStands},
		{"RepeatableRead", repeatableRead},
		{"ScanMerges", scanMerges},
		{"ScanVersionsAndKeysOnly", scanVersions},
		{"LatestAndChanged", latestAndChanged},
		{"Moved", moved},
		{"Savepoints", savepoints},
		{"SavepointLocks", savepointLocks},
		{"RowLockWaits", rowLockWaits},
		{"TakeOverSeesCommit", takeOverSeesCommit},
		{"NoWaitSkipTimeout", noWaitSkipTimeout},
		{"CancelWakes", cancelWakes},
		{"Deadlock", deadlock},
		{"RowStrengths", rowStrengths},
		{"Relations", relations},
		{"UnlockRelation", unlockRelation},
		{"FairQueue", fairQueue},
		{"QueueJumping", queueJumping},
		{"Advisory", advisory},
		{"LockReports", lockReports},
		{"Cells", cells},
		{"Storages", storages},
		{"Loads", loads},
		{"LoadDuplicate", loadDuplicate},
		{"ReadOnly", readOnly},
		{"Hooks", hooks},
		{"XIDs", xids},
		{"Vacuum", vacuum},
		{"SplitChangesNothing", split},
		{"RollbackForgets", rollbackForgets},
		{"Async", async},
		{"ConcurrentCounters", counters},
		{"VerifyAndClose", verifyAndClose},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{T: t, ctx: t.Context(), db: open(t)}
			c.run(f)
			if !f.closed {
				if err := f.db.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type fixture struct {
	*testing.T
	ctx    context.Context
	db     kv.DB
	closed bool
}

// Key makes a key of a storage.
func Key(id kv.StorageID, name string) []byte { return append(kv.StoragePrefix(nil, id), name...) }

// Whole is the span of a storage.
func Whole(id kv.StorageID) kv.Span {
	return kv.Span{Start: kv.StoragePrefix(nil, id), End: kv.StoragePrefix(nil, id+1)}
}

func k(name string) []byte { return Key(5, name) }

func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) want(err, target error) {
	f.Helper()
	if !errors.Is(err, target) {
		f.Fatalf("got error %v, want %v", err, target)
	}
}

func (f *fixture) begin(s kv.Session) kv.Txn { return s.Begin(kv.TxnOptions{}) }

func (f *fixture) put(tx kv.Txn, name, value string) {
	f.Helper()
	f.check(tx.LockRow(f.ctx, k(name), kv.Exclusive, kv.Wait{}))
	f.check(tx.Put(k(name), []byte(value)))
}

func (f *fixture) commit(tx kv.Txn) kv.Timestamp {
	f.Helper()
	ts, err := tx.Commit(f.ctx)
	f.check(err)
	return ts
}

// write commits name=value pairs; an empty value deletes.
func (f *fixture) write(pairs ...string) kv.Timestamp {
	f.Helper()
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			f.check(tx.LockRow(f.ctx, k(pairs[i]), kv.Exclusive, kv.Wait{}))
			f.check(tx.Delete(k(pairs[i]), nil))
			continue
		}
		f.put(tx, pairs[i], pairs[i+1])
	}
	return f.commit(tx)
}

func (f *fixture) view(tx kv.Txn) kv.View {
	f.Helper()
	v, err := tx.View(f.ctx)
	f.check(err)
	return v
}

func (f *fixture) get(v kv.View, name string) string {
	f.Helper()
	value, found, err := v.Get(f.ctx, k(name))
	f.check(err)
	if !found {
		return "-"
	}
	return string(value)
}

func (f *fixture) expect(v kv.View, name, value string) {
	f.Helper()
	if got := f.get(v, name); got != value {
		f.Fatalf("%s is %q, want %q", name, got, value)
	}
}

// now reads with a fresh session.
func (f *fixture) now(name, value string) {
	f.Helper()
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	v := f.view(tx)
	defer v.Close()
	f.expect(v, name, value)
}

func (f *fixture) scan(sc kv.Scanner, step int) string {
	f.Helper()
	defer sc.Close()
	var out []byte
	var b kv.Batch
	for {
		f.check(sc.Next(f.ctx, &b, step))
		if b.Len() == 0 {
			return string(out)
		}
		for i := range b.Len() {
			out = append(append(append(append(out, b.Key(i)[4:]...), '='), b.Value(i)...), ' ')
		}
	}
}

func (f *fixture) expectScan(sc kv.Scanner, step int, want string) {
	f.Helper()
	if got := f.scan(sc, step); got != want {
		f.Fatalf("scan gave %q, want %q", got, want)
	}
}

func commitIsVisible(f *fixture) {
	f.now("a", "-")
	ts := f.write("a", "1", "b", "2")
	if ts == 0 || f.db.Visible() < ts {
		f.Fatalf("commit at %d, visible %d", ts, f.db.Visible())
	}
	f.now("a", "1")
	f.now("b", "2")
	f.write("a", "")
	f.now("a", "-")
	f.write("a", "3")
	f.now("a", "3")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	f.put(tx, "e", "")
	f.commit(tx)
	f.now("e", "")
}

func commandsSeeEarlierOnes(f *fixture) {
	f.write("a", "0")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	v0 := f.view(tx)
	f.put(tx, "a", "1")
	f.put(tx, "b", "1")
	f.expect(v0, "a", "0")
	f.expect(v0, "b", "-")
	tx.NextCommand()
	v1 := f.view(tx)
	f.put(tx, "a", "2")
	f.expect(v1, "a", "1")
	f.expect(v0, "a", "0")
	f.expectScan(v1.Scan(Whole(5), kv.ScanOptions{}), 1, "a=1 b=1 ")
	tx.NextCommand()
	f.check(tx.Delete(k("b"), nil))
	v2 := f.view(tx)
	f.expect(v2, "a", "2")
	f.expect(v2, "b", "1")
	tx.NextCommand()
	v3 := f.view(tx)
	f.expect(v3, "b", "-")
	f.expectScan(v3.Scan(Whole(5), kv.ScanOptions{}), 10, "a=2 ")
	f.expectScan(v0.Scan(Whole(5), kv.ScanOptions{Reverse: true}), 10, "a=0 ")
	for _, v := range []kv.View{v0, v1, v2, v3} {
		v.Close()
	}
	f.commit(tx)
	f.now("a", "2")
	f.now("b", "-")
}

func snapshotStands(f *fixture) {
	f.write("a", "1", "b", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	v := f.view(tx)
	sc := v.Scan(Whole(5), kv.ScanOptions{})
	for i := range 20 {
		f.write("a", fmt.Sprint("x", i), "c", "new")
		if i == 10 {
			_, err := f.db.Vacuum(f.ctx, Whole(5))
			f.check(err)
		}
	}
	f.expect(v, "a", "1")
	f.expect(v, "c", "-")
	f.expectScan(sc, 1, "a=1 b=1 ")
	v2 := f.view(tx)
	f.expect(v2, "a", "x19")
	if f.db.Horizon() > v.Snapshot() {
		f.Fatal("the horizon passed an open view")
	}
	v.Close()
	f.expect(v2, "c", "new")
	v2.Close()
	tx.Rollback()
}

func repeatableRead(f *fixture) {
	f.write("a", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := s.Begin(kv.TxnOptions{Isolation: kv.RepeatableRead})
	v := f.view(tx)
	v.Close()
	f.write("a", "2")
	v = f.view(tx)
	f.expect(v, "a", "1")
	f.check(tx.LockRow(f.ctx, k("a"), kv.NoKeyExclusive, kv.Wait{}))
	l, err := tx.Latest(f.ctx, k("a"))
	f.check(err)
	if !v.Changed(l) || string(l.Value) != "2" {
		f.Fatal("a newer version is not reported")
	}
	tx.SetOptions(kv.TxnOptions{Isolation: kv.ReadCommitted, ReadOnly: true})
	if o := tx.Options(); o.Isolation != kv.RepeatableRead || !o.ReadOnly {
		f.Fatalf("options are %+v", o)
	}
	v.Close()
	tx.Rollback()
}

func scanMerges(f *fixture) {
	f.write("a", "1", "c", "1", "e", "1", "g", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	f.put(tx, "b", "2")
	f.put(tx, "c", "2")
	f.check(tx.Delete(k("e"), nil))
	f.put(tx, "h", "2")
	f.check(tx.Delete(k("zz"), nil))
	tx.NextCommand()
	v := f.view(tx)
	defer v.Close()
	for _, step := range []int{1, 2, 3, 100} {
		f.expectScan(v.Scan(Whole(5), kv.ScanOptions{}), step, "a=1 b=2 c=2 g=1 h=2 ")
		f.expectScan(v.Scan(Whole(5), kv.ScanOptions{Reverse: true}), step, "h=2 g=1 c=2 b=2 a=1 ")
		f.expectScan(v.Scan(kv.Span{Start: k("b"), End: k("g")}, kv.ScanOptions{}), step, "b=2 c=2 ")
		f.expectScan(v.Scan(kv.Span{Start: k("b"), End: k("g")}, kv.ScanOptions{Reverse: true}), step, "c=2 b=2 ")
		f.expectScan(tx.LatestScan(Whole(5), kv.ScanOptions{}), step, "a=1 b=2 c=2 g=1 h=2 ")
		f.expectScan(v.Scan(kv.Span{Start: k("x"), End: k("y")}, kv.ScanOptions{}), step, "")
	}
	// Writes during a scan are of this command, so they are not seen.
	sc := v.Scan(Whole(5), kv.ScanOptions{})
	var b kv.Batch
	f.check(sc.Next(f.ctx, &b, 1))
	f.put(tx, "aa", "no")
	f.put(tx, "c", "no")
	f.expectScan(sc, 2, "b=2 c=2 g=1 h=2 ")
}

func scanVersions(f *fixture) {
	one := f.write("a", "1")
	two := f.write("b", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	f.put(tx, "c", "1")
	tx.NextCommand()
	v := f.view(tx)
	defer v.Close()
	sc := v.Scan(Whole(5), kv.ScanOptions{Versions: true, KeysOnly: true})
	defer sc.Close()
	var b kv.Batch
	f.check(sc.Next(f.ctx, &b, 10))
	if !slices.Equal(b.Versions, []kv.Timestamp{one, two, 0}) || len(b.Values) != 0 || b.Len() != 3 {
		f.Fatalf("versions %v, values %q", b.Versions, b.Values)
	}
}

func latestAndChanged(f *fixture) {
	ts := f.write("a", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	v := f.view(tx)
	defer v.Close()
	l, err := tx.Latest(f.ctx, k("a"))
	f.check(err)
	if !l.Found || l.Own || l.Version != ts || v.Changed(l) {
		f.Fatalf("latest %+v", l)
	}
	f.put(tx, "a", "2")
	l, err = tx.Latest(f.ctx, k("a"))
	f.check(err)
	if !l.Own || l.Command != 0 || string(l.Value) != "2" || !v.Changed(l) {
		f.Fatalf("latest %+v", l)
	}
	tx.NextCommand()
	v2 := f.view(tx)
	defer v2.Close()
	if v2.Changed(l) {
		f.Fatal("an earlier command's write counts as changed")
	}
	if l, err = tx.Latest(f.ctx, k("nope")); err != nil || l.Found || v.Changed(l) {
		f.Fatalf("latest %+v %v", l, err)
	}
}

func moved(f *fixture) {
	f.write("a", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	reader := f.db.NewSession()
	defer reader.Close()
	rt := f.begin(reader)
	rv := f.view(rt)
	f.check(tx.LockRow(f.ctx, k("a"), kv.Exclusive, kv.Wait{}))
	f.check(tx.Delete(k("a"), k("b")))
	f.put(tx, "b", "1")
	l, err := tx.Latest(f.ctx, k("a"))
	f.check(err)
	if l.Found || !l.Own || !bytes.Equal(l.Moved, k("b")) {
		f.Fatalf("latest %+v", l)
	}
	f.commit(tx)
	f.check(rt.LockRow(f.ctx, k("a"), kv.Share, kv.Wait{}))
	l, err = rt.Latest(f.ctx, k("a"))
	f.check(err)
	if l.Found || !bytes.Equal(l.Moved, k("b")) || !rv.Changed(l) {
		f.Fatalf("latest %+v", l)
	}
	rv.Close()
	rt.Rollback()
}

func savepoints(f *fixture) {
	f.write("a", "0")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	f.put(tx, "a", "1")
	sp1 := tx.Savepoint()
	f.put(tx, "a", "2")
	f.put(tx, "b", "2")
	sp2 := tx.Savepoint()
	f.check(tx.Delete(k("a"), nil))
	f.put(tx, "c", "3")
	f.check(tx.RollbackTo(sp2))
	tx.NextCommand()
	v := f.view(tx)
	f.expectScan(v.Scan(Whole(5), kv.ScanOptions{}), 2, "a=2 b=2 ")
	f.check(tx.RollbackTo(sp1))
	f.expectScan(v.Scan(Whole(5), kv.ScanOptions{}), 2, "a=1 ")
	f.put(tx, "d", "4")
	f.check(tx.RollbackTo(sp1))
	v.Close()
	f.put(tx, "e", "5")
	f.commit(tx)
	f.now("a", "1")
	f.now("b", "-")
	f.now("c", "-")
	f.now("d", "-")
	f.now("e", "5")
}

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

func cells(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	tx := f.begin(a)
	add := func(old []byte) ([]byte, error) { return append(slices.Clone(old), 'x'), nil }
	f.check(tx.UpdateCell(f.ctx, k("cell"), add))
	tx.Rollback()
	tx = f.begin(a)
	f.check(tx.UpdateCell(f.ctx, k("cell"), add))
	v, err := tx.ReadCell(k("cell"))
	f.check(err)
	if string(v) != "xx" {
		f.Fatalf("cell is %q", v)
	}
	view := f.view(tx)
	f.expectScan(view.Scan(Whole(5), kv.ScanOptions{}), 5, "")
	f.expectScan(view.Scan(Whole(5), kv.ScanOptions{Reverse: true}), 5, "")
	view.Close()
	f.commit(tx)
	bad := errors.New("no")
	tx = f.begin(a)
	f.want(tx.UpdateCell(f.ctx, k("cell"), func([]byte) ([]byte, error) { return nil, bad }), bad)
	v, err = tx.ReadCell(k("cell"))
	f.check(err)
	if string(v) != "xx" {
		f.Fatalf("cell is %q", v)
	}
	tx.Rollback()
}

func storages(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	tx := f.begin(a)
	id, err := tx.CreateStorage(f.ctx)
	f.check(err)
	if id < kv.FirstStorage {
		f.Fatalf("storage %d", id)
	}
	f.check(tx.Put(Key(id, "r"), []byte("1")))
	sp := tx.Savepoint()
	id2, err := tx.CreateStorage(f.ctx)
	f.check(err)
	if id2 == id {
		f.Fatal("an id twice")
	}
	f.check(tx.RollbackTo(sp))
	f.commit(tx)
	tx = f.begin(a)
	v := f.view(tx)
	f.expectScan(v.Scan(Whole(id), kv.ScanOptions{}), 5, "r=1 ")
	b := f.db.NewSession()
	defer b.Close()
	tb := f.begin(b)
	tb.DropStorage(id)
	f.commit(tb)
	time.Sleep(5 * time.Millisecond)
	f.expectScan(v.Scan(Whole(id), kv.ScanOptions{}), 5, "r=1 ")
	v.Close()
	tx.Rollback()
}

func loads(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	old := f.write("seed", "1")
	tx := f.begin(a)
	id, err := tx.CreateStorage(f.ctx)
	f.check(err)
	v := f.view(tx)
	f.expectScan(v.Scan(Whole(id), kv.ScanOptions{}), 5, "")
	if _, found, _ := v.Get(f.ctx, Key(id, "b")); found {
		f.Fatal("found too early")
	}
	v.Close()
	l := tx.NewLoad(id)
	f.check(l.Add(f.ctx, Key(id, "c"), []byte("3"), 0))
	f.check(l.Add(f.ctx, Key(id, "a"), []byte("1"), old))
	f.check(l.Add(f.ctx, Key(id, "b"), []byte("2"), 0))
	f.check(l.Finish(f.ctx))
	l.Abandon()
	tx.NextCommand()
	v = f.view(tx)
	if value, found, err := v.Get(f.ctx, Key(id, "b")); !found || err != nil || string(value) != "2" {
		f.Fatalf("loaded row: %q %v %v", value, found, err)
	}
	f.expectScan(v.Scan(Whole(id), kv.ScanOptions{}), 2, "a=1 b=2 c=3 ")
	v.Close()
	f.commit(tx)
	tx = f.begin(a)
	v = f.view(tx)
	sc := v.Scan(Whole(id), kv.ScanOptions{Versions: true})
	var b kv.Batch
	f.check(sc.Next(f.ctx, &b, 10))
	if b.Len() != 3 || b.Versions[0] != old {
		f.Fatalf("%d rows, versions %v, want %d", b.Len(), b.Versions, old)
	}
	sc.Close()
	v.Close()
	tx.Rollback()
	// An aborted load leaves nothing.
	tx = f.begin(a)
	id, err = tx.CreateStorage(f.ctx)
	f.check(err)
	l = tx.NewLoad(id)
	f.check(l.Add(f.ctx, Key(id, "a"), []byte("1"), 0))
	f.check(l.Finish(f.ctx))
	tx.Rollback()
	tx = f.begin(a)
	v = f.view(tx)
	f.expectScan(v.Scan(Whole(id), kv.ScanOptions{}), 2, "")
	v.Close()
	tx.Rollback()
}

func loadDuplicate(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	tx := f.begin(a)
	defer tx.Rollback()
	id, err := tx.CreateStorage(f.ctx)
	f.check(err)
	l := tx.NewLoad(id)
	for _, name := range []string{"b", "a", "c", "a"} {
		f.check(l.Add(f.ctx, Key(id, name), nil, 0))
	}
	err = l.Finish(f.ctx)
	f.want(err, kv.ErrDuplicateKey)
	var d *kv.DuplicateKeyError
	if !errors.As(err, &d) || !bytes.Equal(d.Key, Key(id, "a")) {
		f.Fatalf("duplicate %v", err)
	}
}

func readOnly(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	tx := a.Begin(kv.TxnOptions{ReadOnly: true})
	f.want(tx.Put(k("a"), nil), kv.ErrReadOnly)
	f.want(tx.Delete(k("a"), nil), kv.ErrReadOnly)
	if tx.Assigned() != 0 {
		f.Fatal("a reader has a number")
	}
	if ts := f.commit(tx); ts != 0 {
		f.Fatalf("commit of nothing at %d", ts)
	}
}

func hooks(f *fixture) {
	a := f.db.NewSession()
	defer a.Close()
	tx := f.begin(a)
	var got []kv.Timestamp
	tx.OnCommit(func(ts kv.Timestamp) { got = append(got, ts) })
	sp := tx.Savepoint()
	tx.OnCommit(func(kv.Timestamp) { f.Error("a forgotten hook ran") })
	f.check(tx.RollbackTo(sp))
	f.put(tx, "a", "1")
	ts := f.commit(tx)
	if len(got) != 1 || got[0] != ts {
		f.Fatalf("hooks got %v, commit %d", got, ts)
	}
	tx = f.begin(a)
	tx.OnCommit(func(kv.Timestamp) { f.Error("a hook ran at rollback") })
	tx.Rollback()
}

func xids(f *fixture) {
	a, b := f.db.NewSession(), f.db.NewSession()
	defer a.Close()
	defer b.Close()
	ta, tb := f.begin(a), f.begin(b)
	if ta.Assigned() != 0 {
		f.Fatal("a number before it was asked for")
	}
	x := ta.XID()
	if x < 3 || ta.XID() != x || ta.Assigned() != x {
		f.Fatalf("number %d", x)
	}
	y := tb.XID()
	if y <= x || f.db.OldestXID() != x || f.db.NextXID() <= y {
		f.Fatalf("numbers %d, %d; oldest %d, next %d", x, y, f.db.OldestXID(), f.db.NextXID())
	}
	ta.Rollback()
	if f.db.OldestXID() != y {
		f.Fatalf("oldest %d", f.db.OldestXID())
	}
	f.put(tb, "a", "1")
	f.commit(tb)
	if f.db.OldestXID() != f.db.NextXID() {
		f.Fatal("a number is still in progress")
	}
}

func vacuum(f *fixture) {
	for i := range 10 {
		f.write("a", fmt.Sprint(i), "b", fmt.Sprint(i))
	}
	f.write("b", "")
	f.write("c", "1")
	stats, err := f.db.Vacuum(f.ctx, Whole(5))
	f.check(err)
	if stats.Rows != 2 {
		f.Fatalf("%+v", stats)
	}
	stats, err = f.db.Vacuum(f.ctx, Whole(5))
	f.check(err)
	if stats.Rows != 2 || stats.Dead != 0 || stats.Removed != 0 {
		f.Fatalf("second time %+v", stats)
	}
	f.now("a", "9")
	f.now("b", "-")
	f.now("c", "1")
}

func split(f *fixture) {
	f.write("a", "1", "m", "1", "z", "1")
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	v := f.view(tx)
	f.put(tx, "n", "own")
	f.check(f.db.Split(f.ctx, k("m")))
	f.check(f.db.Split(f.ctx, k("m")))
	f.check(f.db.Split(f.ctx, k("c")))
	f.expectScan(v.Scan(Whole(5), kv.ScanOptions{}), 2, "a=1 m=1 z=1 ")
	f.expect(v, "m", "1")
	v.Close()
	f.commit(tx)
	f.write("a", "2", "m", "2")
	f.now("a", "2")
	f.now("m", "2")
	f.now("n", "own")
}

func rollbackForgets(f *fixture) {
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	f.put(tx, "a", "1")
	tx.Rollback()
	tx.Rollback()
	f.now("a", "-")
	if _, err := tx.Commit(f.ctx); err == nil {
		f.Fatal("commit after rollback")
	}
}

func async(f *fixture) {
	s := f.db.NewSession()
	defer s.Close()
	for i := range 20 {
		d := kv.Async
		if i%3 == 0 {
			d = kv.Sync
		}
		tx := s.Begin(kv.TxnOptions{Durability: d})
		f.put(tx, "a", fmt.Sprint(i))
		f.commit(tx)
		tx = f.begin(s)
		v := f.view(tx)
		f.expect(v, "a", fmt.Sprint(i))
		f.check(tx.WaitVisible(f.ctx))
		v.Close()
		tx.Rollback()
	}
}

func counters(f *fixture) {
	const workers, rounds = 8, 60
	f.write("n", "0")
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			s := f.db.NewSession()
			defer s.Close()
			for range rounds {
				tx := s.Begin(kv.TxnOptions{})
				if err := tx.LockRow(f.ctx, k("n"), kv.NoKeyExclusive, kv.Wait{}); err != nil {
					f.Error(err)
					return
				}
				v, err := tx.View(f.ctx)
				if err != nil {
					f.Error(err)
					return
				}
				value, _, err := v.Get(f.ctx, k("n"))
				if err != nil {
					f.Error(err)
				}
				var n int
				fmt.Sscan(string(value), &n)
				v.Close()
				if err := tx.Put(k("n"), fmt.Append(nil, n+1)); err != nil {
					f.Error(err)
				}
				if _, err := tx.Commit(f.ctx); err != nil {
					f.Error(err)
				}
			}
		})
	}
	wg.Wait()
	f.now("n", fmt.Sprint(workers*rounds))
}

func verifyAndClose(f *fixture) {
	f.write("a", "1", "b", "2")
	last := 0.0
	f.check(f.db.Verify(f.ctx, func(p float64) { last = p }))
	if last != 1 {
		f.Fatalf("progress ended at %v", last)
	}
	s := f.db.NewSession()
	f.check(f.db.Close())
	f.closed = true
	tx := s.Begin(kv.TxnOptions{})
	if err := tx.Put(k("a"), nil); err == nil {
		if _, err := tx.Commit(f.ctx); err == nil {
			f.Fatal("commit after close")
		}
	}
	tx.Rollback()
}
