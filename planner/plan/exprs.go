package plan

import (
	"datapunk/sql/expr"
	"datapunk/sql/logical"
)

// Expressions calls fn on every expression of one node.
func Expressions(n Node, fn func(expr.Expr)) {
	all := func(list []expr.Expr) {
		for _, e := range list {
			if e != nil {
				fn(e)
			}
		}
	}
	one := func(e expr.Expr) {
		if e != nil {
			fn(e)
		}
	}
	keys := func(list []SortKey) {
		for _, k := range list {
			fn(k.Expr)
		}
	}
	assigns := func(list []logical.Assign) {
		for _, a := range list {
			fn(a.Expr)
		}
	}
	switch n := n.(type) {
	case *Result:
		all(n.Exprs)
	case *Values:
		for _, r := range n.Rows {
			all(r)
		}
	case *Scan:
		all(n.Keys)
		one(n.In)
		if n.Low != nil {
			fn(n.Low.Expr)
		}
		if n.High != nil {
			fn(n.High.Expr)
		}
		all(n.Filter)
	case *SystemScan:
		all(n.Keys)
		one(n.In)
		all(n.Filter)
	case *FunctionScan:
		for _, c := range n.Calls {
			fn(c.Expr)
		}
		all(n.Filter)
	case *Filter:
		all(n.Conds)
	case *Project:
		all(n.Exprs)
	case *Limit:
		one(n.Count)
		one(n.Offset)
		keys(n.Ties)
	case *Sort:
		keys(n.Keys)
		one(n.Top)
		one(n.Skip)
	case *Aggregate:
		all(n.Keys)
		all(n.Extra)
		for _, c := range n.Calls {
			fn(c)
		}
	case *Window:
		all(n.Partition)
		for _, o := range n.Order {
			fn(o.Expr)
		}
		one(n.Frame.StartValue)
		one(n.Frame.EndValue)
		for _, c := range n.Calls {
			fn(c)
		}
	case *Join:
		all(n.LeftKeys)
		all(n.RightKeys)
		all(n.On)
	case *Insert:
		assigns(n.Change.Full)
		all(n.Returning)
	case *Update:
		all(n.Change.Values)
		all(n.Returning)
	case *Delete:
		all(n.Returning)
	}
}
