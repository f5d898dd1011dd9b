package bind

import (
	"math"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Expr binds an expression over the columns in scope.
func (b *Binder) expr(s *scope, node *pg.Node) (expr.Expr, error) {
	if node == nil {
		return nil, pgerr.Internal("empty expression")
	}
	switch n := node.Node.(type) {
	case *pg.Node_AConst:
		return b.constant(n.AConst)
	case *pg.Node_ColumnRef:
		e, err := b.columnRef(s, n.ColumnRef)
		if c, ok := e.(*expr.Column); ok && err == nil && !b.stored && b.viewDepth == 0 && c.Position == 0 {
			placed := *c
			placed.Position = n.ColumnRef.Location + 1
			if s.q.outer[c.ID] && b.outerAt[c.ID] == 0 {
				b.outerAt[c.ID] = placed.Position
			}
			return &placed, nil
		}
		return e, err
	case *pg.Node_ParamRef:
		return b.param(n.ParamRef)
	case *pg.Node_AExpr:
		return b.aExpr(s, n.AExpr)
	case *pg.Node_BoolExpr:
		return b.boolExpr(s, n.BoolExpr)
	case *pg.Node_FuncCall:
		return b.call(s, n.FuncCall)
	case *pg.Node_TypeCast:
		return b.typeCast(s, n.TypeCast)
	case *pg.Node_CaseExpr:
		return b.caseExpr(s, n.CaseExpr)
	case *pg.Node_CoalesceExpr:
		args, err := b.exprs(s, n.CoalesceExpr.Args)
		if err != nil {
			return nil, err
		}
		t, err := b.toCommon(args, "COALESCE", locations(n.CoalesceExpr.Args))
		if err != nil {
			return nil, err
		}
		return b.collated(&expr.Coalesce{Typing: expr.Typing{T: t, M: commonMod(args, t), C: t.Collation}, Args: args}, args)
	case *pg.Node_MinMaxExpr:
		return b.minMax(s, n.MinMaxExpr)
	case *pg.Node_NullTest:
		arg, err := b.expr(s, n.NullTest.Arg)
		if err != nil {
			return nil, err
		}
		if arg, err = b.resolveUnknown(arg); err != nil {
			return nil, err
		}
		row := arg.Type() == types.Record || arg.Type().Kind == types.Composite
		return &expr.IsNull{Typing: expr.Bool(), Arg: arg, Not: n.NullTest.Nulltesttype == pg.NullTestType_IS_NOT_NULL, Row: row}, nil
	case *pg.Node_BooleanTest:
		return b.booleanTest(s, n.BooleanTest)
	case *pg.Node_SubLink:
		return b.subLink(s, n.SubLink)
	case *pg.Node_AArrayExpr:
		return b.arrayExpr(s, n.AArrayExpr, nil, -1)
	case *pg.Node_RowExpr:
		return b.rowExpr(s, n.RowExpr)
	case *pg.Node_AIndirection:
		return b.indirection(s, n.AIndirection)
	case *pg.Node_SqlvalueFunction:
		return b.sqlValue(s, n.SqlvalueFunction)
	case *pg.Node_CollateClause:
		return b.collateClause(s, n.CollateClause)
	case *pg.Node_GroupingFunc:
		return b.grouping(s, n.GroupingFunc)
	case *pg.Node_SetToDefault:
		return nil, b.errorf(n.SetToDefault.Location, pgerr.SyntaxError, "DEFAULT is not allowed in this context")
	case *pg.Node_NamedArgExpr:
		return b.expr(s, n.NamedArgExpr.Arg)
	case *pg.Node_CurrentOfExpr:
		return &expr.CurrentOf{Typing: expr.Bool(), Cursor: n.CurrentOfExpr.CursorName}, nil
	case *pg.Node_XmlExpr, *pg.Node_XmlSerialize:
		return nil, pgerr.Unsupported("XML")
	case *pg.Node_JsonObjectConstructor, *pg.Node_JsonArrayConstructor, *pg.Node_JsonArrayQueryConstructor,
		*pg.Node_JsonFuncExpr, *pg.Node_JsonIsPredicate, *pg.Node_JsonObjectAgg, *pg.Node_JsonArrayAgg,
		*pg.Node_JsonParseExpr, *pg.Node_JsonScalarExpr, *pg.Node_JsonSerializeExpr:
		return nil, pgerr.Unsupported("SQL/JSON syntax")
	case *pg.Node_MergeSupportFunc:
		return nil, pgerr.Unsupported("MERGE_ACTION")
	case *pg.Node_MultiAssignRef:
		return nil, pgerr.Internal("multiple assignment outside UPDATE")
	}
	return nil, pgerr.Unsupported("expression %T", node.Node)
}

func (b *Binder) exprs(s *scope, nodes []*pg.Node) ([]expr.Expr, error) {
	list := make([]expr.Expr, len(nodes))
	for i, n := range nodes {
		var err error
		if list[i], err = b.expr(s, n); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// collated gives e the collation its operands agree on.
func (b *Binder) collated(e expr.Expr, args []expr.Expr) (expr.Expr, error) {
	if !e.Type().Collatable() {
		return e, nil
	}
	c, err := b.combine(args, -1)
	if err != nil || c == 0 || c == e.Collation() {
		return e, err
	}
	switch n := e.(type) {
	case *expr.Coalesce:
		n.C = c
	case *expr.Case:
		n.C = c
	case *expr.MinMax:
		n.C = c
	case *expr.NullIf:
		n.C = c
	case *expr.Array:
		n.C = c
	}
	return e, nil
}

func (b *Binder) constant(n *pg.A_Const) (expr.Expr, error) {
	if n.Isnull {
		return expr.NullConst(types.Unknown), nil
	}
	switch v := n.Val.(type) {
	case *pg.A_Const_Ival:
		return expr.NewConst(types.Int4, v.Ival.GetIval()), nil
	case *pg.A_Const_Fval:
		text := v.Fval.Fval
		if i, err := strconv.ParseInt(text, 0, 64); err == nil && !strings.HasPrefix(text, "0") {
			return expr.NewConst(types.Int8, i), nil
		}
		if !strings.ContainsAny(text, ".eEoOxXbB") || strings.HasPrefix(text, "0") {
			// Hexadecimal, octal and binary integers (PostgreSQL 16).
			if i, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64); err == nil && strings.ContainsAny(text, "xXoObB") {
				if i >= math.MinInt32 && i <= math.MaxInt32 {
					return expr.NewConst(types.Int4, int32(i)), nil
				}
				return expr.NewConst(types.Int8, i), nil
			}
		}
		c := vector.New(types.NumericType, 1)
		if err := format.ParseText(b.Format, types.NumericType, -1, strings.ReplaceAll(text, "_", ""), c, 0); err != nil {
			return nil, b.at(err, n.Location)
		}
		c.Const = true
		return &expr.Const{Typing: expr.Of(types.NumericType), Value: c}, nil
	case *pg.A_Const_Boolval:
		return expr.NewConst(types.BoolType, v.Boolval.GetBoolval()), nil
	case *pg.A_Const_Sval:
		return expr.NewConst(types.Unknown, v.Sval.GetSval()), nil
	case *pg.A_Const_Bsval:
		return nil, b.at(pgerr.Unsupported("type bit"), n.Location)
	}
	return nil, pgerr.Internal("unknown constant %T", n.Val)
}

func (b *Binder) param(n *pg.ParamRef) (expr.Expr, error) {
	i := int(n.Number)
	if i < 1 || i > math.MaxUint16 || (i > len(b.params) && !b.Infer) {
		return nil, b.errorf(n.Location, pgerr.UndefinedParameter, "there is no parameter $%d", i)
	}
	for len(b.params) < i {
		b.params = append(b.params, nil)
	}
	if b.params[i-1] == nil {
		if !b.Infer {
			return nil, b.errorf(n.Location, pgerr.UndefinedParameter, "there is no parameter $%d", i)
		}
		b.params[i-1] = types.Unknown
	}
	t := b.params[i-1]
	return &expr.Param{Typing: expr.Of(t), N: i}, nil
}

func (b *Binder) columnRef(s *scope, n *pg.ColumnRef) (expr.Expr, error) {
	last := n.Fields[len(n.Fields)-1]
	if last.GetAStar() != nil {
		if len(n.Fields) == 1 {
			return nil, b.errorf(n.Location, pgerr.SyntaxError, "row expansion via \"*\" is not supported here")
		}
		// t.* outside a target list is the whole row.
		return b.wholeRow(s, names(n.Fields[:len(n.Fields)-1]), n.Location)
	}
	parts := names(n.Fields)
	switch len(parts) {
	case 1:
		name := parts[0]
		if name == "value" && b.domainValue != nil {
			return b.domainValue, nil
		}
		if e, err := b.column(s, name, n.Location); e != nil || err != nil {
			return e, err
		}
		item, level, err := b.relation(s, 0, name, n.Location)
		if err != nil {
			return nil, err
		}
		if item != nil {
			return b.rowOf(s, level, item, n.Location)
		}
		return nil, b.missingColumn(s, "", name, n.Location)
	case 2:
		item, level, err := b.relation(s, 0, parts[0], n.Location)
		if err != nil {
			return nil, err
		}
		if item == nil {
			// column.field of a composite column
			if e, _ := b.column(s, parts[0], n.Location); e != nil && e.Type().Kind == types.Composite {
				return b.fieldOf(e, parts[1], n.Location)
			}
			return nil, b.missingTable(s, parts[0], n.Location)
		}
		e, err := b.field(s, level, item, parts[1], n.Location)
		if e != nil || err != nil {
			return e, err
		}
		return nil, b.missingColumn(s, parts[0], parts[1], n.Location)
	case 3, 4:
		if len(parts) == 4 {
			parts = parts[1:]
		}
		schema := b.findSchema(parts[0])
		item, level, err := b.relation(s, schema, parts[1], n.Location)
		if err != nil {
			return nil, err
		}
		if item == nil || schema == 0 {
			return nil, b.missingTable(s, parts[0]+"."+parts[1], n.Location)
		}
		e, err := b.field(s, level, item, parts[2], n.Location)
		if e != nil || err != nil {
			return e, err
		}
		return nil, b.missingColumn(s, parts[0]+"."+parts[1], parts[2], n.Location)
	}
	return nil, b.errorf(n.Location, pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
}

// wholeRow is t.* or t as a value.
func (b *Binder) wholeRow(s *scope, parts []string, location int32) (expr.Expr, error) {
	schema := types.OID(0)
	if len(parts) > 1 {
		schema = b.findSchema(parts[len(parts)-2])
	}
	item, level, err := b.relation(s, schema, parts[len(parts)-1], location)
	if err != nil {
		return nil, err
	}
	if item == nil {
		return nil, b.missingTable(s, strings.Join(parts, "."), location)
	}
	return b.rowOf(s, level, item, location)
}

// rowOf makes the row value of a FROM item: a composite for a table, the value
// itself for a function that returns a scalar, a record else.
func (b *Binder) rowOf(s, level *scope, item *source, location int32) (expr.Expr, error) {
	if f, ok := item.item.(*logical.FunctionRef); ok && len(f.Calls) == 1 && f.Calls[0].Columns == 1 && !f.Ordinality {
		if e := f.Calls[0].Expr; e.Type().Kind != types.Composite && e.Type() != types.Record {
			return b.columnExpr(level, s, item, &item.cols[0]), nil
		}
	}
	r := &expr.Row{Typing: expr.Of(types.Record)}
	for i := range item.cols {
		c := &item.cols[i]
		if c.Hidden {
			continue
		}
		r.Fields = append(r.Fields, b.columnExpr(level, s, item, c))
		r.Names = append(r.Names, c.Name)
	}
	if item.rel != nil && item.rel.Relation.RowType != 0 {
		if t := b.Catalog.Type(item.rel.Relation.RowType); t != nil {
			r.Typing = expr.Of(t)
		}
	}
	return r, nil
}

func (b *Binder) fieldOf(e expr.Expr, name string, location int32) (expr.Expr, error) {
	t := e.Type().Root()
	for i, f := range t.Fields {
		if f.Name == name {
			return &expr.Field{Typing: expr.Typing{T: f.Type, M: f.Mod, C: f.Type.Collation}, Arg: e, Index: i, Name: name}, nil
		}
	}
	if r, ok := e.(*expr.Row); ok {
		for i, n := range r.Names {
			if n == name {
				return r.Fields[i], nil
			}
		}
		for i, f := range r.Fields {
			if len(r.Names) == 0 && name == "f"+strconv.Itoa(i+1) {
				return f, nil
			}
		}
	}
	if t == types.Record {
		if f := b.recordField(e, name); f != nil {
			return f, nil
		}
		return nil, b.errorf(location, pgerr.UndefinedColumn, "could not identify column \"%s\" in record data type", name)
	}
	if t.Kind != types.Composite {
		return nil, b.errorf(location, pgerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, b.typeName(e.Type()))
	}
	return nil, b.errorf(location, pgerr.UndefinedColumn, "column \"%s\" not found in data type %s", name, b.typeName(e.Type()))
}

func (b *Binder) indirection(s *scope, n *pg.A_Indirection) (expr.Expr, error) {
	e, err := b.expr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	return b.applyIndirection(s, e, n.Indirection, -1)
}

func (b *Binder) applyIndirection(s *scope, e expr.Expr, list []*pg.Node, location int32) (expr.Expr, error) {
	for i := 0; i < len(list); {
		switch n := list[i].Node.(type) {
		case *pg.Node_String_:
			var err error
			if e, err = b.fieldOf(e, n.String_.Sval, location); err != nil {
				return nil, err
			}
			i++
		case *pg.Node_AStar:
			return nil, b.errorf(location, pgerr.SyntaxError, "row expansion via \"*\" is not supported here")
		default:
			var subs []*pg.A_Indices
			for i < len(list) && list[i].GetAIndices() != nil {
				subs = append(subs, list[i].GetAIndices())
				i++
			}
			var err error
			if e, err = b.subscript(s, e, subs, location); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// subscript binds a[i][j] or a[i:j].
func (b *Binder) subscript(s *scope, e expr.Expr, subs []*pg.A_Indices, location int32) (expr.Expr, error) {
	t := e.Type().Root()
	if t == types.JSONB {
		return b.jsonSubscript(s, e, subs, location)
	}
	// A name is a fixed-length array of "char", numbered from 0.
	if t.Elem == nil || (!t.IsArray() && !t.IsVector() && (t != types.Name || len(subs) != 1 || subs[0].IsSlice)) {
		return nil, b.errorf(location, pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", b.typeName(e.Type()))
	}
	out := &expr.Subscript{Arg: e}
	for _, i := range subs {
		out.Slice = out.Slice || i.IsSlice
	}
	for _, i := range subs {
		lower, err := b.subscriptInt(s, i.Lidx, location)
		if err != nil {
			return nil, err
		}
		upper, err := b.subscriptInt(s, i.Uidx, location)
		if err != nil {
			return nil, err
		}
		if out.Slice && !i.IsSlice { // a[2] among slices is a[1:2]
			lower = expr.NewConst(types.Int4, int32(1))
		}
		out.Lower, out.Upper = append(out.Lower, lower), append(out.Upper, upper)
	}
	if out.Slice {
		out.Typing = expr.Typing{T: t, M: e.Mod(), C: e.Collation()}
		if t.IsVector() {
			out.Typing = expr.Of(b.Catalog.Type(t.Elem.Array))
		}
	} else {
		out.Typing = expr.Typing{T: t.Elem, M: e.Mod(), C: e.Collation()}
	}
	return out, nil
}

func (b *Binder) subscriptInt(s *scope, n *pg.Node, location int32) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := b.expr(s, n)
	if err != nil {
		return nil, err
	}
	if !b.canCoerce(e.Type(), types.Int4, types.Assignment) {
		return nil, b.errorf(location, pgerr.DatatypeMismatch, "array subscript must have type integer")
	}
	return b.convert(e, types.Int4, -1, types.Assignment, location)
}

func (b *Binder) jsonSubscript(s *scope, e expr.Expr, subs []*pg.A_Indices, location int32) (expr.Expr, error) {
	for _, i := range subs {
		if i.IsSlice {
			return nil, b.errorf(location, pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
		}
		sub, err := b.expr(s, i.Uidx)
		if err != nil {
			return nil, err
		}
		target := types.Text
		if sub.Type() != types.Unknown && b.canCoerce(sub.Type(), types.Int4, types.Implicit) {
			target = types.Int4
		}
		if sub, err = b.coerce(sub, target, -1, types.Implicit, location); err != nil {
			return nil, err
		}
		call, err := b.operate(s.q, "->", nil, e, sub, location)
		if err != nil {
			return nil, err
		}
		e = call
	}
	return e, nil
}

func (b *Binder) typeCast(s *scope, n *pg.TypeCast) (expr.Expr, error) {
	t, mod, err := b.TypeName(n.TypeName)
	if err != nil {
		return nil, err
	}
	var e expr.Expr
	if a := n.Arg.GetAArrayExpr(); a != nil && t.Root().IsArray() {
		e, err = b.arrayExpr(s, a, t.Root(), mod)
	} else {
		e, err = b.expr(s, n.Arg)
	}
	if err != nil {
		return nil, err
	}
	location := n.Location
	if location < 0 {
		location = n.TypeName.Location
	}
	r, err := b.coerce(e, t, mod, types.Explicit, location)
	if err != nil {
		// The position of a literal's own error is the literal's.
		if c := n.Arg.GetAConst(); c != nil {
			if pe, ok := err.(*pgerr.Error); ok && pe.Code != pgerr.CannotCoerce {
				pe.Position = 0
				return nil, b.at(pe, c.Location)
			}
		}
		return nil, err
	}
	return r, nil
}

func (b *Binder) collateClause(s *scope, n *pg.CollateClause) (expr.Expr, error) {
	e, err := b.expr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	if e, err = b.resolveUnknown(e); err != nil {
		return nil, err
	}
	if !e.Type().Collatable() {
		return nil, b.errorf(n.Location, pgerr.DatatypeMismatch, "collations are not supported by type %s", b.typeName(e.Type()))
	}
	c, err := b.Collation(names(n.Collname), n.Location)
	if err != nil {
		return nil, err
	}
	return &expr.Cast{Typing: expr.Typing{T: e.Type(), M: e.Mod(), C: c}, Arg: e, Method: expr.Relabel, Form: expr.AsSQL}, nil
}

func (b *Binder) boolExpr(s *scope, n *pg.BoolExpr) (expr.Expr, error) {
	what := [...]string{pg.BoolExprType_AND_EXPR: "AND", pg.BoolExprType_OR_EXPR: "OR", pg.BoolExprType_NOT_EXPR: "NOT"}[n.Boolop]
	args := make([]expr.Expr, len(n.Args))
	for i, a := range n.Args {
		e, err := b.expr(s, a)
		if err != nil {
			return nil, err
		}
		if args[i], err = b.toBool(e, what, location(a)); err != nil {
			return nil, err
		}
	}
	switch n.Boolop {
	case pg.BoolExprType_AND_EXPR:
		return &expr.And{Typing: expr.Bool(), Args: args}, nil
	case pg.BoolExprType_OR_EXPR:
		return &expr.Or{Typing: expr.Bool(), Args: args}, nil
	}
	return &expr.Not{Typing: expr.Bool(), Arg: args[0]}, nil
}

func (b *Binder) booleanTest(s *scope, n *pg.BooleanTest) (expr.Expr, error) {
	arg, err := b.expr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	t := &expr.BoolTest{Typing: expr.Bool()}
	what := ""
	switch n.Booltesttype {
	case pg.BoolTestType_IS_TRUE:
		what = "IS TRUE"
	case pg.BoolTestType_IS_NOT_TRUE:
		what, t.Not = "IS NOT TRUE", true
	case pg.BoolTestType_IS_FALSE:
		what, t.Want = "IS FALSE", expr.False
	case pg.BoolTestType_IS_NOT_FALSE:
		what, t.Want, t.Not = "IS NOT FALSE", expr.False, true
	case pg.BoolTestType_IS_UNKNOWN:
		what, t.Want = "IS UNKNOWN", expr.Unknown
	case pg.BoolTestType_IS_NOT_UNKNOWN:
		what, t.Want, t.Not = "IS NOT UNKNOWN", expr.Unknown, true
	}
	if t.Arg, err = b.toBool(arg, what, location(n.Arg)); err != nil {
		return nil, err
	}
	return t, nil
}

func (b *Binder) caseExpr(s *scope, n *pg.CaseExpr) (expr.Expr, error) {
	out := &expr.Case{}
	var value expr.Expr
	if n.Arg != nil {
		arg, err := b.expr(s, n.Arg)
		if err != nil {
			return nil, err
		}
		if arg, err = b.resolveUnknown(arg); err != nil {
			return nil, err
		}
		out.Arg = arg
		value = &expr.CaseValue{Typing: expr.Typing{T: arg.Type(), M: arg.Mod(), C: arg.Collation()}}
	}
	var results []expr.Expr
	var where []int32
	for _, a := range n.Args {
		w := a.GetCaseWhen()
		cond, err := b.expr(s, w.Expr)
		if err != nil {
			return nil, err
		}
		if value != nil {
			call, err := b.operate(s.q, "=", nil, value, cond, w.Location)
			if err != nil {
				return nil, err
			}
			cond = call
		}
		if cond, err = b.toBool(cond, "CASE/WHEN", location(w.Expr)); err != nil {
			return nil, err
		}
		result, err := b.expr(s, w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond})
		results, where = append(results, result), append(where, location(w.Result))
	}
	var otherwise expr.Expr = expr.NullConst(types.Unknown)
	if n.Defresult != nil {
		var err error
		if otherwise, err = b.expr(s, n.Defresult); err != nil {
			return nil, err
		}
	}
	// The default decides first, as in PostgreSQL.
	all := append([]expr.Expr{otherwise}, results...)
	t, err := b.toCommon(all, "CASE", append([]int32{location(n.Defresult)}, where...))
	if err != nil {
		return nil, err
	}
	out.Else = all[0]
	for i := range out.Whens {
		out.Whens[i].Result = all[i+1]
	}
	out.Typing = expr.Typing{T: t, M: commonMod(all, t), C: t.Collation}
	return b.collated(out, all)
}

func (b *Binder) minMax(s *scope, n *pg.MinMaxExpr) (expr.Expr, error) {
	args, err := b.exprs(s, n.Args)
	if err != nil {
		return nil, err
	}
	what := "GREATEST"
	if n.Op == pg.MinMaxOp_IS_LEAST {
		what = "LEAST"
	}
	t, err := b.toCommon(args, what, locations(n.Args))
	if err != nil {
		return nil, err
	}
	op, err := b.findOperator("<", t, t, n.Location)
	if err != nil {
		return nil, b.errorf(n.Location, pgerr.UndefinedFunction, "could not identify a comparison function for type %s", b.typeName(t))
	}
	if err := b.supported(op.Func); err != nil {
		return nil, err
	}
	return b.collated(&expr.MinMax{Typing: expr.Typing{T: t, M: commonMod(args, t), C: t.Collation}, Args: args,
		Greatest: n.Op == pg.MinMaxOp_IS_GREATEST, Less: op.Func}, args)
}

// arrayExpr binds ARRAY[…]; want is the array type of a cast around it, or nil.
func (b *Binder) arrayExpr(s *scope, n *pg.A_ArrayExpr, want *types.Type, mod int32) (expr.Expr, error) {
	nested := false
	var elems []expr.Expr
	for _, e := range n.Elements {
		var item expr.Expr
		var err error
		if a := e.GetAArrayExpr(); a != nil {
			nested = true
			item, err = b.arrayExpr(s, a, want, mod)
		} else {
			item, err = b.expr(s, e)
		}
		if err != nil {
			return nil, err
		}
		elems = append(elems, item)
	}
	if !nested && len(elems) > 0 {
		nested = elems[0].Type().IsArray() && (want == nil || want.Elem != elems[0].Type())
	}
	var t *types.Type
	switch {
	case want != nil:
		target := want.Elem
		if nested {
			target = want
		}
		for i, e := range elems {
			var err error
			if elems[i], err = b.coerce(e, target, mod, types.Explicit, location(n.Elements[i])); err != nil {
				return nil, err
			}
		}
		t = want
	case len(elems) == 0:
		return nil, b.errorf(n.Location, pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	default:
		elem, err := b.toCommon(elems, "ARRAY", locations(n.Elements))
		if err != nil {
			return nil, err
		}
		if nested && elem.IsArray() {
			t = elem
		} else if t = b.Catalog.Type(elem.Array); elem.Array == 0 || t == nil {
			return nil, b.errorf(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", b.typeName(elem))
		}
	}
	return b.collated(&expr.Array{Typing: expr.Typing{T: t, M: mod, C: t.Collation}, Elems: elems, Nested: nested}, elems)
}

func (b *Binder) rowExpr(s *scope, n *pg.RowExpr) (expr.Expr, error) {
	r := &expr.Row{Typing: expr.Of(types.Record)}
	for _, a := range n.Args {
		list, err := b.expandable(s, a)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			e, err := b.resolveUnknown(t.Expr)
			if err != nil {
				return nil, err
			}
			r.Fields = append(r.Fields, e)
		}
	}
	if len(r.Fields) > 1664 {
		return nil, b.errorf(n.Location, pgerr.TooManyColumns, "ROW expressions can have at most 1664 entries")
	}
	return r, nil
}

// sqlValue binds CURRENT_DATE and its kin.
func (b *Binder) sqlValue(s *scope, n *pg.SQLValueFunction) (expr.Expr, error) {
	text := ""
	mod := n.Typmod
	switch n.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		text = "date"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:
		text = "timetz"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		text = "timestamptz"
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		text = "time"
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		text = "timestamp"
	}
	name := ""
	switch n.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE, pg.SQLValueFunctionOp_SVFOP_CURRENT_USER, pg.SQLValueFunctionOp_SVFOP_USER:
		name = "current_user"
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		name = "session_user"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		name = "current_database"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		name = "current_schema"
	default:
		name = "now"
	}
	fn := b.noArgs(name)
	if fn == nil || fn.Impl == nil {
		return nil, pgerr.Unsupported("%s", strings.ToUpper(name))
	}
	keyword := strings.TrimSuffix(strings.TrimPrefix(n.Op.String(), "SVFOP_"), "_N")
	if mod >= 0 {
		keyword += "(" + strconv.Itoa(int(mod)) + ")"
	}
	call := &expr.Call{Typing: expr.Of(fn.Return), Func: fn, Form: expr.AsKeyword, Keyword: keyword}
	if text == "" || text == "timestamptz" && mod < 0 {
		return call, nil
	}
	call.Form = expr.Implied
	target := types.BuiltinNamed(text)
	e, err := b.coerce(call, target, -1, types.Explicit, n.Location)
	if err != nil {
		return nil, err
	}
	if mod >= 0 {
		if e, err = b.applyMod(e, target, mod, types.Explicit); err != nil {
			return nil, err
		}
	}
	// Remember the keyword for printing.
	switch c := e.(type) {
	case *expr.Call:
		c.Form, c.Keyword = expr.AsKeyword, keyword
	}
	return e, nil
}

func (b *Binder) grouping(s *scope, n *pg.GroupingFunc) (expr.Expr, error) {
	args, err := b.exprs(s, n.Args)
	if err != nil {
		return nil, err
	}
	if len(args) > 31 {
		return nil, b.errorf(n.Location, pgerr.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	if err := b.checkAggregate(s.q, n.Location, "grouping operations"); err != nil {
		return nil, err
	}
	s.q.aggregates = true
	return &expr.Grouping{Typing: expr.Of(types.Int4), Args: args}, nil
}

// location is the byte offset of a node, -1 if it has none.
func location(n *pg.Node) int32 {
	if n == nil {
		return -1
	}
	switch n := n.Node.(type) {
	case *pg.Node_AConst:
		return n.AConst.Location
	case *pg.Node_ColumnRef:
		return n.ColumnRef.Location
	case *pg.Node_ParamRef:
		return n.ParamRef.Location
	case *pg.Node_AExpr:
		// An operator's node stands at the operator; its text begins at the left.
		if l := location(n.AExpr.Lexpr); l >= 0 && l < n.AExpr.Location {
			return l
		}
		return n.AExpr.Location
	case *pg.Node_FuncCall:
		return n.FuncCall.Location
	case *pg.Node_TypeCast:
		if l := location(n.TypeCast.Arg); l >= 0 && (l < n.TypeCast.Location || n.TypeCast.Location < 0) {
			return l
		}
		return n.TypeCast.Location
	case *pg.Node_CaseExpr:
		return n.CaseExpr.Location
	case *pg.Node_CoalesceExpr:
		return n.CoalesceExpr.Location
	case *pg.Node_MinMaxExpr:
		return n.MinMaxExpr.Location
	case *pg.Node_SubLink:
		return n.SubLink.Location
	case *pg.Node_AArrayExpr:
		return n.AArrayExpr.Location
	case *pg.Node_RowExpr:
		return n.RowExpr.Location
	case *pg.Node_AIndirection:
		return location(n.AIndirection.Arg)
	case *pg.Node_SqlvalueFunction:
		return n.SqlvalueFunction.Location
	case *pg.Node_CollateClause:
		return n.CollateClause.Location
	case *pg.Node_BoolExpr:
		if len(n.BoolExpr.Args) > 0 {
			if l := location(n.BoolExpr.Args[0]); l >= 0 && l < n.BoolExpr.Location {
				return l
			}
		}
		return n.BoolExpr.Location
	case *pg.Node_NullTest:
		return location(n.NullTest.Arg)
	case *pg.Node_BooleanTest:
		return location(n.BooleanTest.Arg)
	case *pg.Node_ResTarget:
		return n.ResTarget.Location
	case *pg.Node_SetToDefault:
		return n.SetToDefault.Location
	case *pg.Node_NamedArgExpr:
		return n.NamedArgExpr.Location
	}
	return -1
}

func locations(nodes []*pg.Node) []int32 {
	out := make([]int32, len(nodes))
	for i, n := range nodes {
		out[i] = location(n)
	}
	return out
}
