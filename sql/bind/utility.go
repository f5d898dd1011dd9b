package bind

import (
	"math"
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/deparse"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Utility binds a statement that changes the catalog.
func (b *Binder) Utility(node *pg.Node) (logical.Utility, error) {
	switch n := node.Node.(type) {
	case *pg.Node_CreateStmt:
		return b.createTable(n.CreateStmt)
	case *pg.Node_DropStmt:
		return b.drop(n.DropStmt)
	case *pg.Node_IndexStmt:
		return b.createIndex(n.IndexStmt)
	case *pg.Node_CreateSchemaStmt:
		return b.createSchema(n.CreateSchemaStmt)
	case *pg.Node_AlterTableStmt:
		return b.alterTable(n.AlterTableStmt)
	case *pg.Node_TruncateStmt:
		t := &logical.Truncate{Cascade: n.TruncateStmt.Behavior == pg.DropBehavior_DROP_CASCADE, Restart: n.TruncateStmt.RestartSeqs}
		for _, r := range n.TruncateStmt.Relations {
			rel, err := b.Relation(r.GetRangeVar())
			if err != nil {
				return nil, err
			}
			if rel.Kind != desc.Table {
				return nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a table", rel.Name)
			}
			if rel.OID < desc.FirstUser {
				return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", rel.Name)
			}
			t.Tables = append(t.Tables, rel.OID)
		}
		return t, nil
	case *pg.Node_CreateSeqStmt:
		return b.createSequence(n.CreateSeqStmt)
	case *pg.Node_AlterSeqStmt:
		return b.alterSequence(n.AlterSeqStmt)
	case *pg.Node_ViewStmt:
		return b.createView(n.ViewStmt)
	case *pg.Node_RenameStmt:
		return b.rename(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return b.alterSchema(n.AlterObjectSchemaStmt)
	case *pg.Node_AlterOwnerStmt:
		return b.alterOwner(n.AlterOwnerStmt)
	case *pg.Node_GrantStmt:
		return b.grant(n.GrantStmt)
	case *pg.Node_GrantRoleStmt:
		return b.grantRole(n.GrantRoleStmt)
	case *pg.Node_CreateRoleStmt:
		return b.createRole(n.CreateRoleStmt)
	case *pg.Node_AlterRoleStmt:
		return b.alterRole(n.AlterRoleStmt)
	case *pg.Node_AlterRoleSetStmt:
		return b.alterRoleSet(n.AlterRoleSetStmt)
	case *pg.Node_DropRoleStmt:
		return b.dropRole(n.DropRoleStmt)
	case *pg.Node_DropOwnedStmt:
		roles, err := b.roles(n.DropOwnedStmt.Roles)
		return &logical.DropOwned{Roles: roles, Cascade: n.DropOwnedStmt.Behavior == pg.DropBehavior_DROP_CASCADE}, err
	case *pg.Node_ReassignOwnedStmt:
		roles, err := b.roles(n.ReassignOwnedStmt.Roles)
		if err != nil {
			return nil, err
		}
		to, err := b.role(n.ReassignOwnedStmt.Newrole)
		return &logical.ReassignOwned{Roles: roles, To: to}, err
	case *pg.Node_CommentStmt:
		return b.comment(n.CommentStmt)
	case *pg.Node_CreatedbStmt:
		return b.createDatabase(n.CreatedbStmt)
	case *pg.Node_AlterDatabaseStmt:
		return b.alterDatabase(n.AlterDatabaseStmt)
	case *pg.Node_AlterDatabaseSetStmt:
		db, err := b.database(n.AlterDatabaseSetStmt.Dbname)
		if err != nil {
			return nil, err
		}
		return b.configure(&logical.Configure{What: "DATABASE", Database: db.OID}, n.AlterDatabaseSetStmt.Setstmt)
	case *pg.Node_DropdbStmt:
		return b.dropDatabase(n.DropdbStmt)
	case *pg.Node_CreateExtensionStmt:
		return &logical.CreateExtension{Name: n.CreateExtensionStmt.Extname, IfNotExists: n.CreateExtensionStmt.IfNotExists}, nil
	}
	return nil, pgerr.Unsupported("statement %s", statementName(node))
}

func (b *Binder) createSchema(n *pg.CreateSchemaStmt) (logical.Utility, error) {
	if len(n.SchemaElts) > 0 {
		return nil, pgerr.Unsupported("CREATE SCHEMA with elements")
	}
	s := &logical.CreateSchema{Name: n.Schemaname, Owner: b.User, IfNotExists: n.IfNotExists}
	if n.Authrole == nil {
		return s, nil
	}
	owner, err := b.role(n.Authrole)
	if err != nil {
		return nil, err
	}
	if s.Owner = owner; s.Name == "" {
		s.Name = b.Catalog.Role(owner).Name
	}
	return s, nil
}

// statementName names an unsupported statement by its parse node.
func statementName(node *pg.Node) string {
	name := ""
	node.ProtoReflect().Range(func(f protoField, _ protoValue) bool {
		name = string(f.Name())
		return false
	})
	return name
}

// creation finds the schema in which something new goes.
// Temporary ones go to the session's own schema, for which 0 stands.
func (b *Binder) creation(r *pg.RangeVar, temp bool) (types.OID, error) {
	if temp {
		if r.Schemaname != "" && r.Schemaname != "pg_temp" {
			return 0, b.errorf(r.Location, pgerr.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema")
		}
		return 0, nil
	}
	if r.Schemaname != "" {
		return b.schema(r.Schemaname, r.Location)
	}
	for _, s := range b.SearchPath {
		if s != types.PgCatalog && s != b.TempSchema {
			return s, nil
		}
	}
	return 0, b.errorf(r.Location, pgerr.InvalidSchemaName, "no schema has been selected to create in")
}

func (b *Binder) createTable(n *pg.CreateStmt) (logical.Utility, error) {
	temp := n.Relation.Relpersistence == "t" || n.Relation.Schemaname == "pg_temp"
	schema, err := b.creation(n.Relation, temp)
	if err != nil {
		return nil, err
	}
	switch {
	case len(n.InhRelations) > 0:
		return nil, pgerr.Unsupported("table inheritance")
	case n.Partspec != nil:
		return nil, pgerr.Unsupported("partitioned tables")
	case n.OfTypename != nil:
		return nil, pgerr.Unsupported("typed tables")
	}
	t := &logical.CreateTable{Schema: schema, Temp: temp, Name: n.Relation.Relname, IfNotExists: n.IfNotExists, Unlogged: n.Relation.Relpersistence == "u"}
	for _, o := range n.Options {
		d := o.GetDefElem()
		t.Options = append(t.Options, d.Defname+"="+optionText(d.Arg))
	}
	// Columns first, since constraints and defaults mention them.
	var defs []*pg.ColumnDef
	for _, e := range n.TableElts {
		switch x := e.Node.(type) {
		case *pg.Node_ColumnDef:
			c, serial, err := b.columnDef(x.ColumnDef, len(t.Columns))
			if err != nil {
				return nil, err
			}
			for i := range t.Columns {
				if t.Columns[i].Name == c.Name {
					return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", c.Name)
				}
			}
			t.Columns, defs = append(t.Columns, *c), append(defs, x.ColumnDef)
			if serial != nil {
				t.Serial = append(t.Serial, *serial)
			}
		case *pg.Node_TableLikeClause:
			if err := b.like(t, x.TableLikeClause); err != nil {
				return nil, err
			}
			for len(defs) < len(t.Columns) {
				defs = append(defs, &pg.ColumnDef{})
			}
		}
	}
	switch n.Oncommit {
	case pg.OnCommitAction_ONCOMMIT_DELETE_ROWS:
		t.OnCommit = 'd'
	case pg.OnCommitAction_ONCOMMIT_DROP:
		t.OnCommit = 'D'
	}
	if n.Oncommit > pg.OnCommitAction_ONCOMMIT_NOOP && !temp {
		return nil, pgerr.New(pgerr.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	if len(t.Columns) > 1600 {
		return nil, pgerr.New(pgerr.TooManyColumns, "tables can have at most 1600 columns")
	}
	scope := b.columnScope(n.Relation.Relname, t.Columns)
	for i, d := range defs {
		if err := b.attributes(d.Constraints); err != nil {
			return nil, err
		}
		for _, c := range d.Constraints {
			k := c.GetConstraint()
			if err := b.columnConstraint(scope, t, i, k); err != nil {
				return nil, err
			}
		}
	}
	for _, e := range n.TableElts {
		if k := e.GetConstraint(); k != nil {
			if k.Indexname != "" {
				return nil, b.errorf(k.Location, pgerr.FeatureNotSupported, "cannot use an existing index in CREATE TABLE")
			}
			c, err := b.constraint(scope, k, nil)
			if err != nil {
				return nil, err
			}
			t.Constraints = append(t.Constraints, *c)
		}
	}
	return t, nil
}

func optionText(n *pg.Node) string {
	if n == nil {
		return "true"
	}
	if i := n.GetInteger(); i != nil {
		return strconv.Itoa(int(i.Ival))
	}
	if f := n.GetFloat(); f != nil {
		return f.Fval
	}
	if s := n.GetString_(); s != nil {
		return s.Sval
	}
	return "true"
}

// serials are the pseudo-types that mean a sequence.
var serials = map[string]*types.Type{"smallserial": types.Int2, "serial2": types.Int2, "serial": types.Int4, "serial4": types.Int4, "bigserial": types.Int8, "serial8": types.Int8}

func (b *Binder) columnDef(d *pg.ColumnDef, place int) (*desc.Column, *logical.Serial, error) {
	parts := names(d.TypeName.Names)
	c := &desc.Column{Name: d.Colname, Mod: -1}
	if t, ok := serials[parts[len(parts)-1]]; ok && len(parts) == 1 {
		c.Type, c.NotNull = t.OID, true
		return c, &logical.Serial{Column: place, Def: sequenceOf(t)}, nil
	}
	t, mod, err := b.TypeName(d.TypeName)
	if err != nil {
		return nil, nil, err
	}
	if t.Kind == types.Pseudo {
		return nil, nil, b.errorf(d.Location, pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", c.Name, b.typeName(t))
	}
	c.Type, c.Mod, c.Collation, c.Dims = t.OID, mod, t.Collation, int16(len(d.TypeName.ArrayBounds))
	if d.CollClause != nil {
		if c.Collation, err = b.Collation(names(d.CollClause.Collname), d.CollClause.Location); err != nil {
			return nil, nil, err
		}
		if !t.Collatable() {
			return nil, nil, b.errorf(d.CollClause.Location, pgerr.DatatypeMismatch, "collations are not supported by type %s", b.typeName(t))
		}
	}
	return c, nil, nil
}

// sequenceOf is the sequence of a column of an integer type.
func sequenceOf(t *types.Type) desc.SequenceDef {
	limit := int64(math.MaxInt64)
	switch t {
	case types.Int2:
		limit = math.MaxInt16
	case types.Int4:
		limit = math.MaxInt32
	}
	return desc.SequenceDef{Type: t.OID, Start: 1, Increment: 1, Min: 1, Max: limit, Cache: 1}
}

// columnScope lets expressions mention the columns of a table.
func (b *Binder) columnScope(name string, columns []desc.Column) *scope {
	q := &query{out: &logical.Query{}, outer: map[expr.ColumnID]bool{}}
	src := &source{name: name, visible: true, named: true, reach: true}
	for i := range columns {
		c := &columns[i]
		if c.Dropped {
			continue
		}
		src.cols = append(src.cols, logical.Col{ID: b.newColumn(q), Name: c.Name, Type: b.Catalog.Type(c.Type), Mod: c.Mod, Collation: c.Collation, Number: int16(i + 1)})
	}
	return &scope{q: q, items: []*source{src}, noOuter: true}
}

// number is that of the column which an expression is, 0 for any other.
func (s *scope) number(e expr.Expr) int16 {
	if c, ok := e.(*expr.Column); ok {
		for _, k := range s.items[0].cols {
			if k.ID == c.ID {
				return k.Number
			}
		}
	}
	return 0
}

// store binds an expression and prints it in stored form.
func (b *Binder) store(s *scope, e expr.Expr) (string, []int16, error) {
	set := map[expr.ColumnID]bool{}
	expr.Columns(e, set)
	numbers := map[expr.ColumnID]int16{}
	var mentions []int16
	for _, c := range s.items[0].cols {
		numbers[c.ID] = c.Number
		if set[c.ID] {
			mentions = append(mentions, c.Number)
		}
	}
	text, err := deparse.Stored(e, func(id expr.ColumnID) (int16, bool) {
		n, ok := numbers[id]
		return n, ok
	})
	return text, mentions, err
}

func (b *Binder) columnConstraint(s *scope, t *logical.CreateTable, i int, k *pg.Constraint) error {
	c := &t.Columns[i]
	switch k.Contype {
	case pg.ConstrType_CONSTR_NOTNULL:
		c.NotNull = true
	case pg.ConstrType_CONSTR_NULL:
	case pg.ConstrType_CONSTR_DEFAULT:
		text, err := b.defaultExpr(c, k.RawExpr)
		if err != nil {
			return err
		}
		c.Default = text
	case pg.ConstrType_CONSTR_IDENTITY:
		def := sequenceOf(b.Catalog.Type(c.Type))
		if err := b.sequenceOptions(&def, k.Options); err != nil {
			return err
		}
		c.Identity, c.NotNull = k.GeneratedWhen[0], true
		serial := logical.Serial{Column: i, Def: def, Identity: true}
		for _, o := range k.Options {
			if d := o.GetDefElem(); d.Defname == "sequence_name" {
				parts := names(d.Arg.GetList().Items)
				serial.Name = parts[len(parts)-1]
			}
		}
		t.Serial = append(t.Serial, serial)
	case pg.ConstrType_CONSTR_GENERATED:
		s.q.clause = inGenerated
		e, err := b.expr(s, k.RawExpr)
		if err != nil {
			return err
		}
		if e, err = b.coerce(e, b.Catalog.Type(c.Type), c.Mod, types.Assignment, location(k.RawExpr)); err != nil {
			return err
		}
		if c.Default, _, err = b.store(s, e); err != nil {
			return err
		}
		c.Generated = true
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_DEFERRED, pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_IMMEDIATE:
		if n := len(t.Constraints); n > 0 {
			x := &t.Constraints[n-1]
			x.Deferrable = x.Deferrable || k.Contype == pg.ConstrType_CONSTR_ATTR_DEFERRABLE || k.Contype == pg.ConstrType_CONSTR_ATTR_DEFERRED
			x.Deferred = x.Deferred || k.Contype == pg.ConstrType_CONSTR_ATTR_DEFERRED
		}
	default:
		x, err := b.constraint(s, k, []string{c.Name})
		if err != nil {
			return err
		}
		t.Constraints = append(t.Constraints, *x)
	}
	return nil
}

// attributes checks that what a column says of when a constraint is checked follows a
// constraint that has a time, and says it once.
func (b *Binder) attributes(list []*pg.Node) error {
	timed, deferral, initially, deferrable, deferred := false, false, false, false, false
	for _, n := range list {
		k := n.GetConstraint()
		wrong := func(text string) error { return b.errorf(k.Location, pgerr.SyntaxError, "%s", text) }
		switch k.Contype {
		case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE:
			word := "DEFERRABLE"
			if k.Contype == pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE {
				word = "NOT DEFERRABLE"
			}
			if !timed {
				return wrong("misplaced " + word + " clause")
			}
			if deferral {
				return wrong("multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed")
			}
			deferral, deferrable = true, word == "DEFERRABLE"
			if !deferrable && deferred {
				return wrong("constraint declared INITIALLY DEFERRED must be DEFERRABLE")
			}
		case pg.ConstrType_CONSTR_ATTR_DEFERRED, pg.ConstrType_CONSTR_ATTR_IMMEDIATE:
			word := "INITIALLY DEFERRED"
			if k.Contype == pg.ConstrType_CONSTR_ATTR_IMMEDIATE {
				word = "INITIALLY IMMEDIATE"
			}
			if !timed {
				return wrong("misplaced " + word + " clause")
			}
			if initially {
				return wrong("multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed")
			}
			initially = true
			if deferred = word == "INITIALLY DEFERRED"; deferred && deferral && !deferrable {
				return wrong("constraint declared INITIALLY DEFERRED must be DEFERRABLE")
			}
		default:
			timed = k.Contype == pg.ConstrType_CONSTR_PRIMARY || k.Contype == pg.ConstrType_CONSTR_UNIQUE ||
				k.Contype == pg.ConstrType_CONSTR_FOREIGN || k.Contype == pg.ConstrType_CONSTR_EXCLUSION
			deferral, initially, deferrable, deferred = false, false, false, false
		}
	}
	return nil
}

// defaultExpr binds a column's DEFAULT to stored form.
func (b *Binder) defaultExpr(c *desc.Column, node *pg.Node) (string, error) {
	q := &query{out: &logical.Query{}, outer: map[expr.ColumnID]bool{}, clause: inDefault}
	e, err := b.expr(&scope{q: q, noOuter: true}, node)
	if err != nil {
		if pe, ok := err.(*pgerr.Error); ok && pe.Code == pgerr.UndefinedColumn {
			return "", b.errorf(location(node), pgerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression")
		}
		return "", err
	}
	t := b.Catalog.Type(c.Type)
	if !b.canCoerce(e.Type(), t, types.Assignment) {
		return "", pgerr.Newf(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but default expression is of type %s", c.Name, b.typeName(t), b.typeName(e.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	}
	if e, err = b.convert(e, t, -1, types.Assignment, location(node)); err != nil {
		return "", err
	}
	return deparse.Stored(e, func(expr.ColumnID) (int16, bool) { return 0, false })
}

// constraint binds a table or column constraint.
func (b *Binder) constraint(s *scope, k *pg.Constraint, columns []string) (*logical.Constraint, error) {
	c := &logical.Constraint{Name: k.Conname, Columns: columns, Deferrable: k.Deferrable, Deferred: k.Initdeferred, NotValid: k.SkipValidation,
		Include: names(k.Including), NullsEqual: k.NullsNotDistinct}
	switch k.Contype {
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE:
		c.Kind = 'u'
		if k.Contype == pg.ConstrType_CONSTR_PRIMARY {
			c.Kind = 'p'
		}
		if len(k.Keys) > 0 {
			c.Columns = names(k.Keys)
		}
	case pg.ConstrType_CONSTR_CHECK:
		c.Kind = 'c'
		s.q.clause = inCheck
		e, err := b.expr(s, k.RawExpr)
		if err != nil {
			return nil, err
		}
		if e, err = b.toBool(e, "CHECK", location(k.RawExpr)); err != nil {
			return nil, err
		}
		if hasSubquery(e) {
			return nil, b.errorf(location(k.RawExpr), pgerr.FeatureNotSupported, "cannot use subquery in check constraint")
		}
		if c.Expr, c.Mentions, err = b.store(s, e); err != nil {
			return nil, err
		}
	case pg.ConstrType_CONSTR_FOREIGN:
		c.Kind = 'f'
		if len(k.FkAttrs) > 0 {
			c.Columns = names(k.FkAttrs)
		}
		c.Keys = names(k.PkAttrs)
		c.Match, c.OnUpdate, c.OnDelete = first1(k.FkMatchtype), first1(k.FkUpdAction), first1(k.FkDelAction)
		if k.Pktable.Relname != s.items[0].name || k.Pktable.Schemaname != "" {
			target, err := b.Relation(k.Pktable)
			if err != nil {
				return nil, err
			}
			if target.Kind != desc.Table {
				return nil, pgerr.Newf(pgerr.WrongObjectType, "referenced relation \"%s\" is not a table", target.Name)
			}
			c.Target = target.OID
		}
	case pg.ConstrType_CONSTR_EXCLUSION:
		return nil, pgerr.Unsupported("EXCLUDE constraints")
	default:
		return nil, pgerr.Unsupported("constraint %v", k.Contype)
	}
	return c, nil
}

func first1(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

func (b *Binder) drop(n *pg.DropStmt) (logical.Utility, error) {
	d := &logical.Drop{Cascade: n.Behavior == pg.DropBehavior_DROP_CASCADE}
	k, relation := kinds[n.RemoveType]
	d.What = k.word
	want := k.kind
	switch {
	case relation:
	case n.RemoveType == pg.ObjectType_OBJECT_SCHEMA:
		d.What = "SCHEMA"
		for _, o := range n.Objects {
			name := o.GetString_().GetSval()
			oid := b.findSchema(name)
			if oid == 0 {
				if !n.MissingOk {
					return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
				}
				d.Missing = append(d.Missing, "schema \""+name+"\"")
				continue
			}
			d.Objects = append(d.Objects, desc.ID{Class: desc.ClassSchema, OID: oid})
		}
		return d, nil
	default:
		return nil, pgerr.Unsupported("DROP of %v", n.RemoveType)
	}
	if n.Concurrent {
		switch {
		case len(n.Objects) > 1:
			return nil, pgerr.New(pgerr.FeatureNotSupported, "DROP INDEX CONCURRENTLY does not support dropping multiple objects")
		case d.Cascade:
			return nil, pgerr.New(pgerr.FeatureNotSupported, "DROP INDEX CONCURRENTLY does not support CASCADE")
		}
	}
	word := strings.ToLower(k.word)
	for _, o := range n.Objects {
		parts := names(o.GetList().Items)
		r := &pg.RangeVar{Relname: parts[len(parts)-1], Inh: true, Location: -1}
		if len(parts) > 1 {
			r.Schemaname = parts[len(parts)-2]
		}
		rel := b.findRelation(r)
		if rel == nil {
			name := r.Relname
			if r.Schemaname != "" {
				name = r.Schemaname + "." + name
				if b.findSchema(r.Schemaname) == 0 && n.MissingOk {
					d.Missing = append(d.Missing, "schema \""+r.Schemaname+"\"")
					continue
				}
			}
			if !n.MissingOk {
				code := pgerr.UndefinedTable
				if want == desc.Index {
					code = pgerr.UndefinedObject
				}
				return nil, pgerr.Newf(code, "%s \"%s\" does not exist", word, name)
			}
			what := word
			if want == desc.Table {
				what = "table"
			}
			d.Missing = append(d.Missing, what+" \""+name+"\"")
			continue
		}
		if rel.Kind != want {
			e := pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not %s %s", rel.Name, article(word), word)
			for _, other := range kinds {
				if other.kind == rel.Kind {
					e.WithHint("Use DROP %s to remove %s %s.", other.word, article(strings.ToLower(other.word)), strings.ToLower(other.word))
				}
			}
			return nil, e
		}
		if rel.OID < desc.FirstUser {
			return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", rel.Name)
		}
		d.Objects = append(d.Objects, rel.ID())
		d.Concurrently = n.Concurrent && rel.Persistence != desc.Temp
	}
	return d, nil
}

func article(word string) string {
	if word == "index" {
		return "an"
	}
	return "a"
}

func (b *Binder) createIndex(n *pg.IndexStmt) (logical.Utility, error) {
	rel, err := b.Relation(n.Relation)
	if err != nil {
		pgerr.Of(err).Position = 0
		return nil, err
	}
	if rel.Kind != desc.Table || rel.OID < desc.FirstUser {
		return nil, b.errorf(n.Relation.Location, pgerr.WrongObjectType, "cannot create index on relation \"%s\"", rel.Name)
	}
	x := &logical.CreateIndex{Table: rel.OID, Bound: rel, Name: n.Idxname, IfNotExists: n.IfNotExists}
	x.Concurrently = n.Concurrent && rel.Persistence != desc.Temp // nobody else writes such a table
	x.Def = desc.IndexDef{Table: rel.OID, Method: n.AccessMethod, Unique: n.Unique, Immediate: n.Unique, NullsEqual: n.NullsNotDistinct}
	switch n.AccessMethod {
	case "btree":
	case "hash":
		what := ""
		switch {
		case n.Unique:
			what = "unique indexes"
		case len(n.IndexIncludingParams) > 0:
			what = "included columns"
		case len(n.IndexParams) > 1:
			what = "multicolumn indexes"
		}
		if what != "" {
			return nil, pgerr.Newf(pgerr.FeatureNotSupported, "access method \"hash\" does not support %s", what)
		}
	case "gin", "gist", "brin", "spgist":
		return nil, pgerr.Unsupported("access method \"%s\"", n.AccessMethod)
	default:
		return nil, pgerr.Newf(pgerr.UndefinedObject, "access method \"%s\" does not exist", n.AccessMethod)
	}
	s := b.columnScope(rel.Name, rel.Columns)
	for _, p := range n.IndexParams {
		e := p.GetIndexElem()
		k := desc.IndexKey{Mod: -1, Desc: e.Ordering == pg.SortByDir_SORTBY_DESC}
		k.NullsFirst = k.Desc
		switch e.NullsOrdering {
		case pg.SortByNulls_SORTBY_NULLS_FIRST:
			k.NullsFirst = true
		case pg.SortByNulls_SORTBY_NULLS_LAST:
			k.NullsFirst = false
		}
		if e.Expr == nil {
			number, c := rel.Column(e.Name)
			if number == 0 {
				return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", e.Name)
			}
			k.Column, k.Name, k.Type, k.Mod, k.Collation = number, e.Name, c.Type, c.Mod, c.Collation
		} else {
			s.q.clause = inIndexExpr
			v, err := b.expr(s, e.Expr)
			if err != nil {
				return nil, err
			}
			if v, err = b.resolveUnknown(v); err != nil {
				return nil, err
			}
			if !immutable(v) {
				return nil, pgerr.New(pgerr.InvalidObjectDefinition, "functions in index expression must be marked IMMUTABLE")
			}
			k.Type, k.Mod, k.Collation = v.Type().OID, v.Mod(), v.Collation()
			// A column in parentheses, also with COLLATE, is a plain key.
			bare := v
			for c := e.Expr.GetCollateClause(); c != nil && err == nil; c = c.Arg.GetCollateClause() {
				bare, err = b.expr(s, c.Arg)
			}
			if err != nil {
				return nil, err
			}
			if k.Column = s.number(bare); k.Column == 0 {
				if k.Expr, _, err = b.store(s, v); err != nil {
					return nil, err
				}
			}
			if k.Name = b.columnName(e.Expr); k.Name == "?column?" {
				k.Name = "expr"
			}
		}
		if e.Collation != nil {
			if k.Collation, err = b.Collation(names(e.Collation), n.Relation.Location); err != nil {
				return nil, err
			}
		}
		if n.AccessMethod == "hash" {
			switch {
			case e.Ordering != pg.SortByDir_SORTBY_DEFAULT:
				return nil, pgerr.New(pgerr.FeatureNotSupported, "access method \"hash\" does not support ASC/DESC options")
			case e.NullsOrdering != pg.SortByNulls_SORTBY_NULLS_DEFAULT:
				return nil, pgerr.New(pgerr.FeatureNotSupported, "access method \"hash\" does not support NULLS FIRST/LAST options")
			}
		}
		x.Def.Keys = append(x.Def.Keys, k)
	}
	for _, p := range n.IndexIncludingParams {
		name := p.GetIndexElem().Name
		number, _ := rel.Column(name)
		if number == 0 {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
		}
		x.Def.Include = append(x.Def.Include, number)
	}
	if n.WhereClause != nil {
		s.q.clause = inIndexPredicate
		e, err := b.expr(s, n.WhereClause)
		if err != nil {
			return nil, err
		}
		if e, err = b.toBool(e, "WHERE", location(n.WhereClause)); err != nil {
			return nil, err
		}
		if !immutable(e) {
			return nil, pgerr.New(pgerr.InvalidObjectDefinition, "functions in index predicate must be marked IMMUTABLE")
		}
		if x.Def.Predicate, _, err = b.store(s, e); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func immutable(e expr.Expr) bool {
	ok := true
	expr.Walk(e, func(e expr.Expr) bool {
		if c, is := e.(*expr.Call); is && c.Func.Volatility != 'i' {
			ok = false
		}
		return ok
	})
	return ok
}

func (b *Binder) createSequence(n *pg.CreateSeqStmt) (logical.Utility, error) {
	temp := n.Sequence.Relpersistence == "t"
	schema, err := b.creation(n.Sequence, temp)
	if err != nil {
		return nil, err
	}
	t := types.Int8
	for _, o := range n.Options {
		if d := o.GetDefElem(); d.Defname == "as" {
			if t, _, err = b.TypeName(d.Arg.GetTypeName()); err != nil {
				return nil, err
			}
			if t != types.Int2 && t != types.Int4 && t != types.Int8 {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
			}
		}
	}
	s := &logical.CreateSequence{Schema: schema, Temp: temp, Name: n.Sequence.Relname, IfNotExists: n.IfNotExists, Def: sequenceOf(t)}
	for _, o := range n.Options {
		if d := o.GetDefElem(); d.Defname == "owned_by" {
			if s.Owned, err = b.ownedBy(d, nil); err != nil {
				return nil, err
			}
		}
	}
	return s, b.sequenceOptions(&s.Def, n.Options)
}

// sequenceOptions reads START, INCREMENT and the like.
func (b *Binder) sequenceOptions(d *desc.SequenceDef, options []*pg.Node) error {
	number := func(n *pg.Node) (int64, bool) {
		if n == nil {
			return 0, false
		}
		v, err := strconv.ParseInt(optionText(n), 10, 64)
		return v, err == nil
	}
	start := false
	limit := d.Max
	for _, o := range options {
		e := o.GetDefElem()
		v, ok := number(e.Arg)
		switch e.Defname {
		case "start":
			d.Start, start = v, true
		case "increment":
			if d.Increment = v; v == 0 {
				return pgerr.New(pgerr.InvalidParameterValue, "INCREMENT must not be zero")
			}
		case "minvalue":
			if ok {
				d.Min = v
			}
		case "maxvalue":
			if ok {
				d.Max = v
			}
		case "cache":
			d.Cache = v
		case "cycle":
			d.Cycle = e.Arg == nil || e.Arg.GetBoolean().GetBoolval()
		case "as", "owned_by", "sequence_name":
		default:
			return pgerr.Unsupported("sequence option %s", e.Defname)
		}
	}
	if d.Increment < 0 && d.Min == 1 && d.Max == limit {
		d.Min, d.Max = -limit-1, -1
	}
	if !start {
		d.Start = d.Min
		if d.Increment < 0 {
			d.Start = d.Max
		}
	}
	if d.Min >= d.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", d.Min, d.Max)
	}
	if d.Start < d.Min {
		return pgerr.Newf(pgerr.InvalidParameterValue, "START value (%d) cannot be less than MINVALUE (%d)", d.Start, d.Min)
	}
	if d.Start > d.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "START value (%d) cannot be greater than MAXVALUE (%d)", d.Start, d.Max)
	}
	return nil
}
