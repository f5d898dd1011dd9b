package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"datapunk/kv"
)

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
	if other, err := tx.CreateStorage(f.ctx); err != nil || !tx.Fresh(other) || tx.Fresh(other) {
		f.Fatal("a created storage is fresh once")
	}
	l := tx.NewLoad(id)
	if tx.Fresh(id) {
		f.Fatal("a storage being loaded is not fresh")
	}
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
	before, err := tx.CreateStorage(f.ctx)
	f.check(err)
	mark := tx.Savepoint()
	after, err := tx.CreateStorage(f.ctx)
	f.check(err)
	f.check(tx.RollbackTo(mark))
	if tx.Fresh(before) || tx.Fresh(after) {
		f.Fatal("fresh in spite of a savepoint")
	}
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
