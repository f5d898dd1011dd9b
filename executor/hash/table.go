// Package hash is the hash table that joins, aggregation and DISTINCT share: keys
// in columns, rows found by hash, then compared.
//
// A table is an array of chain heads indexed by the hash's low bits, and for each
// row its hash and the next row of its chain. Rows are numbered from 0 in order of
// insertion; the keys stand in columns of their own.
package hash

import (
	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Table maps keys to row numbers.
type Table struct {
	Keys    *vector.Batch // of each row
	compare []kernel.Compare
	heads   []int32
	next    []int32
	hashes  []uint64
	mask    uint64
	scratch []uint64
	rows    []int32
}

// firstKeys is how many keys a new table has room for: a small limit is not met by room.
const firstKeys = 64

// New makes an empty table for keys of the given types and collations.
func New(keys []*types.Type, collations []types.OID) *Table {
	t := &Table{Keys: vector.NewBatch(keys, firstKeys)}
	for i, k := range keys {
		t.compare = append(t.compare, kernel.Comparer(k, collations[i]))
	}
	t.resize(1024)
	return t
}

// Len is the number of rows.
func (t *Table) Len() int { return t.Keys.N }

// entryBytes is what a row needs besides its key: hash, next row, and its share of heads.
const entryBytes = 8 + 4 + 8

// Size estimates the bytes held.
func (t *Table) Size() int64 {
	return int64(len(t.heads))*4 + int64(cap(t.next))*4 + int64(cap(t.hashes))*8 + spill.Size(t.Keys)
}

// Grown estimates the bytes held after n more rows.
func (t *Table) Grown(n int) int64 {
	return max(int64(len(t.heads))*4, int64(t.Len()+n)*entryBytes) + spill.Grown(t.Keys, n)
}

// Hashes are those of all rows.
func (t *Table) Hashes() []uint64 { return t.hashes }

// Buckets is the number of chains.
func (t *Table) Buckets() int { return len(t.heads) }

func (t *Table) resize(n int) {
	t.heads = make([]int32, n)
	t.mask = uint64(n - 1)
	for i := range t.heads {
		t.heads[i] = -1
	}
	for row, h := range t.hashes {
		slot := h & t.mask
		t.next[row] = t.heads[slot]
		t.heads[slot] = int32(row)
	}
}

// Hash computes the hashes of rows sel of the key vectors.
func (t *Table) Hash(keys []*vector.Vector, n int, sel []int32) []uint64 {
	if len(t.scratch) < n {
		t.scratch = make([]uint64, max(n, vector.Size))
	}
	if len(keys) == 0 {
		for _, i := range sel {
			t.scratch[i] = 0
		}
	}
	for k, v := range keys {
		kernel.Hash(v, sel, t.scratch, k == 0)
	}
	return t.scratch
}

// equal compares row i of keys with row of the table.
func (t *Table) equal(keys []*vector.Vector, i int, row int) bool {
	return same(t.compare, keys, i, t.Keys.Cols, row)
}

// same compares row i of a with row j of b; two nulls are equal.
func same(compare []kernel.Compare, a []*vector.Vector, i int, b []*vector.Vector, j int) bool {
	for k, c := range compare {
		switch xn, yn := a[k].Null(i), b[k].Null(j); {
		case xn && yn:
			continue
		case xn || yn:
			return false
		}
		if c(a[k], i, b[k], j) != 0 {
			return false
		}
	}
	return true
}

// Groups finds or adds the row of each of sel's keys, writing its number to out.
func (t *Table) Groups(keys []*vector.Vector, n int, sel []int32, out []int32) []int32 {
	hashes := t.Hash(keys, n, sel)
	out = out[:0]
	for _, i := range sel {
		h := hashes[i]
		row := t.heads[h&t.mask]
		for row >= 0 && (t.hashes[row] != h || !t.equal(keys, int(i), int(row))) {
			row = t.next[row]
		}
		if row < 0 {
			t.rows = append(t.rows[:0], i)
			t.Keys.AppendRows(keys, t.rows)
			row = t.insert(h)
		}
		out = append(out, row)
	}
	return out
}

// Lookup writes the row of each of sel's keys to out, -1 for a key that is not there.
// The hashes, by row of keys, live until the next call.
func (t *Table) Lookup(keys []*vector.Vector, n int, sel []int32, out []int32) (rows []int32, hashes []uint64) {
	hashes = t.Hash(keys, n, sel)
	out = out[:0]
	for _, i := range sel {
		out = append(out, t.First(keys, int(i), hashes[i]))
	}
	return out, hashes
}

// Add adds rows without looking for equal ones (the build side of a join).
func (t *Table) Add(keys []*vector.Vector, n int, sel []int32) {
	hashes := t.Hash(keys, n, sel)
	t.Keys.AppendRows(keys, sel)
	for _, i := range sel {
		t.insert(hashes[i])
	}
}

func (t *Table) insert(h uint64) int32 {
	row := int32(len(t.hashes))
	t.hashes = append(t.hashes, h)
	slot := h & t.mask
	t.next = append(t.next, t.heads[slot])
	t.heads[slot] = row
	if len(t.hashes) > len(t.heads) {
		t.resize(2 * len(t.heads))
	}
	return row
}

// First finds the first row equal to row i of keys, -1 if there is none; hash is
// from Hash.
func (t *Table) First(keys []*vector.Vector, i int, hash uint64) int32 {
	return t.find(keys, i, hash, t.heads[hash&t.mask])
}

// Next finds the next equal row after one.
func (t *Table) Next(keys []*vector.Vector, i int, hash uint64, row int32) int32 {
	return t.find(keys, i, hash, t.next[row])
}

func (t *Table) find(keys []*vector.Vector, i int, hash uint64, row int32) int32 {
	for row >= 0 && (t.hashes[row] != hash || !t.equal(keys, i, int(row))) {
		row = t.next[row]
	}
	return row
}
