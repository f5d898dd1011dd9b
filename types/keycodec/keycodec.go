// Package keycodec encodes values as bytes whose order under memcmp is SQL's.
//
// One column is a marker byte and the value's form: 0x01 before a value, and for
// NULL 0x00 (NULLS FIRST) or 0x02 (NULLS LAST). DESC complements the value's bytes
// and leaves the marker; what NULLS says stays as it is. Forms (docs/format/key.md):
//
//	bool            1 byte
//	int2, int4 …    big-endian, sign bit flipped
//	float4, float8  IEEE bits, flipped so that they order; −0 as 0, one NaN, last
//	numeric         numeric.AppendKey
//	interval        days and µs of its 30-day, 24-hour value, big-endian
//	timetz          µs in UTC, then the zone
//	bytes and text  0x00 as 0x00 0xFF, end as 0x00 0x01; under a collation that is
//	                not bytewise the sort key so, then the text so
//	arrays          0x01 and each element as a column, 0x00, then dimensions
//
// Invariants: no form is a prefix of another of its type; equal values (as kernel
// sees them) have equal forms. Lossy types' forms do not give the value back; who
// keeps them in a key keeps the value beside it.
package keycodec

import (
	"encoding/binary"
	"math"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/collate"
	"datapunk/types/datetime"
	"datapunk/types/kernel"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// Column says how one key column is ordered.
type Column struct {
	Type       *types.Type
	Collation  types.OID
	Desc       bool
	NullsFirst bool
}

const (
	nullFirst = 0x00
	present   = 0x01
	nullLast  = 0x02
)

// Supported tells whether a type may be a key.
func Supported(t *types.Type) error {
	t = t.Root()
	switch {
	case t == types.JSONB, t == types.Record, t.Kind == types.Composite:
		return pgerr.Unsupported("an index on type %s", t.Name)
	case t == types.JSON, t == types.Unknown:
		return pgerr.Newf(pgerr.UndefinedObject, "data type %s has no default operator class for access method \"btree\"", t.Name).
			WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
	case t.IsArray():
		return Supported(t.Elem)
	}
	return nil
}

// Lossy tells whether the value cannot be read back from its form.
func Lossy(c Column) bool {
	t := c.Type.Root()
	switch t.Phys {
	case types.Float32, types.Float64, types.Numeric, types.Interval:
		return true
	case types.Bytes:
		return t == types.BPChar || t.IsArray() || t.IsVector() || t.Collatable() && !collate.Bytewise(uint32(c.Collation))
	}
	return false
}

// Append appends the form of row i.
func Append(dst []byte, c Column, v *vector.Vector, i int) []byte {
	if v.Null(i) {
		return AppendNull(dst, c)
	}
	dst = append(dst, present)
	start := len(dst)
	dst = appendValue(dst, c, v, i)
	if c.Desc {
		for k := start; k < len(dst); k++ {
			dst[k] = ^dst[k]
		}
	}
	return dst
}

// AppendNull appends the form of NULL.
func AppendNull(dst []byte, c Column) []byte {
	if c.NullsFirst {
		return append(dst, nullFirst)
	}
	return append(dst, nullLast)
}

// NotNull returns the markers between which every value that is not null lies:
// from (included) and to (excluded).
func NotNull() (from, to byte) { return present, present + 1 }

func appendValue(dst []byte, c Column, v *vector.Vector, i int) []byte {
	i = v.Index(i)
	t := c.Type.Root()
	switch v.Phys() {
	case types.Bool:
		if vector.Of[bool](v)[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case types.Int16:
		return binary.BigEndian.AppendUint16(dst, uint16(vector.Of[int16](v)[i])^1<<15)
	case types.Int32:
		return binary.BigEndian.AppendUint32(dst, uint32(vector.Of[int32](v)[i])^1<<31)
	case types.Int64:
		n := uint64(vector.Of[int64](v)[i])
		if t != types.Xid8 && t != types.PgLSN {
			n ^= 1 << 63
		}
		return binary.BigEndian.AppendUint64(dst, n)
	case types.Float32:
		return binary.BigEndian.AppendUint64(dst, floatOrder(float64(vector.Of[float32](v)[i])))
	case types.Float64:
		return binary.BigEndian.AppendUint64(dst, floatOrder(vector.Of[float64](v)[i]))
	case types.Numeric:
		return numeric.AppendKey(dst, vector.Of[numeric.Decimal](v)[i])
	case types.Interval:
		days, micros := vector.Of[datetime.Interval](v)[i].SortKey()
		dst = binary.BigEndian.AppendUint64(dst, uint64(days)^1<<63)
		return binary.BigEndian.AppendUint64(dst, uint64(micros)^1<<63)
	case types.TimeTZ:
		x := vector.Of[datetime.TimeTZ](v)[i]
		dst = binary.BigEndian.AppendUint64(dst, uint64(x.Micros+int64(x.Zone)*1e6)^1<<63)
		return binary.BigEndian.AppendUint32(dst, uint32(x.Zone)^1<<31)
	}
	switch {
	case t == types.BPChar:
		return appendText(dst, c.Collation, kernel.TrimBlanks(v.String(i)))
	case t.IsArray() || t.IsVector():
		return appendArray(dst, c, v, i)
	case t.Collatable():
		return appendText(dst, c.Collation, v.String(i))
	}
	return appendBytes(dst, v.String(i))
}

// floatOrder maps floats to integers of the same order.
func floatOrder(f float64) uint64 {
	switch {
	case f == 0:
		f = 0
	case f != f:
		return math.MaxUint64
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func appendText(dst []byte, collation types.OID, s string) []byte {
	if !collate.Bytewise(uint32(collation)) {
		dst = appendBytes(dst, string(collate.AppendKey(nil, uint32(collation), s)))
	}
	return appendBytes(dst, s)
}

func appendBytes(dst []byte, s string) []byte {
	for k := range len(s) {
		if dst = append(dst, s[k]); s[k] == 0 {
			dst = append(dst, 0xff)
		}
	}
	return append(dst, 0, 1)
}

func appendArray(dst []byte, c Column, v *vector.Vector, i int) []byte {
	t := c.Type.Root()
	a, err := array.Decode(v.Bytes(i), t.Elem)
	if err != nil {
		return append(dst, 0)
	}
	elem := Column{Type: t.Elem, Collation: c.Collation}
	for k := range a.N {
		dst = append(dst, 1)
		dst = Append(dst, elem, a.Elems, k)
	}
	dst = append(dst, 0, byte(len(a.Dims)))
	for _, d := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Length))
	}
	for _, d := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Lower)^1<<31)
	}
	return dst
}

// Decode reads one column of a lossless type into row i and returns the rest, or
// false if the bytes are no form of it.
func Decode(src []byte, c Column, v *vector.Vector, i int) (rest []byte, ok bool) {
	if len(src) == 0 {
		return nil, false
	}
	if src[0] != present {
		v.SetNull(i)
		return src[1:], src[0] == nullFirst || src[0] == nullLast
	}
	src = src[1:]
	flip := byte(0)
	if c.Desc {
		flip = 0xff
	}
	number := func(n int) (uint64, bool) {
		if len(src) < n {
			return 0, false
		}
		x := uint64(0)
		for k := range n {
			x = x<<8 | uint64(src[k]^flip)
		}
		src = src[n:]
		return x, true
	}
	t := c.Type.Root()
	switch v.Phys() {
	case types.Bool:
		x, ok := number(1)
		vector.Of[bool](v)[i] = x != 0
		return src, ok
	case types.Int16:
		x, ok := number(2)
		vector.Of[int16](v)[i] = int16(x ^ 1<<15)
		return src, ok
	case types.Int32:
		x, ok := number(4)
		vector.Of[int32](v)[i] = int32(x ^ 1<<31)
		return src, ok
	case types.Int64:
		x, ok := number(8)
		if t != types.Xid8 && t != types.PgLSN {
			x ^= 1 << 63
		}
		vector.Of[int64](v)[i] = int64(x)
		return src, ok
	case types.TimeTZ:
		x, ok1 := number(8)
		z, ok2 := number(4)
		zone := int32(uint32(z) ^ 1<<31)
		vector.Of[datetime.TimeTZ](v)[i] = datetime.TimeTZ{Micros: int64(x^1<<63) - int64(zone)*1e6, Zone: zone}
		return src, ok1 && ok2
	case types.Bytes:
		out := make([]byte, 0, 32)
		for k := 0; k+1 < len(src); k++ {
			b := src[k] ^ flip
			if b != 0 {
				out = append(out, b)
				continue
			}
			switch k++; src[k] ^ flip {
			case 0xff:
				out = append(out, 0)
			case 1:
				v.SetBytes(i, out)
				return src[k+1:], true
			default:
				return nil, false
			}
		}
	}
	return nil, false
}

// Skip returns what follows one column's form.
func Skip(src []byte, c Column) (rest []byte, ok bool) {
	if len(src) == 0 {
		return nil, false
	}
	if src[0] != present {
		return src[1:], true
	}
	src = src[1:]
	flip := byte(0)
	if c.Desc {
		flip = 0xff
	}
	t := c.Type.Root()
	fixed := func(n int) ([]byte, bool) {
		if len(src) < n {
			return nil, false
		}
		return src[n:], true
	}
	text := func(src []byte) ([]byte, bool) {
		for k := 0; k+1 < len(src); k++ {
			if src[k]^flip == 0 {
				if k++; src[k]^flip == 1 {
					return src[k+1:], true
				}
			}
		}
		return nil, false
	}
	switch t.Phys {
	case types.Bool:
		return fixed(1)
	case types.Int16:
		return fixed(2)
	case types.Int32:
		return fixed(4)
	case types.Int64, types.Float32, types.Float64:
		return fixed(8)
	case types.Interval:
		return fixed(16)
	case types.TimeTZ:
		return fixed(12)
	case types.Numeric:
		b := src
		if c.Desc {
			b = complement(src)
		}
		n, err := numeric.SkipKey(b)
		if err != nil {
			return nil, false
		}
		return src[n:], true
	}
	if t.IsArray() || t.IsVector() {
		b := src
		if c.Desc {
			b = complement(src)
		}
		rest, ok := skipArray(b, c)
		return src[len(src)-len(rest):], ok
	}
	if t.Collatable() && !collate.Bytewise(uint32(c.Collation)) {
		var ok bool
		if src, ok = text(src); !ok {
			return nil, false
		}
	}
	return text(src)
}

func complement(src []byte) []byte {
	b := make([]byte, len(src))
	for k := range src {
		b[k] = ^src[k]
	}
	return b
}

// skipArray passes over what appendArray wrote.
func skipArray(b []byte, c Column) (rest []byte, ok bool) {
	elem := Column{Type: c.Type.Root().Elem, Collation: c.Collation}
	for len(b) > 0 && b[0] == 1 {
		if b, ok = Skip(b[1:], elem); !ok {
			return nil, false
		}
	}
	if len(b) < 2 || len(b) < 2+8*int(b[1]) {
		return nil, false
	}
	return b[2+8*int(b[1]):], true
}

// Successor returns the smallest byte string larger than every one that begins
// with prefix, or nil if there is none.
func Successor(prefix []byte) []byte {
	out := append([]byte(nil), prefix...)
	for k := len(out) - 1; k >= 0; k-- {
		if out[k] != 0xff {
			out[k]++
			return out[:k+1]
		}
	}
	return nil
}
