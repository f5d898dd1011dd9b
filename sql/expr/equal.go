package expr

import (
	"bytes"

	"datapunk/types/vector"
)

// Equal tells whether two expressions mean the same: the same nodes, columns and
// constants. Subqueries are equal only if they are the same object.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a == b {
		return true
	}
	if a.Type() != b.Type() || a.Mod() != b.Mod() || a.Collation() != b.Collation() {
		return false
	}
	switch x := a.(type) {
	case *Const:
		y, ok := b.(*Const)
		if !ok || x.Value.Null(0) != y.Value.Null(0) {
			return false
		}
		return x.Value.Null(0) || bytes.Equal(vector.AppendDatum(nil, x.Value, 0), vector.AppendDatum(nil, y.Value, 0))
	case *Column:
		y, ok := b.(*Column)
		return ok && x.ID == y.ID
	case *Param:
		y, ok := b.(*Param)
		return ok && x.N == y.N
	case *Call:
		y, ok := b.(*Call)
		return ok && x.Func == y.Func && x.Variadic == y.Variadic && equalLists(x.Args, y.Args)
	case *Cast:
		y, ok := b.(*Cast)
		return ok && x.Method == y.Method && Equal(x.Arg, y.Arg)
	case *BoolTest:
		y, ok := b.(*BoolTest)
		return ok && x.Want == y.Want && x.Not == y.Not && Equal(x.Arg, y.Arg)
	case *IsNull:
		y, ok := b.(*IsNull)
		return ok && x.Not == y.Not && x.Row == y.Row && Equal(x.Arg, y.Arg)
	case *MinMax:
		y, ok := b.(*MinMax)
		return ok && x.Greatest == y.Greatest && equalLists(x.Args, y.Args)
	case *Distinct:
		y, ok := b.(*Distinct)
		return ok && x.Not == y.Not && Equal(x.Call, y.Call)
	case *AnyAll:
		y, ok := b.(*AnyAll)
		return ok && x.All == y.All && Equal(x.Call, y.Call) && Equal(x.Array, y.Array)
	case *Case:
		y, ok := b.(*Case)
		if !ok || len(x.Whens) != len(y.Whens) || !Equal(x.Arg, y.Arg) || !Equal(x.Else, y.Else) {
			return false
		}
		for i := range x.Whens {
			if !Equal(x.Whens[i].Cond, y.Whens[i].Cond) || !Equal(x.Whens[i].Result, y.Whens[i].Result) {
				return false
			}
		}
		return true
	case *CaseValue:
		_, ok := b.(*CaseValue)
		return ok
	case *Subscript:
		y, ok := b.(*Subscript)
		return ok && x.Slice == y.Slice && Equal(x.Arg, y.Arg) && equalLists(x.Lower, y.Lower) &&
			equalLists(x.Upper, y.Upper) && Equal(x.Assign, y.Assign)
	case *Field:
		y, ok := b.(*Field)
		return ok && x.Index == y.Index && Equal(x.Arg, y.Arg)
	case *RowCompare:
		y, ok := b.(*RowCompare)
		return ok && x.Op == y.Op && equalLists(x.Left, y.Left) && equalLists(x.Right, y.Right)
	case *Aggregate:
		y, ok := b.(*Aggregate)
		if !ok || x.Func != y.Func || x.Star != y.Star || x.Distinct != y.Distinct ||
			len(x.Order) != len(y.Order) || !equalLists(x.Args, y.Args) || !equalLists(x.Direct, y.Direct) || !Equal(x.Filter, y.Filter) {
			return false
		}
		for i := range x.Order {
			p, q := x.Order[i], y.Order[i]
			if p.Desc != q.Desc || p.NullsFirst != q.NullsFirst || !Equal(p.Expr, q.Expr) {
				return false
			}
		}
		return true
	case *Window:
		y, ok := b.(*Window)
		return ok && x.Func == y.Func && x.Spec == y.Spec && x.Star == y.Star && equalLists(x.Args, y.Args) && Equal(x.Filter, y.Filter)
	case *Subquery, *Default, *CurrentOf:
		return false
	}
	// The rest differ only in their kind and operands.
	if kindOf(a) != kindOf(b) {
		return false
	}
	var left, right []Expr
	Children(a, func(e Expr) { left = append(left, e) })
	Children(b, func(e Expr) { right = append(right, e) })
	return equalLists(left, right)
}

func kindOf(e Expr) int {
	switch e.(type) {
	case *And:
		return 1
	case *Or:
		return 2
	case *Not:
		return 3
	case *Coalesce:
		return 4
	case *Array:
		return 5
	case *Row:
		return 6
	case *NullIf:
		return 7
	case *Grouping:
		return 8
	}
	return 0
}

func equalLists(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
