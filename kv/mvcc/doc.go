// Package mvcc is which versions of a row there are and who sees them: timestamps
// and the visible watermark V, the slots in which snapshots are announced and the
// horizon they make, the row cache in front of the store, and the run map of large
// transactions.
//
// Invariants:
//
//	M1  V only grows, and every commit at or below it is applied, and durable or
//	    asynchronous.
//	M2  A snapshot is stored in its slot, then the horizon is read again; garbage
//	    collection publishes the horizon, then reads the slots again. So no version
//	    that an announced snapshot needs is removed.
//	M3  A cached chain holds a key's newest versions without a gap; a fill installs
//	    only what no commit has overtaken.
package mvcc
