// Package sort orders rows.
package sort

import (
	"slices"

	"datapunk/executor/flow"
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Key is how one sort key orders.
type Key struct {
	compare    kernel.Compare
	desc       bool
	nullsFirst bool
}

// NewKey makes a key.
func NewKey(t *types.Type, collation types.OID, desc, nullsFirst bool) Key {
	return Key{kernel.Comparer(t, collation), desc, nullsFirst}
}

// Order compares rows i and j of a column.
func (k Key) Order(v *vector.Vector, i, j int) int {
	switch xn, yn := v.Null(i), v.Null(j); {
	case xn && yn:
		return 0
	case xn:
		if k.nullsFirst {
			return -1
		}
		return 1
	case yn:
		if k.nullsFirst {
			return 1
		}
		return -1
	}
	c := k.compare(v, i, v, j)
	if k.desc {
		return -c
	}
	return c
}

// Rows sorts row numbers by keys over columns; groups, if there, come first. Equal
// rows keep their order.
func Rows(rows []int32, keys []Key, cols []*vector.Vector, groups []int32) {
	slices.SortStableFunc(rows, func(a, b int32) int {
		if groups != nil && groups[a] != groups[b] {
			return int(groups[a] - groups[b])
		}
		for i, k := range keys {
			if c := k.Order(cols[i], int(a), int(b)); c != 0 {
				return c
			}
		}
		return 0
	})
}

// Sort reads its whole input, or keeps only the first rows of it.
type Sort struct {
	env   *op.Env
	node  *plan.Sort
	in    op.Operator
	exprs []*eval.Eval
	keys  []Key
	top   *eval.Eval
	skip  *eval.Eval
	rows  *vector.Batch // input columns, then keys
	order []int32
	at    int
	out   vector.Batch
}

// New opens a sort.
func New(env *op.Env, node *plan.Sort, in op.Operator) (*Sort, error) {
	s := &Sort{env: env, node: node, in: in}
	layout := plan.Layout(node.Input.Output())
	for _, k := range node.Keys {
		e, err := eval.Compile(k.Expr, layout, env.Env)
		if err != nil {
			return nil, err
		}
		s.exprs = append(s.exprs, e)
		s.keys = append(s.keys, NewKey(k.Expr.Type(), k.Expr.Collation(), k.Desc, k.NullsFirst))
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
	s.at, s.order = 0, nil
	s.rows = s.empty()
	limit, err := flow.Bound(s.top, "LIMIT")
	if err != nil {
		return err
	}
	skip, err := flow.Bound(s.skip, "OFFSET")
	if err != nil {
		return err
	}
	if limit >= 0 {
		limit += max(skip, 0)
	}
	if err := s.in.Open(); err != nil {
		return err
	}
	err = op.Drain(s.in, func(b *vector.Batch) error {
		if err := s.env.Interrupt(); err != nil {
			return err
		}
		sel := b.Selection(nil)
		cols := append([]*vector.Vector(nil), b.Cols...)
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
		s.rows.AppendRows(cols, sel)
		if limit >= 0 && int64(s.rows.N) > max(4*limit, 4*vector.Size) {
			s.cut(int(limit))
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.in.Close()
	s.sortAll()
	if limit >= 0 && int64(len(s.order)) > limit {
		s.order = s.order[:limit]
	}
	return nil
}

func (s *Sort) empty() *vector.Batch {
	b := &vector.Batch{}
	for _, c := range s.node.Input.Output() {
		b.Cols = append(b.Cols, vector.New(c.T, 1))
	}
	for _, k := range s.node.Keys {
		b.Cols = append(b.Cols, vector.New(k.Expr.Type(), 1))
	}
	return b
}

func (s *Sort) sortAll() {
	s.order = make([]int32, s.rows.N)
	for i := range s.order {
		s.order[i] = int32(i)
	}
	Rows(s.order, s.keys, s.rows.Cols[len(s.node.Input.Output()):], nil)
}

// cut keeps the first n rows of what was read so far (top-N).
func (s *Sort) cut(n int) {
	s.sortAll()
	kept := s.empty()
	kept.AppendRows(s.rows.Cols, s.order[:n])
	s.rows = kept
}

// Next gives the rows in order.
func (s *Sort) Next(budget int) (*vector.Batch, error) {
	n := min(budget, vector.Size, len(s.order)-s.at)
	if n <= 0 {
		return nil, nil
	}
	s.out = vector.Batch{Cols: s.rows.Cols[:len(s.node.Input.Output())], N: s.rows.N, Sel: s.order[s.at : s.at+n]}
	s.at += n
	return &s.out, nil
}

// Close forgets the rows.
func (s *Sort) Close() {
	s.in.Close()
	s.rows, s.order = nil, nil
}
