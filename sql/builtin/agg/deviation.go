package agg

import (
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// spread says which of the measures a call wants.
type spread struct{ sample, root bool }

func deviations(t function.Table) {
	measures := map[string]spread{"variance": {sample: true}, "var_samp": {sample: true}, "var_pop": {},
		"stddev": {true, true}, "stddev_samp": {true, true}, "stddev_pop": {root: true}}
	for name, m := range measures {
		for _, arg := range []string{"int2", "int4", "int8", "numeric"} {
			t[name+"("+arg+")"] = agg(func(*function.Call) function.Aggregator { return &exactSpread{want: m} })
		}
		for _, arg := range []string{"float4", "float8"} {
			t[name+"("+arg+")"] = agg(func(*function.Call) function.Aggregator { return &floatSpread{want: m} })
		}
	}
	t["avg(float4)"] = agg(func(*function.Call) function.Aggregator { return &floatSpread{avg: true} })
	t["avg(float8)"] = t["avg(float4)"]
}

// exactSpread is variance and its root of exact numbers.
type exactSpread struct {
	want  spread
	state []numeric.Moments
}

func (a *exactSpread) Grow(n int) { a.state = grow(a.state, n) }

func exact(v *vector.Vector, i int) numeric.Decimal {
	switch v.Phys() {
	case types.Int16:
		return numeric.FromInt64(int64(loop.At[int16](v, i)))
	case types.Int32:
		return numeric.FromInt64(int64(loop.At[int32](v, i)))
	case types.Int64:
		return numeric.FromInt64(loop.At[int64](v, i))
	}
	return loop.At[numeric.Decimal](v, i)
}

func (a *exactSpread) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if !args[0].Null(int(i)) {
			a.state[groups[k]].Add(exact(args[0], int(i)))
		}
	}
	return nil
}

func (a *exactSpread) Merge(other function.Aggregator, from, to int) error {
	a.state[to].Merge(&other.(*exactSpread).state[from])
	return nil
}

func (a *exactSpread) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		m := &a.state[first+i]
		d, ok, err := numeric.Decimal{}, false, error(nil)
		if a.want.root {
			d, ok, err = m.StdDev(a.want.sample)
		} else {
			d, ok, err = m.Variance(a.want.sample)
		}
		if err != nil {
			return err
		}
		if !ok {
			out.SetNull(i)
		} else {
			loop.Put(out, i, d)
		}
	}
	return nil
}

func (a *exactSpread) Size() int { return 128 * len(a.state) }

// floatSpread keeps count, sum and sum of squared differences by the method of
// Youngs and Cramer (1971), as PostgreSQL does.
type floatSpread struct {
	want        spread
	avg         bool
	n, sum, sqr []float64
}

func (a *floatSpread) Grow(n int) {
	a.n, a.sum, a.sqr = grow(a.n, n), grow(a.sum, n), grow(a.sqr, n)
}

func (a *floatSpread) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v := args[0]
	single := v.Phys() == types.Float32
	for k, i := range sel {
		if v.Null(int(i)) {
			continue
		}
		var x float64
		if single {
			x = float64(loop.At[float32](v, int(i)))
		} else {
			x = loop.At[float64](v, int(i))
		}
		g := groups[k]
		before := a.sum[g]
		n, sum := a.n[g]+1, before+x
		if n > 1 {
			d := x*n - sum
			a.sqr[g] += d * d / (n * (n - 1))
			if math.IsInf(sum, 0) || math.IsInf(a.sqr[g], 0) {
				if !math.IsInf(before, 0) && !math.IsInf(x, 0) {
					return loop.Overflow()
				}
				a.sqr[g] = math.NaN()
			}
		} else if x-x != 0 {
			a.sqr[g] = math.NaN()
		}
		a.n[g], a.sum[g] = n, sum
	}
	return nil
}

func (a *floatSpread) Merge(other function.Aggregator, from, to int) error {
	o := other.(*floatSpread)
	n1, n2 := a.n[to], o.n[from]
	switch {
	case n2 == 0:
	case n1 == 0:
		a.n[to], a.sum[to], a.sqr[to] = n2, o.sum[from], o.sqr[from]
	default:
		d := a.sum[to]/n1 - o.sum[from]/n2
		a.sqr[to] += o.sqr[from] + n1*n2*d*d/(n1+n2)
		a.n[to] += n2
		a.sum[to] += o.sum[from]
	}
	return nil
}

func (a *floatSpread) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		g := first + i
		count := a.n[g]
		if count < 1 || a.want.sample && count < 2 {
			out.SetNull(i)
			continue
		}
		var r float64
		switch {
		case a.avg:
			r = a.sum[g] / count
		case a.want.sample:
			r = a.sqr[g] / (count - 1)
		default:
			r = a.sqr[g] / count
		}
		if a.want.root {
			r = math.Sqrt(r)
		}
		loop.Put(out, i, r)
	}
	return nil
}

func (a *floatSpread) Size() int { return 24 * len(a.n) }
