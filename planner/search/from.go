package search

import (
	"math"
	"math/bits"

	"datapunk/internal/pgerr"
	"datapunk/planner/cost"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
)

// relation is one leaf of a join: something that gives rows by itself.
type relation struct {
	item  logical.FromItem
	cols  map[expr.ColumnID]bool
	conds []expr.Expr // over this relation (and outer columns) alone
	deps  uint64      // relations whose columns a LATERAL item mentions
	node  plan.Node
}

// condition is a conjunct over several relations.
type condition struct {
	e    expr.Expr
	rels uint64
}

// semi is EXISTS, IN or their negation, joined after the others.
type semi struct {
	kind  logical.JoinKind
	query *logical.Query
	on    []expr.Expr
}

// from plans FROM and WHERE. conds are extra conditions from above.
func (s *Search) from(items []logical.FromItem, conds []expr.Expr) (plan.Node, error) {
	var leaves []logical.FromItem
	for _, item := range items {
		leaves, conds = s.flatten(item, leaves, conds)
	}
	var semis []semi
	var plain []expr.Expr
	for _, c := range conds {
		c = s.replace(c)
		if j, ok := s.semiJoin(c); ok {
			semis = append(semis, j)
			continue
		}
		plain = append(plain, c)
	}
	node, err := s.joinAll(leaves, plain)
	if err != nil {
		return nil, err
	}
	for _, j := range semis {
		if node, err = s.applySemi(node, j); err != nil {
			return nil, err
		}
	}
	return node, nil
}

// flatten takes inner joins and simple subqueries apart.
func (s *Search) flatten(item logical.FromItem, leaves []logical.FromItem, conds []expr.Expr) ([]logical.FromItem, []expr.Expr) {
	switch f := item.(type) {
	case *logical.Join:
		s.merged(f)
		if f.Kind == logical.Inner {
			leaves, conds = s.flatten(f.Left, leaves, conds)
			leaves, conds = s.flatten(f.Right, leaves, conds)
			return leaves, append(conds, expr.Conjuncts(f.On)...)
		}
	case *logical.SubqueryRef:
		if s.simple(f.Query) && (s.nullable == 0 || plainTargets(f.Query)) {
			s.pullUp(f.Query, f.Cols)
			for _, inner := range f.Query.From {
				leaves, conds = s.flatten(inner, leaves, conds)
			}
			return leaves, append(conds, expr.Conjuncts(f.Query.Where)...)
		}
	case *logical.CTERef:
		if s.inlined(f.CTE) && s.simple(f.CTE.Query) && f.CTE.References == 1 && (s.nullable == 0 || plainTargets(f.CTE.Query)) {
			s.pullUp(f.CTE.Query, f.Cols)
			for _, inner := range f.CTE.Query.From {
				leaves, conds = s.flatten(inner, leaves, conds)
			}
			return leaves, append(conds, expr.Conjuncts(f.CTE.Query.Where)...)
		}
	}
	return append(leaves, item), conds
}

// merged makes the columns of USING stand for their expressions.
func (s *Search) merged(j *logical.Join) {
	for _, m := range j.Merged {
		s.substitute(m.ID, m.Expr)
	}
}

func (s *Search) substitute(id expr.ColumnID, e expr.Expr) {
	if s.replaced == nil {
		s.replaced = map[expr.ColumnID]expr.Expr{}
	}
	if c, ok := e.(*expr.Column); ok && c.ID == id {
		return
	}
	s.replaced[id] = e
}

// simple tells whether a subquery is nothing but FROM, WHERE and expressions.
func (s *Search) simple(q *logical.Query) bool {
	return q.Command == logical.Select && q.SetOp == nil && !q.Grouped && len(q.GroupBy) == 0 && q.Having == nil &&
		len(q.Windows) == 0 && !q.Distinct && len(q.On) == 0 && q.Limit == nil && q.Offset == nil && len(q.Locks) == 0 &&
		!q.SetReturning && !q.Volatile && len(q.CTEs) == 0 && len(q.From) > 0 && len(q.OrderBy) == 0 && !hasWindow(q)
}

func hasWindow(q *logical.Query) bool {
	found := false
	for _, t := range q.Targets {
		expr.Walk(t.Expr, func(e expr.Expr) bool {
			if _, ok := e.(*expr.Window); ok {
				found = true
			}
			return !found
		})
	}
	return found
}

// pullUp makes a subquery's columns stand for its target expressions.
func (s *Search) pullUp(q *logical.Query, cols []logical.Col) {
	i := 0
	for _, t := range q.Targets {
		if t.Junk {
			continue
		}
		s.substitute(cols[i].ID, t.Expr)
		i++
	}
}

// joinAll plans leaves joined by inner joins.
func (s *Search) joinAll(leaves []logical.FromItem, conds []expr.Expr) (plan.Node, error) {
	if len(leaves) > 60 {
		return nil, pgerr.New(pgerr.StatementTooComplex, "a query joins more than 60 relations")
	}
	rels := make([]*relation, len(leaves))
	home := map[expr.ColumnID]int{}
	for i, item := range leaves {
		r := &relation{item: item, cols: map[expr.ColumnID]bool{}}
		itemColumns(item, r.cols)
		for id := range r.cols {
			home[id] = i
		}
		rels[i] = r
	}
	reach := func(e expr.Expr) uint64 {
		set := map[expr.ColumnID]bool{}
		expr.Columns(e, set)
		var mask uint64
		for id := range set {
			if i, ok := home[id]; ok {
				mask |= 1 << i
			}
		}
		return mask
	}
	var joins []condition
	var late []expr.Expr // volatile, or over no relation at all
	for _, c := range s.bound(conds, constants(conds)) {
		if err := s.subplans(c); err != nil {
			return nil, err
		}
		mask := reach(c)
		switch {
		case volatile(c):
			late = append(late, c)
		case bits.OnesCount64(mask) == 0:
			late = append(late, c)
		case bits.OnesCount64(mask) == 1:
			r := rels[bits.TrailingZeros64(mask)]
			r.conds = append(r.conds, c)
		default:
			joins = append(joins, condition{c, mask})
		}
	}
	for i, r := range rels {
		deps := uint64(0)
		s.lateral(r.item, func(e expr.Expr) { deps |= reach(e) })
		r.deps = deps &^ (1 << i)
	}
	for _, r := range rels {
		var err error
		if r.node, err = s.leaf(r); err != nil {
			return nil, err
		}
	}
	// Planning an outer join may have pulled subqueries up.
	for i := range joins {
		joins[i].e = s.replace(joins[i].e)
		if err := s.subplans(joins[i].e); err != nil {
			return nil, err
		}
	}
	for i := range late {
		late[i] = s.replace(late[i])
		if err := s.subplans(late[i]); err != nil {
			return nil, err
		}
	}
	if len(rels) == 0 {
		var node plan.Node = &plan.Result{Base: plan.Base{Est: plan.Estimate{Rows: 1, Total: 0.01}}}
		return filter(node, late, nil), nil
	}
	node, err := s.order(rels, joins)
	if err != nil {
		return nil, err
	}
	return filter(node, late, s.find), nil
}

func (s *Search) find(id expr.ColumnID) (estimate.Column, bool) {
	c, ok := s.columns[id]
	return c, ok
}

// filter puts conditions on top of a node.
func filter(node plan.Node, conds []expr.Expr, find estimate.Lookup) plan.Node {
	if len(conds) == 0 {
		return node
	}
	f := &plan.Filter{Unary: plan.Unary{Input: node}, Conds: conds}
	f.Out = node.Output()
	est := *node.Estimate()
	est.Total += est.Rows * cost.FilterRow * float64(len(conds))
	for _, c := range conds {
		if find != nil {
			est.Rows *= estimate.Selectivity(c, find)
		}
	}
	est.Rows = math.Max(est.Rows, 1)
	f.Est = est
	return f
}

// itemColumns adds all columns of an item, within joins too.
func itemColumns(item logical.FromItem, set map[expr.ColumnID]bool) {
	cols := func(list []logical.Col) {
		for _, c := range list {
			set[c.ID] = true
		}
	}
	switch f := item.(type) {
	case *logical.TableRef:
		cols(f.Cols)
	case *logical.SubqueryRef:
		cols(f.Cols)
	case *logical.CTERef:
		cols(f.Cols)
	case *logical.FunctionRef:
		cols(f.Cols)
	case *logical.ValuesRef:
		cols(f.Cols)
	case *logical.Join:
		itemColumns(f.Left, set)
		itemColumns(f.Right, set)
	}
}

// lateral calls fn with expressions by which an item may depend on others.
func (s *Search) lateral(item logical.FromItem, fn func(expr.Expr)) {
	switch f := item.(type) {
	case *logical.SubqueryRef:
		for _, id := range f.Query.Outer {
			fn(s.replace(&expr.Column{ID: id}))
		}
	case *logical.FunctionRef:
		for _, c := range f.Calls {
			fn(s.replace(c.Expr))
		}
	case *logical.ValuesRef:
		for _, r := range f.Rows {
			for _, e := range r {
				fn(s.replace(e))
			}
		}
	case *logical.Join:
		s.lateral(f.Left, fn)
		s.lateral(f.Right, fn)
		if f.On != nil {
			fn(s.replace(f.On))
		}
	}
}

// leaf plans one relation by itself.
func (s *Search) leaf(r *relation) (plan.Node, error) {
	switch f := r.item.(type) {
	case *logical.TableRef:
		return s.table(f, r.conds)
	case *logical.SubqueryRef:
		node, err := s.query(s.narrow(f.Query, f.Cols, r.conds))
		if err != nil {
			return nil, err
		}
		return filter(s.rename(node, f.Cols), r.conds, s.find), nil
	case *logical.CTERef:
		node, err := s.cteRef(f)
		if err != nil {
			return nil, err
		}
		return filter(node, r.conds, s.find), nil
	case *logical.FunctionRef:
		return s.functionScan(f, r.conds)
	case *logical.ValuesRef:
		v := &plan.Values{}
		for _, row := range f.Rows {
			list, err := s.expressions(row)
			if err != nil {
				return nil, err
			}
			v.Rows = append(v.Rows, list)
		}
		for _, c := range f.Cols {
			v.Out = append(v.Out, column(c))
		}
		v.Est = plan.Estimate{Rows: float64(len(f.Rows)), Total: 0.1 * float64(len(f.Rows))}
		return filter(v, r.conds, s.find), nil
	case *logical.Join:
		return s.outerJoin(f, r.conds)
	}
	return nil, pgerr.Internal("unknown relation %T", r.item)
}

func column(c logical.Col) plan.Column {
	return plan.Column{ID: c.ID, Typing: expr.Typing{T: c.Type, M: c.Mod, C: c.Collation}, Name: c.Name}
}

// rename gives a node's columns the ids under which the query around knows them.
func (s *Search) rename(node plan.Node, cols []logical.Col) plan.Node {
	out := node.Output()
	same := true
	for i, c := range cols {
		same = same && out[i].ID == c.ID
	}
	if same {
		return node
	}
	p := &plan.Project{Unary: plan.Unary{Input: node}}
	for i, c := range cols {
		p.Out = append(p.Out, column(c))
		p.Exprs = append(p.Exprs, &expr.Column{Typing: out[i].Typing, ID: out[i].ID, Name: out[i].Name})
		if k, ok := s.columns[out[i].ID]; ok {
			s.columns[c.ID] = k
		}
	}
	p.Est = *node.Estimate()
	return p
}

func (s *Search) cteRef(f *logical.CTERef) (plan.Node, error) {
	if u, ok := s.tables[f.CTE]; ok && f.Recursive {
		w := &plan.WorkTable{Union: u, Alias: f.Alias}
		for _, c := range f.Cols {
			w.Out = append(w.Out, column(c))
		}
		w.Est = plan.Estimate{Rows: 10 * math.Max(1, u.Est.Rows/10), Total: u.Est.Rows * cost.ScanRow}
		return w, nil
	}
	if s.inlined(f.CTE) {
		node, err := s.query(f.CTE.Query)
		if err != nil {
			return nil, err
		}
		return s.rename(node, f.Cols), nil
	}
	c := s.ctes[f.CTE]
	if c == nil {
		return nil, pgerr.Internal("WITH query %s has no plan", f.CTE.Name)
	}
	scan := &plan.CTEScan{CTE: c, Alias: f.Alias}
	for _, col := range f.Cols {
		scan.Out = append(scan.Out, column(col))
	}
	rows := 100.0
	if c.Root != nil {
		rows = c.Root.Estimate().Rows
	}
	scan.Est = plan.Estimate{Rows: rows, Total: rows * cost.ScanRow}
	return scan, nil
}

func (s *Search) functionScan(f *logical.FunctionRef, conds []expr.Expr) (plan.Node, error) {
	n := &plan.FunctionScan{Alias: f.Alias, Ordinality: f.Ordinality, Filter: conds}
	rows := 1.0
	for _, c := range f.Calls {
		e, err := s.expression(c.Expr)
		if err != nil {
			return nil, err
		}
		n.Calls = append(n.Calls, logical.FunctionCall{Expr: e, Columns: c.Columns, Defined: c.Defined})
		if call, ok := e.(*expr.Call); ok && call.Func.ReturnsSet {
			rows = math.Max(rows, setRows(call))
		}
	}
	for _, c := range f.Cols {
		n.Out = append(n.Out, column(c))
	}
	est := plan.Estimate{Rows: rows, Total: rows * cost.FunctionRow}
	for _, c := range conds {
		est.Rows *= estimate.Selectivity(c, s.find)
	}
	est.Rows = math.Max(1, est.Rows)
	n.Est = est
	return n, nil
}

// setRows guesses how many rows a set-returning call gives.
func setRows(call *expr.Call) float64 {
	if call.Func.Name == "generate_series" && len(call.Args) >= 2 {
		low, ok1 := constant(call.Args[0])
		high, ok2 := constant(call.Args[1])
		if ok1 && ok2 {
			return math.Max(1, high-low+1)
		}
	}
	return math.Max(1, float64(call.Func.Rows))
}

// outerJoin plans a LEFT, RIGHT or FULL join; conds are conditions over it from
// above.
func (s *Search) outerJoin(j *logical.Join, conds []expr.Expr) (plan.Node, error) {
	kind, left, right := j.Kind, j.Left, j.Right
	if kind == logical.Right {
		kind, left, right = logical.Left, right, left
	}
	leftCols, rightCols := map[expr.ColumnID]bool{}, map[expr.ColumnID]bool{}
	s.outputs(left, leftCols)
	s.outputs(right, rightCols)
	// A condition that null rows cannot meet makes a full join a left one, a left join an
	// inner one.
	if kind == logical.Full {
		for _, c := range conds {
			switch {
			case rejectsNull(c, leftCols):
				kind = logical.Left
			case rejectsNull(c, rightCols):
				kind, left, right, leftCols, rightCols = logical.Left, right, left, rightCols, leftCols
			}
			if kind != logical.Full {
				break
			}
		}
	}
	if kind == logical.Left {
		for _, c := range conds {
			if rejectsNull(c, rightCols) {
				all := append(expr.Conjuncts(j.On), conds...)
				return s.from([]logical.FromItem{left, right}, all)
			}
		}
	}
	on := make([]expr.Expr, 0, 4)
	for _, c := range expr.Conjuncts(j.On) {
		on = append(on, s.replace(c))
	}
	var leftConds, rightConds, rest, keep []expr.Expr
	if kind == logical.Left {
		for _, c := range conds {
			if onlyIn(c, leftCols, rightCols) && !volatile(c) {
				leftConds = append(leftConds, c)
			} else {
				rest = append(rest, c)
			}
		}
		for _, c := range s.bound(on, constants(leftConds)) {
			if onlyIn(c, rightCols, leftCols) && !volatile(c) {
				rightConds = append(rightConds, c)
			} else {
				keep = append(keep, c)
			}
		}
	} else {
		rest, keep = conds, on
	}
	// Outputs of a pulled-up subquery on the nullable side must be plain columns;
	// others are planned as they stand.
	leftNode, err := s.side(left, leftConds, kind == logical.Full)
	if err != nil {
		return nil, err
	}
	rightNode, err := s.side(right, rightConds, true)
	if err != nil {
		return nil, err
	}
	for i := range keep {
		keep[i] = s.replace(keep[i])
		if err := s.subplans(keep[i]); err != nil {
			return nil, err
		}
	}
	var lateral []expr.ColumnID
	s.lateral(right, func(e expr.Expr) {
		set := map[expr.ColumnID]bool{}
		expr.Columns(e, set)
		for id := range set {
			if leftCols[id] {
				lateral = append(lateral, id)
			}
		}
	})
	node, err := s.preferred(s.joinPair(kind, leftNode, rightNode, keep, rightItem(right), rightConds, len(lateral) > 0))
	if err != nil {
		return nil, err
	}
	for i := range rest {
		rest[i] = s.replace(rest[i])
	}
	return filter(node, rest, s.find), nil
}

// rightItem is a base table that may be looked up by index, or nil.
func rightItem(item logical.FromItem) *logical.TableRef {
	t, _ := item.(*logical.TableRef)
	return t
}

// outputs is the columns by which an item is known outside, after replacement.
func (s *Search) outputs(item logical.FromItem, set map[expr.ColumnID]bool) {
	itemColumns(item, set)
	switch f := item.(type) {
	case *logical.Join:
		s.outputs(f.Left, set)
		s.outputs(f.Right, set)
	}
}

// side plans one side of an outer join. A nullable side's subquery is not pulled
// up: its expressions must be null where the join makes its rows null.
func (s *Search) side(item logical.FromItem, conds []expr.Expr, nullable bool) (plan.Node, error) {
	if sub, ok := item.(*logical.SubqueryRef); ok && nullable {
		if !s.simple(sub.Query) || !plainTargets(sub.Query) {
			r := &relation{item: item, conds: conds}
			for i := range r.conds {
				r.conds[i] = s.replace(r.conds[i])
				if err := s.subplans(r.conds[i]); err != nil {
					return nil, err
				}
			}
			return s.leaf(r)
		}
	}
	if c, ok := item.(*logical.CTERef); ok && nullable && s.inlined(c.CTE) && !plainTargets(c.CTE.Query) {
		node, err := s.cteRef(c)
		if err != nil {
			return nil, err
		}
		return filter(node, conds, s.find), nil
	}
	if nullable {
		s.nullable++
		defer func() { s.nullable-- }()
	}
	return s.from([]logical.FromItem{item}, conds)
}

func plainTargets(q *logical.Query) bool {
	for _, t := range q.Targets {
		if _, ok := t.Expr.(*expr.Column); !ok {
			return false
		}
	}
	return true
}

// onlyIn tells whether e mentions columns of one side and none of the other.
func onlyIn(e expr.Expr, side, other map[expr.ColumnID]bool) bool {
	if c, ok := e.(*expr.Column); ok {
		return side[c.ID] && !other[c.ID]
	}
	set := map[expr.ColumnID]bool{}
	expr.Columns(e, set)
	found := false
	for id := range set {
		if other[id] {
			return false
		}
		found = found || side[id]
	}
	return found
}

// rejectsNull tells whether a condition cannot be true for a row whose columns of
// the set are all null.
func rejectsNull(e expr.Expr, cols map[expr.ColumnID]bool) bool {
	switch n := e.(type) {
	case *expr.Call:
		return n.T.Phys == 1 && n.Func.Strict && strictIn(n, cols)
	case *expr.AnyAll:
		return !n.All && n.Call.Func.Strict && strictIn(n.Call.Args[0], cols)
	case *expr.IsNull:
		return n.Not && !n.Row && strictIn(n.Arg, cols)
	case *expr.BoolTest:
		return !n.Not && n.Want != expr.Unknown && strictIn(n.Arg, cols)
	case *expr.And:
		for _, a := range n.Args {
			if rejectsNull(a, cols) {
				return true
			}
		}
	case *expr.Or:
		for _, a := range n.Args {
			if !rejectsNull(a, cols) {
				return false
			}
		}
		return len(n.Args) > 0
	case *expr.Column:
		return cols[n.ID]
	}
	return false
}

// strictIn tells whether e is null whenever the columns of the set are.
func strictIn(e expr.Expr, cols map[expr.ColumnID]bool) bool {
	switch n := e.(type) {
	case *expr.Column:
		return cols[n.ID]
	case *expr.Cast:
		return strictIn(n.Arg, cols)
	case *expr.Not:
		return strictIn(n.Arg, cols)
	case *expr.Call:
		if !n.Func.Strict || n.Func.Kind != function.Scalar {
			return false
		}
		for _, a := range n.Args {
			if strictIn(a, cols) {
				return true
			}
		}
	}
	return false
}
