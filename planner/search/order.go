package search

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/planner/cost"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
)

// best are the best plans found for a set of relations: the cheapest, and of those that
// give their rows as the query wants them the one that does it soonest, or nil.
type best struct {
	node    plan.Node
	ordered plan.Node
	deps    uint64
}

// order joins relations: by dynamic programming over all sets of up to
// CollapseLimit relations, greedily past that (Moerkotte and Neumann, "Analysis of
// Two Existing and One New Dynamic Programming Algorithm", VLDB 2006, is the plan
// for wider ones).
func (s *Search) order(rels []*relation, joins []condition) (plan.Node, error) {
	n := len(rels)
	if n == 1 {
		if rels[0].deps != 0 {
			return nil, pgerr.Internal("relation depends on itself")
		}
		return rels[0].node, nil
	}
	if n > s.opts.CollapseLimit {
		return s.greedy(rels, joins)
	}
	table := make([]*best, 1<<n)
	for i, r := range rels {
		table[1<<i] = &best{r.node, s.orderedLeaf(r.node), r.deps}
	}
	for set := uint64(3); set < 1<<n; set++ {
		if bits.OnesCount64(set) < 2 {
			continue
		}
		// First with a condition between the halves, then as a cross product.
		for _, cross := range []bool{false, true} {
			for left := (set - 1) & set; left > 0; left = (left - 1) & set {
				right := set &^ left
				l, r := table[left], table[right]
				if l == nil || r == nil || (!cross && !connected(joins, left, right) && r.deps&left == 0) {
					continue
				}
				if err := s.try(table, rels, joins, set, left, right); err != nil {
					return nil, err
				}
			}
			if table[set] != nil {
				break
			}
		}
	}
	final := table[1<<n-1]
	if final == nil || final.deps != 0 {
		return nil, pgerr.Internal("no join order found")
	}
	return s.prefer(final.node, final.ordered), nil
}

// orderedLeaf is a relation's cheapest plan that gives its rows as the query wants them.
func (s *Search) orderedLeaf(node plan.Node) plan.Node {
	if s.wants(node) {
		return node
	}
	scan, ok := node.(*plan.Scan)
	if !ok || s.wanted == nil {
		return nil
	}
	var chosen plan.Node
	for _, n := range s.indexed(scan) {
		if s.wants(n) {
			chosen = s.sooner(chosen, n)
		}
	}
	return chosen
}

func connected(joins []condition, left, right uint64) bool {
	for _, j := range joins {
		if j.rels&left != 0 && j.rels&right != 0 && j.rels&^(left|right) == 0 {
			return true
		}
	}
	return false
}

// try joins two sets if what they depend on allows it.
func (s *Search) try(table []*best, rels []*relation, joins []condition, set, left, right uint64) error {
	l, r := table[left], table[right]
	if l.deps&^left&right != 0 { // the left side waits for the right
		return nil
	}
	lateral := r.deps&left != 0
	deps := (l.deps | r.deps) &^ set
	var on []expr.Expr
	for _, j := range joins {
		if j.rels&^set == 0 && j.rels&^left != 0 && j.rels&^right != 0 {
			on = append(on, j.e)
		}
	}
	var inner *logical.TableRef
	var innerConds []expr.Expr
	if bits.OnesCount64(right) == 1 {
		one := rels[bits.TrailingZeros64(right)]
		inner, innerConds = rightItem(one.item), one.conds
	}
	for i, outer := range []plan.Node{l.node, l.ordered} {
		if outer == nil || i > 0 && outer == l.node || s.hopeless(table[set], outer) {
			continue
		}
		node, ordered, err := s.joinPair(logical.Inner, outer, r.node, on, inner, innerConds, lateral)
		if err != nil {
			return err
		}
		if node == nil {
			continue
		}
		t := table[set]
		if t == nil {
			t = &best{node: node, deps: deps}
			table[set] = t
		}
		t.node, t.ordered = cheaper(t.node, node), s.sooner(t.ordered, ordered)
		complete(t.node)
		complete(t.ordered)
	}
	return nil
}

// hopeless tells whether no join with a node as its left side, which is run once whatever
// the method, can be better than what was found. A plan in the wanted order should cost
// less than to sort the cheapest one.
func (s *Search) hopeless(t *best, left plan.Node) bool {
	if t == nil {
		return false
	}
	est := t.node.Estimate()
	if s.wanted != nil {
		return s.part(left) >= est.Total+s.sortCost(est.Rows, 0)
	}
	return left.Estimate().Total >= est.Total
}

// cheaper is the cheaper of two nodes, each of which may be nil.
func cheaper(a, b plan.Node) plan.Node {
	if a == nil || b != nil && b.Estimate().Total < a.Estimate().Total {
		return b
	}
	return a
}

// greedy joins, again and again, the pair that gives the fewest rows.
func (s *Search) greedy(rels []*relation, joins []condition) (plan.Node, error) {
	type part struct {
		set uint64
		best
	}
	var parts []part
	for i, r := range rels {
		parts = append(parts, part{1 << i, best{node: r.node, deps: r.deps}})
	}
	for len(parts) > 1 {
		var chosen plan.Node
		ci, cj := -1, -1
		for _, cross := range []bool{false, true} {
			for i := range parts {
				for j := range parts {
					if i == j || parts[i].deps&parts[j].set != 0 {
						continue
					}
					if !cross && !connected(joins, parts[i].set, parts[j].set) && parts[j].deps&parts[i].set == 0 {
						continue
					}
					set := parts[i].set | parts[j].set
					var on []expr.Expr
					for _, c := range joins {
						if c.rels&^set == 0 && c.rels&^parts[i].set != 0 && c.rels&^parts[j].set != 0 {
							on = append(on, c.e)
						}
					}
					var inner *logical.TableRef
					var innerConds []expr.Expr
					if bits.OnesCount64(parts[j].set) == 1 {
						one := rels[bits.TrailingZeros64(parts[j].set)]
						inner, innerConds = rightItem(one.item), one.conds
					}
					node, _, err := s.joinPair(logical.Inner, parts[i].node, parts[j].node, on, inner, innerConds, parts[j].deps&parts[i].set != 0)
					if err != nil {
						return nil, err
					}
					if node != nil && (chosen == nil || node.Estimate().Rows < chosen.Estimate().Rows ||
						node.Estimate().Rows == chosen.Estimate().Rows && node.Estimate().Total < chosen.Estimate().Total) {
						chosen, ci, cj = node, i, j
					}
				}
			}
			if chosen != nil {
				break
			}
		}
		if chosen == nil {
			return nil, pgerr.Internal("no join order found")
		}
		complete(chosen)
		merged := part{parts[ci].set | parts[cj].set, best{node: chosen, deps: (parts[ci].deps | parts[cj].deps) &^ (parts[ci].set | parts[cj].set)}}
		var rest []part
		for k := range parts {
			if k != ci && k != cj {
				rest = append(rest, parts[k])
			}
		}
		parts = append(rest, merged)
	}
	return parts[0].node, nil
}

// joinPair makes the cheapest join of two nodes, and the cheapest that gives its rows as
// the query wants them: hash or merge join if there are equalities to go by, a nested loop
// with an index lookup where the right side is a table with a fitting index, else a plain
// nested loop. Nil means that it cannot be done. What is kept must be completed.
func (s *Search) joinPair(kind logical.JoinKind, left, right plan.Node, on []expr.Expr, inner *logical.TableRef, innerConds []expr.Expr, lateral bool) (node, ordered plan.Node, err error) {
	leftCols, rightCols := s.columnsOf(left), s.columnsOf(right)
	l, r := left.Estimate(), right.Estimate()
	rows := l.Rows * r.Rows
	for _, c := range on {
		rows *= estimate.Selectivity(c, s.find)
	}
	switch kind {
	case logical.Left:
		rows = math.Max(rows, l.Rows)
	case logical.Full:
		rows = math.Max(rows, l.Rows+r.Rows)
	case logical.Semi:
		rows = math.Min(l.Rows, math.Max(1, rows))
	case logical.Anti:
		rows = math.Max(1, l.Rows-math.Min(rows, l.Rows*0.9))
	}
	rows = math.Max(rows, 1)
	keep := func(j *plan.Join) {
		j.Kind, j.Est.Rows = kind, rows
		node = cheaper(node, j)
		if s.wants(j) {
			ordered = s.sooner(ordered, j)
		}
	}
	if !lateral {
		hash := &plan.Join{Method: plan.HashJoin, Left: left, Right: right}
		pairs := make([]pair, 0, len(on))
		for i, c := range on {
			call, lk, rk, ok := equality(c, leftCols, rightCols)
			if ok && !s.opts.NoMergeJoin && sortable(lk, rk) {
				pairs = append(pairs, pair{i, call, lk, rk})
			}
			if ok && alike(lk, rk) {
				hash.LeftKeys, hash.RightKeys, hash.Equals = append(hash.LeftKeys, lk), append(hash.RightKeys, rk), append(hash.Equals, call)
			} else {
				hash.On = append(hash.On, c)
			}
		}
		hashed := len(hash.LeftKeys) > 0 && !s.opts.NoHashJoin
		if hashed {
			hash.Est.Startup = r.Total + r.Rows*cost.HashBuild
			hash.Est.Total = l.Total + r.Total + cost.HashJoin(r.Rows, l.Rows, rows)
			keep(hash)
		}
		if len(pairs) > 0 {
			s.mergeJoins(left, right, on, pairs, hashed, rows, keep)
		}
	}
	// Nested loop with an index lookup.
	if inner != nil && kind != logical.Full && !s.opts.NoNestLoop && !s.opts.NoIndexScan {
		lookup, err := s.lookup(inner, innerConds, on, leftCols)
		if err != nil {
			return nil, nil, err
		}
		if lookup != nil {
			j := &plan.Join{Method: plan.NestLoop, Left: left, Right: lookup, Params: params(lookup, leftCols)}
			j.Est.Total = l.Total + l.Rows*(cost.NestedRescan+lookup.Estimate().Total) + rows*cost.OutputRow
			j.Est.Startup = l.Startup
			keep(j)
		}
	}
	// Plain nested loop.
	if node == nil || !s.opts.NoNestLoop && kind != logical.Full {
		if kind == logical.Full && !fullJoinable(on, leftCols, rightCols) {
			return nil, nil, pgerr.New(pgerr.FeatureNotSupported, "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions")
		}
		j := &plan.Join{Method: plan.NestLoop, Left: left, Right: right, On: on}
		if lateral {
			j.Params = params(right, leftCols)
		}
		again := r.Total
		if !lateral { // the inner rows are kept after the first round
			again = r.Rows * 0.05
		}
		j.Est.Startup = l.Startup
		if !lateral {
			j.Est.Startup += r.Total
		}
		j.Est.Total = l.Total + r.Total + l.Rows*(cost.NestedRescan+again) + l.Rows*r.Rows*cost.FilterRow*math.Max(1, float64(len(on)))
		keep(j)
	}
	return node, ordered, nil
}

// fullJoinable tells whether there is a way to make a FULL join that PostgreSQL would
// find: an equality between the sides, or nothing but constants.
func fullJoinable(on []expr.Expr, left, right map[expr.ColumnID]bool) bool {
	constants := true
	for _, c := range on {
		if _, _, _, ok := equality(c, left, right); ok {
			return true
		}
		_, ok := c.(*expr.Const)
		constants = constants && ok
	}
	return constants
}

// complete says which columns a join gives: few of those that are tried are kept.
func complete(node plan.Node) {
	j, ok := node.(*plan.Join)
	switch {
	case !ok || j.Out != nil:
	case j.Kind == logical.Semi || j.Kind == logical.Anti:
		j.Out = j.Left.Output()
	default:
		j.Out = slices.Concat(j.Left.Output(), j.Right.Output())
	}
}

// params lists the left columns that a node mentions as parameters.
func params(node plan.Node, left map[expr.ColumnID]bool) []expr.ColumnID {
	seen := map[expr.ColumnID]bool{}
	var out []expr.ColumnID
	for id := range left {
		if !seen[id] && mentionsColumn(node, id) {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// columnsOf is columnSet, kept: the search asks for a node's columns again and again.
func (s *Search) columnsOf(n plan.Node) map[expr.ColumnID]bool {
	set, ok := s.outputOf[n]
	if !ok {
		set = columnSet(n)
		s.outputOf[n] = set
	}
	return set
}

func columnSet(n plan.Node) map[expr.ColumnID]bool {
	set := map[expr.ColumnID]bool{}
	for _, c := range n.Output() {
		set[c.ID] = true
	}
	return set
}

// equality takes an equality between the sides apart.
func equality(c expr.Expr, left, right map[expr.ColumnID]bool) (*expr.Call, expr.Expr, expr.Expr, bool) {
	call, ok := c.(*expr.Call)
	if !ok || len(call.Args) != 2 || volatile(c) {
		return nil, nil, nil, false
	}
	if estimate.Operator(call) != "=" && !strings.Contains(call.Func.Source, "_eq_") { // date_eq_timestamp
		return nil, nil, nil, false
	}
	a, b := call.Args[0], call.Args[1]
	switch {
	case onlyIn(a, left, right) && onlyIn(b, right, left):
		return call, a, b, true
	case onlyIn(a, right, left) && onlyIn(b, left, right):
		return call, b, a, true
	}
	return nil, nil, nil, false
}

// alike tells whether two values compare and hash alike: by the same layout.
func alike(a, b expr.Expr) bool {
	x, y := a.Type().Root(), b.Type().Root()
	return x.Phys == y.Phys && (x == y || bytesAlike(a, b))
}

// bytesAlike tells whether two types of one layout compare by that layout: text
// and varchar do, bpchar and text do not.
func bytesAlike(a, b expr.Expr) bool {
	x, y := a.Type().Root().Name, b.Type().Root().Name
	plain := func(n string) bool { return n == "text" || n == "varchar" || n == "name" }
	if plain(x) && plain(y) {
		return true
	}
	ids := func(n string) bool { return n == "oid" || len(n) > 3 && n[:3] == "reg" }
	return ids(x) && ids(y)
}

// semiJoin recognises EXISTS, NOT EXISTS and x IN (SELECT …) among the conditions.
func (s *Search) semiJoin(c expr.Expr) (semi, bool) {
	kind := logical.Semi
	if n, ok := c.(*expr.Not); ok {
		kind, c = logical.Anti, n.Arg
	}
	sub, ok := c.(*expr.Subquery)
	if !ok {
		return semi{}, false
	}
	q := sub.Query.(*logical.Query)
	if q.Volatile || len(q.Locks) > 0 || q.Change != nil {
		return semi{}, false
	}
	switch sub.Kind {
	case expr.Exists:
		if q.SetOp != nil || q.Command != logical.Select || q.Grouped || len(q.GroupBy) > 0 || q.Having != nil || q.Offset != nil ||
			len(q.CTEs) > 0 || q.SetReturning || len(q.From) == 0 || q.Limit != nil {
			return semi{}, false
		}
		return semi{kind: kind, query: q}, true
	case expr.Any:
		if len(sub.Tests) != 1 || kind == logical.Anti || volatile(sub.Tests[0]) {
			return semi{}, false
		}
		return semi{kind: kind, query: q, on: expr.Conjuncts(sub.Tests[0])}, true
	}
	return semi{}, false
}

// applySemi joins a node with a subquery of which only existence matters.
func (s *Search) applySemi(node plan.Node, j semi) (plan.Node, error) {
	left := columnSet(node)
	var right plan.Node
	var err error
	var on []expr.Expr
	var inner *logical.TableRef
	var innerConds []expr.Expr
	for _, c := range j.on {
		on = append(on, s.replace(c))
	}
	q := j.query
	if s.simple(withoutTargets(q)) {
		// Correlated conditions of the subquery become conditions of the join.
		var conds []expr.Expr
		s.pullTargets(q)
		var leaves []logical.FromItem
		for _, item := range q.From {
			leaves, conds = s.flatten(item, leaves, conds)
		}
		conds = append(conds, expr.Conjuncts(q.Where)...)
		var own []expr.Expr
		rightCols := map[expr.ColumnID]bool{}
		for _, l := range leaves {
			itemColumns(l, rightCols)
		}
		for _, c := range conds {
			c = s.replace(c)
			set := map[expr.ColumnID]bool{}
			expr.Columns(c, set)
			outer := false
			for id := range set {
				outer = outer || left[id]
			}
			if outer {
				on = append(on, c)
			} else {
				own = append(own, c)
			}
		}
		for i := range on {
			on[i] = s.replace(on[i])
		}
		lateral := false
		for _, l := range leaves {
			s.lateral(l, func(e expr.Expr) {
				set := map[expr.ColumnID]bool{}
				expr.Columns(e, set)
				for id := range set {
					lateral = lateral || left[id]
				}
			})
		}
		var semis []semi
		var plain []expr.Expr
		for _, c := range own {
			if k, ok := s.semiJoin(c); ok {
				semis = append(semis, k)
			} else {
				plain = append(plain, c)
			}
		}
		if right, err = s.joinAll(leaves, plain); err != nil {
			return nil, err
		}
		for _, k := range semis {
			if right, err = s.applySemi(right, k); err != nil {
				return nil, err
			}
		}
		for _, c := range on {
			if err := s.subplans(c); err != nil {
				return nil, err
			}
		}
		if len(leaves) == 1 && len(semis) == 0 {
			inner, innerConds = rightItem(leaves[0]), plain
		}
		return s.preferred(s.joinPair(j.kind, node, right, on, inner, innerConds, lateral))
	}
	if right, err = s.query(q); err != nil {
		return nil, err
	}
	if len(j.on) == 0 { // EXISTS of something that cannot be flattened
		on = nil
	}
	lateral := false
	for _, id := range q.Outer {
		lateral = lateral || left[id]
	}
	for _, c := range on {
		if err := s.subplans(c); err != nil {
			return nil, err
		}
	}
	return s.preferred(s.joinPair(j.kind, node, right, on, nil, nil, lateral))
}

// preferred is prefer for what joinPair gives.
func (s *Search) preferred(node, ordered plan.Node, err error) (plan.Node, error) {
	if err != nil || node == nil {
		return nil, err
	}
	node = s.prefer(node, ordered)
	complete(node)
	return node, nil
}

// withoutTargets is a query as EXISTS sees it: what it selects and how it orders
// does not matter.
func withoutTargets(q *logical.Query) *logical.Query {
	c := *q
	c.OrderBy = nil
	return &c
}

// pullTargets makes the subquery's output columns stand for their expressions.
func (s *Search) pullTargets(q *logical.Query) {
	for _, t := range q.Targets {
		if !t.Junk {
			s.substitute(t.ID, t.Expr)
		}
	}
}

// mentionsColumn tells whether any expression at or below a node names a column.
func mentionsColumn(node plan.Node, id expr.ColumnID) bool {
	found := false
	plan.Walk(node, func(n plan.Node) {
		plan.Expressions(n, func(e expr.Expr) {
			set := map[expr.ColumnID]bool{}
			expr.Columns(e, set)
			found = found || set[id]
		})
		if scan, ok := n.(*plan.CTEScan); ok {
			found = found || slices.Contains(scan.CTE.Outer, id)
		}
	})
	return found
}
