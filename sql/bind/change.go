package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// target finds the table of a change and checks that it can be changed.
func (b *Binder) target(s *scope, n *pg.RangeVar, verb string, privilege desc.Privilege) (*logical.TableRef, error) {
	rel, err := b.Relation(n)
	if err != nil {
		return nil, err
	}
	if err := b.changeable(rel, n.Location, verb); err != nil {
		return nil, err
	}
	b.use(rel.OID, kv.RowExclusive)
	b.need(rel, privilege)
	t, err := b.tableRef(s.q, rel, n)
	if err != nil {
		return nil, err
	}
	t.Target = true
	return t, nil
}

func (b *Binder) changeable(rel *desc.Relation, location int32, verb string) error {
	switch rel.Kind {
	case desc.Table:
		if rel.OID < desc.FirstUser {
			return b.errorf(location, pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", rel.Name)
		}
		return nil
	case desc.ViewKind:
		e := b.errorf(-1, pgerr.ObjectNotInPrerequisiteState, "cannot %s view \"%s\"", verb, rel.Name)
		e.Code = pgerr.FeatureNotSupported
		return e.WithDetail("Changing the tables behind a view is not supported.")
	case desc.SequenceKind:
		return b.errorf(location, pgerr.WrongObjectType, "cannot change sequence \"%s\"", rel.Name)
	}
	return b.errorf(location, pgerr.WrongObjectType, "cannot open relation \"%s\"", rel.Name)
}

func (b *Binder) newTableSource(s *scope, t *logical.TableRef, visible bool) *source {
	src := &source{name: t.Alias, schema: t.Relation.Schema, cols: t.Cols, rel: t, item: t, visible: visible, named: true, reach: true}
	if t.Aliased {
		src.schema = 0
	}
	return src
}

// insertStmt binds INSERT.
func (b *Binder) insertStmt(n *pg.InsertStmt, parent *scope) (*logical.Query, error) {
	s, err := b.open(parent, n.WithClause)
	if err != nil {
		return nil, err
	}
	q := s.q
	q.out.Command = logical.Insert
	t, err := b.target(s, n.Relation, "insert into", desc.Insert)
	if err != nil {
		return nil, err
	}
	rel := t.Relation
	change := &logical.Change{Table: t}
	q.out.Change = change
	switch n.Override {
	case pg.OverridingKind_OVERRIDING_USER_VALUE:
		change.Overriding = 'u'
	case pg.OverridingKind_OVERRIDING_SYSTEM_VALUE:
		change.Overriding = 's'
	}
	columns, where, subs, err := b.insertColumns(rel, n)
	if err != nil {
		return nil, err
	}
	source, exprs, err := b.insertSource(s, n, rel, columns, where)
	if err != nil {
		return nil, err
	}
	change.Source = source
	assigned := map[int16]expr.Expr{}
	for i, e := range exprs {
		c := &rel.Columns[columns[i]-1]
		b.needColumn(rel, columns[i], desc.Insert)
		if len(subs) > i && len(subs[i]) > 0 {
			return nil, b.errorf(where[i], pgerr.FeatureNotSupported, "INSERT into an array element or field is not supported")
		}
		if _, isDefault := e.(*expr.Default); isDefault {
			continue
		}
		if c.Generated {
			return nil, pgerr.Newf(pgerr.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name).
				WithDetail("Column \"%s\" is a generated column.", c.Name)
		}
		if c.Identity == 'a' && change.Overriding != 's' {
			if change.Overriding == 'u' {
				continue
			}
			return nil, pgerr.Newf(pgerr.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name).
				WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name).
				WithHint("Use OVERRIDING SYSTEM VALUE to override.")
		}
		if c.Identity == 'd' && change.Overriding == 'u' {
			continue
		}
		assigned[columns[i]] = e
	}
	if change.Full, err = b.fullRow(rel, assigned); err != nil {
		return nil, err
	}
	if err := b.newRow(q, change); err != nil {
		return nil, err
	}
	if n.OnConflictClause != nil {
		if err := b.onConflict(s, n.OnConflictClause, change); err != nil {
			return nil, err
		}
	}
	if err := b.returning(s, n.ReturningList, change, nil); err != nil {
		return nil, err
	}
	b.finish(q)
	return q.out, nil
}

// insertColumns reads the column list.
func (b *Binder) insertColumns(rel *desc.Relation, n *pg.InsertStmt) ([]int16, []int32, [][]*pg.Node, error) {
	var columns []int16
	var where []int32
	var subs [][]*pg.Node
	if len(n.Cols) == 0 {
		for i := range rel.Columns {
			if !rel.Columns[i].Dropped {
				columns, where = append(columns, int16(i+1)), append(where, -1)
			}
		}
		return columns, where, nil, nil
	}
	seen := map[int16]bool{}
	for _, c := range n.Cols {
		r := c.GetResTarget()
		number, _ := b.columnOf(rel, r.Name)
		if number == 0 {
			return nil, nil, nil, b.errorf(r.Location, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", r.Name, rel.Name)
		}
		if seen[number] && len(r.Indirection) == 0 {
			return nil, nil, nil, b.errorf(r.Location, pgerr.DuplicateColumn, "column \"%s\" specified more than once", r.Name)
		}
		seen[number] = true
		columns, where, subs = append(columns, number), append(where, r.Location), append(subs, r.Indirection)
	}
	return columns, where, subs, nil
}

func (b *Binder) columnOf(rel *desc.Relation, name string) (int16, *desc.Column) {
	if b.stored {
		if oid, ok := token(name, 'c'); ok && int(oid) <= len(rel.Columns) {
			return int16(oid), &rel.Columns[oid-1]
		}
	}
	return rel.Column(name)
}

// insertSource binds what is inserted and returns one expression for each listed
// column, over the source's output.
func (b *Binder) insertSource(s *scope, n *pg.InsertStmt, rel *desc.Relation, columns []int16, where []int32) (*logical.Query, []expr.Expr, error) {
	if n.SelectStmt == nil { // DEFAULT VALUES
		return nil, nil, nil
	}
	sel := n.SelectStmt.GetSelectStmt()
	tooMany := func(got int, at int32) error {
		return b.errorf(at, pgerr.SyntaxError, "INSERT has more expressions than target columns")
	}
	tooFew := func(got int) error {
		at := int32(-1)
		if len(n.Cols) > got {
			at = where[got]
		}
		return b.errorf(at, pgerr.SyntaxError, "INSERT has more target columns than expressions")
	}
	if len(sel.ValuesLists) > 0 && len(sel.SortClause) == 0 && sel.LimitCount == nil && sel.LimitOffset == nil && sel.WithClause == nil && len(sel.LockingClause) == 0 {
		q := b.newQuery(s)
		q.clause = inValues
		q.out.Command = logical.Values
		inner := &scope{parent: s, q: q, ctes: s.ctes}
		if len(sel.ValuesLists) == 1 {
			q.clause = inInsertTarget
		}
		rows, cols, err := b.valuesLists(inner, sel.ValuesLists, []*types.Type{})
		if err != nil {
			return nil, nil, err
		}
		if len(cols) > len(columns) {
			return nil, nil, tooMany(len(cols), location(sel.ValuesLists[0].GetList().Items[len(columns)]))
		}
		if len(n.Cols) > 0 && len(cols) < len(columns) {
			return nil, nil, tooFew(len(cols))
		}
		q.out.Rows = rows
		exprs := make([]expr.Expr, len(cols))
		for c := range cols {
			d := &rel.Columns[columns[c]-1]
			t := b.Catalog.Type(d.Type)
			defaults := 0
			for r := range rows {
				at := location(sel.ValuesLists[r].GetList().Items[min(c, len(sel.ValuesLists[r].GetList().Items)-1)])
				if _, ok := rows[r][c].(*expr.Default); ok {
					defaults++
					continue
				}
				e, err := b.assign(rows[r][c], rel, columns[c], at)
				if err != nil {
					return nil, nil, err
				}
				rows[r][c] = e
			}
			if defaults == len(rows) {
				exprs[c] = &expr.Default{Typing: expr.Of(types.Unknown)}
				for r := range rows {
					rows[r][c] = expr.NullConst(t)
				}
			} else if defaults > 0 {
				for r := range rows {
					if _, ok := rows[r][c].(*expr.Default); ok {
						e, err := b.defaultOf(rel, columns[c])
						if err != nil {
							return nil, nil, err
						}
						rows[r][c] = e
					}
				}
			}
			id := b.newColumn(q)
			q.out.Targets = append(q.out.Targets, logical.Target{ID: id, Name: d.Name,
				Expr: &expr.Column{Typing: expr.Typing{T: t, M: d.Mod, C: d.Collation}, ID: id, Name: d.Name}})
			if exprs[c] == nil {
				exprs[c] = targetColumn(q.out.Targets[c])
			}
		}
		b.finish(q)
		return q.out, exprs, nil
	}
	b.keepUnknown++
	q, err := b.selectStmt(sel, s)
	b.keepUnknown--
	if err != nil {
		return nil, nil, err
	}
	visible := visibleTargets(q)
	if len(visible) > len(columns) {
		at := int32(-1)
		if len(sel.TargetList) > len(columns) {
			at = location(sel.TargetList[len(columns)].GetResTarget().Val)
		}
		return nil, nil, tooMany(len(visible), at)
	}
	if len(n.Cols) > 0 && len(visible) < len(columns) {
		return nil, nil, tooFew(len(visible))
	}
	exprs := make([]expr.Expr, len(visible))
	for i, t := range visible {
		at := int32(-1)
		if i < len(sel.TargetList) {
			at = location(sel.TargetList[i].GetResTarget().Val)
		}
		// A literal is read as the column's type where it stands.
		if c, ok := t.Expr.(*expr.Const); ok && c.T == types.Unknown && q.SetOp == nil {
			e, err := b.assign(c, rel, columns[i], at)
			if err != nil {
				return nil, nil, err
			}
			setTarget(q, t.ID, e)
			exprs[i] = &expr.Column{Typing: expr.Typing{T: e.Type(), M: e.Mod(), C: e.Collation()}, ID: t.ID, Name: t.Name}
			continue
		}
		if p, ok := t.Expr.(*expr.Param); ok && p.T == types.Unknown {
			e, err := b.assign(p, rel, columns[i], at)
			if err != nil {
				return nil, nil, err
			}
			setTarget(q, t.ID, e)
			exprs[i] = &expr.Column{Typing: expr.Typing{T: e.Type(), M: e.Mod(), C: e.Collation()}, ID: t.ID, Name: t.Name}
			continue
		}
		e, err := b.assign(targetColumn(t), rel, columns[i], at)
		if err != nil {
			return nil, nil, err
		}
		exprs[i] = e
	}
	return q, exprs, nil
}

func setTarget(q *logical.Query, id expr.ColumnID, e expr.Expr) {
	for i := range q.Targets {
		if q.Targets[i].ID == id {
			q.Targets[i].Expr = e
		}
	}
}

// assign converts a value to a column's type, as an assignment.
func (b *Binder) assign(e expr.Expr, rel *desc.Relation, column int16, at int32) (expr.Expr, error) {
	c := &rel.Columns[column-1]
	t := b.Catalog.Type(c.Type)
	if !b.canCoerce(e.Type(), t, types.Assignment) {
		return nil, b.errorf(at, pgerr.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", c.Name, b.typeNameMod(t, -1), b.typeName(e.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return b.coerce(e, t, c.Mod, types.Assignment, at)
}

// defaultOf is a column's default as an expression.
func (b *Binder) defaultOf(rel *desc.Relation, column int16) (expr.Expr, error) {
	c := &rel.Columns[column-1]
	t := b.Catalog.Type(c.Type)
	switch {
	case c.Identity != 0:
		return b.nextValue(c.Sequence, t)
	case c.Default == "" || c.Generated:
		e, err := b.convert(expr.NullConst(types.Unknown), t, -1, types.Assignment, -1)
		return e, err
	}
	e, err := b.Stored(c.Default, nil)
	if err != nil {
		return nil, err
	}
	return b.coerce(e, t, c.Mod, types.Assignment, -1)
}

// nextValue calls nextval on an identity column's sequence.
func (b *Binder) nextValue(sequence types.OID, t *types.Type) (expr.Expr, error) {
	for _, fn := range b.Functions.Named("nextval") {
		call := &expr.Call{Typing: expr.Of(types.Int8), Func: fn, Args: []expr.Expr{expr.NewConst(types.Regclass, int64(sequence))}}
		return b.coerce(call, t, -1, types.Assignment, -1)
	}
	return nil, pgerr.Internal("no nextval")
}

// fullRow gives every live column its value, defaults included, generated ones
// left out.
func (b *Binder) fullRow(rel *desc.Relation, assigned map[int16]expr.Expr) ([]logical.Assign, error) {
	var full []logical.Assign
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped || c.Generated {
			continue
		}
		number := int16(i + 1)
		e, ok := assigned[number]
		if !ok {
			var err error
			if e, err = b.defaultOf(rel, number); err != nil {
				return nil, err
			}
		}
		full = append(full, logical.Assign{Column: number, Expr: e})
	}
	return full, nil
}

// newRow allots the columns of the row as it will be stored, and binds what is
// computed over them: generated columns and CHECK constraints.
func (b *Binder) newRow(q *query, change *logical.Change) error {
	rel := change.Table.Relation
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped {
			continue
		}
		change.NewRow = append(change.NewRow, logical.Col{ID: b.newColumn(q), Name: c.Name, Type: b.Catalog.Type(c.Type), Mod: c.Mod,
			Collation: c.Collation, Number: int16(i + 1)})
	}
	for i := range rel.Columns {
		if c := &rel.Columns[i]; c.Generated && !c.Dropped {
			e, err := b.Stored(c.Default, change.NewRow)
			if err != nil {
				return err
			}
			if e, err = b.coerce(e, b.Catalog.Type(c.Type), c.Mod, types.Assignment, -1); err != nil {
				return err
			}
			change.Generated = append(change.Generated, logical.Assign{Column: int16(i + 1), Expr: e})
		}
	}
	for i := range rel.Checks {
		e, err := b.Stored(rel.Checks[i].Expr, change.NewRow)
		if err != nil {
			return err
		}
		change.Checks = append(change.Checks, logical.CheckExpr{Name: rel.Checks[i].Name, Expr: e})
	}
	return nil
}

// onConflict binds ON CONFLICT.
func (b *Binder) onConflict(s *scope, n *pg.OnConflictClause, change *logical.Change) error {
	rel := change.Table.Relation
	c := &logical.Conflict{Update: n.Action == pg.OnConflictAction_ONCONFLICT_UPDATE}
	change.Conflict = c
	if n.Infer == nil && c.Update {
		return b.errorf(n.Location, pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).")
	}
	s.q.clause = inInsertTarget
	if n.Infer != nil {
		if err := b.arbiters(s, n.Infer, change); err != nil {
			return err
		}
	}
	if !c.Update {
		return nil
	}
	b.need(rel, desc.Update)
	excluded, err := b.tableRef(s.q, rel, nil)
	if err != nil {
		return err
	}
	excluded.Alias = "excluded"
	c.Excluded = excluded
	ex := &source{name: "excluded", cols: excluded.Cols, item: excluded, named: true, visible: false, reach: true}
	inner := &scope{parent: s.parent, q: s.q, ctes: s.ctes, items: []*source{b.newTableSource(s, change.Table, true), ex}}
	s.q.clause = inUpdateSource
	if c.Set, err = b.setClause(inner, n.TargetList, rel); err != nil {
		return err
	}
	if n.WhereClause != nil {
		if c.Where, err = b.where(inner, n.WhereClause); err != nil {
			return err
		}
	}
	return nil
}

// arbiters finds the unique indexes that an ON CONFLICT target means.
func (b *Binder) arbiters(s *scope, n *pg.InferClause, change *logical.Change) error {
	rel, c := change.Table.Relation, change.Conflict
	if n.Conname != "" {
		for i := range rel.Uniques {
			if u := &rel.Uniques[i]; u.Name == n.Conname {
				c.Indexes, c.Constraint = []types.OID{u.Index}, u.Name
				return nil
			}
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", n.Conname, rel.Name)
	}
	want := map[int16]bool{}
	for _, e := range n.IndexElems {
		x := e.GetIndexElem()
		if x.Expr != nil {
			return b.errorf(n.Location, pgerr.FeatureNotSupported, "ON CONFLICT on an expression is not supported")
		}
		number, _ := b.columnOf(rel, x.Name)
		if number == 0 {
			return b.errorf(n.Location, pgerr.UndefinedColumn, "column \"%s\" does not exist", x.Name)
		}
		want[number] = true
	}
next:
	for _, oid := range rel.Indexes {
		index := b.Catalog.Relation(oid)
		if index == nil || !index.Index.Unique || index.Index.Invalid || len(index.Index.Keys) != len(want) {
			continue
		}
		for _, k := range index.Index.Keys {
			if k.Column == 0 || !want[k.Column] {
				continue next
			}
		}
		if index.Index.Predicate != "" {
			if n.WhereClause == nil {
				continue
			}
			inner := &scope{parent: s.parent, q: s.q, ctes: s.ctes, items: []*source{b.newTableSource(s, change.Table, true)}}
			given, err := b.where(inner, n.WhereClause)
			if err != nil {
				return err
			}
			stored, err := b.Stored(index.Index.Predicate, change.Table.Cols)
			if err != nil {
				return err
			}
			if !implies(given, stored) {
				continue
			}
		}
		c.Indexes = append(c.Indexes, oid)
	}
	if len(c.Indexes) == 0 {
		return pgerr.New(pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return nil
}

// implies tells whether every conjunct of want stands in given.
func implies(given, want expr.Expr) bool {
	have := expr.Conjuncts(given)
next:
	for _, w := range expr.Conjuncts(want) {
		for _, h := range have {
			if expr.Equal(h, w) {
				continue next
			}
		}
		return false
	}
	return true
}

// setClause binds SET of UPDATE and ON CONFLICT DO UPDATE.
func (b *Binder) setClause(s *scope, nodes []*pg.Node, rel *desc.Relation) ([]logical.Assign, error) {
	var out []logical.Assign
	multi := map[*pg.Node][]expr.Expr{}
	place := func(number int16) int {
		for i := range out {
			if out[i].Column == number {
				return i
			}
		}
		return -1
	}
	for _, node := range nodes {
		r := node.GetResTarget()
		number, c := b.columnOf(rel, r.Name)
		if number == 0 {
			for _, col := range systemColumns {
				if col.Name == r.Name {
					return nil, b.errorf(r.Location, pgerr.FeatureNotSupported, "cannot assign to system column \"%s\"", r.Name)
				}
			}
			e := b.errorf(r.Location, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", r.Name, rel.Name)
			return nil, e
		}
		b.needColumn(rel, number, desc.Update)
		var value expr.Expr
		isDefault := false
		var err error
		switch {
		case r.Val.GetSetToDefault() != nil:
			isDefault = true
			value, err = b.defaultOf(rel, number)
		case r.Val.GetMultiAssignRef() != nil:
			m := r.Val.GetMultiAssignRef()
			value, isDefault, err = b.multiAssign(s, m, multi, rel, number)
		default:
			value, err = b.expr(s, r.Val)
		}
		if err != nil {
			return nil, err
		}
		if c.Generated && !isDefault {
			return nil, pgerr.Newf(pgerr.GeneratedAlways, "column \"%s\" can only be updated to DEFAULT", c.Name).
				WithDetail("Column \"%s\" is a generated column.", c.Name)
		}
		if c.Identity == 'a' && !isDefault {
			return nil, pgerr.Newf(pgerr.GeneratedAlways, "column \"%s\" can only be updated to DEFAULT", c.Name).
				WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name)
		}
		if c.Generated {
			continue
		}
		before := place(number)
		if len(r.Indirection) > 0 {
			value, err = b.assignElement(s, rel, number, r, value, out, before)
		} else if before >= 0 {
			return nil, b.errorf(r.Location, pgerr.SyntaxError, "multiple assignments to same column \"%s\"", c.Name)
		} else {
			value, err = b.assign(value, rel, number, location(r.Val))
		}
		if err != nil {
			return nil, err
		}
		if before >= 0 {
			out[before].Expr = value
		} else {
			out = append(out, logical.Assign{Column: number, Expr: value})
		}
	}
	return out, nil
}

// assignElement binds SET a[i] = v: the array with the element replaced.
func (b *Binder) assignElement(s *scope, rel *desc.Relation, number int16, r *pg.ResTarget, value expr.Expr, out []logical.Assign, before int) (expr.Expr, error) {
	c := &rel.Columns[number-1]
	t := b.Catalog.Type(c.Type)
	if !t.Root().IsArray() {
		return nil, b.errorf(r.Location, pgerr.FeatureNotSupported, "assignment to a field or element of type %s is not supported", b.typeName(t))
	}
	var base expr.Expr
	if before >= 0 {
		base = out[before].Expr
	} else {
		var err error
		if base, err = b.column(s, c.Name, r.Location); err != nil {
			return nil, err
		}
	}
	var subs []*pg.A_Indices
	for _, i := range r.Indirection {
		x := i.GetAIndices()
		if x == nil {
			return nil, b.errorf(r.Location, pgerr.FeatureNotSupported, "assignment to a field is not supported")
		}
		subs = append(subs, x)
	}
	e, err := b.subscript(s, base, subs, r.Location)
	if err != nil {
		return nil, err
	}
	sub := *e.(*expr.Subscript)
	if sub.Assign, err = b.coerce(value, sub.T, c.Mod, types.Assignment, location(r.Val)); err != nil {
		return nil, err
	}
	sub.Typing = expr.Typing{T: t, M: c.Mod, C: c.Collation}
	return &sub, nil
}

// multiAssign is one column of SET (a, b) = (…).
func (b *Binder) multiAssign(s *scope, m *pg.MultiAssignRef, multi map[*pg.Node][]expr.Expr, rel *desc.Relation, number int16) (expr.Expr, bool, error) {
	if row := m.Source.GetRowExpr(); row != nil {
		if len(row.Args) != int(m.Ncolumns) {
			return nil, false, b.errorf(row.Location, pgerr.SyntaxError, "number of columns does not match number of values")
		}
		a := row.Args[m.Colno-1]
		if a.GetSetToDefault() != nil {
			e, err := b.defaultOf(rel, number)
			return e, true, err
		}
		e, err := b.expr(s, a)
		return e, false, err
	}
	if sub := m.Source.GetSubLink(); sub != nil {
		fields, ok := multi[sub.Subselect]
		if !ok {
			query, err := b.subquery(s, sub.Subselect)
			if err != nil {
				return nil, false, err
			}
			visible := visibleTargets(query)
			if len(visible) != int(m.Ncolumns) {
				return nil, false, b.errorf(sub.Location, pgerr.SyntaxError, "number of columns does not match number of values")
			}
			e := &expr.Subquery{Typing: expr.Of(types.Record), Kind: expr.MultiColumn, Query: query, Outer: query.Outer}
			for i, t := range visible {
				fields = append(fields, &expr.Field{Typing: expr.Typing{T: t.Expr.Type(), M: t.Expr.Mod(), C: t.Expr.Collation()}, Arg: e, Index: i, Name: t.Name})
			}
			multi[sub.Subselect] = fields
		}
		return fields[m.Colno-1], false, nil
	}
	return nil, false, b.errorf(location(m.Source), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
}

// changed opens UPDATE or DELETE: its WITH, the table it changes and the tables it reads
// besides, which are the items of the scope from the second on.
func (b *Binder) changed(parent *scope, with *pg.WithClause, command logical.Command, verb string, privilege desc.Privilege,
	table *pg.RangeVar, sources []*pg.Node) (*scope, *logical.Change, error) {
	s, err := b.open(parent, with)
	if err != nil {
		return nil, nil, err
	}
	t, err := b.target(s, table, verb, privilege)
	if err != nil {
		return nil, nil, err
	}
	out := s.q.out
	out.Command, out.Change, out.From = command, &logical.Change{Table: t}, []logical.FromItem{t}
	s.items = append(s.items, b.newTableSource(s, t, true))
	return s, out.Change, b.fromClause(s, sources)
}

// updateStmt binds UPDATE.
func (b *Binder) updateStmt(n *pg.UpdateStmt, parent *scope) (*logical.Query, error) {
	s, change, err := b.changed(parent, n.WithClause, logical.Update, "update", desc.Update, n.Relation, n.FromClause)
	if err != nil {
		return nil, err
	}
	q, t := s.q, change.Table
	q.clause = inUpdateSource
	set, err := b.setClause(s, n.TargetList, t.Relation)
	if err != nil {
		return nil, err
	}
	for _, a := range set {
		change.Columns, change.Values = append(change.Columns, a.Column), append(change.Values, a.Expr)
	}
	if q.out.Where, err = b.where(s, n.WhereClause); err != nil {
		return nil, err
	}
	if err := b.newRow(q, change); err != nil {
		return nil, err
	}
	if err := b.returning(s, n.ReturningList, change, s.items[1:]); err != nil {
		return nil, err
	}
	b.finish(q)
	return q.out, nil
}

// deleteStmt binds DELETE.
func (b *Binder) deleteStmt(n *pg.DeleteStmt, parent *scope) (*logical.Query, error) {
	s, change, err := b.changed(parent, n.WithClause, logical.Delete, "delete from", desc.Delete, n.Relation, n.UsingClause)
	if err != nil {
		return nil, err
	}
	q := s.q
	if q.out.Where, err = b.where(s, n.WhereClause); err != nil {
		return nil, err
	}
	if err := b.returning(s, n.ReturningList, change, s.items[1:]); err != nil {
		return nil, err
	}
	b.finish(q)
	return q.out, nil
}

// returning binds RETURNING: over the new row of INSERT and UPDATE, over the old
// one of DELETE, and over the other items of FROM.
func (b *Binder) returning(s *scope, nodes []*pg.Node, change *logical.Change, others []*source) error {
	if len(nodes) == 0 {
		return nil
	}
	src := b.newTableSource(s, change.Table, true)
	if change.NewRow != nil {
		// The new row's columns under the table's names; system columns stay.
		cols := append([]logical.Col(nil), change.Table.Cols...)
		live := 0
		for i := range cols {
			if cols[i].Number > 0 {
				cols[i].ID = change.NewRow[live].ID
				live++
			}
		}
		src.cols = cols
	}
	inner := &scope{parent: s.parent, q: s.q, ctes: s.ctes, items: append([]*source{src}, others...)}
	s.q.clause = inReturning
	list, err := b.targetList(inner, nodes)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Expr, err = b.resolveUnknown(list[i].Expr); err != nil {
			return err
		}
	}
	change.Returning = list
	return nil
}
