package sort

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/optest"
	"datapunk/internal/budget"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/vector"
)

func constant(n int64) expr.Expr {
	return &expr.Const{Typing: expr.Of(types.Int8), Value: vector.Value(types.Int8, n)}
}

func random(r *rand.Rand, in *optest.Input) *plan.Sort {
	n := &plan.Sort{Unary: plan.Unary{Base: plan.Base{Out: in.Out}, Input: in}}
	for range r.IntN(3) + 1 {
		n.Keys = append(n.Keys, plan.SortKey{Expr: in.Column(r.IntN(3)), Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0})
	}
	if r.IntN(3) == 0 {
		n.Top = constant(int64(r.IntN(60)))
		if r.IntN(2) == 0 {
			n.Skip = constant(int64(r.IntN(20)))
		}
	}
	return n
}

// TestSortSpilled: with any memory a sort gives the same rows in the same order, equal
// ones in that of the input, which a plain sort of the rows gives too.
func TestSortSpilled(t *testing.T) {
	merged := 0
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 7))
		in := optest.Random(r, r.IntN(400), []int{1, 5, 100}[r.IntN(3)], 1)
		n := random(r, in)
		want := plainly(in, n)
		for _, l := range []optest.Limits{{}, {Rows: 2}, {Rows: 5}, {Rows: 100}, {Bytes: 8 << 10}, {Bytes: 64 << 10}} {
			env, _ := optest.Env(t, l)
			s, err := New(env, n, in)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got := optest.Run(t, s, r); !slices.Equal(got, want) {
					t.Fatalf("seed %d, %+v, %+v:\n%v\nnot\n%v", seed, n.Keys, l, got, want)
				}
			}
			if u := s.Usage(); u.Method == "external merge" && u.Kind == budget.Sort && u.Disk > 0 {
				merged++
			}
		}
	}
	if merged < 60 {
		t.Errorf("only %d sorts were merged", merged)
	}
}

// plainly sorts by comparing all keys, without prefixes.
func plainly(in *optest.Input, n *plan.Sort) []string {
	rows := make([]int, in.Rows.N)
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		for _, k := range n.Keys {
			e := k.Expr.(*expr.Column)
			key := NewKey(e.T, e.C, k.Desc, k.NullsFirst)
			if c := key.Order(in.Rows.Cols[e.ID-1], a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	var out []string
	for _, i := range rows {
		out = append(out, optest.Row(in.Rows, i))
	}
	if n.Top != nil {
		limit := vector.Of[int64](n.Top.(*expr.Const).Value)[0]
		if n.Skip != nil {
			limit += vector.Of[int64](n.Skip.(*expr.Const).Value)[0]
		}
		out = out[:min(int(limit), len(out))]
	}
	return out
}

// TestPrefix: prefixes agree with the order of the values, for every kind of value.
func TestPrefix(t *testing.T) {
	inf := math.Inf(1)
	v := vector.New(types.Float8, 16)
	list := []float64{-inf, -2.5, -1e-300, 0, 1e-300, 2.5, inf, inf - inf}
	copy(vector.Of[float64](v), list)
	for _, desc := range []bool{false, true} {
		k := NewKey(types.Float8, 0, desc, false)
		for i := range list {
			for j := range list {
				a, b := k.short(v, i), k.short(v, j)
				if c := k.Order(v, i, j); c < 0 && a > b || c > 0 && a < b || c == 0 && a != b {
					t.Errorf("%v and %v: order %d, prefixes %x %x", list[i], list[j], c, a, b)
				}
			}
		}
	}
	text := []string{"", "a", "a\x00", "aaaaaaaa", "aaaaaaaab", "b", "é"}
	w := vector.New(types.Bytea, 16)
	for i, s := range text {
		w.SetString(i, s)
	}
	k := NewKey(types.Bytea, 0, false, false)
	for i := range text {
		for j := range text {
			if a, b := k.short(w, i), k.short(w, j); a < b && k.Order(w, i, j) >= 0 {
				t.Errorf("%q and %q", text[i], text[j])
			}
		}
	}
}

func TestFailure(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	in := optest.Random(r, 500, 40, 1)
	failed := errors.New("failed")
	in.Fail = failed
	env, _ := optest.Env(t, optest.Limits{Rows: 7})
	s, err := New(env, random(r, in), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := optest.Try(s, r); err != failed {
		t.Error(err)
	}
}

func BenchmarkSort(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	in := optest.Random(r, 200000, 1<<30, 1)
	in.Batch = 0
	for k, name := range []string{"int4", "text", "numeric"} {
		for _, memory := range []int64{0, 1 << 20} {
			b.Run(fmt.Sprintf("%s/memory=%d", name, memory), func(b *testing.B) {
				env, _ := optest.Env(b, optest.Limits{Bytes: memory})
				n := &plan.Sort{Unary: plan.Unary{Base: plan.Base{Out: in.Out}, Input: in}, Keys: []plan.SortKey{{Expr: in.Column(k)}}}
				s, err := New(env, n, in)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Open(); err != nil {
						b.Fatal(err)
					}
					if err := op.Drain(s, func(*vector.Batch) error { return nil }); err != nil {
						b.Fatal(err)
					}
					s.Close()
				}
			})
		}
	}
}
