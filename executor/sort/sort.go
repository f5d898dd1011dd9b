// Package sort orders rows.
//
// Invariants:
//
//	R1  Rows with equal keys keep the order in which they came, also through runs on
//	    disk: runs are written and merged in the order of their making.
//	R2  An operator holds no more than its memory, but for one batch: what is more goes
//	    into runs. With a limit only the rows that can still be among the first are kept.
package sort

import (
	"datapunk/executor/flow"
	"datapunk/executor/op"
	"datapunk/internal/budget"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/vector"
)

// Sort reads its whole input, or keeps only the first rows of it.
type Sort struct {
	env    *op.Env
	in     op.Operator
	width  int
	types  []*types.Type // input columns, then computed keys
	exprs  []*eval.Eval  // of computed keys
	keys   []Key
	places []int
	top    *eval.Eval
	skip   *eval.Eval
	sorter *Sorter
	usage  budget.Usage
	out    vector.Batch
}

// New opens a sort.
func New(env *op.Env, node *plan.Sort, in op.Operator) (*Sort, error) {
	s := &Sort{env: env, in: in, width: len(node.Input.Output())}
	layout := plan.Layout(node.Input.Output())
	for _, c := range node.Input.Output() {
		s.types = append(s.types, c.T)
	}
	for _, k := range node.Keys {
		s.keys = append(s.keys, NewKey(k.Expr.Type(), k.Expr.Collation(), k.Desc, k.NullsFirst))
		if c, ok := k.Expr.(*expr.Column); ok {
			if place, ok := layout[c.ID]; ok {
				s.places = append(s.places, place)
				continue
			}
		}
		e, err := eval.Compile(k.Expr, layout, env.Env)
		if err != nil {
			return nil, err
		}
		s.places = append(s.places, len(s.types))
		s.exprs, s.types = append(s.exprs, e), append(s.types, k.Expr.Type())
	}
	bounds, err := op.Compile([]expr.Expr{node.Top, node.Skip}, nil, env)
	if err != nil {
		return nil, err
	}
	s.top, s.skip = bounds[0], bounds[1]
	return s, nil
}

// Open reads and orders the input.
func (s *Sort) Open() error {
	s.close()
	limit, err := flow.Bound(s.top, "LIMIT")
	if err != nil {
		return err
	}
	skip, err := flow.Bound(s.skip, "OFFSET")
	if err != nil {
		return err
	}
	if limit >= 0 {
		if limit += max(skip, 0); limit < 0 || limit > 1<<40 {
			limit = -1 // more than there can be
		}
	}
	s.sorter = NewSorter(s.env.Space, s.types, s.keys, s.places, int(limit))
	if err := s.in.Open(); err != nil {
		return err
	}
	cols := make([]*vector.Vector, 0, len(s.types))
	err = op.Drain(s.in, func(b *vector.Batch) error {
		if err := s.env.Interrupt(); err != nil {
			return err
		}
		sel := b.Selection(nil)
		cols = append(cols[:0], b.Cols[:s.width]...)
		for _, e := range s.exprs {
			v, err := e.Run(b, sel)
			if err != nil {
				if re, ok := err.(*vector.RowError); ok {
					return re.Err
				}
				return err
			}
			cols = append(cols, v)
		}
		return s.sorter.Add(cols, sel)
	})
	if err != nil {
		return err
	}
	s.in.Close()
	if err := s.sorter.Finish(); err != nil {
		return err
	}
	s.usage = budget.Usage{Kind: budget.Sort, Method: s.sorter.method(), Memory: s.sorter.memory.Peak(), Disk: s.sorter.disk}
	return nil
}

// method names how it was sorted, as PostgreSQL does.
func (s *Sorter) method() string {
	switch {
	case s.merge != nil:
		return "external merge"
	case s.cut:
		return "top-N heapsort"
	}
	return "quicksort"
}

// Next gives the rows in order.
func (s *Sort) Next(budget int) (*vector.Batch, error) {
	if s.sorter == nil {
		return nil, nil
	}
	b, err := s.sorter.Next(budget)
	if b == nil || err != nil {
		return nil, err
	}
	s.out = vector.Batch{Cols: b.Cols[:s.width], N: b.N, Sel: b.Sel}
	return &s.out, nil
}

// Usage tells what the last run needed.
func (s *Sort) Usage() budget.Usage { return s.usage }

// Close forgets the rows.
func (s *Sort) Close() {
	s.in.Close()
	s.close()
}

func (s *Sort) close() {
	if s.sorter != nil {
		s.sorter.Close()
		s.sorter = nil
	}
}
