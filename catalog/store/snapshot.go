package store

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"datapunk/catalog/desc"
	"datapunk/types"
)

// snapshot is a database's catalog at one version, under a transaction's changes.
type snapshot struct {
	version  uint64
	database types.OID
	own      *state
	shared   *state
	builtin  builtin
}

func (s *snapshot) Version() uint64     { return s.version }
func (s *snapshot) Database() types.OID { return s.database }

func (s *snapshot) in(class types.OID) *state {
	if shared(class) {
		return s.shared
	}
	return s.own
}

func (s *snapshot) Comment(on desc.ID) *desc.Comment {
	id := desc.CommentID(on)
	c, _ := s.in(id.Class).objects.at(id).(*desc.Comment)
	return c
}

func (s *snapshot) Get(class, oid types.OID) desc.Object {
	return s.in(class).objects.at(desc.ID{Class: class, OID: oid})
}

func (s *snapshot) Find(l desc.Lookup) desc.Object { return s.in(l.Class).names.at(l) }

func (s *snapshot) All(class types.OID) iter.Seq[desc.Object] {
	st := s.in(class)
	if list, ok := st.lists.Load(class); ok {
		return slices.Values(list.([]desc.Object))
	}
	var list []desc.Object
	for id, o := range st.objects.all() {
		comment := class == desc.ClassComment || class == desc.ClassSharedComment
		if id.Class == class || comment && desc.CommentedClass(id.Class) != 0 {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b desc.Object) int {
		x, y := a.ID(), b.ID()
		return cmp.Or(cmp.Compare(x.OID, y.OID), cmp.Compare(x.Sub, y.Sub))
	})
	st.lists.Store(class, list)
	return slices.Values(list)
}

func (s *snapshot) Dependents(on desc.ID) []desc.ID {
	sub := on.Sub
	on.Sub = 0
	var out []desc.ID
	set := s.own.dependents.at(on)
	if set == nil {
		return nil
	}
	for id := range set.all() {
		o := s.own.objects.at(id)
		if o == nil {
			continue
		}
		for _, n := range o.Needs() {
			if n.On.Class == on.Class && n.On.OID == on.OID && (sub == 0 || n.On.Sub == sub) {
				part := n.Sub
				if desc.CommentedClass(id.Class) != 0 {
					part = id.Sub
				}
				out = append(out, desc.ID{Class: id.Class, OID: id.OID, Sub: part})
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
	r, _ := s.own.names.at(desc.Lookup{Class: desc.ClassRelation, Namespace: schema, Name: name}).(*desc.Relation)
	return r
}

// Count is how many objects of a class there are.
func (s *snapshot) Count(class types.OID) int { return s.in(class).counts[class] }

// Holder is the relation that a constraint or column default belongs to.
func (s *snapshot) Holder(oid types.OID) *desc.Relation {
	if oid == 0 {
		return nil
	}
	return s.own.holders.at(oid)
}

// Type finds a type: PostgreSQL's own, or a relation's row type or array of it.
func (s *snapshot) Type(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil || oid == 0 {
		return t
	}
	if t := s.builtin.byOID[oid]; t != nil {
		return t
	}
	if t, ok := s.own.types.Load(oid); ok {
		return t.(*types.Type)
	}
	r := s.own.rowTypes.at(oid)
	if r == nil {
		return nil
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

// memo is something computed from a database's objects and the shared ones.
type memo struct {
	shared *state
	once   sync.Once
	value  any
}

// Memo computes once for each state of the catalog; a change of shared objects makes
// what was kept useless.
func (s *snapshot) Memo(key any, make func() any) any {
	m := &memo{shared: s.shared}
	for {
		old, loaded := s.own.memos.LoadOrStore(key, m)
		if kept := old.(*memo); kept.shared == s.shared {
			m = kept
		} else if loaded && !s.own.memos.CompareAndSwap(key, old, m) {
			continue
		}
		m.once.Do(func() { m.value = make() })
		return m.value
	}
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
	if t := s.builtin.byName[desc.Lookup{Class: desc.ClassType, Namespace: schema, Name: name}]; t != nil {
		return t
	}
	if r := s.RelationNamed(schema, name); r != nil && r.RowType != 0 {
		return s.Type(r.RowType)
	}
	if len(name) > 1 && name[0] == '_' {
		if r := s.RelationNamed(schema, name[1:]); r != nil && r.RowArray != 0 {
			return s.Type(r.RowArray)
		}
	}
	return nil
}
