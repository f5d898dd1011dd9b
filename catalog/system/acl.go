package system

import (
	"strings"
	"sync"

	"datapunk/catalog/desc"
	"datapunk/types"
)

// aclItems prints grants as aclitems: grantee=privileges/grantor.
func aclItems(grants []desc.Grant, name func(types.OID) string) []string {
	list := make([]string, len(grants))
	for i, g := range grants {
		var b strings.Builder
		if g.Grantee != 0 {
			b.WriteString(aclRole(name(g.Grantee)))
		}
		b.WriteByte('=')
		for bit, letter := range desc.PrivilegeLetters {
			if g.Privileges&(1<<bit) != 0 {
				b.WriteRune(letter)
				if g.Options&(1<<bit) != 0 {
					b.WriteByte('*')
				}
			}
		}
		b.WriteByte('/')
		b.WriteString(aclRole(name(g.Grantor)))
		list[i] = b.String()
	}
	return list
}

// aclRole quotes a role's name within an aclitem.
func aclRole(name string) string {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// functionGrants are the functions that not everybody may execute.
var functionGrants = sync.OnceValue(func() map[types.OID][]desc.Grant {
	m := map[types.OID][]desc.Grant{}
	text, err := factFiles.ReadFile("facts/proc_acl.tsv")
	if err != nil {
		panic(err)
	}
	for _, f := range types.Facts(string(text)) {
		m[types.FactOID(f[0])] = grants(f[1])
	}
	return m
})

// FunctionACL lists the privileges on a function, nil for the default.
func FunctionACL(oid types.OID) []desc.Grant { return functionGrants()[oid] }

// FunctionGrants is pg_proc.proacl of a function.
func FunctionGrants(s *Source, oid types.OID) any { return aclOf(s, functionGrants()[oid]) }
