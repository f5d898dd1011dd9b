// Package table is the set-returning functions: the manual's section 9.25 and unnest.
package table

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	return function.Table{
		"generate_series_int4":      {Set: series[int32]},
		"generate_series_step_int4": {Set: series[int32]},
		"generate_series_int8":      {Set: series[int64]},
		"generate_series_step_int8": {Set: series[int64]},
		"array_unnest":              {Set: unnest},
	}
}

// numbers counts from next to stop; wide enough that no step overflows.
type numbers[T int32 | int64] struct {
	next, stop, step int64
	done             bool
}

func series[T int32 | int64](_ *function.Call, args []*vector.Vector) (function.Rows, error) {
	at := func(i int) int64 { return int64(vector.Of[T](args[i])[0]) }
	n := &numbers[T]{next: at(0), stop: at(1), step: 1}
	if len(args) > 2 {
		if n.step = at(2); n.step == 0 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
		}
	}
	return n, nil
}

func (n *numbers[T]) Next(out []*vector.Vector, max int) (int, error) {
	values, k := vector.Of[T](out[0]), 0
	for k < max && !n.done && (n.step > 0 && n.next <= n.stop || n.step < 0 && n.next >= n.stop) {
		values[k] = T(n.next)
		k++
		next := n.next + n.step
		n.done = n.step > 0 && next < n.next || n.step < 0 && next > n.next
		n.next = next
	}
	return k, nil
}

// elements gives an array's elements in row-major order.
type elements struct {
	a  *array.Array
	at int
}

func unnest(c *function.Call, args []*vector.Vector) (function.Rows, error) {
	a, err := array.Decode(args[0].Bytes(0), c.Return)
	return &elements{a: a}, err
}

func (e *elements) Next(out []*vector.Vector, max int) (int, error) {
	n := min(max, e.a.N-e.at)
	for k := range n {
		out[0].Set(k, e.a.Elems, e.at+k)
	}
	e.at += n
	return n, nil
}
