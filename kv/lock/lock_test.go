package lock

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"datapunk/internal/clock"
	"datapunk/kv"
)

func table() *Table {
	return NewTable(Options{Clock: clock.Wall{}, DeadlockAfter: 5 * time.Millisecond})
}

func waitFor(t *testing.T, tab *Table, id kv.SessionID) {
	t.Helper()
	for range 2000 {
		if len(tab.BlockedBy(id)) > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("no wait")
}

// TestSoftDeadlock: A holds x shared and waits for y; B holds y and wants x
// shared, but stands behind C, who wants x exclusively. Only the queue's order
// makes the cycle, so that nobody is a victim.
func TestSoftDeadlock(t *testing.T) {
	tab := table()
	a, b, c := tab.NewOwner(1, nil), tab.NewOwner(2, nil), tab.NewOwner(3, nil)
	ctx := t.Context()
	x, y := []byte("x"), []byte("y")
	must := func(_ kv.Timestamp, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(a.LockRow(ctx, x, kv.Share, kv.Wait{}))
	must(b.LockRow(ctx, y, kv.Exclusive, kv.Wait{}))
	var wg sync.WaitGroup
	wg.Go(func() { must(c.LockRow(ctx, x, kv.Exclusive, kv.Wait{})); c.ReleaseAll(0) })
	waitFor(t, tab, 3)
	wg.Go(func() { must(a.LockRow(ctx, y, kv.Share, kv.Wait{})); a.ReleaseAll(0) })
	waitFor(t, tab, 1)
	wg.Go(func() { must(b.LockRow(ctx, x, kv.Share, kv.Wait{})); b.ReleaseAll(0) })
	wg.Wait()
	if tab.Deadlocks() != 0 || len(tab.Locks()) != 0 {
		t.Fatalf("%d victims, locks %+v", tab.Deadlocks(), tab.Locks())
	}
}

// TestUpgradeDeadlock: two sharers who both want more.
func TestUpgradeDeadlock(t *testing.T) {
	tab := table()
	a, b := tab.NewOwner(1, nil), tab.NewOwner(2, nil)
	for _, o := range []*Owner{a, b} {
		if _, err := o.LockRow(t.Context(), []byte("x"), kv.Share, kv.Wait{}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	var victims atomic.Int32
	for _, o := range []*Owner{a, b} {
		wg.Go(func() {
			_, err := o.LockRow(t.Context(), []byte("x"), kv.Exclusive, kv.Wait{})
			var d *kv.DeadlockError
			if errors.As(err, &d) {
				victims.Add(1)
			} else if err != nil {
				t.Error(err)
			}
			o.ReleaseAll(0)
		})
	}
	wg.Wait()
	if victims.Load() != 1 {
		t.Fatalf("%d victims", victims.Load())
	}
}

// TestExclusion lets many owners lock at random and checks L1 with counters.
func TestExclusion(t *testing.T) {
	tab := table()
	const keys, owners, rounds = 4, 8, 400
	var readers, writers [2][keys]atomic.Int32
	var wg sync.WaitGroup
	for w := range owners {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			o := tab.NewOwner(kv.SessionID(w+1), nil)
			defer o.Close(0)
			for range rounds {
				type hold struct {
					c *atomic.Int32
				}
				var held []hold
				seen := map[[2]int]bool{}
				for range 1 + r.IntN(3) {
					space, i := r.IntN(2), r.IntN(keys)
					if seen[[2]int{space, i}] {
						continue
					}
					seen[[2]int{space, i}] = true
					write := r.IntN(2) == 0
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(3000))*time.Microsecond)
					var err error
					if space == 0 {
						s := kv.Share
						if write {
							s = kv.Exclusive
						}
						_, err = o.LockRow(ctx, []byte{byte(i)}, s, kv.Wait{Timeout: int64(r.IntN(4))})
					} else {
						m := []kv.Mode{kv.AccessShare, kv.RowShare}[r.IntN(2)]
						if write {
							m = kv.AccessExclusive
						}
						_, err = o.LockRelation(ctx, kv.ObjectID{Object: uint32(i)}, m, kv.Wait{})
					}
					cancel()
					if err != nil {
						break
					}
					if write {
						if writers[space][i].Add(1) != 1 || readers[space][i].Load() != 0 {
							t.Error("a writer is not alone")
						}
						held = append(held, hold{&writers[space][i]})
					} else {
						readers[space][i].Add(1)
						if writers[space][i].Load() != 0 {
							t.Error("a reader beside a writer")
						}
						held = append(held, hold{&readers[space][i]})
					}
				}
				for _, h := range held {
					h.c.Add(-1)
				}
				o.ReleaseAll(0)
			}
		})
	}
	wg.Wait()
	if left := tab.Locks(); len(left) != 0 {
		t.Fatalf("locks left: %+v", left)
	}
	for i := range tab.strong {
		if n := tab.strong[i].Load(); n != 0 {
			t.Fatalf("strong count %d is %d", i, n)
		}
	}
}

// TestDependency: L3, for every space.
func TestDependency(t *testing.T) {
	tab := table()
	a, b := tab.NewOwner(1, nil), tab.NewOwner(2, nil)
	ctx := t.Context()
	_, _ = a.LockRow(ctx, []byte("x"), kv.Exclusive, kv.Wait{})
	_, _ = a.LockRelation(ctx, kv.ObjectID{Object: 1}, kv.AccessExclusive, kv.Wait{})
	_, _ = a.LockAdvisory(ctx, kv.AdvisoryID{Key: 1}, false, false, kv.Wait{})
	a.ReleaseAll(77)
	for i, lock := range []func() (kv.Timestamp, error){
		func() (kv.Timestamp, error) { return b.LockRow(ctx, []byte("x"), kv.Share, kv.Wait{}) },
		func() (kv.Timestamp, error) {
			return b.LockRelation(ctx, kv.ObjectID{Object: 1}, kv.AccessShare, kv.Wait{})
		},
		func() (kv.Timestamp, error) { return b.LockAdvisory(ctx, kv.AdvisoryID{Key: 1}, true, true, kv.Wait{}) },
	} {
		if dep, err := lock(); err != nil || dep != 77 {
			t.Fatalf("%d: dependency %d, %v", i, dep, err)
		}
	}
}
