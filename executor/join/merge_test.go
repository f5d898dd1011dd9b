package join

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/optest"
	"datapunk/executor/sort"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// sorted gives the rows of an input in the order of columns.
func sorted(t testing.TB, in *optest.Input, columns []int, desc []bool, nullsFirst bool) *optest.Input {
	t.Helper()
	n := &plan.Sort{Unary: plan.Unary{Base: plan.Base{Out: in.Out}, Input: in}}
	for i, k := range columns {
		n.Keys = append(n.Keys, plan.SortKey{Expr: in.Column(k), Desc: desc[i], NullsFirst: nullsFirst})
	}
	env, _ := optest.Env(t, optest.Limits{})
	s, err := sort.New(env, n, in)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	out := &optest.Input{Base: in.Base, Rows: vector.NewBatch(optest.Columns, 1), Batch: in.Batch}
	if err := op.Drain(s, func(b *vector.Batch) error {
		out.Rows.AppendRows(b.Cols, b.Selection(nil))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// merged makes the plan of a merge join of sorted inputs.
func merged(t testing.TB, kind logical.JoinKind, left, right *optest.Input, columns []int, desc []bool, on bool) *plan.Join {
	j := node(t, kind, left, right, columns, on)
	j.Method, j.Desc = plan.MergeJoin, desc
	return j
}

// looped is the same join as a nested loop.
func looped(t testing.TB, j *plan.Join) *plan.Join {
	loop := *j
	loop.Method, loop.LeftKeys, loop.RightKeys, loop.Equals = plan.NestLoop, nil, nil, nil
	for i, k := range j.LeftKeys {
		equal := operator(t, "=", k.Type())
		loop.On = append(loop.On, &expr.Call{Typing: expr.Of(types.BoolType), Func: equal, Args: []expr.Expr{k, j.RightKeys[i]}})
	}
	return &loop
}

// TestMerge: a merge join gives the rows of a nested loop, of every kind, with any memory,
// whatever the order of its inputs, and keeps that of the left one.
func TestMerge(t *testing.T) {
	kept := 0
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(25) {
				r := rand.New(rand.NewPCG(seed, uint64(kind)))
				few := []int{1, 3, 40, 1000}[r.IntN(4)]
				left, right := optest.Random(r, r.IntN(80), few, 1), optest.Random(r, r.IntN(80), few, 101)
				left.Batch, right.Batch = []int{1, 7, 100}[r.IntN(3)], []int{1, 7, 100}[r.IntN(3)]
				columns := [][]int{{0}, {1}, {2, 1}, {0, 2}}[r.IntN(4)]
				desc := []bool{r.IntN(3) == 0, r.IntN(3) == 0}[:len(columns)]
				left, right = sorted(t, left, columns, desc, r.IntN(2) == 0), sorted(t, right, columns, desc, r.IntN(2) == 0)
				j := merged(t, kind, left, right, columns, desc, r.IntN(2) == 0)
				env, _ := optest.Env(t, optest.Limits{})
				n, err := NewNested(env, looped(t, j), left, right)
				if err != nil {
					t.Fatal(err)
				}
				want := optest.Sorted(optest.Run(t, n, r))
				for _, l := range []optest.Limits{{}, {Rows: 1}, {Rows: 5}, {Bytes: 1 << 10}} {
					env, d := optest.Env(t, l)
					m, err := NewMerge(env, j, left, right)
					if err != nil {
						t.Fatal(err)
					}
					for range 2 { // O4
						got := optest.Run(t, m, r)
						if kind != logical.Full {
							inOrder(t, left, got)
						}
						if slices.Sort(got); !slices.Equal(got, want) {
							t.Fatalf("seed %d, columns %v, desc %v, condition %v, %+v:\n%v\nnot\n%v", seed, columns, desc, j.On != nil, l, got, want)
						}
					}
					kept += int(d.Counts()["kept rows"])
				}
			}
		})
	}
	if kept < 300 {
		t.Errorf("only %d groups were on disk", kept)
	}
}

// inOrder checks that joined rows come in the order of the left ones.
func inOrder(t *testing.T, left *optest.Input, rows []string) {
	t.Helper()
	at := 0
	for _, row := range rows {
		for at < left.Rows.N && !strings.HasPrefix(row+"|", optest.Row(left.Rows, at)+"|") {
			at++
		}
	}
	if at >= left.Rows.N && len(rows) > 0 {
		t.Error("the left rows have lost their order")
	}
}

// TestMergeWidths: keys of different width are equal where their values are.
func TestMergeWidths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	left, right := optest.Random(r, 300, 100, 1), optest.Random(r, 300, 100, 101)
	left = sorted(t, left, []int{0}, []bool{false}, false)
	j := merged(t, logical.Inner, left, right, []int{0}, []bool{false}, false)
	j.RightKeys = []expr.Expr{right.Column(3)} // 0 to 299
	env, _ := optest.Env(t, optest.Limits{})
	m, err := NewMerge(env, j, left, right)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for i, v := range vector.Of[int32](left.Rows.Cols[0])[:left.Rows.N] {
		if v >= 0 && !left.Rows.Cols[0].Null(i) {
			want++
		}
	}
	if got := optest.Run(t, m, r); len(got) != want {
		t.Errorf("%d rows, not %d", len(got), want)
	}
}

// TestMergeFailure: what ends a join early leaves nothing, and its error is the one that
// was raised.
func TestMergeFailure(t *testing.T) {
	failed := errors.New("failed")
	r := rand.New(rand.NewPCG(1, 1))
	left, right := optest.Random(r, 300, 3, 1), optest.Random(r, 300, 3, 101)
	left, right = sorted(t, left, []int{0}, []bool{false}, false), sorted(t, right, []int{0}, []bool{false}, false)
	j := merged(t, logical.Full, left, right, []int{0}, []bool{false}, true)
	for what, fail := range map[string]*optest.Input{"left": left, "right": right} {
		fail.Fail = failed
		env, _ := optest.Env(t, optest.Limits{Rows: 10})
		m, err := NewMerge(env, j, left, right)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := optest.Try(m, r); err != failed {
			t.Errorf("%s: %v", what, err)
		}
		fail.Fail = nil
	}
	for want, l := range map[string]optest.Limits{"ERROR: temporary file size exceeds temp_file_limit (1kB) (SQLSTATE 53400)": {Rows: 10, Files: 1 << 10}, "ERROR: out of memory (SQLSTATE 53200)": {Node: 1}} {
		env, _ := optest.Env(t, l)
		m, err := NewMerge(env, j, left, right)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := optest.Try(m, r); err == nil || err.Error() != want {
			t.Errorf("%v, not %q", err, want)
		}
	}
	env, _ := optest.Env(t, optest.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	env.Context = ctx
	m, err := NewMerge(env, j, left, right)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := optest.Try(m, r); err == nil {
		t.Error("a cancelled join goes on")
	}
}

func BenchmarkMerge(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	left, right := optest.Random(r, 200000, 1<<30, 1), optest.Random(r, 200000, 1<<30, 101)
	left.Batch, right.Batch = 0, 0
	for _, column := range []int{3, 2} {
		b.Run(fmt.Sprint(optest.Columns[column].Name), func(b *testing.B) {
			columns, desc := []int{column}, []bool{false}
			left, right := sorted(b, left, columns, desc, false), sorted(b, right, columns, desc, false)
			env, _ := optest.Env(b, optest.Limits{})
			m, err := NewMerge(env, merged(b, logical.Inner, left, right, columns, desc, false), left, right)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				drain(b, m)
			}
		})
	}
}
