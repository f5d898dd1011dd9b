package system

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// aclLetters are the privileges' letters in the order in which they are printed.
const aclLetters = "arwdDxtXUCTcsA"

var aclNames = map[byte]string{'a': "INSERT", 'r': "SELECT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES",
	't': "TRIGGER", 'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE", 'T': "TEMPORARY", 'c': "CONNECT", 's': "SET", 'A': "ALTER SYSTEM"}

// aclEntry is one aclitem taken apart: grantee=privileges/grantor.
type aclEntry struct {
	grantee, grantor types.OID
	rights           string // letters
	grant            string // letters with grant option
}

// aclName cuts a name, quoted or not, off the head of an aclitem.
func aclName(s string) (name, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "=/")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for s = s[1:]; s != ""; s = s[1:] {
		if s[0] == '"' {
			if !strings.HasPrefix(s, `""`) {
				return b.String(), s[1:]
			}
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String(), ""
}

func parseACL(c *function.Call, text string) (e aclEntry, err error) {
	bad := pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type aclitem: \"%s\"", text)
	find := func(name string) (types.OID, error) {
		if name == "" {
			return 0, nil
		}
		if oid, ok := c.Env.Names.RoleOID(name); ok {
			return oid, nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
	}
	name, rest := aclName(text)
	if e.grantee, err = find(name); err != nil {
		return e, err
	}
	if !strings.HasPrefix(rest, "=") {
		return e, bad
	}
	for rest = rest[1:]; rest != "" && rest[0] != '/'; rest = rest[1:] {
		if rest[0] == '*' {
			if e.rights == "" {
				return e, bad
			}
			e.grant += e.rights[len(e.rights)-1:]
		} else if strings.IndexByte(aclLetters, rest[0]) < 0 {
			return e, bad
		} else {
			e.rights += rest[:1]
		}
	}
	if rest != "" {
		name, _ = aclName(rest[1:])
		e.grantor, err = find(name)
	}
	return e, err
}

// quoteRole quotes a role's name within an aclitem.
func quoteRole(c *function.Call, role types.OID) string {
	if role == 0 {
		return ""
	}
	name, ok := c.Env.Names.RoleName(role)
	if !ok {
		return number(int64(role))
	}
	for i := range len(name) {
		ch := name[i]
		if !(ch == '_' || ch >= '0' && ch <= '9' || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// aclDefaults are the rights that PUBLIC and the owner of a kind of object start with.
var aclDefaults = map[byte][2]string{'c': {}, 'r': {"", "arwdDxt"}, 's': {"", "rwU"}, 'd': {"Tc", "CTc"}, 'f': {"X", "X"},
	'l': {"U", "U"}, 'L': {"", "rw"}, 'n': {"", "UC"}, 'p': {"", "sA"}, 't': {"", "C"}, 'F': {"", "U"}, 'S': {"", "U"}, 'T': {"U", "U"}}

func acls(t function.Table) {
	t["acldefault_sql"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		kind := byte(loop.At[int16](args[0], i))
		rights, ok := aclDefaults[kind]
		if !ok {
			return pgerr.Internal("unrecognized objtype abbreviation: %c", kind)
		}
		owner := quoteRole(c, oid(args[1], i))
		list := vector.New(types.Aclitem, 2)
		n := 0
		for k, who := range []string{"", owner} {
			if rights[k] != "" {
				list.SetString(n, who+"="+rights[k]+"/"+owner)
				n++
			}
		}
		out.SetBytes(i, array.FromVector(types.OIDAclitem, list, n))
		return nil
	})
	t["makeaclitem"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		text := args[2].String(i)
		letter := byte(0)
		for k, name := range aclNames {
			if strings.EqualFold(name, strings.Trim(text, " ")) {
				letter = k
			}
		}
		if letter == 0 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", text)
		}
		rights := string(letter)
		if loop.At[bool](args[3], i) {
			rights += "*"
		}
		out.SetString(i, quoteRole(c, oid(args[0], i))+"="+rights+"/"+quoteRole(c, oid(args[1], i)))
		return nil
	})
	t["aclcontains"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
		want, err := parseACL(c, args[1].String(i))
		if err != nil {
			return false, false, err
		}
		a, err := array.Decode(args[0].Bytes(i), types.Aclitem)
		if err != nil {
			return false, false, err
		}
		for k := range a.N {
			e, err := parseACL(c, a.Elems.String(k))
			if err != nil {
				return false, false, err
			}
			if e.grantee == want.grantee && e.grantor == want.grantor && covers(e.rights, want.rights) && covers(e.grant, want.grant) {
				return true, true, nil
			}
		}
		return false, true, nil
	})
	t["aclexplode"] = function.Impl{Set: explode}
}

func covers(have, want string) bool {
	for k := range len(want) {
		if strings.IndexByte(have, want[k]) < 0 {
			return false
		}
	}
	return true
}

// explode gives each right of each aclitem as a row.
func explode(c *function.Call, args []*vector.Vector) (function.Rows, error) {
	a, err := array.Decode(args[0].Bytes(0), types.Aclitem)
	if err != nil {
		return nil, err
	}
	type right struct {
		e      aclEntry
		letter byte
	}
	var list []right
	for k := range a.N {
		e, err := parseACL(c, a.Elems.String(k))
		if err != nil {
			return nil, err
		}
		for i := range len(aclLetters) {
			if strings.IndexByte(e.rights, aclLetters[i]) >= 0 {
				list = append(list, right{e, aclLetters[i]})
			}
		}
	}
	return &loop.Lines{Types: []*types.Type{types.Oid, types.Oid, types.Text, types.BoolType}, Fill: func(cols []*vector.Vector, max int) (int, error) {
		n := min(max, len(list))
		for k, r := range list[:n] {
			loop.Put(cols[0], k, int64(r.e.grantor))
			loop.Put(cols[1], k, int64(r.e.grantee))
			cols[2].SetString(k, aclNames[r.letter])
			loop.Put(cols[3], k, strings.IndexByte(r.e.grant, r.letter) >= 0)
		}
		list = list[n:]
		return n, nil
	}}, nil
}
