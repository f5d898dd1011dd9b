package kv

import (
	"errors"
	"fmt"
)

// The errors that a caller tells apart with errors.Is. server/session turns
// them into SQLSTATEs, in one file.
var (
	ErrWriteConflict    = errors.New("kv: row changed since the snapshot")         // 40001
	ErrSerialization    = errors.New("kv: dangerous structure among serializable") // 40001
	ErrLockNotAvailable = errors.New("kv: lock not available")                     // 55P03, NOWAIT
	ErrLockTimeout      = errors.New("kv: lock timeout")                           // 55P03
	ErrSkipped          = errors.New("kv: row is locked")                          // SKIP LOCKED
	ErrDuplicateKey     = errors.New("kv: key loaded twice")
	ErrReadOnly         = errors.New("kv: transaction is read only") // 25006
	ErrClosed           = errors.New("kv: store is closed")
	ErrCorrupt          = errors.New("kv: data is corrupt") // XX001
	ErrFormat           = errors.New("kv: unknown format version")
	ErrInUse            = errors.New("kv: directory is in use")
	// ErrPostgresDirectory: the directory is PostgreSQL's own (it has a
	// PG_VERSION), and nothing in it is touched.
	ErrPostgresDirectory = errors.New("kv: this is a PostgreSQL data directory")
)

// DeadlockError says who waited for whom (40P01). The cycle begins with the
// victim: session i waits for what session i+1 holds, the last for the first's.
type DeadlockError struct{ Cycle []LockInfo }

func (e *DeadlockError) Error() string {
	return fmt.Sprintf("kv: deadlock of %d sessions", len(e.Cycle))
}

// DuplicateKeyError carries the key of an ErrDuplicateKey.
type DuplicateKeyError struct{ Key []byte }

func (e *DuplicateKeyError) Error() string { return ErrDuplicateKey.Error() }

// Is makes errors.Is(err, ErrDuplicateKey) true.
func (e *DuplicateKeyError) Is(target error) bool { return target == ErrDuplicateKey }
