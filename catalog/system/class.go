package system

import (
	"cmp"
	"slices"

	"datapunk/catalog/desc"
	"datapunk/types"
)

// The access methods (pg_am).
const (
	heap  types.OID = 2
	btree types.OID = 403
	hash  types.OID = 405
)

func method(name string) types.OID {
	if name == "hash" {
		return hash
	}
	return btree
}

// frozen is what stands where PostgreSQL has the transaction before which all rows
// are visible: there is no such bound here, and this is its first one.
const frozen = 3

// classes is pg_class.
func classes() Table {
	t := relations("pg_class", "oid", addClass)
	t.Find["relname"] = func(r *Rows, s *Source, key Key) {
		for o := range s.All(desc.ClassSchema) {
			if rel := s.RelationNamed(o.ID().OID, key.Text); rel != nil {
				addClass(r, s, rel)
			}
		}
	}
	return t
}

func addClass(r *Rows, s *Source, c *desc.Relation) {
	am, replica, pages, rows := types.OID(0), byte('n'), 0, float32(-1)
	frozenXID, minMXID := 0, 0
	switch c.Kind {
	case desc.Table, desc.MatView:
		am, frozenXID, minMXID = heap, frozen, 1
		if replica = orElse(c.Replica, 'd'); c.OID < desc.FirstUser {
			replica = 'n'
		}
	case desc.Index:
		am, rows = method(c.Index.Method), 0
	case desc.SequenceKind:
		pages, rows = 1, 1
	}
	storage := types.OID(c.Storage)
	if c.HasStorage() && c.OID < desc.FirstUser {
		storage = c.OID
	}
	columns := len(c.Columns)
	if c.Kind == desc.Index {
		columns = len(c.Index.Keys) + len(c.Index.Include)
	}
	tablespace := types.OID(0)
	if Shared(c.OID) {
		tablespace = globalSpace
	}
	r.Add(c.OID, c.Name, c.Schema, c.RowType, 0, c.Owner, am, storage, tablespace, pages, rows, 0, 0,
		len(c.Indexes) > 0, tablespace != 0, byte(orElse(c.Persistence, desc.Permanent)), byte(c.Kind), columns, len(c.Checks),
		c.Kind == desc.ViewKind || c.Kind == desc.MatView, len(c.ForeignKeys) > 0 || len(c.References) > 0 || rechecked(c), false, false, false, true, replica, false, 0,
		frozenXID, minMXID, aclOf(s, c.Grants), c.Options, nil)
}

// aclOf is a list of grants as aclitems; nil is null, the default.
func aclOf(s *Source, grants []desc.Grant) any {
	if grants == nil {
		return nil
	}
	return aclItems(grants, s.roleName)
}

func (s *Source) roleName(oid types.OID) string {
	if role := s.Role(oid); role != nil {
		return role.Name
	}
	return ""
}

// indexes is pg_index.
func indexes() Table {
	t := relations("pg_index", "indexrelid", addIndex)
	t.Find["indrelid"] = func(r *Rows, s *Source, key Key) {
		if rel := s.Relation(key.OID()); rel != nil {
			for _, oid := range rel.Indexes {
				if x := s.Relation(oid); x != nil {
					addIndex(r, s, x)
				}
			}
		}
	}
	return t
}

func addIndex(r *Rows, s *Source, c *desc.Relation) {
	x := c.Index
	if x == nil {
		return
	}
	keys := make([]int16, 0, len(x.Keys)+len(x.Include))
	var collations, classes []types.OID
	var options []int16
	exprs := ""
	for _, k := range x.Keys {
		keys = append(keys, k.Column)
		class := k.OpClass
		if t := s.typeOf(k.Type); class == 0 && t != nil {
			class = OperatorClass(method(x.Method), t, k.OpClassName)
		}
		collations, classes = append(collations, k.Collation), append(classes, class)
		option := int16(0)
		if k.Desc {
			option |= 1
		}
		if k.NullsFirst {
			option |= 2
		}
		options = append(options, option)
		if k.Column == 0 {
			if exprs != "" {
				exprs += ", "
			}
			exprs += k.Expr
		}
	}
	keys = append(keys, x.Include...)
	t := s.Relation(x.Table)
	kept := t != nil && slices.Contains(t.Indexes, c.OID) // not while it is dropped concurrently
	r.Add(c.OID, x.Table, len(keys), len(x.Keys), x.Unique, x.NullsEqual, x.Primary, false, x.Immediate || !x.Unique, x.Clustered,
		!x.Invalid, false, kept, kept, x.Replica, keys, collations, classes, options, orNull(exprs), orNull(x.Predicate))
}

// sequences is pg_sequence.
func sequences() Table {
	return relations("pg_sequence", "seqrelid", func(r *Rows, _ *Source, c *desc.Relation) {
		if d := c.Sequence; d != nil {
			r.Add(c.OID, d.Type, d.Start, d.Increment, d.Max, d.Min, d.Cache, d.Cycle)
		}
	})
}

// rewrites is pg_rewrite: the rule of each view.
func rewrites() Table {
	return relations("pg_rewrite", "ev_class", func(r *Rows, _ *Source, c *desc.Relation) {
		if c.View != nil {
			r.Add(c.View.RuleOID, "_RETURN", c.OID, byte('1'), byte('O'), true, "<>", c.View.Query)
		}
	})
}

// attrdefs is pg_attrdef.
func attrdefs() Table {
	return relations("pg_attrdef", "adrelid", func(r *Rows, _ *Source, c *desc.Relation) {
		for i := range c.Columns {
			if d := &c.Columns[i]; d.Default != "" && !d.Dropped {
				r.Add(d.DefaultOID, c.OID, i+1, d.Default)
			}
		}
	})
}

// sorted gives the keys of a map in order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
