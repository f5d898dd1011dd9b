package store

import (
	"cmp"
	"iter"
	"slices"

	"datapunk/catalog/desc"
	"datapunk/types"
)

// snapshot is a database's catalog at one version, under a transaction's changes.
type snapshot struct {
	version  uint64
	database types.OID
	own      *state
	shared   *state
}

func (s *snapshot) Version() uint64     { return s.version }
func (s *snapshot) Database() types.OID { return s.database }

func (s *snapshot) in(class types.OID) *state {
	if shared(class) {
		return s.shared
	}
	return s.own
}

func (s *snapshot) Get(class, oid types.OID) desc.Object {
	return s.in(class).objects[desc.ID{Class: class, OID: oid}]
}

func (s *snapshot) Find(l desc.Lookup) desc.Object { return s.in(l.Class).names[l] }

func (s *snapshot) All(class types.OID) iter.Seq[desc.Object] {
	var list []desc.Object
	for id, o := range s.in(class).objects {
		if id.Class == class {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b desc.Object) int { return cmp.Compare(a.ID().OID, b.ID().OID) })
	return slices.Values(list)
}

func (s *snapshot) Dependents(on desc.ID) []desc.ID {
	sub := on.Sub
	on.Sub = 0
	var out []desc.ID
	for id := range s.own.dependents[on] {
		o := s.own.objects[id]
		if o == nil {
			continue
		}
		for _, n := range o.Needs() {
			if n.On.Class == on.Class && n.On.OID == on.OID && (sub == 0 || n.On.Sub == sub) {
				out = append(out, desc.ID{Class: id.Class, OID: id.OID, Sub: n.Sub})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b desc.ID) int { return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.OID, b.OID)) })
	return out
}

func (s *snapshot) Relation(oid types.OID) *desc.Relation {
	r, _ := s.Get(desc.ClassRelation, oid).(*desc.Relation)
	return r
}

func (s *snapshot) Schema(oid types.OID) *desc.Schema {
	r, _ := s.Get(desc.ClassSchema, oid).(*desc.Schema)
	return r
}

func (s *snapshot) Role(oid types.OID) *desc.Role {
	r, _ := s.Get(desc.ClassRole, oid).(*desc.Role)
	return r
}

func (s *snapshot) RelationNamed(schema types.OID, name string) *desc.Relation {
	r, _ := s.own.names[desc.Lookup{Class: desc.ClassRelation, Namespace: schema, Name: name}].(*desc.Relation)
	return r
}

// Type finds a type: PostgreSQL's own, or a relation's row type or array of it.
func (s *snapshot) Type(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil || oid == 0 {
		return t
	}
	if t, ok := s.own.types.Load(oid); ok {
		return t.(*types.Type)
	}
	for _, o := range s.own.objects {
		r, ok := o.(*desc.Relation)
		if !ok || r.RowType != oid && r.RowArray != oid || r.RowType == 0 {
			continue
		}
		row := s.rowType(r)
		s.own.types.Store(row.OID, row)
		array := &types.Type{OID: r.RowArray, Name: "_" + r.Name, Schema: r.Schema, Owner: r.Owner, Kind: types.Base, Phys: types.Bytes,
			Len: -1, Category: 'A', Delim: ',', Align: 'd', Storage: 'x', Elem: row}
		s.own.types.Store(array.OID, array)
		if oid == r.RowType {
			return row
		}
		return array
	}
	return nil
}

func (s *snapshot) rowType(r *desc.Relation) *types.Type {
	t := &types.Type{OID: r.RowType, Name: r.Name, Schema: r.Schema, Owner: r.Owner, Kind: types.Composite, Phys: types.Bytes,
		Len: -1, Category: 'C', Delim: ',', Align: 'd', Storage: 'x', Array: r.RowArray, Rel: r.OID}
	for i := range r.Columns {
		if c := &r.Columns[i]; !c.Dropped {
			t.Fields = append(t.Fields, types.Field{Name: c.Name, Type: s.Type(c.Type), Mod: c.Mod})
		}
	}
	return t
}

func (s *snapshot) TypeNamed(schema types.OID, name string) *types.Type {
	if schema == types.PgCatalog {
		if t := types.BuiltinNamed(name); t != nil {
			return t
		}
	}
	if r := s.RelationNamed(schema, name); r != nil && r.RowType != 0 {
		return s.Type(r.RowType)
	}
	return nil
}
