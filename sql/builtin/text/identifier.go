package text

import (
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/vector"
)

func identifiers(t function.Table) {
	t["quote_ident"] = function.Map1(format.QuoteIdent)
	t["quote_literal"] = function.Map1(quoteLiteral)
	nullable := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetString(i, "NULL")
			return nil
		}
		out.SetString(i, quoteLiteral(string(appendCast(nil, c, args[0], i))))
		return nil
	})
	t["quote_nullable"], t["quote_nullable(anyelement)"] = nullable, nullable
	t["quote_literal(anyelement)"] = nullable
	t["parse_ident"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		list, err := ParseIdent(args[0].String(i), vector.Of[bool](args[1])[args[1].Index(i)])
		if err != nil {
			return err
		}
		v := vector.New(types.Text, len(list))
		for k, s := range list {
			v.SetString(k, s)
		}
		out.SetBytes(i, array.FromVector(types.OIDText, v, len(list)))
		return nil
	})
}

func identStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

// ParseIdent splits a qualified name; strict refuses text after it.
func ParseIdent(whole string, strict bool) ([]string, error) {
	bad := func() *pgerr.Error {
		return pgerr.Newf(pgerr.InvalidParameterValue, "string is not a valid identifier: \"%s\"", whole)
	}
	s := strings.TrimLeft(whole, " \t\n\r\f\v")
	var list []string
	afterDot := false
	for {
		missing := s == ""
		switch {
		case !missing && s[0] == '"':
			var b strings.Builder
			rest := s[1:]
			for {
				end := strings.IndexByte(rest, '"')
				if end < 0 {
					return nil, bad().WithDetail("String has unclosed double quotes.")
				}
				b.WriteString(rest[:end])
				rest = rest[end+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			if b.Len() == 0 {
				return nil, bad().WithDetail("Quoted identifier must not be empty.")
			}
			list, s = append(list, b.String()), rest
		case !missing && identStart(s[0]):
			end := 1
			for end < len(s) && (identStart(s[end]) || s[end] >= '0' && s[end] <= '9' || s[end] == '$') {
				end++
			}
			list, s = append(list, asciiLower(s[:end])), s[end:]
		default:
			switch {
			case !missing && s[0] == '.':
				return nil, bad().WithDetail("No valid identifier before \".\".")
			case afterDot:
				return nil, bad().WithDetail("No valid identifier after \".\".")
			}
			return nil, bad()
		}
		s = strings.TrimLeft(s, " \t\n\r\f\v")
		if strings.HasPrefix(s, ".") {
			afterDot = true
			s = strings.TrimLeft(s[1:], " \t\n\r\f\v")
			continue
		}
		if s != "" && strict {
			return nil, bad()
		}
		return list, nil
	}
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return string(b)
}
