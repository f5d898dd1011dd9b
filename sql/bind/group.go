package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/logical"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// maxSets bounds the grouping sets of one query, as PostgreSQL does.
const maxSets = 4096

// groupBy binds GROUP BY with its grouping sets.
func (b *Binder) groupBy(s *scope, n *pg.SelectStmt) error {
	q := s.q
	if len(n.GroupClause) == 0 {
		return nil
	}
	var sets [][]int
	plain := true
	for _, node := range n.GroupClause {
		these, simple, err := b.groupItem(s, node)
		if err != nil {
			return err
		}
		plain = plain && simple
		if sets == nil {
			sets = these
			continue
		}
		// Several items multiply.
		var product [][]int
		for _, x := range sets {
			for _, y := range these {
				product = append(product, union(x, y))
			}
		}
		if len(product) > maxSets {
			return pgerr.New(pgerr.StatementTooComplex, "too many grouping sets present (maximum 4096)")
		}
		sets = product
	}
	if !plain {
		if n.GroupDistinct {
			sets = distinctSets(sets)
		}
		q.out.Sets = sets
	}
	return nil
}

func union(x, y []int) []int {
	out := append([]int(nil), x...)
next:
	for _, k := range y {
		for _, h := range out {
			if h == k {
				continue next
			}
		}
		out = append(out, k)
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
next:
	for _, x := range sets {
		for _, y := range out {
			if len(x) == len(y) && len(union(x, y)) == len(x) {
				continue next
			}
		}
		out = append(out, x)
	}
	return out
}

// groupItem returns the grouping sets of one item; simple tells a plain
// expression.
func (b *Binder) groupItem(s *scope, node *pg.Node) ([][]int, bool, error) {
	g := node.GetGroupingSet()
	if g == nil {
		set, err := b.groupKeys(s, node)
		return [][]int{set}, true, err
	}
	switch g.Kind {
	case pg.GroupingSetKind_GROUPING_SET_EMPTY:
		return [][]int{{}}, false, nil
	case pg.GroupingSetKind_GROUPING_SET_ROLLUP, pg.GroupingSetKind_GROUPING_SET_CUBE:
		var parts [][]int
		for _, c := range g.Content {
			set, err := b.groupKeys(s, c)
			if err != nil {
				return nil, false, err
			}
			parts = append(parts, set)
		}
		var sets [][]int
		if g.Kind == pg.GroupingSetKind_GROUPING_SET_ROLLUP {
			for k := len(parts); k >= 0; k-- {
				var set []int
				for _, p := range parts[:k] {
					set = union(set, p)
				}
				sets = append(sets, set)
			}
			return sets, false, nil
		}
		if len(parts) > 12 {
			return nil, false, b.errorf(g.Location, pgerr.TooManyColumns, "CUBE is limited to 12 elements")
		}
		// All subsets, the full one first, as PostgreSQL lists them.
		for k := 1<<len(parts) - 1; k >= 0; k-- {
			var set []int
			for i, p := range parts {
				if k&(1<<(len(parts)-1-i)) != 0 {
					set = union(set, p)
				}
			}
			sets = append(sets, set)
		}
		return sets, false, nil
	case pg.GroupingSetKind_GROUPING_SET_SETS:
		var sets [][]int
		for _, c := range g.Content {
			these, _, err := b.groupItem(s, c)
			if err != nil {
				return nil, false, err
			}
			sets = append(sets, these...)
		}
		return sets, false, nil
	}
	return nil, false, pgerr.Internal("unknown grouping set %v", g.Kind)
}

// groupKeys returns the keys of an expression, or of (a, b).
func (b *Binder) groupKeys(s *scope, node *pg.Node) ([]int, error) {
	if r := node.GetRowExpr(); r != nil && r.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
		var set []int
		for _, a := range r.Args {
			k, err := b.groupKeys(s, a)
			if err != nil {
				return nil, err
			}
			set = union(set, k)
		}
		return set, nil
	}
	if l := node.GetList(); l != nil {
		var set []int
		for _, a := range l.Items {
			k, err := b.groupKeys(s, a)
			if err != nil {
				return nil, err
			}
			set = union(set, k)
		}
		return set, nil
	}
	q := s.q
	before := len(q.out.Targets)
	place, err := b.outputRef(s, node, inGroup, "GROUP BY")
	if err != nil {
		return nil, err
	}
	e, err := b.resolveUnknown(q.out.Targets[place].Expr)
	if err != nil {
		return nil, err
	}
	if len(q.out.Targets) > before {
		q.out.Targets = q.out.Targets[:before] // no need of a hidden output
	} else {
		q.out.Targets[place].Expr = e
	}
	var bad error
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case *expr.Aggregate, *expr.Grouping:
			bad = b.errorf(location(node), pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
		case *expr.Window:
			bad = b.errorf(location(node), pgerr.WindowingError, "window functions are not allowed in GROUP BY")
		}
		return bad == nil
	})
	if bad != nil {
		return nil, bad
	}
	if _, err := b.equality(e.Type(), location(node)); err != nil {
		return nil, err
	}
	for i, g := range q.out.GroupBy {
		if expr.Equal(g, e) {
			return []int{i}, nil
		}
	}
	q.out.GroupBy = append(q.out.GroupBy, e)
	return []int{len(q.out.GroupBy) - 1}, nil
}

// checkGrouping verifies that a grouped query shows only what it groups by or
// aggregates, and adds the columns that a grouped primary key determines.
func (b *Binder) checkGrouping(q *query) error {
	c := &groupCheck{b: b, q: q}
	for i := range q.out.Targets {
		if err := c.check(q.out.Targets[i].Expr); err != nil {
			return err
		}
	}
	if q.out.Having != nil {
		if err := c.check(q.out.Having); err != nil {
			return err
		}
	}
	for _, w := range q.out.Windows {
		for _, e := range w.Partition {
			if err := c.check(e); err != nil {
				return err
			}
		}
		for _, o := range w.Order {
			if err := c.check(o.Expr); err != nil {
				return err
			}
		}
	}
	return nil
}

type groupCheck struct {
	b *Binder
	q *query
}

func (c *groupCheck) grouped(e expr.Expr) bool {
	for _, g := range c.q.out.GroupBy {
		if expr.Equal(g, e) {
			return true
		}
	}
	for _, g := range c.q.out.Dependent {
		if expr.Equal(g, e) {
			return true
		}
	}
	return false
}

func (c *groupCheck) check(e expr.Expr) error {
	var bad error
	expr.Walk(e, func(e expr.Expr) bool {
		if bad != nil {
			return false
		}
		switch n := e.(type) {
		case *expr.Aggregate:
			return false
		case *expr.Grouping:
			for _, a := range n.Args {
				if !c.grouped(a) {
					bad = pgerr.New(pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
				}
			}
			return false
		case *expr.Const, *expr.Param:
			return false
		}
		if c.grouped(e) {
			return false
		}
		switch n := e.(type) {
		case *expr.Column:
			if c.b.home[n.ID] == c.q && c.q.outward(n.ID) == nil && !c.dependent(n) {
				bad = c.b.at(c.ungrouped(n.ID, ""), n.Position-1)
			}
		case *expr.Subquery:
			for _, id := range n.Outer {
				if c.b.home[id] != c.q || c.q.outward(id) != nil {
					continue
				}
				col := &expr.Column{ID: id}
				found := false
				for _, g := range append(append([]expr.Expr(nil), c.q.out.GroupBy...), c.q.out.Dependent...) {
					if k, ok := g.(*expr.Column); ok && k.ID == id {
						found = true
					}
				}
				if !found && !c.dependent(c.typed(col)) {
					bad = c.b.at(c.ungrouped(id, "subquery uses ungrouped column \"%s\" from outer query"), c.b.outerAt[id]-1)
				}
			}
		}
		return true
	})
	return bad
}

// typed finds the full column of an id among the FROM items.
func (c *groupCheck) typed(col *expr.Column) *expr.Column {
	eachSource(c.q.out.From, func(_ logical.FromItem, cols []logical.Col) {
		for i := range cols {
			if cols[i].ID == col.ID {
				col = &expr.Column{Typing: expr.Typing{T: cols[i].Type, M: cols[i].Mod, C: cols[i].Collation}, ID: cols[i].ID, Name: cols[i].Name}
			}
		}
	})
	return col
}

// dependent tells whether a table's primary key is grouped by, so that the column
// has one value in each group; it then joins the query's Dependent columns.
func (c *groupCheck) dependent(col *expr.Column) bool {
	if c.q.out.Sets != nil || col.T == nil {
		return false
	}
	found := false
	eachSource(c.q.out.From, func(item logical.FromItem, cols []logical.Col) {
		t, ok := item.(*logical.TableRef)
		if !ok {
			return
		}
		mine := false
		for i := range cols {
			mine = mine || cols[i].ID == col.ID
		}
		if !mine {
			return
		}
		key := primaryKey(t.Relation)
		if key == nil {
			return
		}
		for _, number := range key {
			in := false
			for i := range cols {
				if cols[i].Number != number {
					continue
				}
				for _, g := range c.q.out.GroupBy {
					if k, ok := g.(*expr.Column); ok && k.ID == cols[i].ID {
						in = true
					}
				}
			}
			if !in {
				return
			}
		}
		found = true
	})
	if found {
		c.q.out.Dependent = append(c.q.out.Dependent, col)
	}
	return found
}

func primaryKey(r *desc.Relation) []int16 {
	for _, u := range r.Uniques {
		if u.Primary && !u.Deferrable {
			return u.Columns
		}
	}
	return nil
}

func (c *groupCheck) ungrouped(id expr.ColumnID, format string) error {
	name, table := "", ""
	eachSource(c.q.out.From, func(item logical.FromItem, cols []logical.Col) {
		for i := range cols {
			if cols[i].ID == id {
				name, table = cols[i].Name, aliasOf(item)
			}
		}
	})
	if table != "" {
		name = table + "." + name
	}
	if format != "" {
		return pgerr.Newf(pgerr.GroupingError, format, name)
	}
	return pgerr.Newf(pgerr.GroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", name)
}

func aliasOf(item logical.FromItem) string {
	switch f := item.(type) {
	case *logical.TableRef:
		return f.Alias
	case *logical.SubqueryRef:
		return f.Alias
	case *logical.CTERef:
		return f.Alias
	case *logical.FunctionRef:
		return f.Alias
	case *logical.ValuesRef:
		return f.Alias
	case *logical.Join:
		return f.Alias
	}
	return ""
}

// eachSource visits every item and its columns, within joins too.
func eachSource(items []logical.FromItem, fn func(logical.FromItem, []logical.Col)) {
	for _, item := range items {
		switch f := item.(type) {
		case *logical.TableRef:
			fn(f, f.Cols)
		case *logical.SubqueryRef:
			fn(f, f.Cols)
		case *logical.CTERef:
			fn(f, f.Cols)
		case *logical.FunctionRef:
			fn(f, f.Cols)
		case *logical.ValuesRef:
			fn(f, f.Cols)
		case *logical.Join:
			eachSource([]logical.FromItem{f.Left, f.Right}, fn)
			fn(f, f.Cols)
		}
	}
}
