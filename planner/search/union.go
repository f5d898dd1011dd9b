package search

import (
	"datapunk/sql/expr"
	"datapunk/sql/logical"
)

// narrow puts conditions over the columns of a UNION ALL into its branches, where they
// may find an index; cols are the columns as conds name them. The conditions stay on
// top, too, for the branches that cannot take them.
func (s *Search) narrow(q *logical.Query, cols []logical.Col, conds []expr.Expr) *logical.Query {
	if len(conds) == 0 || q.SetOp == nil || q.SetOp.Kind != logical.Union || !q.SetOp.All || q.Limit != nil || q.Offset != nil {
		return q
	}
	places := map[expr.ColumnID]int{}
	for i, c := range cols {
		places[c.ID] = i
	}
	branch := func(b *logical.Query) *logical.Query {
		if b == nil {
			return nil
		}
		var visible []logical.Target
		for _, t := range b.Targets {
			if !t.Junk {
				visible = append(visible, t)
			}
		}
		if b.SetOp != nil {
			list := make([]logical.Col, len(visible))
			for i, t := range visible {
				list[i] = logical.Col{ID: t.ID}
			}
			return s.narrow(b, list, moved(conds, places, func(i int) expr.Expr {
				t := visible[i]
				return &expr.Column{Typing: typing(t.Expr), ID: t.ID, Name: t.Name}
			}))
		}
		if !s.simple(b) {
			return b
		}
		more := moved(conds, places, func(i int) expr.Expr { return visible[i].Expr })
		if len(more) == 0 {
			return b
		}
		c := *b
		if b.Where != nil {
			more = append(expr.Conjuncts(b.Where), more...)
		}
		c.Where = &expr.And{Typing: expr.Bool(), Args: more}
		return &c
	}
	c, op := *q, *q.SetOp
	op.Left, op.Right = branch(op.Left), branch(op.Right)
	c.SetOp = &op
	return &c
}

// moved gives the conditions that mention nothing but the places' columns, with other
// expressions of the same type in the columns' place.
func moved(conds []expr.Expr, places map[expr.ColumnID]int, at func(int) expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, c := range conds {
		ok := !volatile(c)
		expr.Walk(c, func(e expr.Expr) bool {
			switch n := e.(type) {
			case *expr.Column:
				i, there := places[n.ID]
				ok = ok && there && at(i).Type() == n.T
			case *expr.Subquery:
				ok = false
			}
			return ok
		})
		if !ok {
			continue
		}
		out = append(out, expr.RewriteDown(c, func(e expr.Expr) expr.Expr {
			if n, isColumn := e.(*expr.Column); isColumn {
				return at(places[n.ID])
			}
			return nil
		}))
	}
	return out
}
