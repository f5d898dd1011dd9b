package agg

import (
	"datapunk/sql/function"
	"datapunk/types/vector"
)

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
