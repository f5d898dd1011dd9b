package window

import (
	"cmp"
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
	"datapunk/sql/logical"
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

// inRangeInt4 is in_range(int4, int4, int4, bool, bool).
const inRangeInt4 = 4128

// sorted is random rows by their first two columns, as a window wants them.
func sorted(r *rand.Rand, n, few int) *optest.Input {
	in := optest.Random(r, n, few, 1)
	key := func(k, i int) string {
		c := in.Rows.Cols[k]
		switch {
		case c.Null(i):
			return "~"
		case k == 0:
			return fmt.Sprintf("%010d", 1000000+int(vector.Of[int32](c)[i]))
		}
		return c.String(i)
	}
	order := slices.Clone(vector.Sequence(nil, n))
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(key(1, int(a)), key(1, int(b))), cmp.Compare(key(0, int(a)), key(0, int(b))))
	})
	rows := vector.NewBatch(optest.Columns, max(n, 1))
	rows.AppendRows(in.Rows.Cols, order)
	in.Rows = rows
	return in
}

// node has window functions and aggregates over a random frame.
func node(t testing.TB, registry *function.Registry, r *rand.Rand, in *optest.Input) *plan.Window {
	n := &plan.Window{Unary: plan.Unary{Base: plan.Base{Out: in.Out}, Input: in}}
	if r.IntN(3) > 0 {
		n.Partition = []expr.Expr{in.Column(1)}
	}
	if r.IntN(4) > 0 {
		n.Order = []expr.Order{{Expr: in.Column(0)}}
	}
	f := &n.Frame
	f.Mode, f.Exclude = logical.FrameMode(r.IntN(3)), logical.Exclusion(r.IntN(4))
	f.Start, f.End = logical.Bound(r.IntN(4)), logical.Bound(1+r.IntN(4))
	offset := func() expr.Expr {
		if f.Mode == logical.Range {
			return expr.NewConst(types.Int4, int32(r.IntN(5)))
		}
		return expr.NewConst(types.Int8, int64(r.IntN(5)))
	}
	if f.Mode == logical.Range && n.Order == nil {
		f.Start, f.End = logical.UnboundedPreceding, logical.CurrentRow
	}
	if f.Start == logical.Preceding || f.Start == logical.Following {
		f.StartValue, f.StartInRange = offset(), inRangeInt4
	}
	if f.End == logical.Preceding || f.End == logical.Following {
		f.EndValue, f.EndInRange = offset(), inRangeInt4
	}
	call := func(signature string, out *types.Type, args ...expr.Expr) *expr.Window {
		for _, f := range registry.Funcs() {
			if f.Impl != nil && f.Signature() == signature {
				c := &expr.Window{Typing: expr.Of(out), Func: f, Args: args}
				n.Calls = append(n.Calls, c)
				n.Out = append(n.Out, plan.Column{ID: expr.ColumnID(900 + len(n.Calls)), Typing: expr.Of(out)})
				return c
			}
		}
		t.Fatalf("no function %s", signature)
		return nil
	}
	text, number := in.Column(1), in.Column(3)
	call("row_number()", types.Int8)
	call("dense_rank()", types.Int8)
	call("ntile(int4)", types.Int4, expr.NewConst(types.Int4, int32(1+r.IntN(20))))
	call("lag(anyelement,int4)", types.Int8, number, in.Column(0))
	call("first_value(anyelement)", types.Text, text)
	call("last_value(anyelement)", types.Int8, number)
	call("nth_value(anyelement,int4)", types.Int8, number, expr.NewConst(types.Int4, int32(1+r.IntN(3))))
	call("sum(int4)", types.Int8, in.Column(0)) // can take rows out
	call("max(text)", types.Text, text)         // cannot
	return n
}

// TestSpilled: with any memory a window gives the same rows.
func TestSpilled(t *testing.T) {
	registry := registry(t)
	spilled := int64(0)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 6))
		in := sorted(r, r.IntN(300), []int{1, 4, 40}[r.IntN(3)])
		n := node(t, registry, r, in)
		var want []string
		for _, l := range []optest.Limits{{}, {Rows: 1}, {Rows: 3}, {Rows: 60}, {Bytes: 9 << 10}} {
			env, d := optest.Env(t, l)
			env.Functions = registry
			w, err := New(env, n, in)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got := optest.Run(t, w, r)
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, %+v, %+v: %d rows, not %d\n%v\n%v", seed, n.Frame, l, len(got), len(want), got, want)
				}
			}
			spilled += d.Counts()["window"]
		}
	}
	if spilled < 100 {
		t.Errorf("only %d partitions spilled", spilled)
	}
}

// BenchmarkWindow: one partition of many rows, and a partition for each few.
func BenchmarkWindow(b *testing.B) {
	registry := registry(b)
	for _, few := range []int{1, 1 << 30} {
		for _, memory := range []int64{0, 1 << 20} {
			b.Run(fmt.Sprintf("few=%d/memory=%d", few, memory), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				in := sorted(r, 200000, few)
				in.Batch = 0
				n := node(b, registry, r, in)
				n.Partition, n.Order, n.Frame = []expr.Expr{in.Column(1)}, []expr.Order{{Expr: in.Column(0)}}, logical.Frame{Mode: logical.RowsMode, End: logical.CurrentRow}
				env, _ := optest.Env(b, optest.Limits{Bytes: memory})
				w, err := New(env, n, in)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := w.Open(); err != nil {
						b.Fatal(err)
					}
					if err := op.Drain(w, func(*vector.Batch) error { return nil }); err != nil {
						b.Fatal(err)
					}
					w.Close()
				}
			})
		}
	}
}
