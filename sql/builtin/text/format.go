package text

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// spread returns a variadic call's arguments from the first on as single values:
// as written, or the elements of the array given with VARIADIC. ok is false if
// that array is null.
func spread(c *function.Call, args []*vector.Vector, first, i int) (values []*vector.Vector, rows []int, ok bool, err error) {
	if !c.Variadic {
		for _, a := range args[first:] {
			values, rows = append(values, a), append(rows, i)
		}
		return values, rows, true, nil
	}
	last := args[len(args)-1]
	if last.Null(i) {
		return nil, nil, false, nil
	}
	a, err := array.Decode(last.Bytes(i), last.Type.Root().Elem)
	if err != nil {
		return nil, nil, false, err
	}
	for k := range a.N {
		values, rows = append(values, a.Elems), append(rows, k)
	}
	return values, rows, true, nil
}

func joinText(dst []byte, c *function.Call, sep []byte, values []*vector.Vector, rows []int) []byte {
	first := true
	for k, v := range values {
		if v.Null(rows[k]) {
			continue
		}
		if !first {
			dst = append(dst, sep...)
		}
		first = false
		dst = format.AppendText(dst, c.Env.Format, v, rows[k])
	}
	return dst
}

func formats(t function.Table) {
	t["text_concat"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		values, rows, ok, err := spread(c, args, 0, i)
		if !ok || err != nil {
			out.SetNull(i)
			return err
		}
		out.SetBytes(i, joinText(nil, c, nil, values, rows))
		return nil
	})
	t["text_concat_ws"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		values, rows, ok, err := spread(c, args, 1, i)
		if !ok || err != nil {
			out.SetNull(i)
			return err
		}
		out.SetBytes(i, joinText(nil, c, args[0].Bytes(i), values, rows))
		return nil
	})
	run := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		values, rows, _, err := spread(c, args, 1, i)
		if len(args) == 1 {
			values, rows = nil, nil
		}
		if err != nil {
			return err
		}
		f := formatter{c: c, values: values, rows: rows}
		if err := f.run(args[0].String(i)); err != nil {
			return err
		}
		out.SetBytes(i, f.out)
		return nil
	})
	t["text_format"], t["text_format_nv"] = run, run
}

// formatter is format(): %[position$][-][width]type.
type formatter struct {
	c      *function.Call
	values []*vector.Vector
	rows   []int
	out    []byte
	next   int
}

func badFormat(text string) *pgerr.Error { return pgerr.New(pgerr.InvalidParameterValue, text) }

func unterminated() error {
	return badFormat("unterminated format() type specifier").WithHint(`For a single "%" use "%%".`)
}

func (f *formatter) run(s string) error {
	for s != "" {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			f.out = append(f.out, s...)
			return nil
		}
		f.out = append(f.out, s[:i]...)
		s = s[i+1:]
		if s == "" {
			return unterminated()
		}
		if s[0] == '%' {
			f.out, s = append(f.out, '%'), s[1:]
			continue
		}
		rest, err := f.one(s)
		if err != nil {
			return err
		}
		s = rest
	}
	return nil
}

func (f *formatter) number(s string) (n int64, rest string, found bool, err error) {
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		n = n*10 + int64(s[0]-'0')
		if n > 1<<31-1 {
			return 0, "", false, pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")
		}
		s, found = s[1:], true
	}
	if found && s == "" {
		return 0, "", false, unterminated()
	}
	return n, s, found, nil
}

func (f *formatter) argument(n int64) (*vector.Vector, int, error) {
	if n > int64(len(f.values)) {
		return nil, 0, badFormat("too few arguments for format()")
	}
	f.next = int(n)
	return f.values[n-1], f.rows[n-1], nil
}

func (f *formatter) one(s string) (string, error) {
	n, rest, found, err := f.number(s)
	if err != nil {
		return "", err
	}
	position, width, widthArg, flag := int64(-1), int64(0), int64(-1), false
	if found && rest[0] == '$' {
		if n == 0 {
			return "", badFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		position, s = n, rest[1:]
		if s == "" {
			return "", unterminated()
		}
		found = false
	} else if found {
		width, s = n, rest
	}
	if !found {
		for s[0] == '-' {
			flag, s = true, s[1:]
			if s == "" {
				return "", unterminated()
			}
		}
		if s[0] == '*' {
			s = s[1:]
			if s == "" {
				return "", unterminated()
			}
			n, rest, found, err := f.number(s)
			if err != nil {
				return "", err
			}
			widthArg = 0
			if found {
				if rest[0] != '$' {
					return "", badFormat(`width argument position must be ended by "$"`)
				}
				if n == 0 {
					return "", badFormat("format specifies argument 0, but arguments are numbered from 1")
				}
				widthArg, s = n, rest[1:]
				if s == "" {
					return "", unterminated()
				}
			}
		} else if n, rest, ok, err := f.number(s); err != nil {
			return "", err
		} else if ok {
			width, s = n, rest
		}
	}
	if widthArg >= 0 {
		if widthArg == 0 {
			widthArg = int64(f.next + 1)
		}
		v, row, err := f.argument(widthArg)
		if err != nil {
			return "", err
		}
		width = 0
		if !v.Null(row) {
			text := string(format.AppendText(nil, f.c.Env.Format, v, row))
			if width, err = format.ParseInt(text, 32, "integer"); err != nil {
				return "", err
			}
		}
	}
	kind := s[0]
	if kind != 's' && kind != 'I' && kind != 'L' {
		return "", badFormat("unrecognized format() type specifier \"" + s[:next(s, false)] + "\"").WithHint(`For a single "%" use "%%".`)
	}
	if position < 0 {
		position = int64(f.next + 1)
	}
	v, row, err := f.argument(position)
	if err != nil {
		return "", err
	}
	value := ""
	switch null := v.Null(row); {
	case null && kind == 'I':
		return "", pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	case null && kind == 'L':
		value = "NULL"
	case !null:
		value = string(format.AppendText(nil, f.c.Env.Format, v, row))
		if kind == 'I' {
			value = format.QuoteIdent(value)
		} else if kind == 'L' {
			value = quoteLiteral(value)
		}
	}
	if width < 0 {
		flag, width = true, -width
	}
	blanks := max(int(width)-int(length(value)), 0)
	if !flag {
		f.out = append(f.out, strings.Repeat(" ", blanks)...)
	}
	f.out = append(f.out, value...)
	if flag {
		f.out = append(f.out, strings.Repeat(" ", blanks)...)
	}
	return s[1:], nil
}

// quoteLiteral is quote_literal.
func quoteLiteral(s string) string {
	prefix := ""
	if strings.IndexByte(s, '\\') >= 0 {
		prefix, s = "E", strings.ReplaceAll(s, `\`, `\\`)
	}
	return prefix + "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
