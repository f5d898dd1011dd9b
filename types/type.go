// Package types says what a type is: its OID, how its values are laid out in
// memory, and how it casts to others.
//
// The facts about PostgreSQL's own types are data: facts/type.tsv, cast.tsv and
// range.tsv hold pg_type, pg_cast and pg_range of PostgreSQL 15 and are read
// once at the start; pg_catalog shows the same tables. A user's enum, composite
// or domain is a *Type that the catalog fills from its descriptor.
//
// Invariants: a *Type is never changed after it is published; two of the same
// OID within one catalog version describe the same type.
package types

// OID is a PostgreSQL object identifier.
type OID uint32

// Phys is how values of a type lie in a vector.
type Phys uint8

// The physical layouts. Fixed ones are slices of the Go type named; Bytes are
// 16-byte views into a heap (vector.View).
const (
	Void     Phys = iota
	Bool          // bool
	Int16         // int16: int2, "char" (0 to 255)
	Int32         // int32: int4, date (days since 2000-01-01)
	Int64         // int64: int8, oid, xid, cid, reg*, time, timestamp (µs since 2000-01-01), xid8, pg_lsn, tid
	Float32       // float32
	Float64       // float64
	Numeric       // numeric.Decimal
	Interval      // datetime.Interval
	TimeTZ        // datetime.TimeTZ
	Bytes         // text and its kin, bytea, json, jsonb, uuid, arrays, records
)

// Kind is pg_type.typtype.
type Kind byte

// The kinds of type.
const (
	Base       Kind = 'b'
	Composite  Kind = 'c'
	Domain     Kind = 'd'
	Enum       Kind = 'e'
	Pseudo     Kind = 'p'
	Range      Kind = 'r'
	Multirange Kind = 'm'
)

// Type describes one type; see pg_type in the PostgreSQL manual (53.64) for the
// columns.
type Type struct {
	OID       OID
	Name      string // without schema
	Schema    OID
	Owner     OID
	Kind      Kind
	Phys      Phys
	Len       int16 // bytes in PostgreSQL, -1 variable, -2 cstring
	ByVal     bool
	Category  byte // A array, B bool, D date/time, N numeric, S string …
	Preferred bool
	Delim     byte
	Align     byte
	Storage   byte
	Collation OID // DefaultCollation for collatable types, else 0

	Elem      *Type // of an array, or of a fixed-length one such as oidvector
	Array     OID   // its array type, or 0
	Rel       OID   // of a composite: its pg_class row
	Base      *Type // of a domain
	BaseMod   int32
	NotNull   bool     // of a domain
	Labels    []string // of an enum, in order
	Fields    []Field  // of a composite
	Subtype   *Type    // of a range or multirange
	Input     OID      // pg_proc rows of the I/O functions
	Output    OID
	Receive   OID
	Send      OID
	ModIn     OID
	ModOut    OID
	Subscript OID
}

// Field is one attribute of a composite type.
type Field struct {
	Name string
	Type *Type
	Mod  int32
}

// The collations with fixed OIDs.
const (
	DefaultCollation OID = 100
	CCollation       OID = 950
	PosixCollation   OID = 951
)

// PgCatalog and Public are the OIDs of two schemas that never change.
const (
	PgCatalog OID = 11
	PgToast   OID = 99
	Public    OID = 2200
)

// IsArray tells a true array (any dimension) from everything else.
func (t *Type) IsArray() bool { return t.Elem != nil && t.Len == -1 && t.Category == 'A' }

// IsVector tells int2vector and oidvector.
func (t *Type) IsVector() bool { return t.OID == OIDInt2Vector || t.OID == OIDOidVector }

// Collatable tells whether values are compared under a collation.
func (t *Type) Collatable() bool { return t.Collation != 0 }

// Root is the type under all domains.
func (t *Type) Root() *Type {
	for t.Kind == Domain {
		t = t.Base
	}
	return t
}

// Polymorphic tells anyelement and its kin.
func (t *Type) Polymorphic() bool {
	switch t.OID {
	case OIDAnyElement, OIDAnyArray, OIDAnyNonArray, OIDAnyEnum, OIDAnyRange, OIDAnyMultirange,
		OIDAnyCompatible, OIDAnyCompatibleArray, OIDAnyCompatibleNonArray, OIDAnyCompatibleRange,
		OIDAnyCompatibleMultirange:
		return true
	}
	return false
}
