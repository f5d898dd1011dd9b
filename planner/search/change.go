package search

import (
	"datapunk/catalog/desc"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
)

// change plans INSERT, UPDATE and DELETE.
func (s *Search) change(q *logical.Query) (plan.Node, error) {
	c := *q.Change
	if err := s.prepare(&c); err != nil {
		return nil, err
	}
	returning, out, err := s.returning(&c)
	if err != nil {
		return nil, err
	}
	cols := c.NewRow
	if cols == nil {
		cols = c.Table.Cols
	}
	indexes, err := s.indexExprs(c.Table.Relation, cols)
	if err != nil {
		return nil, err
	}
	if q.Command == logical.Insert {
		var in plan.Node = &plan.Result{Base: plan.Base{Est: plan.Estimate{Rows: 1}}}
		if c.Source != nil {
			if in, err = s.query(c.Source); err != nil {
				return nil, err
			}
		}
		n := &plan.Insert{Unary: plan.Unary{Input: in}, Change: &c, Indexes: indexes, Returning: returning}
		n.Out, n.Est = out, *in.Estimate()
		return n, nil
	}
	s.needAll(&c)
	current, ofCursor := q.Where.(*expr.CurrentOf)
	if ofCursor {
		all := *q
		all.Where = nil
		q = &all
	}
	node, err := s.from(q.From, expr.Conjuncts(q.Where))
	if err != nil {
		return nil, err
	}
	mark, ok := s.mark(node, c.Table)
	if ofCursor {
		plan.Walk(node, func(n plan.Node) {
			if scan, is := n.(*plan.Scan); is && scan.RowMark {
				scan.Cursor, scan.Index, scan.Est.Rows = current.Cursor, nil, 1
			}
		})
	}
	if !ok {
		// The planner found that no row can match: an empty input without the table.
		mark = 0
	}
	refreshOutputs(node)
	old := make([]plan.Column, 0, len(c.Table.Cols))
	for _, col := range c.Table.Cols {
		if col.Number > 0 {
			old = append(old, column(col))
		}
	}
	check, err := s.recheck(q, c.Table)
	if err != nil {
		return nil, err
	}
	if q.Command == logical.Update {
		n := &plan.Update{Unary: plan.Unary{Input: node}, Change: &c, Mark: mark, Old: old, Indexes: indexes, Returning: returning, Recheck: check}
		n.Out, n.Est = out, *node.Estimate()
		return n, nil
	}
	n := &plan.Delete{Unary: plan.Unary{Input: node}, Change: &c, Mark: mark, Old: old, Indexes: indexes, Returning: returning, Recheck: check}
	n.Out, n.Est = out, *node.Estimate()
	return n, nil
}

// recheck is how a row of a table is looked at again under a query's conditions.
func (s *Search) recheck(q *logical.Query, t *logical.TableRef) (*plan.Recheck, error) {
	r := &plan.Recheck{}
	for _, cond := range expr.Conjuncts(q.Where) {
		r.Conds = append(r.Conds, s.replace(cond))
	}
	for _, item := range q.From {
		r.Conds = append(r.Conds, s.innerConds(item)...)
	}
	for _, col := range t.Cols {
		r.Columns = append(r.Columns, column(col))
		r.Numbers = append(r.Numbers, col.Number)
	}
	for _, e := range r.Conds {
		if err := s.subplans(e); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// innerConds are the join conditions that hold for every joined row.
func (s *Search) innerConds(item logical.FromItem) []expr.Expr {
	j, ok := item.(*logical.Join)
	if !ok || j.Kind != logical.Inner {
		return nil
	}
	var out []expr.Expr
	for _, c := range expr.Conjuncts(j.On) {
		out = append(out, s.replace(c))
	}
	return append(append(out, s.innerConds(j.Left)...), s.innerConds(j.Right)...)
}

// needAll makes the scan of a changed table read every column: the new row is made
// of the old one.
func (s *Search) needAll(c *logical.Change) {
	for _, col := range c.Table.Cols {
		if col.Number > 0 {
			s.needed[col.ID] = true
		}
	}
}

// prepare brings a change's expressions into planned form.
func (s *Search) prepare(c *logical.Change) error {
	var err error
	assigns := func(list []logical.Assign) []logical.Assign {
		out := make([]logical.Assign, len(list))
		for i, a := range list {
			out[i].Column = a.Column
			if out[i].Expr, err = s.expression(a.Expr); err != nil {
				return nil
			}
		}
		return out
	}
	for _, list := range []*[]logical.Assign{&c.Full, &c.Generated} {
		if *list = assigns(*list); err != nil {
			return err
		}
	}
	if c.Values, err = s.expressions(c.Values); err != nil {
		return err
	}
	checks := make([]logical.CheckExpr, len(c.Checks))
	for i, k := range c.Checks {
		checks[i].Name = k.Name
		if checks[i].Expr, err = s.expression(k.Expr); err != nil {
			return err
		}
	}
	c.Checks = checks
	if c.Conflict != nil {
		conflict := *c.Conflict
		if conflict.Set = assigns(conflict.Set); err != nil {
			return err
		}
		if conflict.Where, err = s.expression(conflict.Where); err != nil {
			return err
		}
		c.Conflict = &conflict
	}
	return nil
}

func (s *Search) returning(c *logical.Change) ([]expr.Expr, []plan.Column, error) {
	var list []expr.Expr
	var out []plan.Column
	for _, t := range c.Returning {
		e, err := s.expression(t.Expr)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, e)
		out = append(out, plan.Column{ID: t.ID, Typing: typing(e), Name: t.Name})
	}
	return list, out, nil
}

// indexExprs binds the expressions and predicates of a table's indexes.
func (s *Search) indexExprs(rel *desc.Relation, cols []logical.Col) ([]plan.IndexExprs, error) {
	var out []plan.IndexExprs
	for _, oid := range rel.Indexes {
		x := s.catalog.Relation(oid)
		if x == nil {
			continue
		}
		e := plan.IndexExprs{Index: oid, Keys: make([]expr.Expr, len(x.Index.Keys))}
		special := x.Index.Predicate != ""
		var err error
		for i, k := range x.Index.Keys {
			if k.Column == 0 {
				special = true
				if e.Keys[i], err = s.opts.Stored(k.Expr, cols); err != nil {
					return nil, err
				}
			}
		}
		if x.Index.Predicate != "" {
			if e.Predicate, err = s.opts.Stored(x.Index.Predicate, cols); err != nil {
				return nil, err
			}
		}
		if special {
			out = append(out, e)
		}
	}
	return out, nil
}
