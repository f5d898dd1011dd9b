package ddl

import (
	"slices"

	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/internal/pgerr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// grant gives or takes privileges (PostgreSQL manual, GRANT and REVOKE).
func (x *Executor) grant(u *logical.Grant) error {
	for _, id := range u.Objects {
		if err := x.grantOn(id, u); err != nil {
			return err
		}
	}
	return nil
}

func (x *Executor) grantOn(id desc.ID, u *logical.Grant) error {
	switch o := x.Writer.Snapshot().Get(id.Class, id.OID).(type) {
	case *desc.Relation:
		return x.grantRelation(o, u)
	case *desc.Schema:
		list, err := x.granting(u, u.Privileges, o.Owner, 'n', o.Grants, "schema "+o.Name)
		c := *o
		c.Grants = list
		return x.put(&c, err)
	case *desc.Database:
		list, err := x.granting(u, u.Privileges, o.Owner, 'd', o.Grants, "database "+o.Name)
		c := *o
		c.Grants = list
		return x.put(&c, err)
	}
	return pgerr.Internal("cannot grant on object of class %d", id.Class)
}

func (x *Executor) put(o desc.Object, err error) error {
	if err != nil {
		return err
	}
	return x.Writer.Put(x.Context, o)
}

func (x *Executor) grantRelation(r *desc.Relation, u *logical.Grant) error {
	c := r.Clone()
	class := byte('r')
	if r.Kind == desc.SequenceKind {
		class = 's'
	}
	what := words[r.Kind] + " " + r.Name
	if u.All || u.Privileges != 0 {
		list, err := x.granting(u, u.Privileges, r.Owner, class, r.Grants, what)
		if err != nil {
			return err
		}
		c.Grants = list
	}
	for _, p := range u.Columns {
		bits := p.Privileges
		if bits == 0 {
			bits = desc.Select | desc.Insert | desc.Update | desc.References
		}
		for _, name := range p.Names {
			n, _ := c.Column(name)
			if n == 0 {
				return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, r.Name)
			}
			held := c.Columns[n-1].Grants
			if held == nil {
				held = []desc.Grant{}
			}
			list, err := x.granting(u, bits, r.Owner, 'c', held, "column \""+name+"\" of relation \""+r.Name+"\"")
			if err != nil {
				return err
			}
			if len(list) == 0 {
				list = nil
			}
			c.Columns[n-1].Grants = list
		}
	}
	// Taking a privilege on the table takes it on the columns too.
	if u.Revoke && (u.All || u.Privileges != 0) {
		for i := range c.Columns {
			if len(c.Columns[i].Grants) == 0 {
				continue
			}
			list, err := x.granting(u, u.Privileges, r.Owner, 'c', c.Columns[i].Grants, what)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				list = nil
			}
			c.Columns[i].Grants = list
		}
	}
	return x.Writer.Put(x.Context, c)
}

// granting makes the new list of grants of an object.
func (x *Executor) granting(u *logical.Grant, bits desc.Privilege, owner types.OID, class byte, held []desc.Grant, what string) ([]desc.Grant, error) {
	snapshot := x.Writer.Snapshot()
	d := privilege.Defaults[class]
	all := d.Owner
	if class == 'c' {
		all = desc.Select | desc.Insert | desc.Update | desc.References
	}
	if u.All && bits == 0 || bits&^all != 0 && class == 'c' {
		bits &= all
		if u.All {
			bits = all
		}
	}
	list := slices.Clone(held)
	if held == nil {
		if d.Public != 0 {
			list = append(list, desc.Grant{Grantor: owner, Privileges: d.Public})
		}
		list = append(list, desc.Grant{Grantee: owner, Grantor: owner, Privileges: d.Owner})
	}
	// The owner, or a superuser in its place, grants as the owner; others what they
	// hold grant options for.
	grantor, may := privilege.Grantor(snapshot, x.User, owner, list, bits)
	switch have, _ := privilege.Held(snapshot, x.User, owner, class, list); {
	case may == 0 && have == 0 && bits != 0:
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for %s", what)
	case may == 0 && bits != 0:
		x.warn(u, what, "no privileges were granted for \"%s\"", "no privileges could be revoked for \"%s\"")
	case may != bits && !u.All:
		x.warn(u, what, "not all privileges were granted for \"%s\"", "not all privileges could be revoked for \"%s\"")
	}
	for _, grantee := range u.Grantees {
		if !u.Revoke {
			list = give(list, desc.Grant{Grantee: grantee, Grantor: grantor, Privileges: may}, u.Option, owner)
			continue
		}
		var err error
		if list, err = take(list, grantee, grantor, may, u.Option, u.Cascade, owner); err != nil {
			return nil, err
		}
	}
	if list == nil {
		list = []desc.Grant{}
	}
	return list, nil
}

func (x *Executor) warn(u *logical.Grant, what, granted, revoked string) {
	text, code := granted, pgerr.WarningPrivilegeNotGranted
	if u.Revoke {
		text, code = revoked, pgerr.WarningPrivilegeNotRevoked
	}
	name := what
	if i := slices.Index([]byte(what), ' '); i >= 0 {
		name = what[i+1:]
	}
	e := pgerr.Newf(code, text, name)
	e.Severity = "WARNING"
	x.Notice(e)
}

// give adds to what a grantee has from a grantor.
func give(list []desc.Grant, g desc.Grant, option bool, owner types.OID) []desc.Grant {
	if option && g.Grantee != owner {
		g.Options = g.Privileges
	}
	for i := range list {
		if list[i].Grantee == g.Grantee && list[i].Grantor == g.Grantor {
			list[i].Privileges |= g.Privileges
			list[i].Options |= g.Options
			return list
		}
	}
	return append(list, g)
}

// take removes what a grantee has from a grantor (or only the option to grant it),
// with CASCADE also what the grantee has granted on.
func take(list []desc.Grant, grantee, grantor types.OID, bits desc.Privilege, option, cascade bool, owner types.OID) ([]desc.Grant, error) {
	lost := desc.Privilege(0)
	for i := range list {
		if list[i].Grantee != grantee || list[i].Grantor != grantor {
			continue
		}
		lost |= list[i].Options & bits
		list[i].Options &^= bits
		if !option {
			list[i].Privileges &^= bits
		}
	}
	list = slices.DeleteFunc(list, func(g desc.Grant) bool { return g.Privileges == 0 })
	for _, g := range list { // another grantor may have given the option too
		if g.Grantee == grantee {
			lost &^= g.Options
		}
	}
	if lost == 0 || grantee == owner {
		return list, nil
	}
	for _, g := range slices.Clone(list) {
		if g.Grantor != grantee || g.Privileges&lost == 0 {
			continue
		}
		if !cascade {
			return nil, pgerr.New(pgerr.DependentObjectsStillExist, "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
		}
		var err error
		if list, err = take(list, g.Grantee, grantee, lost, false, true, owner); err != nil {
			return nil, err
		}
	}
	return list, nil
}
