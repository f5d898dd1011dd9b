// Package privilege answers who may do what: roles and their memberships, and the
// grants on objects. It only reads descriptors.
//
// Invariants:
//
//	R1  A superuser has every privilege, and is a member of every role.
//	R2  An owner's privileges on what it owns come from the grants, if there are any,
//	    and from the default of the class otherwise; granting is always an owner's right.
package privilege

import (
	"math/bits"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/types"
)

// The predefined roles that count here (manual, 22.5).
const (
	DatabaseOwner types.OID = 6171
	ReadAllData   types.OID = 6181
	WriteAllData  types.OID = 6182
)

// Defaults are the privileges that PUBLIC and the owner have where nothing was
// granted or revoked, by pg_default_acl's letters of the classes: r relation, s
// sequence, d database, f function, n schema, T type, l language, t tablespace,
// L large object, F foreign-data wrapper, S server, p parameter.
var Defaults = map[byte]struct{ Public, Owner desc.Privilege }{
	'c': {},
	'r': {0, desc.Insert | desc.Select | desc.Update | desc.Delete | desc.Truncate | desc.References | desc.Trigger},
	's': {0, desc.Select | desc.Update | desc.Usage},
	'd': {desc.Temporary | desc.Connect, desc.Create | desc.Temporary | desc.Connect},
	'f': {desc.Execute, desc.Execute},
	'n': {0, desc.Usage | desc.Create},
	'T': {desc.Usage, desc.Usage},
	'l': {desc.Usage, desc.Usage},
	't': {0, desc.Create},
	'L': {0, desc.Select | desc.Update},
	'F': {0, desc.Usage},
	'S': {0, desc.Usage},
	'p': {0, desc.SetParameter | desc.AlterSystem},
}

// walk calls fn on a role and those it is a member of, once each, until fn says so;
// inherited follows only memberships whose privileges come without SET ROLE.
func walk(s catalog.Snapshot, role types.OID, inherited bool, fn func(types.OID) (done bool)) {
	seen := map[types.OID]bool{role: true}
	list := []types.OID{role}
	for i := 0; i < len(list); i++ {
		if fn(list[i]) {
			return
		}
		r := s.Role(list[i])
		if r == nil || inherited && r.NoInherit {
			continue
		}
		next := func(of types.OID) {
			if !seen[of] {
				seen[of] = true
				list = append(list, of)
			}
		}
		for _, m := range r.MemberOf {
			next(m.Role)
		}
		if d, ok := s.Get(desc.ClassDatabase, s.Database()).(*desc.Database); ok && d.Owner == list[i] {
			next(DatabaseOwner)
		}
	}
}

// Superuser tells a role that has every privilege.
func Superuser(s catalog.Snapshot, role types.OID) bool {
	r := s.Role(role)
	return r != nil && r.Superuser
}

func reaches(s catalog.Snapshot, role, of types.OID, inherited bool) bool {
	found := false
	walk(s, role, inherited, func(r types.OID) bool {
		found = r == of
		return found
	})
	return found
}

// Member tells whether a role is another, directly or through others, or is a
// superuser.
func Member(s catalog.Snapshot, role, of types.OID) bool {
	return Superuser(s, role) || reaches(s, role, of, false)
}

// Reaches tells whether a role is a member of another, superuser or not.
func Reaches(s catalog.Snapshot, role, of types.OID) bool { return reaches(s, role, of, false) }

// Inherits tells whether a role has the privileges of another without SET ROLE.
func Inherits(s catalog.Snapshot, role, of types.OID) bool {
	return Superuser(s, role) || reaches(s, role, of, true)
}

// Admin tells whether a role may grant another.
func Admin(s catalog.Snapshot, role, of types.OID) bool {
	if Superuser(s, role) {
		return true
	}
	found := false
	walk(s, role, false, func(x types.OID) bool {
		if r := s.Role(x); r != nil {
			for _, m := range r.MemberOf {
				found = found || m.Role == of && m.Admin
			}
		}
		return found
	})
	return found
}

// Held gives what a role has on an object, and what of that it may grant. class is a
// letter of Defaults; grants are nil where nothing was ever granted or revoked.
func Held(s catalog.Snapshot, role, owner types.OID, class byte, grants []desc.Grant) (held, grantable desc.Privilege) {
	const all = ^desc.Privilege(0)
	if Superuser(s, role) {
		return all, all
	}
	if grants == nil {
		d := Defaults[class]
		grants = []desc.Grant{{Grantee: owner, Privileges: d.Owner}, {Privileges: d.Public}}
	}
	roles := map[types.OID]bool{}
	walk(s, role, true, func(r types.OID) bool {
		roles[r] = true
		return false
	})
	for _, g := range grants {
		if g.Grantee == 0 || roles[g.Grantee] {
			held |= g.Privileges
			if g.Grantee != 0 {
				grantable |= g.Options
			}
		}
	}
	if roles[owner] {
		grantable = all
	}
	if class == 'r' || class == 's' {
		if roles[ReadAllData] {
			held |= desc.Select
		}
		if roles[WriteAllData] {
			held |= desc.Insert | desc.Update | desc.Delete
		}
	}
	if class == 'n' && (roles[ReadAllData] || roles[WriteAllData]) {
		held |= desc.Usage
	}
	return held, grantable
}

// Grantor picks the role in whose name a role grants: the owner where it has the
// owner's privileges, else the one of its roles that may grant the most of what is
// wanted; may is how much that is.
func Grantor(s catalog.Snapshot, role, owner types.OID, grants []desc.Grant, wanted desc.Privilege) (grantor types.OID, may desc.Privilege) {
	if Inherits(s, role, owner) {
		return owner, wanted
	}
	grantor = role
	walk(s, role, true, func(r types.OID) bool {
		options := desc.Privilege(0)
		for _, g := range grants {
			if g.Grantee == r {
				options |= g.Options & wanted
			}
		}
		if bits.OnesCount32(uint32(options)) > bits.OnesCount32(uint32(may)) {
			grantor, may = r, options
		}
		return may == wanted
	})
	return grantor, may
}
