// Package deparse prints bound expressions as SQL.
//
// Stored expressions (defaults, CHECKs, index expressions) are printed with every
// name an OID token, so that a rename breaks none: "@c3" is column 3, "@f1299" a
// function, OPERATOR("@o96".=) an operator, "@t23" a type, "@l950" a collation. Casts
// are explicit and operators in parentheses; sql/bind reads the text back.
package deparse

import (
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/format"
)

// Stored prints an expression in stored form; column gives the number of a column.
func Stored(e expr.Expr, column func(expr.ColumnID) (int16, bool)) (string, error) {
	p := &printer{column: column}
	p.expr(e)
	return p.out.String(), p.err
}

type printer struct {
	out    strings.Builder
	column func(expr.ColumnID) (int16, bool)
	err    error
	value  []expr.Expr // operands of the CASEs around
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.out.WriteString(s)
	}
}

func token(kind byte, oid uint32) string {
	return `"@` + string(kind) + strconv.FormatUint(uint64(oid), 10) + `"`
}

func typeToken(t *types.Type) string {
	return token('t', uint32(t.OID))
}

func (p *printer) list(list []expr.Expr, sep string) {
	for i, e := range list {
		if i > 0 {
			p.write(sep)
		}
		p.expr(e)
	}
}

func (p *printer) expr(e expr.Expr) {
	switch n := e.(type) {
	case *expr.Const:
		if n.Value.Null(0) {
			p.write("CAST(NULL AS ", typeToken(n.T), ")")
			return
		}
		// The text form of the stored session-independent styles.
		text := format.AppendText(nil, storedFormat, n.Value, 0)
		p.write("CAST(", literal(string(text)), " AS ", typeToken(n.T), ")")
	case *expr.Column:
		number, ok := p.column(n.ID)
		if !ok {
			p.fail("column %s", n.Name)
			return
		}
		p.write(token('c', uint32(number)))
	case *expr.Call:
		p.call(n)
	case *expr.Cast:
		p.cast(n)
	case *expr.And:
		p.write("(")
		p.list(n.Args, " AND ")
		p.write(")")
	case *expr.Or:
		p.write("(")
		p.list(n.Args, " OR ")
		p.write(")")
	case *expr.Not:
		p.write("(NOT ")
		p.expr(n.Arg)
		p.write(")")
	case *expr.IsNull:
		p.write("(")
		p.expr(n.Arg)
		if n.Not {
			p.write(" IS NOT NULL)")
		} else {
			p.write(" IS NULL)")
		}
	case *expr.BoolTest:
		p.write("(")
		p.expr(n.Arg)
		p.write(" IS ")
		if n.Not {
			p.write("NOT ")
		}
		p.write([...]string{"TRUE", "FALSE", "UNKNOWN"}[n.Want], ")")
	case *expr.Case:
		p.caseExpr(n)
	case *expr.CaseValue:
		if len(p.value) == 0 {
			p.fail("case value")
			return
		}
		p.expr(p.value[len(p.value)-1])
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
		p.write("(")
		p.expr(n.Call.Args[0])
		if n.Not {
			p.write(" IS NOT DISTINCT FROM ")
		} else {
			p.write(" IS DISTINCT FROM ")
		}
		p.expr(n.Call.Args[1])
		p.write(")")
	case *expr.AnyAll:
		p.write("(")
		p.expr(n.Call.Args[0])
		p.write(" OPERATOR(", token('o', uint32(n.Call.Operator)), ".", operatorText(n.Call), ") ")
		if n.All {
			p.write("ALL (")
		} else {
			p.write("ANY (")
		}
		p.expr(n.Array)
		p.write("))")
	case *expr.Array:
		p.write("CAST(ARRAY[")
		p.list(n.Elems, ", ")
		p.write("] AS ", typeToken(n.T), ")")
	case *expr.Row:
		p.write("ROW(")
		p.list(n.Fields, ", ")
		p.write(")")
	default:
		p.fail("expression %T", e)
	}
}

func (p *printer) fail(what string, args ...any) {
	if p.err == nil {
		p.err = pgerr.Unsupported("storing "+what, args...)
	}
}

// operatorText is any operator of the same form: the token decides.
func operatorText(*expr.Call) string { return "=" }

func (p *printer) call(n *expr.Call) {
	if n.Operator != 0 {
		p.write("(")
		if len(n.Args) == 2 {
			p.expr(n.Args[0])
			p.write(" ")
		}
		p.write("OPERATOR(", token('o', uint32(n.Operator)), ".+) ")
		p.expr(n.Args[len(n.Args)-1])
		p.write(")")
		return
	}
	p.write(token('f', uint32(n.Func.OID)), "(")
	for i, a := range n.Args {
		if i > 0 {
			p.write(", ")
		}
		if n.Variadic && i == len(n.Args)-1 || n.Func.Variadic != nil && n.Func.Variadic != types.Any && i == len(n.Args)-1 {
			p.write("VARIADIC ")
		}
		p.expr(a)
	}
	p.write(")")
}

func (p *printer) cast(n *expr.Cast) {
	switch {
	case n.Form == expr.AsSQL: // COLLATE
		p.write("(")
		p.expr(n.Arg)
		p.write(" COLLATE ", token('l', uint32(n.C)), ")")
	case n.Method == expr.ByElement:
		p.write("CAST(")
		p.expr(n.Arg)
		p.write(" AS ", typeToken(n.T), ")")
	default:
		p.write("CAST(")
		p.expr(n.Arg)
		p.write(" AS ", typeToken(n.T), ")")
	}
}

func (p *printer) caseExpr(n *expr.Case) {
	p.write("CASE")
	if n.Arg != nil {
		p.value = append(p.value, n.Arg)
		defer func() { p.value = p.value[:len(p.value)-1] }()
	}
	for _, w := range n.Whens {
		p.write(" WHEN ")
		p.expr(w.Cond)
		p.write(" THEN ")
		p.expr(w.Result)
	}
	p.write(" ELSE ")
	p.expr(n.Else)
	p.write(" END")
}

// literal quotes a string.
func literal(s string) string {
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// storedFormat is the form of constants in stored expressions: ISO dates, UTC.
var storedFormat = &format.Context{ExtraFloatDigits: 3}
