package mvcc

import (
	"context"
	"sync"
	"sync/atomic"

	"datapunk/internal/clock"
	"datapunk/kv"
)

// logicalBits is the counter's part of a timestamp.
const logicalBits = 16

// ceilingAhead is how far ahead of use the ceiling is persisted.
const ceilingAhead = kv.Timestamp(10_000) << logicalBits

// Oracle hands out timestamps and knows which commits are visible.
//
// Commits take Next, apply, and call Applied, all under the caller's commit
// mutex; after their sync they call Durable. Since the log is ordered, a durable
// commit proves all earlier ones durable.
type Oracle struct {
	clock    clock.Clock
	last     kv.Timestamp // guarded by the commit mutex
	ceiling  kv.Timestamp // likewise
	_        [64]byte
	visible  atomic.Uint64
	_        [56]byte
	applied  atomic.Uint64
	lastSync atomic.Uint64 // newest applied commit that waits for a sync
	waiting  atomic.Int32
	mu       struct {
		sync.Mutex
		wake chan struct{} // closed when V moves while someone waits
	}
}

// NewOracle starts at a persisted ceiling.
func NewOracle(c clock.Clock, ceiling kv.Timestamp) *Oracle {
	o := &Oracle{clock: c, last: ceiling, ceiling: ceiling}
	o.visible.Store(uint64(ceiling))
	o.applied.Store(uint64(ceiling))
	o.lastSync.Store(uint64(ceiling))
	o.mu.wake = make(chan struct{})
	return o
}

// Next returns a new timestamp, and a new ceiling if one must be persisted with
// the write that uses the timestamp, or before. Under the commit mutex.
func (o *Oracle) Next() (ts, newCeiling kv.Timestamp) {
	ts = kv.Timestamp(o.clock.Now().UnixMilli()) << logicalBits
	if ts <= o.last {
		ts = o.last + 1
	}
	o.last = ts
	if ts+ceilingAhead/2 > o.ceiling {
		o.ceiling = ts + ceilingAhead
		return ts, o.ceiling
	}
	return ts, 0
}

// Reserve returns the first of n consecutive timestamps. Under the commit mutex.
func (o *Oracle) Reserve(n int) (first, newCeiling kv.Timestamp) {
	first, newCeiling = o.Next()
	o.last += kv.Timestamp(n - 1)
	return first, newCeiling
}

// Applied notes that a commit can be read. Under the commit mutex.
func (o *Oracle) Applied(ts kv.Timestamp, sync bool) {
	if sync {
		o.lastSync.Store(uint64(ts))
	}
	o.applied.Store(uint64(ts))
	if !sync && o.lastSync.Load() <= o.visible.Load() {
		o.raise(uint64(ts))
	}
}

// Durable notes that a synchronous commit, and so every earlier one, is on disk.
func (o *Oracle) Durable(ts kv.Timestamp) {
	o.raise(uint64(ts))
	// Asynchronous commits after the last synchronous one have been waiting for
	// it alone. The order of the two loads matters.
	applied := o.applied.Load()
	if o.lastSync.Load() == uint64(ts) {
		o.raise(applied)
	}
}

func (o *Oracle) raise(ts uint64) {
	for {
		v := o.visible.Load()
		if v >= ts {
			return
		}
		if o.visible.CompareAndSwap(v, ts) {
			break
		}
	}
	if o.waiting.Load() > 0 {
		o.Wake()
	}
}

// Wake makes waiters look again.
func (o *Oracle) Wake() {
	o.mu.Lock()
	close(o.mu.wake)
	o.mu.wake = make(chan struct{})
	o.mu.Unlock()
}

// Visible is V.
func (o *Oracle) Visible() kv.Timestamp { return kv.Timestamp(o.visible.Load()) }

// NewestApplied is the newest commit that can be read.
func (o *Oracle) NewestApplied() kv.Timestamp { return kv.Timestamp(o.applied.Load()) }

// WaitVisible waits until V is at least ts; failed tells why it never will.
func (o *Oracle) WaitVisible(ctx context.Context, ts kv.Timestamp, failed func() error) error {
	if o.Visible() >= ts {
		return nil
	}
	o.waiting.Add(1)
	defer o.waiting.Add(-1)
	for {
		o.mu.Lock()
		wake := o.mu.wake
		o.mu.Unlock()
		if o.Visible() >= ts {
			return nil
		}
		if err := failed(); err != nil {
			return err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
