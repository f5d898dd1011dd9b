// Package budget keeps accounts of memory: a tree from the node over sessions and
// statements down to operators.
//
// Memory is counted where it is large (what sorts, hash tables and kept rows hold), by
// the estimate of its holder, so that one statement that asks for too much fails and the
// others go on.
//
//	Account (node, limit) ── Account (session) ── Account (statement) ── Lease (operator)
//
// Invariants:
//
//	B1  What an account uses is the sum of what its leases and its child accounts hold.
//	B2  An account with a limit never uses more: the reservation that would is refused,
//	    and leaves all accounts as they were.
//	B3  A closed account holds nothing, whatever its leases do later.
//
// An Account may be used by several goroutines, a Lease by one.
package budget

import (
	"fmt"
	"sync/atomic"
)

// Account counts the bytes in use below one node of the tree.
type Account struct {
	parent *Account
	limit  int64 // 0: none
	used   atomic.Int64
	closed atomic.Bool
}

// New makes the root of a tree; a limit of 0 is none.
func New(limit int64) *Account { return &Account{limit: limit} }

// Child makes an account below a, which may be nil: then it is a root without limit.
func (a *Account) Child() *Account { return &Account{parent: a} }

// Used is the bytes in use.
func (a *Account) Used() int64 { return a.used.Load() }

// Limit is the most that may be in use, 0 for any.
func (a *Account) Limit() int64 { return a.limit }

// Exceeded is a reservation refused.
type Exceeded struct{ Wanted, Used, Limit int64 }

func (e *Exceeded) Error() string {
	return fmt.Sprintf("out of memory: %d bytes wanted, %d of %d in use", e.Wanted, e.Used, e.Limit)
}

// Reserve takes n bytes from a and all accounts above it, or returns *Exceeded.
func (a *Account) Reserve(n int64) error {
	if a.closed.Load() {
		return nil
	}
	for x := a; x != nil; x = x.parent {
		if used := x.used.Add(n); x.limit > 0 && used > x.limit && n > 0 {
			for y := a; ; y = y.parent {
				y.used.Add(-n)
				if y == x {
					return &Exceeded{Wanted: n, Used: used - n, Limit: x.limit}
				}
			}
		}
	}
	return nil
}

// Release gives n bytes back.
func (a *Account) Release(n int64) {
	if a.closed.Load() {
		return
	}
	for x := a; x != nil; x = x.parent {
		x.used.Add(-n)
	}
}

// Close gives back what is still held.
func (a *Account) Close() {
	if a.closed.Swap(true) {
		return
	}
	if n := a.used.Swap(0); n != 0 && a.parent != nil {
		a.parent.Release(n)
	}
}

// step is the least that a lease takes from its account at once: an operator that grows
// row by row asks rarely.
const step = 64 << 10

// Lease is what one operator holds of an account.
type Lease struct {
	account *Account // nil: nothing is counted
	limit   int64    // beyond which its owner should spill, 0: never
	now     int64
	held    int64
	peak    int64
}

// Lease begins a lease; limit is what its owner should keep to.
func (a *Account) Lease(limit int64) Lease { return Lease{account: a, limit: limit} }

// Over tells whether n bytes would be more than the lease's own limit.
func (l *Lease) Over(n int64) bool { return l.limit > 0 && n > l.limit }

// Limit is the lease's own limit, 0 for none.
func (l *Lease) Limit() int64 { return l.limit }

// Set says that n bytes are in use now. More than the lease's own limit is no error;
// more than an account has is.
func (l *Lease) Set(n int64) error {
	l.now = n
	held := (n + step - 1) / step * step
	if held == l.held {
		l.peak = max(l.peak, n)
		return nil
	}
	if l.account != nil {
		if held > l.held {
			if err := l.account.Reserve(held - l.held); err != nil {
				return err
			}
		} else {
			l.account.Release(l.held - held)
		}
	}
	l.held, l.peak = held, max(l.peak, n)
	return nil
}

// Peak is the most that was in use.
func (l *Lease) Peak() int64 { return l.peak }

// Close gives everything back; the peak stays known.
func (l *Lease) Close() { _ = l.Set(0) }
