package bind

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// with binds the WITH clause and puts its names into scope.
func (b *Binder) with(s *scope, w *pg.WithClause) error {
	if w == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, node := range w.Ctes {
		n := node.GetCommonTableExpr()
		if seen[n.Ctename] {
			return b.errorf(n.Location, pgerr.DuplicateAlias, "WITH query name \"%s\" specified more than once", n.Ctename)
		}
		seen[n.Ctename] = true
		if n.SearchClause != nil || n.CycleClause != nil {
			return b.errorf(n.Location, pgerr.FeatureNotSupported, "SEARCH and CYCLE clauses are not supported")
		}
		var cte *logical.CTE
		var err error
		if w.Recursive && mentions(n.Ctequery, n.Ctename) {
			cte, err = b.recursive(s, n)
		} else {
			cte, err = b.plainCTE(s, n)
		}
		if err != nil {
			return err
		}
		switch n.Ctematerialized {
		case pg.CTEMaterialize_CTEMaterializeAlways:
			cte.Materialized = 1
		case pg.CTEMaterialize_CTEMaterializeNever:
			cte.Materialized = -1
		}
		s.ctes = append(s.ctes[:len(s.ctes):len(s.ctes)], cte)
		s.q.out.CTEs = append(s.q.out.CTEs, cte)
	}
	return nil
}

func (b *Binder) plainCTE(s *scope, n *pg.CommonTableExpr) (*logical.CTE, error) {
	query, err := b.statement(n.Ctequery, s)
	if err != nil {
		return nil, err
	}
	cte := &logical.CTE{Name: n.Ctename, Query: query, Changes: query.Change != nil}
	if cte.Changes && s.parent != nil {
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
	}
	return cte, b.cteColumns(cte, n, visibleTargets(query))
}

func (b *Binder) cteColumns(cte *logical.CTE, n *pg.CommonTableExpr, targets []logical.Target) error {
	aliases := names(n.Aliascolnames)
	cte.ColAlias = len(aliases) > 0
	if len(aliases) > len(targets) {
		return b.errorf(n.Location, pgerr.InvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified", n.Ctename, len(targets), len(aliases))
	}
	for i, t := range targets {
		name := t.Name
		if i < len(aliases) {
			name = aliases[i]
		}
		cte.Cols = append(cte.Cols, logical.Col{ID: t.ID, Name: name, Type: t.Expr.Type(), Mod: t.Expr.Mod(), Collation: t.Expr.Collation(), Number: int16(i + 1)})
	}
	return nil
}

// cteRef reads a WITH query under fresh columns.
func (b *Binder) cteRef(s *scope, c *logical.CTE, n *pg.RangeVar) (logical.FromItem, error) {
	c.References++
	ref := &logical.CTERef{CTE: c, Alias: c.Name}
	if c.Query != nil {
		for _, id := range c.Query.Outer {
			b.noteColumn(id, s)
		}
	}
	if c.Query != nil && c.Query.Change != nil && len(c.Query.Change.Returning) == 0 {
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", c.Name)
	}
	var aliases []string
	if n.Alias != nil {
		ref.Alias, aliases = n.Alias.Aliasname, names(n.Alias.Colnames)
	}
	for i, col := range c.Cols {
		col.ID = b.newColumn(s.q)
		if i < len(aliases) {
			col.Name = aliases[i]
		}
		ref.Cols = append(ref.Cols, col)
	}
	if c.Recursive && c.Query.SetOp != nil && c.Query.SetOp.Right == nil {
		ref.Recursive = true
	}
	s.items = append(s.items, &source{name: ref.Alias, cols: ref.Cols, item: ref, visible: true, named: true, reach: true})
	return ref, nil
}

// recursive binds a query that reads itself: the first side of its UNION gives
// the columns' types, the second is bound with the name in scope.
func (b *Binder) recursive(s *scope, n *pg.CommonTableExpr) (*logical.CTE, error) {
	sel := n.Ctequery.GetSelectStmt()
	if sel == nil || sel.Op != pg.SetOperation_SETOP_UNION {
		return nil, b.errorf(n.Location, pgerr.InvalidRecursion, "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", n.Ctename)
	}
	if mentions(wrapSelect(sel.Larg), n.Ctename) {
		return nil, b.errorf(n.Location, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within its non-recursive term", n.Ctename)
	}
	for clause, there := range map[string]bool{"ORDER BY": len(sel.SortClause) > 0, "OFFSET": sel.LimitOffset != nil, "LIMIT": sel.LimitCount != nil,
		"FOR UPDATE/SHARE": len(sel.LockingClause) > 0} {
		if there {
			return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "%s in a recursive query is not implemented", clause)
		}
	}
	q := b.newQuery(s)
	inner := &scope{parent: s, q: q, ctes: s.ctes}
	if err := b.with(inner, sel.WithClause); err != nil {
		return nil, err
	}
	left, err := b.selectStmt(sel.Larg, inner)
	if err != nil {
		return nil, err
	}
	op := &logical.SetOp{Kind: logical.Union, All: sel.All, Left: left}
	q.out.SetOp = op
	visible := visibleTargets(left)
	for _, t := range visible {
		id := b.newColumn(q)
		q.out.Targets = append(q.out.Targets, logical.Target{ID: id, Name: t.Name,
			Expr: &expr.Column{Typing: expr.Typing{T: t.Expr.Type(), M: t.Expr.Mod(), C: t.Expr.Collation()}, ID: id, Name: t.Name}})
	}
	cte := &logical.CTE{Name: n.Ctename, Query: q.out, Recursive: true}
	if err := b.cteColumns(cte, n, q.out.Targets); err != nil {
		return nil, err
	}
	inner.ctes = append(inner.ctes[:len(inner.ctes):len(inner.ctes)], cte)
	right, err := b.selectStmt(sel.Rarg, inner)
	if err != nil {
		return nil, err
	}
	other := visibleTargets(right)
	if len(other) != len(visible) {
		return nil, b.errorf(n.Location, pgerr.SyntaxError, "each UNION query must have the same number of columns")
	}
	// The recursive side must give the types of the first.
	for i := range visible {
		t := visible[i].Expr.Type()
		if !b.canCoerce(other[i].Expr.Type(), t, 'i') || (other[i].Expr.Type() != t && other[i].Expr.Type() != nil && b.widens(t, other[i].Expr.Type())) {
			return nil, b.errorf(n.Location, pgerr.DatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				n.Ctename, i+1, b.typeName(t), b.typeName(other[i].Expr.Type())).
				WithHint("Cast the output of the non-recursive term to the correct type.")
		}
	}
	if right, err = b.coerceOutput(q, right, visible); err != nil {
		return nil, err
	}
	op.Right = right
	b.finish(q)
	return cte, nil
}

// widens tells whether UNION of two types would choose the second.
func (b *Binder) widens(first, second *types.Type) bool {
	t, err := b.commonType([]expr.Expr{&expr.CaseValue{Typing: expr.Of(first)}, &expr.CaseValue{Typing: expr.Of(second)}}, "", nil)
	return err == nil && t != nil && t != first
}

// mentions tells whether a query reads a name anywhere.
func mentions(node *pg.Node, name string) bool {
	found := false
	walkTables(node, func(r *pg.RangeVar) {
		if r.Schemaname == "" && r.Relname == name {
			found = true
		}
	})
	return found
}

func wrapSelect(s *pg.SelectStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: s}}
}
