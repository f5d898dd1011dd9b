package flow

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/types"
	"datapunk/types/vector"
)

// Recursion runs its second term over what the last round gave until a round
// gives nothing new.
type Recursion struct {
	env         *op.Env
	left, right op.Operator
	types       []*types.Type
	seen        Seen
	work, fresh *spill.Rows // of the last round, and of this one
	first       bool        // round
	sel         []int32
	out         vector.Batch
}

// Seen tells new rows from old ones (UNION).
type Seen interface {
	New(b *vector.Batch, sel []int32, out []int32) ([]int32, error)
	Reset()
	Close()
}

// NewRecursion makes a recursive union; work tables read Work.
func NewRecursion(env *op.Env, node *plan.RecursiveUnion, seen Seen) *Recursion {
	r := &Recursion{env: env, seen: seen}
	for _, c := range node.Out {
		r.types = append(r.types, c.T)
	}
	return r
}

// Terms sets the two terms.
func (r *Recursion) Terms(left, right op.Operator) { r.left, r.right = left, right }

// Part is the last round's rows, for the second term.
func (r *Recursion) Part(n int) (*spill.Rows, error) {
	if n > 0 {
		return nil, nil
	}
	return r.work, nil
}

// More is false: a round is whole when it is read.
func (r *Recursion) More(int) (bool, error) { return false, nil }

// Open starts with the first term.
func (r *Recursion) Open() error {
	r.forget()
	r.first = true
	r.work, r.fresh = r.env.Space.NewRows(spill.Recursion, r.types), r.env.Space.NewRows(spill.Recursion, r.types)
	if r.seen != nil {
		r.seen.Reset()
	}
	return r.left.Open()
}

// Next gives the rows of the current round and collects them for the next.
func (r *Recursion) Next(budget int) (*vector.Batch, error) {
	for {
		in := r.right
		if r.first {
			in = r.left
		}
		b, err := in.Next(budget)
		if err != nil {
			return nil, err
		}
		if b == nil {
			in.Close()
			if r.fresh.Len() == 0 {
				return nil, nil
			}
			if err := r.turn(); err != nil {
				return nil, err
			}
			continue
		}
		sel := b.Selection(nil)
		if r.seen != nil {
			if r.sel, err = r.seen.New(b, sel, r.sel[:0]); err != nil {
				return nil, err
			}
			sel = r.sel
		}
		if len(sel) == 0 {
			continue
		}
		if err := r.fresh.Add(b.Cols, sel); err != nil {
			return nil, err
		}
		r.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: sel}
		return &r.out, nil
	}
}

// turn begins a round over the rows of the one that has ended.
func (r *Recursion) turn() error {
	r.work, r.fresh, r.first = r.fresh, r.work, false
	r.fresh.Reset()
	if err := r.work.Finish(); err != nil {
		return err
	}
	if err := r.env.Interrupt(); err != nil {
		return err
	}
	return r.right.Open()
}

// Close closes the terms.
func (r *Recursion) Close() {
	r.left.Close()
	r.right.Close()
	r.forget()
}

// forget drops the rows.
func (r *Recursion) forget() {
	for _, rows := range []*spill.Rows{r.work, r.fresh} {
		if rows != nil {
			rows.Close()
		}
	}
	r.work, r.fresh = nil, nil
	if r.seen != nil {
		r.seen.Close()
	}
}
