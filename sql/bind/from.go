package bind

import (
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// fromClause binds the items of FROM and puts their names into scope.
func (b *Binder) fromClause(s *scope, nodes []*pg.Node) error {
	s.q.clause = inFrom
	for _, n := range nodes {
		before := len(s.items)
		item, err := b.fromItem(s, n)
		if err != nil {
			return err
		}
		if err := b.checkNames(s, before); err != nil {
			return err
		}
		s.q.out.From = append(s.q.out.From, item)
	}
	for _, item := range s.items {
		item.lateral, item.reach = false, true
	}
	return nil
}

// checkNames refuses an alias that is there already.
func (b *Binder) checkNames(s *scope, before int) error {
	for i := before; i < len(s.items); i++ {
		for k := range i {
			x, y := s.items[i], s.items[k]
			if x.named && y.named && x.name != "" && x.name == y.name &&
				(x.schema == y.schema || x.rel == nil || y.rel == nil || x.rel.Aliased || y.rel.Aliased) {
				return pgerr.Newf(pgerr.DuplicateAlias, "table name \"%s\" specified more than once", x.name)
			}
		}
	}
	return nil
}

func (b *Binder) fromItem(s *scope, node *pg.Node) (logical.FromItem, error) {
	switch n := node.Node.(type) {
	case *pg.Node_RangeVar:
		return b.rangeVar(s, n.RangeVar)
	case *pg.Node_RangeSubselect:
		return b.rangeSubselect(s, n.RangeSubselect)
	case *pg.Node_RangeFunction:
		return b.rangeFunction(s, n.RangeFunction)
	case *pg.Node_JoinExpr:
		return b.join(s, n.JoinExpr)
	case *pg.Node_RangeTableSample:
		return nil, b.errorf(n.RangeTableSample.Location, pgerr.FeatureNotSupported, "TABLESAMPLE is not supported")
	case *pg.Node_RangeTableFunc:
		return nil, pgerr.Unsupported("XMLTABLE")
	case *pg.Node_JsonTable:
		return nil, pgerr.Unsupported("JSON_TABLE")
	}
	return nil, pgerr.Internal("unknown FROM item %T", node.Node)
}

func (b *Binder) rangeVar(s *scope, n *pg.RangeVar) (logical.FromItem, error) {
	// A WITH query goes before a table.
	if n.Schemaname == "" && !b.stored {
		for i := len(s.ctes) - 1; i >= 0; i-- {
			if c := s.ctes[i]; c.Name == n.Relname {
				return b.cteRef(s, c, n)
			}
		}
	} else if b.stored && n.Schemaname == "" {
		if _, isToken := token(n.Relname, 'r'); !isToken {
			for i := len(s.ctes) - 1; i >= 0; i-- {
				if c := s.ctes[i]; c.Name == n.Relname {
					return b.cteRef(s, c, n)
				}
			}
		}
	}
	rel, err := b.Relation(n)
	if err != nil {
		return nil, err
	}
	switch rel.Kind {
	case desc.ViewKind:
		return b.viewRef(s, rel, n)
	case desc.Index:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "cannot open relation \"%s\"", rel.Name).
			WithDetail("This operation is not supported for indexes.")
	case desc.CompositeRel:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "cannot open relation \"%s\"", rel.Name).
			WithDetail("This operation is not supported for composite types.")
	}
	b.use(rel.OID, kv.AccessShare)
	b.need(rel, desc.Select)
	t, err := b.tableRef(s.q, rel, n)
	if err != nil {
		return nil, err
	}
	src := &source{name: scopeName(n, t.Alias), schema: rel.Schema, cols: t.Cols, rel: t, item: t, visible: true, named: true, reach: true}
	if t.Aliased {
		src.schema = 0
	}
	s.items = append(s.items, src)
	return t, nil
}

// scopeName is how other parts of the query name a relation in FROM.
func scopeName(n *pg.RangeVar, name string) string {
	if n.Alias != nil {
		return n.Alias.Aliasname
	}
	return name
}

// tableRef makes the reference to a base table with its columns.
func (b *Binder) tableRef(q *query, rel *desc.Relation, n *pg.RangeVar) (*logical.TableRef, error) {
	t := &logical.TableRef{Relation: rel, Alias: rel.Name, Only: n != nil && !n.Inh}
	var aliases []string
	if n != nil && n.Alias != nil {
		t.Alias, t.Aliased = n.Alias.Aliasname, true
		aliases = names(n.Alias.Colnames)
		t.ColAlias = len(aliases) > 0
	}
	numbered, fromTable := b.numberedAliases(aliases)
	if numbered != nil {
		aliases, t.ColAlias = nil, !fromTable
	}
	if b.stored && strings.HasPrefix(t.Alias, "@n=") {
		t.Alias, t.Aliased = rel.Name, false
	}
	live := 0
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped {
			continue
		}
		name := c.Name
		if live < len(aliases) {
			name = aliases[live]
		}
		if numbered != nil {
			name = numbered[int16(i+1)]
		}
		live++
		t.Cols = append(t.Cols, logical.Col{ID: b.newColumn(q), Name: name, Type: b.Catalog.Type(c.Type), Mod: c.Mod,
			Collation: c.Collation, Number: int16(i + 1)})
		if t.Cols[len(t.Cols)-1].Type == nil {
			return nil, pgerr.Internal("column %s.%s has unknown type %d", rel.Name, c.Name, c.Type)
		}
	}
	if len(aliases) > live {
		return nil, b.errorf(n.Location, pgerr.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified", t.Alias, live, len(aliases))
	}
	for _, c := range systemColumns {
		c.ID = b.newColumn(q)
		t.Cols = append(t.Cols, c)
	}
	return t, nil
}

// numberedAliases reads the column aliases of a stored query: "@c3=name" for a name
// the table gave, "@a3=name" for one the query gave.
func (b *Binder) numberedAliases(aliases []string) (byNumber map[int16]string, fromTable bool) {
	if !b.stored {
		return nil, false
	}
	for _, a := range aliases {
		head, name, _ := strings.Cut(a, "=")
		number, ok := token(head, 'c')
		if fromTable = ok; !ok {
			if number, ok = token(head, 'a'); !ok {
				return nil, false
			}
		}
		if byNumber == nil {
			byNumber = map[int16]string{}
		}
		byNumber[int16(number)] = name
	}
	return byNumber, fromTable
}

// systemColumns are every table's hidden columns (manual, 5.5).
var systemColumns = []logical.Col{
	{Name: "tableoid", Type: types.Oid, Mod: -1, Number: -6, Hidden: true},
	{Name: "cmax", Type: types.Cid, Mod: -1, Number: -5, Hidden: true},
	{Name: "xmax", Type: types.Xid, Mod: -1, Number: -4, Hidden: true},
	{Name: "cmin", Type: types.Cid, Mod: -1, Number: -3, Hidden: true},
	{Name: "xmin", Type: types.Xid, Mod: -1, Number: -2, Hidden: true},
	{Name: "ctid", Type: types.Tid, Mod: -1, Number: -1, Hidden: true},
}

// viewRef binds a view's query in its place.
func (b *Binder) viewRef(s *scope, rel *desc.Relation, n *pg.RangeVar) (logical.FromItem, error) {
	b.use(rel.OID, kv.AccessShare)
	b.need(rel, desc.Select)
	query, err := b.viewQuery(rel)
	if err != nil {
		return nil, err
	}
	ref := &logical.SubqueryRef{Query: query, Alias: rel.Name, View: rel}
	var aliases []string
	if n.Alias != nil {
		ref.Alias, aliases, ref.Aliased = n.Alias.Aliasname, names(n.Alias.Colnames), true
	}
	if b.stored && strings.HasPrefix(ref.Alias, "@n=") {
		ref.Alias, ref.Aliased = rel.Name, false
	}
	numbered, fromTable := b.numberedAliases(aliases)
	ref.ColAlias = len(aliases) > 0 && !fromTable
	visible := visibleTargets(query)
	for i, t := range visible {
		name := rel.Columns[i].Name
		if numbered != nil {
			name = numbered[int16(i+1)]
		} else if i < len(aliases) {
			name = aliases[i]
		}
		id := t.ID
		b.home[id] = s.q
		ref.Cols = append(ref.Cols, logical.Col{ID: id, Name: name, Type: t.Expr.Type(), Mod: t.Expr.Mod(), Collation: t.Expr.Collation(), Number: int16(i + 1)})
	}
	src := &source{name: scopeName(n, ref.Alias), schema: rel.Schema, cols: ref.Cols, item: ref, visible: true, named: true, reach: true}
	if n.Alias != nil {
		src.schema = 0
	}
	s.items = append(s.items, src)
	return ref, nil
}

// View binds the query of a view.
func (b *Binder) View(rel *desc.Relation) (*logical.Query, error) { return b.viewQuery(rel) }

// maxViewDepth bounds views over views.
const maxViewDepth = 100

// viewQuery binds the stored query of a view, as its owner.
func (b *Binder) viewQuery(rel *desc.Relation) (*logical.Query, error) {
	if b.viewDepth >= maxViewDepth {
		return nil, pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded")
	}
	inner := *b
	inner.stored = rel.OID >= desc.FirstUser
	inner.User = rel.Owner
	inner.viewDepth++
	inner.sql = rel.View.Query
	if !inner.stored {
		inner.SearchPath = []types.OID{types.PgCatalog}
		if rel.Schema != types.PgCatalog {
			inner.SearchPath = append(inner.SearchPath, rel.Schema)
		}
	}
	inner.params, inner.Infer = nil, false
	inner.domainValue = nil
	statement, err := parseStored(rel.View.Query)
	if err != nil {
		return nil, err
	}
	query, err := inner.statement(statement, nil)
	b.nextID, b.useList = inner.nextID, inner.useList
	return query, err
}

func (b *Binder) rangeSubselect(s *scope, n *pg.RangeSubselect) (logical.FromItem, error) {
	inner := b.lateralScope(s, n.Lateral)
	query, err := b.statement(n.Subquery, inner)
	if err != nil {
		return nil, err
	}
	ref := &logical.SubqueryRef{Query: query, Lateral: n.Lateral}
	var aliases []string
	if n.Alias != nil {
		ref.Alias, aliases, ref.Aliased = n.Alias.Aliasname, names(n.Alias.Colnames), true
		ref.ColAlias = len(aliases) > 0
	}
	visible := visibleTargets(query)
	if len(aliases) > len(visible) {
		return nil, pgerr.Newf(pgerr.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified", ref.Alias, len(visible), len(aliases))
	}
	for i, t := range visible {
		name := t.Name
		if i < len(aliases) {
			name = aliases[i]
		}
		b.home[t.ID] = s.q
		b.noteRecord(t.ID, t.Expr)
		ref.Cols = append(ref.Cols, logical.Col{ID: t.ID, Name: name, Type: t.Expr.Type(), Mod: t.Expr.Mod(), Collation: t.Expr.Collation(), Number: int16(i + 1)})
	}
	s.items = append(s.items, &source{name: ref.Alias, cols: ref.Cols, item: ref, visible: true, named: ref.Alias != "", reach: true})
	return ref, nil
}

// lateralScope is what an item of FROM may refer to: with LATERAL the items to
// its left, else only what is around the query (and nothing it cannot reach).
func (b *Binder) lateralScope(s *scope, lateral bool) *scope {
	if lateral {
		return s
	}
	hidden := &scope{parent: s.parent, q: s.q, ctes: s.ctes}
	for _, item := range s.items {
		copied := *item
		copied.reach = false
		hidden.items = append(hidden.items, &copied)
	}
	return hidden
}

func (b *Binder) rangeFunction(s *scope, n *pg.RangeFunction) (logical.FromItem, error) {
	ref := &logical.FunctionRef{Ordinality: n.Ordinality, Lateral: n.Lateral, RowsFrom: n.IsRowsfrom}
	// Functions in FROM are lateral whether or not it is written.
	saved := s.q.clause
	var aliases []string
	if n.Alias != nil {
		ref.Alias, ref.Aliased = n.Alias.Aliasname, true
		aliases = names(n.Alias.Colnames)
	}
	var cols []logical.Col
	functions := n.Functions
	if len(functions) == 1 {
		functions = spreadUnnest(functions)
	}
	for _, f := range functions {
		items := f.GetList().Items
		s.q.clause = inFunctionFrom
		before := s.q.srf
		e, err := b.expr(s, items[0])
		s.q.srf = before
		s.q.clause = saved
		if err != nil {
			return nil, err
		}
		name := b.columnName(items[0])
		if ref.Alias == "" {
			ref.Alias = name
		}
		var coldefs []*pg.Node
		if len(items) > 1 && items[1] != nil && items[1].GetList() != nil {
			coldefs = items[1].GetList().Items
		}
		if len(n.Coldeflist) > 0 {
			coldefs = n.Coldeflist
		}
		these, defined, err := b.functionColumns(s, e, name, ref, coldefs, items[0])
		if err != nil {
			return nil, err
		}
		ref.Calls = append(ref.Calls, logical.FunctionCall{Expr: e, Columns: len(these), Defined: defined})
		cols = append(cols, these...)
	}
	if n.Ordinality {
		cols = append(cols, logical.Col{Name: "ordinality", Type: types.Int8, Mod: -1})
	}
	if len(aliases) > len(cols) {
		return nil, pgerr.Newf(pgerr.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified", ref.Alias, len(cols), len(aliases))
	}
	for i := range cols {
		if i < len(aliases) {
			cols[i].Name = aliases[i]
		}
		cols[i].ID = b.newColumn(s.q)
		cols[i].Number = int16(i + 1)
	}
	ref.Cols = cols
	s.items = append(s.items, &source{name: ref.Alias, cols: cols, item: ref, visible: true, named: true, reach: true})
	return ref, nil
}

// spreadUnnest makes unnest(a, b) what it stands for: ROWS FROM (unnest(a), unnest(b)).
func spreadUnnest(functions []*pg.Node) []*pg.Node {
	items := functions[0].GetList().Items
	call := items[0].GetFuncCall()
	if call == nil || len(call.Args) < 2 || len(call.Funcname) != 1 || names(call.Funcname)[0] != "unnest" || call.FuncVariadic || len(call.AggOrder) > 0 ||
		call.AggFilter != nil || call.AggDistinct || call.AggStar || call.Over != nil {
		return functions
	}
	var out []*pg.Node
	for _, a := range call.Args {
		one := &pg.FuncCall{Funcname: call.Funcname, Args: []*pg.Node{a}, Funcformat: call.Funcformat, Location: call.Location}
		list := &pg.List{Items: append([]*pg.Node{{Node: &pg.Node_FuncCall{FuncCall: one}}}, items[1:]...)}
		out = append(out, &pg.Node{Node: &pg.Node_List{List: list}})
	}
	return out
}

// functionColumns says which columns a function in FROM gives.
func (b *Binder) functionColumns(s *scope, e expr.Expr, name string, ref *logical.FunctionRef, coldefs []*pg.Node, node *pg.Node) ([]logical.Col, bool, error) {
	t := e.Type()
	if len(coldefs) > 0 {
		if t != types.Record {
			return nil, false, b.errorf(location(node), pgerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
		}
		var cols []logical.Col
		for _, d := range coldefs {
			c := d.GetColumnDef()
			ct, mod, err := b.TypeName(c.TypeName)
			if err != nil {
				return nil, false, err
			}
			cols = append(cols, logical.Col{Name: c.Colname, Type: ct, Mod: mod, Collation: ct.Collation})
		}
		if call, ok := e.(*expr.Call); ok {
			for _, c := range cols {
				call.Columns = append(call.Columns, types.Field{Name: c.Name, Type: c.Type, Mod: c.Mod})
			}
		}
		return cols, true, nil
	}
	if call, ok := e.(*expr.Call); ok {
		if out := b.recordColumns(call); len(out) > 1 || (len(out) == 1 && t == types.Record) {
			return out, false, nil
		} else if len(out) == 1 && !ref.Aliased {
			return []logical.Col{{Name: out[0].Name, Type: t, Mod: e.Mod(), Collation: e.Collation()}}, false, nil
		} else if len(out) == 1 {
			return []logical.Col{{Name: out[0].Name, Type: t, Mod: e.Mod(), Collation: e.Collation()}}, false, nil
		}
	}
	if t.Kind == types.Composite {
		var cols []logical.Col
		for _, f := range t.Fields {
			cols = append(cols, logical.Col{Name: f.Name, Type: f.Type, Mod: f.Mod, Collation: f.Type.Collation})
		}
		return cols, false, nil
	}
	if t == types.Record {
		return nil, false, b.errorf(location(node), pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"")
	}
	if ref.Aliased && !ref.RowsFrom {
		name = ref.Alias
	}
	return []logical.Col{{Name: name, Type: t, Mod: e.Mod(), Collation: e.Collation()}}, false, nil
}

// outColumns lists the OUT and TABLE parameters of a function.
func outColumns(fn *function.Func) []logical.Col {
	var out []logical.Col
	for i, m := range fn.Modes {
		if m == 'o' || m == 'b' || m == 't' {
			name := ""
			if i < len(fn.ArgNames) {
				name = fn.ArgNames[i]
			}
			if name == "" {
				name = "column" + strconv.Itoa(len(out)+1)
			}
			out = append(out, logical.Col{Name: name, Type: fn.AllArgs[i], Mod: -1})
		}
	}
	return out
}

func (b *Binder) join(s *scope, n *pg.JoinExpr) (logical.FromItem, error) {
	j := &logical.Join{}
	switch n.Jointype {
	case pg.JoinType_JOIN_LEFT:
		j.Kind = logical.Left
	case pg.JoinType_JOIN_RIGHT:
		j.Kind = logical.Right
	case pg.JoinType_JOIN_FULL:
		j.Kind = logical.Full
	}
	first := len(s.items)
	var err error
	if j.Left, err = b.fromItem(s, n.Larg); err != nil {
		return nil, err
	}
	middle := len(s.items)
	// LATERAL on the right of RIGHT and FULL JOIN cannot see the left.
	if j.Kind == logical.Right || j.Kind == logical.Full {
		for _, item := range s.items[first:] {
			item.reach = false
		}
	}
	if j.Right, err = b.fromItem(s, n.Rarg); err != nil {
		return nil, err
	}
	for _, item := range s.items[first:middle] {
		item.reach = true
	}
	left, right := s.items[first:middle:middle], s.items[middle:]
	if err := b.checkNames(s, middle); err != nil {
		return nil, err
	}
	leftCols, rightCols := visibleCols(left), visibleCols(right)
	using := names(n.UsingClause)
	if n.IsNatural {
		j.Natural = true
		for _, l := range leftCols {
			for _, r := range rightCols {
				if l.col.Name == r.col.Name {
					using = append(using, l.col.Name)
					break
				}
			}
		}
	}
	var conditions []expr.Expr
	merged := &source{visible: true, reach: true, exprs: map[expr.ColumnID]expr.Expr{}}
	mergedNames := map[string]bool{}
	for _, name := range using {
		if mergedNames[name] {
			return nil, pgerr.Newf(pgerr.DuplicateColumn, "column name \"%s\" appears more than once in USING clause", name)
		}
		mergedNames[name] = true
		l, err := usingColumn(leftCols, name, "left")
		if err != nil {
			return nil, err
		}
		r, err := usingColumn(rightCols, name, "right")
		if err != nil {
			return nil, err
		}
		le, re := b.columnExpr(s, s, l.from, l.col), b.columnExpr(s, s, r.from, r.col)
		call, err := b.operate(s.q, "=", nil, le, re, -1)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, call)
		pair := []expr.Expr{le, re}
		t, err := b.toCommon(pair, "JOIN/USING", nil)
		if err != nil {
			return nil, err
		}
		var value expr.Expr
		switch j.Kind {
		case logical.Right:
			value = pair[1]
		case logical.Full:
			value = &expr.Coalesce{Typing: expr.Typing{T: t, M: commonMod(pair, t), C: pair[0].Collation()}, Args: pair}
		default:
			value = pair[0]
		}
		id := b.newColumn(s.q)
		j.Merged = append(j.Merged, logical.MergedCol{ID: id, Expr: value})
		col := logical.Col{ID: id, Name: name, Type: t, Mod: value.Mod(), Collation: value.Collation()}
		merged.cols = append(merged.cols, col)
		merged.exprs[id] = value
	}
	j.Using = using
	j.Cross = n.Quals == nil && !n.IsNatural && len(n.UsingClause) == 0 && j.Kind == logical.Inner
	if n.Quals != nil {
		saved := s.q.clause
		s.q.clause = inJoin
		// Only the two sides (and outer queries) may be mentioned.
		inner := &scope{parent: s.parent, q: s.q, ctes: s.ctes}
		for i, item := range s.items {
			copied := *item
			copied.reach = i >= first
			inner.items = append(inner.items, &copied)
		}
		on, err := b.expr(inner, n.Quals)
		s.q.clause = saved
		if err != nil {
			return nil, err
		}
		if on, err = b.toBool(on, "JOIN/ON", location(n.Quals)); err != nil {
			return nil, err
		}
		conditions = append(conditions, on)
	}
	j.On = expr.Conjoin(conditions)
	if len(using) > 0 {
		// The merged columns come first; the sides keep theirs under their names only.
		rest := &source{visible: true, reach: true, exprs: map[expr.ColumnID]expr.Expr{}}
		for _, side := range [][]sideCol{leftCols, rightCols} {
			for _, c := range side {
				if !mergedNames[c.col.Name] {
					rest.cols = append(rest.cols, *c.col)
					if e, ok := c.from.exprs[c.col.ID]; ok {
						rest.exprs[c.col.ID] = e
					}
				}
			}
		}
		for _, item := range s.items[first:] {
			item.visible = false
		}
		merged.cols = append(merged.cols, rest.cols...)
		for id, e := range rest.exprs {
			merged.exprs[id] = e
		}
		merged.item = j
		j.Cols = merged.cols
		s.items = append(s.items, merged)
		if n.JoinUsingAlias != nil {
			j.UsingAlias = n.JoinUsingAlias.Aliasname
			s.items = append(s.items, &source{name: j.UsingAlias, cols: merged.cols[:len(using)], exprs: merged.exprs, item: j, named: true, reach: true})
		}
	}
	if n.Alias != nil {
		j.Alias = n.Alias.Aliasname
		all := &source{name: j.Alias, visible: true, named: true, reach: true, item: j, exprs: map[expr.ColumnID]expr.Expr{}}
		for _, c := range visibleCols(s.items[first:]) {
			all.cols = append(all.cols, *c.col)
			if e, ok := c.from.exprs[c.col.ID]; ok {
				all.exprs[c.col.ID] = e
			}
		}
		for i, name := range names(n.Alias.Colnames) {
			if i < len(all.cols) {
				all.cols[i].Name = name
			}
		}
		j.Cols = all.cols
		s.items = append(s.items[:first:first], all) // the alias hides what is within
	}
	return j, nil
}

type sideCol struct {
	from *source
	col  *logical.Col
}

func visibleCols(items []*source) []sideCol {
	var out []sideCol
	for _, item := range items {
		if !item.visible {
			continue
		}
		for i := range item.cols {
			if !item.cols[i].Hidden {
				out = append(out, sideCol{item, &item.cols[i]})
			}
		}
	}
	return out
}

func usingColumn(cols []sideCol, name, side string) (sideCol, error) {
	found := -1
	for i, c := range cols {
		if c.col.Name == name {
			if found >= 0 {
				return sideCol{}, pgerr.Newf(pgerr.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side)
			}
			found = i
		}
	}
	if found < 0 {
		return sideCol{}, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	return cols[found], nil
}

// Relation finds a relation by a possibly qualified name.
func (b *Binder) Relation(n *pg.RangeVar) (*desc.Relation, error) {
	if b.stored {
		if oid, ok := token(n.Relname, 'r'); ok {
			if r := b.Catalog.Relation(oid); r != nil {
				return r, nil
			}
			return nil, pgerr.Internal("stored query reads relation %d, which is gone", oid)
		}
	}
	if r := b.findRelation(n); r != nil {
		return r, nil
	}
	name := n.Relname
	if n.Schemaname != "" {
		name = n.Schemaname + "." + name
		if b.findSchema(n.Schemaname) == 0 && !strings.HasPrefix(n.Schemaname, "pg_temp") {
			return nil, b.errorf(n.Location, pgerr.UndefinedTable, "relation \"%s\" does not exist", name)
		}
	}
	return nil, b.errorf(n.Location, pgerr.UndefinedTable, "relation \"%s\" does not exist", name)
}

func (b *Binder) findRelation(n *pg.RangeVar) *desc.Relation {
	if n.Schemaname != "" {
		schema := b.findSchema(n.Schemaname)
		if schema == 0 {
			return nil
		}
		return b.Catalog.RelationNamed(schema, n.Relname)
	}
	for _, schema := range b.SearchPath {
		if r := b.Catalog.RelationNamed(schema, n.Relname); r != nil {
			return r
		}
	}
	return nil
}
