// Package agg is the aggregates: the manual's section 9.21.
//
// State lies in slices indexed by group; adding a number to a group allocates
// nothing. Keys are signatures, since pg_proc gives aggregates no prosrc.
//
// Invariants: an aggregator skips nulls where PostgreSQL's does; values that it
// keeps are copies; what can take rows out again (function.Retractor) gives the
// same result as if they had never been there, to the last digit.
package agg

import (
	"datapunk/sql/function"
	"datapunk/types"
)

// Table lists the aggregates.
func Table() function.Table {
	t := function.Table{
		"count()":    agg(func(*function.Call) function.Aggregator { return &count{star: true} }),
		"count(any)": agg(func(*function.Call) function.Aggregator { return &count{} }),
	}
	sums(t)
	extremes(t)
	logic(t)
	collections(t)
	deviations(t)
	regressions(t)
	orderedSets(t)
	documents(t)
	hypotheticals(t)
	return t
}

func agg(make func(*function.Call) function.Aggregator) function.Impl {
	return function.Impl{Agg: func(c *function.Call) (function.Aggregator, error) { return make(c), nil }}
}

// grow extends a slice to n elements.
func grow[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		old := len(s)
		s = s[:n]
		clear(s[old:])
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// elemType is the element type of an array result.
func elemType(c *function.Call) *types.Type { return c.Return.Root().Elem }
