package mvcc

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"datapunk/internal/clock"
	"datapunk/kv"
)

func TestVisibleOrder(t *testing.T) {
	c := clock.NewManual(time.UnixMilli(1_000_000))
	o := NewOracle(c, 5)
	apply := func(sync bool) kv.Timestamp {
		ts, _ := o.Next()
		o.Applied(ts, sync)
		return ts
	}
	a := apply(true)
	b := apply(false)
	if o.Visible() != 5 {
		t.Fatal("an asynchronous commit overtook a synchronous one")
	}
	cc := apply(true)
	d := apply(false)
	o.Durable(a)
	if o.Visible() != a {
		t.Fatalf("visible %d, want %d", o.Visible(), a)
	}
	_ = b
	o.Durable(cc)
	if o.Visible() != d {
		t.Fatalf("visible %d, want %d", o.Visible(), d)
	}
	if e := apply(false); o.Visible() != e {
		t.Fatal("an asynchronous commit waits for nothing")
	}
}

func TestCeiling(t *testing.T) {
	c := clock.NewManual(time.UnixMilli(1_000_000))
	o := NewOracle(c, 5)
	ceiling := kv.Timestamp(5)
	last := kv.Timestamp(5)
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		var ts, fresh kv.Timestamp
		if r.IntN(3) == 0 {
			ts, fresh = o.Reserve(10)
		} else {
			ts, fresh = o.Next()
		}
		if fresh != 0 {
			ceiling = fresh
		}
		if ts <= last || ts > ceiling {
			t.Fatalf("timestamp %d after %d, ceiling %d", ts, last, ceiling)
		}
		last = ts
		if r.IntN(10) == 0 {
			c.Advance(time.Duration(r.IntN(3000)-300) * time.Millisecond) // the clock may go back
		}
	}
	// A restart begins at the ceiling, even if the clock is behind.
	again := NewOracle(clock.NewManual(time.UnixMilli(1)), ceiling)
	if ts, _ := again.Next(); ts <= last {
		t.Fatal("time went back")
	}
}

// TestHorizon: no reader's snapshot is ever below what a collector was told is
// safe while the reader was in.
func TestHorizon(t *testing.T) {
	o := NewOracle(clock.NewManual(time.UnixMilli(1)), 1)
	s := NewSlots(o)
	var stop atomic.Bool
	var wg sync.WaitGroup
	var safe atomic.Uint64 // what the collector acts upon
	wg.Go(func() {
		for !stop.Load() {
			ts, _ := o.Next()
			o.Applied(ts, false)
		}
	})
	wg.Go(func() {
		for !stop.Load() {
			safe.Store(uint64(s.Advance()))
		}
	})
	for range 2 {
		wg.Go(func() {
			slot := s.Add()
			defer s.Remove(slot)
			for range 20_000 {
				snap := s.Enter(slot, 0)
				for range 3 {
					if got := safe.Load(); got > uint64(snap) {
						t.Errorf("collected up to %d under a reader at %d", got, snap)
						return
					}
				}
				s.Leave(slot)
			}
			stop.Store(true)
		})
	}
	wg.Wait()
}

// TestCacheAgainstList plays commits, fills, evictions and reads against a full
// list of versions.
func TestCacheAgainstList(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	c := NewCache(64 * 700) // a few entries a shard
	type row struct{ versions []Version }
	rows := map[string]*row{}
	keys := make([][]byte, 300)
	for i := range keys {
		keys[i] = []byte{byte(i >> 8), byte(i)}
		rows[string(keys[i])] = &row{}
	}
	ts, safe := kv.Timestamp(1), kv.Timestamp(0)
	known := 0
	for range 200_000 {
		key := keys[r.IntN(len(keys))]
		row := rows[string(key)]
		switch r.IntN(4) {
		case 0:
			ts++
			v := Version{TS: ts, Value: []byte{byte(ts)}}
			if r.IntN(4) == 0 {
				v.Flags = Deleted
			}
			row.versions = append(row.versions, v)
			if r.IntN(20) == 0 {
				c.Forget(key)
				break
			}
			node := v
			c.Install(key, &node, safe)
		case 1:
			snap := safe + kv.Timestamp(r.Int64N(int64(ts-safe)+1))
			begun := c.Begin(key)
			var chain []Version
			floor := kv.Timestamp(0)
			for i := len(row.versions) - 1; i >= 0; i-- {
				v := row.versions[i]
				chain = append(chain, Version{TS: v.TS, Flags: v.Flags, Value: v.Value})
				if v.TS <= snap {
					floor = v.TS
					break
				}
			}
			if r.IntN(3) == 0 { // a commit comes between
				ts++
				v := Version{TS: ts, Value: []byte{1}}
				row.versions = append(row.versions, v)
				c.Install(key, &v, safe)
			}
			c.Fill(key, begun, chain, floor)
		case 2:
			safe = min(ts, safe+kv.Timestamp(r.IntN(3)))
		default:
			snap := safe + kv.Timestamp(r.Int64N(int64(ts-safe)+1))
			v, ok := c.Get(key, snap)
			if !ok {
				break
			}
			known++
			var want *Version
			for i := range row.versions {
				if row.versions[i].TS <= snap {
					want = &row.versions[i]
				}
			}
			switch {
			case want == nil && v != nil || want != nil && v == nil:
				t.Fatalf("key %x at %d: got %v, want %v", key, snap, v, want)
			case want != nil && (v.TS != want.TS || v.Flags != want.Flags):
				t.Fatalf("key %x at %d: got %d, want %d", key, snap, v.TS, want.TS)
			}
		}
	}
	if known < 1000 {
		t.Fatalf("the cache answered %d times", known)
	}
}

func TestDecodeRun(t *testing.T) {
	e := RunEntry{First: 7, Last: 9, State: RunCommitted, Commit: 12}
	key := RunKey(7)
	got, err := DecodeRun(key[:len(key)-1], e.Encode())
	if err != nil || got.First != 7 || got.Last != 9 || got.State != RunCommitted || got.Commit != 12 {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := DecodeRun(key[:3], e.Encode()); err == nil {
		t.Fatal("a short key passed")
	}
}

func FuzzParseValue(f *testing.F) {
	f.Add([]byte{0, 1})
	f.Add([]byte{16, 0, 0, 0, 1, 2})
	f.Fuzz(func(t *testing.T, stored []byte) {
		flags, command, payload, err := ParseValue(stored)
		if err != nil {
			return
		}
		back := AppendValue(nil, flags, payload)
		if flags&HasCommand != 0 {
			back = AppendRunValue(nil, flags, command, payload)
		}
		if string(back) != string(stored) {
			t.Fatalf("%x became %x", stored, back)
		}
	})
}
