// Package array is PostgreSQL's arrays as bytes: any number of dimensions, any
// lower bounds, null elements.
//
// An array value is
//
//	| ndim u8 | flags u8 | element OID u32 | ndim × (length i32, lower bound i32) | null bitmap | datums |
//
// little-endian; flag 1 says that the bitmap (one bit an element, set is null,
// whole bytes) is there. Datums are vector.AppendDatum's, in row-major order, nulls
// left out. An empty array has ndim 0. int2vector and oidvector have the same form.
package array

import (
	"encoding/binary"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/vector"
)

// MaxDims is the number of dimensions an array may have.
const MaxDims = 6

// maxElements is PostgreSQL's MaxArraySize, for 8-byte datums.
const maxElements = 134217727

// Dim is one dimension: how many elements, numbered from Lower.
type Dim struct{ Length, Lower int32 }

// Array is a decoded array. Elems holds all elements in row-major order.
type Array struct {
	Dims  []Dim
	Elem  types.OID
	Elems *vector.Vector
	N     int
}

// Count is the number of elements of the dimensions, or an error past the limit.
func Count(dims []Dim) (int, error) {
	if len(dims) == 0 {
		return 0, nil
	}
	if len(dims) > MaxDims {
		return 0, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims), MaxDims)
	}
	n := int64(1)
	for _, d := range dims {
		n *= int64(d.Length)
		if n > maxElements {
			return 0, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxElements)
		}
		if int64(d.Lower)+int64(d.Length) > 1<<31-1 {
			return 0, pgerr.Newf(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", d.Lower)
		}
	}
	return int(n), nil
}

// Append appends the bytes of an array of rows of v, which has the element type:
// row rows[k] is element k. dims must have that many elements; with none, or no
// element, the array is empty.
func Append(dst []byte, elem types.OID, dims []Dim, v *vector.Vector, rows []int32) []byte {
	if len(rows) == 0 {
		dims = nil
	}
	anyNull := false
	for _, r := range rows {
		anyNull = anyNull || v.Null(int(r))
	}
	flags := byte(0)
	if anyNull {
		flags = 1
	}
	dst = append(dst, byte(len(dims)), flags)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(elem))
	for _, d := range dims {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.Length))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.Lower))
	}
	if anyNull {
		start := len(dst)
		dst = append(dst, make([]byte, (len(rows)+7)/8)...)
		for k, r := range rows {
			if v.Null(int(r)) {
				dst[start+k/8] |= 1 << (k % 8)
			}
		}
	}
	for _, r := range rows {
		if !v.Null(int(r)) {
			dst = vector.AppendDatum(dst, v, int(r))
		}
	}
	return dst
}

// FromVector makes a one-dimensional array of all rows 0 to n-1 of v.
func FromVector(elem types.OID, v *vector.Vector, n int) []byte {
	return Append(nil, elem, []Dim{{int32(n), 1}}, v, vector.Sequence(nil, n))
}

// Header reads the dimensions without the elements.
func Header(b []byte) (elem types.OID, dims []Dim, ok bool) {
	if len(b) < 6 || len(b) < 6+8*int(b[0]) {
		return 0, nil, false
	}
	elem = types.OID(binary.LittleEndian.Uint32(b[2:]))
	if b[0] > 0 {
		dims = make([]Dim, b[0])
	}
	for i := range dims {
		dims[i] = Dim{int32(binary.LittleEndian.Uint32(b[6+8*i:])), int32(binary.LittleEndian.Uint32(b[10+8*i:]))}
	}
	return elem, dims, true
}

// Decode reads an array whose elements have type elem.
func Decode(b []byte, elem *types.Type) (*Array, error) {
	corrupt := func() (*Array, error) { return nil, pgerr.New(pgerr.DataCorrupted, "array value is corrupt") }
	oid, dims, ok := Header(b)
	if !ok {
		return corrupt()
	}
	n, err := Count(dims)
	if err != nil {
		return nil, err
	}
	a := &Array{Dims: dims, Elem: oid, N: n, Elems: vector.New(elem, n)}
	rest := b[6+8*len(dims):]
	var nulls []byte
	if b[1]&1 != 0 {
		size := (n + 7) / 8
		if len(rest) < size {
			return corrupt()
		}
		nulls, rest = rest[:size], rest[size:]
	}
	for i := range n {
		if nulls != nil && nulls[i/8]&(1<<(i%8)) != 0 {
			a.Elems.SetNull(i)
			continue
		}
		if rest, ok = a.Elems.DecodeDatum(i, rest); !ok {
			return corrupt()
		}
	}
	return a, nil
}

// Bytes encodes the array again.
func (a *Array) Bytes() []byte {
	return Append(nil, a.Elem, a.Dims, a.Elems, vector.Sequence(nil, a.N))
}

// At returns the place of the element with the given subscripts, or -1.
func (a *Array) At(subscripts []int32) int {
	if len(subscripts) != len(a.Dims) || len(a.Dims) == 0 {
		return -1
	}
	place := 0
	for i, d := range a.Dims {
		k := int64(subscripts[i]) - int64(d.Lower)
		if k < 0 || k >= int64(d.Length) {
			return -1
		}
		place = place*int(d.Length) + int(k)
	}
	return place
}
