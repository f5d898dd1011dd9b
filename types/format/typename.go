package format

import (
	"strconv"

	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
)

// sqlNames are the types whose SQL name differs from pg_type.typname.
var sqlNames = map[types.OID]string{
	types.OIDBool: "boolean", types.OIDBPChar: "character", types.OIDFloat4: "real", types.OIDFloat8: "double precision",
	types.OIDInt2: "smallint", types.OIDInt4: "integer", types.OIDInt8: "bigint", types.OIDNumeric: "numeric",
	types.OIDInterval: "interval", types.OIDTime: "time without time zone", types.OIDTimetz: "time with time zone",
	types.OIDTimestamp: "timestamp without time zone", types.OIDTimestamptz: "timestamp with time zone",
	types.OIDVarbit: "bit varying", types.OIDVarchar: "character varying", types.OIDBit: "bit",
}

// TypeName is format_type: the name of a type of pg_catalog with its modifier
// (-1 none), or the quoted name of a user's type without schema.
func TypeName(t *types.Type, mod int32) string {
	if t == nil {
		return "-"
	}
	if t.IsArray() && !t.IsVector() {
		return TypeName(t.Elem, mod) + "[]"
	}
	name, ok := sqlNames[t.OID]
	if !ok {
		name = QuoteIdent(t.Name)
	}
	if mod < 0 {
		return name
	}
	switch t.OID {
	case types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz:
		// The precision stands inside the name.
		head := 4
		if t.OID == types.OIDTimestamp || t.OID == types.OIDTimestamptz {
			head = 9
		}
		return name[:head] + "(" + strconv.Itoa(int(mod)) + ")" + name[head:]
	}
	return string(AppendMod([]byte(name), t, mod))
}

// ColumnTypeName is format_type with a modifier given: where none (-1) is not the
// same as none written, it says so.
func ColumnTypeName(t *types.Type, mod int32) string {
	if mod < 0 && t != nil {
		switch t.OID {
		case types.OIDBPChar:
			return "bpchar"
		case types.OIDBit:
			return `"bit"`
		}
		if t.IsArray() && !t.IsVector() {
			return ColumnTypeName(t.Elem, mod) + "[]"
		}
	}
	return TypeName(t, mod)
}

// AppendMod appends a modifier as the type's typmodout function does.
func AppendMod(dst []byte, t *types.Type, mod int32) []byte {
	if mod < 0 {
		return dst
	}
	number := func(n int32) []byte {
		return append(strconv.AppendInt(append(dst, '('), int64(n), 10), ')')
	}
	if t.IsArray() {
		t = t.Elem
	}
	switch t.OID {
	case types.OIDVarchar, types.OIDBPChar:
		if mod < header {
			return dst
		}
		return number(mod - header)
	case types.OIDNumeric:
		if precision, scale, ok := numeric.SplitTypmod(mod); ok {
			dst = strconv.AppendInt(append(dst, '('), int64(precision), 10)
			return append(strconv.AppendInt(append(dst, ','), int64(scale), 10), ')')
		}
		return dst
	case types.OIDTime, types.OIDTimestamp:
		return append(number(mod), " without time zone"...)
	case types.OIDTimetz, types.OIDTimestamptz:
		return append(number(mod), " with time zone"...)
	case types.OIDInterval:
		dst = append(dst, intervalFields[int(mod>>16)&0x7fff]...)
		if precision := int(mod) & datetime.IntervalFullPrecision; precision != datetime.IntervalFullPrecision {
			return append(strconv.AppendInt(append(dst, '('), int64(precision), 10), ')')
		}
		return dst
	}
	return number(mod)
}

// Bits of an interval's fields in its modifier.
const (
	month  = 1 << 1
	year   = 1 << 2
	day    = 1 << 3
	hour   = 1 << 10
	minute = 1 << 11
	second = 1 << 12
)

var intervalFields = map[int]string{
	year: " year", month: " month", day: " day", hour: " hour", minute: " minute", second: " second",
	year | month: " year to month", day | hour: " day to hour", day | hour | minute: " day to minute",
	day | hour | minute | second: " day to second", hour | minute: " hour to minute",
	hour | minute | second: " hour to second", minute | second: " minute to second",
	datetime.IntervalFullRange: "",
}
