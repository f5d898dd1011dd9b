// Package system is pg_catalog and information_schema: what relations there are
// (Objects, from the facts of PostgreSQL 15), and the rows of those that are tables.
// The views are SQL over the tables, in views.
//
// A table's rows are computed from a catalog snapshot. Whole tables are built once
// for a snapshot and kept with it (catalog.Snapshot's Memo), with hash tables on the
// columns by which they are looked up; a few tables answer a lookup by a relation's
// OID or name without that, so that the first \d after a change does not pay for all
// of a large catalog.
//
// Invariants:
//
//	Y1  A relation's OID, columns, their order and types are those of facts/*.tsv.
//	Y2  Rows are a function of the snapshot alone; what changes without it (row
//	    counts, a sequence's state) is a column of Live or a function called by a view.
//	Y3  A lookup may give rows too many, never too few: the scan filters again.
package system

import (
	"encoding/binary"
	"math"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/types"
	"datapunk/types/vector"
)

// Source is what rows are made of.
type Source struct {
	catalog.Snapshot
}

// Table computes the rows of one relation.
type Table struct {
	Name string // of the relation, in pg_catalog or information_schema
	// Fill adds all rows, in PostgreSQL's order where it has one.
	Fill func(r *Rows, s *Source)
	// Find, by the column of a lookup, adds the rows with a value in it.
	Find map[string]func(r *Rows, s *Source, key Key)
}

// Key is the value of a lookup: an OID or number, or a text.
type Key struct {
	Number int64
	Text   string
}

// OID is a numeric key as an OID.
func (k Key) OID() types.OID { return types.OID(k.Number) }

// relations is a table with rows for each relation, looked up by the column that
// holds the relation's OID.
func relations(name, column string, add func(r *Rows, s *Source, rel *desc.Relation)) Table {
	return Table{Name: name,
		Fill: func(r *Rows, s *Source) {
			for o := range s.All(desc.ClassRelation) {
				add(r, s, o.(*desc.Relation))
			}
		},
		Find: map[string]func(*Rows, *Source, Key){column: func(r *Rows, s *Source, key Key) {
			if rel := s.Relation(key.OID()); rel != nil {
				add(r, s, rel)
			}
		}}}
}

// Tables lists the tables that the catalog itself can compute; extra ones (of
// functions, say) come from whoever knows.
func Tables() []Table {
	list := []Table{classes(), attributes(), typesTable(), namespaces(), indexes(), constraints(), attrdefs(),
		sequences(), rewrites(), triggers(), depends(), shdepends(), descriptions(), shdescriptions(), roles(), members(),
		databases(), roleSettings(), tablespaces(), extensions(), collations(), casts(), ranges(), statistics()}
	return append(list, fixed()...)
}

// Catalog answers scans of the system's tables.
type Catalog struct {
	tables map[types.OID]*table
}

type table struct {
	Table
	rel  *desc.Relation
	cols []*types.Type
}

// New puts tables together; a relation without one is empty.
func New(tables ...Table) *Catalog {
	byName := map[string]Table{}
	for _, t := range tables {
		byName[t.Name] = t
	}
	c := &Catalog{tables: map[types.OID]*table{}}
	for _, rel := range Relations() {
		if rel.Kind != desc.Table {
			continue
		}
		t := &table{Table: byName[rel.Name], rel: rel}
		for _, col := range rel.Columns {
			t.cols = append(t.cols, columnType(col.Type))
		}
		c.tables[rel.OID] = t
	}
	return c
}

// Estimate is about how many rows a table has.
func (c *Catalog) Estimate(snapshot catalog.Snapshot, relation types.OID) float64 {
	relations := float64(snapshot.Count(desc.ClassRelation))
	e, ok := estimates[c.tables[relation].Name]
	if !ok {
		return 50
	}
	return e.fixed + e.each*relations
}

// estimates are the rows that are always there, and those for each relation.
var estimates = map[string]struct{ fixed, each float64 }{
	"pg_class": {0, 1}, "pg_attribute": {0, 8}, "pg_type": {200, 1}, "pg_index": {0, 0.5}, "pg_constraint": {0, 0.5}, "pg_attrdef": {0, 0.3},
	"pg_depend": {0, 5}, "pg_shdepend": {0, 0.1}, "pg_rewrite": {0, 0.3}, "pg_trigger": {0, 0.1}, "pg_sequence": {0, 0.1}, "pg_proc": {3200, 0},
	"pg_operator": {800, 0}, "pg_description": {5100, 0}, "pg_amop": {900, 0}, "pg_amproc": {700, 0}, "pg_cast": {230, 0},
	"pg_collation": {800, 0}, "pg_opclass": {180, 0}, "pg_opfamily": {150, 0}, "pg_aggregate": {150, 0}, "sql_features": {750, 0},
}

// Has tells the relations whose rows are computed here.
func (c *Catalog) Has(rel types.OID) bool { return c.tables[rel] != nil }

type memoKey struct{ relation types.OID }

type hashKey struct {
	relation types.OID
	columns  string
}

// Rows gives all rows of a table. The batch must not be changed.
func (c *Catalog) Rows(snapshot catalog.Snapshot, relation types.OID) *vector.Batch {
	t := c.tables[relation]
	return snapshot.Memo(memoKey{relation}, func() any {
		r := newRows(t.cols, nil)
		if t.Fill != nil {
			t.Fill(r, &Source{snapshot})
		}
		return r.batch()
	}).(*vector.Batch)
}

// Find gives a batch and those of its rows whose columns have values (and perhaps
// others, Y3). Of the columns, those of numbers are there, nil for all.
func (c *Catalog) Find(snapshot catalog.Snapshot, relation types.OID, numbers, columns []int16, keys []*vector.Vector) (*vector.Batch, []int32) {
	t := c.tables[relation]
	for i, n := range columns {
		if find := t.Find[t.rel.Columns[n-1].Name]; find != nil {
			r := newRows(t.cols, numbers)
			find(r, &Source{snapshot}, keyOf(keys[i], 0))
			return r.batch(), vector.Sequence(nil, r.n)
		}
	}
	batch := c.Rows(snapshot, relation)
	var name [16]byte
	places := snapshot.Memo(hashKey{relation, string(appendNumbers(name[:0], columns))}, func() any {
		m := make(map[string][]int32, batch.N)
		var form []byte
		for i := range batch.N {
			form = form[:0]
			for _, n := range columns {
				form = keyOf(batch.Cols[n-1], i).append(form)
			}
			m[string(form)] = append(m[string(form)], int32(i))
		}
		return m
	}).(map[string][]int32)
	var form [64]byte
	b := form[:0]
	for _, k := range keys {
		b = keyOf(k, 0).append(b)
	}
	return batch, places[string(b)]
}

func appendNumbers(b []byte, list []int16) []byte {
	for _, n := range list {
		b = append(b, byte(n))
	}
	return b
}

// append adds the key's bytes to those of others.
func (k Key) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(k.Number))
	b = append(b, k.Text...)
	return append(b, 0)
}

// keyOf reads a value for a hash table.
func keyOf(v *vector.Vector, i int) Key {
	i = v.Index(i)
	switch v.Phys() {
	case types.Bool:
		if vector.Of[bool](v)[i] {
			return Key{Number: 1}
		}
	case types.Int16:
		return Key{Number: int64(vector.Of[int16](v)[i])}
	case types.Int32:
		return Key{Number: int64(vector.Of[int32](v)[i])}
	case types.Int64:
		return Key{Number: vector.Of[int64](v)[i]}
	case types.Float32:
		return Key{Number: int64(math.Float32bits(vector.Of[float32](v)[i]))}
	case types.Bytes:
		return Key{Text: v.String(i)}
	}
	return Key{}
}
