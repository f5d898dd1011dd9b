package session

import (
	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/system"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// names is the catalog as functions see it (function.Names, format.Names). What it
// answers is spread over names.go, register.go (reg* types), privilege.go and
// definition.go.
type names struct{ s *Session }

func (n names) CurrentUser() string       { return n.s.user.Name }
func (n names) SessionUser() string       { return n.s.sessionUser().Name }
func (n names) CurrentUserOID() types.OID { return n.s.user.OID }
func (n names) Database() string          { return n.s.database.Name }
func (n names) DatabaseOID() types.OID    { return n.s.database.OID }

func (n names) SearchPath(implicit bool) []types.OID {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return nil
	}
	return n.s.searchPath(snapshot, implicit)
}

func (n names) SchemaName(oid types.OID) (string, bool) {
	if snapshot, err := n.s.snapshot(); err == nil {
		if x := snapshot.Schema(oid); x != nil {
			return x.Name, true
		}
	}
	return "", false
}

func (n names) RoleName(oid types.OID) (string, bool) {
	if snapshot, err := n.s.snapshot(); err == nil {
		if x := snapshot.Role(oid); x != nil {
			return x.Name, true
		}
	}
	return "", false
}

func (n names) RoleOID(name string) (types.OID, bool) {
	if snapshot, err := n.s.snapshot(); err == nil {
		if x, ok := snapshot.Find(desc.Lookup{Class: desc.ClassRole, Name: name}).(*desc.Role); ok {
			return x.OID, true
		}
	}
	return 0, false
}

// Visible tells whether a name without schema finds the object first. User-defined
// objects of a class other than relations and types do not exist.
func (n names) Visible(class string, object types.OID) (visible, found bool) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return false, false
	}
	switch path := n.s.searchPath(snapshot, true); class {
	case "relation":
		rel := snapshot.Relation(object)
		if rel == nil {
			return false, false
		}
		for _, schema := range path {
			if r := snapshot.RelationNamed(schema, rel.Name); r != nil {
				return r.OID == object, true
			}
		}
		return false, true
	case "type":
		t := snapshot.Type(object)
		if t == nil {
			return false, false
		}
		for _, schema := range path {
			if x := snapshot.TypeNamed(schema, t.Name); x != nil {
				return x.OID == object, true
			}
		}
		return false, true
	case "function":
		return true, n.s.engine.Functions.Func(object) != nil
	case "operator":
		return true, n.s.engine.Functions.Operator(object) != nil
	}
	catalog, ok := visibleCatalogs[class]
	return true, ok && n.row(snapshot, catalog, object) != nil
}

// visibleCatalogs are the tables of the objects that lie in schemas.
var visibleCatalogs = map[string]types.OID{"collation": 3456, "opclass": 2616, "opfamily": 2753, "conversion": 2607, "statistics": 3381,
	"ts_config": 3602, "ts_dict": 3600, "ts_parser": 3601, "ts_template": 3764}

// row is the catalog row of an object, found by the first column.
func (n names) row(snapshot catalog.Snapshot, table, object types.OID) []*vector.Vector {
	batch, rows := n.s.engine.System.Find(snapshot, table, nil, []int16{1}, []*vector.Vector{vector.Value(types.Oid, int64(object))})
	if len(rows) == 0 {
		return nil
	}
	out := make([]*vector.Vector, len(batch.Cols))
	for i, c := range batch.Cols {
		out[i] = vector.NewConst(c, int(rows[0]))
	}
	return out
}

func (n names) Size(class string, object types.OID) (int64, bool) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return 0, false
	}
	if class == "database" {
		return n.s.engine.DB.ApproximateSize(kv.Span{}), true
	}
	rel := snapshot.Relation(object)
	if rel == nil {
		return 0, false
	}
	size := n.s.engine.storageSize(rel.Storage)
	switch class {
	case "relation":
		return size, true
	case "indexes":
		size = 0
	}
	if class != "table" {
		for _, x := range rel.Indexes {
			if i := snapshot.Relation(x); i != nil && x != rel.Primary {
				size += n.s.engine.storageSize(i.Storage)
			}
		}
	}
	return size, true
}

func (e *Engine) storageSize(storage uint32) int64 {
	return e.DB.ApproximateSize(kv.Span{Start: kv.StoragePrefix(nil, kv.StorageID(storage)), End: kv.StoragePrefix(nil, kv.StorageID(storage+1))})
}

// Comment is an object's comment; without a catalog, that of any object of the number.
func (n names) Comment(catalog, object types.OID, sub int32) (string, bool) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return "", false
	}
	on := desc.ID{Class: catalog, OID: object, Sub: int16(sub)}
	if c := snapshot.Comment(on); c != nil {
		return c.Text, true
	}
	if catalog == 0 {
		for o := range snapshot.All(desc.ClassComment) {
			if c := o.(*desc.Comment); c.On.OID == object && c.On.Sub == on.Sub {
				return c.Text, true
			}
		}
	}
	if catalog == desc.ClassDatabase {
		return system.DatabaseComment(object)
	}
	return system.Comment(on)
}

// SerialSequence is the sequence that a column owns: serial, identity or OWNED BY.
func (n names) SerialSequence(table, column string) (string, bool, error) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return "", false, err
	}
	rel, err := n.relation(snapshot, table)
	if err != nil {
		return "", false, err
	}
	number, col := rel.Column(column)
	if col == nil {
		return "", false, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", column, rel.Name)
	}
	for _, d := range snapshot.Dependents(desc.ID{Class: desc.ClassRelation, OID: rel.OID, Sub: number}) {
		if seq := snapshot.Relation(d.OID); d.Class == desc.ClassRelation && seq != nil && seq.Sequence != nil && seq.Owned != nil && *seq.Owned == (desc.ID{Class: desc.ClassRelation, OID: rel.OID, Sub: number}) {
			schema, _ := n.SchemaName(seq.Schema)
			return format.QuoteIdent(schema) + "." + format.QuoteIdent(seq.Name), true, nil
		}
	}
	return "", false, nil
}

func (n names) TypeByOID(oid types.OID) *types.Type {
	if snapshot, err := n.s.snapshot(); err == nil {
		return snapshot.Type(oid)
	}
	return types.Builtin(oid)
}
