package session

import (
	"context"
	"sync"
)

// interrupt is the context of a session's statements: one for all of them, until one
// is cancelled, since making a context for each would cost as much as a point lookup.
type interrupt struct {
	context.Context // the connection's
	done            chan struct{}

	mu struct {
		sync.Mutex
		cause error
	}
	detach func() bool
}

// interruptible makes the context of statements to come.
func interruptible(parent context.Context) *interrupt {
	i := &interrupt{Context: parent, done: make(chan struct{})}
	i.detach = context.AfterFunc(parent, func() { i.cancel(context.Cause(parent)) })
	return i
}

// Done is closed when the statement is to stop.
func (i *interrupt) Done() <-chan struct{} { return i.done }

// Err is why, as the statement's error; context.Cause finds it too.
func (i *interrupt) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.mu.cause
}

func (i *interrupt) cancel(cause error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.mu.cause == nil {
		i.mu.cause = cause
		close(i.done)
	}
}

// statementContext gives the context for a statement, a new one after a cancel.
func (s *Session) statementContext(parent context.Context) *interrupt {
	if s.interrupt == nil || s.interrupt.Context != parent || s.interrupt.Err() != nil {
		if s.interrupt != nil {
			s.interrupt.detach()
		}
		s.interrupt = interruptible(parent)
	}
	return s.interrupt
}
