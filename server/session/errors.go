package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types/vector"
)

// The causes with which a statement's context ends.
var (
	errCancelled  = pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
	errTimeout    = pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout")
	errTerminated = &pgerr.Error{Severity: "FATAL", Code: pgerr.AdminShutdown, Message: "terminating connection due to administrator command"}
)

// translate turns what the engine raises into what a client sees.
func translate(ctx context.Context, err error) error {
	var row *vector.RowError
	if errors.As(err, &row) {
		err = row.Err
	}
	var e *pgerr.Error
	if errors.As(err, &e) {
		return e
	}
	var deadlock *kv.DeadlockError
	switch {
	case errors.As(err, &deadlock):
		d := pgerr.New(pgerr.TRDeadlockDetected, "deadlock detected").WithHint("See server log for query details.")
		var lines []string
		for i, l := range deadlock.Cycle {
			next := deadlock.Cycle[(i+1)%len(deadlock.Cycle)]
			lines = append(lines, fmt.Sprintf("Process %d waits for %s; blocked by process %d.", l.Session, awaited(l, next), next.Session))
		}
		d.Detail = strings.Join(lines, "\n")
		return d
	case errors.Is(err, kv.ErrWriteConflict):
		return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update")
	case errors.Is(err, kv.ErrSerialization):
		return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to read/write dependencies among transactions")
	case errors.Is(err, kv.ErrLockTimeout):
		return pgerr.New(pgerr.LockNotAvailable, "canceling statement due to lock timeout")
	case errors.Is(err, kv.ErrLockNotAvailable):
		return pgerr.New(pgerr.LockNotAvailable, "could not obtain lock")
	case errors.Is(err, kv.ErrReadOnly):
		return pgerr.New(pgerr.ReadOnlySqlTransaction, "cannot execute this statement in a read-only transaction")
	case errors.Is(err, kv.ErrCorrupt):
		return pgerr.Newf(pgerr.DataCorrupted, "%v", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		if cause := context.Cause(ctx); cause != nil && cause != err {
			var e *pgerr.Error
			if errors.As(cause, &e) {
				return e
			}
		}
		return errCancelled
	}
	return pgerr.Internal("%v", err)
}

// awaited says what a waiter in a deadlock waits for; next is who holds it.
func awaited(l, next kv.LockInfo) string {
	switch l.Kind {
	case kv.RelationLock:
		return fmt.Sprintf("%s on relation %d of database %d", l.Mode, l.Object.Object, l.Object.Database)
	case kv.AdvisoryLock:
		sub := 1
		if l.Advisory.Pair {
			sub = 2
		}
		return fmt.Sprintf("%s on advisory lock [%d,%d,%d,%d]", l.Mode, l.Advisory.Database, uint32(l.Advisory.Key>>32), uint32(l.Advisory.Key), sub)
	case kv.TransactionLock:
		return fmt.Sprintf("%s on virtual transaction -1/%d", l.Mode, l.Blocker)
	}
	return fmt.Sprintf("%s on transaction %d", kv.ShareMode, uint32(next.XID))
}
