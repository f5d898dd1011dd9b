// Package array is the kernels of arrays: the manual's section 9.19.
//
// An array is decoded for each call; what a kernel returns is encoded afresh, so
// that an array without elements always has no dimensions.
//
// Invariant: elements are compared as their type's operators do (types/kernel).
package array

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{
		"array_append": function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			return push(c, args[0], args[1], false, i, out)
		}),
		"array_prepend": function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			return push(c, args[1], args[0], true, i, out)
		}),
		"array_cat":         function.Row(cat),
		"array_cardinality": function.Row(cardinality),
		"array_length":      function.Row(bound(func(d array.Dim) int32 { return d.Length })),
		"array_lower":       function.Row(bound(func(d array.Dim) int32 { return d.Lower })),
		"array_upper":       function.Row(bound(func(d array.Dim) int32 { return d.Lower + d.Length - 1 })),
		"array_ndims":       function.Row(dimensions),
	}
	searches(t)
	makers(t)
	containment(t)
	return t
}

// decode reads an array; null is an empty one.
func decode(v *vector.Vector, i int, elem *types.Type) (*array.Array, error) {
	if v.Null(i) {
		return &array.Array{Elem: elem.OID, Elems: vector.New(elem, 1)}, nil
	}
	return array.Decode(v.Bytes(i), elem)
}

// push adds an element at an end of an array of one dimension at the most.
func push(c *function.Call, arrays, value *vector.Vector, front bool, i int, out *vector.Vector) error {
	elem := c.Return.Root().Elem
	a, err := decode(arrays, i, elem)
	if err != nil {
		return err
	}
	if len(a.Dims) > 1 {
		return pgerr.New(pgerr.DataException, "argument must be empty or one-dimensional array")
	}
	dim := array.Dim{Lower: 1}
	if len(a.Dims) == 1 {
		dim = a.Dims[0]
	}
	r := &array.Array{Elem: elem.OID, N: a.N + 1, Elems: vector.New(elem, a.N+1)}
	at := 0
	if front {
		at = 1
	}
	for k := range a.N {
		r.Elems.Set(at+k, a.Elems, k)
	}
	if front {
		r.Elems.Set(0, value, i)
	} else {
		r.Elems.Set(a.N, value, i)
	}
	dim.Length++
	r.Dims = []array.Dim{dim}
	if _, err := array.Count(r.Dims); err != nil {
		return err
	}
	out.SetBytes(i, r.Bytes())
	return nil
}

// cat joins two arrays, or an array and one of a dimension less.
func cat(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	for k := range 2 {
		if args[k].Null(i) {
			out.Set(i, args[1-k], i)
			return nil
		}
	}
	elem := c.Return.Root().Elem
	a, err := decode(args[0], i, elem)
	if err != nil {
		return err
	}
	b, err := decode(args[1], i, elem)
	if err != nil {
		return err
	}
	switch {
	case len(a.Dims) == 0:
		out.SetBytes(i, b.Bytes())
		return nil
	case len(b.Dims) == 0:
		out.SetBytes(i, a.Bytes())
		return nil
	}
	mismatch := pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays")
	var dims []array.Dim
	same := func(x, y []array.Dim) bool {
		for k := range x {
			if x[k] != y[k] {
				return false
			}
		}
		return true
	}
	switch len(a.Dims) - len(b.Dims) {
	case 0:
		if !same(a.Dims[1:], b.Dims[1:]) {
			return mismatch.WithDetail("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		dims = append(dims, a.Dims...)
		dims[0].Length += b.Dims[0].Length
	case 1:
		if !same(a.Dims[1:], b.Dims) {
			return mismatch.WithDetail("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims = append(dims, a.Dims...)
		dims[0].Length++
	case -1:
		if !same(b.Dims[1:], a.Dims) {
			return mismatch.WithDetail("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims = append(dims, b.Dims...)
		dims[0].Length++
	default:
		return mismatch.WithDetail("Arrays of %d and %d dimensions are not compatible for concatenation.", len(a.Dims), len(b.Dims))
	}
	n, err := array.Count(dims)
	if err != nil {
		return err
	}
	r := &array.Array{Dims: dims, Elem: elem.OID, N: n, Elems: vector.New(elem, n)}
	for k := range a.N {
		r.Elems.Set(k, a.Elems, k)
	}
	for k := range b.N {
		r.Elems.Set(a.N+k, b.Elems, k)
	}
	out.SetBytes(i, r.Bytes())
	return nil
}

func cardinality(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	_, dims, _ := array.Header(args[0].Bytes(i))
	n, err := array.Count(dims)
	vector.Of[int32](out)[i] = int32(n)
	return err
}

// bound is a property of one dimension; null past the last.
func bound(of func(array.Dim) int32) func(*function.Call, []*vector.Vector, int, *vector.Vector) error {
	return func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		_, dims, _ := array.Header(args[0].Bytes(i))
		d := vector.Of[int32](args[1])[args[1].Index(i)]
		if d < 1 || int(d) > len(dims) {
			out.SetNull(i)
			return nil
		}
		vector.Of[int32](out)[i] = of(dims[d-1])
		return nil
	}
}

func dimensions(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	_, dims, _ := array.Header(args[0].Bytes(i))
	if len(dims) == 0 {
		out.SetNull(i)
	} else {
		vector.Of[int32](out)[i] = int32(len(dims))
	}
	return nil
}
