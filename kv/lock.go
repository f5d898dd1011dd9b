package kv

// Strength is how a row is locked (PostgreSQL manual, 13.3.2).
type Strength uint8

// The row lock strengths, weakest first.
const (
	KeyShare Strength = iota
	Share
	NoKeyExclusive
	Exclusive
)

// Conflicts tells whether two transactions may not hold a and b on one row.
func (a Strength) Conflicts(b Strength) bool {
	switch {
	case a == Exclusive || b == Exclusive:
		return true
	case a == NoKeyExclusive || b == NoKeyExclusive:
		return a != KeyShare && b != KeyShare
	}
	return false
}

// Mode is how an object is locked (PostgreSQL manual, 13.3.1).
type Mode uint8

// The relation lock modes, numbered as PostgreSQL numbers them.
const (
	AccessShare Mode = 1 + iota
	RowShare
	RowExclusive
	ShareUpdateExclusive
	ShareMode
	ShareRowExclusive
	ExclusiveMode
	AccessExclusive
)

// conflicts[m] has bit n set where mode m conflicts with mode n.
var conflicts = [9]uint16{
	AccessShare:          1 << AccessExclusive,
	RowShare:             1<<ExclusiveMode | 1<<AccessExclusive,
	RowExclusive:         1<<ShareMode | 1<<ShareRowExclusive | 1<<ExclusiveMode | 1<<AccessExclusive,
	ShareUpdateExclusive: 1<<ShareUpdateExclusive | 1<<ShareMode | 1<<ShareRowExclusive | 1<<ExclusiveMode | 1<<AccessExclusive,
	ShareMode:            1<<RowExclusive | 1<<ShareUpdateExclusive | 1<<ShareRowExclusive | 1<<ExclusiveMode | 1<<AccessExclusive,
	ShareRowExclusive:    1<<RowExclusive | 1<<ShareUpdateExclusive | 1<<ShareMode | 1<<ShareRowExclusive | 1<<ExclusiveMode | 1<<AccessExclusive,
	ExclusiveMode:        1<<RowShare | 1<<RowExclusive | 1<<ShareUpdateExclusive | 1<<ShareMode | 1<<ShareRowExclusive | 1<<ExclusiveMode | 1<<AccessExclusive,
	AccessExclusive:      1<<AccessShare | 1<<RowShare | 1<<RowExclusive | 1<<ShareUpdateExclusive | 1<<ShareMode | 1<<ShareRowExclusive | 1<<ExclusiveMode | 1<<AccessExclusive,
}

// Conflicts tells whether two transactions may not hold m and n on one object.
func (m Mode) Conflicts(n Mode) bool { return conflicts[m]&(1<<n) != 0 }

// String returns pg_locks' name of the mode.
func (m Mode) String() string {
	return [...]string{"", "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}[m]
}

// ObjectID names what a relation lock is on: an object of a class (pg_class,
// pg_namespace …, as in pg_locks) in a database; 0 for shared ones.
type ObjectID struct{ Database, Class, Object uint32 }

// AdvisoryID is a key of the advisory lock functions: one 64-bit key
// (Pair = false) or two 32-bit ones.
type AdvisoryID struct {
	Database uint32
	Key      int64
	Pair     bool
}

// Wait is what to do when a lock is not free.
type Wait struct {
	Policy  WaitPolicy
	Timeout int64 // lock_timeout in ms, 0 waits without end
}

// WaitPolicy is one of three.
type WaitPolicy uint8

// The policies: wait, NOWAIT (ErrLockNotAvailable), SKIP LOCKED (ErrSkipped).
const (
	Block WaitPolicy = iota
	NoWait
	Skip
)

// LockKind tells what is locked.
type LockKind uint8

// The lock spaces, and the wait for another transaction's end.
const (
	RowLock LockKind = iota
	RelationLock
	AdvisoryLock
	TransactionLock
)

// LockInfo is one row of pg_locks.
type LockInfo struct {
	Session  SessionID
	XID      XID
	Kind     LockKind
	Key      []byte // of a row lock
	Object   ObjectID
	Advisory AdvisoryID
	Mode     Mode // of relation and advisory locks
	Strength Strength
	Granted  bool
	FastPath bool
	Since    int64     // of a waiter: ms since the Unix epoch
	Blocker  SessionID // of a TransactionLock: whose transaction it is
}
