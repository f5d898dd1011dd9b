package system

import (
	"datapunk/catalog/desc"
	"datapunk/types"
)

// attributes is pg_attribute.
func attributes() Table { return relations("pg_attribute", "attrelid", addAttributes) }

// systemColumns are the hidden columns of whatever has rows (manual, 5.5).
var systemColumns = []struct {
	name   string
	number int16
	typ    *types.Type
}{
	{"tableoid", -6, types.Oid}, {"cmax", -5, types.Cid}, {"xmax", -4, types.Xid}, {"cmin", -3, types.Cid}, {"xmin", -2, types.Xid}, {"ctid", -1, types.Tid},
}

func addAttributes(r *Rows, s *Source, c *desc.Relation) {
	if c.Kind == desc.Index {
		addIndexAttributes(r, s, c)
		return
	}
	for i := range c.Columns {
		addAttribute(r, s, c.OID, int16(i+1), &c.Columns[i])
	}
	switch c.Kind {
	case desc.Table, desc.SequenceKind, desc.MatView:
		for _, x := range systemColumns {
			r.Add(c.OID, x.name, x.typ.OID, 0, x.typ.Len, x.number, 0, -1, -1, x.typ.ByVal, x.typ.Align, x.typ.Storage, 0,
				true, false, false, 0, 0, false, true, 0, 0, nil, nil, nil, nil)
		}
	}
}

func addAttribute(r *Rows, s *Source, relation types.OID, number int16, c *desc.Column) {
	t := s.typeOf(c.Type)
	if t == nil {
		t = &types.Type{Len: 4, Align: 'i', Storage: 'p'}
	}
	oid, target := c.Type, int16(-1)
	if c.Statistics != nil {
		target = *c.Statistics
	}
	if c.Dropped {
		oid, target = 0, 0
	}
	generated := byte(0)
	if c.Generated {
		generated = 's'
	}
	var missing any
	if c.HasMissing && len(c.Missing) > 0 {
		missing = missingValue(t, c.Missing)
	}
	r.Add(relation, c.Name, oid, target, t.Len, number, c.Dims, -1, c.Mod, t.ByVal, t.Align, orElse(c.Storage, t.Storage), 0,
		c.NotNull, c.Default != "", missing != nil, c.Identity, generated, c.Dropped, true, 0, c.Collation, aclOf(s, c.Grants), nil, nil, missing)
}

// addIndexAttributes gives an index a column for each key and each included column.
func addIndexAttributes(r *Rows, s *Source, c *desc.Relation) {
	n := int16(0)
	add := func(name string, oid types.OID, mod int32, collation types.OID) {
		n++
		addAttribute(r, s, c.OID, n, &desc.Column{Name: name, Type: oid, Mod: mod, Collation: collation})
	}
	for _, k := range c.Index.Keys {
		oid := k.Type
		if oid == types.OIDName && k.OpClass != 0 && c.OID < desc.FirstUser {
			oid = types.OIDCstring // as btree keeps names
		}
		add(k.Name, oid, k.Mod, k.Collation)
	}
	if len(c.Index.Include) > 0 {
		if t := s.Relation(c.Index.Table); t != nil {
			for _, k := range c.Index.Include {
				col := &t.Columns[k-1]
				add(col.Name, col.Type, col.Mod, 0)
			}
		}
	}
}

// typeOf finds a type, built in or the catalog's.
func (s *Source) typeOf(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil {
		return t
	}
	return s.Type(oid)
}
