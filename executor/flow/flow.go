// Package flow has the operators that only steer rows: filter, project, limit,
// append, unique, WITH queries and recursion, row locks.
package flow

import (
	"datapunk/executor/op"
	"datapunk/executor/scan"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Filter keeps the rows for which all conditions are true.
type Filter struct {
	env   *op.Env
	in    op.Operator
	conds []*eval.Eval
	out   vector.Batch
	sel   []int32
	held  error
}

// NewFilter opens a filter.
func NewFilter(env *op.Env, node *plan.Filter, in op.Operator) (*Filter, error) {
	conds, err := op.Compile(node.Conds, plan.Layout(node.Input.Output()), env)
	return &Filter{env: env, in: in, conds: conds}, err
}

// Open opens the input.
func (f *Filter) Open() error {
	f.held = nil
	return f.in.Open()
}

// Next filters batches until one has rows.
func (f *Filter) Next(budget int) (*vector.Batch, error) {
	if f.held != nil {
		return nil, f.held
	}
	for {
		b, err := f.in.Next(budget)
		if b == nil || err != nil {
			return nil, err
		}
		sel, err := eval.Filter(f.conds, b, b.Selection(nil), f.sel[:0])
		if err != nil {
			if sel, f.held, err = op.Cut(sel, err); err != nil {
				return nil, err
			}
		}
		f.sel = sel
		if len(sel) > 0 {
			f.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: sel}
			return &f.out, nil
		}
		if f.held != nil {
			return nil, f.held
		}
		if err := f.env.Interrupt(); err != nil {
			return nil, err
		}
	}
}

// Close closes the input.
func (f *Filter) Close() { f.in.Close() }

// Project computes expressions.
type Project struct {
	in    op.Operator
	exprs []*eval.Eval
	cols  []int // input place of a plain column, else -1
	out   vector.Batch
	held  error
}

// NewProject opens a projection.
func NewProject(env *op.Env, node *plan.Project, in op.Operator) (*Project, error) {
	layout := plan.Layout(node.Input.Output())
	p := &Project{in: in, cols: make([]int, len(node.Exprs)), exprs: make([]*eval.Eval, len(node.Exprs))}
	for i, e := range node.Exprs {
		p.cols[i] = -1
		if c, ok := e.(*expr.Column); ok {
			if place, ok := layout[c.ID]; ok {
				p.cols[i] = place
				continue
			}
		}
		var err error
		if p.exprs[i], err = eval.Compile(e, layout, env.Env); err != nil {
			return nil, err
		}
	}
	p.out.Cols = make([]*vector.Vector, len(node.Exprs))
	return p, nil
}

// Open opens the input.
func (p *Project) Open() error {
	p.held = nil
	return p.in.Open()
}

// Next computes a batch.
func (p *Project) Next(budget int) (*vector.Batch, error) {
	if p.held != nil {
		return nil, p.held
	}
	b, err := p.in.Next(budget)
	if b == nil || err != nil {
		return nil, err
	}
	sel := b.Selection(nil)
	cut := false
	for i, e := range p.exprs {
		if e == nil {
			p.out.Cols[i] = b.Cols[p.cols[i]]
			continue
		}
		v, err := e.Run(b, sel)
		if err != nil {
			var held error
			if sel, held, err = op.Cut(sel, err); err != nil {
				return nil, err
			}
			p.held, cut = held, true
		}
		p.out.Cols[i] = v
	}
	p.out.N, p.out.Sel = b.N, b.Sel
	if cut {
		if len(sel) == 0 {
			return nil, p.held
		}
		p.out.Sel = sel
	}
	return &p.out, nil
}

// Close closes the input.
func (p *Project) Close() { p.in.Close() }

// Sets is a projection with set-returning calls: each input row gives as many rows
// as the longest of its sets, shorter ones padded with nulls.
type Sets struct {
	env   *op.Env
	node  *plan.Project
	in    op.Operator
	calls []*scan.SetCall // nil: a plain expression
	exprs []*eval.Eval
	batch *vector.Batch
	out   *vector.Batch
}

// NewSets opens a set projection. A call within a larger expression is computed
// first and the expression over its value.
func NewSets(env *op.Env, node *plan.Project, in op.Operator) (*Sets, error) {
	s := &Sets{env: env, node: node, in: in, out: newBatch(node.Out)}
	layout := eval.Layout(plan.Layout(node.Input.Output()))
	width := len(node.Input.Output())
	extended := eval.Layout{}
	for id, p := range layout {
		extended[id] = p
	}
	fresh := expr.ColumnID(-1)
	add := func(c *expr.Call) (*expr.Column, error) {
		call, err := scan.NewSetCall(env, c, layout, []*types.Type{c.T})
		if err != nil {
			return nil, err
		}
		s.calls = append(s.calls, call)
		col := &expr.Column{Typing: c.Typing, ID: fresh}
		extended[fresh] = width + len(s.calls) - 1
		fresh--
		return col, nil
	}
	for _, e := range node.Exprs {
		var failed error
		swapped := expr.RewriteDown(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Call); ok && c.Func.ReturnsSet {
				for _, a := range c.Args {
					if nested(a) {
						failed = pgerr.Unsupported("a set-returning function as an argument of another")
					}
				}
				col, err := add(c)
				if err != nil {
					failed = err
					return e
				}
				return col
			}
			return nil
		})
		if failed != nil {
			return nil, failed
		}
		x, err := eval.Compile(swapped, extended, env.Env)
		if err != nil {
			return nil, err
		}
		s.exprs = append(s.exprs, x)
	}
	return s, nil
}

func nested(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Func.ReturnsSet {
			found = true
		}
		return !found
	})
	return found
}

func newBatch(cols []plan.Column) *vector.Batch {
	b := &vector.Batch{}
	for _, c := range cols {
		b.Cols = append(b.Cols, vector.New(c.T, 1))
	}
	return b
}

// Open opens the input.
func (s *Sets) Open() error {
	s.batch = nil
	return s.in.Open()
}

// Next gives the next rows of the sets.
func (s *Sets) Next(budget int) (*vector.Batch, error) {
	budget = min(budget, vector.Size)
	for {
		if s.batch == nil {
			b, err := s.in.Next(1)
			if b == nil || err != nil {
				return nil, err
			}
			s.batch = b
			for _, c := range s.calls {
				if err := c.Start(b, int32(b.Row(0))); err != nil {
					return nil, err
				}
			}
		}
		n := 0
		parts := make([]*vector.Batch, len(s.calls))
		ask := budget
		if len(s.calls) > 1 {
			ask = 1 // keep several sets in step
		}
		for i, c := range s.calls {
			p, err := c.Fill(ask)
			if err != nil {
				return nil, err
			}
			parts[i] = p
			n = max(n, p.N)
		}
		if n == 0 {
			s.batch = nil
			if err := s.env.Interrupt(); err != nil {
				return nil, err
			}
			continue
		}
		// The input row as constants beside the sets' values.
		row := vector.Batch{N: n}
		for _, c := range s.batch.Cols {
			row.Cols = append(row.Cols, vector.NewConst(c, s.batch.Row(0)))
		}
		for i := range s.calls {
			v := parts[i].Cols[0]
			if parts[i].N < n {
				v = vector.New(v.Type, n)
				for r := range n {
					if r < parts[i].N {
						v.Set(r, parts[i].Cols[0], r)
					} else {
						v.SetNull(r)
					}
				}
			}
			row.Cols = append(row.Cols, v)
		}
		sel := vector.Sequence(nil, n)
		for i, e := range s.exprs {
			v, err := e.Run(&row, sel)
			if err != nil {
				if re, ok := err.(*vector.RowError); ok {
					return nil, re.Err
				}
				return nil, err
			}
			s.out.Cols[i] = v
		}
		s.out.N, s.out.Sel = n, nil
		return s.out, nil
	}
}

// Close closes the input.
func (s *Sets) Close() { s.in.Close() }

// Limit passes on a part of its input.
type Limit struct {
	env           *op.Env
	in            op.Operator
	count, offset *eval.Eval
	ties          []*eval.Eval
	compare       []kernel.Compare
	left, skip    int64
	noLimit       bool
	last          []*vector.Vector // sort keys of the last row, for WITH TIES
	out           vector.Batch
}

// NewLimit opens a limit.
func NewLimit(env *op.Env, node *plan.Limit, in op.Operator) (*Limit, error) {
	l := &Limit{env: env, in: in}
	list, err := op.Compile([]expr.Expr{node.Count, node.Offset}, nil, env)
	if err != nil {
		return nil, err
	}
	l.count, l.offset = list[0], list[1]
	layout := plan.Layout(node.Input.Output())
	for _, k := range node.Ties {
		e, err := eval.Compile(k.Expr, layout, env.Env)
		if err != nil {
			return nil, err
		}
		l.ties = append(l.ties, e)
		l.compare = append(l.compare, kernel.Comparer(k.Expr.Type(), k.Expr.Collation()))
	}
	return l, nil
}

// Bound reads LIMIT or OFFSET; null is no bound (-1).
func Bound(e *eval.Eval, what string) (int64, error) {
	if e == nil {
		return -1, nil
	}
	v, err := e.Value()
	if err != nil || v.Null(0) {
		return -1, err
	}
	n := vector.Of[int64](v)[0]
	if n < 0 {
		if what == "LIMIT" {
			return 0, pgerr.New(pgerr.InvalidRowCountInLimitClause, "LIMIT must not be negative")
		}
		return 0, pgerr.New(pgerr.InvalidRowCountInResultOffsetClause, "OFFSET must not be negative")
	}
	return n, nil
}

// Open computes the bounds.
func (l *Limit) Open() error {
	n, err := Bound(l.count, "LIMIT")
	if err != nil {
		return err
	}
	skip, err := Bound(l.offset, "OFFSET")
	if err != nil {
		return err
	}
	l.left, l.noLimit, l.skip, l.last = n, n < 0, max(skip, 0), nil
	return l.in.Open()
}

// Next passes rows on.
func (l *Limit) Next(budget int) (*vector.Batch, error) {
	for {
		if !l.noLimit && l.left == 0 {
			if len(l.ties) > 0 && l.last != nil {
				return l.nextTies(budget)
			}
			return nil, nil
		}
		ask := int64(budget)
		if l.skip > 0 {
			ask = min(int64(vector.Size), l.skip)
		} else if !l.noLimit {
			ask = min(ask, l.left)
		}
		b, err := l.in.Next(int(ask))
		if b == nil || err != nil {
			return nil, err
		}
		if l.skip > 0 {
			l.skip -= int64(b.Rows())
			continue
		}
		if !l.noLimit {
			l.left -= int64(b.Rows())
		}
		if len(l.ties) > 0 && l.left == 0 {
			if err := l.remember(b); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
}

func (l *Limit) remember(b *vector.Batch) error {
	l.last = l.last[:0]
	row := int32(b.Row(b.Rows() - 1))
	for _, e := range l.ties {
		v, err := e.Run(b, []int32{row})
		if err != nil {
			return err
		}
		l.last = append(l.last, vector.NewConst(v, int(row)))
	}
	return nil
}

// nextTies passes on rows equal to the last one.
func (l *Limit) nextTies(budget int) (*vector.Batch, error) {
	b, err := l.in.Next(budget)
	if b == nil || err != nil {
		return nil, err
	}
	sel := b.Selection(nil)
	n := len(sel)
	for k, e := range l.ties {
		v, err := e.Run(b, sel)
		if err != nil {
			return nil, err
		}
		for i, r := range sel[:n] {
			xn, yn := v.Null(int(r)), l.last[k].Null(0)
			if xn != yn || !xn && l.compare[k](v, int(r), l.last[k], 0) != 0 {
				n = i
				break
			}
		}
	}
	if n == 0 {
		l.last = nil
		return nil, nil
	}
	if n < len(sel) {
		l.ties = nil
	}
	l.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: sel[:n]}
	return &l.out, nil
}

// Close closes the input.
func (l *Limit) Close() { l.in.Close() }

// Append gives its inputs' rows one input after another.
type Append struct {
	ins []op.Operator
	at  int
}

// NewAppend opens an append.
func NewAppend(ins []op.Operator) *Append { return &Append{ins: ins} }

// Open opens the first input.
func (a *Append) Open() error {
	a.at = 0
	return a.ins[0].Open()
}

// Next passes rows on.
func (a *Append) Next(budget int) (*vector.Batch, error) {
	for a.at < len(a.ins) {
		b, err := a.ins[a.at].Next(budget)
		if b != nil || err != nil {
			return b, err
		}
		a.ins[a.at].Close()
		if a.at++; a.at < len(a.ins) {
			if err := a.ins[a.at].Open(); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// Close closes the inputs.
func (a *Append) Close() {
	for _, in := range a.ins {
		in.Close()
	}
}

// Unique drops rows equal to the one before in the key columns.
type Unique struct {
	in      op.Operator
	places  []int
	compare []kernel.Compare
	last    []*vector.Vector
	out     vector.Batch
	sel     []int32
}

// NewUnique opens a unique.
func NewUnique(node *plan.Unique, in op.Operator) *Unique {
	u := &Unique{in: in}
	layout := plan.Layout(node.Input.Output())
	for _, id := range node.Keys {
		p := layout[id]
		u.places = append(u.places, p)
		c := node.Input.Output()[p]
		u.compare = append(u.compare, kernel.Comparer(c.T, c.C))
	}
	return u
}

// Open opens the input.
func (u *Unique) Open() error {
	u.last = nil
	return u.in.Open()
}

// Next passes the first row of each group on.
func (u *Unique) Next(budget int) (*vector.Batch, error) {
	for {
		b, err := u.in.Next(budget)
		if b == nil || err != nil {
			return nil, err
		}
		u.sel = u.sel[:0]
		for k := range b.Rows() {
			r := b.Row(k)
			if u.last != nil && u.same(b, r) {
				continue
			}
			u.last = u.last[:0]
			for _, p := range u.places {
				u.last = append(u.last, vector.NewConst(b.Cols[p], r))
			}
			u.sel = append(u.sel, int32(r))
		}
		if len(u.sel) > 0 {
			u.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: u.sel}
			return &u.out, nil
		}
	}
}

func (u *Unique) same(b *vector.Batch, r int) bool {
	for k, p := range u.places {
		v := b.Cols[p]
		xn, yn := v.Null(r), u.last[k].Null(0)
		if xn != yn || !xn && u.compare[k](v, r, u.last[k], 0) != 0 {
			return false
		}
	}
	return true
}

// Close closes the input.
func (u *Unique) Close() { u.in.Close() }
