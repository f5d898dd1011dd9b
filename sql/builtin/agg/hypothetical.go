package agg

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

func hypotheticals(t function.Table) {
	add := func(name string, f func(s *place) any) {
		t[name+"(any)"] = agg(func(c *function.Call) function.Aggregator {
			a := &hypothetical{f: f, order: c.Order}
			for _, arg := range c.Args[:len(c.Args)/2] {
				a.compare = append(a.compare, kernel.Comparer(arg, c.Collation))
			}
			return a
		})
	}
	add("rank", func(s *place) any { return s.less + 1 })
	add("dense_rank", func(s *place) any { return s.distinct + 1 })
	add("percent_rank", func(s *place) any {
		if s.n == 0 {
			return 0.0
		}
		return float64(s.less) / float64(s.n)
	})
	add("cume_dist", func(s *place) any { return float64(s.less+s.equal+1) / float64(s.n+1) })
}

// place is where the row that is not there would stand.
type place struct {
	n, less, equal, distinct int64
	last                     []*vector.Vector // the row before, if it was less
}

// hypothetical counts the rows before the one that the direct arguments are.
type hypothetical struct {
	f       func(s *place) any
	order   []function.Order
	compare []kernel.Compare
	state   []place
}

func (a *hypothetical) Grow(n int) { a.state = grow(a.state, n) }

// less orders two rows as WITHIN GROUP sorts.
func (a *hypothetical) less(x []*vector.Vector, i int, y []*vector.Vector, j int) int {
	for k, compare := range a.compare {
		var o function.Order
		if k < len(a.order) {
			o = a.order[k]
		}
		xn, yn := x[k].Null(i), y[k].Null(j)
		switch {
		case xn && yn:
			continue
		case xn != yn:
			if xn == o.NullsFirst {
				return -1
			}
			return 1
		}
		if c := compare(x[k], i, y[k], j); c != 0 {
			if o.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

func (a *hypothetical) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	half := len(args) / 2
	direct, rows := args[:half], args[half:]
	for k, i := range sel {
		s := &a.state[groups[k]]
		s.n++
		switch c := a.less(rows, int(i), direct, int(i)); {
		case c == 0:
			s.equal++
		case c < 0:
			s.less++
			if s.last == nil || a.less(s.last, 0, rows, int(i)) != 0 {
				s.distinct++
				s.last = nil
				for _, v := range rows {
					s.last = append(s.last, vector.NewConst(v, int(i)))
				}
			}
		}
	}
	return nil
}

func (a *hypothetical) Merge(other function.Aggregator, from, to int) error {
	s, o := &a.state[to], &other.(*hypothetical).state[from]
	s.n += o.n
	s.less += o.less
	s.equal += o.equal
	s.distinct += o.distinct
	return nil
}

func (a *hypothetical) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		switch r := a.f(&a.state[first+i]).(type) {
		case int64:
			loop.Put(out, i, r)
		case float64:
			loop.Put(out, i, r)
		}
	}
	return nil
}

func (a *hypothetical) Size() int { return 64 * len(a.state) }
