package join

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/optest"
	"datapunk/planner/plan"
	"datapunk/sql/builtin"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"
)

var kinds = map[string]logical.JoinKind{"inner": logical.Inner, "left": logical.Left, "full": logical.Full, "semi": logical.Semi, "anti": logical.Anti}

var registry = sync.OnceValues(func() (*function.Registry, error) { return function.New(builtin.Tables()...) })

// operator finds the function of an operator on two values of a type.
func operator(t testing.TB, name string, of *types.Type) *function.Func {
	t.Helper()
	r, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	return r.FindOperator(name, of, of).Func
}

// node makes the plan of a join on the given columns; on adds the condition that the
// left row's number is less than the right's.
func node(t testing.TB, kind logical.JoinKind, left, right *optest.Input, columns []int, on bool) *plan.Join {
	j := &plan.Join{Kind: kind, Left: left, Right: right, Method: plan.HashJoin}
	for _, k := range columns {
		j.LeftKeys, j.RightKeys = append(j.LeftKeys, left.Column(k)), append(j.RightKeys, right.Column(k))
		j.Equals = append(j.Equals, &expr.Call{Typing: expr.Typing{C: optest.Columns[k].Collation}})
	}
	if on {
		j.On = []expr.Expr{&expr.Call{Typing: expr.Of(types.BoolType), Func: operator(t, "<", types.Int8), Args: []expr.Expr{left.Column(3), right.Column(3)}}}
	}
	j.Out = left.Out
	if kind != logical.Semi && kind != logical.Anti {
		j.Out = append(append([]plan.Column(nil), left.Out...), right.Out...)
	}
	return j
}

// TestHashSpilled: with any memory a join gives the same rows, for every kind, with
// nulls, with few and with many values, and with further conditions.
func TestHashSpilled(t *testing.T) {
	divided := 0
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				r := rand.New(rand.NewPCG(seed, uint64(kind)))
				few := []int{1, 3, 40, 1000}[r.IntN(4)]
				left, right := optest.Random(r, r.IntN(200), few, 1), optest.Random(r, r.IntN(200), few, 101)
				columns := [][]int{{0}, {1}, {2, 1}, {0, 2}}[r.IntN(4)]
				on := r.IntN(2) == 0
				join := func(l optest.Limits) []string {
					env, d := optest.Env(t, l)
					h, err := NewHash(env, node(t, kind, left, right, columns, on), left, right)
					if err != nil {
						t.Fatal(err)
					}
					rows := optest.Run(t, h, r)
					again := optest.Run(t, h, r) // O4
					if slices.Sort(rows); !slices.Equal(rows, optest.Sorted(again)) {
						t.Errorf("seed %d: opened again it gives other rows", seed)
					}
					divided += int(d.Counts()["hash join"])
					return rows
				}
				want := join(optest.Limits{})
				for _, l := range []optest.Limits{{Rows: 2}, {Rows: 50}, {Bytes: 20 << 10}, {Bytes: 64 << 10}} {
					if got := join(l); !slices.Equal(got, want) {
						t.Fatalf("seed %d, columns %v, condition %v, %+v: %d rows, not %d", seed, columns, on, l, len(got), len(want))
					}
				}
			}
		})
	}
	if divided < 80 {
		t.Errorf("only %d joins were divided", divided)
	}
}

// TestNestedSpilled is the same for a nested loop that keeps its right rows.
func TestNestedSpilled(t *testing.T) {
	for name, kind := range kinds {
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, uint64(kind)))
			left, right := optest.Random(r, r.IntN(60), 9, 1), optest.Random(r, r.IntN(60), 9, 101)
			var want []string
			for _, l := range []optest.Limits{{}, {Rows: 1}, {Rows: 7}, {Bytes: 1 << 10}} {
				env, _ := optest.Env(t, l)
				j := node(t, kind, left, right, nil, true)
				n, err := NewNested(env, j, left, right)
				if err != nil {
					t.Fatal(err)
				}
				got := optest.Sorted(optest.Run(t, n, r))
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s, seed %d, %+v: %d rows, not %d", name, seed, l, len(got), len(want))
				}
			}
		}
	}
}

// TestFailure: what ends a join early leaves neither files nor memory (optest.Env
// looks), and its error is the one that was raised.
func TestFailure(t *testing.T) {
	failed := errors.New("failed")
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		left, right := optest.Random(r, 300, 40, 1), optest.Random(r, 300, 40, 101)
		for what, fail := range map[string]*optest.Input{"left": left, "right": right} {
			fail.Fail = failed
			env, _ := optest.Env(t, optest.Limits{Rows: 10})
			h, err := NewHash(env, node(t, logical.Inner, left, right, []int{0}, false), left, right)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := optest.Try(h, r); err != failed {
				t.Errorf("%s: %v", what, err)
			}
			fail.Fail = nil
		}
		// Half read, then left alone: Space.Close removes the files.
		env, d := optest.Env(t, optest.Limits{Rows: 10})
		h, err := NewHash(env, node(t, logical.Inner, left, right, []int{0}, false), left, right)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Open(); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Next(10); err != nil {
			t.Fatal(err)
		}
		if n, err := d.Left(); len(n) == 0 || err != nil {
			t.Error("a join over memory has no file")
		}
		// A limit on files, and one on the node's memory.
		for want, l := range map[string]optest.Limits{"ERROR: temporary file size exceeds temp_file_limit (2kB) (SQLSTATE 53400)": {Rows: 10, Files: 2 << 10}, "ERROR: out of memory (SQLSTATE 53200)": {Node: 1}} {
			env, _ := optest.Env(t, l)
			h, err := NewHash(env, node(t, logical.Inner, left, right, []int{0}, false), left, right)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := optest.Try(h, r); err == nil || err.Error() != want {
				t.Errorf("%v, not %q", err, want)
			}
		}
	}
}

func BenchmarkHash(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	left, right := optest.Random(r, 200000, 1<<30, 1), optest.Random(r, 200000, 1<<30, 101)
	left.Batch, right.Batch = 0, 0
	for _, memory := range []int64{0, 1 << 20} {
		b.Run(fmt.Sprintf("memory=%d", memory), func(b *testing.B) {
			env, _ := optest.Env(b, optest.Limits{Bytes: memory})
			h, err := NewHash(env, node(b, logical.Inner, left, right, []int{3}, false), left, right)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				drain(b, h)
			}
		})
	}
}

func drain(b *testing.B, o op.Operator) {
	if err := o.Open(); err != nil {
		b.Fatal(err)
	}
	for {
		batch, err := o.Next(2048)
		if err != nil {
			b.Fatal(err)
		}
		if batch == nil {
			break
		}
	}
	o.Close()
}
