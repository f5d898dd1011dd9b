package spill

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"datapunk/types"
	"datapunk/types/vector"
)

// A block is its columns, one after another; the run knows how many rows there are.
//
//	┌───────┬──────────────────────────┬──────────────────────────────────────────┐
//	│ nulls │ bitmap, if nulls is 1    │ values                                   │
//	│ 1     │ 8 × ⌈rows / 64⌉          │ fixed width: as they lie in memory       │
//	│       │                          │ bytes: rows × length (4), then the bytes │
//	│       │                          │ numeric: AppendStorage of those not null │
//	└───────┴──────────────────────────┴──────────────────────────────────────────┘

var errCut = errors.New("a block of a temporary file is cut short")

// width is the bytes of a value in memory.
func width(p types.Phys) int {
	switch p {
	case types.Int16:
		return 2
	case types.Int32, types.Float32:
		return 4
	case types.Int64, types.Float64:
		return 8
	case types.Interval, types.TimeTZ, types.Bytes:
		return 16
	case types.Numeric:
		return 32
	}
	return 1
}

// raw is the memory of the first n values of a vector of fixed width.
func raw(v *vector.Vector, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(vector.Of[byte](v)))), n*width(v.Phys()))
}

// encode appends the rows of a batch, which has no selection.
func encode(dst []byte, b *vector.Batch) []byte {
	for _, v := range b.Cols {
		if !v.Nulls.Any() {
			dst = append(dst, 0)
		} else {
			dst = append(dst, 1)
			for word := range (b.N + 63) / 64 {
				var bits uint64
				if word < len(v.Nulls) {
					bits = v.Nulls[word]
				}
				dst = binary.LittleEndian.AppendUint64(dst, bits)
			}
		}
		switch v.Phys() {
		case types.Bytes:
			views := vector.Of[vector.View](v)
			for i := range b.N {
				n := views[i].Len
				if v.Null(i) {
					n = 0
				}
				dst = binary.LittleEndian.AppendUint32(dst, n)
			}
			for i := range b.N {
				if !v.Null(i) {
					dst = append(dst, v.Bytes(i)...)
				}
			}
		case types.Numeric:
			for i := range b.N {
				if !v.Null(i) {
					dst = vector.AppendDatum(dst, v, i)
				}
			}
		default:
			dst = append(dst, raw(v, b.N)...)
		}
	}
	return dst
}

// decode fills b, whose columns have their types, with n rows.
func decode(b *vector.Batch, n int, src []byte) error {
	b.N, b.Sel = n, nil
	for _, v := range b.Cols {
		v.Init(v.Type, n)
		if len(src) < 1 {
			return errCut
		}
		nulls := src[0] != 0
		src = src[1:]
		if nulls {
			words := (n + 63) / 64
			if len(src) < 8*words {
				return errCut
			}
			for range words {
				v.Nulls = append(v.Nulls, binary.LittleEndian.Uint64(src))
				src = src[8:]
			}
		}
		switch v.Phys() {
		case types.Bytes:
			if len(src) < 4*n {
				return errCut
			}
			lengths := src[:4*n]
			src = src[4*n:]
			for i := range n {
				length := int(binary.LittleEndian.Uint32(lengths[4*i:]))
				if len(src) < length {
					return errCut
				}
				v.SetBytes(i, src[:length])
				src = src[length:]
			}
		case types.Numeric:
			for i := range n {
				if v.Null(i) {
					continue
				}
				rest, ok := v.DecodeDatum(i, src)
				if !ok {
					return errCut
				}
				src = rest
			}
		default:
			to := raw(v, n)
			if copy(to, src) < len(to) {
				return errCut
			}
			src = src[len(to):]
		}
	}
	return nil
}

// Size is about how many bytes a batch holds.
func Size(b *vector.Batch) int64 {
	n := int64(0)
	for _, v := range b.Cols {
		n += int64(v.Cap())*int64(width(v.Phys())) + int64(v.HeapBytes())
	}
	return n
}

// Grown is about how many it will hold with more rows of the kind it has.
func Grown(b *vector.Batch, more int) int64 {
	n, need := int64(0), b.N+more
	for _, v := range b.Cols {
		c := v.Cap()
		if need > c {
			c = max(need, 2*c)
		}
		n += int64(c) * int64(width(v.Phys()))
		if b.N > 0 {
			n += int64(v.HeapBytes()) * int64(need) / int64(b.N)
		}
	}
	return n
}

// Filled is about how many bytes its rows need, without room for more.
func Filled(b *vector.Batch) int64 {
	n := int64(0)
	for _, v := range b.Cols {
		n += int64(b.N)*int64(width(v.Phys())) + int64(v.HeapBytes())
	}
	return n
}
