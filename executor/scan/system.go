package scan

import (
	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// Provider gives the rows of the catalog's own tables: whole columns, by number, in
// one batch. numbers are the columns that are asked for.
type Provider interface {
	Rows(rel *desc.Relation, numbers []int16, env *op.Env) (*vector.Batch, error)
	// Find gives a batch and those of its rows whose columns have the values of the
	// keys, and perhaps others.
	Find(rel *desc.Relation, numbers, columns []int16, keys []*vector.Vector, env *op.Env) (*vector.Batch, []int32, error)
}

// System reads a table that the catalog computes.
type System struct {
	env    *op.Env
	node   *plan.SystemScan
	from   Provider
	keys   []*eval.Eval
	in     *eval.Eval
	filter []*eval.Eval

	all   *vector.Batch // kept for a rescan
	parts []part
	out   vector.Batch
	at    int // next row of the first part
	seq   []int32
	sel   []int32
	held  error
}

// part is a batch, and which of its rows are read (nil: all).
type part struct {
	batch *vector.Batch
	rows  []int32
	some  bool
}

func (p *part) len() int {
	if p.some {
		return len(p.rows)
	}
	return p.batch.N
}

// NewSystem opens a system scan.
func NewSystem(env *op.Env, node *plan.SystemScan, from Provider) (*System, error) {
	layout := eval.Layout{}
	for i, c := range node.Out {
		layout[c.ID] = i
	}
	s := &System{env: env, node: node, from: from}
	var err error
	if s.keys, err = op.Compile(node.Keys, nil, env); err != nil {
		return nil, err
	}
	if node.In != nil {
		if s.in, err = eval.Compile(node.In, nil, env.Env); err != nil {
			return nil, err
		}
	}
	s.filter, err = op.Compile(node.Filter, layout, env)
	return s, err
}

// Open computes the table, or looks rows up.
func (s *System) Open() error {
	s.at, s.held, s.parts = 0, nil, s.parts[:0]
	if len(s.node.Columns) > 0 {
		return s.lookup()
	}
	if s.all == nil {
		all, err := s.from.Rows(s.node.Table, s.node.Numbers, s.env)
		if err != nil {
			return err
		}
		s.all = all
	}
	s.parts = append(s.parts, part{batch: s.all})
	return nil
}

// lookup finds the rows of the keys; nothing equals null.
func (s *System) lookup() error {
	keys := make([]*vector.Vector, len(s.keys))
	for i, k := range s.keys {
		v, err := k.Value()
		if err != nil {
			return err
		}
		if v.Null(0) {
			return nil
		}
		keys[i] = v
	}
	if s.in == nil {
		return s.find(keys)
	}
	v, err := s.in.Value()
	if err != nil || v.Null(0) {
		return err
	}
	a, err := array.Decode(v.Bytes(0), v.Type.Root().Elem)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range a.N {
		if form := string(vector.AppendDatum(nil, a.Elems, i)); !a.Elems.Null(i) && !seen[form] {
			seen[form] = true
			if err := s.find([]*vector.Vector{vector.NewConst(a.Elems, i)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *System) find(keys []*vector.Vector) error {
	batch, rows, err := s.from.Find(s.node.Table, s.node.Numbers, s.node.Columns, keys, s.env)
	if err == nil && len(rows) > 0 {
		s.parts = append(s.parts, part{batch, rows, true})
	}
	return err
}

// columns puts the output columns of a part in place.
func (s *System) columns(b *vector.Batch) {
	s.out.Cols = s.out.Cols[:0]
	for i, n := range s.node.Numbers {
		if n > 0 {
			s.out.Cols = append(s.out.Cols, b.Cols[n-1])
			continue
		}
		v := vector.New(s.node.Out[i].T, 1) // tableoid and the like
		if n == -6 {
			vector.Of[int64](v)[0] = int64(s.node.Table.OID)
		}
		v.Const = true
		s.out.Cols = append(s.out.Cols, v)
	}
}

// Next filters the next rows.
func (s *System) Next(budget int) (*vector.Batch, error) {
	if s.held != nil {
		return nil, s.held
	}
	budget = min(budget, vector.Size)
	for len(s.parts) > 0 {
		p := &s.parts[0]
		if s.at >= p.len() {
			s.parts, s.at = s.parts[1:], 0
			continue
		}
		if s.at == 0 {
			s.columns(p.batch)
		}
		n := min(budget, p.len()-s.at)
		s.seq = s.seq[:0]
		if p.some {
			s.seq = append(s.seq, p.rows[s.at:s.at+n]...)
		} else {
			for i := range n {
				s.seq = append(s.seq, int32(s.at+i))
			}
		}
		s.at += n
		s.out.N, s.out.Sel = p.batch.N, s.seq
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
