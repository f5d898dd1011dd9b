package kvtest

import (
	"bytes"
	"fmt"
	"slices"

	"datapunk/kv"
)

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
