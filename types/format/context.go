// Package format is PostgreSQL's text and binary form of every type: what a
// client sees and sends, what COPY reads, and what a cast to and from text does.
//
// Output appends to a caller's buffer and does not allocate for the common
// types. What depends on the session (DateStyle, TimeZone, bytea_output, the
// names behind reg* types) comes in a Context.
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
