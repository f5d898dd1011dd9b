package search

import (
	"datapunk/planner/estimate"
	"datapunk/sql/expr"
)

// constants lists the columns that conditions make equal to a value: by the column,
// the comparison.
func constants(conds []expr.Expr) map[expr.ColumnID]*expr.Call {
	var found map[expr.ColumnID]*expr.Call
	for _, c := range conds {
		call, ok := c.(*expr.Call)
		if !ok || len(call.Args) != 2 || estimate.Operator(call) != "=" {
			continue
		}
		for k, a := range call.Args {
			if col, ok := a.(*expr.Column); ok && fixed(call.Args[1-k]) && call.Args[1-k].Type() == col.T {
				if found == nil {
					found = map[expr.ColumnID]*expr.Call{}
				}
				found[col.ID] = call
			}
		}
	}
	return found
}

// fixed tells an expression that is the same for every row.
func fixed(e expr.Expr) bool {
	ok := !volatile(e)
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case *expr.Column, *expr.Subquery, *expr.CaseValue:
			ok = false
		}
		return ok
	})
	return ok
}

// bound puts b = 5 in place of a = b where a = 5 holds, for columns of one type under
// one operator: so each relation is narrowed by itself, and by an index if it has one.
// It is the same, since equality is transitive and a is 5 in every row that counts.
func (s *Search) bound(conds []expr.Expr, equal map[expr.ColumnID]*expr.Call) []expr.Expr {
	if len(equal) == 0 {
		return conds
	}
	out := make([]expr.Expr, len(conds))
	for i, c := range conds {
		out[i] = c
		call, ok := c.(*expr.Call)
		if !ok || len(call.Args) != 2 || estimate.Operator(call) != "=" {
			continue
		}
		a, aok := call.Args[0].(*expr.Column)
		b, bok := call.Args[1].(*expr.Column)
		if !aok || !bok || a.T != b.T || a.C != b.C {
			continue
		}
		known, other := equal[a.ID], b
		if known == nil {
			known, other = equal[b.ID], a
		}
		if known == nil || known.Operator != call.Operator || equal[other.ID] != nil {
			continue
		}
		value := known.Args[0]
		if _, isColumn := value.(*expr.Column); isColumn {
			value = known.Args[1]
		}
		k := *call
		k.Args = []expr.Expr{other, value}
		out[i] = &k
	}
	return out
}
