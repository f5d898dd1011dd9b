package agg

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/optest"
	"datapunk/planner/plan"
	"datapunk/sql/builtin"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

func registry(t testing.TB) *function.Registry {
	r, err := function.New(builtin.Tables()...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func named(t testing.TB, r *function.Registry, signature string) *function.Func {
	for _, f := range r.Funcs() {
		if f.Impl != nil && f.Impl.Agg != nil && f.Signature() == signature {
			return f
		}
	}
	t.Fatalf("no aggregate %s", signature)
	return nil
}

// node groups by columns, perhaps in several sets, with aggregates of several kinds.
func node(t testing.TB, registry *function.Registry, in *optest.Input, keys []int, sets [][]int) *plan.Aggregate {
	n := &plan.Aggregate{Unary: plan.Unary{Input: in}, Sets: sets}
	for _, k := range keys {
		n.Keys = append(n.Keys, in.Column(k))
		n.Out = append(n.Out, in.Out[k])
	}
	call := func(signature string, out *types.Type, args ...int) *expr.Aggregate {
		c := &expr.Aggregate{Typing: expr.Of(out), Func: named(t, registry, signature)}
		for _, a := range args {
			c.Args = append(c.Args, in.Column(a))
		}
		n.Calls = append(n.Calls, c)
		n.Out = append(n.Out, plan.Column{ID: expr.ColumnID(900 + len(n.Calls)), Typing: expr.Of(out)})
		return c
	}
	call("sum(int4)", types.Int8, 0)
	call("sum(numeric)", types.NumericType, 2)
	call("count(any)", types.Int8, 1)
	call("count(any)", types.Int8, 1).Distinct = true
	call("sum(numeric)", types.NumericType, 2).Distinct = true
	call("string_agg(text,text)", types.Text, 1, 1).Order = []expr.Order{{Expr: in.Column(2), Desc: true}, {Expr: in.Column(3)}}
	call("min(text)", types.Text, 1)
	return n
}

// TestAggregateSpilled: with any memory the groups are the same, for one set of keys and
// for several, with DISTINCT and ORDER BY in the calls.
func TestAggregateSpilled(t *testing.T) {
	registry := registry(t)
	spilled := 0
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 3))
		in := optest.Random(r, r.IntN(300), []int{2, 6, 40, 1000}[r.IntN(4)], 1)
		keys := [][]int{{0}, {1, 2}, {3}, {0, 1}}[r.IntN(4)]
		var sets [][]int
		if len(keys) > 1 && r.IntN(2) == 0 {
			sets = [][]int{{0, 1}, {0}, {}, {1}}
		}
		var want []string
		for _, l := range []optest.Limits{{}, {Rows: 1}, {Rows: 4}, {Rows: 60}, {Bytes: 30 << 10}, {Bytes: 64 << 10}} {
			env, d := optest.Env(t, l)
			a, err := New(env, node(t, registry, in, keys, sets), in)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got := optest.Sorted(optest.Run(t, a, r))
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, %+v: %d groups, not %d\n%v\n%v", seed, l, len(got), len(want), got, want)
				}
			}
			spilled += int(d.Counts()["hash aggregate"])
		}
	}
	if spilled < 100 {
		t.Errorf("only %d aggregations spilled", spilled)
	}
}

func TestFailure(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	in := optest.Random(r, 300, 100, 1)
	failed := errors.New("failed")
	in.Fail = failed
	env, _ := optest.Env(t, optest.Limits{Rows: 7})
	a, err := New(env, node(t, registry(t), in, []int{0, 1}, nil), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := optest.Try(a, r); err != failed {
		t.Error(err)
	}
}

func BenchmarkGroup(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	in := optest.Random(r, 200000, 1<<30, 1)
	in.Batch = 0
	for _, memory := range []int64{0, 1 << 20} {
		b.Run(fmt.Sprintf("memory=%d", memory), func(b *testing.B) {
			env, _ := optest.Env(b, optest.Limits{Bytes: memory})
			n := node(b, registry(b), in, []int{3}, nil)
			n.Calls, n.Out = n.Calls[:3], n.Out[:4]
			a, err := New(env, n, in)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := a.Open(); err != nil {
					b.Fatal(err)
				}
				if err := op.Drain(a, func(*vector.Batch) error { return nil }); err != nil {
					b.Fatal(err)
				}
				a.Close()
			}
		})
	}
}
