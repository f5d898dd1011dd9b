package array

import (
	"strconv"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/vector"
)

func makers(t function.Table) {
	t["array_fill"] = function.Row(fill)
	t["array_fill_with_lower_bounds"] = function.Row(fill)
	t["trim_array"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		a, err := read(args[0], i)
		if err != nil {
			return err
		}
		n, length := loop.At[int32](args[1], i), int32(0)
		if len(a.Dims) > 0 {
			length = a.Dims[0].Length
		}
		if n < 0 || n > length {
			return pgerr.Newf(pgerr.ArraySubscriptError, "number of elements to trim must be between 0 and %d", length)
		}
		if length == 0 {
			out.SetBytes(i, a.Bytes())
			return nil
		}
		keep := a.N / int(length) * int(length-n)
		dims := append([]array.Dim(nil), a.Dims...)
		dims[0].Length -= n
		for k := range dims {
			dims[k].Lower = 1
		}
		out.SetBytes(i, array.Append(nil, a.Elem, dims, a.Elems, vector.Sequence(nil, keep)))
		return nil
	})
	t["array_dims"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		_, dims, _ := array.Header(args[0].Bytes(i))
		if len(dims) == 0 {
			out.SetNull(i)
			return nil
		}
		var b []byte
		for _, d := range dims {
			b = strconv.AppendInt(append(b, '['), int64(d.Lower), 10)
			b = strconv.AppendInt(append(b, ':'), int64(d.Lower)+int64(d.Length)-1, 10)
			b = append(b, ']')
		}
		out.SetBytes(i, b)
		return nil
	})
	t["array_to_text"], t["array_to_text_null"] = function.Row(join), function.Row(join)
}

// integers reads an int4 array argument of one dimension.
func integers(v *vector.Vector, i int, what string) ([]int32, error) {
	a, err := array.Decode(v.Bytes(i), types.Int4)
	if err != nil {
		return nil, err
	}
	if len(a.Dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").WithDetail("%s array must be one dimensional.", what)
	}
	if a.Elems.Nulls.Any() {
		return nil, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
	}
	return vector.Of[int32](a.Elems)[:a.N], nil
}

func fill(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	for _, v := range args[1:] {
		if v.Null(i) {
			return pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
		}
	}
	lengths, err := integers(args[1], i, "Dimension")
	if err != nil {
		return err
	}
	if len(lengths) > array.MaxDims {
		return pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(lengths), array.MaxDims)
	}
	dims := make([]array.Dim, len(lengths))
	for k, n := range lengths {
		if n < 0 {
			return pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 134217727)
		}
		dims[k] = array.Dim{Length: n, Lower: 1}
	}
	if len(args) > 2 {
		lows, err := integers(args[2], i, "Low bound")
		if err != nil {
			return err
		}
		if len(lows) != len(dims) {
			return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Low bound array has different size than dimensions array.")
		}
		for k, n := range lows {
			dims[k].Lower = n
		}
	}
	n, err := array.Count(dims)
	if err != nil {
		return err
	}
	rows := make([]int32, n)
	for k := range rows {
		rows[k] = int32(args[0].Index(i))
	}
	out.SetBytes(i, array.Append(nil, c.Return.Root().Elem.OID, dims, args[0], rows))
	return nil
}

// join is array_to_string: elements with a separator between, nulls left out or
// shown as a text.
func join(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	if args[0].Null(i) || args[1].Null(i) {
		out.SetNull(i)
		return nil
	}
	a, err := read(args[0], i)
	if err != nil {
		return err
	}
	var b []byte
	first := true
	for k := range a.N {
		null := a.Elems.Null(k)
		if null && (len(args) < 3 || args[2].Null(i)) {
			continue
		}
		if !first {
			b = append(b, args[1].Bytes(i)...)
		}
		first = false
		if null {
			b = append(b, args[2].Bytes(i)...)
		} else {
			b = format.AppendText(b, c.Env.Format, a.Elems, k)
		}
	}
	out.SetBytes(i, b)
	return nil
}
