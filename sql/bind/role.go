package bind

import (
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// roleOptions are the options of CREATE and ALTER ROLE.
type roleOptions struct {
	set      []func(*desc.Role)
	super    bool
	only     bool // nothing but the password
	password *string
	lists    map[string][]types.OID
}

func (b *Binder) roleOptions(options []*pg.Node) (*roleOptions, error) {
	r := &roleOptions{only: true, lists: map[string][]types.OID{}}
	seen := map[string]bool{}
	for _, o := range options {
		d := o.GetDefElem()
		if seen[d.Defname] {
			return nil, b.errorf(d.Location, pgerr.SyntaxError, "conflicting or redundant options")
		}
		seen[d.Defname] = true
		on := d.Arg.GetBoolean().GetBoolval()
		r.only = r.only && d.Defname == "password"
		switch d.Defname {
		case "password":
			text := ""
			if s := d.Arg.GetString_(); s != nil {
				text = s.Sval
			}
			r.password = &text
		case "superuser":
			r.super = true
			r.set = append(r.set, func(x *desc.Role) { x.Superuser = on })
		case "isreplication":
			r.super = true
			r.set = append(r.set, func(x *desc.Role) { x.Replication = on })
		case "bypassrls":
			r.super = true
			r.set = append(r.set, func(x *desc.Role) { x.BypassRLS = on })
		case "inherit":
			r.set = append(r.set, func(x *desc.Role) { x.NoInherit = !on })
		case "createrole":
			r.set = append(r.set, func(x *desc.Role) { x.CreateRole = on })
		case "createdb":
			r.set = append(r.set, func(x *desc.Role) { x.CreateDB = on })
		case "canlogin":
			r.set = append(r.set, func(x *desc.Role) { x.Login = on })
		case "connectionlimit":
			limit := d.Arg.GetInteger().GetIval()
			if limit < -1 {
				return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid connection limit: %d", limit)
			}
			r.set = append(r.set, func(x *desc.Role) {
				if x.ConnLimit = &limit; limit < 0 {
					x.ConnLimit = nil
				}
			})
		case "validUntil":
			v := vector.New(types.Timestamptz, 1)
			if err := format.ParseText(b.Format, types.Timestamptz, -1, d.Arg.GetString_().GetSval(), v, 0); err != nil {
				return nil, err
			}
			at := vector.Of[int64](v)[0]
			r.set = append(r.set, func(x *desc.Role) { x.ValidUntil = &at })
		case "addroleto", "rolemembers", "adminmembers":
			list, err := b.roles(d.Arg.GetList().GetItems())
			if err != nil {
				return nil, err
			}
			r.lists[d.Defname] = list
		case "sysid":
			b.notice(pgerr.SuccessfulCompletion, "SYSID can no longer be specified")
		default:
			return nil, pgerr.Unsupported("role option %s", d.Defname)
		}
	}
	return r, nil
}

func (b *Binder) createRole(n *pg.CreateRoleStmt) (logical.Utility, error) {
	o, err := b.roleOptions(n.Options)
	if err != nil {
		return nil, err
	}
	r := &logical.CreateRole{Role: desc.Role{Name: n.Role, Login: n.StmtType == pg.RoleStmtType_ROLESTMT_USER}, Password: o.password,
		In: o.lists["addroleto"], Members: o.lists["rolemembers"], Admins: o.lists["adminmembers"]}
	for _, set := range o.set {
		set(&r.Role)
	}
	return r, nil
}

func (b *Binder) alterRole(n *pg.AlterRoleStmt) (logical.Utility, error) {
	oid, err := b.role(n.Role)
	if err != nil {
		return nil, err
	}
	o, err := b.roleOptions(n.Options)
	if err != nil {
		return nil, err
	}
	if members, ok := o.lists["rolemembers"]; ok { // ALTER GROUP … ADD or DROP USER
		return &logical.GrantRole{Revoke: n.Action < 0, Roles: []types.OID{oid}, Members: members}, nil
	}
	return &logical.AlterRole{Role: oid, Super: o.super, Password: o.password, OwnOnly: o.only, Change: func(r *desc.Role) {
		for _, set := range o.set {
			set(r)
		}
	}}, nil
}

// configure binds ALTER ROLE … SET and ALTER DATABASE … SET.
func (b *Binder) configure(c *logical.Configure, n *pg.VariableSetStmt) (logical.Utility, error) {
	c.Name = strings.ToLower(n.Name)
	switch n.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		c.Reset, c.Name = true, ""
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		c.Reset = true
	case pg.VariableSetKind_VAR_SET_VALUE:
		var parts []string
		for _, a := range n.Args {
			text := ""
			switch v := a.GetAConst().GetVal().(type) {
			case *pg.A_Const_Sval:
				text = v.Sval.Sval
			case *pg.A_Const_Ival:
				text = optionText(pg.MakeIntNode(int64(v.Ival.Ival)))
			case *pg.A_Const_Fval:
				text = v.Fval.Fval
			default:
				return nil, pgerr.Unsupported("this form of SET")
			}
			if c.Name == "search_path" {
				text = format.QuoteIdent(text)
			}
			parts = append(parts, text)
		}
		c.Value = strings.Join(parts, ", ")
	default:
		return nil, pgerr.Unsupported("SET FROM CURRENT")
	}
	return c, nil
}

func (b *Binder) alterRoleSet(n *pg.AlterRoleSetStmt) (logical.Utility, error) {
	c := &logical.Configure{What: "ROLE"}
	var err error
	if n.Role != nil {
		if c.Role, err = b.role(n.Role); err != nil {
			return nil, err
		}
	}
	if n.Database != "" {
		db, err := b.database(n.Database)
		if err != nil {
			return nil, err
		}
		c.Database = db.OID
	}
	return b.configure(c, n.Setstmt)
}

func (b *Binder) dropRole(n *pg.DropRoleStmt) (logical.Utility, error) {
	d := &logical.DropRole{}
	for _, r := range n.Roles {
		oid, err := b.role(r.GetRoleSpec())
		if err != nil {
			if n.MissingOk {
				d.Missing = append(d.Missing, "role \""+r.GetRoleSpec().Rolename+"\"")
				continue
			}
			return nil, err
		}
		d.Roles = append(d.Roles, oid)
	}
	return d, nil
}

// comment binds COMMENT ON.
func (b *Binder) comment(n *pg.CommentStmt) (logical.Utility, error) {
	c := &logical.Comment{}
	if n.Comment != "" {
		c.Text = &n.Comment
	}
	parts := names(n.Object.GetList().GetItems())
	rangeOf := func(parts []string) *pg.RangeVar {
		r := &pg.RangeVar{Relname: parts[len(parts)-1], Inh: true, Location: -1}
		if len(parts) > 1 {
			r.Schemaname = parts[len(parts)-2]
		}
		return r
	}
	name := n.Object.GetString_().GetSval()
	switch n.Objtype {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE:
		r, err := b.Relation(rangeOf(parts))
		if err != nil {
			return nil, err
		}
		if k := kinds[n.Objtype]; r.Kind != k.kind {
			word := strings.ToLower(k.word)
			return nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not %s %s", r.Name, article(word), word)
		}
		c.On = r.ID()
	case pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_TABCONSTRAINT:
		if len(parts) < 2 {
			return nil, pgerr.New(pgerr.SyntaxError, "column name must be qualified")
		}
		r, err := b.Relation(rangeOf(parts[:len(parts)-1]))
		if err != nil {
			return nil, err
		}
		part := parts[len(parts)-1]
		if n.Objtype == pg.ObjectType_OBJECT_TABCONSTRAINT {
			oid := constraintNamed(r, part)
			if oid == 0 {
				return nil, pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", part, r.Name)
			}
			c.On = desc.ID{Class: desc.ClassConstraint, OID: oid}
			return c, nil
		}
		number, _ := r.Column(part)
		if number == 0 {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", part, r.Name)
		}
		c.On = desc.ID{Class: desc.ClassRelation, OID: r.OID, Sub: number}
	case pg.ObjectType_OBJECT_SCHEMA:
		oid, err := b.schema(name, -1)
		if err != nil {
			return nil, err
		}
		c.On = desc.ID{Class: desc.ClassSchema, OID: oid}
	case pg.ObjectType_OBJECT_DATABASE:
		db, err := b.database(name)
		if err != nil {
			return nil, err
		}
		c.On = db.ID()
	case pg.ObjectType_OBJECT_ROLE:
		oid, err := b.role(&pg.RoleSpec{Roletype: pg.RoleSpecType_ROLESPEC_CSTRING, Rolename: name})
		if err != nil {
			return nil, err
		}
		c.On = desc.ID{Class: desc.ClassRole, OID: oid}
	case pg.ObjectType_OBJECT_EXTENSION:
		x := b.Catalog.Find(desc.Lookup{Class: desc.ClassExtension, Name: name})
		if x == nil {
			return nil, pgerr.Newf(pgerr.UndefinedObject, "extension \"%s\" does not exist", name)
		}
		c.On = x.ID()
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		t, _, err := b.TypeName(n.Object.GetTypeName())
		if err != nil {
			return nil, err
		}
		c.On = desc.ID{Class: desc.ClassType, OID: t.OID}
	default:
		return nil, pgerr.Unsupported("COMMENT ON %s", strings.ToUpper(strings.TrimPrefix(n.Objtype.String(), "OBJECT_")))
	}
	return c, nil
}

func constraintNamed(r *desc.Relation, name string) types.OID {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.OID
		}
	}
	for _, u := range r.Uniques {
		if u.Name == name {
			return u.OID
		}
	}
	for _, f := range r.ForeignKeys {
		if f.Name == name {
			return f.OID
		}
	}
	return 0
}

// createDatabase binds CREATE DATABASE.
func (b *Binder) createDatabase(n *pg.CreatedbStmt) (logical.Utility, error) {
	c := &logical.CreateDatabase{Template: desc.TemplateDatabase}
	c.Database = desc.Database{Name: n.Dbname, Owner: b.User}
	template := "template1"
	for _, o := range n.Options {
		d := o.GetDefElem()
		text := optionText(d.Arg)
		if d.Arg == nil {
			continue // DEFAULT
		}
		switch d.Defname {
		case "template":
			template = text
		case "owner":
			oid, err := b.role(&pg.RoleSpec{Roletype: pg.RoleSpecType_ROLESPEC_CSTRING, Rolename: text})
			if err != nil {
				return nil, err
			}
			c.Database.Owner = oid
		case "encoding":
			if e := strings.ToUpper(strings.ReplaceAll(text, "-", "")); e != "UTF8" && e != "UNICODE" && text != "6" {
				return nil, pgerr.Newf(pgerr.InvalidParameterValue, "new encoding (%s) is incompatible with the encoding of the template database (UTF8)", e).
					WithHint("Use the same encoding as in the template database, or use template0 as template.")
			}
		case "lc_collate":
			c.Database.Collate = text
		case "lc_ctype":
			c.Database.Ctype = text
		case "locale":
			c.Database.Collate, c.Database.Ctype = text, text
		case "locale_provider":
			if text != "libc" {
				return nil, pgerr.Unsupported("locale provider \"%s\"", text)
			}
		case "strategy", "collation_version", "oid": // without effect here
		case "tablespace":
			if text != "pg_default" {
				return nil, pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", text)
			}
		default:
			set, err := databaseOption(d)
			if err != nil {
				return nil, err
			}
			set(&c.Database)
		}
	}
	from, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassDatabase, Name: template}).(*desc.Database)
	if !ok {
		return nil, pgerr.Newf(pgerr.UndefinedDatabase, "template database \"%s\" does not exist", template)
	}
	c.Template = from.OID
	if c.Database.Collate == "" {
		c.Database.Collate = from.Collate
	}
	if c.Database.Ctype == "" {
		c.Database.Ctype = from.Ctype
	}
	return c, nil
}

// databaseOption is one of what CREATE and ALTER DATABASE share.
func databaseOption(d *pg.DefElem) (func(*desc.Database), error) {
	text := optionText(d.Arg)
	on := d.Arg.GetBoolean().GetBoolval() || text == "true" && d.Arg.GetBoolean() == nil
	switch d.Defname {
	case "connection_limit":
		limit := d.Arg.GetInteger().GetIval()
		if limit < -1 {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid connection limit: %d", limit)
		}
		return func(x *desc.Database) {
			if x.ConnLimit = &limit; limit < 0 {
				x.ConnLimit = nil
			}
		}, nil
	case "is_template":
		return func(x *desc.Database) { x.Template = on }, nil
	case "allow_connections":
		return func(x *desc.Database) { x.NoConnect = !on }, nil
	}
	return nil, pgerr.Newf(pgerr.SyntaxError, "option \"%s\" not recognized", d.Defname)
}

func (b *Binder) alterDatabase(n *pg.AlterDatabaseStmt) (logical.Utility, error) {
	db, err := b.database(n.Dbname)
	if err != nil {
		return nil, err
	}
	var list []func(*desc.Database)
	for _, o := range n.Options {
		set, err := databaseOption(o.GetDefElem())
		if err != nil {
			return nil, err
		}
		list = append(list, set)
	}
	return &logical.AlterDatabase{Database: db.OID, Change: func(d *desc.Database) {
		for _, set := range list {
			set(d)
		}
	}}, nil
}

func (b *Binder) dropDatabase(n *pg.DropdbStmt) (logical.Utility, error) {
	d := &logical.DropDatabase{}
	for _, o := range n.Options {
		if d.Force = o.GetDefElem().Defname == "force"; !d.Force {
			return nil, pgerr.Newf(pgerr.SyntaxError, "unrecognized DROP DATABASE option \"%s\"", o.GetDefElem().Defname)
		}
	}
	db, err := b.database(n.Dbname)
	if err != nil {
		if n.MissingOk {
			d.Missing = "database \"" + n.Dbname + "\""
			return d, nil
		}
		return nil, err
	}
	d.Database = db.OID
	return d, nil
}
