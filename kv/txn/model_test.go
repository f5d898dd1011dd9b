package txn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"datapunk/kv"
	"datapunk/kv/kvtest"
)

// actor drives the same steps in two stores and compares every answer.
type actor struct {
	s     [2]kv.Session
	tx    [2]kv.Txn
	views [][2]kv.View
	marks [][2]kv.Savepoint
	scans [][2]kv.Scanner
	bad   bool // a write failed: only rollbacks are left
}

func TestAgainstModel(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	var played int
	var splits, large int64
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			real := openMem(t, func(o *Options) {
				o.MaxBuffer = []int{1, 400, 4000, 1 << 20}[seed%4]
				o.RowCacheBytes = []int64{1, 60 << 10, 4 << 20}[seed%3]
				o.MemtableBytes = 256 << 10
			})
			model := kvtest.New()
			playBoth(t, r, [2]kv.DB{real, model}, 1500)
			m := real.Metrics()
			played, splits, large = played+1, splits+m.Splits, large+m.LargeCommits
			if err := real.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Logf("splits: %d of partitions, and %d commits written as runs", splits, large)
	if played == rounds && (splits == 0 || large == 0) {
		t.Error("no round comes to them any more")
	}
}

func playBoth(t *testing.T, r *rand.Rand, dbs [2]kv.DB, steps int) {
	ctx := t.Context()
	actors := make([]*actor, 4)
	for i := range actors {
		actors[i] = &actor{}
		for j := range dbs {
			actors[i].s[j] = dbs[j].NewSession()
		}
	}
	name := func() []byte { return kvtest.Key(kv.StorageID(5+r.IntN(2)), fmt.Sprintf("%02d", r.IntN(30))) }
	var trace []string
	both := func(what string, fn func(i int) string) {
		t.Helper()
		trace = append(trace, what)
		a, b := fn(0), fn(1)
		if a != b {
			t.Fatalf("%s: got %q, model %q; steps:\n%s", what, a, b, strings.Join(trace[max(0, len(trace)-60):], "\n"))
		}
	}
	kind := func(err error) string {
		switch {
		case err == nil:
			return "ok"
		case errors.Is(err, kv.ErrLockNotAvailable):
			return "locked"
		}
		return err.Error()
	}
	read := func(sc kv.Scanner, n int) string {
		var b kv.Batch
		if err := sc.Next(ctx, &b, n); err != nil {
			return err.Error()
		}
		var out strings.Builder
		for i := range b.Len() {
			fmt.Fprintf(&out, "%s=%s ", b.Key(i)[3:], b.Value(i))
		}
		return out.String()
	}
	span := func() kv.Span {
		a, b := name(), name()
		if string(a) > string(b) {
			a, b = b, a
		}
		return kv.Span{Start: a, End: b}
	}
	drop := func(a *actor) {
		for _, sc := range a.scans {
			sc[0].Close()
			sc[1].Close()
		}
		for _, v := range a.views {
			v[0].Close()
			v[1].Close()
		}
		a.tx, a.views, a.marks, a.scans, a.bad = [2]kv.Txn{}, nil, nil, nil, false
	}
	value := 0
	for range steps {
		n := r.IntN(len(actors))
		a := actors[n]
		if a.tx[0] == nil {
			o := kv.TxnOptions{Isolation: kv.Isolation(r.IntN(2)), Durability: kv.Durability(r.IntN(2))}
			for j := range dbs {
				a.tx[j] = a.s[j].Begin(o)
			}
			trace = append(trace, fmt.Sprint(n, " begin ", o))
			continue
		}
		switch op := r.IntN(22); {
		case op < 5 && !a.bad: // write under a lock
			key := name()
			value++
			val := fmt.Sprint("v", value)
			del := r.IntN(4) == 0
			both(fmt.Sprintf("%d write %s %s %v", n, key[3:], val, del), func(i int) string {
				if err := a.tx[i].LockRow(ctx, key, kv.Exclusive, kv.Wait{Policy: kv.NoWait}); err != nil {
					return kind(err)
				}
				if del {
					return kind(a.tx[i].Delete(key, []byte(val)))
				}
				return kind(a.tx[i].Put(key, []byte(val)))
			})
		case op < 7:
			a.tx[0].NextCommand()
			a.tx[1].NextCommand()
		case op < 9 && len(a.views) < 3:
			var v [2]kv.View
			both(fmt.Sprint(n, " view"), func(i int) (s string) {
				var err error
				v[i], err = a.tx[i].View(ctx)
				return kind(err)
			})
			a.views = append(a.views, v)
		case op < 12 && len(a.views) > 0:
			v, key := a.views[r.IntN(len(a.views))], name()
			both(fmt.Sprintf("%d get %s", n, key[3:]), func(i int) string {
				val, found, err := v[i].Get(ctx, key)
				return fmt.Sprint(string(val), found, err)
			})
		case op < 13:
			key := name()
			if err := a.tx[0].LockRow(ctx, key, kv.KeyShare, kv.Wait{Policy: kv.NoWait}); err != nil {
				if a.tx[1].LockRow(ctx, key, kv.KeyShare, kv.Wait{Policy: kv.NoWait}) == nil {
					t.Fatal("the model locks, the store does not")
				}
				break
			}
			_ = a.tx[1].LockRow(ctx, key, kv.KeyShare, kv.Wait{Policy: kv.NoWait})
			both(fmt.Sprintf("%d latest %s", n, key[3:]), func(i int) string {
				l, err := a.tx[i].Latest(ctx, key)
				out := fmt.Sprint(string(l.Value), l.Found, l.Own, l.Command, string(l.Moved), err)
				if !l.Found && !l.Own {
					// A vacuumed tombstone and none at all are the same to any view.
					out = fmt.Sprint(l.Found, err)
				}
				for _, v := range a.views {
					out += fmt.Sprint(v[i].Changed(l))
				}
				return out
			})
		case op < 15:
			if len(a.views) == 0 {
				break
			}
			v, sp, rev := a.views[r.IntN(len(a.views))], span(), r.IntN(2) == 0
			both(fmt.Sprintf("%d scan %q %v", n, sp, rev), func(i int) string {
				sc := v[i].Scan(sp, kv.ScanOptions{Reverse: rev})
				defer sc.Close()
				return read(sc, 100)
			})
		case op < 16 && len(a.views) > 0 && len(a.scans) < 2:
			v, rev := a.views[r.IntN(len(a.views))], r.IntN(2) == 0
			var sc [2]kv.Scanner
			trace = append(trace, fmt.Sprint(n, " open scan ", rev))
			both("first of scan", func(i int) string {
				sc[i] = v[i].Scan(kv.Span{Start: kvtest.Whole(5).Start, End: kvtest.Whole(6).End}, kv.ScanOptions{Reverse: rev})
				return read(sc[i], 1)
			})
			a.scans = append(a.scans, sc)
		case op < 17 && len(a.scans) > 0:
			sc, step := a.scans[r.IntN(len(a.scans))], 1+r.IntN(5)
			both(fmt.Sprint(n, " continue scan ", step), func(i int) string { return read(sc[i], step) })
		case op < 18 && len(a.marks) < 4:
			trace = append(trace, fmt.Sprint(n, " savepoint"))
			a.marks = append(a.marks, [2]kv.Savepoint{a.tx[0].Savepoint(), a.tx[1].Savepoint()})
		case op < 19 && len(a.marks) > 0:
			i := r.IntN(len(a.marks))
			m := a.marks[i]
			a.marks = a.marks[:i+1]
			// Scans that were opened before a rollback may see either; views may not.
			for _, sc := range a.scans {
				sc[0].Close()
				sc[1].Close()
			}
			a.scans = nil
			both(fmt.Sprint(n, " rollback to ", i), func(i int) string { return kind(a.tx[i].RollbackTo(m[i])) })
		case op == 19:
			sp := span()
			both(fmt.Sprintf("%d latest scan %q", n, sp), func(i int) string {
				sc := a.tx[i].LatestScan(sp, kv.ScanOptions{})
				defer sc.Close()
				return read(sc, 100)
			})
		case op == 20:
			switch r.IntN(4) {
			case 0:
				_, err := dbs[0].Vacuum(ctx, span())
				if err != nil {
					t.Fatal(err)
				}
			case 1:
				if err := dbs[0].(*DB).set.Collect(); err != nil {
					t.Fatal(err)
				}
			case 2:
				if err := dbs[0].Split(ctx, name()); err != nil {
					t.Fatal(err)
				}
			case 3:
				if r.IntN(5) == 0 {
					_ = dbs[0].(*DB).store.Flush()
				}
			}
		case op == 21 && r.IntN(3) > 0:
			drop2 := r.IntN(4) == 0
			tx := a.tx
			for _, sc := range a.scans {
				sc[0].Close()
				sc[1].Close()
			}
			for _, v := range a.views {
				v[0].Close()
				v[1].Close()
			}
			a.views, a.scans = nil, nil
			both(fmt.Sprint(n, " end ", drop2), func(i int) string {
				if drop2 {
					tx[i].Rollback()
					return ""
				}
				_, err := tx[i].Commit(ctx)
				return kind(err)
			})
			drop(a)
		}
	}
	for _, a := range actors {
		for j := range dbs {
			for _, sc := range a.scans {
				sc[j].Close()
			}
			a.s[j].Close()
		}
	}
	both("end", func(i int) string {
		s := dbs[i].NewSession()
		defer s.Close()
		tx := s.Begin(kv.TxnOptions{})
		defer tx.Rollback()
		v, err := tx.View(ctx)
		if err != nil {
			return err.Error()
		}
		defer v.Close()
		sc := v.Scan(kv.Span{Start: kvtest.Whole(5).Start, End: kvtest.Whole(6).End}, kv.ScanOptions{})
		defer sc.Close()
		return read(sc, 1000)
	})
}
