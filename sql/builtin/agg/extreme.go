package agg

import (
	"cmp"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

func extremes(t function.Table) {
	for _, name := range []string{"int2", "int4", "int8", "float4", "float8", "numeric", "text", "bpchar", "date", "time",
		"timetz", "timestamp", "timestamptz", "interval", "oid", "tid", "anyarray", "pg_lsn", "xid8"} {
		t["min("+name+")"] = agg(func(c *function.Call) function.Aggregator { return newExtreme(c, -1) })
		t["max("+name+")"] = agg(func(c *function.Call) function.Aggregator { return newExtreme(c, 1) })
	}
}

func newExtreme(c *function.Call, want int) function.Aggregator {
	t := c.Args[0].Root()
	switch t.Phys {
	case types.Int16:
		return &extremeOf[int16]{want: want, compare: cmp.Compare[int16]}
	case types.Int32:
		return &extremeOf[int32]{want: want, compare: cmp.Compare[int32]}
	case types.Int64:
		if t == types.Xid8 || t == types.PgLSN {
			return &extremeOf[uint64]{want: want, compare: cmp.Compare[uint64]}
		}
		return &extremeOf[int64]{want: want, compare: cmp.Compare[int64]}
	case types.Float32:
		return &extremeOf[float32]{want: want, compare: func(a, b float32) int { return loop.CompareFloats(float64(a), float64(b)) }}
	case types.Float64:
		return &extremeOf[float64]{want: want, compare: loop.CompareFloats}
	}
	return &extreme{want: want, compare: kernel.Comparer(c.Args[0], c.Collation), best: vector.New(c.Args[0], 1), limit: firstLimit}
}

// extremeOf is min (-1) and max (1) of numbers.
type extremeOf[T int16 | int32 | int64 | uint64 | float32 | float64] struct {
	want    int
	compare func(a, b T) int
	best    []T
	some    []bool
}

func (a *extremeOf[T]) Grow(n int) { a.best, a.some = grow(a.best, n), grow(a.some, n) }

func (a *extremeOf[T]) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	values, nulls, mask := vector.Of[T](args[0]), args[0].Nulls, args[0].Mask()
	for k, i := range sel {
		j, g := int(i)&mask, groups[k]
		x := values[j]
		// NaN fails both tests and takes the slow way.
		if a.some[g] && (a.want > 0 && x <= a.best[g] || a.want < 0 && x >= a.best[g]) || nulls.Get(j) {
			continue
		}
		if !a.some[g] || a.compare(x, a.best[g])*a.want > 0 {
			a.best[g], a.some[g] = x, true
		}
	}
	return nil
}

func (a *extremeOf[T]) Merge(other function.Aggregator, from, to int) error {
	o := other.(*extremeOf[T])
	if o.some[from] && (!a.some[to] || a.compare(o.best[from], a.best[to])*a.want > 0) {
		a.best[to], a.some[to] = o.best[from], true
	}
	return nil
}

func (a *extremeOf[T]) Result(first, n int, out *vector.Vector) error {
	copy(vector.Of[T](out), a.best[first:first+n])
	for i := range n {
		if !a.some[first+i] {
			out.SetNull(i)
		}
	}
	return nil
}

func (a *extremeOf[T]) Size() int { return 9 * len(a.best) }

// firstLimit is how many bytes of replaced values are kept before they are dropped.
const firstLimit = 1 << 20

// extreme is min and max by a type's order. Values replaced stay in best's heap
// until it passes limit.
type extreme struct {
	want    int
	compare kernel.Compare
	best    *vector.Vector
	n       int
	limit   int
}

func (a *extreme) Grow(n int) {
	if n <= a.n {
		return
	}
	a.best.Grow(n)
	for ; a.n < n; a.n++ {
		a.best.SetNull(a.n)
	}
}

func (a *extreme) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v := args[0]
	for k, i := range sel {
		if v.Null(int(i)) {
			continue
		}
		g := int(groups[k])
		if a.best.Nulls.Get(g) || a.compare(v, int(i), a.best, g)*a.want > 0 {
			a.best.Set(g, v, int(i))
		}
	}
	if a.best.HeapBytes() > a.limit {
		fresh := vector.New(a.best.Type, a.best.Cap())
		for g := range a.n {
			fresh.Set(g, a.best, g)
		}
		a.best = fresh
		a.limit = max(firstLimit, 4*fresh.HeapBytes())
	}
	return nil
}

func (a *extreme) Merge(other function.Aggregator, from, to int) error {
	o := other.(*extreme)
	if !o.best.Null(from) && (a.best.Null(to) || a.compare(o.best, from, a.best, to)*a.want > 0) {
		a.best.Set(to, o.best, from)
	}
	return nil
}

func (a *extreme) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		out.Set(i, a.best, first+i)
	}
	return nil
}

func (a *extreme) Size() int { return 32*a.n + a.best.HeapBytes() }
