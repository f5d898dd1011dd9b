package types

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed facts/type.tsv
var typeFacts string

//go:embed facts/range.tsv
var rangeFacts string

//go:embed facts/cast.tsv
var castFacts string

// builtin is filled before any other variable of the package is (they call
// mustFind), and never changed.
var builtin = loadTypes()

// Builtin returns PostgreSQL's own type of an OID, or nil.
func Builtin(oid OID) *Type { return builtin.byOID[oid] }

// BuiltinNamed returns PostgreSQL's own type of a name in pg_catalog, or nil.
func BuiltinNamed(name string) *Type { return builtin.byName[name] }

// Builtins lists PostgreSQL's own types by OID. The slice must not be changed.
func Builtins() []*Type { return builtin.list }

// RangeFacts lists pg_range: range, subtype, multirange, collation, operator class,
// canonical function, difference function. It must not be changed.
func RangeFacts() [][]string { return Facts(rangeFacts) }

type typeTable struct {
	byOID  map[OID]*Type
	byName map[string]*Type
	list   []*Type
}

func mustFind(oid OID) *Type {
	t := builtin.byOID[oid]
	if t == nil {
		panic(fmt.Sprintf("types: no type %d in facts/type.tsv", oid))
	}
	return t
}

// Facts splits an embedded table of facts into rows of fields. Lines that begin
// with # are comments; \N is NULL and comes back as it stands.
func Facts(text string) [][]string {
	lines := strings.Split(text, "\n")
	rows := make([][]string, 0, len(lines))
	for _, line := range lines {
		if line != "" && line[0] != '#' {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}

// FactOID reads an OID field; \N and - are 0.
func FactOID(field string) OID {
	n, _ := strconv.ParseUint(field, 10, 32)
	return OID(n)
}

func loadTypes() *typeTable {
	table := &typeTable{byOID: map[OID]*Type{}, byName: map[string]*Type{}}
	rows := Facts(typeFacts)
	for _, f := range rows {
		length, _ := strconv.Atoi(f[2])
		t := &Type{
			OID: FactOID(f[0]), Name: f[1], Schema: PgCatalog, Owner: 10, Len: int16(length), ByVal: f[3] == "t",
			Kind: Kind(f[4][0]), Category: f[5][0], Preferred: f[6] == "t", Delim: f[7][0], Array: FactOID(f[9]),
			Input: FactOID(f[10]), Output: FactOID(f[11]), Receive: FactOID(f[12]), Send: FactOID(f[13]),
			ModIn: FactOID(f[14]), ModOut: FactOID(f[15]), Align: f[16][0], Storage: f[17][0],
			Collation: FactOID(f[18]), Subscript: FactOID(f[19]),
		}
		t.Phys = physOf(t)
		table.byOID[t.OID], table.byName[t.Name] = t, t
		table.list = append(table.list, t)
	}
	for i, f := range rows {
		table.list[i].Elem = table.byOID[FactOID(f[8])]
	}
	for _, f := range Facts(rangeFacts) {
		subtype := table.byOID[FactOID(f[1])]
		table.byOID[FactOID(f[0])].Subtype = subtype
		table.byOID[FactOID(f[2])].Subtype = subtype
	}
	return table
}

// physOf is the layout of a built-in type.
func physOf(t *Type) Phys {
	switch t.Name {
	case "bool":
		return Bool
	case "int2", "char":
		return Int16
	case "int4", "date":
		return Int32
	case "int8", "oid", "xid", "cid", "tid", "time", "timestamp", "timestamptz", "money", "xid8", "pg_lsn",
		"regproc", "regprocedure", "regoper", "regoperator", "regclass", "regtype", "regnamespace", "regrole",
		"regcollation", "regconfig", "regdictionary":
		return Int64
	case "float4":
		return Float32
	case "float8":
		return Float64
	case "numeric":
		return Numeric
	case "interval":
		return Interval
	case "timetz":
		return TimeTZ
	case "void":
		return Void
	}
	return Bytes
}
