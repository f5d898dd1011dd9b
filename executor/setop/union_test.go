package setop

import (
	"math/rand/v2"
	"slices"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/optest"
	"datapunk/types/vector"
)

// TestUnionSpilled: with any memory the same rows are new, in the same order.
func TestUnionSpilled(t *testing.T) {
	spilled := int64(0)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 8))
		in := narrow(optest.Random(r, r.IntN(600), []int{3, 20, 300}[r.IntN(3)], 1), 1+r.IntN(3))
		var want []string
		for _, l := range limits {
			env, d := optest.Env(t, l)
			u := NewUnion(env, in.Out)
			for range 2 {
				u.Reset()
				if err := in.Open(); err != nil {
					t.Fatal(err)
				}
				var got []string
				err := op.Drain(in, func(b *vector.Batch) error {
					sel, err := u.New(b, b.Selection(nil), nil)
					for _, i := range sel {
						got = append(got, optest.Row(b, int(i)))
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, %+v: %d rows, not %d", seed, l, len(got), len(want))
				}
			}
			u.Close()
			spilled += d.Counts()["recursion"]
		}
		if !slices.Equal(slices.Compact(optest.Sorted(slices.Clone(want))), optest.Sorted(slices.Clone(want))) {
			t.Fatalf("seed %d: a row came twice", seed)
		}
	}
	if spilled < 100 {
		t.Errorf("only %d runs were written", spilled)
	}
}
