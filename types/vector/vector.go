// Package vector holds a column of values in memory and a batch of columns: what
// operators and functions work on.
//
// A Vector is Size values at the most, laid out as types.Phys says: a Go slice
// for fixed-width values, 16-byte views into a heap of bytes for the rest (the
// layout of Arrow's BinaryView, so that results can leave without a copy). Nulls
// are a bitmap beside the values. A constant vector holds one value that stands
// for every row.
//
// Invariants:
//
//	V1  A vector's values may be written by its owner until the batch that holds
//	    it is handed on; afterwards nobody writes it until the owner refills it.
//	V2  The value under a null bit is unspecified but safe to read.
//	V3  A View of a vector points into that vector's heap, which lives until the
//	    vector is reset; whoever keeps a value longer copies it.
package vector

import (
	"unsafe"

	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
)

// Size is the rows of a full batch.
const Size = 2048

// Vector is one column of values.
type Vector struct {
	Type  *types.Type
	Const bool   // the value at 0 stands for every row
	Nulls Bitmap // set bits are nulls; nil means none

	phys types.Phys
	data unsafe.Pointer // the first value
	cap  int            // values allocated
	heap Heap           // bytes of views longer than 12
}

// New makes a vector for up to n values of a type.
func New(t *types.Type, n int) *Vector {
	v := &Vector{}
	v.Init(t, n)
	return v
}

// Init makes v an empty, flat vector without nulls for up to n values,
// reusing its memory where the layout allows.
func (v *Vector) Init(t *types.Type, n int) {
	v.Type, v.Const = t, false
	v.Nulls = v.Nulls[:0:cap(v.Nulls)]
	v.heap.reset()
	if v.phys == t.Phys && v.cap >= n && v.data != nil {
		return
	}
	if n < 1 {
		n = 1
	}
	v.phys, v.cap = t.Phys, n
	switch t.Phys {
	case types.Bool:
		v.data = allocate[bool](n)
	case types.Int16:
		v.data = allocate[int16](n)
	case types.Int32:
		v.data = allocate[int32](n)
	case types.Int64:
		v.data = allocate[int64](n)
	case types.Float32:
		v.data = allocate[float32](n)
	case types.Float64:
		v.data = allocate[float64](n)
	case types.Numeric:
		v.data = allocate[numeric.Decimal](n)
	case types.Interval:
		v.data = allocate[datetime.Interval](n)
	case types.TimeTZ:
		v.data = allocate[datetime.TimeTZ](n)
	case types.Bytes:
		v.data = allocate[View](n)
	default: // Void has no values, only nulls
		v.data = allocate[bool](n)
	}
}

// Detach forgets v's memory, so that a reader may keep it; the next Init
// allocates afresh.
func (v *Vector) Detach() { *v = Vector{Type: v.Type, phys: v.phys} }

func allocate[T any](n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(make([]T, n))) }

// Phys is the layout of the values.
func (v *Vector) Phys() types.Phys { return v.phys }

// Cap is how many values there is room for.
func (v *Vector) Cap() int { return v.cap }

// Grow makes room for n values, keeping those there.
func (v *Vector) Grow(n int) {
	if n <= v.cap {
		return
	}
	old := *v
	v.data, v.cap = nil, 0
	nulls, heap := v.Nulls, v.heap
	v.heap = Heap{}
	v.Init(old.Type, max(n, 2*old.cap))
	v.Nulls, v.heap, v.Const = nulls, heap, old.Const
	switch v.phys {
	case types.Bool, types.Void:
		copy(Of[bool](v), Of[bool](&old))
	case types.Int16:
		copy(Of[int16](v), Of[int16](&old))
	case types.Int32, types.Float32:
		copy(Of[int32](v), Of[int32](&old))
	case types.Int64, types.Float64:
		copy(Of[int64](v), Of[int64](&old))
	case types.Numeric:
		copy(Of[numeric.Decimal](v), Of[numeric.Decimal](&old))
	case types.Interval:
		copy(Of[datetime.Interval](v), Of[datetime.Interval](&old))
	case types.TimeTZ:
		copy(Of[datetime.TimeTZ](v), Of[datetime.TimeTZ](&old))
	case types.Bytes:
		copy(Of[View](v), Of[View](&old))
	}
}

// Of returns the values as a slice of T, which must have the size of the
// layout's own type. Index 0 alone counts where v.Const.
func Of[T any](v *Vector) []T { return unsafe.Slice((*T)(v.data), v.cap) }

// Index is the place of row i's value: 0 in a constant vector.
func (v *Vector) Index(i int) int {
	if v.Const {
		return 0
	}
	return i
}

// Mask is all ones for a flat vector and 0 for a constant one: values[i&mask] is
// row i's value, without a branch.
func (v *Vector) Mask() int {
	if v.Const {
		return 0
	}
	return -1
}

// Null tells whether row i is null.
func (v *Vector) Null(i int) bool { return v.Nulls.Get(v.Index(i)) }

// SetNull makes row i null.
func (v *Vector) SetNull(i int) { v.Nulls.Set(i) }

// Bytes returns row i's bytes, which must not be written (V3).
func (v *Vector) Bytes(i int) []byte { return v.heap.bytes(&Of[View](v)[v.Index(i)]) }

// String returns row i's bytes as a string that lives as long as the heap (V3).
func (v *Vector) String(i int) string {
	b := v.Bytes(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// SetBytes copies b into row i.
func (v *Vector) SetBytes(i int, b []byte) { Of[View](v)[i] = v.heap.put(b) }

// SetString copies s into row i.
func (v *Vector) SetString(i int, s string) {
	Of[View](v)[i] = v.heap.put(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// SetShared makes row i a view of b without a copy; b must never change.
func (v *Vector) SetShared(i int, b []byte) { Of[View](v)[i] = v.heap.share(b) }

// HeapBytes is the memory behind the views.
func (v *Vector) HeapBytes() int { return v.heap.size }

// NewConst makes a constant vector from row i of v; its memory is its own.
func NewConst(v *Vector, i int) *Vector {
	c := New(v.Type, 1)
	c.Set(0, v, i)
	c.Const = true
	return c
}

// NullConst makes a constant null.
func NullConst(t *types.Type) *Vector {
	c := New(t, 1)
	c.SetNull(0)
	c.Const = true
	return c
}

// Value makes a constant of a Go value of the layout's type.
func Value[T any](t *types.Type, value T) *Vector {
	c := New(t, 1)
	c.Const = true
	switch x := any(value).(type) {
	case string:
		c.SetString(0, x)
	case []byte:
		c.SetBytes(0, x)
	default:
		Of[T](c)[0] = value
	}
	return c
}

// Set copies row j of src, which has the same layout, to row i of v.
func (v *Vector) Set(i int, src *Vector, j int) {
	j = src.Index(j)
	if src.Nulls.Get(j) {
		v.Nulls.Set(i)
		return
	}
	v.Nulls.Clear(i)
	switch v.phys {
	case types.Bool:
		Of[bool](v)[i] = Of[bool](src)[j]
	case types.Int16:
		Of[int16](v)[i] = Of[int16](src)[j]
	case types.Int32, types.Float32:
		Of[int32](v)[i] = Of[int32](src)[j]
	case types.Int64, types.Float64:
		Of[int64](v)[i] = Of[int64](src)[j]
	case types.Numeric:
		Of[numeric.Decimal](v)[i] = Of[numeric.Decimal](src)[j]
	case types.Interval:
		Of[datetime.Interval](v)[i] = Of[datetime.Interval](src)[j]
	case types.TimeTZ:
		Of[datetime.TimeTZ](v)[i] = Of[datetime.TimeTZ](src)[j]
	case types.Bytes:
		Of[View](v)[i] = v.heap.put(src.heap.bytes(&Of[View](src)[j]))
	}
}

// Gather copies the rows of src named by rows to v's rows at, at+1, …. A row of
// -1 gives a null. v must have room.
func (v *Vector) Gather(at int, src *Vector, rows []int32) {
	anyNull := len(src.Nulls) > 0
	mask := src.Mask()
	if !anyNull {
		for _, r := range rows {
			if r < 0 {
				anyNull = true
				break
			}
		}
	}
	if anyNull {
		for k, r := range rows {
			if r < 0 || src.Nulls.Get(int(r)&mask) {
				v.Nulls.Set(at + k)
			} else if len(v.Nulls) > 0 {
				v.Nulls.Clear(at + k)
			}
		}
	} else if len(v.Nulls) > 0 {
		for k := range rows {
			v.Nulls.Clear(at + k)
		}
	}
	switch v.phys {
	case types.Bool:
		gather[bool](v, at, src, rows, mask)
	case types.Int16:
		gather[int16](v, at, src, rows, mask)
	case types.Int32, types.Float32:
		gather[int32](v, at, src, rows, mask)
	case types.Int64, types.Float64:
		gather[int64](v, at, src, rows, mask)
	case types.Numeric:
		gather[numeric.Decimal](v, at, src, rows, mask)
	case types.Interval:
		gather[datetime.Interval](v, at, src, rows, mask)
	case types.TimeTZ:
		gather[datetime.TimeTZ](v, at, src, rows, mask)
	case types.Bytes:
		views, from := Of[View](v), Of[View](src)
		for k, r := range rows {
			if r < 0 || src.Nulls.Get(int(r)&mask) {
				views[at+k] = View{}
				continue
			}
			view := &from[int(r)&mask]
			if view.Len <= inline {
				views[at+k] = *view
			} else {
				views[at+k] = v.heap.put(src.heap.bytes(view))
			}
		}
	}
}

func gather[T any](v *Vector, at int, src *Vector, rows []int32, mask int) {
	to, from := Of[T](v)[at:at+len(rows)], Of[T](src)
	for k, r := range rows {
		if r >= 0 {
			to[k] = from[int(r)&mask]
		}
	}
}
