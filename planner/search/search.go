// Package search turns a bound query into a physical plan: it takes the FROM
// clause apart into relations and conditions, chooses an access path for each
// relation and an order and method for the joins by cost, and puts grouping,
// windows, sorting and limits on top.
//
// Invariants:
//
//	S1  Conditions keep their written order within a node, and a condition that
//	    calls a volatile function is never moved into or below a join.
//	S2  A node's expressions mention only what its inputs give, or parameters
//	    (plan.L2).
package search

import (
	"maps"
	"math"
	"slices"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/stat"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// Options steer the search; they come from the enable_* and *_cost settings.
type Options struct {
	NoHashJoin, NoMergeJoin, NoNestLoop, NoIndexScan, NoSeqScan, NoSort bool
	// CollapseLimit is how many relations are ordered by dynamic programming.
	CollapseLimit int
	// Stored binds an index's stored expression or predicate over columns.
	Stored func(text string, cols []logical.Col) (expr.Expr, error)
	// System tells the relations that the catalog computes itself, and how many rows
	// they have.
	System func(*desc.Relation) (rows float64, ok bool)
}

// Search plans one statement.
type Search struct {
	opts     Options
	catalog  catalog.Snapshot
	stats    stat.Source
	plan     *plan.Plan
	ctes     map[*logical.CTE]*plan.CTE
	tables   map[*logical.CTE]*plan.RecursiveUnion
	columns  map[expr.ColumnID]estimate.Column
	needed   map[expr.ColumnID]bool
	nextID   expr.ColumnID
	nullable int                         // outer joins whose nullable side is being planned
	replaced map[expr.ColumnID]expr.Expr // columns of pulled-up subqueries
	outputOf map[plan.Node]map[expr.ColumnID]bool
	indexes  map[*plan.Scan][]*plan.Scan // indexed, kept
	wanted   *ordering                   // of the rows of the query being planned
}

// New makes a search; nextID is larger than any ColumnID of the query.
func New(snapshot catalog.Snapshot, stats stat.Source, opts Options) *Search {
	if opts.CollapseLimit == 0 {
		opts.CollapseLimit = 9
	}
	return &Search{opts: opts, catalog: snapshot, stats: stats, ctes: map[*logical.CTE]*plan.CTE{},
		tables: map[*logical.CTE]*plan.RecursiveUnion{}, columns: map[expr.ColumnID]estimate.Column{},
		needed: map[expr.ColumnID]bool{}, nextID: 1 << 24, outputOf: map[plan.Node]map[expr.ColumnID]bool{},
		indexes: map[*plan.Scan][]*plan.Scan{}}
}

// Plan plans a statement.
func (s *Search) Plan(q *logical.Query) (*plan.Plan, error) {
	s.plan = &plan.Plan{Command: q.Command, Subplans: map[*expr.Subquery]*plan.Subplan{}, Uses: q.Uses}
	collect(q, s.needed)
	root, err := s.query(q)
	if err != nil {
		return nil, err
	}
	s.plan.Root = root
	list := q.Targets
	if q.Change != nil {
		list = q.Change.Returning
	}
	for _, t := range list {
		if !t.Junk {
			s.plan.Targets = append(s.plan.Targets, t)
		}
	}
	return s.plan, nil
}

func (s *Search) newID() expr.ColumnID {
	s.nextID++
	return s.nextID
}

// subplan plans a subquery that stays in an expression.
func (s *Search) subplans(e expr.Expr) error {
	var failed error
	expr.Walk(e, func(e expr.Expr) bool {
		sub, ok := e.(*expr.Subquery)
		if !ok || failed != nil {
			return failed == nil
		}
		if _, done := s.plan.Subplans[sub]; !done {
			root, err := s.query(sub.Query.(*logical.Query))
			if err != nil {
				failed = err
				return false
			}
			s.plan.Subplans[sub] = &plan.Subplan{Root: root, Outer: sub.Outer}
		}
		return true
	})
	return failed
}

// expression prepares an expression of a query for a plan node: columns of
// pulled-up subqueries are replaced, subqueries are planned.
func (s *Search) expression(e expr.Expr) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	e = s.replace(e)
	return e, s.subplans(e)
}

func (s *Search) expressions(list []expr.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		var err error
		if out[i], err = s.expression(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// replace puts the expressions of pulled-up subqueries in place of their columns.
func (s *Search) replace(e expr.Expr) expr.Expr {
	if len(s.replaced) == 0 {
		return e
	}
	return expr.RewriteDown(e, func(e expr.Expr) expr.Expr {
		switch n := e.(type) {
		case *expr.Column:
			if r, ok := s.replaced[n.ID]; ok {
				return s.replace(r)
			}
		case *expr.Subquery:
			if outer, changed := s.replaceOuter(n.Outer); changed {
				c := *n
				c.Outer = outer
				return expr.Map(&c, s.replace)
			}
		}
		return nil
	})
}

// replaceOuter lists the columns that a subquery is given once replaced columns are
// computed within it.
func (s *Search) replaceOuter(list []expr.ColumnID) (out []expr.ColumnID, changed bool) {
	set := map[expr.ColumnID]bool{}
	for _, id := range list {
		if r, ok := s.replaced[id]; ok {
			changed = true
			expr.Columns(s.replace(r), set)
		} else {
			set[id] = true
		}
	}
	if !changed {
		return list, false
	}
	return slices.Sorted(maps.Keys(set)), true
}

// query plans any query; the output is its visible targets.
func (s *Search) query(q *logical.Query) (plan.Node, error) {
	if err := s.with(q); err != nil {
		return nil, err
	}
	var node plan.Node
	var err error
	switch {
	case q.Change != nil:
		return s.change(q)
	case q.SetOp != nil:
		node, err = s.setOp(q)
	case q.Command == logical.Values:
		node, err = s.values(q)
	default:
		return s.selectQuery(q)
	}
	if err != nil {
		return nil, err
	}
	return s.finish(q, node)
}

// with plans the WITH queries that are run once; others are planned where they
// are read.
func (s *Search) with(q *logical.Query) error {
	for _, c := range q.CTEs {
		if s.inlined(c) || (c.References == 0 && !c.Changes) {
			continue
		}
		p := &plan.CTE{Name: c.Name, Changes: c.Changes}
		p.Outer, _ = s.replaceOuter(c.Query.Outer)
		s.ctes[c] = p
		var root plan.Node
		var err error
		if c.Recursive {
			root, err = s.recursive(c)
		} else {
			root, err = s.query(c.Query)
		}
		if err != nil {
			return err
		}
		p.Root = root
		s.plan.CTEs = append(s.plan.CTEs, p)
	}
	return nil
}

// inlined tells whether a WITH query is planned in place of its reference.
func (s *Search) inlined(c *logical.CTE) bool {
	return !c.Recursive && !c.Changes && c.Materialized <= 0 && !c.Query.Volatile && len(c.Query.Locks) == 0 &&
		(c.References == 1 || c.Materialized < 0)
}

func (s *Search) recursive(c *logical.CTE) (plan.Node, error) {
	op := c.Query.SetOp
	u := &plan.RecursiveUnion{All: op.All}
	for _, t := range c.Query.Targets {
		u.Out = append(u.Out, plan.Column{ID: t.ID, Typing: typing(t.Expr), Name: t.Name})
	}
	s.tables[c] = u
	var err error
	if u.Left, err = s.query(op.Left); err != nil {
		return nil, err
	}
	u.Est = *u.Left.Estimate()
	u.Est.Rows *= 10
	if u.Right, err = s.query(op.Right); err != nil {
		return nil, err
	}
	u.Est.Total += 10 * u.Right.Estimate().Total
	return u, nil
}

func typing(e expr.Expr) expr.Typing {
	return expr.Typing{T: e.Type(), M: e.Mod(), C: e.Collation()}
}

func (s *Search) values(q *logical.Query) (plan.Node, error) {
	v := &plan.Values{}
	for _, r := range q.Rows {
		row, err := s.expressions(r)
		if err != nil {
			return nil, err
		}
		v.Rows = append(v.Rows, row)
	}
	for _, t := range q.Targets {
		if !t.Junk {
			v.Out = append(v.Out, plan.Column{ID: t.ID, Typing: typing(t.Expr), Name: t.Name})
		}
	}
	n := float64(len(q.Rows))
	v.Est = plan.Estimate{Rows: n, Total: 0.1 * n}
	if len(v.Out) < len(q.Targets) { // ORDER BY an expression
		return s.project(v, q.Targets)
	}
	return v, nil
}

func (s *Search) setOp(q *logical.Query) (plan.Node, error) {
	op := q.SetOp
	left, err := s.query(op.Left)
	if err != nil {
		return nil, err
	}
	right, err := s.query(op.Right)
	if err != nil {
		return nil, err
	}
	var out []plan.Column
	for _, t := range q.Targets {
		out = append(out, plan.Column{ID: t.ID, Typing: typing(t.Expr), Name: t.Name})
	}
	l, r := left.Estimate(), right.Estimate()
	if op.Kind == logical.Union {
		a := &plan.Append{List: []plan.Node{left, right}}
		// Nested UNION ALLs become one list.
		if inner, ok := left.(*plan.Append); ok {
			a.List = append(append([]plan.Node(nil), inner.List...), right)
		}
		a.Out = out
		a.Est = plan.Estimate{Rows: l.Rows + r.Rows, Total: l.Total + r.Total}
		if op.All {
			return a, nil
		}
		d := &plan.Distinct{Unary: plan.Unary{Input: a}}
		d.Out = out
		d.Est = plan.Estimate{Rows: a.Est.Rows * 0.7, Startup: a.Est.Total, Total: a.Est.Total + a.Est.Rows*0.15}
		return d, nil
	}
	n := &plan.SetOp{Kind: op.Kind, All: op.All, Left: left, Right: right}
	n.Out = out
	n.Est = plan.Estimate{Rows: math.Max(1, l.Rows*0.5), Startup: l.Total + r.Total, Total: l.Total + r.Total + (l.Rows+r.Rows)*0.15}
	return n, nil
}

// project computes a query's targets over a node, hidden ones included.
func (s *Search) project(in plan.Node, targets []logical.Target) (plan.Node, error) {
	p := &plan.Project{Unary: plan.Unary{Input: in}}
	layout := plan.Layout(in.Output())
	identity := len(targets) == len(in.Output())
	for i, t := range targets {
		e, err := s.expression(t.Expr)
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, e)
		p.Out = append(p.Out, plan.Column{ID: t.ID, Typing: typing(e), Name: t.Name})
		p.Sets = p.Sets || hasSet(e)
		c, ok := e.(*expr.Column)
		place, in := -1, false
		if ok {
			place, in = layout[c.ID]
		}
		identity = identity && in && place == i && c.ID == t.ID
		if ok && c.ID != t.ID {
			if k, known := s.columns[c.ID]; known {
				s.columns[t.ID] = k
			}
		}
	}
	if identity {
		return in, nil
	}
	est := *in.Estimate()
	est.Total += est.Rows * 0.01 * float64(len(targets))
	if p.Sets {
		est.Rows *= 10
	}
	p.Est = est
	return p, nil
}

func hasSet(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Func.ReturnsSet {
			found = true
		}
		return !found
	})
	return found
}

// finish sorts, cuts and trims a node that gives a query's targets.
func (s *Search) finish(q *logical.Query, node plan.Node) (plan.Node, error) {
	var keys []plan.SortKey
	if len(q.OrderBy) > 0 {
		for _, o := range q.OrderBy {
			t := q.Targets[o.Target]
			keys = append(keys, plan.SortKey{Expr: &expr.Column{Typing: typing(t.Expr), ID: t.ID, Name: t.Name}, Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		if len(q.On) == 0 { // DISTINCT ON has sorted already
			node = s.sort(node, keys, q)
		}
	}
	return s.limit(q, node, keys)
}

func (s *Search) limit(q *logical.Query, node plan.Node, keys []plan.SortKey) (plan.Node, error) {
	if q.Limit != nil || q.Offset != nil {
		l := &plan.Limit{Unary: plan.Unary{Input: node}}
		var err error
		if l.Count, err = s.expression(q.Limit); err != nil {
			return nil, err
		}
		if l.Offset, err = s.expression(q.Offset); err != nil {
			return nil, err
		}
		if q.WithTies {
			l.Ties = keys
		}
		l.Out = node.Output()
		est := *node.Estimate()
		if n, ok := constant(l.Count); ok && n < est.Rows {
			est.Total = est.Startup + (est.Total-est.Startup)*n/math.Max(est.Rows, 1)
			est.Rows = n
		}
		l.Est = est
		node = l
	}
	return trim(node, q.Targets), nil
}

// trim drops hidden targets.
func trim(node plan.Node, targets []logical.Target) plan.Node {
	junk := false
	for _, t := range targets {
		junk = junk || t.Junk
	}
	if !junk {
		return node
	}
	p := &plan.Project{Unary: plan.Unary{Input: node}}
	for _, t := range targets {
		if !t.Junk {
			c := plan.Column{ID: t.ID, Typing: typing(t.Expr), Name: t.Name}
			p.Out = append(p.Out, c)
			p.Exprs = append(p.Exprs, &expr.Column{Typing: c.Typing, ID: c.ID, Name: c.Name})
		}
	}
	p.Est = *node.Estimate()
	return p
}

// constant reads a bigint literal.
func constant(e expr.Expr) (float64, bool) {
	for {
		switch n := e.(type) {
		case *expr.Cast:
			e = n.Arg
		case *expr.Call:
			if len(n.Args) != 1 || n.Form != expr.Implied {
				return 0, false
			}
			e = n.Args[0]
		case *expr.Const:
			if n.Value.Null(0) {
				return 0, false
			}
			switch n.T {
			case types.Int4:
				return float64(int32At(n)), true
			case types.Int8:
				return float64(int64At(n)), true
			}
			return 0, false
		default:
			return 0, false
		}
	}
}

// sort orders a node, unless it is ordered already; with a LIMIT only the first
// rows are kept.
func (s *Search) sort(node plan.Node, keys []plan.SortKey, q *logical.Query) plan.Node {
	if sorted(node, keys, true) {
		return node
	}
	n := &plan.Sort{Unary: plan.Unary{Input: node}, Keys: keys}
	n.Out = node.Output()
	in := node.Estimate()
	top := 0.0
	if q != nil && q.Limit != nil && !q.WithTies {
		n.Top, n.Skip = s.replace(q.Limit), q.Offset
		if v, ok := constant(q.Limit); ok {
			top = v
			if o, ok := constant(q.Offset); ok {
				top += o
			}
		}
	}
	work := s.sortCost(in.Rows, top)
	n.Est = plan.Estimate{Rows: in.Rows, Startup: in.Total + work, Total: in.Total + work + in.Rows*0.02}
	return n
}

// collect notes every column that any expression of a query mentions.
func collect(q *logical.Query, set map[expr.ColumnID]bool) {
	add := func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			switch n := e.(type) {
			case *expr.Column:
				set[n.ID] = true
			case *expr.Subquery:
				collect(n.Query.(*logical.Query), set)
			}
			return true
		})
	}
	Expressions(q, add, func(inner *logical.Query) { collect(inner, set) })
}

// Expressions calls fn on every expression of a query itself and sub on the
// queries in its FROM, WITH and set operations.
func Expressions(q *logical.Query, fn func(expr.Expr), sub func(*logical.Query)) {
	targets := func(list []logical.Target) {
		for _, t := range list {
			fn(t.Expr)
		}
	}
	assigns := func(list []logical.Assign) {
		for _, a := range list {
			fn(a.Expr)
		}
	}
	lists := func(rows [][]expr.Expr) {
		for _, r := range rows {
			for _, e := range r {
				fn(e)
			}
		}
	}
	for _, c := range q.CTEs {
		sub(c.Query)
	}
	targets(q.Targets)
	for _, e := range []expr.Expr{q.Where, q.Having, q.Limit, q.Offset} {
		if e != nil {
			fn(e)
		}
	}
	for _, e := range q.GroupBy {
		fn(e)
	}
	for _, o := range q.Outward {
		fn(o.Aggregate)
	}
	for _, e := range q.Dependent {
		fn(e)
	}
	for _, e := range q.On {
		fn(e)
	}
	lists(q.Rows)
	for _, w := range q.Windows {
		for _, e := range w.Partition {
			fn(e)
		}
		for _, o := range w.Order {
			fn(o.Expr)
		}
		if w.Frame.StartValue != nil {
			fn(w.Frame.StartValue)
		}
		if w.Frame.EndValue != nil {
			fn(w.Frame.EndValue)
		}
	}
	var item func(logical.FromItem)
	item = func(f logical.FromItem) {
		switch f := f.(type) {
		case *logical.SubqueryRef:
			sub(f.Query)
		case *logical.FunctionRef:
			for _, c := range f.Calls {
				fn(c.Expr)
			}
		case *logical.ValuesRef:
			lists(f.Rows)
		case *logical.Join:
			item(f.Left)
			item(f.Right)
			if f.On != nil {
				fn(f.On)
			}
			for _, m := range f.Merged {
				fn(m.Expr)
			}
		}
	}
	for _, f := range q.From {
		item(f)
	}
	if q.SetOp != nil {
		sub(q.SetOp.Left)
		if q.SetOp.Right != nil {
			sub(q.SetOp.Right)
		}
	}
	if c := q.Change; c != nil {
		for _, e := range c.Values {
			fn(e)
		}
		assigns(c.Full)
		assigns(c.Generated)
		targets(c.Returning)
		for _, k := range c.Checks {
			fn(k.Expr)
		}
		if c.Conflict != nil {
			assigns(c.Conflict.Set)
			if c.Conflict.Where != nil {
				fn(c.Conflict.Where)
			}
		}
		if c.Source != nil {
			sub(c.Source)
		}
	}
}

// volatile tells whether an expression calls a volatile function, in a subquery
// too.
func volatile(e expr.Expr) bool {
	if eval.Volatile(e) {
		return true
	}
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if sub, ok := e.(*expr.Subquery); ok && sub.Query.(*logical.Query).Volatile {
			found = true
		}
		return !found
	})
	return found
}
