// Package setop has DISTINCT, INTERSECT and EXCEPT by hashing whole rows.
package setop

import (
	"datapunk/executor/hash"
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// Seen tells rows met for the first time from repetitions.
type Seen struct {
	keys       []*types.Type
	collations []types.OID
	table      *hash.Table
}

// NewSeen makes an empty memory of rows.
func NewSeen(cols []plan.Column) *Seen {
	s := &Seen{}
	for _, c := range cols {
		s.keys = append(s.keys, c.T)
		s.collations = append(s.collations, c.C)
	}
	s.Reset()
	return s
}

// Reset forgets all rows.
func (s *Seen) Reset() { s.table = hash.New(s.keys, s.collations) }

// New appends the rows of sel not met before to out.
func (s *Seen) New(b *vector.Batch, sel []int32, out []int32) []int32 {
	last := s.table.Len()
	groups := s.table.Groups(b.Cols[:len(s.keys)], b.N, sel, nil)
	for k, g := range groups {
		if int(g) == last {
			out = append(out, sel[k])
			last++
		}
	}
	return out
}

// Distinct drops rows met before.
type Distinct struct {
	env  *op.Env
	in   op.Operator
	seen *Seen
	out  vector.Batch
	sel  []int32
}

// NewDistinct opens a distinct.
func NewDistinct(env *op.Env, node *plan.Distinct, in op.Operator) *Distinct {
	return &Distinct{env: env, in: in, seen: NewSeen(node.Out)}
}

// Open opens the input.
func (d *Distinct) Open() error {
	d.seen.Reset()
	return d.in.Open()
}

// Next passes new rows on.
func (d *Distinct) Next(budget int) (*vector.Batch, error) {
	for {
		b, err := d.in.Next(budget)
		if b == nil || err != nil {
			return nil, err
		}
		d.sel = d.seen.New(b, b.Selection(nil), d.sel[:0])
		if len(d.sel) > 0 {
			d.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: d.sel}
			return &d.out, nil
		}
		if err := d.env.Interrupt(); err != nil {
			return nil, err
		}
	}
}

// Close closes the input.
func (d *Distinct) Close() { d.in.Close() }

// SetOp is INTERSECT and EXCEPT: it counts each row on both sides.
type SetOp struct {
	env         *op.Env
	node        *plan.SetOp
	left, right op.Operator
	table       *hash.Table
	counts      [][2]int64
	order       []int32
	at          int
	out         vector.Batch
}

// NewSetOp opens a set operation.
func NewSetOp(env *op.Env, node *plan.SetOp, left, right op.Operator) *SetOp {
	return &SetOp{env: env, node: node, left: left, right: right}
}

// Open reads both sides.
func (s *SetOp) Open() error {
	var keys []*types.Type
	var collations []types.OID
	for _, c := range s.node.Out {
		keys = append(keys, c.T)
		collations = append(collations, c.C)
	}
	s.table, s.counts, s.order, s.at = hash.New(keys, collations), nil, nil, 0
	for side, in := range []op.Operator{s.left, s.right} {
		if err := in.Open(); err != nil {
			return err
		}
		err := op.Drain(in, func(b *vector.Batch) error {
			for _, g := range s.table.Groups(b.Cols[:len(keys)], b.N, b.Selection(nil), nil) {
				for len(s.counts) <= int(g) {
					s.counts = append(s.counts, [2]int64{})
				}
				s.counts[g][side]++
			}
			return s.env.Interrupt()
		})
		if err != nil {
			return err
		}
		in.Close()
	}
	for row, c := range s.counts {
		var n int64
		switch l, r := c[0], c[1]; {
		case s.node.Kind == logical.Intersect && s.node.All:
			n = min(l, r)
		case s.node.Kind == logical.Intersect:
			n = min(l, r, 1)
		case s.node.All:
			n = l - r
		case l > 0 && r == 0:
			n = 1
		}
		for ; n > 0; n-- {
			s.order = append(s.order, int32(row))
		}
	}
	return nil
}

// Next gives the rows that remain.
func (s *SetOp) Next(budget int) (*vector.Batch, error) {
	n := min(budget, vector.Size, len(s.order)-s.at)
	if n <= 0 {
		return nil, nil
	}
	s.out = vector.Batch{Cols: s.table.Keys.Cols, N: s.table.Len(), Sel: s.order[s.at : s.at+n]}
	s.at += n
	return &s.out, nil
}

// Close forgets the rows.
func (s *SetOp) Close() {
	s.left.Close()
	s.right.Close()
	s.table = nil
}
