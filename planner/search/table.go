package search

import (
	"math"

	"datapunk/catalog/desc"
	"datapunk/planner/cost"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// table plans the reading of one base table under conditions.
func (s *Search) table(f *logical.TableRef, conds []expr.Expr) (plan.Node, error) {
	s.describe(f)
	if rows, ok := s.system(f.Relation); ok {
		return s.systemScan(f, conds, nil, rows), nil
	}
	paths, err := s.paths(f, conds, nil)
	if err != nil {
		return nil, err
	}
	var chosen *plan.Scan
	for _, p := range paths {
		if chosen == nil || p.Est.Total < chosen.Est.Total {
			chosen = p
		}
	}
	return chosen, nil
}

// rows is how many rows a table has now.
func (s *Search) rows(rel *desc.Relation) float64 {
	if rows, ok := s.system(rel); ok {
		return rows
	}
	rows := s.stats.Rows(rel.OID)
	if rows <= 0 {
		if t := s.stats.Table(rel.OID); t != nil {
			rows = t.Rows
		}
	}
	return math.Max(rows, 1)
}

// describe notes what is known of a table's columns.
func (s *Search) describe(f *logical.TableRef) {
	rows := s.rows(f.Relation)
	t := s.stats.Table(f.Relation.OID)
	unique := map[int16]bool{}
	for _, oid := range f.Relation.Indexes {
		if x := s.catalog.Relation(oid); x != nil && x.Index.Unique && !x.Index.Invalid && len(x.Index.Keys) == 1 && x.Index.Predicate == "" {
			unique[x.Index.Keys[0].Column] = true
		}
	}
	for _, c := range f.Cols {
		k := estimate.Column{Rows: rows, Unique: c.Number > 0 && unique[c.Number]}
		if t != nil && c.Number > 0 {
			k.Stats = t.Columns[c.Number]
		}
		s.columns[c.ID] = k
	}
}

func (s *Search) selected(rows float64, conds []expr.Expr) float64 {
	for _, c := range conds {
		rows *= estimate.Selectivity(c, s.find)
	}
	return math.Max(rows, 1)
}

// lookup plans the inner side of a nested loop: an index of the table whose first
// keys are bound by the join's equalities. Nil if no index fits.
func (s *Search) lookup(f *logical.TableRef, conds, on []expr.Expr, outer map[expr.ColumnID]bool) (plan.Node, error) {
	if rows, ok := s.system(f.Relation); ok {
		n := s.systemScan(f, append(append([]expr.Expr(nil), on...), conds...), outer, rows)
		if !s.usesOuter(n, outer) {
			return nil, nil
		}
		return n, nil
	}
	all := append(append([]expr.Expr(nil), on...), conds...)
	paths, err := s.paths(f, all, outer)
	if err != nil {
		return nil, err
	}
	var chosen *plan.Scan
	for _, p := range paths {
		if p.Index == nil && len(p.Keys) == 0 {
			continue
		}
		usesOuter := false
		for _, k := range p.Keys {
			set := map[expr.ColumnID]bool{}
			expr.Columns(k, set)
			for id := range set {
				usesOuter = usesOuter || outer[id]
			}
		}
		if usesOuter && (chosen == nil || p.Est.Total < chosen.Est.Total) {
			chosen = p
		}
	}
	if chosen == nil {
		return nil, nil
	}
	return chosen, nil
}

// paths lists the ways to read a table: in storage order, and by each index that a
// condition or nothing but its order makes useful. outer are columns that a nested
// loop provides.
func (s *Search) paths(f *logical.TableRef, conds []expr.Expr, outer map[expr.ColumnID]bool) ([]*plan.Scan, error) {
	own := map[expr.ColumnID]bool{}
	byNumber := map[int16]logical.Col{}
	for _, c := range f.Cols {
		own[c.ID] = true
		byNumber[c.Number] = c
	}
	rows := s.rows(f.Relation)
	base := func() *plan.Scan {
		n := &plan.Scan{Table: f.Relation, Alias: f.Alias}
		for _, c := range f.Cols {
			if s.needed[c.ID] {
				n.Out = append(n.Out, column(c))
				n.Numbers = append(n.Numbers, c.Number)
			}
		}
		return n
	}
	var out []*plan.Scan
	seq := base()
	seq.Filter = conds
	seq.Est = plan.Estimate{Rows: s.selected(rows, conds), Total: cost.Scan(rows, len(conds))}
	if s.opts.NoSeqScan {
		seq.Est.Total += cost.Disabled
	}
	out = append(out, seq)
	if s.opts.NoIndexScan {
		return out, nil
	}
	for _, oid := range f.Relation.Indexes {
		index := s.catalog.Relation(oid)
		if index == nil || index.Index.Invalid {
			continue
		}
		n, ok, err := s.indexPath(f, index, base(), conds, own, byNumber, rows)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, n)
		}
	}
	return out, nil
}

// indexPath reads a table by one index.
func (s *Search) indexPath(f *logical.TableRef, index *desc.Relation, n *plan.Scan, conds []expr.Expr, own map[expr.ColumnID]bool, byNumber map[int16]logical.Col, rows float64) (*plan.Scan, bool, error) {
	def := index.Index
	n.Index = index
	used := make([]bool, len(conds))
	if def.Predicate != "" {
		p, err := s.opts.Stored(def.Predicate, f.Cols)
		if err != nil {
			return nil, false, err
		}
		for _, want := range expr.Conjuncts(p) {
			found := false
			for _, c := range conds {
				found = found || expr.Equal(c, want) || impliesNotNull(c, want)
			}
			if !found {
				return nil, false, nil
			}
		}
	}
	matched := rows
	for _, k := range def.Keys {
		key, err := s.keyExpr(f, k, byNumber)
		if err != nil {
			return nil, false, err
		}
		i, value := findEqual(conds, used, key, own, k)
		if i >= 0 {
			used[i] = true
			n.Keys = append(n.Keys, value)
			n.Conds = append(n.Conds, conds[i])
			matched *= estimate.Selectivity(conds[i], s.find)
			continue
		}
		if i, array := findIn(conds, used, key, own, k); i >= 0 && def.Method == "btree" {
			used[i] = true
			n.In = array
			n.Conds = append(n.Conds, conds[i])
			matched *= estimate.Selectivity(conds[i], s.find)
			break
		}
		if def.Method != "btree" {
			return nil, false, nil // a hash index wants every key
		}
		for i, c := range conds {
			if used[i] {
				continue
			}
			op, value, ok := compared(c, key, own, k)
			if !ok {
				continue
			}
			if k.Desc {
				op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
			}
			switch {
			case (op == ">" || op == ">=") && n.Low == nil:
				n.Low = &plan.Bound{Expr: value, Inclusive: op == ">="}
			case (op == "<" || op == "<=") && n.High == nil:
				n.High = &plan.Bound{Expr: value, Inclusive: op == "<="}
			default:
				continue
			}
			used[i] = true
			n.Conds = append(n.Conds, c)
			matched *= estimate.Selectivity(c, s.find)
		}
		break
	}
	for i, c := range conds {
		if !used[i] {
			n.Filter = append(n.Filter, c)
		}
	}
	n.Unique = def.Unique && def.Immediate && len(n.Keys) == len(def.Keys) && n.In == nil
	if n.Unique {
		matched = math.Min(matched, 1)
	}
	matched = math.Max(matched, 1)
	n.IndexOnly = index.OID == f.Relation.Primary || covers(index, n.Numbers)
	est := plan.Estimate{Rows: s.selected(matched, n.Filter)}
	covered := index.OID == f.Relation.Primary
	if covered {
		est.Total = cost.Scan(matched, len(n.Filter))
	} else {
		est.Total = cost.Index(matched, n.IndexOnly, len(n.Filter))
	}
	n.Est = est
	if len(n.Keys) == 0 && n.Low == nil && n.High == nil && n.In == nil {
		// Only its order could be of use, which indexed asks for.
		if !covered && !n.IndexOnly {
			return n, false, nil
		}
		return n, covered, nil
	}
	return n, true, nil
}

// keyExpr is an index key as an expression over the reference's columns.
func (s *Search) keyExpr(f *logical.TableRef, k desc.IndexKey, byNumber map[int16]logical.Col) (expr.Expr, error) {
	if k.Column != 0 {
		c := byNumber[k.Column]
		return &expr.Column{Typing: expr.Typing{T: c.Type, M: c.Mod, C: c.Collation}, ID: c.ID, Name: c.Name}, nil
	}
	return s.opts.Stored(k.Expr, f.Cols)
}

// covers tells whether an index holds every column asked for.
func covers(index *desc.Relation, numbers []int16) bool {
	if index.Index.Method != "btree" {
		return false
	}
next:
	for _, n := range numbers {
		for _, k := range index.Index.Keys {
			if k.Column == n {
				continue next
			}
		}
		for _, c := range index.Index.Include {
			if c == n {
				continue next
			}
		}
		return false
	}
	return true
}

// compared takes key op value apart, the value being free of the table's columns
// and of the key's own type.
func compared(c expr.Expr, key expr.Expr, own map[expr.ColumnID]bool, k desc.IndexKey) (string, expr.Expr, bool) {
	call, ok := c.(*expr.Call)
	if !ok || len(call.Args) != 2 {
		return "", nil, false
	}
	op := estimate.Operator(call)
	left, right := call.Args[0], call.Args[1]
	if !sameKey(left, key) {
		left, right = right, left
		op = flipped(op)
		if !sameKey(left, key) {
			return "", nil, false
		}
	}
	if op == "" || !fits(right, k) || mentionsAny(right, own) || volatile(right) || !collationFits(call, k) {
		return "", nil, false
	}
	return op, right, true
}

func collationFits(call *expr.Call, k desc.IndexKey) bool {
	if k.Collation == 0 {
		return true
	}
	for _, a := range call.Args {
		if c := a.Collation(); c != 0 && c != k.Collation {
			return false
		}
	}
	return true
}

// sameKey looks through relabelling (varchar to text).
func sameKey(e, key expr.Expr) bool {
	if c, ok := e.(*expr.Cast); ok && c.Method == expr.Relabel {
		e = c.Arg
	}
	if c, ok := e.(*expr.Column); ok {
		k, ok := key.(*expr.Column)
		return ok && k.ID == c.ID
	}
	return expr.Equal(e, key)
}

// fits tells whether a value has the key's layout, so that it can be encoded as
// the key is: the same type, or text for varchar.
func fits(e expr.Expr, k desc.IndexKey) bool {
	t, want := e.Type().Root(), types.Builtin(k.Type)
	if want == nil {
		return e.Type().OID == k.Type
	}
	if t == want {
		return true
	}
	text := func(t *types.Type) bool { return t == types.Text || t == types.Varchar || t == types.Name }
	if text(t) && text(want) {
		return true
	}
	integer := func(t *types.Type) bool { return t == types.Int2 || t == types.Int4 || t == types.Int8 }
	return integer(t) && integer(want)
}

func mentionsAny(e expr.Expr, cols map[expr.ColumnID]bool) bool {
	set := map[expr.ColumnID]bool{}
	expr.Columns(e, set)
	for id := range set {
		if cols[id] {
			return true
		}
	}
	return false
}

func findEqual(conds []expr.Expr, used []bool, key expr.Expr, own map[expr.ColumnID]bool, k desc.IndexKey) (int, expr.Expr) {
	for i, c := range conds {
		if used[i] {
			continue
		}
		if op, v, ok := compared(c, key, own, k); ok && op == "=" {
			return i, v
		}
	}
	return -1, nil
}

// findIn finds key = ANY (array).
func findIn(conds []expr.Expr, used []bool, key expr.Expr, own map[expr.ColumnID]bool, k desc.IndexKey) (int, expr.Expr) {
	for i, c := range conds {
		a, ok := c.(*expr.AnyAll)
		if used[i] || !ok || a.All || estimate.Operator(a.Call) != "=" || !sameKey(a.Call.Args[0], key) || mentionsAny(a.Array, own) || volatile(a.Array) {
			continue
		}
		elem := &expr.CaseValue{Typing: expr.Of(a.Array.Type().Root().Elem)}
		if fits(elem, k) && collationFits(a.Call, k) {
			return i, a.Array
		}
	}
	return -1, nil
}

// impliesNotNull: a strict comparison of a column implies that it is not null.
func impliesNotNull(c, want expr.Expr) bool {
	n, ok := want.(*expr.IsNull)
	if !ok || !n.Not {
		return false
	}
	k, ok := n.Arg.(*expr.Column)
	return ok && rejectsNull(c, map[expr.ColumnID]bool{k.ID: true})
}

func flipped(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}
