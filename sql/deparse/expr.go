package deparse

import (
	"strconv"
	"strings"

	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/format"
)

func (p *printer) list(list []expr.Expr, sep string) {
	for i, e := range list {
		if i > 0 {
			p.write(sep)
		}
		p.expr(e, true)
	}
}

// open and close write the parentheses that only the pretty form leaves out.
func (p *printer) open() {
	if !p.pretty {
		p.write("(")
	}
}

func (p *printer) close() {
	if !p.pretty {
		p.write(")")
	}
}

// within prints an operand, in parentheses where its parent needs them.
func (p *printer) within(e, parent expr.Expr, implicit bool) {
	if p.pretty && !p.simple(e, parent) {
		p.write("(")
		p.expr(e, implicit)
		p.write(")")
		return
	}
	p.expr(e, implicit)
}

// expr prints a node; implicit shows an implied cast at its top.
func (p *printer) expr(e expr.Expr, implicit bool) {
	if name, ok := p.merged[e]; ok {
		p.write(name)
		return
	}
	switch n := e.(type) {
	case *expr.Const:
		p.constant(n, true)
	case *expr.Column:
		p.column(n)
	case *expr.Param:
		p.write("$", number(n.N))
	case *expr.Call:
		p.call(n, implicit)
	case *expr.Cast:
		p.cast(n, implicit)
	case *expr.And:
		p.logic(n, n.Args, " AND ")
	case *expr.Or:
		p.logic(n, n.Args, " OR ")
	case *expr.Not:
		p.open()
		p.write("NOT ")
		p.within(n.Arg, n, false)
		p.close()
	case *expr.IsNull:
		p.open()
		p.within(n.Arg, n, true)
		if n.Not {
			p.write(" IS NOT NULL")
		} else {
			p.write(" IS NULL")
		}
		p.close()
	case *expr.BoolTest:
		p.open()
		p.within(n.Arg, n, false)
		p.write(" IS ")
		if n.Not {
			p.write("NOT ")
		}
		p.write([...]string{"TRUE", "FALSE", "UNKNOWN"}[n.Want])
		p.close()
	case *expr.Case:
		p.caseExpr(n)
	case *expr.CaseValue:
		if len(p.value) == 0 {
			p.fail("case value")
			return
		}
		p.expr(p.value[len(p.value)-1], true)
	case *expr.Coalesce:
		p.write("COALESCE(")
		p.list(n.Args, ", ")
		p.write(")")
	case *expr.MinMax:
		if n.Greatest {
			p.write("GREATEST(")
		} else {
			p.write("LEAST(")
		}
		p.list(n.Args, ", ")
		p.write(")")
	case *expr.NullIf:
		p.write("NULLIF(")
		p.list(n.Call.Args, ", ")
		p.write(")")
	case *expr.Distinct:
		p.open()
		p.within(n.Call.Args[0], n, true)
		if n.Not {
			p.write(" IS NOT DISTINCT FROM ")
		} else {
			p.write(" IS DISTINCT FROM ")
		}
		p.within(n.Call.Args[1], n, true)
		p.close()
	case *expr.AnyAll:
		p.open()
		p.within(n.Call.Args[0], n, true)
		p.write(" ", p.operator(n.Call), " ")
		if n.All {
			p.write("ALL (")
		} else {
			p.write("ANY (")
		}
		p.within(n.Array, n, true)
		p.write(")")
		p.close()
	case *expr.Array:
		p.array(n)
	case *expr.Subscript:
		p.subscript(n)
	case *expr.Row:
		p.row(n)
	case *expr.Field:
		p.field(n)
	case *expr.RowCompare:
		p.open()
		p.write("ROW(")
		p.list(n.Left, ", ")
		p.write(") ", n.Op, " ROW(")
		p.list(n.Right, ", ")
		p.write(")")
		p.close()
	case *expr.Subquery:
		p.subquery(n)
	case *expr.Aggregate:
		p.aggregate(n)
	case *expr.Window:
		p.window(n)
	case *expr.Grouping:
		p.write("GROUPING(")
		p.list(n.Args, ", ")
		p.write(")")
	default:
		p.fail("expression %T", e)
	}
}

func (p *printer) logic(n expr.Expr, args []expr.Expr, word string) {
	p.open()
	for i, a := range args {
		if i > 0 {
			p.write(word)
		}
		p.within(a, n, false)
	}
	p.close()
}

func (p *printer) column(n *expr.Column) {
	if name, ok := p.columns[n.ID]; ok {
		if id, ok := p.sources[n.ID]; ok {
			p.need(id)
		}
		p.write(name)
		return
	}
	if a := p.outward[n.ID]; a != nil {
		p.aggregate(a)
		return
	}
	switch {
	case p.numbers != nil:
		if number, ok := p.numbers(n.ID); ok {
			p.write(token('c', types.OID(number)))
			return
		}
	case p.named != nil:
		if name := p.named(n.ID); name != "" {
			p.write(format.QuoteIdent(name))
			return
		}
	}
	if p.subplan != nil {
		p.write(format.QuoteIdent(n.Name))
		return
	}
	p.fail("column %s", n.Name)
}

// storedFormat is the form of constants in stored expressions: ISO dates, UTC.
var storedFormat = &format.Context{ExtraFloatDigits: 3}

// constant prints a literal, with its type where that does not go without saying.
func (p *printer) constant(n *expr.Const, label bool) {
	if p.stored() {
		if n.Value.Null(0) {
			p.write("CAST(NULL AS ", token('t', n.T.OID), ")")
		} else {
			// The text form of the stored, session-independent styles.
			p.write("CAST(", literal(string(format.AppendText(nil, storedFormat, n.Value, 0))), " AS ", token('t', n.T.OID), ")")
		}
		return
	}
	if n.Value.Null(0) {
		p.write("NULL")
		if label {
			p.write("::", p.names.Type(n.T, n.M))
		}
		return
	}
	text := string(format.AppendText(nil, p.names.Format(), n.Value, 0))
	quoted := true
	switch n.T {
	case types.Int4:
		if quoted = text[0] == '-'; !quoted {
			label = false
		}
	case types.NumericType:
		quoted = text[0] == '-' || strings.Trim(text, "0123456789.") != ""
		if !quoted && strings.Contains(text, ".") {
			label = false
		}
	case types.BoolType:
		quoted, label = false, false
		text = map[string]string{"t": "true", "f": "false"}[text]
	case types.Unknown:
		label = false
	}
	if quoted {
		text = literal(text)
	}
	p.write(text)
	if label {
		p.write("::", p.names.Type(n.T, n.M))
	}
}

func (p *printer) caseExpr(n *expr.Case) {
	p.keyword("CASE", 0, itemStep, 0)
	if n.Arg != nil {
		p.write(" ")
		p.expr(n.Arg, true)
		p.value = append(p.value, n.Arg)
		defer func() { p.value = p.value[:len(p.value)-1] }()
	}
	space := func() {
		if !p.indent {
			p.write(" ")
		}
	}
	for _, w := range n.Whens {
		space()
		p.keyword("WHEN ", 0, 0, 0)
		cond := w.Cond
		if n.Arg != nil {
			cond = rightOperand(cond)
		}
		p.expr(cond, false)
		p.write(" THEN ")
		p.expr(w.Result, true)
	}
	space()
	p.keyword("ELSE ", 0, 0, 0)
	p.expr(n.Else, true)
	space()
	p.keyword("END", -itemStep, 0, 0)
}

// rightOperand is what a WHEN of CASE x compares x with.
func rightOperand(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Call); ok && c.Operator != 0 && len(c.Args) == 2 {
		return c.Args[1]
	}
	return e
}

func (p *printer) array(n *expr.Array) {
	p.write("ARRAY[")
	p.list(n.Elems, ", ")
	p.write("]")
	if len(n.Elems) == 0 || p.stored() {
		p.write("::", p.typeName(n.T, -1))
	}
}

func (p *printer) typeName(t *types.Type, mod int32) string {
	if p.stored() {
		if mod >= 0 {
			return token('t', t.OID) + "(" + strconv.Itoa(int(mod)) + ")"
		}
		return token('t', t.OID)
	}
	return p.names.Type(t, mod)
}

func (p *printer) subscript(n *expr.Subscript) {
	if n.Assign != nil {
		p.fail("assignment to an element")
		return
	}
	_, plain := n.Arg.(*expr.Column)
	if !plain {
		p.write("(")
	}
	p.expr(n.Arg, true)
	if !plain {
		p.write(")")
	}
	for i := range n.Upper {
		p.write("[")
		if n.Slice {
			if i < len(n.Lower) && n.Lower[i] != nil {
				p.expr(n.Lower[i], false)
			}
			p.write(":")
		}
		if n.Upper[i] != nil {
			p.expr(n.Upper[i], false)
		}
		p.write("]")
	}
}

func (p *printer) row(n *expr.Row) {
	p.write("ROW(")
	p.list(n.Fields, ", ")
	p.write(")")
	if n.T != types.Record {
		p.write("::", p.typeName(n.T, -1))
	}
}

func (p *printer) field(n *expr.Field) {
	if s, ok := n.Arg.(*expr.Subquery); ok && s.Kind == expr.MultiColumn {
		p.fail("row subquery")
		return
	}
	p.write("(")
	p.expr(n.Arg, true)
	p.write(").", format.QuoteIdent(n.Name))
}

// operator prints an operator between its operands.
func (p *printer) operator(c *expr.Call) string {
	if p.stored() {
		return "OPERATOR(" + token('o', c.Operator) + ".=)"
	}
	return p.names.Operator(c.Operator)
}

func (p *printer) order(list []expr.Order) {
	for i, o := range list {
		if i > 0 {
			p.write(", ")
		}
		p.expr(o.Expr, true)
		p.direction(o.Desc, o.NullsFirst)
	}
}

func (p *printer) direction(desc, nullsFirst bool) {
	switch {
	case desc && !nullsFirst:
		p.write(" DESC NULLS LAST")
	case desc:
		p.write(" DESC")
	case nullsFirst:
		p.write(" NULLS FIRST")
	}
}

func (p *printer) aggregate(n *expr.Aggregate) {
	p.write(p.function(n.Func.Name, 'f', n.Func.OID), "(")
	if n.Distinct {
		p.write("DISTINCT ")
	}
	ordered := n.Func.Agg != nil && n.Func.Agg.Kind != 'n'
	switch {
	case ordered:
		p.list(n.Direct, ", ")
		p.write(") WITHIN GROUP (ORDER BY ")
		p.order(n.Order)
	case n.Star:
		p.write("*")
	default:
		p.arguments(n.Args, n.Variadic)
		if len(n.Order) > 0 {
			p.write(" ORDER BY ")
			p.order(n.Order)
		}
	}
	p.write(")")
	p.filter(n.Filter)
}

func (p *printer) filter(e expr.Expr) {
	if e == nil {
		return
	}
	p.write(" FILTER (WHERE ")
	p.expr(e, false)
	p.write(")")
}

func (p *printer) window(n *expr.Window) {
	p.write(p.function(n.Func.Name, 'f', n.Func.OID), "(")
	if n.Star {
		p.write("*")
	} else {
		p.arguments(n.Args, false)
	}
	p.write(")")
	p.filter(n.Filter)
	p.write(" OVER ")
	spec := p.windows[n.Spec]
	if spec.Name != "" {
		p.write(format.QuoteIdent(spec.Name))
		return
	}
	p.windowSpec(spec)
}

func (p *printer) windowSpec(w logical.WindowSpec) {
	p.write("(")
	space := ""
	if w.Ref != "" {
		p.write(format.QuoteIdent(w.Ref))
		space = " "
	}
	if len(w.Partition) > 0 && w.Ref == "" {
		p.write(space, "PARTITION BY ")
		p.list(w.Partition, ", ")
		space = " "
	}
	if len(w.Order) > 0 {
		p.write(space, "ORDER BY ")
		p.order(w.Order)
		space = " "
	}
	if !w.Frame.Default {
		p.write(space)
		p.frame(w.Frame)
	}
	p.write(")")
}

func (p *printer) frame(f logical.Frame) {
	p.write([...]string{logical.Range: "RANGE", logical.RowsMode: "ROWS", logical.Groups: "GROUPS"}[f.Mode], " BETWEEN ")
	p.bound(f.Start, f.StartValue)
	p.write(" AND ")
	p.bound(f.End, f.EndValue)
	p.write([...]string{logical.ExcludeNone: "", logical.ExcludeCurrent: " EXCLUDE CURRENT ROW", logical.ExcludeGroup: " EXCLUDE GROUP", logical.ExcludeTies: " EXCLUDE TIES"}[f.Exclude])
}

func (p *printer) bound(b logical.Bound, value expr.Expr) {
	if value != nil {
		p.expr(value, false)
		p.write(" ")
	}
	p.write([...]string{logical.UnboundedPreceding: "UNBOUNDED PRECEDING", logical.Preceding: "PRECEDING", logical.CurrentRow: "CURRENT ROW",
		logical.Following: "FOLLOWING", logical.UnboundedFollowing: "UNBOUNDED FOLLOWING"}[b])
}

func (p *printer) subquery(n *expr.Subquery) {
	if p.subplan != nil {
		p.write("(", p.subplan(n), ")")
		return
	}
	q, ok := n.Query.(*logical.Query)
	if !ok {
		p.fail("planned subquery")
		return
	}
	if n.Kind == expr.MultiColumn {
		p.fail("row subquery")
		return
	}
	if n.Kind == expr.ArrayOf {
		p.write("ARRAY")
	}
	p.write("(")
	inner := true
	switch n.Kind {
	case expr.Exists:
		p.write("EXISTS ")
	case expr.Any, expr.All:
		op := n.Op
		if call, ok := n.Tests[0].(*expr.Call); ok && len(n.Left) == 1 {
			p.expr(call.Args[0], true)
			if op = p.operator(call); !p.stored() && op == "=" && n.Kind == expr.Any {
				op = "IN"
			} else if n.Kind == expr.Any {
				op += " ANY"
			}
		} else {
			p.write("(")
			p.list(n.Left, ", ")
			p.write(")")
			if op == "=" && n.Kind == expr.Any {
				op = "IN"
			} else if n.Kind == expr.Any {
				op += " ANY"
			}
		}
		if n.Kind == expr.All {
			op += " ALL"
		}
		p.write(" ", op, " ")
	default:
		inner = false
	}
	if inner {
		p.write("(")
	}
	windows := p.windows
	p.nested(q, nil, false)
	p.windows = windows
	if inner {
		p.write(")")
	}
	p.write(")")
}

// collation prints COLLATE's operand.
func (p *printer) collation(oid types.OID) string {
	if p.stored() {
		return token('l', oid)
	}
	return format.QuoteIdent(collate.Name(uint32(oid)))
}

func number(n int) string { return strconv.Itoa(n) }
