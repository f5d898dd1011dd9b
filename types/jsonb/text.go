package jsonb

// AppendText appends a value as jsonb_out prints it.
func AppendText(dst, b []byte) []byte {
	switch KindOf(b) {
	case Null:
		return append(dst, "null"...)
	case False:
		return append(dst, "false"...)
	case True:
		return append(dst, "true"...)
	case Number:
		return Num(b).AppendText(dst)
	case String:
		return AppendQuoted(dst, Text(b))
	}
	c := open(b)
	if c.isObj {
		dst = append(dst, '{')
		for i := range c.n {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendQuoted(dst, c.key(i))
			dst = append(dst, ": "...)
			dst = AppendText(dst, c.value(i))
		}
		return append(dst, '}')
	}
	dst = append(dst, '[')
	for i := range c.n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendText(dst, c.value(i))
	}
	return append(dst, ']')
}

// AppendPretty appends a value as jsonb_pretty prints it.
func AppendPretty(dst, b []byte) []byte { return appendPretty(dst, b, 0) }

func appendPretty(dst, b []byte, level int) []byte {
	if IsScalar(b) {
		return AppendText(dst, b)
	}
	c := open(b)
	first, last := byte('['), byte(']')
	if c.isObj {
		first, last = '{', '}'
	}
	dst = append(dst, first)
	for i := range c.n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = indent(dst, level+1)
		if c.isObj {
			dst = append(AppendQuoted(dst, c.key(i)), ": "...)
		}
		dst = appendPretty(dst, c.value(i), level+1)
	}
	return append(indent(dst, level), last)
}

func indent(dst []byte, level int) []byte {
	dst = append(dst, '\n')
	for range level {
		dst = append(dst, "    "...)
	}
	return dst
}

// AppendQuoted appends a string as a JSON string.
func AppendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// AsText is what ->> gives: a string's content, other values printed; ok is false
// for null.
func AsText(dst, b []byte) (text []byte, ok bool) {
	switch KindOf(b) {
	case Null:
		return dst, false
	case String:
		return append(dst, Text(b)...), true
	}
	return AppendText(dst, b), true
}
