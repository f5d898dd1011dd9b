package array

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// equality returns the order of an element type, kept in the call.
func equality(c *function.Call, elem *types.Type) (kernel.Compare, error) {
	if order, ok := c.State.(kernel.Compare); ok {
		return order, nil
	}
	switch elem.Root().OID {
	case types.OIDJSON, types.OIDXML:
		return nil, pgerr.Newf(pgerr.UndefinedFunction, "could not identify an equality operator for type %s", format.TypeName(elem, -1))
	}
	order := kernel.Comparer(elem, c.Collation)
	c.State = order
	return order, nil
}

// read decodes an array argument.
func read(v *vector.Vector, i int) (*array.Array, error) {
	return array.Decode(v.Bytes(i), v.Type.Root().Elem)
}

// matches tells whether element k is the value of row i, nulls being alike.
func matches(order kernel.Compare, a *array.Array, k int, v *vector.Vector, i int) bool {
	if an, vn := a.Elems.Null(k), v.Null(i); an || vn {
		return an && vn
	}
	return order(a.Elems, k, v, i) == 0
}

func searches(t function.Table) {
	position := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		a, order, err := searched(c, args, i)
		if err != nil {
			return err
		}
		out.SetNull(i)
		if a.N == 0 {
			return nil
		}
		lower := a.Dims[0].Lower
		first := 0
		if len(args) > 2 {
			if args[2].Null(i) {
				return pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
			}
			first = max(int(loop.At[int32](args[2], i))-int(lower), 0)
		}
		for k := first; k < a.N; k++ {
			if matches(order, a, k, args[1], i) {
				out.Nulls.Clear(i)
				loop.Put(out, i, lower+int32(k))
				return nil
			}
		}
		return nil
	})
	t["array_position"], t["array_position_start"] = position, position
	t["array_positions"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		a, order, err := searched(c, args, i)
		if err != nil {
			return err
		}
		found := vector.New(types.Int4, a.N)
		n := 0
		for k := range a.N {
			if matches(order, a, k, args[1], i) {
				loop.Put(found, n, a.Dims[0].Lower+int32(k))
				n++
			}
		}
		out.SetBytes(i, array.FromVector(types.OIDInt4, found, n))
		return nil
	})
	t["array_remove"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		a, err := read(args[0], i)
		if err != nil {
			return err
		}
		if len(a.Dims) > 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "removing elements from multidimensional arrays is not supported")
		}
		order, err := equality(c, a.Elems.Type)
		if err != nil {
			return err
		}
		var kept []int32
		for k := range a.N {
			if !matches(order, a, k, args[1], i) {
				kept = append(kept, int32(k))
			}
		}
		if a.N > 0 {
			a.Dims[0].Length = int32(len(kept))
		}
		out.SetBytes(i, array.Append(nil, a.Elem, a.Dims, a.Elems, kept))
		return nil
	})
	t["array_replace"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		a, err := read(args[0], i)
		if err != nil {
			return err
		}
		order, err := equality(c, a.Elems.Type)
		if err != nil {
			return err
		}
		for k := range a.N {
			if matches(order, a, k, args[1], i) {
				a.Elems.Set(k, args[2], i)
			}
		}
		out.SetBytes(i, a.Bytes())
		return nil
	})
	t["width_bucket_array"] = function.Row(widthBucket)
}

func searched(c *function.Call, args []*vector.Vector, i int) (*array.Array, kernel.Compare, error) {
	a, err := read(args[0], i)
	if err != nil {
		return nil, nil, err
	}
	if len(a.Dims) > 1 {
		return nil, nil, pgerr.New(pgerr.FeatureNotSupported, "searching for elements in multidimensional arrays is not supported")
	}
	order, err := equality(c, a.Elems.Type)
	return a, order, err
}

// widthBucket counts the thresholds not above the operand.
func widthBucket(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	a, err := read(args[1], i)
	if err != nil {
		return err
	}
	if len(a.Dims) > 1 {
		return pgerr.New(pgerr.ArraySubscriptError, "thresholds must be one-dimensional array")
	}
	if a.Elems.Nulls.Any() {
		return pgerr.New(pgerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
	}
	order := kernel.Comparer(a.Elems.Type, c.Collation)
	low, high := 0, a.N
	for low < high {
		mid := (low + high) / 2
		if order(args[0], i, a.Elems, mid) < 0 {
			high = mid
		} else {
			low = mid + 1
		}
	}
	loop.Put(out, i, int32(low))
	return nil
}
