package bind

import (
	"strconv"

	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// selectStmt binds SELECT, VALUES and set operations.
func (b *Binder) selectStmt(n *pg.SelectStmt, parent *scope) (*logical.Query, error) {
	saved := b.keepUnknown
	b.keepUnknown = 0
	defer func() { b.keepUnknown = saved }()
	s, err := b.open(parent, n.WithClause)
	if err != nil {
		return nil, err
	}
	q := s.q
	q.keepUnknown = saved > 0
	if n.IntoClause != nil {
		return nil, b.errorf(n.IntoClause.Rel.GetLocation(), pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	}
	switch {
	case n.Op != pg.SetOperation_SETOP_NONE && n.Op != pg.SetOperation_SET_OPERATION_UNDEFINED:
		err = b.setOperation(s, n)
	case len(n.ValuesLists) > 0:
		err = b.valuesQuery(s, n)
	default:
		err = b.plainSelect(s, n)
	}
	if err != nil {
		return nil, err
	}
	b.finish(q)
	return q.out, nil
}

// finish copies what was learned while binding to the result.
func (b *Binder) finish(q *query) {
	q.out.SetReturning = q.srf
	q.out.Aggregates = q.aggregates
	q.out.Volatile = q.volatile
	for id := range q.outer {
		q.out.Outer = append(q.out.Outer, id)
	}
	for _, c := range q.out.CTEs {
		q.out.Outer = append(q.out.Outer, b.outerOf(q, c.Query.Outer)...)
	}
}

// outerOf keeps the columns that do not belong to q.
func (b *Binder) outerOf(q *query, ids []expr.ColumnID) []expr.ColumnID {
	var out []expr.ColumnID
	for _, id := range ids {
		if b.home[id] != q && !q.outer[id] {
			out = append(out, id)
		}
	}
	return out
}

func (b *Binder) plainSelect(s *scope, n *pg.SelectStmt) error {
	q := s.q
	if err := b.fromClause(s, n.FromClause); err != nil {
		return err
	}
	q.windows = nil
	for _, w := range n.WindowClause {
		q.windows = append(q.windows, namedWindow{def: w.GetWindowDef()})
	}
	q.clause = inTargets
	targets, err := b.targetList(s, n.TargetList)
	if err != nil {
		return err
	}
	q.out.Targets = targets
	if q.out.Where, err = b.where(s, n.WhereClause); err != nil {
		return err
	}
	if n.HavingClause != nil {
		q.clause = inHaving
		h, err := b.expr(s, n.HavingClause)
		if err != nil {
			return err
		}
		if q.out.Having, err = b.toBool(h, "HAVING", location(n.HavingClause)); err != nil {
			return err
		}
	}
	if err := b.orderBy(s, n.SortClause); err != nil {
		return err
	}
	if err := b.groupBy(s, n); err != nil {
		return err
	}
	if err := b.distinct(s, n); err != nil {
		return err
	}
	if err := b.resolveTargets(q, q.keepUnknown); err != nil {
		return err
	}
	if err := b.limit(s, n); err != nil {
		return err
	}
	if err := b.windowClauses(s); err != nil {
		return err
	}
	if len(n.GroupClause) > 0 || n.HavingClause != nil || q.aggregates {
		q.out.Grouped = true
		if err := b.checkGrouping(q); err != nil {
			return err
		}
	}
	return b.locking(s, n.LockingClause)
}

func (b *Binder) where(s *scope, node *pg.Node) (expr.Expr, error) {
	if node == nil {
		return nil, nil
	}
	s.q.clause = inWhere
	e, err := b.expr(s, node)
	if err != nil {
		return nil, err
	}
	return b.toBool(e, "WHERE", location(node))
}

// targetList binds the select list, expanding stars.
func (b *Binder) targetList(s *scope, nodes []*pg.Node) ([]logical.Target, error) {
	var out []logical.Target
	for _, node := range nodes {
		r := node.GetResTarget()
		list, err := b.expandable(s, r.Val)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			if r.Name != "" && len(list) == 1 {
				t.Name = r.Name
			}
			out = append(out, t)
		}
	}
	if len(out) > 1664 {
		return nil, pgerr.New(pgerr.TooManyColumns, "target lists can have at most 1664 entries")
	}
	for i := range out {
		if out[i].ID == 0 {
			out[i].ID = b.newColumn(s.q)
		}
	}
	return out, nil
}

// expandable binds one item of a list in which t.* and (row).* stand for several.
func (b *Binder) expandable(s *scope, node *pg.Node) ([]logical.Target, error) {
	if c := node.GetColumnRef(); c != nil && c.Fields[len(c.Fields)-1].GetAStar() != nil {
		return b.star(s, c)
	}
	if i := node.GetAIndirection(); i != nil && i.Indirection[len(i.Indirection)-1].GetAStar() != nil {
		e, err := b.expr(s, i.Arg)
		if err != nil {
			return nil, err
		}
		if e, err = b.applyIndirection(s, e, i.Indirection[:len(i.Indirection)-1], -1); err != nil {
			return nil, err
		}
		return b.fieldsOf(e, location(i.Arg))
	}
	e, err := b.expr(s, node)
	if err != nil {
		return nil, err
	}
	t := logical.Target{Name: b.columnName(node), Expr: e}
	b.origin(s, &t)
	return []logical.Target{t}, nil
}

// origin notes the table column that a target shows unchanged.
func (b *Binder) origin(s *scope, t *logical.Target) {
	c, ok := t.Expr.(*expr.Column)
	if !ok {
		return
	}
	for _, item := range s.items {
		for i := range item.cols {
			if item.cols[i].ID == c.ID && item.rel != nil {
				t.Table, t.Column = item.rel.Relation.OID, item.cols[i].Number
				return
			}
		}
	}
}

func (b *Binder) star(s *scope, c *pg.ColumnRef) ([]logical.Target, error) {
	var out []logical.Target
	add := func(level *scope, item *source) {
		for i := range item.cols {
			if col := &item.cols[i]; !col.Hidden {
				t := logical.Target{Name: col.Name, Expr: b.columnExpr(level, s, item, col)}
				b.origin(s, &t)
				out = append(out, t)
			}
		}
	}
	if len(c.Fields) == 1 {
		found := false
		for _, item := range s.items {
			if item.visible && item.reach && item.name != "\x00excluded" {
				found = true
				add(s, item)
			}
		}
		if !found {
			return nil, b.errorf(c.Location, pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
		}
		return out, nil
	}
	parts := names(c.Fields[:len(c.Fields)-1])
	schema := types.OID(0)
	if len(parts) > 1 {
		schema = b.findSchema(parts[len(parts)-2])
	}
	item, level, err := b.relation(s, schema, parts[len(parts)-1], c.Location)
	if err != nil {
		return nil, err
	}
	if item == nil {
		if len(parts) == 1 { // column.*
			if e, err := b.column(s, parts[0], c.Location); e != nil && err == nil {
				return b.fieldsOf(e, c.Location)
			}
		}
		return nil, b.missingTable(s, parts[len(parts)-1], c.Location)
	}
	add(level, item)
	return out, nil
}

// fieldsOf expands (row).*.
func (b *Binder) fieldsOf(e expr.Expr, location int32) ([]logical.Target, error) {
	if r, ok := e.(*expr.Row); ok && (len(r.Names) > 0 || e.Type() == types.Record) {
		var out []logical.Target
		for i, f := range r.Fields {
			name := "f" + strconv.Itoa(i+1)
			if len(r.Names) > i {
				name = r.Names[i]
			}
			out = append(out, logical.Target{Name: name, Expr: f})
		}
		return out, nil
	}
	t := e.Type().Root()
	if t.Kind != types.Composite {
		if call, ok := e.(*expr.Call); ok && t == types.Record {
			if cols := outColumns(call.Func); len(cols) > 0 {
				var out []logical.Target
				for i, c := range cols {
					out = append(out, logical.Target{Name: c.Name, Expr: &expr.Field{Typing: expr.Of(c.Type), Arg: e, Index: i, Name: c.Name}})
				}
				return out, nil
			}
		}
		return nil, b.errorf(location, pgerr.WrongObjectType, "type %s is not composite", b.typeName(e.Type()))
	}
	var out []logical.Target
	for i, f := range t.Fields {
		out = append(out, logical.Target{Name: f.Name,
			Expr: &expr.Field{Typing: expr.Typing{T: f.Type, M: f.Mod, C: f.Type.Collation}, Arg: e, Index: i, Name: f.Name}})
	}
	return out, nil
}

// columnName is the name PostgreSQL gives an unnamed output column.
func (b *Binder) columnName(node *pg.Node) string {
	if name, _ := figureName(node); name != "" {
		return name
	}
	return "?column?"
}

// figureName returns a name and how good it is (PostgreSQL's FigureColnameInternal).
func figureName(node *pg.Node) (string, int) {
	if node == nil {
		return "", 0
	}
	switch n := node.Node.(type) {
	case *pg.Node_ColumnRef:
		for i := len(n.ColumnRef.Fields) - 1; i >= 0; i-- {
			if s := n.ColumnRef.Fields[i].GetString_(); s != nil {
				return s.Sval, 2
			}
		}
	case *pg.Node_AIndirection:
		for i := len(n.AIndirection.Indirection) - 1; i >= 0; i-- {
			if s := n.AIndirection.Indirection[i].GetString_(); s != nil {
				return s.Sval, 2
			}
		}
		return figureName(n.AIndirection.Arg)
	case *pg.Node_FuncCall:
		list := names(n.FuncCall.Funcname)
		return list[len(list)-1], 2
	case *pg.Node_AExpr:
		if n.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", 2
		}
	case *pg.Node_TypeCast:
		if name, strength := figureName(n.TypeCast.Arg); strength > 1 {
			return name, strength
		}
		if t := n.TypeCast.TypeName; t != nil {
			list := names(t.Names)
			return list[len(list)-1], 1
		}
	case *pg.Node_CollateClause:
		return figureName(n.CollateClause.Arg)
	case *pg.Node_GroupingFunc:
		return "grouping", 2
	case *pg.Node_SubLink:
		switch n.SubLink.SubLinkType {
		case pg.SubLinkType_EXISTS_SUBLINK:
			return "exists", 2
		case pg.SubLinkType_ARRAY_SUBLINK:
			return "array", 2
		case pg.SubLinkType_EXPR_SUBLINK:
			if sel := n.SubLink.Subselect.GetSelectStmt(); sel != nil {
				for sel.Larg != nil {
					sel = sel.Larg
				}
				if len(sel.TargetList) > 0 {
					r := sel.TargetList[0].GetResTarget()
					if r.Name != "" {
						return r.Name, 2
					}
					return figureName(r.Val)
				}
				if len(sel.ValuesLists) > 0 {
					return "column1", 2
				}
			}
		}
	case *pg.Node_CaseExpr:
		if name, strength := figureName(n.CaseExpr.Defresult); strength > 0 {
			return name, strength
		}
		return "case", 1
	case *pg.Node_AArrayExpr:
		return "array", 2
	case *pg.Node_RowExpr:
		return "row", 2
	case *pg.Node_CoalesceExpr:
		return "coalesce", 2
	case *pg.Node_MinMaxExpr:
		if n.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST {
			return "least", 2
		}
		return "greatest", 2
	case *pg.Node_SqlvalueFunction:
		switch n.SqlvalueFunction.Op {
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
			return "current_date", 2
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:
			return "current_time", 2
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
			return "current_timestamp", 2
		case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
			return "localtime", 2
		case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
			return "localtimestamp", 2
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:
			return "current_role", 2
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:
			return "current_user", 2
		case pg.SQLValueFunctionOp_SVFOP_USER:
			return "user", 2
		case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
			return "session_user", 2
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
			return "current_catalog", 2
		case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
			return "current_schema", 2
		}
	}
	return "", 0
}

// resolveTargets turns what is still of unknown type into text.
func (b *Binder) resolveTargets(q *query, keep bool) error {
	if keep {
		return nil
	}
	for i := range q.out.Targets {
		e, err := b.resolveUnknown(q.out.Targets[i].Expr)
		if err != nil {
			return err
		}
		q.out.Targets[i].Expr = e
	}
	return nil
}

// orderBy binds ORDER BY: output names and positions first, then expressions,
// which become hidden targets.
func (b *Binder) orderBy(s *scope, nodes []*pg.Node) error {
	q := s.q
	for _, node := range nodes {
		sort := node.GetSortBy()
		place, err := b.outputRef(s, sort.Node, inOrder, "ORDER BY")
		if err != nil {
			return err
		}
		e, err := b.resolveUnknown(q.out.Targets[place].Expr)
		if err != nil {
			return err
		}
		q.out.Targets[place].Expr = e
		order, err := b.sortOf(e, sort)
		if err != nil {
			return err
		}
		order.Target = place
		twice := false
		for _, o := range q.out.OrderBy {
			twice = twice || o.Target == place
		}
		if !twice {
			q.out.OrderBy = append(q.out.OrderBy, order)
		}
	}
	return nil
}

// sortOf reads ASC, DESC, USING and NULLS.
func (b *Binder) sortOf(e expr.Expr, sort *pg.SortBy) (logical.Sort, error) {
	out := logical.Sort{Desc: sort.SortbyDir == pg.SortByDir_SORTBY_DESC}
	where := location(sort.Node)
	if sort.SortbyDir == pg.SortByDir_SORTBY_USING {
		name, fixed, err := b.operatorName(sort.UseOp, sort.Location)
		if err != nil {
			return out, err
		}
		if fixed == nil {
			if fixed, err = b.findOperator(name, e.Type(), e.Type(), sort.Location); err != nil {
				return out, err
			}
		}
		switch fixed.Name {
		case "<":
		case ">":
			out.Desc = true
		default:
			return out, b.errorf(sort.Location, pgerr.WrongObjectType, "operator %s is not a valid ordering operator", name).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.")
		}
	}
	op, _, err := b.ordering(e.Type(), out.Desc, where)
	if err != nil {
		return out, err
	}
	out.Operator = op
	out.NullsFirst = out.Desc
	switch sort.SortbyNulls {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		out.NullsFirst = true
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		out.NullsFirst = false
	}
	return out, nil
}

// ordering finds a type's default ordering and equality operators.
func (b *Binder) ordering(t *types.Type, desc bool, where int32) (order, equal types.OID, err error) {
	fail := func() (types.OID, types.OID, error) {
		return 0, 0, b.errorf(where, pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", b.typeName(t)).
			WithHint("Use an explicit ordering operator or modify the query.")
	}
	switch t.Root() {
	case types.JSON, types.XML, types.Point, types.Box, types.Polygon, types.Unknown, types.Xid, types.Cid, types.Aclitem:
		return fail()
	}
	name := "<"
	if desc {
		name = ">"
	}
	op, e := b.findOperator(name, t, t, where)
	if e != nil || op.Result != types.BoolType {
		return fail()
	}
	eq, e := b.findOperator("=", t, t, where)
	if e != nil {
		return fail()
	}
	return op.OID, eq.OID, nil
}

// orderList binds the ORDER BY of an aggregate or window.
func (b *Binder) orderList(s *scope, nodes []*pg.Node, c clause) ([]expr.Order, error) {
	var out []expr.Order
	for _, node := range nodes {
		sort := node.GetSortBy()
		e, err := b.expr(s, sort.Node)
		if err != nil {
			return nil, err
		}
		if e, err = b.resolveUnknown(e); err != nil {
			return nil, err
		}
		o, err := b.sortOf(e, sort)
		if err != nil {
			return nil, err
		}
		_, equal, err := b.ordering(e.Type(), false, location(sort.Node))
		if err != nil {
			return nil, err
		}
		out = append(out, expr.Order{Expr: e, Desc: o.Desc, NullsFirst: o.NullsFirst, Less: o.Operator, Equal: equal})
	}
	return out, nil
}

// outputRef finds the target that an item of ORDER BY, DISTINCT ON or GROUP BY
// means, adding a hidden one if it is a new expression.
func (b *Binder) outputRef(s *scope, node *pg.Node, c clause, what string) (int, error) {
	q := s.q
	if ref := node.GetColumnRef(); ref != nil && len(ref.Fields) == 1 && ref.Fields[0].GetString_() != nil {
		name := ref.Fields[0].GetString_().Sval
		search := true
		if c == inGroup {
			// In GROUP BY an input column goes before an output name.
			if e, err := b.column(s, name, ref.Location); e != nil || err != nil {
				if err != nil {
					return 0, err
				}
				search = false
			}
		}
		if search {
			found := -1
			for i := range q.out.Targets {
				t := &q.out.Targets[i]
				if t.Junk || t.Name != name {
					continue
				}
				if found >= 0 && !expr.Equal(q.out.Targets[found].Expr, t.Expr) {
					return 0, b.errorf(ref.Location, pgerr.AmbiguousColumn, "%s \"%s\" is ambiguous", what, name)
				}
				if found < 0 {
					found = i
				}
			}
			if found >= 0 {
				return found, nil
			}
		}
	}
	if k := node.GetAConst(); k != nil && !k.Isnull {
		i, ok := k.Val.(*pg.A_Const_Ival)
		if !ok {
			return 0, b.errorf(k.Location, pgerr.SyntaxError, "non-integer constant in %s", what)
		}
		place := int(i.Ival.GetIval())
		visible := 0
		for t := range q.out.Targets {
			if !q.out.Targets[t].Junk {
				if visible++; visible == place {
					return t, nil
				}
			}
		}
		return 0, b.errorf(k.Location, pgerr.InvalidColumnReference, "%s position %d is not in select list", what, place)
	}
	saved := q.clause
	q.clause = c
	e, err := b.expr(s, node)
	q.clause = saved
	if err != nil {
		return 0, err
	}
	for i := range q.out.Targets {
		if expr.Equal(q.out.Targets[i].Expr, e) {
			return i, nil
		}
	}
	q.out.Targets = append(q.out.Targets, logical.Target{ID: b.newColumn(q), Name: b.columnName(node), Expr: e, Junk: true})
	return len(q.out.Targets) - 1, nil
}

func (b *Binder) distinct(s *scope, n *pg.SelectStmt) error {
	q := s.q
	if len(n.DistinctClause) == 0 {
		return nil
	}
	if n.DistinctClause[0] == nil || n.DistinctClause[0].Node == nil {
		q.out.Distinct = true
		for i := range q.out.Targets {
			t := &q.out.Targets[i]
			if t.Junk {
				for _, o := range q.out.OrderBy {
					if o.Target == i {
						return pgerr.New(pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
					}
				}
				continue
			}
			e, err := b.resolveUnknown(t.Expr)
			if err != nil {
				return err
			}
			t.Expr = e
			if _, err := b.equality(e.Type(), -1); err != nil {
				return err
			}
		}
		return nil
	}
	var places []int
	for _, node := range n.DistinctClause {
		place, err := b.outputRef(s, node, inDistinct, "SELECT DISTINCT ON")
		if err != nil {
			return err
		}
		places = append(places, place)
	}
	// The ON expressions must be the first of ORDER BY, in any order.
	for i, o := range q.out.OrderBy {
		in := false
		for _, p := range places {
			in = in || p == o.Target
		}
		if !in && i < len(places) {
			rest := 0
			for _, p := range places {
				for _, o := range q.out.OrderBy[:i] {
					if o.Target == p {
						rest++
						break
					}
				}
			}
			if rest < len(places) {
				return b.errorf(location(n.DistinctClause[0]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
			}
		}
	}
	for _, p := range places {
		e, err := b.resolveUnknown(q.out.Targets[p].Expr)
		if err != nil {
			return err
		}
		q.out.Targets[p].Expr = e
		if _, err := b.equality(e.Type(), location(n.DistinctClause[0])); err != nil {
			return err
		}
		q.out.On = append(q.out.On, targetColumn(q.out.Targets[p]))
	}
	return nil
}

// equality finds a type's equality operator.
func (b *Binder) equality(t *types.Type, where int32) (types.OID, error) {
	if r := t.Root(); r != types.JSON && r != types.XML && r != types.Point {
		if op, err := b.findOperator("=", t, t, where); err == nil {
			return op.OID, nil
		}
	}
	return 0, b.errorf(where, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", b.typeName(t))
}

func (b *Binder) limit(s *scope, n *pg.SelectStmt) error {
	q := s.q
	q.out.WithTies = n.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES
	bound := func(node *pg.Node, c clause, what string) (expr.Expr, error) {
		if node == nil {
			return nil, nil
		}
		q.clause = c
		if k := node.GetAConst(); k != nil && k.Isnull {
			return nil, nil
		}
		e, err := b.expr(&scope{parent: s.parent, q: q, ctes: s.ctes}, node)
		if err != nil {
			if pe, ok := err.(*pgerr.Error); ok && pe.Code == pgerr.UndefinedColumn {
				if _, e2 := b.expr(s, node); e2 == nil {
					return nil, b.errorf(location(node), pgerr.InvalidColumnReference, "argument of %s must not contain variables", what)
				}
			}
			return nil, err
		}
		if !b.canCoerce(e.Type(), types.Int8, types.Assignment) {
			return nil, b.errorf(location(node), pgerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, b.typeName(e.Type()))
		}
		return b.convert(e, types.Int8, -1, types.Assignment, location(node))
	}
	var err error
	if q.out.Offset, err = bound(n.LimitOffset, inOffset, "OFFSET"); err != nil {
		return err
	}
	if q.out.Limit, err = bound(n.LimitCount, inLimit, "LIMIT"); err != nil {
		return err
	}
	if q.out.WithTies && len(q.out.OrderBy) == 0 {
		return pgerr.New(pgerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
	}
	return nil
}

// locking binds FOR UPDATE and its kin.
func (b *Binder) locking(s *scope, nodes []*pg.Node) error {
	q := s.q
	for _, node := range nodes {
		n := node.GetLockingClause()
		l := logical.Locking{}
		text := ""
		switch n.Strength {
		case pg.LockClauseStrength_LCS_FORKEYSHARE:
			l.Strength, text = uint8(kv.KeyShare), "FOR KEY SHARE"
		case pg.LockClauseStrength_LCS_FORSHARE:
			l.Strength, text = uint8(kv.Share), "FOR SHARE"
		case pg.LockClauseStrength_LCS_FORNOKEYUPDATE:
			l.Strength, text = uint8(kv.NoKeyExclusive), "FOR NO KEY UPDATE"
		default:
			l.Strength, text = uint8(kv.Exclusive), "FOR UPDATE"
		}
		switch n.WaitPolicy {
		case pg.LockWaitPolicy_LockWaitSkip:
			l.Wait = uint8(kv.Skip)
		case pg.LockWaitPolicy_LockWaitError:
			l.Wait = uint8(kv.NoWait)
		}
		what := ""
		switch {
		case q.out.SetOp != nil:
			what = "UNION/INTERSECT/EXCEPT"
		case q.out.Distinct || len(q.out.On) > 0:
			what = "DISTINCT clause"
		case len(q.out.GroupBy) > 0:
			what = "GROUP BY clause"
		case q.out.Having != nil:
			what = "HAVING clause"
		case q.aggregates:
			what = "aggregate functions"
		case len(q.out.Windows) > 0:
			what = "window functions"
		case q.srf:
			what = "set-returning functions in the target list"
		}
		if what != "" {
			return pgerr.Newf(pgerr.FeatureNotSupported, "%s is not allowed with %s", text, what)
		}
		add := func(t *logical.TableRef) {
			l.Tables = append(l.Tables, t)
			b.use(t.Relation.OID, kv.RowShare)
		}
		if len(n.LockedRels) == 0 {
			for _, f := range q.out.From {
				tablesOf(f, add)
			}
		}
		for _, r := range n.LockedRels {
			rv := r.GetRangeVar()
			if rv.Schemaname != "" {
				return b.errorf(rv.Location, pgerr.SyntaxError, "%s must specify unqualified relation names", text)
			}
			var found *source
			for _, item := range s.items {
				if item.name == rv.Relname && item.named {
					found = item
				}
			}
			if found == nil {
				return b.errorf(rv.Location, pgerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", rv.Relname, text)
			}
			switch f := found.item.(type) {
			case *logical.TableRef:
				add(f)
			case *logical.SubqueryRef:
				for _, inner := range f.Query.From {
					tablesOf(inner, add)
				}
			case *logical.Join:
				return b.errorf(rv.Location, pgerr.FeatureNotSupported, "%s cannot be applied to a join", text)
			case *logical.FunctionRef:
				return b.errorf(rv.Location, pgerr.FeatureNotSupported, "%s cannot be applied to a function", text)
			case *logical.ValuesRef:
				return b.errorf(rv.Location, pgerr.FeatureNotSupported, "%s cannot be applied to VALUES", text)
			case *logical.CTERef:
				return b.errorf(rv.Location, pgerr.FeatureNotSupported, "%s cannot be applied to a WITH query", text)
			}
		}
		q.out.Locks = append(q.out.Locks, l)
	}
	return nil
}

// tablesOf calls add for the base tables under an item that a locking clause
// without names reaches.
func tablesOf(item logical.FromItem, add func(*logical.TableRef)) {
	switch f := item.(type) {
	case *logical.TableRef:
		add(f)
	case *logical.Join:
		tablesOf(f.Left, add)
		tablesOf(f.Right, add)
	case *logical.SubqueryRef:
		for _, inner := range f.Query.From {
			tablesOf(inner, add)
		}
	}
}

// valuesQuery binds VALUES as a statement or subquery.
func (b *Binder) valuesQuery(s *scope, n *pg.SelectStmt) error {
	q := s.q
	q.clause = inValues
	q.out.Command = logical.Values
	rows, columns, err := b.valuesLists(s, n.ValuesLists, nil)
	if err != nil {
		return err
	}
	q.out.Rows = rows
	for i, c := range columns {
		q.out.Targets = append(q.out.Targets, logical.Target{ID: b.newColumn(q), Name: "column" + strconv.Itoa(i+1),
			Expr: &expr.Column{Typing: c, ID: 0}})
	}
	for i := range q.out.Targets {
		c := q.out.Targets[i].Expr.(*expr.Column)
		c.ID, c.Name = q.out.Targets[i].ID, q.out.Targets[i].Name
	}
	if len(n.LockingClause) > 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "FOR UPDATE cannot be applied to VALUES")
	}
	if err := b.valuesOrder(s, n); err != nil {
		return err
	}
	return b.limit(s, n)
}

// valuesOrder lets ORDER BY of VALUES and set operations name output columns only.
func (b *Binder) valuesOrder(s *scope, n *pg.SelectStmt) error {
	q := s.q
	item := &source{visible: true, reach: true}
	for _, t := range q.out.Targets {
		item.cols = append(item.cols, logical.Col{ID: t.ID, Name: t.Name, Type: t.Expr.Type(), Mod: t.Expr.Mod(), Collation: t.Expr.Collation()})
	}
	inner := &scope{parent: s.parent, q: q, items: []*source{item}, ctes: s.ctes}
	before := len(q.out.Targets)
	if err := b.orderBy(inner, n.SortClause); err != nil {
		return err
	}
	if len(q.out.Targets) > before && q.out.SetOp != nil {
		return b.errorf(location(n.SortClause[0].GetSortBy().Node), pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
			WithDetail("Only result column names can be used, not expressions or functions.").
			WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
	}
	return nil
}

// valuesLists binds rows of values and brings each column to its common type;
// with want, columns are coerced by the caller instead.
func (b *Binder) valuesLists(s *scope, lists []*pg.Node, want []*types.Type) ([][]expr.Expr, []expr.Typing, error) {
	var rows [][]expr.Expr
	for _, l := range lists {
		items := l.GetList().Items
		if len(rows) > 0 && len(items) != len(rows[0]) {
			return nil, nil, b.errorf(location(items[0]), pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
		var row []expr.Expr
		for _, i := range items {
			if i.GetSetToDefault() != nil && want != nil {
				row = append(row, &expr.Default{Typing: expr.Of(types.Unknown)})
				continue
			}
			list, err := b.expandable(s, i)
			if err != nil {
				return nil, nil, err
			}
			for _, t := range list {
				row = append(row, t.Expr)
			}
		}
		rows = append(rows, row)
	}
	columns := make([]expr.Typing, len(rows[0]))
	for c := range columns {
		column := make([]expr.Expr, len(rows))
		where := make([]int32, len(rows))
		for r := range rows {
			column[r], where[r] = rows[r][c], location(lists[r].GetList().Items[min(c, len(lists[r].GetList().Items)-1)])
		}
		if want != nil {
			columns[c] = expr.Of(types.Unknown)
			continue
		}
		t, err := b.toCommon(column, "VALUES", where)
		if err != nil {
			return nil, nil, err
		}
		columns[c] = expr.Typing{T: t, M: commonMod(column, t), C: t.Collation}
		if t.Collatable() {
			if k, err := b.combine(column, where[0]); err != nil {
				return nil, nil, err
			} else if k != 0 {
				columns[c].C = k
			}
		}
		for r := range rows {
			rows[r][c] = column[r]
		}
	}
	return rows, columns, nil
}
