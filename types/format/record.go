package format

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/record"
	"datapunk/types/vector"
)

func badRecord(text, detail string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed record literal: \"%s\"", text).WithDetail("%s", detail)
}

func parseRecord(ctx *Context, t *types.Type, text string, out *vector.Vector, i int) error {
	s := trimLeft(text)
	if !strings.HasPrefix(s, "(") {
		return badRecord(text, "Missing left parenthesis.")
	}
	s = s[1:]
	cols := make([]*vector.Vector, len(t.Fields))
	for k, f := range t.Fields {
		if k > 0 {
			if !strings.HasPrefix(s, ",") {
				return badRecord(text, "Too few columns.")
			}
			s = s[1:]
		}
		cols[k] = vector.New(f.Type, 1)
		if s == "" {
			return badRecord(text, "Unexpected end of input.")
		}
		if s[0] == ',' || s[0] == ')' {
			cols[k].SetNull(0)
			continue
		}
		value, rest, ok := recordField(s)
		if !ok {
			return badRecord(text, "Unexpected end of input.")
		}
		s = rest
		if err := ParseText(ctx, f.Type, f.Mod, value, cols[k], 0); err != nil {
			return err
		}
	}
	if !strings.HasPrefix(s, ")") {
		return badRecord(text, "Too many columns.")
	}
	if trimSpace(s[1:]) != "" {
		return badRecord(text, "Junk after right parenthesis.")
	}
	out.SetBytes(i, record.Append(nil, cols, 0))
	return nil
}

// recordField reads up to the comma or parenthesis after a field.
func recordField(s string) (value, rest string, ok bool) {
	var b []byte
	quotes := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			if i++; i >= len(s) {
				return "", "", false
			}
			b = append(b, s[i])
		case c == '"' && !quotes:
			quotes = true
		case c == '"' && i+1 < len(s) && s[i+1] == '"':
			b = append(b, '"')
			i++
		case c == '"':
			quotes = false
		case !quotes && (c == ',' || c == ')'):
			return string(b), s[i:], true
		default:
			b = append(b, c)
		}
	}
	return "", "", false
}

func appendRecord(dst []byte, ctx *Context, fields []*vector.Vector) []byte {
	dst = append(dst, '(')
	for k, f := range fields {
		if k > 0 {
			dst = append(dst, ',')
		}
		if f.Null(0) {
			continue
		}
		start := len(dst)
		dst = AppendText(dst, ctx, f, 0)
		need, escapes := len(dst) == start, 0
		for _, c := range dst[start:] {
			switch {
			case c == '"' || c == '\\':
				escapes++
				need = true
			case c == '(' || c == ')' || c == ',' || isSpace(c):
				need = true
			}
		}
		if need {
			dst = insertQuotes(dst, start, escapes, '"', '\\')
		}
	}
	return append(dst, ')')
}
