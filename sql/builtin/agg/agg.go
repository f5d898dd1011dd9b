// Package agg is the aggregates.
//
// State lies in slices indexed by group; adding a number to a group allocates
// nothing. Keys are signatures, since pg_proc gives aggregates no prosrc.
package agg

import (
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/kernel"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// Table lists the aggregates.
func Table() function.Table {
	t := function.Table{
		"count()":                agg(func(*function.Call) function.Aggregator { return &count{star: true} }),
		"count(any)":             agg(func(*function.Call) function.Aggregator { return &count{} }),
		"sum(int2)":              agg(func(*function.Call) function.Aggregator { return &sumInt[int16]{} }),
		"sum(int4)":              agg(func(*function.Call) function.Aggregator { return &sumInt[int32]{} }),
		"sum(int8)":              agg(func(*function.Call) function.Aggregator { return &sumNumeric{} }),
		"sum(numeric)":           agg(func(*function.Call) function.Aggregator { return &sumNumeric{} }),
		"avg(int2)":              agg(func(*function.Call) function.Aggregator { return &sumNumeric{avg: true} }),
		"avg(int4)":              agg(func(*function.Call) function.Aggregator { return &sumNumeric{avg: true} }),
		"avg(int8)":              agg(func(*function.Call) function.Aggregator { return &sumNumeric{avg: true} }),
		"avg(numeric)":           agg(func(*function.Call) function.Aggregator { return &sumNumeric{avg: true} }),
		"sum(float8)":            agg(func(*function.Call) function.Aggregator { return &sumFloat{} }),
		"sum(float4)":            agg(func(*function.Call) function.Aggregator { return &sumFloat{} }),
		"avg(float8)":            agg(func(*function.Call) function.Aggregator { return &sumFloat{avg: true} }),
		"avg(float4)":            agg(func(*function.Call) function.Aggregator { return &sumFloat{avg: true} }),
		"bool_and(bool)":         agg(func(*function.Call) function.Aggregator { return &boolean{and: true} }),
		"every(bool)":            agg(func(*function.Call) function.Aggregator { return &boolean{and: true} }),
		"bool_or(bool)":          agg(func(*function.Call) function.Aggregator { return &boolean{} }),
		"string_agg(text,text)":  agg(func(*function.Call) function.Aggregator { return &stringAgg{} }),
		"array_agg(anynonarray)": agg(func(c *function.Call) function.Aggregator { return &arrayAgg{elem: c.Args[0]} }),
	}
	for _, name := range []string{"int2", "int4", "int8", "float4", "float8", "numeric", "text", "bpchar", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "oid", "tid", "anyarray", "pg_lsn"} {
		t["min("+name+")"] = agg(func(c *function.Call) function.Aggregator { return newExtreme(c, -1) })
		t["max("+name+")"] = agg(func(c *function.Call) function.Aggregator { return newExtreme(c, 1) })
	}
	return t
}

func agg(make func(*function.Call) function.Aggregator) function.Impl {
	return function.Impl{Agg: func(c *function.Call) (function.Aggregator, error) { return make(c), nil }}
}

// grow extends a slice to n elements.
func grow[T any](s []T, n int) []T {
	for len(s) < n {
		s = append(s, *new(T))
	}
	return s
}

// count counts rows, or values that are not null.
type count struct {
	star bool
	n    []int64
}

func (a *count) Grow(n int) { a.n = grow(a.n, n) }

func (a *count) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	if a.star || len(args) == 0 || len(args[0].Nulls) == 0 {
		for _, g := range groups {
			a.n[g]++
		}
		return nil
	}
	for k, i := range sel {
		if !args[0].Null(int(i)) {
			a.n[groups[k]]++
		}
	}
	return nil
}

func (a *count) Remove(group int32, args []*vector.Vector, row int32) error {
	if a.star || len(args) == 0 || !args[0].Null(int(row)) {
		a.n[group]--
	}
	return nil
}

func (a *count) Merge(other function.Aggregator, from, to int) error {
	a.n[to] += other.(*count).n[from]
	return nil
}

func (a *count) Result(first, n int, out *vector.Vector) error {
	copy(vector.Of[int64](out), a.n[first:first+n])
	return nil
}

func (a *count) Size() int { return 8 * len(a.n) }

// sumInt sums int2 and int4 into int8, which the number of rows cannot overflow.
type sumInt[T int16 | int32] struct {
	sum []int64
	n   []int64
}

func (a *sumInt[T]) Grow(n int) { a.sum, a.n = grow(a.sum, n), grow(a.n, n) }

func (a *sumInt[T]) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v, mask := vector.Of[T](args[0]), args[0].Mask()
	nulls := args[0].Nulls
	for k, i := range sel {
		if j := int(i) & mask; len(nulls) == 0 || !nulls.Get(j) {
			a.sum[groups[k]] += int64(v[j])
			a.n[groups[k]]++
		}
	}
	return nil
}

func (a *sumInt[T]) Remove(group int32, args []*vector.Vector, row int32) error {
	if !args[0].Null(int(row)) {
		a.sum[group] -= int64(vector.Of[T](args[0])[args[0].Index(int(row))])
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
	for i := range n {
		if a.n[first+i] == 0 {
			out.SetNull(i)
		} else {
			vector.Of[int64](out)[i] = a.sum[first+i]
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
	v := args[0]
	for k, i := range sel {
		j := v.Index(int(i))
		if v.Nulls.Get(j) {
			continue
		}
		s := &a.state[groups[k]]
		switch v.Phys() {
		case types.Int16:
			s.AddInt64(int64(vector.Of[int16](v)[j]))
		case types.Int32:
			s.AddInt64(int64(vector.Of[int32](v)[j]))
		case types.Int64:
			s.AddInt64(vector.Of[int64](v)[j])
		default:
			s.Add(vector.Of[numeric.Decimal](v)[j])
		}
	}
	return nil
}

func (a *sumNumeric) Merge(other function.Aggregator, from, to int) error {
	a.state[to].Merge(&other.(*sumNumeric).state[from])
	return nil
}

func (a *sumNumeric) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		s := &a.state[first+i]
		d, ok, err := s.Result()
		if a.avg {
			d, ok, err = s.Avg()
		}
		if err != nil {
			return err
		}
		if !ok {
			out.SetNull(i)
		} else {
			vector.Of[numeric.Decimal](out)[i] = d
		}
	}
	return nil
}

func (a *sumNumeric) Size() int { return 64 * len(a.state) }

// sumFloat sums floats in double precision.
type sumFloat struct {
	avg bool
	sum []float64
	n   []int64
}

func (a *sumFloat) Grow(n int) { a.sum, a.n = grow(a.sum, n), grow(a.n, n) }

func (a *sumFloat) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v := args[0]
	for k, i := range sel {
		j := v.Index(int(i))
		if v.Nulls.Get(j) {
			continue
		}
		if v.Phys() == types.Float32 {
			a.sum[groups[k]] += float64(vector.Of[float32](v)[j])
		} else {
			a.sum[groups[k]] += vector.Of[float64](v)[j]
		}
		a.n[groups[k]]++
	}
	return nil
}

func (a *sumFloat) Merge(other function.Aggregator, from, to int) error {
	o := other.(*sumFloat)
	a.sum[to] += o.sum[from]
	a.n[to] += o.n[from]
	return nil
}

func (a *sumFloat) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		g := first + i
		switch {
		case a.n[g] == 0:
			out.SetNull(i)
		case a.avg:
			vector.Of[float64](out)[i] = a.sum[g] / float64(a.n[g])
		case out.Phys() == types.Float32:
			vector.Of[float32](out)[i] = float32(a.sum[g])
		default:
			vector.Of[float64](out)[i] = a.sum[g]
		}
	}
	return nil
}

func (a *sumFloat) Size() int { return 16 * len(a.sum) }

// extreme is min and max by the type's order.
type extreme struct {
	want    int
	compare kernel.Compare
	best    *vector.Vector
	t       *types.Type
	n       int
}

func newExtreme(c *function.Call, want int) *extreme {
	return &extreme{want: want, compare: kernel.Comparer(c.Args[0], c.Collation), t: c.Return, best: vector.New(c.Return, 1)}
}

func (a *extreme) Grow(n int) {
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

func (a *extreme) Size() int { return 16*a.n + a.best.HeapBytes() }

// boolean is bool_and and bool_or.
type boolean struct {
	and   bool
	value []bool
	n     []int64
}

func (a *boolean) Grow(n int) {
	for len(a.value) < n {
		a.value, a.n = append(a.value, a.and), append(a.n, 0)
	}
}

func (a *boolean) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v := args[0]
	for k, i := range sel {
		j := v.Index(int(i))
		if v.Nulls.Get(j) {
			continue
		}
		if g := groups[k]; vector.Of[bool](v)[j] != a.and {
			a.value[g] = !a.and
			a.n[g]++
		} else {
			a.n[g]++
		}
	}
	return nil
}

func (a *boolean) Merge(other function.Aggregator, from, to int) error {
	o := other.(*boolean)
	if o.value[from] != a.and {
		a.value[to] = !a.and
	}
	a.n[to] += o.n[from]
	return nil
}

func (a *boolean) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		if a.n[first+i] == 0 {
			out.SetNull(i)
		}
		vector.Of[bool](out)[i] = a.value[first+i]
	}
	return nil
}

func (a *boolean) Size() int { return 9 * len(a.n) }

// stringAgg joins strings, each after its own delimiter.
type stringAgg struct {
	text [][]byte
	some []bool
}

func (a *stringAgg) Grow(n int) { a.text, a.some = grow(a.text, n), grow(a.some, n) }

func (a *stringAgg) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			continue
		}
		g := groups[k]
		if a.some[g] && !args[1].Null(int(i)) {
			a.text[g] = append(a.text[g], args[1].Bytes(int(i))...)
		}
		a.text[g], a.some[g] = append(a.text[g], args[0].Bytes(int(i))...), true
	}
	return nil
}

// Merge cannot know the delimiter between the parts; the executor does not ask for it.
func (a *stringAgg) Merge(other function.Aggregator, from, to int) error {
	o := other.(*stringAgg)
	a.text[to], a.some[to] = append(a.text[to], o.text[from]...), a.some[to] || o.some[from]
	return nil
}

func (a *stringAgg) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		if !a.some[first+i] {
			out.SetNull(i)
		} else {
			out.SetBytes(i, a.text[first+i])
		}
	}
	return nil
}

func (a *stringAgg) Size() int {
	n := 0
	for _, t := range a.text {
		n += 32 + cap(t)
	}
	return n
}

// arrayAgg gathers values into arrays, nulls included.
type arrayAgg struct {
	elem   *types.Type
	values *vector.Vector
	n      int
	rows   [][]int32
}

func (a *arrayAgg) Grow(n int) { a.rows = grow(a.rows, n) }

func (a *arrayAgg) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	if a.values == nil {
		a.values = vector.New(a.elem, vector.Size)
	}
	a.values.Grow(a.n + len(sel))
	for k, i := range sel {
		a.values.Set(a.n, args[0], int(i))
		a.rows[groups[k]] = append(a.rows[groups[k]], int32(a.n))
		a.n++
	}
	return nil
}

func (a *arrayAgg) Merge(other function.Aggregator, from, to int) error {
	o := other.(*arrayAgg)
	for _, r := range o.rows[from] {
		if err := a.Add([]int32{int32(to)}, []*vector.Vector{o.values}, []int32{r}); err != nil {
			return err
		}
	}
	return nil
}

func (a *arrayAgg) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		rows := a.rows[first+i]
		if rows == nil {
			out.SetNull(i)
			continue
		}
		out.SetBytes(i, array.Append(nil, a.elem.OID, []array.Dim{{Length: int32(len(rows)), Lower: 1}}, a.values, rows))
	}
	return nil
}

func (a *arrayAgg) Size() int { return 24*a.n + 24*len(a.rows) }
