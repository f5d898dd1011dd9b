package setop

import (
	"math/rand/v2"
	"slices"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/optest"
	"datapunk/planner/plan"
	"datapunk/sql/logical"
)

var limits = []optest.Limits{{}, {Rows: 1}, {Rows: 4}, {Rows: 50}, {Bytes: 20 << 10}}

// narrow keeps the first columns, so that rows repeat.
func narrow(in *optest.Input, n int) *optest.Input {
	in.Rows.Cols, in.Out = in.Rows.Cols[:n], in.Out[:n]
	return in
}

// TestSpilled: with any memory DISTINCT, INTERSECT and EXCEPT give the same rows.
func TestSpilled(t *testing.T) {
	spilled := int64(0)
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		width, few := 1+r.IntN(2), []int{2, 9, 100}[r.IntN(3)]
		left, right := narrow(optest.Random(r, r.IntN(300), few, 1), width), narrow(optest.Random(r, r.IntN(300), few, 101), width)
		kind, all := []logical.SetKind{logical.Intersect, logical.Except}[r.IntN(2)], r.IntN(2) == 0
		for what, build := range map[string]func(*op.Env) op.Operator{
			"distinct": func(env *op.Env) op.Operator {
				return NewDistinct(env, &plan.Distinct{Unary: plan.Unary{Base: plan.Base{Out: left.Out}, Input: left}}, left)
			},
			"set operation": func(env *op.Env) op.Operator {
				return NewSetOp(env, &plan.SetOp{Base: plan.Base{Out: left.Out}, Kind: kind, All: all, Left: left, Right: right}, left, right)
			},
		} {
			var want []string
			for _, l := range limits {
				env, d := optest.Env(t, l)
				o := build(env)
				for range 2 {
					got := optest.Sorted(optest.Run(t, o, r))
					if want == nil {
						want = got
					}
					if !slices.Equal(got, want) {
						t.Fatalf("%s, seed %d, %+v: %d rows, not %d", what, seed, l, len(got), len(want))
					}
				}
				spilled += d.Counts()[what]
			}
		}
	}
	if spilled < 100 {
		t.Errorf("only %d spilled", spilled)
	}
}
