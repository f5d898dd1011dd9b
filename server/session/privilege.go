package session

import (
	"strings"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/catalog/system"
	"datapunk/internal/pgerr"
	"datapunk/types"
)

// privilegeBits are the names of privileges.
var privilegeBits = map[string]desc.Privilege{"INSERT": desc.Insert, "SELECT": desc.Select, "UPDATE": desc.Update, "DELETE": desc.Delete,
	"TRUNCATE": desc.Truncate, "REFERENCES": desc.References, "TRIGGER": desc.Trigger, "RULE": 0, "EXECUTE": desc.Execute, "USAGE": desc.Usage,
	"CREATE": desc.Create, "TEMPORARY": desc.Temporary, "TEMP": desc.Temporary, "CONNECT": desc.Connect, "SET": desc.SetParameter, "ALTER SYSTEM": desc.AlterSystem}

// Has answers the has_*_privilege family.
func (n names) Has(role types.OID, class string, object types.OID, column int16, wanted string) (has, found bool, err error) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return false, false, err
	}
	wanted, option := strings.CutSuffix(wanted, " WITH GRANT OPTION")
	if class == "role" {
		if snapshot.Role(object) == nil {
			return false, false, nil
		}
		switch {
		case option:
			return privilege.Admin(snapshot, role, object), true, nil
		case wanted == "MEMBER":
			return privilege.Member(snapshot, role, object), true, nil
		}
		return privilege.Inherits(snapshot, role, object), true, nil
	}
	bit := privilegeBits[wanted]
	test := func(owner types.OID, letter byte, grants []desc.Grant) bool {
		held, grantable := privilege.Held(snapshot, role, owner, letter, grants)
		if option {
			return held&grantable&bit == bit && bit != 0
		}
		return held&bit == bit && bit != 0
	}
	switch class {
	case "table", "sequence", "column", "any_column":
		rel := snapshot.Relation(object)
		if rel == nil {
			return false, false, nil
		}
		if class == "sequence" && rel.Kind != desc.SequenceKind {
			return false, false, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", rel.Name)
		}
		return n.hasColumn(snapshot, rel, class, column, test)
	case "database":
		if d, ok := snapshot.Get(desc.ClassDatabase, object).(*desc.Database); ok {
			return test(d.Owner, 'd', d.Grants), true, nil
		}
	case "schema":
		if x := snapshot.Schema(object); x != nil {
			return test(x.Owner, 'n', x.Grants), true, nil
		}
	case "function":
		if f := n.s.engine.Functions.Func(object); f != nil {
			return test(f.Owner, 'f', system.FunctionACL(object)), true, nil
		}
	case "type":
		if t := snapshot.Type(object); t != nil {
			return test(t.Owner, 'T', nil), true, nil
		}
	case "language":
		if n.row(snapshot, desc.ClassLanguage, object) != nil {
			return test(desc.Superuser, 'l', nil), true, nil
		}
	case "tablespace":
		if n.row(snapshot, desc.ClassTablespace, object) != nil {
			return test(desc.Superuser, 't', nil), true, nil
		}
	default:
		if strings.HasPrefix(class, "parameter ") {
			return test(desc.Superuser, 'p', nil), true, nil
		}
	}
	return false, false, nil
}

// hasColumn tests a relation's own privileges, then those of its columns.
func (n names) hasColumn(snapshot catalog.Snapshot, rel *desc.Relation, class string, column int16, test func(types.OID, byte, []desc.Grant) bool) (has, found bool, err error) {
	letter := byte('r')
	if rel.Kind == desc.SequenceKind {
		letter = 's'
	}
	live := func(i int) bool { return i > 0 && i <= len(rel.Columns) && !rel.Columns[i-1].Dropped }
	if class == "column" && column > 0 && !live(int(column)) {
		return false, false, nil
	}
	if test(rel.Owner, letter, rel.Grants) {
		return true, true, nil
	}
	for i := range rel.Columns {
		if c := &rel.Columns[i]; !c.Dropped && c.Grants != nil && (class == "any_column" || class == "column" && int(column) == i+1) {
			if test(rel.Owner, 'c', c.Grants) {
				return true, true, nil
			}
		}
	}
	return false, true, nil
}
