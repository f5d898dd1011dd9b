package bind

import (
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/collate"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// findSchema returns a schema's OID, 0 if there is none. pg_temp is the session's own.
func (b *Binder) findSchema(name string) types.OID {
	if name == "pg_temp" {
		return b.TempSchema
	}
	if s, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassSchema, Name: name}).(*desc.Schema); ok {
		return s.OID
	}
	return 0
}

// Collation finds a collation by name.
func (b *Binder) Collation(parts []string, location int32) (types.OID, error) {
	name := parts[len(parts)-1]
	if b.stored {
		if oid, ok := token(name, 'l'); ok {
			return oid, nil
		}
	}
	if len(parts) > 1 {
		if schema, err := b.schema(parts[len(parts)-2], location); err != nil {
			return 0, err
		} else if schema != types.PgCatalog {
			return 0, b.errorf(location, pgerr.UndefinedObject, "collation \"%s.%s\" for encoding \"UTF8\" does not exist", parts[len(parts)-2], name)
		}
	}
	if oid, ok := collate.Named(name); ok {
		return types.OID(oid), nil
	}
	return 0, b.errorf(location, pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
}

func (b *Binder) collationName(oid types.OID) string { return collate.Name(uint32(oid)) }

// noArgs finds a function without arguments in pg_catalog.
func (b *Binder) noArgs(name string) *function.Func {
	for _, fn := range b.Functions.Named(name) {
		if len(fn.Args) == 0 {
			return fn
		}
	}
	return nil
}

// use notes that the statement reads or writes a relation under a lock.
func (b *Binder) use(oid types.OID, mode kv.Mode) {
	if i, ok := b.uses[oid]; ok {
		if uint8(mode) > b.useList[i].Mode {
			b.useList[i].Mode = uint8(mode)
		}
		return
	}
	b.uses[oid] = len(b.useList)
	b.useList = append(b.useList, logical.Use{Relation: oid, Mode: uint8(mode)})
}

// need notes a privilege the statement needs, checked when it is run.
func (b *Binder) need(rel *desc.Relation, privilege desc.Privilege) {
	i, ok := b.uses[rel.OID]
	if !ok {
		return
	}
	u := &b.useList[i]
	for k := range u.Needs {
		if u.Needs[k].As == b.User {
			u.Needs[k].Privilege |= privilege
			return
		}
	}
	u.Needs = append(u.Needs, logical.Need{As: b.User, Privilege: privilege})
}

// needColumn notes a privilege that the statement needs on one column, if it has not
// got it on the relation.
func (b *Binder) needColumn(rel *desc.Relation, column int16, privilege desc.Privilege) {
	i, ok := b.uses[rel.OID]
	if !ok || column <= 0 {
		return
	}
	for k := range b.useList[i].Needs {
		n := &b.useList[i].Needs[k]
		if n.As != b.User {
			continue
		}
		for c := range n.Columns {
			if n.Columns[c].Column == column {
				n.Columns[c].Privilege |= privilege
				return
			}
		}
		n.Columns = append(n.Columns, logical.ColumnNeed{Column: column, Privilege: privilege})
	}
}

// Parameter binds an argument of EXECUTE to the type of the parameter it is for.
func (b *Binder) Parameter(node *pg.Node, number int, t *types.Type) (expr.Expr, error) {
	q := &query{out: &logical.Query{}, outer: map[expr.ColumnID]bool{}, clause: inExecuteParam}
	e, err := b.expr(&scope{q: q, noOuter: true}, node)
	if err != nil {
		return nil, err
	}
	if hasSubquery(e) {
		return nil, b.errorf(location(node), pgerr.FeatureNotSupported, "cannot use subquery in EXECUTE parameter")
	}
	if !b.canCoerce(e.Type(), t, types.Assignment) {
		return nil, b.errorf(location(node), pgerr.DatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s", number, b.typeName(e.Type()), b.typeName(t)).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return b.coerce(e, t, -1, types.Assignment, location(node))
}

// parseStored parses a stored query.
func parseStored(text string) (*pg.Node, error) {
	list, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, pgerr.Internal("stored query is %d statements", len(list))
	}
	return list[0].Node, nil
}

// systemExpr binds an expression of the program's own, such as a built-in
// function's default argument, in pg_catalog alone.
func (b *Binder) systemExpr(text string) (expr.Expr, error) {
	node, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	inner := *b
	inner.SearchPath, inner.stored = []types.OID{types.PgCatalog}, false
	inner.viewDepth++
	q := &query{out: &logical.Query{}, outer: map[expr.ColumnID]bool{}}
	e, err := inner.expr(&scope{q: q}, node)
	b.nextID = inner.nextID
	return e, err
}

// StoredColumns are a relation's columns, dropped ones too, as its stored expressions are
// bound over them: in order, with ids past every one that binding allots.
func StoredColumns(r *desc.Relation, typeOf func(types.OID) *types.Type) []logical.Col {
	const first = expr.ColumnID(1 << 20)
	cols := make([]logical.Col, len(r.Columns))
	for i := range cols {
		c := &r.Columns[i]
		cols[i] = logical.Col{ID: first + expr.ColumnID(i), Name: c.Name, Type: typeOf(c.Type), Mod: c.Mod, Collation: c.Collation, Number: int16(i + 1)}
	}
	return cols
}

// Stored binds a stored expression over one relation's columns; cols may be nil.
func (b *Binder) Stored(text string, cols []logical.Col) (expr.Expr, error) {
	node, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	inner := *b
	inner.stored = true
	inner.viewDepth++
	q := &query{out: &logical.Query{}, outer: map[expr.ColumnID]bool{}, clause: inCheck}
	s := &scope{q: q, noOuter: true}
	tokens := make([]logical.Col, len(cols))
	for i, c := range cols {
		tokens[i] = c
		if c.Number > 0 {
			tokens[i].Name = "@c" + strconv.Itoa(int(c.Number))
		}
	}
	s.items = []*source{{cols: tokens, visible: true, reach: true}}
	e, err := inner.expr(s, node)
	b.nextID = inner.nextID
	return e, err
}
