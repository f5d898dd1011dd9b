package array

import (
	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/vector"
)

// Slice returns a[low:high, …] with lower bounds of 1; open ends take the array's
// own. With fewer subscripts than dimensions the rest are whole.
func (a *Array) Slice(low, high []int32, hasLow, hasHigh []bool) *Array {
	out := &Array{Elem: a.Elem, Elems: vector.New(a.Elems.Type, 1)}
	if len(a.Dims) == 0 || len(low) > len(a.Dims) {
		return out
	}
	starts := make([]int32, len(a.Dims))
	var dims []Dim
	for i, d := range a.Dims {
		l, h := d.Lower, d.Lower+d.Length-1
		if i < len(low) {
			if hasLow[i] {
				l = max(l, low[i])
			}
			if hasHigh[i] {
				h = min(h, high[i])
			}
		}
		if l > h {
			return out
		}
		starts[i] = l - d.Lower
		dims = append(dims, Dim{h - l + 1, 1})
	}
	n, _ := Count(dims)
	out.Dims, out.N, out.Elems = dims, n, vector.New(a.Elems.Type, n)
	at := make([]int32, len(dims))
	for k := range n {
		place := 0
		for i := range dims {
			place = place*int(a.Dims[i].Length) + int(starts[i]+at[i])
		}
		out.Elems.Set(k, a.Elems, place)
		for i := len(dims) - 1; i >= 0; i-- {
			if at[i]++; at[i] < dims[i].Length {
				break
			}
			at[i] = 0
		}
	}
	return out
}

// SetElement returns a with the element at the subscripts set to row i of value; a
// one-dimensional array grows to reach it.
func (a *Array) SetElement(elem *types.Type, subscripts []int32, value *vector.Vector, i int) (*Array, error) {
	if len(a.Dims) == 0 {
		if len(subscripts) > MaxDims {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		}
		out := &Array{Elem: elem.OID, N: 1, Elems: vector.New(elem, 1)}
		for _, s := range subscripts {
			out.Dims = append(out.Dims, Dim{1, s})
		}
		out.Elems.Set(0, value, i)
		return out, nil
	}
	if len(subscripts) != len(a.Dims) {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	if place := a.At(subscripts); place >= 0 {
		a.Elems.Set(place, value, i)
		return a, nil
	}
	if len(a.Dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
	}
	d := a.Dims[0]
	low := min(d.Lower, subscripts[0])
	high := max(int64(d.Lower)+int64(d.Length)-1, int64(subscripts[0]))
	dims := []Dim{{int32(high - int64(low) + 1), low}}
	if high-int64(low)+1 > maxElements {
		return nil, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxElements)
	}
	n, err := Count(dims)
	if err != nil {
		return nil, err
	}
	out := &Array{Dims: dims, Elem: elem.OID, N: n, Elems: vector.New(elem, n)}
	for k := range n {
		out.Elems.SetNull(k)
	}
	for k := range a.N {
		out.Elems.Set(int(d.Lower-low)+k, a.Elems, k)
	}
	out.Elems.Set(int(subscripts[0]-low), value, i)
	return out, nil
}

// SetSlice returns a with a slice replaced by src's elements, in order.
func (a *Array) SetSlice(elem *types.Type, low, high []int32, hasLow, hasHigh []bool, src *Array) (*Array, error) {
	if len(a.Dims) > 1 || len(low) > 1 {
		return nil, pgerr.Unsupported("assignment to a slice of a multidimensional array")
	}
	l, h := int32(1), int32(src.N)
	if len(a.Dims) == 1 {
		l, h = a.Dims[0].Lower, a.Dims[0].Lower+a.Dims[0].Length-1
	}
	if hasLow[0] {
		l = low[0]
	}
	if hasHigh[0] {
		h = high[0]
	}
	if l > h {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
	}
	if int64(src.N) < int64(h)-int64(l)+1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "source array too small")
	}
	out := a
	for k := l; k <= h; k++ {
		var err error
		if out, err = out.SetElement(elem, []int32{k}, src.Elems, int(k-l)); err != nil {
			return nil, err
		}
	}
	return out, nil
}
