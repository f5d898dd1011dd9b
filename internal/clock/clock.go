// Package clock is where time comes from. Everything that needs the time or a
// timer gets a Clock by its constructor, so that a test can run on a Manual one.
//
// Invariants:
//
//	C1  Only Wall reads the machine's clock.
//	C2  A Manual clock moves only when Advance is called.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time and wakes sleepers.
type Clock interface {
	Now() time.Time
	// After returns a channel that gets one value after d, and a function that
	// gives the timer up; the function may be called at any time.
	After(d time.Duration) (<-chan time.Time, func())
}

// Wall is the machine's clock.
type Wall struct{}

// Now returns the machine's time.
func (Wall) Now() time.Time { return time.Now() }

// After starts a timer.
func (Wall) After(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// Manual is a clock for tests.
type Manual struct {
	mu struct {
		sync.Mutex
		now    time.Time
		timers map[*manualTimer]struct{}
	}
}

type manualTimer struct {
	at time.Time
	c  chan time.Time
}

// NewManual returns a clock that stands at start.
func NewManual(start time.Time) *Manual {
	m := &Manual{}
	m.mu.now = start
	m.mu.timers = map[*manualTimer]struct{}{}
	return m
}

// Now returns the time that Advance set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.now
}

// After starts a timer that Advance fires.
func (m *Manual) After(d time.Duration) (<-chan time.Time, func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTimer{at: m.mu.now.Add(d), c: make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- m.mu.now
		return t.c, func() {}
	}
	m.mu.timers[t] = struct{}{}
	return t.c, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.mu.timers, t)
	}
}

// Advance moves the clock and fires the timers that are due.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.now = m.mu.now.Add(d)
	for t := range m.mu.timers {
		if !t.at.After(m.mu.now) {
			t.c <- m.mu.now
			delete(m.mu.timers, t)
		}
	}
}
