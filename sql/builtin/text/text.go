// Package text is the kernels of strings: the manual's section 9.4.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/format"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{
		"textcat": function.Map2(func(a, b string) string { return a + b }),
		// textanycat and anytextcat are SQL functions in PostgreSQL.
		"textanycat(text,anynonarray)": function.Row(concatAny(0)),
		"anytextcat(anynonarray,text)": function.Row(concatAny(1)),
		"textlen":                      function.Map1(func(s string) int32 { return int32(utf8.RuneCountInString(s)) }),
		"bpcharlen":                    function.Map1(func(s string) int32 { return int32(utf8.RuneCountInString(kernel.TrimBlanks(s))) }),
		"textoctetlen":                 function.Map1(func(s string) int32 { return int32(len(s)) }),
		"byteaoctetlen":                function.Map1(func(s []byte) int32 { return int32(len(s)) }),
		"upper":                        function.Map1(func(s string) string { return strings.Map(unicode.ToUpper, s) }),
		"lower":                        function.Map1(func(s string) string { return strings.Map(unicode.ToLower, s) }),
		"text_substr":                  function.Map3E(func(s string, from, n int32) (string, error) { return substring(s, int64(from), int64(n)) }),
		"text_substr_no_len":           function.Map2E(func(s string, from int32) (string, error) { return substring(s, int64(from), 1<<31) }),
		"text_left":                    function.Map2(func(s string, n int32) string { return left(s, int(n)) }),
		"text_right":                   function.Map2(func(s string, n int32) string { return right(s, int(n)) }),
		"text_reverse":                 function.Map1(reverse),
		"textpos":                      function.Map2(position),
		"replace_text": function.Map3E(func(s, from, to string) (string, error) {
			if from == "" {
				return s, nil
			}
			return strings.ReplaceAll(s, from, to), nil
		}),
		"repeat": function.Map2E(func(s string, n int32) (string, error) {
			if n <= 0 {
				return "", nil
			}
			if int64(len(s))*int64(n) > 1<<30-1 {
				return "", pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
			}
			return strings.Repeat(s, int(n)), nil
		}),
		"btrim1":      function.Map1(func(s string) string { return strings.Trim(s, " ") }),
		"ltrim1":      function.Map1(func(s string) string { return strings.TrimLeft(s, " ") }),
		"rtrim1":      function.Map1(func(s string) string { return strings.TrimRight(s, " ") }),
		"btrim":       function.Map2(func(s, set string) string { return strings.Trim(s, set) }),
		"ltrim":       function.Map2(func(s, set string) string { return strings.TrimLeft(s, set) }),
		"rtrim":       function.Map2(func(s, set string) string { return strings.TrimRight(s, set) }),
		"textlike":    like(false, false),
		"textnlike":   like(false, true),
		"texticlike":  like(true, false),
		"texticnlike": like(true, true),
	}
	casts(t)
	return t
}

// concatAny joins a text with a value of any type in its text form.
func concatAny(other int) func(*function.Call, []*vector.Vector, int, *vector.Vector) error {
	return func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		var b []byte
		for k, a := range args {
			if k == 1-other {
				b = format.AppendText(b, c.Env.Format, a, i)
			} else {
				b = append(b, a.Bytes(i)...)
			}
		}
		out.SetBytes(i, b)
		return nil
	}
}

// substring is SUBSTRING(s FROM from FOR n), counted in characters from 1.
func substring(s string, from, n int64) (string, error) {
	if n < 0 {
		return "", pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
	}
	end := from + n
	from = max(from, 1)
	if end <= from {
		return "", nil
	}
	return cut(s, int(from-1), int(min(end-1, 1<<40))), nil
}

// cut returns the characters from (included) to to (excluded), from 0.
func cut(s string, from, to int) string {
	start, k := len(s), 0
	for i := range s {
		if k == from {
			start = i
		}
		if k == to {
			return s[min(start, i):i]
		}
		k++
	}
	return s[start:]
}

func left(s string, n int) string {
	if n < 0 {
		n = max(0, utf8.RuneCountInString(s)+n)
	}
	return cut(s, 0, n)
}

func right(s string, n int) string {
	length := utf8.RuneCountInString(s)
	if n < 0 {
		return cut(s, min(-n, length), length)
	}
	return cut(s, max(0, length-n), length)
}

func reverse(s string) string {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		_, n := utf8.DecodeLastRuneInString(s)
		out = append(out, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return string(out)
}

func position(s, sub string) int32 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCountInString(s[:i]) + 1)
}

// like is LIKE and ILIKE with the backslash as escape character.
func like(fold, not bool) function.Impl {
	return function.Map2E(func(s, pattern string) (bool, error) {
		if fold {
			s, pattern = strings.ToLower(s), strings.ToLower(pattern)
		}
		ok, err := matches(s, pattern)
		return ok != not, err
	})
}

// matches tells whether a string matches a pattern of % and _; a failed % is tried
// again one character on, from the last % alone, so that it takes no exponential time.
func matches(s, p string) (bool, error) {
	star, mark := -1, 0
	i, k := 0, 0
	for i < len(s) {
		if k < len(p) {
			switch p[k] {
			case '%':
				star, mark = k, i
				k++
				continue
			case '_':
				_, n := utf8.DecodeRuneInString(s[i:])
				i, k = i+n, k+1
				continue
			case '\\':
				if k+1 >= len(p) {
					return false, pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
				}
				if p[k+1] == s[i] {
					i, k = i+1, k+2
					continue
				}
			default:
				if p[k] == s[i] {
					i, k = i+1, k+1
					continue
				}
			}
		}
		if star < 0 {
			return false, nil
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		i, k = mark, star+1
	}
	for k < len(p) && p[k] == '%' {
		k++
	}
	return k == len(p), nil
}

// casts are the length coercions of varchar(n) and char(n) and their relatives.
func casts(t function.Table) {
	t["varchar"] = function.Map3E(func(s string, mod int32, explicit bool) (string, error) {
		return fit(s, mod, explicit, "character varying")
	})
	t["bpchar"] = function.Map3E(func(s string, mod int32, explicit bool) (string, error) {
		s, err := fit(s, mod, explicit, "character")
		if n := int(mod-4) - utf8.RuneCountInString(s); err == nil && n > 0 && mod >= 4 {
			s += strings.Repeat(" ", n)
		}
		return s, err
	})
	t["text_name"] = function.Map1(func(s string) string { return cutBytes(s, 63) })
	t["name_text"] = function.Map1(func(s string) string { return s })
}

func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// fit cuts a string to a length; without an explicit cast only blanks may go.
func fit(s string, mod int32, explicit bool, name string) (string, error) {
	n := int(mod - 4)
	if mod < 4 || len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s, nil
	}
	kept := cut(s, 0, n)
	if !explicit && strings.Trim(s[len(kept):], " ") != "" {
		return "", pgerr.Newf(pgerr.StringDataRightTruncation, "value too long for type %s(%d)", name, n)
	}
	return kept, nil
}
