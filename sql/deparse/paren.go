package deparse

import (
	"strings"

	"datapunk/sql/expr"
)

// simple tells whether an operand needs no parentheses under its parent: because it
// has brackets of its own, the parent has, or precedence says the same.
func (p *printer) simple(e, parent expr.Expr) bool {
	switch n := e.(type) {
	case *expr.Const, *expr.Column, *expr.CaseValue, *expr.Subscript, *expr.Array, *expr.Row, *expr.Coalesce, *expr.MinMax,
		*expr.NullIf, *expr.Aggregate, *expr.Window, *expr.Grouping, *expr.Case:
		return true
	case *expr.Field:
		_, nested := parent.(*expr.Field)
		return !nested
	case *expr.Cast:
		if n.Form == expr.AsSQL {
			return false
		}
		return p.simple(n.Arg, n)
	case *expr.Call:
		if n.Operator == 0 {
			return true
		}
		outer, ok := parent.(*expr.Call)
		if !ok || outer.Operator == 0 {
			return junction(parent) || bracketed(parent)
		}
		op, around := rank(p.sign(n)), rank(p.sign(outer))
		switch {
		case op == 0 || around == 0:
			return false
		case op != around:
			return op > around
		}
		return outer.Args[0] == e
	case *expr.And:
		if _, ok := parent.(*expr.Or); ok {
			return true
		}
		_, ok := parent.(*expr.And)
		return ok || bracketed(parent)
	case *expr.Not:
		switch parent.(type) {
		case *expr.And, *expr.Or:
			return true
		}
		return bracketed(parent)
	case *expr.Or:
		_, ok := parent.(*expr.Or)
		return ok || bracketed(parent)
	case *expr.IsNull, *expr.BoolTest, *expr.Distinct, *expr.Subquery:
		return junction(parent) || bracketed(parent)
	}
	return false
}

// junction tells AND, OR and NOT.
func junction(parent expr.Expr) bool {
	switch parent.(type) {
	case *expr.And, *expr.Or, *expr.Not:
		return true
	}
	return false
}

// bracketed tells the parents that surround their operands themselves.
func bracketed(parent expr.Expr) bool {
	switch n := parent.(type) {
	case *expr.Call:
		return n.Operator == 0 && n.Form == expr.AsCall
	case *expr.Subscript, *expr.Array, *expr.Row, *expr.Coalesce, *expr.MinMax, *expr.NullIf, *expr.Aggregate, *expr.Window,
		*expr.Grouping, *expr.Case:
		return true
	}
	return false
}

// sign is a binary operator of one character, or "".
func (p *printer) sign(c *expr.Call) string {
	if s := p.names.Operator(c.Operator); len(c.Args) == 2 && len(s) == 1 {
		return s
	}
	return ""
}

// rank is the precedence of + - and of * / %, 0 for any other operator.
func rank(sign string) int {
	switch {
	case sign == "":
		return 0
	case strings.Contains("+-", sign):
		return 1
	case strings.Contains("*/%", sign):
		return 2
	}
	return 0
}
