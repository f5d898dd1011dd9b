// Package kernel is loops over vectors that know types: order, equality and
// hashing, as SQL sees them.
//
// Invariant: values that Compare calls equal have the same Hash and satisfy
// Equal, whatever their bytes (1.0 and 1.00, −0.0 and 0.0, 'a' and 'a ' as char).
package kernel

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/collate"
	"datapunk/types/datetime"
	"datapunk/types/jsonb"
	"datapunk/types/numeric"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// Compare orders row i of a and row j of b, neither null: negative, 0 or positive.
type Compare func(a *vector.Vector, i int, b *vector.Vector, j int) int

// Comparer returns the btree order of a type under a collation.
func Comparer(t *types.Type, collation types.OID) Compare {
	t = t.Root()
	switch t.Phys {
	case types.Bool:
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			x, y := vector.Of[bool](a)[a.Index(i)], vector.Of[bool](b)[b.Index(j)]
			switch {
			case x == y:
				return 0
			case y:
				return -1
			}
			return 1
		}
	case types.Int16:
		return ordered[int16]
	case types.Int32:
		return ordered[int32]
	case types.Int64:
		if t == types.Xid8 || t == types.PgLSN {
			return ordered[uint64]
		}
		return ordered[int64]
	case types.Float32:
		return floats[float32]
	case types.Float64:
		return floats[float64]
	case types.Numeric:
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			return vector.Of[numeric.Decimal](a)[a.Index(i)].Cmp(vector.Of[numeric.Decimal](b)[b.Index(j)])
		}
	case types.Interval:
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			return vector.Of[datetime.Interval](a)[a.Index(i)].Cmp(vector.Of[datetime.Interval](b)[b.Index(j)])
		}
	case types.TimeTZ:
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			return vector.Of[datetime.TimeTZ](a)[a.Index(i)].Cmp(vector.Of[datetime.TimeTZ](b)[b.Index(j)])
		}
	}
	switch {
	case t == types.BPChar:
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			return collate.Compare(uint32(collation), TrimBlanks(a.String(i)), TrimBlanks(b.String(j)))
		}
	case t == types.JSONB:
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			return jsonb.Compare(a.Bytes(i), b.Bytes(j))
		}
	case t.IsArray() || t.IsVector():
		return arrays(t, collation)
	case t.OID == types.OIDRecord || t.Kind == types.Composite:
		return records
	case t.Collatable() && !collate.Bytewise(uint32(collation)):
		return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
			return collate.Compare(uint32(collation), a.String(i), b.String(j))
		}
	}
	return vector.Compare
}

func ordered[T cmp.Ordered](a *vector.Vector, i int, b *vector.Vector, j int) int {
	return cmp.Compare(vector.Of[T](a)[a.Index(i)], vector.Of[T](b)[b.Index(j)])
}

// floats orders NaN after everything, as PostgreSQL does; cmp puts it first.
func floats[T float32 | float64](a *vector.Vector, i int, b *vector.Vector, j int) int {
	x, y := vector.Of[T](a)[a.Index(i)], vector.Of[T](b)[b.Index(j)]
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case x != x && y != y:
		return 0
	case x != x:
		return 1
	}
	return -1
}

// TrimBlanks drops the trailing blanks that char(n) ignores.
func TrimBlanks(s string) string {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// arrays compares element by element, then by length, dimensions and bounds
// (PostgreSQL's array_cmp).
func arrays(t *types.Type, collation types.OID) Compare {
	elem := t.Elem
	compare := Comparer(elem, collation)
	return func(a *vector.Vector, i int, b *vector.Vector, j int) int {
		x, errX := array.Decode(a.Bytes(i), elem)
		y, errY := array.Decode(b.Bytes(j), elem)
		if errX != nil || errY != nil {
			return bytes.Compare(a.Bytes(i), b.Bytes(j))
		}
		for k := range min(x.N, y.N) {
			switch xn, yn := x.Elems.Null(k), y.Elems.Null(k); {
			case xn && yn:
				continue
			case xn:
				return 1
			case yn:
				return -1
			}
			if c := compare(x.Elems, k, y.Elems, k); c != 0 {
				return c
			}
		}
		if x.N != y.N {
			return cmp.Compare(x.N, y.N)
		}
		if len(x.Dims) != len(y.Dims) {
			return cmp.Compare(len(x.Dims), len(y.Dims))
		}
		for k := range x.Dims {
			if c := cmp.Compare(x.Dims[k].Length, y.Dims[k].Length); c != 0 {
				return c
			}
		}
		for k := range x.Dims {
			if c := cmp.Compare(x.Dims[k].Lower, y.Dims[k].Lower); c != 0 {
				return c
			}
		}
		return 0
	}
}

// records compares field by field, nulls last (PostgreSQL's record_cmp).
func records(a *vector.Vector, i int, b *vector.Vector, j int) int {
	x, errX := record.Decode(a.Bytes(i), fieldType)
	y, errY := record.Decode(b.Bytes(j), fieldType)
	if errX != nil || errY != nil {
		return bytes.Compare(a.Bytes(i), b.Bytes(j))
	}
	for k := range min(len(x), len(y)) {
		switch xn, yn := x[k].Null(0), y[k].Null(0); {
		case xn && yn:
			continue
		case xn:
			return 1
		case yn:
			return -1
		}
		if x[k].Phys() != y[k].Phys() {
			return cmp.Compare(x[k].Phys(), y[k].Phys())
		}
		if c := Comparer(x[k].Type, x[k].Type.Collation)(x[k], 0, y[k], 0); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// fieldType knows PostgreSQL's own types; a field of another type has its
// physical layout in the record's text form only.
func fieldType(oid types.OID) *types.Type { return types.Builtin(oid) }

// Bytewise tells whether a type's equality is that of its bytes or numbers, so
// that datums may be compared as they lie.
func Bytewise(t *types.Type) bool {
	t = t.Root()
	switch t.Phys {
	case types.Bool, types.Int16, types.Int32, types.Int64:
		return true
	case types.Bytes:
		return t != types.BPChar && t != types.JSONB && !t.IsArray() && !t.IsVector() && t.OID != types.OIDRecord && t.Kind != types.Composite
	}
	return false
}

// Hash mixes the hash of rows sel of v into hashes (indexed by row); with first
// the old value is not looked at. A null has a hash of its own.
func Hash(v *vector.Vector, sel []int32, hashes []uint64, first bool) {
	t := v.Type.Root()
	mask := v.Mask()
	anyNull := len(v.Nulls) > 0
	put := func(i int32, h uint64) {
		if anyNull && v.Nulls.Get(int(i)&mask) {
			h = nullHash
		}
		if first {
			hashes[i] = h
		} else {
			hashes[i] = mix(hashes[i]*31 + h)
		}
	}
	switch t.Phys {
	case types.Bool:
		values := vector.Of[bool](v)
		for _, i := range sel {
			h := uint64(1)
			if values[int(i)&mask] {
				h = 2
			}
			put(i, mix(h))
		}
	case types.Int16:
		values := vector.Of[int16](v)
		for _, i := range sel {
			put(i, mix(uint64(int64(values[int(i)&mask]))))
		}
	case types.Int32:
		values := vector.Of[int32](v)
		for _, i := range sel {
			put(i, mix(uint64(int64(values[int(i)&mask]))))
		}
	case types.Int64:
		values := vector.Of[int64](v)
		for _, i := range sel {
			put(i, mix(uint64(values[int(i)&mask])))
		}
	case types.Float32:
		values := vector.Of[float32](v)
		for _, i := range sel {
			put(i, hashFloat(float64(values[int(i)&mask])))
		}
	case types.Float64:
		values := vector.Of[float64](v)
		for _, i := range sel {
			put(i, hashFloat(values[int(i)&mask]))
		}
	case types.Numeric:
		values := vector.Of[numeric.Decimal](v)
		for _, i := range sel {
			put(i, mix(values[int(i)&mask].Hash64()))
		}
	case types.Interval:
		values := vector.Of[datetime.Interval](v)
		for _, i := range sel {
			put(i, mix(values[int(i)&mask].Hash64()))
		}
	case types.TimeTZ:
		values := vector.Of[datetime.TimeTZ](v)
		for _, i := range sel {
			x := values[int(i)&mask]
			put(i, mix(uint64(x.Micros)^uint64(x.Zone)<<40))
		}
	case types.Bytes:
		switch {
		case t == types.BPChar:
			for _, i := range sel {
				put(i, hashString(TrimBlanks(v.String(int(i)))))
			}
		case t.IsArray() || t.IsVector():
			for _, i := range sel {
				put(i, hashArray(v, int(i), t))
			}
		case t.OID == types.OIDRecord || t.Kind == types.Composite:
			for _, i := range sel {
				put(i, hashRecord(v, int(i)))
			}
		default: // jsonb's form is canonical but for numbers' scales, which jsonb.Hash ignores
			if t == types.JSONB {
				for _, i := range sel {
					put(i, mix(jsonb.Hash(v.Bytes(int(i)))))
				}
				return
			}
			for _, i := range sel {
				put(i, hashString(v.String(int(i))))
			}
		}
	default:
		for _, i := range sel {
			put(i, nullHash)
		}
	}
}

const nullHash = 0x9e3779b97f4a7c15

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func hashFloat(f float64) uint64 {
	switch {
	case f == 0:
		f = 0 // −0 too
	case f != f:
		return mix(0x7ff8)
	}
	return mix(math.Float64bits(f))
}

func hashString(s string) uint64 {
	h := uint64(len(s)) * 0x9e3779b97f4a7c15
	for len(s) >= 8 {
		h = mix(h ^ binary.LittleEndian.Uint64([]byte(s[:8])))
		s = s[8:]
	}
	var tail uint64
	for i := range len(s) {
		tail |= uint64(s[i]) << (8 * i)
	}
	return mix(h ^ tail)
}

func hashArray(v *vector.Vector, i int, t *types.Type) uint64 {
	if v.Null(i) {
		return nullHash
	}
	a, err := array.Decode(v.Bytes(i), t.Elem)
	if err != nil || a.N == 0 {
		return mix(1)
	}
	hashes := make([]uint64, a.N)
	Hash(a.Elems, vector.Sequence(nil, a.N), hashes, true)
	h := uint64(a.N)
	for _, x := range hashes {
		h = mix(h*31 + x)
	}
	return h
}

func hashRecord(v *vector.Vector, i int) uint64 {
	if v.Null(i) {
		return nullHash
	}
	fields, err := record.Decode(v.Bytes(i), fieldType)
	if err != nil {
		return mix(2)
	}
	hashes := []uint64{uint64(len(fields))}
	for _, f := range fields {
		Hash(f, []int32{0}, hashes, false)
	}
	return hashes[0]
}
