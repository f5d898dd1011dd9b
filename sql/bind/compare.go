package bind

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// aExpr binds operators and the constructs that the grammar treats as such.
func (b *Binder) aExpr(s *scope, n *pg.A_Expr) (expr.Expr, error) {
	switch n.Kind {
	case pg.A_Expr_Kind_AEXPR_OP:
		return b.operatorExpr(s, n)
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return b.anyAll(s, n, n.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL)
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return b.distinctFrom(s, n)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		left, right, err := b.pair(s, n)
		if err != nil {
			return nil, err
		}
		call, err := b.operate(s.q, "=", nil, left, right, n.Location)
		if err != nil {
			return nil, err
		}
		if call.T != types.BoolType {
			return nil, b.errorf(n.Location, pgerr.DatatypeMismatch, "NULLIF requires = operator to yield boolean")
		}
		a := call.Args[0]
		return &expr.NullIf{Typing: expr.Typing{T: a.Type(), M: a.Mod(), C: a.Collation()}, Call: call}, nil
	case pg.A_Expr_Kind_AEXPR_IN:
		return b.inList(s, n)
	case pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE, pg.A_Expr_Kind_AEXPR_SIMILAR:
		return b.operatorExpr(s, n)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return b.between(s, n)
	}
	return nil, pgerr.Internal("unknown operator kind %v", n.Kind)
}

func (b *Binder) pair(s *scope, n *pg.A_Expr) (left, right expr.Expr, err error) {
	if left, err = b.expr(s, n.Lexpr); err != nil {
		return
	}
	right, err = b.expr(s, n.Rexpr)
	return
}

func (b *Binder) operatorExpr(s *scope, n *pg.A_Expr) (expr.Expr, error) {
	name, fixed, err := b.operatorName(n.Name, n.Location)
	if err != nil {
		return nil, err
	}
	// ROW op ROW compares field by field.
	if n.Lexpr != nil && fixed == nil {
		if l, r := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr(); l != nil && r != nil {
			left, right, err := b.pair(s, n)
			if err != nil {
				return nil, err
			}
			return b.rowCompare(s, name, left.(*expr.Row).Fields, right.(*expr.Row).Fields, n.Location)
		}
		// ROW op (SELECT …) compares with the subquery's row.
		if l := n.Lexpr.GetRowExpr(); l != nil {
			if sub := n.Rexpr.GetSubLink(); sub != nil && sub.SubLinkType == pg.SubLinkType_EXPR_SUBLINK {
				return b.rowSubquery(s, name, l, sub, n.Location)
			}
		}
	}
	var left expr.Expr
	if n.Lexpr != nil {
		if left, err = b.expr(s, n.Lexpr); err != nil {
			return nil, err
		}
	}
	right, err := b.expr(s, n.Rexpr)
	if err != nil {
		return nil, err
	}
	return b.operate(s.q, name, fixed, left, right, n.Location)
}

// rowCompare binds (a, b) op (c, d).
func (b *Binder) rowCompare(s *scope, op string, left, right []expr.Expr, location int32) (expr.Expr, error) {
	if len(left) != len(right) {
		return nil, b.errorf(location, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(left) == 0 {
		return nil, b.errorf(location, pgerr.FeatureNotSupported, "cannot compare rows of zero length")
	}
	calls := make([]*expr.Call, len(left))
	for i := range left {
		call, err := b.operate(s.q, op, nil, left[i], right[i], location)
		if err != nil {
			return nil, err
		}
		if call.T != types.BoolType {
			return nil, b.errorf(location, pgerr.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", b.typeName(call.T))
		}
		calls[i] = call
	}
	if len(calls) == 1 {
		return calls[0], nil
	}
	list := make([]expr.Expr, len(calls))
	for i, c := range calls {
		list[i] = c
	}
	switch op {
	case "=":
		return &expr.And{Typing: expr.Bool(), Args: list}, nil
	case "<>":
		return &expr.Or{Typing: expr.Bool(), Args: list}, nil
	case "<", "<=", ">", ">=":
		r := &expr.RowCompare{Typing: expr.Bool(), Op: op, Calls: calls}
		for i := range calls {
			equal, err := b.operate(s.q, "=", nil, calls[i].Args[0], calls[i].Args[1], location)
			if err != nil {
				return nil, err
			}
			r.Equals = append(r.Equals, equal)
			r.Left, r.Right = append(r.Left, calls[i].Args[0]), append(r.Right, calls[i].Args[1])
			// All but the last decide by strict order.
			if i < len(calls)-1 {
				strict, err := b.operate(s.q, strings.TrimSuffix(op, "="), nil, calls[i].Args[0], calls[i].Args[1], location)
				if err != nil {
					return nil, err
				}
				r.Calls[i] = strict
			}
		}
		return r, nil
	}
	return nil, b.errorf(location, pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).
		WithHint("Row comparison operators must be associated with btree operator families.")
}

func (b *Binder) distinctFrom(s *scope, n *pg.A_Expr) (expr.Expr, error) {
	not := n.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT
	left, right, err := b.pair(s, n)
	if err != nil {
		return nil, err
	}
	// Against a literal NULL it is a null test.
	if expr.IsNullConst(right) && right.Type() == types.Unknown {
		return &expr.IsNull{Typing: expr.Bool(), Arg: left, Not: !not}, nil
	}
	if expr.IsNullConst(left) && left.Type() == types.Unknown {
		return &expr.IsNull{Typing: expr.Bool(), Arg: right, Not: !not}, nil
	}
	if l, ok := left.(*expr.Row); ok && n.Lexpr.GetRowExpr() != nil {
		if r, ok := right.(*expr.Row); ok && n.Rexpr.GetRowExpr() != nil {
			if len(l.Fields) != len(r.Fields) {
				return nil, b.errorf(n.Location, pgerr.SyntaxError, "unequal number of entries in row expressions")
			}
			var list []expr.Expr
			for i := range l.Fields {
				d, err := b.distinctPair(s, l.Fields[i], r.Fields[i], false, n.Location)
				if err != nil {
					return nil, err
				}
				list = append(list, d)
			}
			var e expr.Expr = &expr.Or{Typing: expr.Bool(), Args: list}
			if not {
				e = &expr.Not{Typing: expr.Bool(), Arg: e}
			}
			return e, nil
		}
	}
	return b.distinctPair(s, left, right, not, n.Location)
}

func (b *Binder) distinctPair(s *scope, left, right expr.Expr, not bool, location int32) (expr.Expr, error) {
	call, err := b.operate(s.q, "=", nil, left, right, location)
	if err != nil {
		return nil, err
	}
	if call.T != types.BoolType {
		return nil, b.errorf(location, pgerr.DatatypeMismatch, "IS DISTINCT FROM requires = operator to yield boolean")
	}
	return &expr.Distinct{Typing: expr.Bool(), Call: call, Not: not}, nil
}

func (b *Binder) between(s *scope, n *pg.A_Expr) (expr.Expr, error) {
	value, err := b.expr(s, n.Lexpr)
	if err != nil {
		return nil, err
	}
	bounds, err := b.exprs(s, n.Rexpr.GetList().Items)
	if err != nil {
		return nil, err
	}
	both := func(low, high expr.Expr, not bool) (expr.Expr, error) {
		first, second := ">=", "<="
		if not {
			first, second = "<", ">"
		}
		a, err := b.operate(s.q, first, nil, value, low, n.Location)
		if err != nil {
			return nil, err
		}
		c, err := b.operate(s.q, second, nil, value, high, n.Location)
		if err != nil {
			return nil, err
		}
		if not {
			return &expr.Or{Typing: expr.Bool(), Args: []expr.Expr{a, c}}, nil
		}
		return &expr.And{Typing: expr.Bool(), Args: []expr.Expr{a, c}}, nil
	}
	not := n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM
	e, err := both(bounds[0], bounds[1], not)
	if err != nil || n.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN || n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN {
		return e, err
	}
	f, err := both(bounds[1], bounds[0], not)
	if err != nil {
		return nil, err
	}
	if not {
		return &expr.And{Typing: expr.Bool(), Args: []expr.Expr{e, f}}, nil
	}
	return &expr.Or{Typing: expr.Bool(), Args: []expr.Expr{e, f}}, nil
}

// inList binds x IN (a, b, c): an array test where the items are constants of one
// type, else a chain of equalities.
func (b *Binder) inList(s *scope, n *pg.A_Expr) (expr.Expr, error) {
	not := names(n.Name)[0] == "<>"
	left, err := b.expr(s, n.Lexpr)
	if err != nil {
		return nil, err
	}
	nodes := n.Rexpr.GetList().Items
	items, err := b.exprs(s, nodes)
	if err != nil {
		return nil, err
	}
	op := "="
	if not {
		op = "<>"
	}
	leftRow, isRow := left.(*expr.Row)
	isRow = isRow && n.Lexpr.GetRowExpr() != nil
	// Constants become one array.
	if !isRow && len(items) > 1 {
		constant := true
		for _, e := range items {
			set := map[expr.ColumnID]bool{}
			expr.Columns(e, set)
			constant = constant && len(set) == 0 && !hasSubquery(e)
		}
		if constant {
			t, err := b.commonType(append([]expr.Expr{left}, items...), "", nil)
			if err != nil {
				return nil, err
			}
			if t != nil && t != types.Record && t.Array != 0 {
				elems := make([]expr.Expr, len(items))
				ok := true
				for i, e := range items {
					if !b.canCoerce(e.Type(), t, types.Implicit) {
						ok = false
						break
					}
					if elems[i], err = b.convert(e, t, -1, types.Implicit, location(nodes[i])); err != nil {
						return nil, err
					}
				}
				if array := b.Catalog.Type(t.Array); ok && array != nil {
					a := &expr.Array{Typing: expr.Of(array), Elems: elems}
					return b.arrayTest(s, op, nil, left, a, not, n.Location)
				}
			}
		}
	}
	var list []expr.Expr
	for i, e := range items {
		var test expr.Expr
		var err error
		if r, ok := e.(*expr.Row); ok && isRow && nodes[i].GetRowExpr() != nil {
			test, err = b.rowCompare(s, op, leftRow.Fields, r.Fields, n.Location)
		} else {
			test, err = b.operate(s.q, op, nil, left, e, n.Location)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, test)
	}
	if len(list) == 1 {
		return list[0], nil
	}
	if not {
		return &expr.And{Typing: expr.Bool(), Args: list}, nil
	}
	return &expr.Or{Typing: expr.Bool(), Args: list}, nil
}

func hasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if _, ok := e.(*expr.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// anyAll binds x op ANY (array).
func (b *Binder) anyAll(s *scope, n *pg.A_Expr, all bool) (expr.Expr, error) {
	name, fixed, err := b.operatorName(n.Name, n.Location)
	if err != nil {
		return nil, err
	}
	left, right, err := b.pair(s, n)
	if err != nil {
		return nil, err
	}
	return b.arrayTest(s, name, fixed, left, right, all, n.Location)
}

func (b *Binder) arrayTest(s *scope, name string, fixed *function.Operator, left, right expr.Expr, all bool, location int32) (expr.Expr, error) {
	what := "op ANY/ALL (array) requires array on right side"
	elem := types.Unknown
	if t := right.Type().Root(); t != types.Unknown {
		if t.Elem == nil || !(t.IsArray() || t.IsVector()) {
			return nil, b.errorf(location, pgerr.WrongObjectType, "%s", what)
		}
		elem = t.Elem
	}
	var value expr.Expr = &expr.CaseValue{Typing: expr.Typing{T: elem, M: -1, C: elem.Collation}}
	if right.Collation() != 0 {
		value.(*expr.CaseValue).C = right.Collation()
	}
	op := fixed
	if op == nil {
		var err error
		if op, err = b.findOperator(name, left.Type(), elem, location); err != nil {
			return nil, err
		}
	}
	if op.Result != types.BoolType {
		return nil, b.errorf(location, pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	// The array is coerced as a whole to the operator's element type.
	want := op.Right
	if want.Polymorphic() {
		want = elem
	}
	if want == types.Unknown {
		want = types.Text
	}
	if elem != want {
		array := b.Catalog.Type(want.Array)
		if array == nil {
			return nil, b.errorf(location, pgerr.UndefinedObject, "could not find array type for data type %s", b.typeName(want))
		}
		var err error
		if right, err = b.coerce(right, array, -1, types.Implicit, location); err != nil {
			return nil, err
		}
		value = &expr.CaseValue{Typing: expr.Typing{T: want, M: -1, C: right.Collation()}}
	}
	call, err := b.operate(s.q, name, op, left, value, location)
	if err != nil {
		return nil, err
	}
	return &expr.AnyAll{Typing: expr.Bool(), Call: call, All: all, Array: right}, nil
}

// subLink binds a subquery in an expression.
func (b *Binder) subLink(s *scope, n *pg.SubLink) (expr.Expr, error) {
	sub := &expr.Subquery{Typing: expr.Bool()}
	query, err := b.subquery(s, n.Subselect)
	if err != nil {
		return nil, err
	}
	visible := visibleTargets(query)
	sub.Query, sub.Outer = query, query.Outer
	if query.Volatile {
		s.q.volatile = true
	}
	switch n.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		sub.Kind = expr.Exists
		return sub, nil
	case pg.SubLinkType_EXPR_SUBLINK, pg.SubLinkType_ARRAY_SUBLINK:
		if len(visible) != 1 {
			return nil, b.errorf(n.Location, pgerr.SyntaxError, "subquery must return only one column")
		}
		e := visible[0].Expr
		sub.Typing = expr.Typing{T: e.Type(), M: e.Mod(), C: e.Collation()}
		sub.Kind = expr.Scalar
		if n.SubLinkType == pg.SubLinkType_ARRAY_SUBLINK {
			sub.Kind = expr.ArrayOf
			array := e.Type()
			if !array.IsArray() {
				array = b.Catalog.Type(e.Type().Array)
			}
			if array == nil {
				return nil, b.errorf(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", b.typeName(e.Type()))
			}
			sub.T = array
		}
		return sub, nil
	case pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
		sub.Kind = expr.Any
		if n.SubLinkType == pg.SubLinkType_ALL_SUBLINK {
			sub.Kind = expr.All
		}
		sub.Op = "="
		var fixed *function.Operator
		if len(n.OperName) > 0 {
			if sub.Op, fixed, err = b.operatorName(n.OperName, n.Location); err != nil {
				return nil, err
			}
		}
		left, err := b.expr(s, n.Testexpr)
		if err != nil {
			return nil, err
		}
		sub.Left = []expr.Expr{left}
		if r, ok := left.(*expr.Row); ok && n.Testexpr.GetRowExpr() != nil {
			sub.Left = r.Fields
		}
		if len(sub.Left) < len(visible) {
			return nil, b.errorf(n.Location, pgerr.SyntaxError, "subquery has too many columns")
		}
		if len(sub.Left) > len(visible) {
			return nil, b.errorf(n.Location, pgerr.SyntaxError, "subquery has too few columns")
		}
		var right []expr.Expr
		for _, t := range visible {
			right = append(right, targetColumn(t))
		}
		if len(right) > 1 && fixed == nil {
			test, err := b.rowCompare(s, sub.Op, sub.Left, right, n.Location)
			if err != nil {
				return nil, err
			}
			sub.Tests = []expr.Expr{test}
			return sub, nil
		}
		call, err := b.operate(s.q, sub.Op, fixed, sub.Left[0], right[0], n.Location)
		if err != nil {
			return nil, err
		}
		if call.T != types.BoolType {
			return nil, b.errorf(n.Location, pgerr.DatatypeMismatch, "operator %s must return type boolean, not type %s", sub.Op, b.typeName(call.T))
		}
		sub.Tests = []expr.Expr{call}
		return sub, nil
	}
	return nil, pgerr.Unsupported("subquery kind %v", n.SubLinkType)
}

// rowSubquery binds (a, b) op (SELECT c, d …).
func (b *Binder) rowSubquery(s *scope, op string, row *pg.RowExpr, n *pg.SubLink, location int32) (expr.Expr, error) {
	left, err := b.rowExpr(s, row)
	if err != nil {
		return nil, err
	}
	query, err := b.subquery(s, n.Subselect)
	if err != nil {
		return nil, err
	}
	visible := visibleTargets(query)
	fields := left.(*expr.Row).Fields
	if len(fields) < len(visible) {
		return nil, b.errorf(n.Location, pgerr.SyntaxError, "subquery has too many columns")
	}
	if len(fields) > len(visible) {
		return nil, b.errorf(n.Location, pgerr.SyntaxError, "subquery has too few columns")
	}
	sub := &expr.Subquery{Typing: expr.Of(types.Record), Kind: expr.MultiColumn, Query: query, Outer: query.Outer}
	var right []expr.Expr
	for i, t := range visible {
		right = append(right, &expr.Field{Typing: expr.Typing{T: t.Expr.Type(), M: t.Expr.Mod(), C: t.Expr.Collation()}, Arg: sub, Index: i, Name: t.Name})
	}
	return b.rowCompare(s, op, fields, right, location)
}

// subquery binds a query within an expression of s.
func (b *Binder) subquery(s *scope, node *pg.Node) (*logical.Query, error) {
	q, err := b.statement(node, s)
	if err != nil {
		return nil, err
	}
	return q, nil
}

func visibleTargets(q *logical.Query) []logical.Target {
	list := q.Targets
	if q.Change != nil {
		list = q.Change.Returning
	}
	var out []logical.Target
	for _, t := range list {
		if !t.Junk {
			out = append(out, t)
		}
	}
	return out
}

// targetColumn is an output column as seen from outside its query.
func targetColumn(t logical.Target) *expr.Column {
	return &expr.Column{Typing: expr.Typing{T: t.Expr.Type(), M: t.Expr.Mod(), C: t.Expr.Collation()}, ID: t.ID, Name: t.Name}
}
