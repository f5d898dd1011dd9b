package desc

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"datapunk/types"
)

// RelKind is pg_class.relkind.
type RelKind byte

// The kinds of relation.
const (
	Table        RelKind = 'r'
	Index        RelKind = 'i'
	SequenceKind RelKind = 'S'
	ViewKind     RelKind = 'v'
	CompositeRel RelKind = 'c'
	MatView      RelKind = 'm'
)

// Persistence is pg_class.relpersistence.
type Persistence byte

// The persistences.
const (
	Permanent Persistence = 'p'
	Unlogged  Persistence = 'u'
	Temp      Persistence = 't'
)

// Relation is anything with a row in pg_class.
type Relation struct {
	OID         types.OID    `json:"oid"`
	Name        string       `json:"name"`
	Schema      types.OID    `json:"schema"`
	Owner       types.OID    `json:"owner"`
	Kind        RelKind      `json:"kind"`
	Persistence Persistence  `json:"persistence"`
	RowType     types.OID    `json:"rowtype,omitempty"`
	RowArray    types.OID    `json:"rowarray,omitempty"`
	Storage     uint32       `json:"storage,omitempty"` // kv.StorageID of the rows, index entries or sequence cell
	Columns     []Column     `json:"columns,omitempty"` // by number, dropped ones included
	Checks      []Check      `json:"checks,omitempty"`
	Uniques     []Unique     `json:"uniques,omitempty"`
	ForeignKeys []ForeignKey `json:"foreignkeys,omitempty"`
	Indexes     []types.OID  `json:"indexes,omitempty"`    // of a table, in creation order
	References  []types.OID  `json:"references,omitempty"` // tables whose foreign keys point here
	Primary     types.OID    `json:"primary,omitempty"`    // the index by whose key rows are clustered, 0: by row id
	Index       *IndexDef    `json:"index,omitempty"`
	View        *ViewDef     `json:"view,omitempty"`
	Sequence    *SequenceDef `json:"sequence,omitempty"`
	OnCommit    byte         `json:"oncommit,omitempty"` // of a temporary table: 0 keep, 'd' delete rows, 'D' drop
	Replica     byte         `json:"replica,omitempty"`  // relreplident, 0 is 'd'
	Options     []string     `json:"options,omitempty"`  // reloptions, name=value
	Grants      []Grant      `json:"acl"`
	Owned       *ID          `json:"owned,omitempty"` // of a sequence: OWNED BY, or the identity column
	Depends     []Need       `json:"needs,omitempty"`
}

// Column is one attribute. Its number is its place in Relation.Columns, from 1.
type Column struct {
	Name       string    `json:"name"`
	Type       types.OID `json:"type"`
	Mod        int32     `json:"mod"` // -1 none
	Collation  types.OID `json:"collation,omitempty"`
	Dims       int16     `json:"dims,omitempty"`
	NotNull    bool      `json:"notnull,omitempty"`
	Dropped    bool      `json:"dropped,omitempty"`
	Default    string    `json:"default,omitempty"` // stored expression
	DefaultOID types.OID `json:"defaultoid,omitempty"`
	Generated  bool      `json:"generated,omitempty"` // Default is GENERATED ALWAYS AS … STORED
	Identity   byte      `json:"identity,omitempty"`  // 'a' ALWAYS, 'd' BY DEFAULT
	Sequence   types.OID `json:"sequence,omitempty"`  // of an identity column
	// Missing is the value of rows older than the column, as a datum
	// (vector.AppendDatum); HasMissing without bytes is null.
	Missing    []byte  `json:"missing,omitempty"`
	HasMissing bool    `json:"hasmissing,omitempty"`
	Statistics *int16  `json:"stats,omitempty"`
	Storage    byte    `json:"attstorage,omitempty"`
	Grants     []Grant `json:"acl,omitempty"`
}

// Check is a CHECK constraint.
type Check struct {
	OID       types.OID `json:"oid"`
	Name      string    `json:"name"`
	Expr      string    `json:"expr"` // stored expression
	Columns   []int16   `json:"columns,omitempty"`
	NotValid  bool      `json:"notvalid,omitempty"`
	NoInherit bool      `json:"noinherit,omitempty"`
}

// Unique is a PRIMARY KEY or UNIQUE constraint, kept by an index.
type Unique struct {
	OID        types.OID `json:"oid"`
	Name       string    `json:"name"`
	Index      types.OID `json:"index"`
	Primary    bool      `json:"primary,omitempty"`
	Deferrable bool      `json:"deferrable,omitempty"`
	Deferred   bool      `json:"deferred,omitempty"`
	Columns    []int16   `json:"columns"`
}

// ForeignKey is a FOREIGN KEY constraint of the referencing table.
type ForeignKey struct {
	OID        types.OID   `json:"oid"`
	Name       string      `json:"name"`
	Columns    []int16     `json:"columns"`
	Target     types.OID   `json:"target"`
	Keys       []int16     `json:"keys"` // the target's columns
	Index      types.OID   `json:"index"`
	Equals     []types.OID `json:"equals"`          // pg_operator: key = column
	Match      byte        `json:"match,omitempty"` // 's' simple (0), 'f' full
	OnUpdate   byte        `json:"onupdate,omitempty"`
	OnDelete   byte        `json:"ondelete,omitempty"` // 'a' no action (0), r restrict, c cascade, n set null, d set default
	SetColumns []int16     `json:"setcolumns,omitempty"`
	Deferrable bool        `json:"deferrable,omitempty"`
	Deferred   bool        `json:"deferred,omitempty"`
	NotValid   bool        `json:"notvalid,omitempty"`
}

// IndexDef is what makes a relation an index.
type IndexDef struct {
	Table      types.OID  `json:"table"`
	Method     string     `json:"method"` // btree, hash
	Keys       []IndexKey `json:"keys"`
	Include    []int16    `json:"include,omitempty"`
	Unique     bool       `json:"unique,omitempty"`
	Primary    bool       `json:"primary,omitempty"`
	NullsEqual bool       `json:"nullsequal,omitempty"` // NULLS NOT DISTINCT
	Immediate  bool       `json:"immediate,omitempty"`  // unique and not deferrable
	Predicate  string     `json:"predicate,omitempty"`  // stored expression
	Invalid    bool       `json:"invalid,omitempty"`    // being built, or failed
	Clustered  bool       `json:"clustered,omitempty"`  // CLUSTER ON
	Replica    bool       `json:"replica,omitempty"`
	CollVer    string     `json:"collver,omitempty"` // version of the collation order in the keys
}

// IndexKey is one key column: a column of the table, or an expression.
type IndexKey struct {
	Column    int16     `json:"column,omitempty"` // 0: Expr
	Expr      string    `json:"expr,omitempty"`
	Name      string    `json:"name"`
	Type      types.OID `json:"type"`
	Mod       int32     `json:"mod"`
	Collation types.OID `json:"collation,omitempty"`
	OpClass   types.OID `json:"opclass"`
	// OpClassName is that of an operator class that is not the type's default.
	OpClassName string `json:"opclassname,omitempty"`
	Desc        bool   `json:"desc,omitempty"`
	NullsFirst  bool   `json:"nullsfirst,omitempty"`
}

// ViewDef is a view's query.
type ViewDef struct {
	Query   string    `json:"query"` // stored query
	RuleOID types.OID `json:"rule"`
	Check   byte      `json:"check,omitempty"` // 'l' local, 'c' cascaded
}

// SequenceDef is a sequence's parameters; its state is a cell.
type SequenceDef struct {
	Type      types.OID `json:"type"`
	Start     int64     `json:"start"`
	Increment int64     `json:"increment"`
	Min       int64     `json:"min"`
	Max       int64     `json:"max"`
	Cache     int64     `json:"cache"`
	Cycle     bool      `json:"cycle,omitempty"`
}

// ID names the relation.
func (r *Relation) ID() ID { return ID{Class: ClassRelation, OID: r.OID} }

// Lookup is the relation's name in its schema.
func (r *Relation) Lookup() Lookup {
	return Lookup{Class: ClassRelation, Namespace: r.Schema, Name: r.Name}
}

// Needs lists the schema, an index's table and what stored expressions mention.
func (r *Relation) Needs() []Need {
	needs := []Need{{On: ID{Class: ClassSchema, OID: r.Schema}}}
	if r.Index != nil {
		needs[0] = Need{On: ID{Class: ClassRelation, OID: r.Index.Table}, Kind: Automatic}
	}
	if r.Owned != nil {
		needs = append(needs, Need{On: *r.Owned, Kind: Automatic})
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		if !c.Dropped && c.Type >= FirstUser {
			needs = append(needs, Need{On: ID{Class: ClassType, OID: c.Type}, Sub: int16(i + 1)})
		}
		for _, oid := range Mentioned(c.Default) {
			needs = append(needs, Need{On: ID{Class: ClassRelation, OID: oid}, Sub: int16(i + 1)})
		}
	}
	for i := range r.ForeignKeys {
		f := &r.ForeignKeys[i]
		needs = append(needs, Need{On: ID{Class: ClassRelation, OID: f.Target}}, Need{On: ID{Class: ClassRelation, OID: f.Index}})
	}
	return append(needs, r.Depends...)
}

// regclass finds the relations that a stored expression names by a constant.
var regclass = regexp.MustCompile(`CAST\('(\d+)' AS "@t2205"\)`)

// Mentioned lists the relations that a stored expression names, as nextval('s') does.
func Mentioned(stored string) []types.OID {
	if !strings.Contains(stored, `"@t2205"`) {
		return nil
	}
	var list []types.OID
	for _, m := range regclass.FindAllStringSubmatch(stored, -1) {
		if n, err := strconv.ParseUint(m[1], 10, 32); err == nil {
			list = append(list, types.OID(n))
		}
	}
	return list
}

// Column finds a live column by name; the number is from 1, 0 if there is none.
func (r *Relation) Column(name string) (int16, *Column) {
	for i := range r.Columns {
		if c := &r.Columns[i]; c.Name == name && !c.Dropped {
			return int16(i + 1), c
		}
	}
	return 0, nil
}

// Clone copies the relation so deep that its slices may be changed.
func (r *Relation) Clone() *Relation {
	c := *r
	c.Columns = slices.Clone(r.Columns)
	c.Checks = slices.Clone(r.Checks)
	c.Uniques = slices.Clone(r.Uniques)
	c.ForeignKeys = slices.Clone(r.ForeignKeys)
	c.Indexes = slices.Clone(r.Indexes)
	c.References = slices.Clone(r.References)
	c.Options = slices.Clone(r.Options)
	c.Grants = slices.Clone(r.Grants)
	c.Depends = slices.Clone(r.Depends)
	if r.Index != nil {
		x := *r.Index
		x.Keys = slices.Clone(x.Keys)
		c.Index = &x
	}
	if r.View != nil {
		x := *r.View
		c.View = &x
	}
	if r.Sequence != nil {
		x := *r.Sequence
		c.Sequence = &x
	}
	if r.Owned != nil {
		x := *r.Owned
		c.Owned = &x
	}
	return &c
}

// HasStorage tells relations that keep rows, entries or a cell.
func (r *Relation) HasStorage() bool {
	switch r.Kind {
	case Table, Index, SequenceKind, MatView:
		return true
	}
	return false
}

// Live counts the columns that are not dropped.
func (r *Relation) Live() int {
	n := 0
	for i := range r.Columns {
		if !r.Columns[i].Dropped {
			n++
		}
	}
	return n
}
