package mvcc

import (
	"slices"
	"sync"
	"sync/atomic"

	"datapunk/kv"
)

// Slot announces the oldest snapshot one session reads; 0 is none. It has a
// cache line of its own.
type Slot struct {
	_    [64]byte
	snap atomic.Uint64
	_    [56]byte
}

// Snapshot is what it announces.
func (s *Slot) Snapshot() kv.Timestamp { return kv.Timestamp(s.snap.Load()) }

// Slots is all of them, and the horizon.
//
// A reader stores its snapshot, then looks at the horizon again: if that has
// passed, it takes a newer snapshot. A collector publishes the horizon, then
// reads the slots again before it removes anything. So one of them sees the other.
type Slots struct {
	oracle  *Oracle
	horizon atomic.Uint64 // published; what Safe returned is at or below it
	safe    atomic.Uint64
	mu      struct {
		sync.Mutex
		list atomic.Pointer[[]*Slot]
	}
}

// NewSlots makes an empty set.
func NewSlots(o *Oracle) *Slots {
	s := &Slots{oracle: o}
	s.mu.list.Store(&[]*Slot{})
	return s
}

// Add makes a slot.
func (s *Slots) Add() *Slot {
	slot := &Slot{}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append(slices.Clone(*s.mu.list.Load()), slot)
	s.mu.list.Store(&list)
	return slot
}

// Remove takes a slot out.
func (s *Slots) Remove(slot *Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*s.mu.list.Load()), func(x *Slot) bool { return x == slot })
	s.mu.list.Store(&list)
}

// Enter announces a snapshot of at least min and returns it.
func (s *Slots) Enter(slot *Slot, min kv.Timestamp) kv.Timestamp {
	for {
		snap := max(s.oracle.Visible(), min)
		slot.snap.Store(uint64(snap))
		if s.horizon.Load() <= uint64(snap) {
			return snap
		}
	}
}

// Keep announces a snapshot that the slot's older one already protects.
func (s *Slots) Keep(slot *Slot, snap kv.Timestamp) { slot.snap.Store(uint64(snap)) }

// Leave says that nothing is read.
func (s *Slots) Leave(slot *Slot) { slot.snap.Store(0) }

func (s *Slots) oldest(limit uint64) uint64 {
	for _, slot := range *s.mu.list.Load() {
		if v := slot.snap.Load(); v != 0 && v < limit {
			limit = v
		}
	}
	return limit
}

// Advance computes and publishes the horizon and returns the timestamp at which
// it is safe to collect: no view reads below it, now or later.
func (s *Slots) Advance() kv.Timestamp {
	h := s.oldest(uint64(s.oracle.Visible()))
	raise(&s.horizon, h)
	safe := s.oldest(h)
	raise(&s.safe, safe)
	return kv.Timestamp(safe)
}

// Safe is what the last Advance returned.
func (s *Slots) Safe() kv.Timestamp { return kv.Timestamp(s.safe.Load()) }

// Horizon is the oldest snapshot a view may still read.
func (s *Slots) Horizon() kv.Timestamp {
	return kv.Timestamp(s.oldest(uint64(s.oracle.Visible())))
}

func raise(a *atomic.Uint64, v uint64) {
	for {
		old := a.Load()
		if old >= v || a.CompareAndSwap(old, v) {
			return
		}
	}
}
