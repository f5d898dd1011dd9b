package search

import (
	"slices"

	"datapunk/planner/cost"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// ordering is the order in which a query wants the rows of its FROM clause.
type ordering struct {
	keys []plan.SortKey
	top  float64 // how many of the first ones are wanted, 0: all
	// replaced is how many columns were replaced when the keys were looked at last.
	replaced int
}

// want is the ordering of ORDER BY, where nothing but the select list lies between; nil if
// there is none.
func (s *Search) want(q *logical.Query) *ordering {
	if len(q.OrderBy) == 0 || len(q.From) == 0 || q.Grouped || len(q.Windows) > 0 || q.Distinct || q.SetReturning {
		return nil
	}
	o := &ordering{}
	for _, k := range q.OrderBy {
		e := q.Targets[k.Target].Expr
		if volatile(e) {
			return nil
		}
		o.keys = append(o.keys, plan.SortKey{Expr: e, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	if n, ok := constant(q.Limit); ok && len(q.On) == 0 {
		skip, _ := constant(q.Offset)
		o.top = n + skip
	}
	return o
}

// wants tells whether a node gives its rows as the query wants them.
func (s *Search) wants(node plan.Node) bool {
	if s.wanted == nil {
		return false
	}
	s.resolve()
	return sorted(node, s.wanted.keys, true)
}

// resolve puts the expressions of subqueries that were pulled up meanwhile into the keys.
func (s *Search) resolve() {
	o := s.wanted
	if len(s.replaced) == o.replaced {
		return
	}
	o.replaced = len(s.replaced)
	for i := range o.keys {
		o.keys[i].Expr = s.replace(o.keys[i].Expr)
	}
}

// prefer chooses between the cheapest node and the best that gives its rows as the query
// wants them (nil if there is none).
func (s *Search) prefer(node, ordered plan.Node) plan.Node {
	if ordered == nil || ordered == node {
		return node
	}
	if n := node.Estimate(); s.part(ordered) < n.Total+s.sortCost(n.Rows, s.wanted.top) {
		return ordered
	}
	return node
}

// part is what it costs to read as many of a node's rows as the query wants.
func (s *Search) part(node plan.Node) float64 {
	est := node.Estimate()
	if s.wanted.top <= 0 || s.wanted.top >= est.Rows {
		return est.Total
	}
	return est.Startup + (est.Total-est.Startup)*s.wanted.top/est.Rows
}

// sooner is the one of two nodes, each of which may be nil, of which that costs less.
func (s *Search) sooner(a, b plan.Node) plan.Node {
	if a == nil || b != nil && s.part(b) < s.part(a) {
		return b
	}
	return a
}

// sortCost is what a sort costs; with a limit only the first rows are wanted.
func (s *Search) sortCost(rows, limit float64) float64 {
	c := cost.Sort(rows, limit)
	if s.opts.NoSort {
		c += cost.Disabled
	}
	return c
}

// sorted tells whether a node's rows come in an order already; without nulls, the places
// of rows with a key that is null do not matter.
func sorted(node plan.Node, keys []plan.SortKey, nulls bool) bool {
	switch n := node.(type) {
	case *plan.Project:
		if n.Sets {
			return false
		}
		moved := make([]plan.SortKey, len(keys))
		layout := plan.Layout(n.Out)
		for i, k := range keys {
			c, ok := k.Expr.(*expr.Column)
			if !ok {
				return false
			}
			place, ok := layout[c.ID]
			if !ok {
				return false
			}
			moved[i] = k
			moved[i].Expr = n.Exprs[place]
		}
		return sorted(n.Input, moved, nulls)
	case *plan.Filter:
		return sorted(n.Input, keys, nulls)
	case *plan.LockRows:
		return false
	case *plan.Limit:
		return sorted(n.Input, keys, nulls)
	case *plan.Scan:
		return scanSorted(n, keys, nulls)
	case *plan.Sort:
		if len(keys) > len(n.Keys) {
			return false
		}
		for i, k := range keys {
			if k.Desc != n.Keys[i].Desc || nulls && k.NullsFirst != n.Keys[i].NullsFirst || !expr.Equal(k.Expr, n.Keys[i].Expr) {
				return false
			}
		}
		return true
	case *plan.Unique:
		return sorted(n.Input, keys, nulls)
	case *plan.Join:
		if !joinKeepsOrder(n) {
			return false
		}
		// That a left row is the only one of its keys says nothing of what is joined to it.
		moved := make([]plan.SortKey, len(keys))
		for i, k := range keys {
			moved[i] = k
			if moved[i].Expr = leftKey(n, k.Expr); !gives(n.Left, moved[i].Expr) {
				return false
			}
		}
		return sorted(n.Left, moved, nulls)
	}
	return false
}

// joinKeepsOrder tells whether a join gives its left rows in their order.
func joinKeepsOrder(n *plan.Join) bool { return n.Method != plan.HashJoin && n.Kind != logical.Full }

// gives tells whether an expression is over a node's columns alone.
func gives(node plan.Node, e expr.Expr) bool {
	if e == nil {
		return false
	}
	set := map[expr.ColumnID]bool{}
	expr.Columns(e, set)
	for _, c := range node.Output() {
		delete(set, c.ID)
	}
	return len(set) == 0
}

// leftKey is the left side's key of an inner join for the right side's, which is equal to
// it; another expression stays.
func leftKey(n *plan.Join, e expr.Expr) expr.Expr {
	if n.Kind == logical.Inner {
		for i, right := range n.RightKeys {
			if left := n.LeftKeys[i]; expr.Equal(e, right) && left.Collation() == right.Collation() {
				return left
			}
		}
	}
	return e
}

// scanSorted tells whether an index gives its rows in an order: keys bound to one
// value do not count.
func scanSorted(n *plan.Scan, keys []plan.SortKey, nulls bool) bool {
	if n.Index == nil || n.In != nil || n.Index.Index.Method != "btree" {
		return false
	}
	at := 0
	bound := len(n.Keys)
next:
	for _, k := range keys {
		c, collation := orderColumn(k.Expr)
		if c == nil {
			return false
		}
		for b := 0; b < bound; b++ {
			if reads(n, n.Index.Index.Keys[b].Column, c.ID) {
				continue next
			}
		}
		place := bound + at
		if place >= len(n.Index.Index.Keys) {
			return n.Index.Index.Unique && n.Index.Index.Immediate && uniqueNotNull(n)
		}
		x := n.Index.Index.Keys[place]
		if !reads(n, x.Column, c.ID) || (x.Collation != 0 && collation != x.Collation) {
			return false
		}
		if x.Desc != k.Desc != n.Reverse {
			return false
		}
		notNull := n.Table.Columns[x.Column-1].NotNull
		if nulls && !notNull && x.NullsFirst != k.NullsFirst != n.Reverse {
			return false
		}
		at++
	}
	return true
}

// reads tells whether a scan gives a column of its table as the one asked for.
func reads(n *plan.Scan, number int16, id expr.ColumnID) bool {
	i := slices.Index(n.Numbers, number)
	return number != 0 && i >= 0 && n.Out[i].ID == id
}

// orderColumn is the column whose order an expression has, with the collation; nil if
// there is none. It looks through relabelling of texts, which is no other order.
func orderColumn(e expr.Expr) (*expr.Column, types.OID) {
	collation := e.Collation()
	for {
		switch n := e.(type) {
		case *expr.Column:
			return n, collation
		case *expr.Cast:
			if n.Method != expr.Relabel || !n.T.Collatable() || !n.Arg.Type().Collatable() {
				return nil, 0
			}
			e = n.Arg
		default:
			return nil, 0
		}
	}
}

func uniqueNotNull(n *plan.Scan) bool {
	for _, k := range n.Index.Index.Keys {
		if k.Column == 0 || !n.Table.Columns[k.Column-1].NotNull {
			return false
		}
	}
	return true
}
