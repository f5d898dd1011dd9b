package search

import (
	"slices"

	"datapunk/planner/cost"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/types"
)

// pair is an equality by which a merge join can go.
type pair struct {
	cond        int // which condition
	call        *expr.Call
	left, right expr.Expr
}

// mergeKey is one key of the order in which the inputs of a merge join come.
type mergeKey struct {
	pair             int
	desc, nullsFirst bool
}

// sortable tells whether the sides of an equality have an order in common: their layout
// is the same, or both are integers or both floats, of any width.
func sortable(a, b expr.Expr) bool {
	x, y := a.Type().Root(), b.Type().Root()
	switch x.OID {
	case types.OIDXid, types.OIDCid, types.OIDAclitem:
		return false // these have no order
	}
	width := func(t *types.Type) int {
		switch t {
		case types.Int2, types.Int4, types.Int8:
			return 1
		case types.Float4, types.Float8:
			return 2
		}
		return 0
	}
	return alike(a, b) || width(x) > 0 && width(x) == width(y)
}

// mergeJoins makes merge joins of two nodes: in the orders that one of them has or that an
// index of its table gives, in the one that the query wants, and, if there is no hash join,
// in any one. What has another order is sorted; where a hash join would do, only for the
// order that the query wants.
func (s *Search) mergeJoins(left, right plan.Node, on []expr.Expr, pairs []pair, hashed bool, rows float64, keep func(*plan.Join)) {
	var lefts, rights []expr.Expr
	for _, p := range pairs {
		lefts, rights = append(lefts, collated(p.left, p.call.C)), append(rights, collated(p.right, p.call.C))
	}
	var orders [][]mergeKey
	add := func(keys []mergeKey) {
		if len(keys) == 0 {
			return
		}
		for _, o := range orders {
			if slices.Equal(o, keys) {
				return
			}
		}
		orders = append(orders, keys)
	}
	if !hashed {
		written := make([]mergeKey, len(pairs))
		for i := range pairs {
			written[i].pair = i
		}
		add(written)
	}
	for _, side := range []struct {
		node  plan.Node
		exprs []expr.Expr
	}{{left, lefts}, {right, rights}} {
		add(runs(side.node, side.exprs))
		if scan, ok := side.node.(*plan.Scan); ok {
			for _, n := range s.indexed(scan) {
				if !n.Reverse {
					add(runs(n, side.exprs))
				}
			}
		}
	}
	add(s.wantedOrder(lefts, rights))
	for _, o := range orders {
		j := s.mergeJoin(left, right, on, pairs, o, rows)
		if !hashed || !isSort(j.Left, left) && !isSort(j.Right, right) || s.wants(j) {
			keep(j)
		}
	}
}

// isSort tells whether a node was sorted to become another.
func isSort(now, was plan.Node) bool {
	_, is := now.(*plan.Sort)
	return is && now != was
}

// mergeJoin makes a merge join in one order. Equalities that are not among its keys are
// conditions like others.
func (s *Search) mergeJoin(left, right plan.Node, on []expr.Expr, pairs []pair, keys []mergeKey, rows float64) *plan.Join {
	j := &plan.Join{Method: plan.MergeJoin}
	var l, r []plan.SortKey
	used := make([]bool, len(on))
	matched := left.Estimate().Rows * right.Estimate().Rows
	for _, k := range keys {
		p := pairs[k.pair]
		used[p.cond] = true
		matched *= estimate.Selectivity(p.call, s.find)
		j.LeftKeys, j.RightKeys, j.Equals, j.Desc = append(j.LeftKeys, p.left), append(j.RightKeys, p.right), append(j.Equals, p.call), append(j.Desc, k.desc)
		l = append(l, plan.SortKey{Expr: collated(p.left, p.call.C), Desc: k.desc, NullsFirst: k.nullsFirst})
		r = append(r, plan.SortKey{Expr: collated(p.right, p.call.C), Desc: k.desc, NullsFirst: k.nullsFirst})
	}
	for i, c := range on {
		if !used[i] {
			j.On = append(j.On, c)
		}
	}
	j.Left, j.Right = s.arranged(left, l), s.arranged(right, r)
	a, b := j.Left.Estimate(), j.Right.Estimate()
	j.Est.Startup = a.Startup + b.Startup
	j.Est.Total = a.Total + b.Total + cost.MergeJoin(a.Rows, b.Rows, rows, matched, len(j.On))
	return j
}

// arranged gives a node's rows in an order, nulls anywhere: as it is, by an index, or
// sorted.
func (s *Search) arranged(node plan.Node, keys []plan.SortKey) plan.Node {
	if sorted(node, keys, false) {
		return node
	}
	best := plan.Node(s.sort(node, keys, nil))
	if scan, ok := node.(*plan.Scan); ok {
		for _, n := range s.indexed(scan) {
			if n.Est.Total < best.Estimate().Total && sorted(n, keys, false) {
				best = n
			}
		}
	}
	return best
}

// collated is a key under the collation by which it is compared.
func collated(e expr.Expr, collation types.OID) expr.Expr {
	if !e.Type().Collatable() || e.Collation() == collation {
		return e
	}
	return &expr.Cast{Typing: expr.Typing{T: e.Type(), M: e.Mod(), C: collation}, Arg: e, Method: expr.Relabel, Form: expr.AsSQL}
}

// wantedOrder is the order that the query wants, then the other keys, if it is one of keys
// of the join.
func (s *Search) wantedOrder(lefts, rights []expr.Expr) []mergeKey {
	if s.wanted == nil {
		return nil
	}
	s.resolve()
	var out []mergeKey
	used := make([]bool, len(lefts))
	for _, k := range s.wanted.keys {
		i := slices.IndexFunc(lefts, func(e expr.Expr) bool { return expr.Equal(e, k.Expr) })
		if i < 0 {
			i = slices.IndexFunc(rights, func(e expr.Expr) bool { return expr.Equal(e, k.Expr) })
		}
		if i < 0 || used[i] {
			return nil
		}
		used[i] = true
		out = append(out, mergeKey{i, k.Desc, k.NullsFirst})
	}
	for i, done := range used {
		if !done {
			out = append(out, mergeKey{pair: i})
		}
	}
	return out
}

// runs tells how far a node's rows come in an order of some of the expressions.
func runs(node plan.Node, exprs []expr.Expr) []mergeKey {
	switch n := node.(type) {
	case *plan.Project:
		if n.Sets {
			return nil
		}
		layout := plan.Layout(n.Out)
		moved := make([]expr.Expr, len(exprs))
		for i, e := range exprs {
			if c, ok := e.(*expr.Column); ok {
				if place, ok := layout[c.ID]; ok {
					moved[i] = n.Exprs[place]
				}
			}
		}
		return runs(n.Input, moved)
	case *plan.Filter:
		return runs(n.Input, exprs)
	case *plan.Limit:
		return runs(n.Input, exprs)
	case *plan.Unique:
		return runs(n.Input, exprs)
	case *plan.Scan:
		return scanRuns(n, exprs)
	case *plan.Sort:
		var out []mergeKey
		for _, k := range n.Keys {
			i := slices.IndexFunc(exprs, func(e expr.Expr) bool { return expr.Equal(e, k.Expr) })
			if i < 0 {
				break
			}
			out = append(out, mergeKey{i, k.Desc, k.NullsFirst})
		}
		return out
	case *plan.Join:
		if joinKeepsOrder(n) {
			moved := make([]expr.Expr, len(exprs))
			for i, e := range exprs {
				moved[i] = leftKey(n, e)
			}
			return runs(n.Left, moved)
		}
	}
	return nil
}

// scanRuns is runs for an index: a key that is bound to one value has any order.
func scanRuns(n *plan.Scan, exprs []expr.Expr) []mergeKey {
	if n.Index == nil || n.In != nil || n.Index.Index.Method != "btree" {
		return nil
	}
	var out []mergeKey
	for place, x := range n.Index.Index.Keys {
		i := slices.IndexFunc(exprs, func(e expr.Expr) bool {
			if e == nil {
				return false
			}
			c, collation := orderColumn(e)
			return c != nil && reads(n, x.Column, c.ID) && (x.Collation == 0 || x.Collation == collation)
		})
		switch {
		case i >= 0:
			out = append(out, mergeKey{i, x.Desc != n.Reverse, x.NullsFirst != n.Reverse})
		case place >= len(n.Keys):
			return out
		}
	}
	return out
}
