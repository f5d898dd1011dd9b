// Package spill is what operators do when their rows do not fit into memory: write them
// to temporary files in runs, and read them back.
//
// A Space is what the operators of one statement may use. A File is one temporary file
// of one operator; its Runs are sequences of blocks, each some rows, written in any
// interleaving: a run knows where its blocks lie. Sorts write a run for each memoryful,
// hash operators one for each partition of hash values (Partitions), and Rows is a list
// of rows that grows onto disk.
//
//	Directory (node) ◀── Files (session) ◀── Space (statement) ◀── File ◀── Run, Rows
//
// Invariants:
//
//	F1  A file is removed when the last of its runs is released, and at the latest when
//	    its statement's Space is closed, whatever happened; those of a node that died
//	    are removed when the next one opens the Directory.
//	F2  A run is read only after it is finished, and never changes afterwards.
//	F3  The bytes on disk are read by the process that wrote them: they have no version.
package spill

import (
	"errors"

	"datapunk/internal/budget"
	"datapunk/internal/pgerr"
)

// Space is the memory and the files of one statement. A nil Space is memory without end.
type Space struct {
	Memory  *budget.Account // of the statement
	WorkMem int64           // bytes that one operator should keep to
	HashMem int64           // bytes that one that hashes should keep to
	// Rows, if not 0, is how many rows an operator may hold: tests make it small.
	Rows  int
	Files *Files

	open map[*File]bool
}

// Sorting is the memory of an operator that sorts or keeps rows.
func (s *Space) Sorting() *Memory {
	if s == nil {
		return &Memory{}
	}
	return &Memory{lease: s.Memory.Lease(s.WorkMem), rows: s.Rows}
}

// Hashing is the memory of an operator with a hash table.
func (s *Space) Hashing() *Memory {
	if s == nil {
		return &Memory{}
	}
	return &Memory{lease: s.Memory.Lease(s.HashMem), rows: s.Rows}
}

// Close removes the files that are left and gives the memory back.
func (s *Space) Close() {
	if s == nil {
		return
	}
	for f := range s.open {
		f.remove()
	}
	s.Memory.Close()
}

// Memory is what one operator holds.
type Memory struct {
	lease budget.Lease
	rows  int
}

// Full tells whether so many rows, or bytes, are more than the operator should hold.
func (m *Memory) Full(rows int, bytes int64) bool {
	return m.rows > 0 && rows > m.rows || m.lease.Over(bytes)
}

// Chunk is how many of n rows to take at once, so that Full is asked in time.
func (m *Memory) Chunk(n int) int {
	if m.rows > 0 {
		return min(n, m.rows)
	}
	return n
}

// Hold says how many bytes are held now; an error is that of the statement (53200).
func (m *Memory) Hold(bytes int64) error {
	err := m.lease.Set(bytes)
	var e *budget.Exceeded
	if errors.As(err, &e) {
		return pgerr.New(pgerr.OutOfMemory, "out of memory").WithDetail("Failed on request of size %d.", e.Wanted)
	}
	return err
}

// Peak is the most bytes that were held.
func (m *Memory) Peak() int64 { return m.lease.Peak() }

// Close gives the memory back.
func (m *Memory) Close() { m.lease.Close() }

// Bounds of a block's size. Blocks are small where memory is, since there are many
// buffers: one for each partition, one for each run of a merge.
const (
	minBlock   = 4 << 10
	maxBlock   = 64 << 10
	blockShare = 64 // of the limit
)

// Block is about how many bytes of rows go into one block.
func (m *Memory) Block() int64 {
	if m.lease.Limit() == 0 {
		return maxBlock
	}
	return min(max(m.lease.Limit()/blockShare, minBlock), maxBlock)
}

// Bounds of how many runs are read, or partitions written, at once.
const (
	minFan, maxFan   = 6, 256
	minBits, maxBits = 2, 6
	usualBits        = 4
	tinyFan          = 3 // where tests limit the rows
)

// Fan is how many runs may be merged at once.
func (m *Memory) Fan() int {
	if m.rows > 0 {
		return tinyFan
	}
	return int(min(max(m.lease.Limit()/(2*m.Block()), minFan), maxFan))
}

// Bits is by how many bits of the hash to divide rows, of which bytes, if not 0, are all.
func (m *Memory) Bits(bytes int64) uint {
	if m.rows > 0 {
		return minBits
	}
	if bytes == 0 || m.lease.Limit() == 0 {
		return usualBits
	}
	bits := uint(minBits)
	for bits < maxBits && bytes*5/4>>bits > m.lease.Limit() {
		bits++
	}
	return bits
}
