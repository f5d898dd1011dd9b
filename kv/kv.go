// Package kv is the door to bytes, versions and transactions.
//
// A key is a storage id (StoragePrefix) followed by order-preserving bytes that
// the caller encodes; a value is opaque. Everything above sees only this
// package: no Pebble, no clock, no lock table. server/node builds the
// implementation (kv/txn over kv/partition over kv/store); kv/kvtest is a second
// one in memory. Both pass the conformance suite of kv/kvtest.
//
// Invariants:
//
//	I1  A commit is acknowledged only after it is durable (unless asynchronous)
//	    and after every commit with a smaller timestamp is applied.
//	I2  A View never changes: it sees the commits at or below its snapshot and
//	    its own transaction's writes of earlier commands, nothing else.
//	I3  A transaction writes a key only while it holds that key's row lock in
//	    Exclusive (or NoKeyExclusive, where the key's identity stays).
//	I4  After a crash exactly the durable commits are there, each whole.
//	I5  Byte slices that Get, Latest and Batch hand out are never written again;
//	    those of a Batch live until its next fill, those of Get and Latest as
//	    long as the caller keeps them.
package kv

import (
	"context"
	"encoding/binary"
)

// StorageID names one physical tree of keys: a table's primary rows, one index,
// one sequence. It is PostgreSQL's relfilenode: TRUNCATE and rewrites change it.
type StorageID uint32

// FirstStorage is the first id handed out by CreateStorage; those below are
// fixed: the catalog's and the node's own.
const FirstStorage StorageID = 16

// StoragePrefix appends the 4 big-endian bytes every key of the storage starts with.
func StoragePrefix(dst []byte, id StorageID) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(id))
}

// Timestamp is a hybrid logical clock value: milliseconds since the Unix epoch
// shifted left by 16, plus a counter. Commit order is timestamp order.
type Timestamp uint64

// XID is the number PostgreSQL users see as xmin and txid: given at a
// transaction's first write, never reused, 3 at the least. The low 32 bits go
// into row headers.
type XID uint64

// Isolation is a transaction's level.
type Isolation uint8

// The isolation levels. READ UNCOMMITTED is ReadCommitted, as in PostgreSQL.
const (
	ReadCommitted  Isolation = iota // a new snapshot for each View
	RepeatableRead                  // one snapshot; the caller raises ErrWriteConflict
	Serializable                    // RepeatableRead and SSI
)

// Durability says what Commit waits for.
type Durability uint8

// The durabilities (synchronous_commit).
const (
	Sync  Durability = iota // the log is on disk
	Async                   // the log is synced by a timer within 600 ms
)

// DB is one node's store.
type DB interface {
	// NewSession makes a session; it must be closed. Sessions are used by one
	// goroutine at a time.
	NewSession() Session

	// Locks lists granted and awaited locks, for pg_locks.
	Locks() []LockInfo
	// BlockedBy returns the sessions that stop the given one.
	BlockedBy(SessionID) []SessionID

	// Horizon is the oldest snapshot any View may still read.
	Horizon() Timestamp
	// Visible is the watermark V: every commit at or below it is applied, and
	// durable or asynchronous.
	Visible() Timestamp
	// OldestXID and NextXID bound the transactions in progress (pg_snapshot).
	OldestXID() XID
	NextXID() XID

	// ApproximateSize estimates the bytes on disk of a span.
	ApproximateSize(Span) int64
	// Vacuum removes the versions of a span that no View can need, and reports
	// how many rows, dead versions and removed versions it met.
	Vacuum(ctx context.Context, span Span) (VacuumStats, error)
	// Split cuts the partition that holds the key at it. Answers never change.
	Split(ctx context.Context, key []byte) error
	// Verify reads everything and checks checksums and key order; progress
	// gets the share done, 0 to 1.
	Verify(ctx context.Context, progress func(float64)) error

	// Metrics returns counters since the start: commits, syncs, cache hits.
	Metrics() Metrics
	Close() error
}

// SessionID tells sessions apart in lock reports.
type SessionID uint64

// Session owns what outlives a transaction: session-level advisory locks and
// the slot in which its oldest snapshot is announced to garbage collection.
type Session interface {
	ID() SessionID
	// Begin starts a transaction; only one may be open at a time. It costs no
	// I/O, no clock read and, after the first, no allocation: the handle of a
	// transaction that is over is dead, and the session's next Begin may hand
	// the same one out again.
	Begin(TxnOptions) Txn
	// LockAdvisory takes a session-level advisory lock (counted, as PostgreSQL's).
	LockAdvisory(ctx context.Context, id AdvisoryID, shared bool, wait Wait) error
	// UnlockAdvisory gives one back; false if it was not held.
	UnlockAdvisory(id AdvisoryID, shared bool) bool
	UnlockAllAdvisory()
	Close()
}

// TxnOptions are fixed for a transaction's life, but for those that SET may
// change until the first View.
type TxnOptions struct {
	Isolation  Isolation
	ReadOnly   bool
	Deferrable bool
	Durability Durability
}

// Txn is one transaction. Any error of a write leaves the transaction usable
// for RollbackTo and Rollback only.
type Txn interface {
	Options() TxnOptions
	// SetOptions changes the options; the isolation only before the first View.
	SetOptions(TxnOptions)

	// XID is the transaction's number, allotted at the first call.
	XID() XID
	// Assigned returns the number if one was allotted, else 0.
	Assigned() XID
	// Command is the number of the current command, from 0.
	Command() uint32
	// NextCommand ends a command: later Views see its writes.
	NextCommand()

	// View takes a snapshot as the isolation level says and joins it with the
	// writes of earlier commands. Several may be open; each must be closed, once,
	// before the transaction ends.
	View(ctx context.Context) (View, error)
	// WaitVisible returns once everything this transaction has read is durable
	// (I1); to be called before the first byte of an answer. Almost always free.
	WaitVisible(ctx context.Context) error

	// LockRow locks a key for the transaction's life or until a savepoint set
	// before is rolled back to. It knows nothing of snapshots: in RepeatableRead
	// and above the caller looks at View.Changed(Latest) under the lock, and
	// raises ErrWriteConflict if the row it means to lock or write was changed
	// (an insert over a tombstone is none of these).
	LockRow(ctx context.Context, key []byte, strength Strength, wait Wait) error
	// LockRelation locks an object in one of PostgreSQL's eight modes.
	LockRelation(ctx context.Context, object ObjectID, mode Mode, wait Wait) error
	// UnlockRelation gives back one grant early (as PostgreSQL does for
	// catalogs and for tables analysed); never after a write to it.
	UnlockRelation(object ObjectID, mode Mode)
	// LockAdvisory takes a transaction-level advisory lock.
	LockAdvisory(ctx context.Context, id AdvisoryID, shared bool, wait Wait) error

	// OutwaitHolders waits until every other transaction that now holds a lock on the
	// object which conflicts with mode is over. It takes nothing and stops nobody.
	OutwaitHolders(ctx context.Context, object ObjectID, mode Mode, wait Wait) error
	// OutwaitSnapshots waits until no View of another transaction, open now or later,
	// reads below ts (at or below V).
	OutwaitSnapshots(ctx context.Context, ts Timestamp, wait Wait) error

	// Latest reads the newest applied version of a key, own writes of every
	// command included, whatever the isolation level: a Current read. It means
	// something only under a lock on the key.
	Latest(ctx context.Context, key []byte) (Latest, error)
	// LatestScan reads the newest applied version of each key of a span.
	LatestScan(span Span, opts ScanOptions) Scanner

	// Put and Delete write under the row lock (I3) into the transaction's
	// buffer. Key and value are copied. They never raise ErrWriteConflict (see
	// LockRow). A key begins with a storage id and has at most 1 MB.
	Put(key, value []byte) error
	// Delete leaves a tombstone. moved, if not nil, is the key under which the
	// row lives on (an UPDATE of its key), which Latest reports to a waiter.
	Delete(key, moved []byte) error

	// CreateStorage allots a storage id that vanishes unless the transaction
	// commits; DropStorage removes one at commit, once no View can need it.
	CreateStorage(ctx context.Context) (StorageID, error)
	DropStorage(StorageID)
	// NewLoad fills a storage created by this transaction, past the buffer:
	// sorted runs ingested into the store.
	NewLoad(StorageID) Load
	// Fresh tells, once, that a storage was created by this transaction, since its
	// last savepoint, and not loaded: a NewLoad of it cannot meet or lose anything.
	Fresh(StorageID) bool

	// UpdateCell changes a non-transactional cell: fn gets its value (nil if
	// none) and returns the new one. It stays whether or not the transaction
	// commits, and Commit (also of a transaction without writes) waits until it
	// is durable. Concurrent updates of one cell are serial.
	UpdateCell(ctx context.Context, key []byte, fn func(old []byte) ([]byte, error)) error
	// ReadCell returns a cell's value.
	ReadCell(key []byte) ([]byte, error)

	// Savepoint returns a mark for RollbackTo; O(1).
	Savepoint() Savepoint
	// RollbackTo undoes writes and locks gained after the mark, which stays.
	// Scanners that are open show the undone writes or not; views do not.
	RollbackTo(Savepoint) error

	// OnCommit calls fn when the commit is applied and has its timestamp (that
	// of a transaction without writes is V), before any lock is released. fn
	// must not block or call into kv. A rollback to an earlier savepoint
	// forgets it.
	OnCommit(fn func(Timestamp))

	// Commit makes the writes durable and visible and releases the locks; on
	// an error nothing was written and Rollback must follow, except that after
	// ErrClosed (a failed disk) only the next start tells. A transaction without
	// writes costs nothing and returns 0.
	Commit(ctx context.Context) (Timestamp, error)
	// Rollback forgets the writes and releases the locks; harmless afterwards.
	Rollback()
}

// Savepoint is a position in a transaction's writes, locks and hooks (storages
// made and dropped among them).
type Savepoint struct{ Writes, Locks, Hooks int }

// View is what one statement sees: a snapshot and a command number (I2).
type View interface {
	Snapshot() Timestamp
	// Get returns the value of a key, or found = false. Nothing is allocated
	// when the row is in the row cache.
	Get(ctx context.Context, key []byte) (value []byte, found bool, err error)
	// Scan reads a span in key order.
	Scan(span Span, opts ScanOptions) Scanner
	// Changed tells whether the version seen by Latest is newer than what this
	// view sees, that is, whether the row must be rechecked.
	Changed(Latest) bool
	Close()
}

// Span is the keys from Start (included) to End (excluded).
type Span struct{ Start, End []byte }

// ScanOptions narrow a scan.
type ScanOptions struct {
	Reverse  bool // from the last key to the first
	Versions bool // fill Batch.Versions
	KeysOnly bool // leave the values out
	// Limit hints how many rows will be asked for, 0 is all.
	Limit int
}

// Scanner fills batches. It must be closed.
type Scanner interface {
	// Next replaces the batch with up to limit more rows; 0 rows means the end.
	Next(ctx context.Context, batch *Batch, limit int) error
	Close()
}

// Batch is rows as bytes and offsets: row i has the key
// Keys[KeyEnds[i-1]:KeyEnds[i]] (from 0 for the first) and its value likewise.
// Its memory is reused by the next fill.
type Batch struct {
	Keys, Values       []byte
	KeyEnds, ValueEnds []uint32
	Versions           []Timestamp // own uncommitted rows have 0
}

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.KeyEnds) }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Keys, b.Values = b.Keys[:0], b.Values[:0]
	b.KeyEnds, b.ValueEnds = b.KeyEnds[:0], b.ValueEnds[:0]
	b.Versions = b.Versions[:0]
}

// Append copies one row to the end.
func (b *Batch) Append(key, value []byte) {
	b.Keys = append(b.Keys, key...)
	b.Values = append(b.Values, value...)
	b.KeyEnds = append(b.KeyEnds, uint32(len(b.Keys)))
	b.ValueEnds = append(b.ValueEnds, uint32(len(b.Values)))
}

// Key returns the key of row i.
func (b *Batch) Key(i int) []byte { return slot(b.Keys, b.KeyEnds, i) }

// Value returns the value of row i.
func (b *Batch) Value(i int) []byte { return slot(b.Values, b.ValueEnds, i) }

func slot(data []byte, ends []uint32, i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = ends[i-1]
	}
	return data[start:ends[i]:ends[i]]
}

// Latest is the newest version of a key.
type Latest struct {
	Value   []byte
	Found   bool      // false: never there, or deleted
	Own     bool      // written by this transaction
	Command uint32    // by which command, if Own
	Version Timestamp // its commit, if not Own
	Moved   []byte    // of a deleted row: where it lives on, or nil
}

// Load writes a new storage in bulk.
type Load interface {
	// Add takes rows in any order; a key may come once. version keeps an older
	// row's commit timestamp (a rebuild); 0 means the loading transaction: it and
	// whoever learns of the storage by its commit see the row.
	Add(ctx context.Context, key, value []byte, version Timestamp) error
	// Finish sorts and ingests. A key that came twice is ErrDuplicateKey.
	Finish(ctx context.Context) error
	// Abandon forgets everything; harmless after Finish.
	Abandon()
}

// VacuumStats is what one Vacuum met.
type VacuumStats struct{ Rows, Dead, Removed int64 }

// Metrics are counters since the start.
type Metrics struct {
	Commits, Rollbacks   int64
	Syncs                int64 // fdatasync calls on the log
	CacheHits, CacheMiss int64
	LargeCommits         int64 // transactions that were written as runs
	Removed              int64 // garbage versions removed
	Deadlocks            int64
	Splits               int64
}
