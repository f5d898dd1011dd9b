package sort

import (
	"encoding/binary"
	"math"

	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Key is how one sort key orders.
type Key struct {
	compare    kernel.Compare
	desc       bool
	nullsFirst bool
	// prefix is a number whose order agrees with that of the values: where two differ
	// the values need not be looked at. nil: there is none.
	prefix func(v *vector.Vector, i int) uint64
	// exact: values with the same prefix are equal.
	exact bool
}

// NewKey makes a key.
func NewKey(t *types.Type, collation types.OID, desc, nullsFirst bool) Key {
	k := Key{compare: kernel.Comparer(t, collation), desc: desc, nullsFirst: nullsFirst}
	k.prefix, k.exact = prefix(t.Root(), collation)
	return k
}

// Order compares rows i and j of a column.
func (k Key) Order(v *vector.Vector, i, j int) int { return k.Between(v, i, v, j) }

// Between compares row i of a with row j of b.
func (k *Key) Between(a *vector.Vector, i int, b *vector.Vector, j int) int {
	switch xn, yn := a.Null(i), b.Null(j); {
	case xn && yn:
		return 0
	case xn:
		if k.nullsFirst {
			return -1
		}
		return 1
	case yn:
		if k.nullsFirst {
			return 1
		}
		return -1
	}
	c := k.compare(a, i, b, j)
	if k.desc {
		return -c
	}
	return c
}

// short is row i's prefix as this key orders it. A null has the first or the last one,
// which some value may have too.
func (k *Key) short(v *vector.Vector, i int) uint64 {
	if k.prefix == nil {
		return 0
	}
	if v.Null(i) {
		if k.nullsFirst {
			return 0
		}
		return math.MaxUint64
	}
	p := k.prefix(v, i)
	if k.desc {
		return ^p
	}
	return p
}

// Exact tells whether two values, neither null, are equal where their prefixes are.
func (k *Key) Exact() bool { return k.exact }

// Prefixes writes the prefixes of rows of a column, of which none should be null, to out.
func (k *Key) Prefixes(out []uint64, v *vector.Vector, rows []int32) []uint64 {
	out = out[:0]
	for _, i := range rows {
		out = append(out, k.short(v, int(i)))
	}
	return out
}

const sign = 1 << 63

// prefix finds the prefix of a type's values; the order is kernel.Comparer's.
func prefix(t *types.Type, collation types.OID) (of func(*vector.Vector, int) uint64, exact bool) {
	switch t.Phys {
	case types.Bool:
		return func(v *vector.Vector, i int) uint64 {
			if vector.Of[bool](v)[v.Index(i)] {
				return 1
			}
			return 0
		}, true
	case types.Int16:
		return func(v *vector.Vector, i int) uint64 { return uint64(vector.Of[int16](v)[v.Index(i)]) ^ sign }, true
	case types.Int32:
		return func(v *vector.Vector, i int) uint64 { return uint64(vector.Of[int32](v)[v.Index(i)]) ^ sign }, true
	case types.Int64:
		if t == types.Xid8 || t == types.PgLSN {
			return func(v *vector.Vector, i int) uint64 { return vector.Of[uint64](v)[v.Index(i)] }, true
		}
		return func(v *vector.Vector, i int) uint64 { return uint64(vector.Of[int64](v)[v.Index(i)]) ^ sign }, true
	case types.Float32:
		return func(v *vector.Vector, i int) uint64 { return float(float64(vector.Of[float32](v)[v.Index(i)])) }, true
	case types.Float64:
		return func(v *vector.Vector, i int) uint64 { return float(vector.Of[float64](v)[v.Index(i)]) }, true
	case types.Bytes:
		switch {
		case t == types.BPChar, t == types.JSONB, t.IsArray(), t.IsVector(), t.OID == types.OIDRecord, t.Kind == types.Composite,
			t.Collatable() && !collate.Bytewise(uint32(collation)):
			return nil, false
		}
		return func(v *vector.Vector, i int) uint64 {
			b := v.Bytes(i)
			if len(b) >= 8 {
				return binary.BigEndian.Uint64(b)
			}
			var p uint64
			for k, c := range b {
				p |= uint64(c) << (56 - 8*k)
			}
			return p
		}, false
	}
	return nil, false
}

// float orders as kernel's floats do: −0 is 0, NaN is last.
func float(f float64) uint64 {
	switch {
	case f != f:
		return math.MaxUint64
	case f == 0:
		return sign
	}
	bits := math.Float64bits(f)
	if bits&sign != 0 {
		return ^bits
	}
	return bits | sign
}
