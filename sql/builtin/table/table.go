// Package table is the set-returning functions of the manual's section 9.25, and
// unnest and its kin.
//
// A set is given piece by piece, so that LIMIT ends it early.
package table

import (
	"strings"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{
		"array_unnest":              {Set: unnest},
		"generate_subscripts":       {Set: subscripts},
		"generate_subscripts_nodir": {Set: subscripts},
		"pg_options_to_table":       {Set: options},
		"pg_get_keywords":           {Set: keywords},
	}
	series(t)
	return t
}

// elements gives an array's elements in row-major order.
type elements struct {
	a  *array.Array
	at int
}

func unnest(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
	a, err := array.Decode(args[0].Bytes(0), args[0].Type.Root().Elem)
	if err != nil {
		return nil, err
	}
	return &elements{a: a}, nil
}

func (e *elements) Next(out []*vector.Vector, max int) (int, error) {
	n := min(max, e.a.N-e.at)
	if len(out) > 1 { // an array of composites gives columns
		for k := range n {
			if err := spread(out, e.a.Elems, e.at+k, k); err != nil {
				return k, err
			}
		}
		e.at += n
		return n, nil
	}
	for k := range n {
		out[0].Set(k, e.a.Elems, e.at+k)
	}
	e.at += n
	return n, nil
}

// subscripts counts along one dimension.
func subscripts(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
	_, dims, _ := array.Header(args[0].Bytes(0))
	d := loop.At[int32](args[1], 0)
	if d < 1 || int(d) > len(dims) {
		return nil, nil
	}
	low, high := int64(dims[d-1].Lower), int64(dims[d-1].Lower)+int64(dims[d-1].Length)-1
	if len(args) > 2 && loop.At[bool](args[2], 0) {
		return &numbers[int32]{next: high, stop: low, step: -1}, nil
	}
	return &numbers[int32]{next: low, stop: high, step: 1}, nil
}

// options splits name=value texts.
func options(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
	a, err := array.Decode(args[0].Bytes(0), types.Text)
	if err != nil {
		return nil, err
	}
	next := 0
	return &loop.Lines{Types: []*types.Type{types.Text, types.Text}, Fill: func(cols []*vector.Vector, max int) (int, error) {
		n := 0
		for ; n < max && next < a.N; n++ {
			name, value, some := strings.Cut(a.Elems.String(next), "=")
			next++
			cols[0].SetString(n, name)
			if some {
				cols[1].SetString(n, value)
			} else {
				cols[1].SetNull(n)
			}
		}
		return n, nil
	}}, nil
}

func keywords(*function.Call, []*vector.Vector) (function.Rows, error) {
	list := format.Keywords()
	return &loop.Lines{Types: []*types.Type{types.Text, types.Char, types.BoolType, types.Text, types.Text}, Fill: func(cols []*vector.Vector, max int) (int, error) {
		n := min(max, len(list))
		for k, w := range list[:n] {
			cols[0].SetString(k, w.Word)
			loop.Put(cols[1], k, int16(w.Category))
			loop.Put(cols[2], k, w.BareLabel)
			cols[3].SetString(k, w.Describe)
			cols[4].SetString(k, w.Labeled)
		}
		list = list[n:]
		return n, nil
	}}, nil
}
