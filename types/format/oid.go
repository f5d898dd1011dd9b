package format

import (
	"fmt"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// IsReg tells regclass and its kin.
func IsReg(t *types.Type) bool {
	switch t.OID {
	case types.OIDRegproc, types.OIDRegprocedure, types.OIDRegoper, types.OIDRegoperator, types.OIDRegclass,
		types.OIDRegtype, types.OIDRegnamespace, types.OIDRegrole, types.OIDRegcollation, types.OIDRegconfig,
		types.OIDRegdictionary:
		return true
	}
	return false
}

// parseOID reads the types that are numbers in 64 bits; done is false for others.
func parseOID(ctx *Context, t *types.Type, text string) (n int64, done bool, err error) {
	switch t.OID {
	case types.OIDOid:
		n, err = ParseOID(text)
	case types.OIDXid, types.OIDCid:
		n = int64(uint32(prefixUint(text)))
	case types.OIDXid8:
		n = int64(prefixUint(text))
	case types.OIDTid:
		n, err = parseTid(text)
	case types.OIDPgLSN:
		n, err = parseLSN(text)
	default:
		if !IsReg(t) {
			return 0, false, nil
		}
		n, err = parseReg(ctx, t, text)
	}
	return n, true, err
}

// ParseOID reads an oid, which may be written as a negative number.
func ParseOID(text string) (int64, error) {
	s := trimSpace(text)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && !isDigits(strings.TrimLeft(s, "+-")) {
		return 0, syntax("oid", text)
	}
	if err != nil || n > 1<<32-1 || n < -1<<31 {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type oid", text)
	}
	return int64(uint32(n)), nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// prefixUint reads the number at the head of a text as C's strtoul does.
func prefixUint(s string) uint64 {
	s = trimSpace(s)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	base := 10
	if len(s) > 1 && s[0] == '0' {
		base = 8
		if s[1] == 'x' || s[1] == 'X' {
			base, s = 16, s[2:]
		}
	}
	end := 0
	for end < len(s) {
		d, err := strconv.ParseUint(s[end:end+1], 16, 8)
		if err != nil || int(d) >= base {
			break
		}
		end++
	}
	n, _ := strconv.ParseUint(s[:end], base, 64)
	if negative {
		n = -n
	}
	return n
}

func parseTid(text string) (int64, error) {
	s := trimSpace(text)
	inner, ok := strings.CutPrefix(s, "(")
	if ok {
		inner, ok = strings.CutSuffix(inner, ")")
	}
	block, offset, two := strings.Cut(inner, ",")
	if !ok || !two {
		return 0, syntax("tid", text)
	}
	b, err1 := strconv.ParseUint(trimLeft(block), 10, 32)
	o, err2 := strconv.ParseUint(trimLeft(offset), 10, 16)
	if err1 != nil || err2 != nil {
		return 0, syntax("tid", text)
	}
	return int64(b)<<16 | int64(o), nil
}

func parseLSN(text string) (int64, error) {
	high, low, ok := strings.Cut(text, "/")
	if !ok || len(high) > 8 || len(low) > 8 {
		return 0, syntax("pg_lsn", text)
	}
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if err1 != nil || err2 != nil {
		return 0, syntax("pg_lsn", text)
	}
	return int64(h<<32 | l), nil
}

func parseReg(ctx *Context, t *types.Type, text string) (int64, error) {
	if text == "-" && t.OID != types.OIDRegnamespace && t.OID != types.OIDRegrole || text == "0" && t.OID != types.OIDRegclass {
		return 0, nil
	}
	if isDigits(text) {
		return ParseOID(text)
	}
	if ctx.Names != nil {
		oid, err := ctx.Names.RegIn(t.Name, text)
		return int64(oid), err
	}
	if t.OID == types.OIDRegtype {
		if found := namedType(text); found != nil {
			return int64(found.OID), nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, "type \"%s\" does not exist", text)
	}
	return 0, pgerr.Unsupported("a name as %s here", t.Name)
}

// namedType finds a type of PostgreSQL's own by the name that TypeName gives.
func namedType(text string) *types.Type {
	text = strings.ToLower(trimSpace(text))
	if elem, ok := strings.CutSuffix(text, "[]"); ok {
		if t := namedType(elem); t != nil {
			return types.Builtin(t.Array)
		}
		return nil
	}
	text = strings.TrimPrefix(text, "pg_catalog.")
	if t := types.BuiltinNamed(strings.Trim(text, `"`)); t != nil && text != "char" {
		return t
	}
	switch text {
	case "int":
		return types.Int4
	case "decimal":
		return types.NumericType
	case "char":
		return types.BPChar
	case "float":
		return types.Float8
	}
	for oid, name := range sqlNames {
		if name == text {
			return types.Builtin(oid)
		}
	}
	return nil
}

// appendOID appends the types that are numbers in 64 bits.
func appendOID(dst []byte, ctx *Context, t *types.Type, n int64) []byte {
	switch t.OID {
	case types.OIDTid:
		dst = strconv.AppendInt(append(dst, '('), n>>16, 10)
		return append(strconv.AppendInt(append(dst, ','), n&0xffff, 10), ')')
	case types.OIDPgLSN:
		return fmt.Appendf(dst, "%X/%X", uint32(n>>32), uint32(n))
	case types.OIDXid8:
		return strconv.AppendUint(dst, uint64(n), 10)
	}
	if IsReg(t) {
		if n == 0 {
			if t.OID == types.OIDRegoper || t.OID == types.OIDRegoperator {
				return append(dst, '0')
			}
			return append(dst, '-')
		}
		if ctx.Names != nil {
			if text, ok := ctx.Names.RegOut(t.Name, types.OID(n)); ok {
				return append(dst, text...)
			}
		} else if t.OID == types.OIDRegtype {
			if found := types.Builtin(types.OID(n)); found != nil {
				return append(dst, TypeName(found, -1)...)
			}
		}
	}
	return strconv.AppendUint(dst, uint64(uint32(n)), 10)
}

// parseVector reads an int2vector or oidvector: numbers between blanks.
func parseVector(t *types.Type, text string, out *vector.Vector, i int) error {
	fields := strings.Fields(text)
	elems := vector.New(t.Elem, len(fields))
	for k, f := range fields {
		if t.OID == types.OIDInt2Vector {
			n, err := ParseInt(f, 16, "smallint")
			if err != nil {
				return err
			}
			vector.Of[int16](elems)[k] = int16(n)
			continue
		}
		n, err := ParseOID(f)
		if err != nil {
			return err
		}
		vector.Of[int64](elems)[k] = n
	}
	out.SetBytes(i, array.Append(nil, t.Elem.OID, []array.Dim{{Length: int32(len(fields))}}, elems, vector.Sequence(nil, len(fields))))
	return nil
}
