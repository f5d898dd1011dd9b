package bind

import (
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// privileges are the words of GRANT.
var privileges = map[string]desc.Privilege{
	"insert": desc.Insert, "select": desc.Select, "update": desc.Update, "delete": desc.Delete, "truncate": desc.Truncate,
	"references": desc.References, "trigger": desc.Trigger, "execute": desc.Execute, "usage": desc.Usage, "create": desc.Create,
	"temporary": desc.Temporary, "temp": desc.Temporary, "connect": desc.Connect, "set": desc.SetParameter, "alter system": desc.AlterSystem,
}

// granted says for a class of objects its letter, word and privileges.
type granted struct {
	letter byte
	word   string
	has    desc.Privilege
}

const columnPrivileges = desc.Select | desc.Insert | desc.Update | desc.References

var grantable = map[pg.ObjectType]granted{
	pg.ObjectType_OBJECT_TABLE:    {'r', "table", desc.Insert | desc.Select | desc.Update | desc.Delete | desc.Truncate | desc.References | desc.Trigger},
	pg.ObjectType_OBJECT_SEQUENCE: {'s', "sequence", desc.Select | desc.Update | desc.Usage},
	pg.ObjectType_OBJECT_SCHEMA:   {'n', "schema", desc.Usage | desc.Create},
	pg.ObjectType_OBJECT_DATABASE: {'d', "database", desc.Create | desc.Temporary | desc.Connect},
}

func (b *Binder) grant(n *pg.GrantStmt) (logical.Utility, error) {
	class, ok := grantable[n.Objtype]
	if !ok {
		return nil, pgerr.Unsupported("GRANT on objects of type %s", strings.ToLower(strings.TrimPrefix(n.Objtype.String(), "OBJECT_")))
	}
	g := &logical.Grant{Revoke: !n.IsGrant, Class: class.letter, Option: n.GrantOption, Cascade: n.Behavior == pg.DropBehavior_DROP_CASCADE}
	if n.Grantor != nil {
		grantor, err := b.role(n.Grantor)
		if err != nil {
			return nil, err
		}
		if grantor != b.User {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "grantor must be current user")
		}
	}
	if err := b.grantObjects(g, n, class); err != nil {
		return nil, err
	}
	g.All = len(n.Privileges) == 0
	for _, p := range n.Privileges {
		a := p.GetAccessPriv()
		bit, known := privileges[a.PrivName]
		if !known && a.PrivName != "" {
			return nil, pgerr.Newf(pgerr.SyntaxError, "unrecognized privilege type \"%s\"", a.PrivName)
		}
		if len(a.Cols) > 0 {
			if bit&^columnPrivileges != 0 {
				return nil, pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for column", strings.ToUpper(a.PrivName))
			}
			if class.letter != 'r' {
				return nil, pgerr.New(pgerr.InvalidGrantOperation, "column privileges are only valid for relations")
			}
			g.Columns = append(g.Columns, logical.ColumnPrivilege{Privileges: bit, Names: names(a.Cols)})
			continue
		}
		if bit&^class.has != 0 && !(class.letter == 'r' && b.allSequences(g.Objects) && bit&(desc.Usage|desc.Select|desc.Update) != 0) {
			return nil, pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for %s", strings.ToUpper(a.PrivName), relationWord(class.word))
		}
		g.Privileges |= bit
	}
	for _, r := range n.Grantees {
		spec := r.GetRoleSpec()
		if spec.Roletype == pg.RoleSpecType_ROLESPEC_PUBLIC {
			if g.Option && !g.Revoke {
				return nil, pgerr.New(pgerr.InvalidGrantOperation, "grant options can only be granted to roles")
			}
			g.Grantees = append(g.Grantees, 0)
			continue
		}
		oid, err := b.role(spec)
		if err != nil {
			return nil, err
		}
		g.Grantees = append(g.Grantees, oid)
	}
	return g, nil
}

func relationWord(word string) string {
	if word == "table" {
		return "relation"
	}
	return word
}

func (b *Binder) allSequences(list []desc.ID) bool {
	for _, id := range list {
		if r := b.Catalog.Relation(id.OID); r == nil || r.Kind != desc.SequenceKind {
			return false
		}
	}
	return len(list) > 0
}

func (b *Binder) grantObjects(g *logical.Grant, n *pg.GrantStmt, class granted) error {
	if n.Targtype == pg.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA {
		for _, name := range names(n.Objects) {
			schema, err := b.schema(name, -1)
			if err != nil {
				return err
			}
			for o := range b.Catalog.All(desc.ClassRelation) {
				r := o.(*desc.Relation)
				if r.Schema == schema && (class.letter == 's') == (r.Kind == desc.SequenceKind) && r.Kind != desc.Index {
					g.Objects = append(g.Objects, r.ID())
				}
			}
		}
		return nil
	}
	if n.Targtype == pg.GrantTargetType_ACL_TARGET_DEFAULTS {
		return pgerr.Unsupported("ALTER DEFAULT PRIVILEGES")
	}
	for _, o := range n.Objects {
		switch class.letter {
		case 'r', 's':
			r, _, err := b.altered(o.GetRangeVar(), false)
			if err != nil {
				return err
			}
			if class.letter == 's' && r.Kind != desc.SequenceKind {
				return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", r.Name)
			}
			if r.Kind == desc.Index {
				return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an index", r.Name)
			}
			g.Objects = append(g.Objects, r.ID())
		case 'n':
			oid, err := b.schema(o.GetString_().GetSval(), -1)
			if err != nil {
				return err
			}
			g.Objects = append(g.Objects, desc.ID{Class: desc.ClassSchema, OID: oid})
		case 'd':
			db, err := b.database(o.GetString_().GetSval())
			if err != nil {
				return err
			}
			g.Objects = append(g.Objects, db.ID())
		}
	}
	return nil
}

func (b *Binder) database(name string) (*desc.Database, error) {
	if x, ok := b.Catalog.Find(desc.Lookup{Class: desc.ClassDatabase, Name: name}).(*desc.Database); ok {
		return x, nil
	}
	return nil, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", name)
}

func (b *Binder) roles(list []*pg.Node) ([]types.OID, error) {
	var out []types.OID
	for _, n := range list {
		var oid types.OID
		var err error
		if a := n.GetAccessPriv(); a != nil {
			oid, err = b.role(&pg.RoleSpec{Roletype: pg.RoleSpecType_ROLESPEC_CSTRING, Rolename: a.PrivName})
		} else {
			oid, err = b.role(n.GetRoleSpec())
		}
		if err != nil {
			return nil, err
		}
		out = append(out, oid)
	}
	return out, nil
}

func (b *Binder) grantRole(n *pg.GrantRoleStmt) (logical.Utility, error) {
	g := &logical.GrantRole{Revoke: !n.IsGrant}
	for _, o := range n.Opt {
		switch d := o.GetDefElem(); d.Defname {
		case "admin":
			g.Admin = d.Arg == nil || d.Arg.GetBoolean().GetBoolval() || g.Revoke
		default:
			return nil, pgerr.Unsupported("role option %s", d.Defname)
		}
	}
	var err error
	if g.Roles, err = b.roles(n.GrantedRoles); err != nil {
		return nil, err
	}
	g.Members, err = b.roles(n.GranteeRoles)
	return g, err
}
