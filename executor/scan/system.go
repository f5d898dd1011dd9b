package scan

import (
	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/types/vector"
)

// Provider gives the rows of the catalog's own tables: whole columns, by number,
// in one batch.
type Provider interface {
	Rows(rel *desc.Relation, env *op.Env) (*vector.Batch, error)
}

// System reads a table that the catalog computes.
type System struct {
	env    *op.Env
	node   *plan.SystemScan
	from   Provider
	all    *vector.Batch
	filter []*eval.Eval
	out    vector.Batch
	at     int
	seq    []int32
	sel    []int32
	held   error
}

// NewSystem opens a system scan.
func NewSystem(env *op.Env, node *plan.SystemScan, from Provider) (*System, error) {
	layout := eval.Layout{}
	for i, c := range node.Out {
		layout[c.ID] = i
	}
	filter, err := op.Compile(node.Filter, layout, env)
	return &System{env: env, node: node, from: from, filter: filter}, err
}

// Open computes the table.
func (s *System) Open() error {
	s.at, s.held = 0, nil
	if s.all != nil {
		return nil
	}
	all, err := s.from.Rows(s.node.Table, s.env)
	if err != nil {
		return err
	}
	s.all = all
	for i, n := range s.node.Numbers {
		if n > 0 {
			s.out.Cols = append(s.out.Cols, all.Cols[n-1])
			continue
		}
		v := vector.New(s.node.Out[i].T, 1) // tableoid and the like
		if n == -6 {
			vector.Of[int64](v)[0] = int64(s.node.Table.OID)
		}
		v.Const = true
		s.out.Cols = append(s.out.Cols, v)
	}
	return nil
}

// Next filters the next rows.
func (s *System) Next(budget int) (*vector.Batch, error) {
	if s.held != nil {
		return nil, s.held
	}
	budget = min(budget, vector.Size)
	for s.at < s.all.N {
		n := min(budget, s.all.N-s.at)
		s.seq = s.seq[:0]
		for i := range n {
			s.seq = append(s.seq, int32(s.at+i))
		}
		s.at += n
		s.out.N, s.out.Sel = s.all.N, s.seq
		if len(s.filter) == 0 {
			return &s.out, nil
		}
		sel, err := eval.Filter(s.filter, &s.out, s.seq, s.sel[:0])
		if err != nil {
			if sel, s.held, err = op.Cut(sel, err); err != nil {
				return nil, err
			}
		}
		s.sel = sel
		s.out.Sel = sel
		if len(sel) > 0 {
			return &s.out, nil
		}
		if s.held != nil {
			return nil, s.held
		}
	}
	return nil, nil
}

// Close keeps the rows for a rescan.
func (s *System) Close() {}
