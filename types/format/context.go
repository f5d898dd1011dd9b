// Package format is PostgreSQL's text and binary form of every type: what a
// client sees and sends, what COPY reads, and what a cast to and from text does.
//
// Output appends to a caller's buffer and does not allocate for the common
// types. What depends on the session (DateStyle, TimeZone, bytea_output, the
// names behind reg* types) comes in a Context; a nil one means the defaults.
//
// Invariants: what AppendText writes, ParseText reads back to an equal value, and
// so for the binary forms; text that was read is valid UTF-8 without NUL; a value
// read under a type modifier obeys it (22001, 22003 otherwise).
//
// How values lie in a types.Bytes vector: uuid is its 16 bytes; json is its text;
// jsonb is package jsonb's form; char(n) is padded with blanks; name is at most 63
// bytes; arrays, oidvector and int2vector (lower bound 0) are package array's
// form and records are package record's. A tid is block<<16|offset; oid, reg*, xid
// and cid are unsigned numbers below 2^32.
package format

import (
	"datapunk/types"
	"datapunk/types/datetime"
)

// Context is the session's choices for input and output.
type Context struct {
	Datetime         *datetime.Style
	ByteaEscape      bool // bytea_output = escape
	ExtraFloatDigits int  // below 1: rounded output with digits10+n digits
	Names            Names
}

// Names resolves the names behind regclass and its kin, and user-defined types. A nil Names
// knows PostgreSQL's own types, functions and operators only.
type Names interface {
	// RegIn finds the object a reg* text names; class is the reg type's name. The
	// error is PostgreSQL's (42P01, 42883, 42704 …).
	RegIn(class, text string) (types.OID, error)
	// RegOut prints an object; ok is false if it does not exist (its number is shown).
	RegOut(class string, oid types.OID) (text string, ok bool)
	// TypeByOID finds the element and field types of arrays and records.
	TypeByOID(types.OID) *types.Type
	// EnumLabels and domains are data in the *types.Type itself.
}

// defaults stands for a nil Context.
var defaults = &Context{ExtraFloatDigits: 1}

func (c *Context) typeByOID(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil || c.Names == nil {
		return t
	}
	return c.Names.TypeByOID(oid)
}
