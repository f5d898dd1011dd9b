// Package router maps keys to partitions: an immutable table of boundaries
// behind an atomic pointer.
//
// Invariants:
//
//	T1  The first entry starts at the empty key; starts rise strictly.
//	T2  A table never changes; Split makes another.
package router

import (
	"bytes"
	"slices"
	"sort"
)

// Table maps every key to one T.
type Table[T any] struct {
	starts [][]byte
	parts  []T
}

// New makes a table of one part.
func New[T any](part T) *Table[T] {
	return &Table[T]{starts: [][]byte{nil}, parts: []T{part}}
}

// Len is the number of parts.
func (t *Table[T]) Len() int { return len(t.parts) }

// Parts returns the parts in key order; the slice must not be changed.
func (t *Table[T]) Parts() []T { return t.parts }

func (t *Table[T]) index(key []byte) int {
	return sort.Search(len(t.starts), func(i int) bool { return bytes.Compare(t.starts[i], key) > 0 }) - 1
}

// Find returns the part that holds the key.
func (t *Table[T]) Find(key []byte) T {
	if len(t.parts) == 1 {
		return t.parts[0]
	}
	return t.parts[t.index(key)]
}

// Range returns the bounds of the part that holds the key; a nil end is the
// end of all keys.
func (t *Table[T]) Range(key []byte) (start, end []byte) {
	i := t.index(key)
	if i+1 < len(t.starts) {
		end = t.starts[i+1]
	}
	return t.starts[i], end
}

// Split cuts the part that holds the key at it; ok is false if one starts there.
func (t *Table[T]) Split(key []byte, left, right T) (out *Table[T], ok bool) {
	i := t.index(key)
	if bytes.Equal(t.starts[i], key) {
		return t, false
	}
	out = &Table[T]{starts: slices.Insert(slices.Clone(t.starts), i+1, bytes.Clone(key)), parts: slices.Clone(t.parts)}
	out.parts[i] = left
	out.parts = slices.Insert(out.parts, i+1, right)
	return out, true
}
