package ddl

import (
	"slices"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

func (x *Executor) me() *desc.Role {
	if r := x.Writer.Snapshot().Role(x.User); r != nil {
		return r
	}
	return &desc.Role{}
}

func (x *Executor) createRole(u *logical.CreateRole) error {
	me := x.me()
	switch r := &u.Role; {
	case r.Superuser && !me.Superuser:
		return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to create superusers")
	case r.Replication && !me.Superuser:
		return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to create replication users")
	case r.BypassRLS && !me.Superuser:
		return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to create bypassrls users")
	case !me.Superuser && !me.CreateRole:
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to create role")
	}
	if name := u.Role.Name; strings.HasPrefix(name, "pg_") || name == "public" || name == "none" {
		e := pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", name)
		if strings.HasPrefix(name, "pg_") {
			e.WithDetail("Role names starting with \"pg_\" are reserved.")
		}
		return e
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRole, Name: u.Role.Name})
	if err != nil {
		return err
	}
	if taken {
		return pgerr.Newf(pgerr.DuplicateObject, "role \"%s\" already exists", u.Role.Name)
	}
	r := u.Role
	if r.OID, err = x.Writer.NewOID(x.Context); err != nil {
		return err
	}
	if err := x.setPassword(&r, u.Password); err != nil {
		return err
	}
	if err := x.Writer.Put(x.Context, &r); err != nil {
		return err
	}
	if err := x.enroll([]types.OID{r.OID}, u.In, false); err != nil {
		return err
	}
	if err := x.enroll(u.Members, []types.OID{r.OID}, false); err != nil {
		return err
	}
	return x.enroll(u.Admins, []types.OID{r.OID}, true)
}

// setPassword keeps the verifier of a password; nil leaves the old one, "" removes it.
func (x *Executor) setPassword(r *desc.Role, password *string) error {
	if password == nil {
		return nil
	}
	if *password == "" {
		r.Password = ""
		return nil
	}
	var err error
	r.Password, err = x.Verifier(*password)
	return err
}

func (x *Executor) alterRole(u *logical.AlterRole) error {
	me, r := x.me(), x.Writer.Snapshot().Role(u.Role)
	switch {
	case r == nil:
		return pgerr.Internal("role %d is gone", u.Role)
	case strings.HasPrefix(r.Name, "pg_"):
		return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", r.Name).WithDetail("Role names starting with \"pg_\" are reserved.")
	case me.Superuser:
	case r.Superuser || u.Super:
		return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to alter superuser roles or change superuser attribute")
	case !me.CreateRole && !(u.OwnOnly && r.OID == me.OID):
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied")
	}
	c := *r
	u.Change(&c)
	if err := x.setPassword(&c, u.Password); err != nil {
		return err
	}
	return x.Writer.Put(x.Context, &c)
}

func (x *Executor) grantRole(u *logical.GrantRole) error {
	for _, oid := range u.Roles {
		r := x.Writer.Snapshot().Role(oid)
		me := x.me()
		switch {
		case r.Superuser && !me.Superuser:
			return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to alter superusers")
		case !me.Superuser && !me.CreateRole && !privilege.Admin(x.Writer.Snapshot(), x.User, oid):
			return pgerr.Newf(pgerr.InsufficientPrivilege, "must have admin option on role \"%s\"", r.Name)
		}
	}
	if !u.Revoke {
		return x.enroll(u.Members, u.Roles, u.Admin)
	}
	for _, member := range u.Members {
		c := *x.Writer.Snapshot().Role(member)
		c.MemberOf = slices.Clone(c.MemberOf)
		for _, oid := range u.Roles {
			at := slices.IndexFunc(c.MemberOf, func(m desc.Membership) bool { return m.Role == oid })
			switch {
			case at < 0:
				e := pgerr.Newf(pgerr.Warning, "role \"%s\" is not a member of role \"%s\"", c.Name, x.Writer.Snapshot().Role(oid).Name)
				e.Severity = "WARNING"
				x.Notice(e)
			case u.Admin:
				c.MemberOf[at].Admin = false
			default:
				c.MemberOf = slices.Delete(c.MemberOf, at, at+1)
			}
		}
		if err := x.Writer.Put(x.Context, &c); err != nil {
			return err
		}
	}
	return nil
}

// enroll makes roles members of others.
func (x *Executor) enroll(members, of []types.OID, admin bool) error {
	for _, member := range members {
		c := *x.Writer.Snapshot().Role(member)
		c.MemberOf = slices.Clone(c.MemberOf)
		for _, oid := range of {
			group := x.Writer.Snapshot().Role(oid)
			if oid == member || privilege.Reaches(x.Writer.Snapshot(), oid, member) {
				return pgerr.Newf(pgerr.InvalidGrantOperation, "role \"%s\" is a member of role \"%s\"", group.Name, c.Name)
			}
			at := slices.IndexFunc(c.MemberOf, func(m desc.Membership) bool { return m.Role == oid })
			switch {
			case at < 0:
				c.MemberOf = append(c.MemberOf, desc.Membership{Role: oid, Grantor: x.User, Admin: admin})
			case admin && !c.MemberOf[at].Admin:
				c.MemberOf[at].Admin = true
			default:
				x.notice(pgerr.SuccessfulCompletion, "role \"%s\" is already a member of role \"%s\"", c.Name, group.Name)
			}
		}
		if err := x.Writer.Put(x.Context, &c); err != nil {
			return err
		}
	}
	return nil
}

// dropRole drops roles that own nothing and hold no privileges.
func (x *Executor) dropRole(u *logical.DropRole) error {
	me := x.me()
	if !me.Superuser && !me.CreateRole {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to drop role")
	}
	for _, m := range u.Missing {
		x.notice(pgerr.SuccessfulCompletion, "%s does not exist, skipping", m)
	}
	for _, oid := range u.Roles {
		r := x.Writer.Snapshot().Role(oid)
		switch {
		case r == nil:
			continue
		case oid == x.User:
			return pgerr.New(pgerr.ObjectInUse, "current user cannot be dropped")
		case r.Superuser && !me.Superuser:
			return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to drop superusers")
		case oid < desc.FirstUser:
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop role %s because it is required by the database system", r.Name)
		}
		uses, err := x.usesOf(oid)
		if err != nil {
			return err
		}
		if uses != nil {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "role \"%s\" cannot be dropped because some objects depend on it", r.Name).
				WithDetail("%s", strings.Join(uses, "\n"))
		}
		for o := range x.Writer.Snapshot().All(desc.ClassRole) {
			if m := o.(*desc.Role); slices.ContainsFunc(m.MemberOf, func(m desc.Membership) bool { return m.Role == oid }) {
				c := *m
				c.MemberOf = slices.DeleteFunc(slices.Clone(c.MemberOf), func(m desc.Membership) bool { return m.Role == oid })
				if err := x.Writer.Put(x.Context, &c); err != nil {
					return err
				}
			}
		}
		if err := x.forget(r.ID()); err != nil {
			return err
		}
		if err := x.Writer.Delete(x.Context, r.ID()); err != nil {
			return err
		}
	}
	return nil
}

// usesOf lists why a role cannot go, as PostgreSQL words it: objects here, then how
// many there are in other databases.
func (x *Executor) usesOf(role types.OID) ([]string, error) {
	var uses []string
	mine := func(what string, owner types.OID, grants []desc.Grant) {
		switch {
		case owner == role:
			uses = append(uses, "owner of "+what)
		case slices.ContainsFunc(grants, func(g desc.Grant) bool { return g.Grantee == role || g.Grantor == role }):
			uses = append(uses, "privileges for "+what)
		}
	}
	snapshot := x.Writer.Snapshot()
	for o := range snapshot.All(desc.ClassDatabase) {
		d := o.(*desc.Database)
		mine("database "+d.Name, d.Owner, d.Grants)
	}
	for o := range snapshot.All(desc.ClassRelation) {
		r := o.(*desc.Relation)
		if r.OID < desc.FirstUser || r.Kind == desc.Index || r.Owned != nil {
			continue
		}
		mine(words[r.Kind]+" "+x.relationName(r), r.Owner, r.Grants)
		for i := range r.Columns {
			c := &r.Columns[i]
			mine("column "+c.Name+" of "+words[r.Kind]+" "+x.relationName(r), 0, c.Grants)
		}
	}
	for o := range snapshot.All(desc.ClassSchema) {
		s := o.(*desc.Schema)
		mine("schema "+s.Name, s.Owner, s.Grants)
	}
	for o := range snapshot.All(desc.ClassDatabase) {
		d := o.(*desc.Database)
		if d.OID == x.Database {
			continue
		}
		other, err := x.Catalog.Latest(d.OID)
		if err != nil {
			return nil, err
		}
		n := 0
		for o := range other.All(desc.ClassRelation) {
			if r := o.(*desc.Relation); r.OID >= desc.FirstUser && r.Kind != desc.Index && (r.Owner == role ||
				slices.ContainsFunc(r.Grants, func(g desc.Grant) bool { return g.Grantee == role || g.Grantor == role })) {
				n++
			}
		}
		for o := range other.All(desc.ClassSchema) {
			if s := o.(*desc.Schema); s.Owner == role {
				n++
			}
		}
		switch {
		case n == 1:
			uses = append(uses, "1 object in database "+d.Name)
		case n > 1:
			uses = append(uses, plural(n)+" in database "+d.Name)
		}
	}
	return uses, nil
}

// reassignOwned gives what roles own in this database to another.
func (x *Executor) reassignOwned(u *logical.ReassignOwned) error {
	for _, oid := range append(slices.Clone(u.Roles), u.To) {
		if !privilege.Inherits(x.Writer.Snapshot(), x.User, oid) {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to reassign objects")
		}
	}
	snapshot := x.Writer.Snapshot()
	for o := range snapshot.All(desc.ClassRelation) {
		if r := o.(*desc.Relation); slices.Contains(u.Roles, r.Owner) {
			if err := x.lock(r.OID, kv.AccessExclusive); err != nil {
				return err
			}
			if err := x.change(r.OID, func(c *desc.Relation) {
				c.Grants = reowned(c.Grants, c.Owner, u.To)
				c.Owner = u.To
			}); err != nil {
				return err
			}
		}
	}
	for o := range snapshot.All(desc.ClassSchema) {
		if s := o.(*desc.Schema); slices.Contains(u.Roles, s.Owner) {
			c := *s
			c.Grants, c.Owner = reowned(s.Grants, s.Owner, u.To), u.To
			if err := x.Writer.Put(x.Context, &c); err != nil {
				return err
			}
		}
	}
	for o := range snapshot.All(desc.ClassDatabase) {
		if d := o.(*desc.Database); slices.Contains(u.Roles, d.Owner) {
			c := *d
			c.Grants, c.Owner = reowned(d.Grants, d.Owner, u.To), u.To
			if err := x.Writer.Put(x.Context, &c); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropOwned drops what roles own here, and takes their privileges.
func (x *Executor) dropOwned(u *logical.DropOwned) error {
	for _, oid := range u.Roles {
		if !privilege.Inherits(x.Writer.Snapshot(), x.User, oid) {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to drop objects")
		}
	}
	strip := func(list []desc.Grant) []desc.Grant {
		return slices.DeleteFunc(slices.Clone(list), func(g desc.Grant) bool {
			return slices.Contains(u.Roles, g.Grantee) || slices.Contains(u.Roles, g.Grantor)
		})
	}
	var drop []desc.ID
	for o := range x.Writer.Snapshot().All(desc.ClassSchema) {
		switch s := o.(*desc.Schema); {
		case slices.Contains(u.Roles, s.Owner):
			drop = append(drop, s.ID())
		case len(strip(s.Grants)) != len(s.Grants):
			c := *s
			c.Grants = strip(s.Grants)
			if err := x.Writer.Put(x.Context, &c); err != nil {
				return err
			}
		}
	}
	for o := range x.Writer.Snapshot().All(desc.ClassRelation) {
		switch r := o.(*desc.Relation); {
		case slices.Contains(u.Roles, r.Owner) && r.Index == nil:
			drop = append(drop, r.ID())
		default:
			changed := len(strip(r.Grants)) != len(r.Grants)
			for i := range r.Columns {
				changed = changed || len(strip(r.Columns[i].Grants)) != len(r.Columns[i].Grants)
			}
			if !changed {
				continue
			}
			if err := x.change(r.OID, func(r *desc.Relation) {
				r.Grants = strip(r.Grants)
				for i := range r.Columns {
					if c := &r.Columns[i]; len(c.Grants) > 0 {
						if c.Grants = strip(c.Grants); len(c.Grants) == 0 {
							c.Grants = nil
						}
					}
				}
			}); err != nil {
				return err
			}
		}
	}
	for o := range x.Writer.Snapshot().All(desc.ClassDatabase) {
		if d := o.(*desc.Database); len(strip(d.Grants)) != len(d.Grants) {
			c := *d
			c.Grants = strip(d.Grants)
			if err := x.Writer.Put(x.Context, &c); err != nil {
				return err
			}
		}
	}
	if drop == nil {
		return nil
	}
	return x.drop(&logical.Drop{What: "OWNED", Objects: drop, Cascade: u.Cascade})
}

// configure keeps a setting's default for a role, a database or both.
func (x *Executor) configure(u *logical.Configure) error {
	if u.Name != "" && !u.Reset {
		var err error
		if u.Name, err = x.CheckSetting(u.Name, u.Value); err != nil {
			return err
		}
	}
	edit := func(list []string) []string {
		if u.Name == "" {
			return nil
		}
		list = slices.DeleteFunc(slices.Clone(list), func(o string) bool {
			return len(o) > len(u.Name) && o[len(u.Name)] == '=' && strings.EqualFold(o[:len(u.Name)], u.Name)
		})
		if !u.Reset {
			list = append(list, u.Name+"="+u.Value)
		}
		return list
	}
	snapshot, me := x.Writer.Snapshot(), x.me()
	if u.Database != 0 {
		d := *snapshot.Get(desc.ClassDatabase, u.Database).(*desc.Database)
		if u.Role == 0 {
			if !x.isOwner(d.Owner) {
				return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of database %s", d.Name)
			}
			d.Config = edit(d.Config)
			return x.Writer.Put(x.Context, &d)
		}
		if !me.Superuser && !me.CreateRole && u.Role != x.User {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied")
		}
		key := oidText(u.Role)
		config := map[string][]string{}
		for k, v := range d.RoleConfig {
			config[k] = v
		}
		if config[key] = edit(config[key]); len(config[key]) == 0 {
			delete(config, key)
		}
		d.RoleConfig = config
		return x.Writer.Put(x.Context, &d)
	}
	if u.Role == 0 {
		return pgerr.Unsupported("ALTER ROLE ALL SET")
	}
	r := *snapshot.Role(u.Role)
	switch {
	case me.Superuser:
	case r.Superuser:
		return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to alter superusers")
	case !me.CreateRole && r.OID != x.User:
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied")
	}
	r.Config = edit(r.Config)
	return x.Writer.Put(x.Context, &r)
}
