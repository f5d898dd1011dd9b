package system

import (
	_ "embed"
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/types"
)

//go:embed facts/roles.tsv
var roleFacts string

// PredefinedRoles lists the roles that a new node has (manual, 22.5).
func PredefinedRoles() []*desc.Role {
	var list []*desc.Role
	for _, f := range types.Facts(roleFacts) {
		role := &desc.Role{OID: types.FactOID(f[0]), Name: f[1]}
		if f[2] != `\N` {
			for _, of := range strings.Fields(f[2]) {
				role.MemberOf = append(role.MemberOf, desc.Membership{Role: types.FactOID(of), Grantor: desc.Superuser})
			}
		}
		list = append(list, role)
	}
	return list
}

// The predefined roles that the program itself asks for.
const (
	DatabaseOwner types.OID = 6171
	ReadAllStats  types.OID = 3375
)

func predefined(name string) types.OID {
	for _, f := range types.Facts(roleFacts) {
		if f[1] == name {
			return types.FactOID(f[0])
		}
	}
	return 0
}

// limit is a connection limit, -1 for none.
func limit(n *int32) int32 {
	if n == nil {
		return -1
	}
	return *n
}

// roles is pg_authid.
func roles() Table {
	return Table{Name: "pg_authid", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassRole) {
			x := o.(*desc.Role)
			var until any
			if x.ValidUntil != nil {
				until = *x.ValidUntil
			}
			r.Add(x.OID, x.Name, x.Superuser, !x.NoInherit, x.CreateRole, x.CreateDB, x.Login, x.Replication, x.BypassRLS, limit(x.ConnLimit),
				orNull(x.Password), until)
		}
	}}
}

// members is pg_auth_members.
func members() Table {
	return Table{Name: "pg_auth_members", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassRole) {
			x := o.(*desc.Role)
			for _, m := range x.MemberOf {
				r.Add(m.Role, x.OID, m.Grantor, m.Admin)
			}
		}
	}}
}

const utf8 = 6 // pg_char_to_encoding('UTF8')

// The tablespaces: everything is in the first, but what all databases share.
const (
	defaultSpace types.OID = 1663
	globalSpace  types.OID = 1664
)

// databases is pg_database.
func databases() Table {
	return Table{Name: "pg_database", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassDatabase) {
			d := o.(*desc.Database)
			r.Add(d.OID, d.Name, d.Owner, utf8, byte('c'), d.Template, !d.NoConnect, limit(d.ConnLimit), frozen, 1, defaultSpace,
				d.Collate, d.Ctype, nil, nil, aclOf(s, d.Grants))
		}
	}}
}

// roleSettings is pg_db_role_setting.
func roleSettings() Table {
	return Table{Name: "pg_db_role_setting", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassRole) {
			if x := o.(*desc.Role); len(x.Config) > 0 {
				r.Add(0, x.OID, x.Config)
			}
		}
		for o := range s.All(desc.ClassDatabase) {
			d := o.(*desc.Database)
			if len(d.Config) > 0 {
				r.Add(d.OID, 0, d.Config)
			}
			for _, role := range sorted(d.RoleConfig) {
				n, _ := strconv.ParseUint(role, 10, 32)
				r.Add(d.OID, types.OID(n), d.RoleConfig[role])
			}
		}
	}}
}

// tablespaces is pg_tablespace.
func tablespaces() Table {
	return Table{Name: "pg_tablespace", Fill: func(r *Rows, _ *Source) {
		r.Add(defaultSpace, "pg_default", desc.Superuser, nil, nil)
		r.Add(globalSpace, "pg_global", desc.Superuser, nil, nil)
	}}
}
