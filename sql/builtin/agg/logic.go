package agg

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

func logic(t function.Table) {
	t["bool_and(bool)"] = agg(func(*function.Call) function.Aggregator { return &boolean{and: true} })
	t["every(bool)"] = t["bool_and(bool)"]
	t["bool_or(bool)"] = agg(func(*function.Call) function.Aggregator { return &boolean{} })
	bitwise[int16](t, "int2")
	bitwise[int32](t, "int4")
	bitwise[int64](t, "int8")
}

// boolean counts trues and falses for bool_and and bool_or.
type boolean struct {
	and bool
	n   [2][]int64 // falses, trues
}

func (a *boolean) Grow(n int) { a.n[0], a.n[1] = grow(a.n[0], n), grow(a.n[1], n) }

func (a *boolean) count(v *vector.Vector, row, group int32, by int64) {
	if v.Null(int(row)) {
		return
	}
	which := 0
	if loop.At[bool](v, int(row)) {
		which = 1
	}
	a.n[which][group] += by
}

func (a *boolean) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		a.count(args[0], i, groups[k], 1)
	}
	return nil
}

func (a *boolean) Remove(group int32, args []*vector.Vector, row int32) error {
	a.count(args[0], row, group, -1)
	return nil
}

func (a *boolean) Merge(other function.Aggregator, from, to int) error {
	o := other.(*boolean)
	for k := range a.n {
		a.n[k][to] += o.n[k][from]
	}
	return nil
}

func (a *boolean) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		falses, trues := a.n[0][first+i], a.n[1][first+i]
		if falses+trues == 0 {
			out.SetNull(i)
		}
		loop.Put(out, i, a.and && falses == 0 || !a.and && trues > 0)
	}
	return nil
}

func (a *boolean) Size() int { return 16 * len(a.n[0]) }

func bitwise[T int16 | int32 | int64](t function.Table, name string) {
	add := func(key string, f func(a, b T) T) {
		t[key+"("+name+")"] = agg(func(*function.Call) function.Aggregator { return &fold[T]{f: f} })
	}
	add("bit_and", func(a, b T) T { return a & b })
	add("bit_or", func(a, b T) T { return a | b })
	add("bit_xor", func(a, b T) T { return a ^ b })
}

// fold joins numbers by an operator.
type fold[T int16 | int32 | int64] struct {
	f     func(a, b T) T
	value []T
	some  []bool
}

func (a *fold[T]) Grow(n int) { a.value, a.some = grow(a.value, n), grow(a.some, n) }

func (a *fold[T]) put(g int, x T) {
	if a.some[g] {
		x = a.f(a.value[g], x)
	}
	a.value[g], a.some[g] = x, true
}

func (a *fold[T]) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if !args[0].Null(int(i)) {
			a.put(int(groups[k]), loop.At[T](args[0], int(i)))
		}
	}
	return nil
}

func (a *fold[T]) Merge(other function.Aggregator, from, to int) error {
	if o := other.(*fold[T]); o.some[from] {
		a.put(to, o.value[from])
	}
	return nil
}

func (a *fold[T]) Result(first, n int, out *vector.Vector) error {
	copy(vector.Of[T](out), a.value[first:first+n])
	for i := range n {
		if !a.some[first+i] {
			out.SetNull(i)
		}
	}
	return nil
}

func (a *fold[T]) Size() int { return 9 * len(a.value) }
