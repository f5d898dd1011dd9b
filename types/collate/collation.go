// Package collate orders text.
//
// "C", "POSIX" and the database's default (made with locale C) order by bytes.
// Every other name of pg_collation means the root order of the Unicode Collation
// Algorithm as golang.org/x/text/collate implements it, with ties broken by
// bytes, so that equality is always that of the bytes (PostgreSQL's
// deterministic collations).
package collate

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

//go:embed facts/collation.tsv
var facts string

// Version names the order; it stands in index descriptors, since another
// version may order differently.
const Version = "x/text root, Unicode 15"

// Collation is one row of pg_collation.
type Collation struct {
	OID                       uint32
	Name                      string
	Provider                  byte // d default, c libc, i ICU
	Encoding                  int32
	Collate, Ctype, ICULocale string // "\N" is null
}

var list, byName, byOID = load()

func load() ([]*Collation, map[string]*Collation, map[uint32]*Collation) {
	var list []*Collation
	names, oids := map[string]*Collation{}, map[uint32]*Collation{}
	for _, line := range strings.Split(facts, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		oid, _ := strconv.ParseUint(f[0], 10, 32)
		encoding, _ := strconv.Atoi(f[4])
		c := &Collation{OID: uint32(oid), Name: f[1], Provider: f[2][0], Encoding: int32(encoding),
			Collate: f[5], Ctype: f[6], ICULocale: f[7]}
		list = append(list, c)
		names[c.Name], oids[c.OID] = c, c
	}
	return list, names, oids
}

// All lists the collations by OID. It must not be changed.
func All() []*Collation { return list }

// Named finds a collation by name.
func Named(name string) (uint32, bool) {
	c, ok := byName[name]
	if !ok {
		return 0, false
	}
	return c.OID, true
}

// Name returns a collation's name, or its number.
func Name(oid uint32) string {
	if c, ok := byOID[oid]; ok {
		return c.Name
	}
	return strconv.FormatUint(uint64(oid), 10)
}

// Bytewise tells whether a collation orders by bytes; 0 (none) does.
func Bytewise(oid uint32) bool {
	switch oid {
	case 0, 100, 950, 951:
		return true
	}
	c, ok := byOID[oid]
	return !ok || c.Provider == 'c' && (strings.HasPrefix(c.Collate, "C") || c.Collate == "POSIX")
}

// collators are reused: one holds buffers and is not safe for two goroutines.
var collators = sync.Pool{New: func() any { return collate.New(language.Und) }}

// Compare orders two strings under a collation.
func Compare(oid uint32, a, b string) int {
	if Bytewise(oid) {
		return strings.Compare(a, b)
	}
	c := collators.Get().(*collate.Collator)
	defer collators.Put(c)
	if order := c.CompareString(a, b); order != 0 {
		return order
	}
	return strings.Compare(a, b)
}

// AppendKey appends the sort key of s: keys compare as bytes as strings compare
// under the collation, but for ties, which the caller breaks by the bytes of s.
func AppendKey(dst []byte, oid uint32, s string) []byte {
	if Bytewise(oid) {
		return append(dst, s...)
	}
	c := collators.Get().(*collate.Collator)
	defer collators.Put(c)
	var buffer collate.Buffer
	return append(dst, c.KeyFromString(&buffer, s)...)
}
