package agg

import (
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

func sums(t function.Table) {
	t["sum(int2)"] = agg(func(*function.Call) function.Aggregator { return &sumInt[int16]{} })
	t["sum(int4)"] = agg(func(*function.Call) function.Aggregator { return &sumInt[int32]{} })
	t["sum(int8)"] = agg(func(*function.Call) function.Aggregator { return &sumWhole{} })
	for _, name := range []string{"int2", "int4", "int8"} {
		t["avg("+name+")"] = agg(func(*function.Call) function.Aggregator { return &sumWhole{sumNumeric{avg: true}} })
	}
	t["sum(numeric)"] = agg(func(*function.Call) function.Aggregator { return &sumNumeric{} })
	t["avg(numeric)"] = agg(func(*function.Call) function.Aggregator { return &sumNumeric{avg: true} })
	t["sum(float8)"] = agg(func(*function.Call) function.Aggregator { return &sumFloat[float64]{} })
	t["sum(float4)"] = agg(func(*function.Call) function.Aggregator { return &sumFloat[float32]{} })
	t["sum(interval)"] = agg(func(*function.Call) function.Aggregator { return &sumInterval{} })
	t["avg(interval)"] = agg(func(*function.Call) function.Aggregator { return &sumInterval{avg: true} })
}

// sumInt sums int2 and int4 into int8, which the number of rows cannot overflow.
type sumInt[T int16 | int32] struct {
	sum []int64
	n   []int64
}

func (a *sumInt[T]) Grow(n int) { a.sum, a.n = grow(a.sum, n), grow(a.n, n) }

func (a *sumInt[T]) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v, mask, nulls := vector.Of[T](args[0]), args[0].Mask(), args[0].Nulls
	if len(nulls) == 0 {
		for k, i := range sel {
			g := groups[k]
			a.sum[g] += int64(v[int(i)&mask])
			a.n[g]++
		}
		return nil
	}
	for k, i := range sel {
		if j := int(i) & mask; !nulls.Get(j) {
			a.sum[groups[k]] += int64(v[j])
			a.n[groups[k]]++
		}
	}
	return nil
}

func (a *sumInt[T]) Remove(group int32, args []*vector.Vector, row int32) error {
	if !args[0].Null(int(row)) {
		a.sum[group] -= int64(loop.At[T](args[0], int(row)))
		a.n[group]--
	}
	return nil
}

func (a *sumInt[T]) Merge(other function.Aggregator, from, to int) error {
	o := other.(*sumInt[T])
	a.sum[to] += o.sum[from]
	a.n[to] += o.n[from]
	return nil
}

func (a *sumInt[T]) Result(first, n int, out *vector.Vector) error {
	r := vector.Of[int64](out)
	for i := range n {
		if a.n[first+i] == 0 {
			out.SetNull(i)
		} else {
			r[i] = a.sum[first+i]
		}
	}
	return nil
}

func (a *sumInt[T]) Size() int { return 16 * len(a.sum) }

// sumNumeric sums exactly into numeric; avg divides at the end.
type sumNumeric struct {
	avg   bool
	state []numeric.Sum
}

func (a *sumNumeric) Grow(n int) { a.state = grow(a.state, n) }

func (a *sumNumeric) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v, nulls, mask := args[0], args[0].Nulls, args[0].Mask()
	switch v.Phys() {
	case types.Int16:
		addInts[int16](a.state, groups, v, sel)
	case types.Int32:
		addInts[int32](a.state, groups, v, sel)
	case types.Int64:
		addInts[int64](a.state, groups, v, sel)
	default:
		values := vector.Of[numeric.Decimal](v)
		for k, i := range sel {
			if j := int(i) & mask; !nulls.Get(j) {
				a.state[groups[k]].Add(values[j])
			}
		}
	}
	return nil
}

func addInts[T int16 | int32 | int64](state []numeric.Sum, groups []int32, v *vector.Vector, sel []int32) {
	values, nulls, mask := vector.Of[T](v), v.Nulls, v.Mask()
	for k, i := range sel {
		if j := int(i) & mask; !nulls.Get(j) {
			state[groups[k]].AddInt64(int64(values[j]))
		}
	}
}

func (a *sumNumeric) Merge(other function.Aggregator, from, to int) error {
	a.state[to].Merge(&other.(*sumNumeric).state[from])
	return nil
}

func (a *sumNumeric) Result(first, n int, out *vector.Vector) error {
	r := vector.Of[numeric.Decimal](out)
	for i := range n {
		s := &a.state[first+i]
		d, ok, err := numeric.Decimal{}, false, error(nil)
		if a.avg {
			d, ok, err = s.Avg()
		} else {
			d, ok, err = s.Result()
		}
		if err != nil {
			return err
		}
		if !ok {
			out.SetNull(i)
		} else {
			r[i] = d
		}
	}
	return nil
}

func (a *sumNumeric) Size() int { return 64 * len(a.state) }

// sumWhole is sumNumeric of integers, whose scale never changes: rows can go out.
type sumWhole struct{ sumNumeric }

func (a *sumWhole) Remove(group int32, args []*vector.Vector, row int32) error {
	v := args[0]
	if v.Null(int(row)) {
		return nil
	}
	var n int64
	switch v.Phys() {
	case types.Int16:
		n = int64(loop.At[int16](v, int(row)))
	case types.Int32:
		n = int64(loop.At[int32](v, int(row)))
	default:
		n = loop.At[int64](v, int(row))
	}
	a.state[group].Sub(numeric.FromInt64(n))
	return nil
}

func (a *sumWhole) Merge(other function.Aggregator, from, to int) error {
	a.state[to].Merge(&other.(*sumWhole).state[from])
	return nil
}

// sumFloat sums floats in their own precision.
type sumFloat[T float32 | float64] struct {
	sum  []T
	some []bool
}

func (a *sumFloat[T]) Grow(n int) { a.sum, a.some = grow(a.sum, n), grow(a.some, n) }

func (a *sumFloat[T]) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	values, nulls, mask := vector.Of[T](args[0]), args[0].Nulls, args[0].Mask()
	for k, i := range sel {
		j := int(i) & mask
		if nulls.Get(j) {
			continue
		}
		g := groups[k]
		if !a.some[g] {
			a.sum[g], a.some[g] = values[j], true
			continue
		}
		s := a.sum[g] + values[j]
		if s-s != 0 && math.IsInf(float64(s), 0) && !math.IsInf(float64(a.sum[g]), 0) && !math.IsInf(float64(values[j]), 0) {
			return loop.Overflow()
		}
		a.sum[g] = s
	}
	return nil
}

func (a *sumFloat[T]) Merge(other function.Aggregator, from, to int) error {
	o := other.(*sumFloat[T])
	if o.some[from] {
		a.sum[to] += o.sum[from]
		a.some[to] = true
	}
	return nil
}

func (a *sumFloat[T]) Result(first, n int, out *vector.Vector) error {
	r := vector.Of[T](out)
	for i := range n {
		if !a.some[first+i] {
			out.SetNull(i)
		} else {
			r[i] = a.sum[first+i]
		}
	}
	return nil
}

func (a *sumFloat[T]) Size() int { return 9 * len(a.sum) }

// sumInterval sums intervals.
type sumInterval struct {
	avg bool
	sum []datetime.Interval
	n   []int64
}

func (a *sumInterval) Grow(n int) { a.sum, a.n = grow(a.sum, n), grow(a.n, n) }

func (a *sumInterval) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			continue
		}
		g := groups[k]
		s, err := a.sum[g].Add(loop.At[datetime.Interval](args[0], int(i)))
		if err != nil {
			return err
		}
		a.sum[g] = s
		a.n[g]++
	}
	return nil
}

func (a *sumInterval) Remove(group int32, args []*vector.Vector, row int32) error {
	if args[0].Null(int(row)) {
		return nil
	}
	s, err := a.sum[group].Sub(loop.At[datetime.Interval](args[0], int(row)))
	if err != nil {
		return err
	}
	a.sum[group] = s
	a.n[group]--
	return nil
}

func (a *sumInterval) Merge(other function.Aggregator, from, to int) error {
	o := other.(*sumInterval)
	s, err := a.sum[to].Add(o.sum[from])
	a.sum[to] = s
	a.n[to] += o.n[from]
	return err
}

func (a *sumInterval) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		g := first + i
		if a.n[g] == 0 {
			out.SetNull(i)
			continue
		}
		v := a.sum[g]
		if a.avg {
			var err error
			if v, err = v.Div(float64(a.n[g])); err != nil {
				return err
			}
		}
		loop.Put(out, i, v)
	}
	return nil
}

func (a *sumInterval) Size() int { return 24 * len(a.sum) }
