package deparse

import (
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/format"
)

func (p *printer) function(name string, kind byte, oid types.OID) string {
	if p.stored() {
		return token(kind, oid)
	}
	return format.QuoteIdent(name)
}

func (p *printer) arguments(args []expr.Expr, variadic bool) {
	for i, a := range args {
		if i > 0 {
			p.write(", ")
		}
		if variadic && i == len(args)-1 {
			p.write("VARIADIC ")
		}
		p.expr(a, true)
	}
}

// forms are the token kinds of a call in stored form.
var forms = [...]byte{expr.AsCall: 'f', expr.AsOperator: 'f', expr.AsCast: 'x', expr.Implied: 'i', expr.AsSQL: 'q', expr.AsKeyword: 'f'}

func (p *printer) call(n *expr.Call, implicit bool) {
	switch {
	case n.Form == expr.AsKeyword:
		p.write(n.Keyword)
		return
	case n.Operator != 0:
		p.open()
		if len(n.Args) == 2 {
			p.within(n.Args[0], n, true)
			p.write(" ")
		}
		p.write(p.operator(n), " ")
		p.within(n.Args[len(n.Args)-1], n, true)
		p.close()
		return
	}
	if !p.stored() {
		switch n.Form {
		case expr.Implied:
			if !implicit {
				p.within(n.Args[0], n, false)
				return
			}
			p.castTo(n.Args[0], n, n.T, n.M)
			return
		case expr.AsCast:
			p.castTo(n.Args[0], n, n.T, n.M)
			return
		case expr.AsSQL:
			if p.special(n) {
				return
			}
		}
	}
	p.write(p.function(n.Func.Name, forms[n.Form], n.Func.OID), "(")
	args := n.Args
	variadic := n.Variadic
	if n.Func.Variadic != nil && n.Func.Variadic != types.Any && !variadic {
		// The arguments given one by one were gathered into an array.
		if a, ok := args[len(args)-1].(*expr.Array); ok && !p.stored() && len(a.Elems) > 0 {
			args = append(append([]expr.Expr(nil), args[:len(args)-1]...), a.Elems...)
		} else {
			variadic = true
		}
	}
	p.arguments(args, variadic)
	p.write(")")
}

// castTo prints x::type.
func (p *printer) castTo(arg, parent expr.Expr, t *types.Type, mod int32) {
	if c, ok := arg.(*expr.Const); ok && c.T == t && c.M == -1 {
		p.constant(c, false)
	} else {
		p.open()
		p.within(arg, parent, false)
		p.close()
	}
	p.write("::", p.names.Type(t, mod))
}

func (p *printer) cast(n *expr.Cast, implicit bool) {
	if n.Form == expr.AsSQL { // COLLATE
		p.open()
		p.within(n.Arg, n, true)
		p.write(" COLLATE ", p.collation(n.C))
		p.close()
		return
	}
	if p.stored() {
		kind := byte('e')
		if n.Form == expr.Implied {
			kind = 'j'
		}
		p.write(token(kind, n.T.OID), "(")
		p.expr(n.Arg, true)
		if n.M >= 0 {
			p.write(", ", number(int(n.M)))
		}
		p.write(")")
		return
	}
	if n.Form == expr.Implied && !implicit {
		p.within(n.Arg, n, false)
		return
	}
	p.castTo(n.Arg, n, n.T, n.M)
}

// special prints the calls that the grammar gives a syntax of their own, and tells
// whether it is one of them.
func (p *printer) special(n *expr.Call) bool {
	a := n.Args
	between := func(open string, words ...string) {
		p.write(open)
		for i := range a {
			if i > 0 {
				p.write(words[i-1])
			}
			p.expr(a[i], false)
		}
		p.write(")")
	}
	switch name := n.Func.Name; {
	case name == "timezone" && len(a) == 2:
		p.write("(")
		p.within(a[1], n, false)
		p.write(" AT TIME ZONE ")
		p.within(a[0], n, false)
		p.write(")")
	case name == "extract" && len(a) == 2:
		field, ok := a[0].(*expr.Const)
		if !ok {
			return false
		}
		p.write("EXTRACT(", string(format.AppendText(nil, storedFormat, field.Value, 0)), " FROM ")
		p.expr(a[1], false)
		p.write(")")
	case name == "overlaps" && len(a) == 4:
		p.write("((")
		p.expr(a[0], false)
		p.write(", ")
		p.expr(a[1], false)
		p.write(") OVERLAPS (")
		p.expr(a[2], false)
		p.write(", ")
		p.expr(a[3], false)
		p.write("))")
	case name == "overlay":
		between("OVERLAY(", " PLACING ", " FROM ", " FOR ")
	case name == "position" && len(a) == 2:
		p.write("POSITION((")
		p.expr(a[1], false)
		p.write(") IN (")
		p.expr(a[0], false)
		p.write("))")
	case name == "substring" && len(a) >= 2 && a[1].Type() == types.Int4:
		p.write("SUBSTRING(")
		p.expr(a[0], false)
		p.write(" FROM ")
		p.expr(a[1], false)
		if len(a) == 3 {
			p.write(" FOR ")
			p.expr(a[2], false)
		}
		p.write(")")
	case name == "substring" && len(a) == 3:
		between("SUBSTRING(", " SIMILAR ", " ESCAPE ")
	case name == "substring" && len(a) == 2:
		between("SUBSTRING(", " FROM ")
	case name == "btrim" || name == "ltrim" || name == "rtrim":
		p.write("TRIM(", map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[name])
		if len(a) == 2 {
			p.write(" ")
			p.expr(a[1], false)
		}
		p.write(" FROM ")
		p.expr(a[0], false)
		p.write(")")
	case name == "pg_collation_for":
		between("COLLATION FOR (")
	case name == "normalize":
		p.write("NORMALIZE(")
		p.expr(a[0], false)
		p.form(a, ", ")
		p.write(")")
	case name == "is_normalized":
		p.write("((")
		p.expr(a[0], false)
		p.write(") IS")
		p.form(a, " ")
		p.write(" NORMALIZED)")
	default:
		return false
	}
	return true
}

// form prints the Unicode form of NORMALIZE, a keyword.
func (p *printer) form(a []expr.Expr, before string) {
	if len(a) < 2 {
		return
	}
	if c, ok := a[1].(*expr.Const); ok {
		p.write(before, string(format.AppendText(nil, storedFormat, c.Value, 0)))
	}
}
