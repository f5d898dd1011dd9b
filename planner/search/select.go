package search

import (
	"math"

	"datapunk/internal/pgerr"
	"datapunk/planner/cost"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// selectQuery plans a SELECT: FROM and WHERE, grouping, windows, the select list,
// DISTINCT, ORDER BY, LIMIT.
func (s *Search) selectQuery(q *logical.Query) (plan.Node, error) {
	around := s.wanted
	s.wanted = s.want(q)
	node, err := s.from(q.From, expr.Conjuncts(q.Where))
	s.wanted = around
	if err != nil {
		return nil, err
	}
	targets := append([]logical.Target(nil), q.Targets...)
	for i := range targets {
		targets[i].Expr = s.replace(targets[i].Expr)
	}
	windows := append([]logical.WindowSpec(nil), q.Windows...)
	for i := range windows {
		w := &windows[i]
		w.Partition = s.replaceAll(w.Partition)
		order := append([]expr.Order(nil), w.Order...)
		for k := range order {
			order[k].Expr = s.replace(order[k].Expr)
		}
		w.Order = order
	}
	if len(q.Locks) > 0 {
		return s.lockedQuery(q, node, targets)
	}
	if q.Grouped {
		var swap func(expr.Expr) expr.Expr
		if node, swap, err = s.group(q, node, targets, windows); err != nil {
			return nil, err
		}
		for i := range targets {
			targets[i].Expr = swap(targets[i].Expr)
		}
		for i := range windows {
			w := &windows[i]
			for k := range w.Partition {
				w.Partition[k] = swap(w.Partition[k])
			}
			for k := range w.Order {
				w.Order[k].Expr = swap(w.Order[k].Expr)
			}
		}
		if q.Having != nil {
			conds := expr.Conjuncts(swap(s.replace(q.Having)))
			for _, c := range conds {
				if err := s.subplans(c); err != nil {
					return nil, err
				}
			}
			node = filter(node, conds, s.find)
		}
	}
	if node, err = s.windows(node, windows, targets); err != nil {
		return nil, err
	}
	if !q.Grouped && len(q.Windows) == 0 && !q.Distinct && len(q.On) == 0 {
		if n, ok, err := s.sortFirst(q, node, targets); ok || err != nil {
			return n, err
		}
	}
	if node, err = s.project(node, targets); err != nil {
		return nil, err
	}
	if q.Distinct {
		node = s.distinct(q, node)
	}
	if len(q.On) > 0 {
		node = s.distinctOn(q, node)
	}
	return s.finish(q, node)
}

// sortFirst orders and cuts before the select list is computed, where that saves
// calls that are dear or have effects, or where an index gives the order.
func (s *Search) sortFirst(q *logical.Query, node plan.Node, targets []logical.Target) (plan.Node, bool, error) {
	if len(q.OrderBy) == 0 || q.SetReturning {
		return nil, false, nil
	}
	keys, err := s.sortKeys(q, targets)
	if keys == nil || err != nil {
		return nil, false, err
	}
	dear := false
	for _, t := range targets {
		dear = dear || volatile(t.Expr) || hasSubquery(t.Expr)
	}
	ordered := s.ordered(node, keys, q)
	if ordered == nil && !(dear && q.Limit != nil) {
		return nil, false, nil
	}
	if ordered != nil {
		node = ordered
	} else {
		node = s.sort(node, keys, q)
	}
	if !q.WithTies {
		// The limit goes below the projection.
		bare := *q
		bare.Targets = nil
		var err error
		if node, err = s.limit(&bare, node, nil); err != nil {
			return nil, false, err
		}
		if node, err = s.project(node, targets); err != nil {
			return nil, false, err
		}
		return trim(node, q.Targets), true, nil
	}
	if node, err = s.project(node, targets); err != nil {
		return nil, false, err
	}
	n, err := s.finish(q, node)
	return n, true, err
}

// sortKeys are the keys of ORDER BY over what the select list is computed from; nil
// if one is volatile, so that it must be computed once, with the list.
func (s *Search) sortKeys(q *logical.Query, targets []logical.Target) ([]plan.SortKey, error) {
	keys := make([]plan.SortKey, len(q.OrderBy))
	for i, o := range q.OrderBy {
		e := targets[o.Target].Expr
		if volatile(e) {
			return nil, nil
		}
		if err := s.subplans(e); err != nil {
			return nil, err
		}
		keys[i] = plan.SortKey{Expr: e, Desc: o.Desc, NullsFirst: o.NullsFirst}
	}
	return keys, nil
}

// lockedQuery plans a query with FOR UPDATE or its kin: rows are locked in order,
// behind the sort and in front of the limit, so that no more are locked than are
// given; the select list is computed of the locked rows. As in PostgreSQL, a row that
// changed meanwhile keeps the place of its old values.
func (s *Search) lockedQuery(q *logical.Query, node plan.Node, targets []logical.Target) (plan.Node, error) {
	keys, err := s.sortKeys(q, targets)
	if err != nil {
		return nil, err
	}
	if len(q.OrderBy) > 0 && keys == nil {
		return nil, pgerr.Unsupported("row locking with ORDER BY a volatile expression")
	}
	if len(keys) > 0 {
		if ordered := s.ordered(node, keys, q); ordered != nil {
			node = ordered
		} else {
			node = s.sort(node, keys, nil)
		}
	}
	if node, err = s.lockRows(q, node); err != nil {
		return nil, err
	}
	bare := *q
	bare.Targets = nil
	if node, err = s.limit(&bare, node, keys); err != nil {
		return nil, err
	}
	if node, err = s.project(node, targets); err != nil {
		return nil, err
	}
	return trim(node, q.Targets), nil
}

func hasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if _, ok := e.(*expr.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// ordered returns the node read by an index that gives the order, if that is
// cheaper than sorting; nil if there is none.
func (s *Search) ordered(node plan.Node, keys []plan.SortKey, q *logical.Query) plan.Node {
	if sorted(node, keys, true) {
		return node
	}
	scan, ok := node.(*plan.Scan)
	if !ok || s.opts.NoIndexScan {
		return nil
	}
	limit := math.Inf(1)
	if n, ok := constant(q.Limit); ok {
		limit = n
		if o, ok := constant(q.Offset); ok {
			limit += o
		}
	}
	share := math.Min(1, limit/math.Max(scan.Est.Rows, 1))
	top := 0.0
	if !math.IsInf(limit, 1) {
		top = limit
	}
	best := scan.Est.Total + s.sortCost(scan.Est.Rows, top)
	var chosen *plan.Scan
	for _, n := range s.indexed(scan) {
		if total := n.Est.Total * share; total < best && sorted(n, keys, true) {
			best, chosen = total, n
		}
	}
	if chosen == nil {
		return nil
	}
	return chosen
}

// indexed lists the ways to read what a scan reads by an index that gives an order,
// forwards and backwards.
func (s *Search) indexed(scan *plan.Scan) []*plan.Scan {
	list, known := s.indexes[scan]
	if known || s.opts.NoIndexScan {
		return list
	}
	conds := append(append([]expr.Expr(nil), scan.Conds...), scan.Filter...)
	f := s.reference(scan)
	own := map[expr.ColumnID]bool{}
	byNumber := map[int16]logical.Col{}
	for _, c := range f.Cols {
		own[c.ID] = true
		byNumber[c.Number] = c
	}
	for _, oid := range scan.Table.Indexes {
		index := s.catalog.Relation(oid)
		if index == nil || index.Index.Invalid || index.Index.Method != "btree" {
			continue
		}
		n := &plan.Scan{Table: scan.Table, Alias: scan.Alias, Numbers: scan.Numbers}
		n.Out = scan.Out
		n, _, err := s.indexPath(f, index, n, conds, own, byNumber, s.rows(scan.Table))
		if err != nil || n == nil || n.In != nil || len(n.Conds)+len(n.Filter) != len(conds) {
			continue
		}
		back := *n
		back.Reverse = true
		list = append(list, n, &back)
	}
	s.indexes[scan] = list
	return list
}

// reference rebuilds a table reference from a scan: the columns it reads.
func (s *Search) reference(scan *plan.Scan) *logical.TableRef {
	f := &logical.TableRef{Relation: scan.Table, Alias: scan.Alias}
	for i, c := range scan.Out {
		if i < len(scan.Numbers) {
			f.Cols = append(f.Cols, logical.Col{ID: c.ID, Name: c.Name, Type: c.T, Mod: c.M, Collation: c.C, Number: scan.Numbers[i]})
		}
	}
	return f
}

func (s *Search) replaceAll(list []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = s.replace(e)
	}
	return out
}

// group plans GROUP BY and aggregates, and returns how expressions above refer to
// the groups' columns.
func (s *Search) group(q *logical.Query, in plan.Node, targets []logical.Target, windows []logical.WindowSpec) (plan.Node, func(expr.Expr) expr.Expr, error) {
	a := &plan.Aggregate{Unary: plan.Unary{Input: in}, Sets: q.Sets}
	type known struct {
		e   expr.Expr
		col *expr.Column
	}
	var swaps []known
	add := func(e expr.Expr, name string) *expr.Column {
		c := &expr.Column{Typing: typing(e), ID: s.newID(), Name: name}
		a.Out = append(a.Out, plan.Column{ID: c.ID, Typing: c.Typing, Name: name})
		swaps = append(swaps, known{e, c})
		return c
	}
	for _, g := range q.GroupBy {
		e, err := s.expression(g)
		if err != nil {
			return nil, nil, err
		}
		a.Keys = append(a.Keys, e)
		c := add(e, "")
		if col, ok := e.(*expr.Column); ok {
			if k, known := s.columns[col.ID]; known {
				s.columns[c.ID] = k
			}
		}
	}
	for _, g := range q.Dependent {
		e := s.replace(g)
		a.Extra = append(a.Extra, e)
		add(e, "")
	}
	for _, o := range q.Outward {
		agg := s.replace(o.Aggregate).(*expr.Aggregate)
		for _, arg := range append(agg.Args[:len(agg.Args):len(agg.Args)], agg.Filter) {
			if arg != nil {
				if err := s.subplans(arg); err != nil {
					return nil, nil, err
				}
			}
		}
		c := add(agg, agg.Func.Name)
		a.Out[len(a.Out)-1].ID, c.ID = o.ID, o.ID
	}
	// Aggregates, each once.
	var failed error
	visit := func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			switch n := e.(type) {
			case *expr.Aggregate:
				for _, k := range swaps {
					if expr.Equal(k.e, n) {
						return false
					}
				}
				for _, arg := range append(append([]expr.Expr(nil), n.Args...), n.Filter) {
					if arg != nil {
						if err := s.subplans(arg); err != nil {
							failed = err
						}
					}
				}
				a.Calls = append(a.Calls, n)
				return false
			case *expr.Grouping:
				for _, k := range swaps {
					if expr.Equal(k.e, n) {
						return false
					}
				}
			}
			return true
		})
	}
	var places []expr.Expr
	for _, t := range targets {
		places = append(places, t.Expr)
	}
	if q.Having != nil {
		places = append(places, s.replace(q.Having))
	}
	for _, w := range windows {
		places = append(places, w.Partition...)
		for _, o := range w.Order {
			places = append(places, o.Expr)
		}
	}
	for _, e := range places {
		before := len(a.Calls)
		visit(e)
		for _, c := range a.Calls[before:] {
			found := false
			for _, k := range swaps {
				found = found || expr.Equal(k.e, c)
			}
			if !found {
				add(c, c.Func.Name)
			}
		}
		// Calls met twice within one expression are kept once.
		a.Calls = a.Calls[:before]
	}
	if failed != nil {
		return nil, nil, failed
	}
	for _, k := range swaps {
		if c, ok := k.e.(*expr.Aggregate); ok {
			a.Calls = append(a.Calls, c)
		}
	}
	for _, e := range places {
		expr.Walk(e, func(e expr.Expr) bool {
			g, ok := e.(*expr.Grouping)
			if !ok {
				return true
			}
			for _, k := range swaps {
				if expr.Equal(k.e, g) {
					return false
				}
			}
			var keys []int
			for _, arg := range g.Args {
				for i, key := range a.Keys {
					if expr.Equal(s.replace(arg), key) {
						keys = append(keys, i)
						break
					}
				}
			}
			a.Grouping = append(a.Grouping, keys)
			add(g, "grouping")
			return false
		})
	}
	est := in.Estimate()
	groups := 1.0
	if len(a.Keys) > 0 {
		groups = estimate.Groups(a.Keys, est.Rows, s.find)
	}
	if len(q.Sets) > 0 {
		groups *= float64(len(q.Sets)) / 2
	}
	total := est.Total + cost.Aggregate(est.Rows, groups, len(a.Calls))
	a.Est = plan.Estimate{Rows: math.Max(1, groups), Startup: total, Total: total}
	swap := func(e expr.Expr) expr.Expr {
		return expr.RewriteDown(e, func(e expr.Expr) expr.Expr {
			for _, k := range swaps {
				if expr.Equal(k.e, e) {
					return k.col
				}
			}
			return nil
		})
	}
	// Subqueries keep naming a grouped column by its old id: give it to them too.
	for _, k := range swaps {
		if c, ok := k.e.(*expr.Column); ok {
			s.alias(a, c, k.col)
		}
	}
	return a, swap, nil
}

// alias lets subqueries above a grouping see a grouped column under its old id.
func (s *Search) alias(a *plan.Aggregate, old, fresh *expr.Column) {
	for i := range a.Out {
		if a.Out[i].ID == fresh.ID {
			a.Out[i].ID = old.ID
		}
	}
	fresh.ID = old.ID
}

// windows plans window functions: for each window a sort and a pass.
func (s *Search) windows(node plan.Node, specs []logical.WindowSpec, targets []logical.Target) (plan.Node, error) {
	calls := make([][]*expr.Window, len(specs))
	for _, t := range targets {
		expr.Walk(t.Expr, func(e expr.Expr) bool {
			w, ok := e.(*expr.Window)
			if !ok {
				return true
			}
			for _, c := range calls[w.Spec] {
				if expr.Equal(c, w) {
					return false
				}
			}
			calls[w.Spec] = append(calls[w.Spec], w)
			return false
		})
	}
	type known struct {
		e   *expr.Window
		col *expr.Column
	}
	var swaps []known
	for i, spec := range specs {
		if len(calls[i]) == 0 {
			continue
		}
		var keys []plan.SortKey
		for _, p := range spec.Partition {
			if err := s.subplans(p); err != nil {
				return nil, err
			}
			keys = append(keys, plan.SortKey{Expr: p})
		}
		for _, o := range spec.Order {
			if err := s.subplans(o.Expr); err != nil {
				return nil, err
			}
			keys = append(keys, plan.SortKey{Expr: o.Expr, Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		if len(keys) > 0 {
			node = s.sort(node, keys, nil)
		}
		w := &plan.Window{Unary: plan.Unary{Input: node}, Partition: spec.Partition, Order: spec.Order, Frame: spec.Frame, Calls: calls[i]}
		w.Out = append([]plan.Column(nil), node.Output()...)
		for _, c := range calls[i] {
			for _, a := range c.Args {
				if err := s.subplans(a); err != nil {
					return nil, err
				}
			}
			col := &expr.Column{Typing: typing(c), ID: s.newID(), Name: c.Func.Name}
			w.Out = append(w.Out, plan.Column{ID: col.ID, Typing: col.Typing, Name: col.Name})
			swaps = append(swaps, known{c, col})
		}
		est := *node.Estimate()
		est.Total += est.Rows * 0.3 * float64(len(calls[i]))
		w.Est = est
		node = w
	}
	if len(swaps) == 0 {
		return node, nil
	}
	for i := range targets {
		targets[i].Expr = expr.RewriteDown(targets[i].Expr, func(e expr.Expr) expr.Expr {
			w, ok := e.(*expr.Window)
			if !ok {
				return nil
			}
			for _, k := range swaps {
				if expr.Equal(k.e, w) {
					return k.col
				}
			}
			return nil
		})
	}
	return node, nil
}

// distinct drops duplicate rows.
func (s *Search) distinct(q *logical.Query, node plan.Node) plan.Node {
	d := &plan.Distinct{Unary: plan.Unary{Input: node}}
	d.Out = node.Output()
	est := *node.Estimate()
	var keys []expr.Expr
	for _, c := range d.Out {
		keys = append(keys, &expr.Column{Typing: c.Typing, ID: c.ID})
	}
	groups := estimate.Groups(keys, est.Rows, s.find)
	d.Est = plan.Estimate{Rows: groups, Startup: est.Startup, Total: est.Total + est.Rows*cost.GroupRow}
	return d
}

// distinctOn sorts by ORDER BY (the ON expressions first) and keeps the first row
// of each group.
func (s *Search) distinctOn(q *logical.Query, node plan.Node) plan.Node {
	var keys []plan.SortKey
	seen := map[expr.ColumnID]bool{}
	for _, o := range q.OrderBy {
		t := q.Targets[o.Target]
		seen[t.ID] = true
		keys = append(keys, plan.SortKey{Expr: &expr.Column{Typing: typing(t.Expr), ID: t.ID, Name: t.Name}, Desc: o.Desc, NullsFirst: o.NullsFirst})
	}
	var on []expr.ColumnID
	for _, e := range q.On {
		c := e.(*expr.Column)
		on = append(on, c.ID)
		if !seen[c.ID] {
			keys = append(keys, plan.SortKey{Expr: c})
		}
	}
	node = s.sort(node, keys, nil)
	u := &plan.Unique{Unary: plan.Unary{Input: node}, Keys: on}
	u.Out = node.Output()
	est := *node.Estimate()
	est.Rows = math.Max(1, est.Rows/5)
	u.Est = est
	return u
}

// lockRows locks the rows of FOR UPDATE tables: their scans give row marks.
func (s *Search) lockRows(q *logical.Query, node plan.Node) (plan.Node, error) {
	l := &plan.LockRows{Unary: plan.Unary{Input: node}}
	l.Out, l.Est = node.Output(), *node.Estimate()
	for _, k := range q.Locks {
		for _, t := range k.Tables {
			mark, ok := s.mark(node, t)
			if !ok {
				continue
			}
			check, err := s.recheck(q, t)
			if err != nil {
				return nil, err
			}
			l.Locks = append(l.Locks, plan.RowLock{Table: t.Relation, Mark: mark, Strength: k.Strength, Wait: k.Wait, Alias: t.Alias, Recheck: check})
		}
	}
	refreshOutputs(node)
	l.Out = node.Output()
	return l, nil
}

// mark makes the scan of a table give its row's key as a column.
func (s *Search) mark(node plan.Node, t *logical.TableRef) (expr.ColumnID, bool) {
	own := map[expr.ColumnID]bool{}
	for _, c := range t.Cols {
		own[c.ID] = true
	}
	var id expr.ColumnID
	plan.Walk(node, func(n plan.Node) {
		scan, ok := n.(*plan.Scan)
		if !ok || scan.Table.OID != t.Relation.OID || scan.Alias != t.Alias {
			return
		}
		for _, c := range scan.Out {
			if !own[c.ID] && !scan.RowMark {
				return
			}
		}
		if scan.RowMark {
			id = scan.Out[len(scan.Out)-1].ID
			return
		}
		id = s.newID()
		scan.RowMark = true
		scan.Out = append(scan.Out[:len(scan.Out):len(scan.Out)], plan.Column{ID: id, Typing: expr.Of(types.Bytea), Name: "row mark"})
	})
	return id, id != 0
}

// refreshOutputs lets nodes above a scan pass its row mark on.
func refreshOutputs(node plan.Node) {
	for _, i := range node.Inputs() {
		refreshOutputs(i)
	}
	switch n := node.(type) {
	case *plan.Filter:
		n.Out = n.Input.Output()
	case *plan.Join:
		n.Out = n.Left.Output()
		if n.Kind != logical.Semi && n.Kind != logical.Anti {
			n.Out = append(append([]plan.Column(nil), n.Left.Output()...), n.Right.Output()...)
		}
	case *plan.Sort:
		n.Out = n.Input.Output()
	case *plan.Limit:
		n.Out = n.Input.Output()
	case *plan.Project:
		// A pulled-up row mark is passed on at the end.
		have := plan.Layout(n.Out)
		for _, c := range n.Input.Output() {
			if _, ok := have[c.ID]; !ok && c.Name == "row mark" && c.T == types.Bytea {
				n.Out = append(n.Out, c)
				n.Exprs = append(n.Exprs, &expr.Column{Typing: c.Typing, ID: c.ID, Name: c.Name})
			}
		}
	}
}
