// Package table opens a relation for reading and writing: from descriptors to
// codecs, key forms and index entries.
//
// A row's primary entry has the key storage prefix · row key and the row's bytes as
// value. The row key is the primary key's columns (keycodec), or the row number as
// 8 bytes for a table without one. An index entry is storage prefix · key columns;
// if the index is not unique, or unique but deferrable, or a key is null, the row key
// follows. Its value is the row key with its length in front, then the datums of lossy
// key columns and of INCLUDE columns, each after a byte 1, or 0 for null. A hash index
// has a hash of the key column's form instead, and the form in the value
// (docs/format/index.md).
package table

import (
	"encoding/binary"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types"
	"datapunk/types/keycodec"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

// Catalog is what opening a table needs to know.
type Catalog interface {
	Relation(types.OID) *desc.Relation
	Type(types.OID) *types.Type
}

// Table is an opened table. It holds no transaction and may be shared.
type Table struct {
	Desc    *desc.Relation
	Types   []*types.Type // by column, dropped ones included
	Codec   *rowcodec.Codec
	Prefix  []byte
	Key     []KeyColumn // of the primary key, none if rows go by number
	Indexes []*Index    // secondary ones, being built included
	Primary *Index      // the primary key's definition, or nil
	missing []*vector.Vector
}

// KeyColumn is one key column: a column of the table, or an expression.
type KeyColumn struct {
	keycodec.Column
	Number int16  // 0: Expr
	Expr   string // stored
	Lossy  bool
}

// Index is an opened index.
type Index struct {
	Desc    *desc.Relation
	Prefix  []byte
	Keys    []KeyColumn
	Include []int16
	Unique  bool // and not deferrable: there is one entry for a key
	// Later is the deferrable constraint that the index keeps, or nil.
	Later *desc.Unique
	// Hash: an entry's key has a hash of the one key column's form, and its value the
	// form itself where the covered columns would be.
	Hash bool
}

// Open reads a table's descriptors.
func Open(rel *desc.Relation, catalog Catalog) (*Table, error) {
	t := &Table{Desc: rel, Prefix: kv.StoragePrefix(nil, kv.StorageID(rel.Storage))}
	for i := range rel.Columns {
		c := &rel.Columns[i]
		ct := catalog.Type(c.Type)
		if ct == nil {
			return nil, pgerr.Internal("column %s of %s has unknown type %d", c.Name, rel.Name, c.Type)
		}
		t.Types = append(t.Types, ct)
	}
	t.Codec = rowcodec.New(t.Types)
	t.missing = make([]*vector.Vector, len(rel.Columns))
	for i := range rel.Columns {
		if c := &rel.Columns[i]; c.HasMissing && c.Missing != nil {
			v := vector.New(t.Types[i], 1)
			if _, ok := v.DecodeDatum(0, c.Missing); !ok {
				return nil, pgerr.New(pgerr.DataCorrupted, "missing value of a column is corrupt")
			}
			v.Const = true
			t.missing[i] = v
		}
	}
	for _, oid := range rel.Indexes {
		x := catalog.Relation(oid)
		if x == nil {
			return nil, pgerr.Internal("index %d of %s is gone", oid, rel.Name)
		}
		index, err := openIndex(x, catalog)
		if err != nil {
			return nil, err
		}
		for i := range rel.Uniques {
			if u := &rel.Uniques[i]; u.Index == oid && u.Deferrable {
				index.Later = u
			}
		}
		if oid == rel.Primary {
			t.Key, t.Primary = index.Keys, index
			continue
		}
		t.Indexes = append(t.Indexes, index)
	}
	return t, nil
}

func openIndex(x *desc.Relation, catalog Catalog) (*Index, error) {
	index := &Index{Desc: x, Prefix: kv.StoragePrefix(nil, kv.StorageID(x.Storage)), Include: x.Index.Include, Unique: x.Index.Unique && x.Index.Immediate, Hash: x.Index.Method == "hash"}
	for _, k := range x.Index.Keys {
		t := catalog.Type(k.Type)
		if t == nil {
			return nil, pgerr.Internal("index %s has a key of unknown type %d", x.Name, k.Type)
		}
		c := KeyColumn{Column: keycodec.Column{Type: t, Collation: k.Collation, Desc: k.Desc, NullsFirst: k.NullsFirst}, Number: k.Column, Expr: k.Expr}
		c.Lossy = keycodec.Lossy(c.Column)
		index.Keys = append(index.Keys, c)
	}
	return index, nil
}

// RowKey appends a row's primary key form without the storage prefix; cols are by
// column number.
func (t *Table) RowKey(dst []byte, cols []*vector.Vector, i int, number uint64) []byte {
	if len(t.Key) == 0 {
		return binary.BigEndian.AppendUint64(dst, number)
	}
	for _, k := range t.Key {
		dst = keycodec.Append(dst, k.Column, cols[k.Number-1], i)
	}
	return dst
}

// Decode reads columns of a row by number into row i of out; a negative number is
// a system column.
func (t *Table) Decode(key, row []byte, numbers []int16, out []*vector.Vector, i int) error {
	for k, n := range numbers {
		v := out[k]
		if n < 0 {
			if err := t.system(row, n, v, i); err != nil {
				return err
			}
			continue
		}
		switch t.Codec.Decode(row, int(n)-1, v, i) {
		case rowcodec.Missing:
			if m := t.missing[n-1]; m != nil {
				v.Set(i, m, 0)
			} else {
				v.SetNull(i)
			}
		case rowcodec.Corrupt:
			return pgerr.Newf(pgerr.DataCorrupted, "row of table \"%s\" is corrupt", t.Desc.Name)
		}
	}
	return nil
}

// system reads ctid, xmin and the like.
func (t *Table) system(row []byte, number int16, v *vector.Vector, i int) error {
	h, ok := rowcodec.ReadHeader(row)
	if !ok {
		return pgerr.Newf(pgerr.DataCorrupted, "row of table \"%s\" is corrupt", t.Desc.Name)
	}
	out := vector.Of[int64](v)
	switch number {
	case -1: // ctid: 200 rows to a block, numbered from 1
		out[i] = int64(h.Number/200)<<16 | int64(h.Number%200+1)
	case -2:
		out[i] = int64(h.XMin)
	case -6:
		out[i] = int64(t.Desc.OID)
	default: // cmin, xmax, cmax
		out[i] = 0
	}
	return nil
}

// Entry is an index entry of one row.
type Entry struct {
	Key, Value []byte
	// HasNull: a key column is null, so that a unique index does not compare it.
	HasNull bool
	// Bare is the length of the key without the row key.
	Bare int
}

// Entry makes the entry of row i, from the key columns' values and the table's
// columns.
func (x *Index) Entry(keys []*vector.Vector, cols []*vector.Vector, i int, rowKey []byte) Entry {
	if x.Hash {
		return x.hashEntry(keys[0], i, rowKey)
	}
	e := Entry{Key: append(make([]byte, 0, 32), x.Prefix...)}
	for k, c := range x.Keys {
		e.HasNull = e.HasNull || keys[k].Null(i)
		e.Key = keycodec.Append(e.Key, c.Column, keys[k], i)
	}
	e.Bare = len(e.Key)
	if !x.Unique || e.HasNull && !x.Desc.Index.NullsEqual {
		e.Key = append(e.Key, rowKey...)
	}
	e.Value = binary.AppendUvarint(make([]byte, 0, len(rowKey)+2), uint64(len(rowKey)))
	e.Value = append(e.Value, rowKey...)
	for k, c := range x.Keys {
		if c.Lossy {
			e.Value = appendCovered(e.Value, keys[k], i)
		}
	}
	for _, n := range x.Include {
		e.Value = appendCovered(e.Value, cols[n-1], i)
	}
	return e
}

func (x *Index) hashEntry(key *vector.Vector, i int, rowKey []byte) Entry {
	form := keycodec.Append(nil, x.Keys[0].Column, key, i)
	e := Entry{Key: x.HashKey(make([]byte, 0, 32), form), HasNull: key.Null(i)}
	e.Bare = len(e.Key)
	e.Key = append(e.Key, rowKey...)
	e.Value = binary.AppendUvarint(make([]byte, 0, len(rowKey)+len(form)+2), uint64(len(rowKey)))
	e.Value = append(append(e.Value, rowKey...), form...)
	return e
}

// HashKey appends what the entries of a hash index for a key of a form begin with
// (FNV-1a, which belongs to the format).
func (x *Index) HashKey(dst, form []byte) []byte {
	h := uint64(14695981039346656037)
	for _, c := range form {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return binary.BigEndian.AppendUint64(append(dst, x.Prefix...), h)
}

func appendCovered(dst []byte, v *vector.Vector, i int) []byte {
	if v == nil || v.Null(i) {
		return append(dst, 0)
	}
	return vector.AppendDatum(append(dst, 1), v, i)
}

// RowKeyOf reads the row key from an entry's value; rest are the covered columns.
func RowKeyOf(value []byte) (rowKey, rest []byte, ok bool) {
	n, used := binary.Uvarint(value)
	if used <= 0 || uint64(len(value)-used) < n {
		return nil, nil, false
	}
	return value[used : used+int(n)], value[used+int(n):], true
}

// Covered reads columns from an entry alone into row i of out. The numbers must be
// key or INCLUDE columns.
func (x *Index) Covered(key, rest []byte, numbers []int16, out []*vector.Vector, i int) error {
	corrupt := pgerr.Newf(pgerr.DataCorrupted, "entry of index \"%s\" is corrupt", x.Desc.Name)
	key = key[len(x.Prefix):]
	place := func(n int16) int {
		for k, m := range numbers {
			if m == n {
				return k
			}
		}
		return -1
	}
	ok := true
	for _, c := range x.Keys {
		p := -1
		if c.Number != 0 {
			p = place(c.Number)
		}
		switch {
		case c.Lossy:
			if rest, ok = skipCovered(rest, c.Type, out, p, i); !ok {
				return corrupt
			}
			if key, ok = keycodec.Skip(key, c.Column); !ok {
				return corrupt
			}
		case p >= 0:
			if key, ok = keycodec.Decode(key, c.Column, out[p], i); !ok {
				return corrupt
			}
		default:
			if key, ok = keycodec.Skip(key, c.Column); !ok {
				return corrupt
			}
		}
	}
	for _, n := range x.Include {
		p := place(n)
		var t *types.Type
		if p >= 0 {
			t = out[p].Type
		}
		if rest, ok = skipCovered(rest, t, out, p, i); !ok {
			return corrupt
		}
	}
	return nil
}

// skipCovered reads one covered column, or passes over it (p < 0; t is then needed).
func skipCovered(rest []byte, t *types.Type, out []*vector.Vector, p, i int) ([]byte, bool) {
	if len(rest) == 0 {
		return nil, false
	}
	if rest[0] == 0 {
		if p >= 0 {
			out[p].SetNull(i)
		}
		return rest[1:], true
	}
	if p >= 0 {
		return out[p].DecodeDatum(i, rest[1:])
	}
	if t == nil {
		return nil, false
	}
	return vector.New(t, 1).DecodeDatum(0, rest[1:])
}

// HasNull tells whether a key column is null in an entry's key.
func (x *Index) HasNull(key []byte) bool {
	from, to := keycodec.NotNull()
	key = key[len(x.Prefix):]
	for _, k := range x.Keys {
		if len(key) == 0 || key[0] < from || key[0] >= to {
			return true
		}
		var ok bool
		if key, ok = keycodec.Skip(key, k.Column); !ok {
			return false
		}
	}
	return false
}

// KeyValues reads the key columns back from an entry's key (or a row's); ok is false
// if one is null or cannot be had back from its form.
func (x *Index) KeyValues(key []byte) (values []*vector.Vector, ok bool) {
	if len(key) < len(x.Prefix) {
		return nil, false
	}
	rest := key[len(x.Prefix):]
	for _, k := range x.Keys {
		v := vector.New(k.Type, 1)
		next, ok := keycodec.Decode(rest, k.Column, v, 0)
		if !ok || k.Lossy || v.Null(0) {
			return nil, false
		}
		rest = next
		values = append(values, v)
	}
	return values, true
}
