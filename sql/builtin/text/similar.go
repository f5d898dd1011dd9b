package text

import (
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/types/vector"
)

// similarPattern writes a pattern of SIMILAR TO as a regular expression for the whole
// text. An escape before a double quote divides it into three parts, of which the
// middle one becomes a group that is as long, and the first as short, as can be.
func similarPattern(pattern, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	mark, _ := utf8.DecodeRuneInString(escape)
	var b strings.Builder
	b.WriteString("^(?:")
	class := bracketDepth{}
	quotes, escaped := 0, false
	for _, c := range pattern {
		switch {
		case escaped && c == '"' && class.depth == 0:
			switch quotes++; quotes {
			case 1:
				b.WriteString("){1,1}?(")
			case 2:
				b.WriteString("){1,1}(?:")
			default:
				return "", pgerr.New(pgerr.InvalidUseOfEscapeCharacter,
					"SQL regular expression may not contain more than two escape-double-quote separators")
			}
			escaped = false
		case escaped:
			b.WriteByte('\\')
			b.WriteRune(c)
			escaped = false
		case escape != "" && c == mark:
			escaped = true
		case class.depth > 0:
			if c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
			class.read(c)
		default:
			switch c {
			case '[':
				class.read(c)
			case '%':
				b.WriteString(".*")
				continue
			case '_':
				c = '.'
			case '(':
				b.WriteString("(?")
				c = ':'
			case '\\', '.', '^', '$':
				b.WriteByte('\\')
			}
			b.WriteRune(c)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}

// bracketDepth follows […] and what is in it. A closing bracket at the very beginning,
// or after a ^ there, stands for itself.
type bracketDepth struct {
	depth int
	chars int // seen so far: 1 is the opening bracket, 2 a ^ after it
}

func (d *bracketDepth) read(c rune) {
	switch {
	case c == '[':
		d.depth++
	case c == ']' && d.chars > 2:
		d.depth--
	}
	switch {
	case d.chars == 0:
		d.chars = 1
	case c == '^' && d.chars == 1:
		d.chars = 2
	default:
		d.chars = 3
	}
	if d.depth == 0 {
		d.chars = 0
	}
}

// similarCache is the last pattern that was written anew.
type similarCache struct {
	pattern, escape, out string
	full                 bool
}

func (s *similarCache) get(pattern, escape string) (string, error) {
	if s.full && s.pattern == pattern && s.escape == escape {
		return s.out, nil
	}
	out, err := similarPattern(pattern, escape)
	if err != nil {
		return "", err
	}
	*s = similarCache{strings.Clone(pattern), strings.Clone(escape), out, true}
	return out, nil
}

// defaultEscape is the escape character where none is named.
const defaultEscape = `\`

func similarToEscape(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	escape := defaultEscape
	if len(args) > 1 {
		escape = args[1].String(i)
	}
	text, err := p.similar.get(args[0].String(i), escape)
	out.SetString(i, text)
	return err
}

// similarEscape is the older form: not strict, a null escape is the default one.
func similarEscape(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	if args[0].Null(i) {
		out.SetNull(i)
		return nil
	}
	if args[1].Null(i) {
		args = args[:1]
	}
	return similarToEscape(p, args, i, out)
}

// substringSimilar is substring(text SIMILAR pattern ESCAPE escape). In PostgreSQL it is
// a function in SQL, which its errors tell.
func substringSimilar(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	pattern, err := p.similar.get(args[1].String(i), args[2].String(i))
	if err == nil {
		err = p.firstGroup(args[0].String(i), pattern, i, out)
	}
	if e, ok := err.(*pgerr.Error); ok {
		return e.WithWhere("SQL function \"substring\" statement 1")
	}
	return err
}
