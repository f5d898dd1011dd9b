package eval

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// subquery is a query in an expression. A subquery that mentions nothing of the
// batch is run once and its value kept.
type subquery struct {
	n      *expr.Subquery
	env    *Env
	plan   Subplan
	inputs map[expr.ColumnID]int // outer columns that the batch carries
	out    vector.Vector
	value  *vector.Vector // of a subquery without outer columns
	epoch  uint64
	tests  []*Eval
	rows   *vector.Batch // kept output, for ANY and ALL without outer columns
}

func (c *compiler) subquery(n *expr.Subquery) (step, error) {
	s := &subquery{n: n, env: c.env, inputs: map[expr.ColumnID]int{}}
	need := append([]expr.ColumnID(nil), n.Outer...)
	if n.Kind == expr.Any || n.Kind == expr.All {
		set := map[expr.ColumnID]bool{}
		for _, t := range n.Tests {
			expr.Columns(t, set)
		}
		for id := range set {
			need = append(need, id)
		}
	}
	for _, id := range need {
		if place, ok := c.layout[id]; ok {
			s.inputs[id] = place
		}
	}
	return s, nil
}

func (s *subquery) open() error {
	if s.plan != nil {
		return nil
	}
	if s.env.Subplan == nil {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot use subquery here")
	}
	plan, err := s.env.Subplan(s.n)
	if err != nil {
		return err
	}
	s.plan = plan
	if s.n.Kind == expr.Any || s.n.Kind == expr.All {
		layout := Layout{}
		for i, id := range plan.Columns() {
			layout[id] = i
		}
		for _, t := range s.n.Tests {
			e, err := Compile(t, layout, s.env)
			if err != nil {
				return err
			}
			s.tests = append(s.tests, e)
		}
	}
	return nil
}

func (s *subquery) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if len(sel) == 0 {
		s.out.Init(s.n.T, rowsFor(b, sel))
		return &s.out, nil
	}
	if len(s.inputs) == 0 {
		if s.value == nil || s.epoch != s.env.Epoch && len(s.n.Outer) > 0 {
			out := vector.New(s.n.T, 1)
			if err := s.one(out, 0); err != nil {
				return out, &vector.RowError{Row: int(sel[0]), Err: plainError(err)}
			}
			out.Const = true
			s.value, s.epoch = out, s.env.Epoch
		}
		return s.value, nil
	}
	s.out.Init(s.n.T, rowsFor(b, sel))
	if s.env.Outer == nil {
		s.env.Outer = map[expr.ColumnID]*vector.Vector{}
	}
	saved := make(map[expr.ColumnID]*vector.Vector, len(s.inputs))
	for id := range s.inputs {
		saved[id] = s.env.Outer[id]
	}
	defer func() {
		for id, v := range saved {
			s.env.Outer[id] = v
		}
		s.env.Epoch++
	}()
	for _, i := range sel {
		for id, place := range s.inputs {
			s.env.Outer[id] = vector.NewConst(b.Cols[place], int(i))
		}
		s.env.Epoch++
		if err := s.one(&s.out, int(i)); err != nil {
			return &s.out, &vector.RowError{Row: int(i), Err: plainError(err)}
		}
	}
	return &s.out, nil
}

// one runs the subquery for the outer values at hand and writes row i.
func (s *subquery) one(out *vector.Vector, i int) error {
	switch s.n.Kind {
	case expr.Exists:
		found := false
		err := s.plan.Run(func(b *vector.Batch) (bool, error) {
			found = found || b.Rows() > 0
			return !found, nil
		})
		vector.Of[bool](out)[i] = found
		return err
	case expr.Scalar, expr.MultiColumn:
		n := 0
		err := s.plan.Run(func(b *vector.Batch) (bool, error) {
			if b.Rows() == 0 {
				return true, nil
			}
			if n += b.Rows(); n > 1 {
				return false, pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
			}
			if s.n.Kind == expr.MultiColumn {
				out.SetBytes(i, record.Append(nil, b.Cols[:len(s.plan.Columns())], b.Row(0)))
			} else {
				out.Set(i, b.Cols[0], b.Row(0))
			}
			return true, nil
		})
		if n == 0 {
			out.SetNull(i)
		}
		return err
	case expr.ArrayOf:
		return s.collect(out, i)
	}
	return s.quantified(out, i)
}

func (s *subquery) collect(out *vector.Vector, i int) error {
	elem := s.n.T.Root().Elem
	var all *vector.Vector
	var arrays []*vector.Vector
	n := 0
	err := s.plan.Run(func(b *vector.Batch) (bool, error) {
		v := b.Cols[0]
		if v.Type.IsArray() {
			for k := range b.Rows() {
				arrays = append(arrays, vector.NewConst(v, b.Row(k)))
			}
			return true, nil
		}
		if all == nil {
			all = vector.New(elem, vector.Size)
		}
		all.Grow(n + b.Rows())
		for k := range b.Rows() {
			all.Set(n, v, b.Row(k))
			n++
		}
		return true, nil
	})
	switch {
	case err != nil:
		return err
	case arrays != nil:
		value, err := nest(elem, arrays, 0)
		if err != nil {
			return err
		}
		out.SetBytes(i, value)
	case n == 0:
		out.SetBytes(i, array.Append(nil, elem.OID, nil, vector.New(elem, 1), nil))
	default:
		out.SetBytes(i, array.FromVector(elem.OID, all, n))
	}
	return nil
}

// quantified is ANY or ALL: true, false or null by comparing with each row.
func (s *subquery) quantified(out *vector.Vector, i int) error {
	all := s.n.Kind == expr.All
	decided, null := false, false
	look := func(b *vector.Batch) (bool, error) {
		sel := b.Selection(nil)
		for _, t := range s.tests {
			v, err := t.Run(b, sel)
			if err != nil {
				return false, err
			}
			for _, r := range sel {
				k := v.Index(int(r))
				if v.Nulls.Get(k) {
					null = true
				} else if vector.Of[bool](v)[k] != all {
					decided = true
					return false, nil
				}
			}
		}
		return true, nil
	}
	var err error
	if len(s.n.Outer) == 0 {
		// The output is the same for every row: keep it.
		if s.rows == nil {
			if err := s.keep(); err != nil {
				return err
			}
		}
		for at := 0; at < s.rows.N && err == nil && !decided; at += vector.Size {
			sel := make([]int32, 0, vector.Size)
			for k := at; k < min(at+vector.Size, s.rows.N); k++ {
				sel = append(sel, int32(k))
			}
			_, err = look(&vector.Batch{Cols: s.rows.Cols, N: s.rows.N, Sel: sel})
		}
	} else {
		err = s.plan.Run(look)
	}
	if err != nil {
		return err
	}
	switch {
	case decided:
		vector.Of[bool](out)[i] = !all
	case null:
		out.SetNull(i)
	default:
		vector.Of[bool](out)[i] = all
	}
	return nil
}

func (s *subquery) keep() error {
	err := s.plan.Run(func(b *vector.Batch) (bool, error) {
		if s.rows == nil {
			cols := make([]*types.Type, len(b.Cols))
			for i, v := range b.Cols {
				cols[i] = v.Type
			}
			s.rows = vector.NewBatch(cols, vector.Size)
		}
		s.rows.AppendRows(b.Cols, b.Selection(nil))
		return true, nil
	})
	if s.rows == nil {
		s.rows = &vector.Batch{}
	}
	return err
}
