package bind

import (
	"slices"
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/deparse"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// altered finds the relation of an ALTER; missing is set where IF EXISTS passes over it.
func (b *Binder) altered(n *pg.RangeVar, missingOk bool) (rel *desc.Relation, missing string, err error) {
	if rel = b.findRelation(n); rel == nil {
		if missingOk {
			return nil, "relation \"" + n.Relname + "\"", nil
		}
		_, err = b.Relation(n)
		if e, ok := err.(*pgerr.Error); ok {
			e.Position = 0 // as PostgreSQL, which looks it up without the text
		}
		return nil, "", err
	}
	if rel.OID < desc.FirstUser {
		return nil, "", pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", rel.Name)
	}
	return rel, "", nil
}

// kinds are the words of ALTER and DROP for the kinds of relation.
var kinds = map[pg.ObjectType]struct {
	word string
	kind desc.RelKind
}{
	pg.ObjectType_OBJECT_TABLE:    {"TABLE", desc.Table},
	pg.ObjectType_OBJECT_INDEX:    {"INDEX", desc.Index},
	pg.ObjectType_OBJECT_SEQUENCE: {"SEQUENCE", desc.SequenceKind},
	pg.ObjectType_OBJECT_VIEW:     {"VIEW", desc.ViewKind},
	pg.ObjectType_OBJECT_MATVIEW:  {"MATERIALIZED VIEW", desc.MatView},
}

// expectKind refuses ALTER VIEW of a table and the like; ALTER TABLE takes them all.
func expectKind(rel *desc.Relation, want pg.ObjectType) error {
	k, ok := kinds[want]
	if !ok || want == pg.ObjectType_OBJECT_TABLE || rel.Kind == k.kind {
		return nil
	}
	word := strings.ToLower(k.word)
	return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not %s %s", rel.Name, article(word), word)
}

func (b *Binder) alterTable(n *pg.AlterTableStmt) (logical.Utility, error) {
	k, ok := kinds[n.Objtype]
	if !ok {
		return nil, pgerr.Unsupported("ALTER of %v", n.Objtype)
	}
	a := &logical.Alter{What: k.word}
	rel, missing, err := b.altered(n.Relation, n.MissingOk)
	if err != nil || missing != "" {
		a.Missing = missing
		return a, err
	}
	if err := expectKind(rel, n.Objtype); err != nil {
		return nil, err
	}
	a.Bound = rel
	t := &alteration{b: b, rel: rel, columns: slices.Clone(rel.Columns)}
	cmds := slices.Clone(n.Cmds)
	slices.SortStableFunc(cmds, func(a, b *pg.Node) int { return pass(a.GetAlterTableCmd()) - pass(b.GetAlterTableCmd()) })
	for _, c := range cmds {
		list, err := t.action(c.GetAlterTableCmd())
		if err != nil {
			return nil, err
		}
		a.Actions = append(a.Actions, list...)
	}
	return a, nil
}

// pass orders the actions as PostgreSQL does: what drops first, then types, new
// columns, their attributes, constraints, and the rest.
func pass(c *pg.AlterTableCmd) int {
	switch c.Subtype {
	case pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_DropConstraint, pg.AlterTableType_AT_DropNotNull,
		pg.AlterTableType_AT_DropExpression, pg.AlterTableType_AT_DropIdentity:
		return 0
	case pg.AlterTableType_AT_ColumnDefault:
		if c.Def == nil {
			return 0
		}
		return 3
	case pg.AlterTableType_AT_AlterColumnType:
		return 1
	case pg.AlterTableType_AT_AddColumn:
		return 2
	case pg.AlterTableType_AT_SetNotNull, pg.AlterTableType_AT_AddIdentity, pg.AlterTableType_AT_SetIdentity:
		return 3
	case pg.AlterTableType_AT_AddConstraint:
		return 4
	}
	return 5
}

// alteration is an ALTER TABLE being bound: its later actions see the columns that
// the earlier ones make.
type alteration struct {
	b       *Binder
	rel     *desc.Relation
	columns []desc.Column
}

func (t *alteration) column(name string) (int16, *desc.Column, error) {
	for i := range t.columns {
		if c := &t.columns[i]; c.Name == name && !c.Dropped {
			return int16(i + 1), c, nil
		}
	}
	return 0, nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.rel.Name)
}

func one(a logical.Action) []logical.Action { return []logical.Action{a} }

func (t *alteration) action(c *pg.AlterTableCmd) ([]logical.Action, error) {
	b := t.b
	switch c.Subtype {
	case pg.AlterTableType_AT_AddColumn:
		return t.addColumn(c)
	case pg.AlterTableType_AT_DropColumn:
		if n, col, err := t.column(c.Name); err == nil {
			_ = n
			col.Dropped = true
		} else if !c.MissingOk {
			return nil, err
		}
		return one(&logical.DropColumn{Name: c.Name, IfExists: c.MissingOk, Cascade: c.Behavior == pg.DropBehavior_DROP_CASCADE}), nil
	case pg.AlterTableType_AT_AddConstraint:
		k := c.Def.GetConstraint()
		x, err := b.constraint(b.columnScope(t.rel.Name, t.columns), k, nil)
		if err != nil {
			return nil, err
		}
		if k.Indexname != "" {
			if err := t.usingIndex(k, x); err != nil {
				return nil, err
			}
		}
		return one(&logical.AddConstraintAction{Constraint: *x}), nil
	case pg.AlterTableType_AT_DropConstraint:
		return one(&logical.DropConstraint{Name: c.Name, IfExists: c.MissingOk, Cascade: c.Behavior == pg.DropBehavior_DROP_CASCADE}), nil
	case pg.AlterTableType_AT_ValidateConstraint:
		return one(&logical.ValidateConstraint{Name: c.Name}), nil
	case pg.AlterTableType_AT_AlterConstraint:
		k := c.Def.GetConstraint()
		return one(&logical.AlterConstraint{Name: k.Conname, Deferrable: k.Deferrable, Deferred: k.Initdeferred}), nil
	case pg.AlterTableType_AT_ChangeOwner:
		role, err := b.role(c.Newowner)
		return one(&logical.OwnerAction{Owner: role}), err
	case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions:
		o := &logical.SetOptions{Reset: c.Subtype == pg.AlterTableType_AT_ResetRelOptions}
		for _, d := range c.Def.GetList().Items {
			text := d.GetDefElem().Defname
			if !o.Reset {
				text += "=" + optionText(d.GetDefElem().Arg)
			}
			o.Options = append(o.Options, text)
		}
		return one(o), nil
	case pg.AlterTableType_AT_ClusterOn:
		x := b.Catalog.RelationNamed(t.rel.Schema, c.Name)
		if x == nil || x.Index == nil || x.Index.Table != t.rel.OID {
			return nil, pgerr.Newf(pgerr.UndefinedObject, "index \"%s\" for table \"%s\" does not exist", c.Name, t.rel.Name)
		}
		if x.Index.Method != "btree" {
			return nil, pgerr.Newf(pgerr.FeatureNotSupported, "cannot cluster on index \"%s\" because access method does not support clustering", x.Name)
		}
		return one(&logical.SetMark{Clustered: &x.OID}), nil
	case pg.AlterTableType_AT_DropCluster:
		none := types.OID(0)
		return one(&logical.SetMark{Clustered: &none}), nil
	case pg.AlterTableType_AT_ReplicaIdentity:
		r := c.Def.GetReplicaIdentityStmt()
		m := &logical.SetMark{Replica: r.IdentityType[0]}
		if r.Name != "" {
			x := b.Catalog.RelationNamed(t.rel.Schema, r.Name)
			if x == nil || x.Index == nil || x.Index.Table != t.rel.OID {
				return nil, pgerr.Newf(pgerr.UndefinedObject, "index \"%s\" for table \"%s\" does not exist", r.Name, t.rel.Name)
			}
			m.ReplicaBy = x.OID
		}
		return one(m), nil
	case pg.AlterTableType_AT_SetLogged:
		return one(&logical.SetMark{Persistence: desc.Permanent}), nil
	case pg.AlterTableType_AT_SetUnLogged:
		return one(&logical.SetMark{Persistence: desc.Unlogged}), nil
	case pg.AlterTableType_AT_EnableTrigAll, pg.AlterTableType_AT_EnableTrigUser, pg.AlterTableType_AT_DisableTrigUser:
		return one(&logical.NoAction{}), nil
	}
	if c.Name == "" {
		return nil, pgerr.Unsupported("ALTER %s action %s", "TABLE", actionName(c))
	}
	n, col, err := t.column(c.Name)
	if err != nil {
		if c.MissingOk && c.Subtype == pg.AlterTableType_AT_DropIdentity {
			return nil, nil
		}
		return nil, err
	}
	switch c.Subtype {
	case pg.AlterTableType_AT_AlterColumnType:
		return t.setType(c, n, col)
	case pg.AlterTableType_AT_ColumnDefault:
		d := &logical.SetDefault{Column: n}
		switch {
		case col.Identity != 0:
			return nil, pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", col.Name, t.rel.Name)
		case col.Generated && c.Def != nil:
			return nil, pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is a generated column", col.Name, t.rel.Name)
		case col.Generated:
			return nil, pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is a generated column", col.Name, t.rel.Name).
				WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")
		}
		if c.Def != nil {
			if d.Default, err = b.defaultExpr(col, c.Def); err != nil {
				return nil, err
			}
		}
		col.Default = d.Default
		return one(d), nil
	case pg.AlterTableType_AT_SetNotNull:
		return one(&logical.SetNotNull{Column: n, NotNull: true}), nil
	case pg.AlterTableType_AT_DropNotNull:
		if col.Identity != 0 {
			return nil, pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", col.Name, t.rel.Name)
		}
		return one(&logical.SetNotNull{Column: n}), nil
	case pg.AlterTableType_AT_DropExpression:
		return one(&logical.DropExpression{Column: n, IfExists: c.MissingOk}), nil
	case pg.AlterTableType_AT_SetStatistics:
		v := int16(-1)
		if c.Def != nil {
			v = int16(c.Def.GetInteger().GetIval())
		}
		return one(&logical.SetColumnOption{Column: n, Statistics: &v}), nil
	case pg.AlterTableType_AT_SetStorage:
		word := strings.ToUpper(c.Def.GetString_().GetSval())
		letter := map[string]byte{"PLAIN": 'p', "EXTERNAL": 'e', "EXTENDED": 'x', "MAIN": 'm'}[word]
		if letter == 0 {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid storage type \"%s\"", c.Def.GetString_().GetSval())
		}
		return one(&logical.SetColumnOption{Column: n, Storage: letter}), nil
	case pg.AlterTableType_AT_AddIdentity, pg.AlterTableType_AT_SetIdentity, pg.AlterTableType_AT_DropIdentity:
		return t.identity(c, n, col)
	}
	return nil, pgerr.Unsupported("ALTER TABLE action %s", actionName(c))
}

func actionName(c *pg.AlterTableCmd) string {
	return strings.TrimPrefix(c.Subtype.String(), "AT_")
}

func (t *alteration) addColumn(c *pg.AlterTableCmd) ([]logical.Action, error) {
	b, d := t.b, c.Def.GetColumnDef()
	if _, _, err := t.column(d.Colname); err == nil {
		if c.MissingOk {
			b.notice(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists, skipping", d.Colname, t.rel.Name)
			return nil, nil
		}
		return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", d.Colname, t.rel.Name)
	}
	if t.rel.Kind != desc.Table {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "ALTER action ADD COLUMN cannot be performed on relation \"%s\"", t.rel.Name)
	}
	// As the one new column of a table of all of them.
	place := len(t.columns)
	col, serial, err := b.columnDef(d, place)
	if err != nil {
		return nil, err
	}
	made := &logical.CreateTable{Name: t.rel.Name, Columns: append(t.columns, *col)}
	if serial != nil {
		made.Serial = append(made.Serial, *serial)
	}
	scope := b.columnScope(t.rel.Name, made.Columns)
	if err := b.attributes(d.Constraints); err != nil {
		return nil, err
	}
	for _, k := range d.Constraints {
		if err := b.columnConstraint(scope, made, place, k.GetConstraint()); err != nil {
			return nil, err
		}
	}
	t.columns = made.Columns
	a := &logical.AddColumn{Column: made.Columns[place], Constraints: made.Constraints}
	if len(made.Serial) > 0 {
		a.Serial = &made.Serial[0]
	}
	a.Volatile = a.Serial != nil || a.Column.Generated
	if !a.Volatile && a.Column.Default != "" {
		e, err := b.Stored(a.Column.Default, nil)
		if err != nil {
			return nil, err
		}
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Call); ok && c.Func.Volatility == 'v' {
				a.Volatile = true
			}
			return true
		})
	}
	return one(a), nil
}

func (t *alteration) setType(c *pg.AlterTableCmd, n int16, col *desc.Column) ([]logical.Action, error) {
	b, d := t.b, c.Def.GetColumnDef()
	to, mod, err := b.TypeName(d.TypeName)
	if err != nil {
		return nil, err
	}
	if to.Kind == types.Pseudo {
		return nil, pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", col.Name, b.typeName(to))
	}
	a := &logical.SetType{Column: n, Type: to.OID, Mod: mod, Collation: to.Collation}
	if d.CollClause != nil {
		if a.Collation, err = b.Collation(names(d.CollClause.Collname), d.CollClause.Location); err != nil {
			return nil, err
		}
	}
	s := b.columnScope(t.rel.Name, t.columns)
	s.q.clause = inGenerated
	var e expr.Expr
	if d.RawDefault != nil {
		if e, err = b.expr(s, d.RawDefault); err != nil {
			return nil, err
		}
	} else if e, err = b.column(s, col.Name, -1); err != nil {
		return nil, err
	}
	if !b.canCoerce(e.Type(), to, types.Assignment) {
		if d.RawDefault != nil {
			return nil, pgerr.Newf(pgerr.DatatypeMismatch, "result of USING clause for column \"%s\" cannot be cast automatically to type %s", col.Name, b.typeName(to)).
				WithHint("You might need to add an explicit cast.")
		}
		x := pgerr.Newf(pgerr.DatatypeMismatch, "column \"%s\" cannot be cast automatically to type %s", col.Name, b.typeName(to))
		if col.Generated {
			return nil, x
		}
		using := b.typeName(to)
		if d.TypeName != nil {
			using = b.typeNameMod(to, mod)
		}
		return nil, x.WithHint("You might need to specify \"USING %s::%s\".", format.QuoteIdent(col.Name), using)
	}
	if e, err = b.coerce(e, to, mod, types.Assignment, -1); err != nil {
		return nil, err
	}
	if _, same := e.(*expr.Column); !same || d.RawDefault != nil {
		if a.Using, _, err = b.store(s, e); err != nil {
			return nil, err
		}
	}
	if col.Default != "" && !col.Generated {
		old, err := b.Stored(col.Default, nil)
		if err != nil {
			return nil, err
		}
		if !b.canCoerce(old.Type(), to, types.Assignment) {
			return nil, pgerr.Newf(pgerr.DatatypeMismatch, "default for column \"%s\" cannot be cast automatically to type %s", col.Name, b.typeName(to))
		}
		if old, err = b.coerce(old, to, mod, types.Assignment, -1); err != nil {
			return nil, err
		}
		if a.Default, err = deparse.Stored(old, func(expr.ColumnID) (int16, bool) { return 0, false }); err != nil {
			return nil, err
		}
	}
	col.Type, col.Mod, col.Collation = to.OID, mod, a.Collation
	if a.Default != "" {
		col.Default = a.Default
	}
	return one(a), nil
}

func (t *alteration) identity(c *pg.AlterTableCmd, n int16, col *desc.Column) ([]logical.Action, error) {
	b := t.b
	a := &logical.SetIdentity{Column: n, IfExists: c.MissingOk}
	switch c.Subtype {
	case pg.AlterTableType_AT_DropIdentity:
		if col.Identity == 0 {
			if c.MissingOk {
				b.notice(pgerr.SuccessfulCompletion, "column \"%s\" of relation \"%s\" is not an identity column, skipping", col.Name, t.rel.Name)
				return nil, nil
			}
			return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not an identity column", col.Name, t.rel.Name)
		}
		return one(a), nil
	case pg.AlterTableType_AT_AddIdentity:
		k := c.Def.GetConstraint()
		switch {
		case !col.NotNull:
			return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be added", col.Name, t.rel.Name)
		case col.Identity != 0:
			return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is already an identity column", col.Name, t.rel.Name)
		case col.Default != "":
			return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" already has a default value", col.Name, t.rel.Name)
		}
		typ := b.Catalog.Type(col.Type)
		if typ != types.Int2 && typ != types.Int4 && typ != types.Int8 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
		}
		def := sequenceOf(typ)
		if err := b.sequenceOptions(&def, k.Options); err != nil {
			return nil, err
		}
		a.Kind, a.Def, a.Add = k.GeneratedWhen[0], &def, true
		for _, o := range k.Options {
			if d := o.GetDefElem(); d.Defname == "sequence_name" {
				a.Name = d.Arg.GetList().Items[len(d.Arg.GetList().Items)-1].GetString_().GetSval()
			}
		}
		return one(a), nil
	}
	if col.Identity == 0 {
		return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not an identity column", col.Name, t.rel.Name)
	}
	a.Kind = col.Identity
	seq := b.Catalog.Relation(col.Sequence)
	if seq == nil {
		return nil, pgerr.Internal("identity column %s has no sequence", col.Name)
	}
	def := *seq.Sequence
	var rest []*pg.Node
	for _, o := range c.Def.GetList().Items {
		switch d := o.GetDefElem(); d.Defname {
		case "generated":
			a.Kind = byte(d.Arg.GetInteger().GetIval())
		case "restart":
			a.Restart = restartOf(d, &def)
		default:
			rest = append(rest, o)
		}
	}
	if len(rest) > 0 {
		if err := b.alterSequenceOptions(&def, rest); err != nil {
			return nil, err
		}
		a.Def = &def
	}
	return one(a), nil
}

// restartOf is the value of RESTART [WITH n].
func restartOf(d *pg.DefElem, def *desc.SequenceDef) *int64 {
	v := def.Start
	if d.Arg != nil {
		v, _ = strconv.ParseInt(optionText(d.Arg), 10, 64)
	}
	return &v
}

// alterSequenceOptions changes the parameters that are named and keeps the others.
func (b *Binder) alterSequenceOptions(d *desc.SequenceDef, options []*pg.Node) error {
	start := &pg.Node{Node: &pg.Node_DefElem{DefElem: &pg.DefElem{Defname: "start", Arg: pg.MakeIntNode(0)}}}
	start.GetDefElem().Arg = &pg.Node{Node: &pg.Node_Float{Float: &pg.Float{Fval: strconv.FormatInt(d.Start, 10)}}}
	return b.sequenceOptions(d, append([]*pg.Node{start}, options...))
}

func (b *Binder) alterSequence(n *pg.AlterSeqStmt) (logical.Utility, error) {
	a := &logical.AlterSequence{}
	rel, missing, err := b.altered(n.Sequence, n.MissingOk)
	if err != nil || missing != "" {
		a.Missing = missing
		return a, err
	}
	if rel.Kind != desc.SequenceKind {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", rel.Name)
	}
	a.Sequence, a.Def = rel.OID, *rel.Sequence
	var rest []*pg.Node
	for _, o := range n.Options {
		d := o.GetDefElem()
		switch d.Defname {
		case "restart":
			a.Restart = restartOf(d, &a.Def)
		case "owned_by":
			if a.Owned, err = b.ownedBy(d, rel); err != nil {
				return nil, err
			}
		case "as":
			t, _, err := b.TypeName(d.Arg.GetTypeName())
			if err != nil {
				return nil, err
			}
			if t != types.Int2 && t != types.Int4 && t != types.Int8 {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
			}
			old, now := sequenceOf(b.Catalog.Type(a.Def.Type)), sequenceOf(t)
			if a.Def.Max == old.Max {
				a.Def.Max = now.Max
			}
			if a.Def.Min == -old.Max-1 {
				a.Def.Min = -now.Max - 1
			}
			a.Def.Type = t.OID
		default:
			rest = append(rest, o)
		}
	}
	return a, b.alterSequenceOptions(&a.Def, rest)
}

// ownedBy finds the column of OWNED BY; NONE has OID 0.
func (b *Binder) ownedBy(d *pg.DefElem, seq *desc.Relation) (*desc.ID, error) {
	parts := names(d.Arg.GetList().Items)
	if len(parts) == 1 {
		if parts[0] == "none" {
			return &desc.ID{}, nil
		}
		return nil, pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
	}
	r := &pg.RangeVar{Relname: parts[len(parts)-2], Inh: true, Location: -1}
	if len(parts) > 2 {
		r.Schemaname = parts[len(parts)-3]
	}
	t, err := b.Relation(r)
	if err != nil {
		return nil, err
	}
	if seq != nil && t.Schema != seq.Schema {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
	}
	if seq != nil && t.Owner != seq.Owner {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must have same owner as table it is linked to")
	}
	name := parts[len(parts)-1]
	n, _ := t.Column(name)
	if n == 0 {
		return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.Name)
	}
	return &desc.ID{Class: desc.ClassRelation, OID: t.OID, Sub: n}, nil
}

// role finds a role by a RoleSpec.
func (b *Binder) role(r *pg.RoleSpec) (types.OID, error) {
	switch r.Roletype {
	case pg.RoleSpecType_ROLESPEC_CURRENT_USER, pg.RoleSpecType_ROLESPEC_CURRENT_ROLE, pg.RoleSpecType_ROLESPEC_SESSION_USER:
		return b.User, nil
	case pg.RoleSpecType_ROLESPEC_PUBLIC:
		return 0, pgerr.New(pgerr.UndefinedObject, "role \"public\" does not exist")
	}
	if x, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassRole, Name: r.Rolename}).(*desc.Role); ok {
		return x.OID, nil
	}
	return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", r.Rolename)
}

func (b *Binder) rename(n *pg.RenameStmt) (logical.Utility, error) {
	r := &logical.Rename{New: n.Newname}
	switch n.RenameType {
	case pg.ObjectType_OBJECT_SCHEMA:
		oid := b.findSchema(n.Subname)
		if oid == 0 {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", n.Subname)
		}
		r.What, r.Object = "SCHEMA", desc.ID{Class: desc.ClassSchema, OID: oid}
		return r, nil
	case pg.ObjectType_OBJECT_ROLE:
		x, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassRole, Name: n.Subname}).(*desc.Role)
		if !ok {
			return nil, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", n.Subname)
		}
		r.What, r.Object = "ROLE", x.ID()
		return r, nil
	case pg.ObjectType_OBJECT_DATABASE:
		x, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassDatabase, Name: n.Subname}).(*desc.Database)
		if !ok {
			return nil, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", n.Subname)
		}
		r.What, r.Object = "DATABASE", x.ID()
		return r, nil
	}
	kind := n.RenameType
	switch n.RenameType {
	case pg.ObjectType_OBJECT_COLUMN:
		r.Part, r.Old, kind = logical.ColumnPart, n.Subname, n.RelationType
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		r.Part, r.Old, kind = logical.ConstraintPart, n.Subname, pg.ObjectType_OBJECT_TABLE
	}
	k, ok := kinds[kind]
	if !ok || n.Relation == nil {
		return nil, pgerr.Unsupported("ALTER … RENAME of %v", n.RenameType)
	}
	r.What = k.word
	rel, missing, err := b.altered(n.Relation, n.MissingOk)
	if err != nil || missing != "" {
		r.Missing = missing
		return r, err
	}
	if err := expectKind(rel, kind); err != nil {
		return nil, err
	}
	r.Object = rel.ID()
	return r, nil
}

func (b *Binder) alterSchema(n *pg.AlterObjectSchemaStmt) (logical.Utility, error) {
	k, ok := kinds[n.ObjectType]
	if !ok || n.Relation == nil {
		return nil, pgerr.Unsupported("ALTER … SET SCHEMA of %v", n.ObjectType)
	}
	s := &logical.SetSchema{What: k.word}
	rel, missing, err := b.altered(n.Relation, n.MissingOk)
	if err != nil || missing != "" {
		s.Missing = missing
		return s, err
	}
	if err := expectKind(rel, n.ObjectType); err != nil {
		return nil, err
	}
	s.Object = rel.ID()
	s.Schema, err = b.schema(n.Newschema, -1)
	return s, err
}

func (b *Binder) alterOwner(n *pg.AlterOwnerStmt) (logical.Utility, error) {
	c := &logical.ChangeOwner{}
	var err error
	if c.Owner, err = b.role(n.Newowner); err != nil {
		return nil, err
	}
	name := n.Object.GetString_().GetSval()
	switch n.ObjectType {
	case pg.ObjectType_OBJECT_SCHEMA:
		c.What = "SCHEMA"
		oid := b.findSchema(name)
		if oid == 0 {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
		}
		c.Object = desc.ID{Class: desc.ClassSchema, OID: oid}
		return c, nil
	case pg.ObjectType_OBJECT_DATABASE:
		c.What = "DATABASE"
		x, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassDatabase, Name: name}).(*desc.Database)
		if !ok {
			return nil, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", name)
		}
		c.Object = x.ID()
		return c, nil
	}
	return nil, pgerr.Unsupported("ALTER … OWNER of %v", n.ObjectType)
}

// usingIndex finds the index that a new constraint shall be kept by.
func (t *alteration) usingIndex(k *pg.Constraint, c *logical.Constraint) error {
	b, at := t.b, k.Location
	x := b.Catalog.RelationNamed(t.rel.Schema, k.Indexname)
	if x == nil || x.Index == nil {
		return b.errorf(at, pgerr.UndefinedObject, "index \"%s\" does not exist", k.Indexname)
	}
	// A constraint of the index's own is none of this table if the index is not.
	if holder := b.Catalog.Relation(x.Index.Table); holder != nil {
		for i := range holder.Uniques {
			if holder.Uniques[i].Index == x.OID {
				return b.errorf(at, pgerr.ObjectNotInPrerequisiteState, "index \"%s\" is already associated with a constraint", x.Name)
			}
		}
	}
	def := x.Index
	unfit := func(format string, args ...any) error {
		e := b.errorf(at, pgerr.WrongObjectType, format, args...)
		pgerr.Of(e).WithDetail("Cannot create a primary key or unique constraint using such an index.")
		return e
	}
	expression := false
	for i := range def.Keys {
		expression = expression || def.Keys[i].Column == 0
	}
	switch {
	case def.Table != t.rel.OID:
		return b.errorf(at, pgerr.ObjectNotInPrerequisiteState, "index \"%s\" does not belong to table \"%s\"", x.Name, t.rel.Name)
	case def.Invalid:
		return b.errorf(at, pgerr.ObjectNotInPrerequisiteState, "index \"%s\" is not valid", x.Name)
	case !def.Unique:
		return unfit("\"%s\" is not a unique index", x.Name)
	case expression:
		return unfit("index \"%s\" contains expressions", x.Name)
	case def.Predicate != "":
		return unfit("\"%s\" is a partial index", x.Name)
	}
	c.Columns = nil
	for i, key := range def.Keys {
		col := t.rel.Columns[key.Column-1]
		if key.Desc || key.NullsFirst || key.Collation != col.Collation || key.OpClassName != "" {
			return unfit("index \"%s\" column number %d does not have default sorting behavior", x.Name, i+1)
		}
		c.Columns = append(c.Columns, col.Name)
	}
	c.Index = x.OID
	return nil
}
