package jsonb

import (
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

// token is a lexical element of JSON text.
type token byte

const (
	tokEnd token = iota
	tokString
	tokNumber
	tokTrue
	tokFalse
	tokNull
	tokOpenArray
	tokCloseArray
	tokOpenObject
	tokCloseObject
	tokComma
	tokColon
	tokInvalid
)

// lexer reads tokens. start and stop bound the current one; prev is the end of the
// one before.
type lexer struct {
	text        string
	start, stop int
	prev        int
	kind        token
	line        int
	lineStart   int
	escapes     bool   // decode strings, checking what \u says
	value       string // decoded string, if escapes
	buffer      []byte
}

// wordByte tells what may continue a misspelt word.
func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func (l *lexer) next() error {
	s, text := l.stop, l.text
	l.prev = l.stop
	for s < len(text) && (text[s] == ' ' || text[s] == '\t' || text[s] == '\n' || text[s] == '\r') {
		if text[s] == '\n' {
			l.line++
			l.lineStart = s + 1
		}
		s++
	}
	l.start = s
	if s == len(text) {
		l.stop, l.kind = s, tokEnd
		return nil
	}
	single := func(k token) error {
		l.stop, l.kind = s+1, k
		return nil
	}
	switch c := text[s]; c {
	case '{':
		return single(tokOpenObject)
	case '}':
		return single(tokCloseObject)
	case '[':
		return single(tokOpenArray)
	case ']':
		return single(tokCloseArray)
	case ',':
		return single(tokComma)
	case ':':
		return single(tokColon)
	case '"':
		return l.stringToken()
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return l.numberToken()
		}
		p := s
		for p < len(text) && wordByte(text[p]) {
			p++
		}
		if p == s {
			l.stop = s + 1
			return l.invalidToken()
		}
		l.stop = p
		switch text[s:p] {
		case "true":
			l.kind = tokTrue
		case "false":
			l.kind = tokFalse
		case "null":
			l.kind = tokNull
		default:
			return l.invalidToken()
		}
		return nil
	}
}

func (l *lexer) numberToken() error {
	text, p := l.text, l.start
	digits := func() bool {
		from := p
		for p < len(text) && text[p] >= '0' && text[p] <= '9' {
			p++
		}
		return p > from
	}
	if text[p] == '-' {
		p++
	}
	good := true
	if p < len(text) && text[p] == '0' {
		p++
	} else {
		good = digits()
	}
	if p < len(text) && text[p] == '.' {
		p++
		good = digits() && good
	}
	if p < len(text) && (text[p] == 'e' || text[p] == 'E') {
		p++
		if p < len(text) && (text[p] == '+' || text[p] == '-') {
			p++
		}
		good = digits() && good
	}
	for p < len(text) && wordByte(text[p]) {
		p++
		good = false
	}
	l.stop = p
	if !good {
		return l.invalidToken()
	}
	l.kind = tokNumber
	return nil
}

func (l *lexer) stringToken() error {
	text, s := l.text, l.start+1
	l.buffer = l.buffer[:0]
	high := rune(-1)
	plain := s // start of bytes not yet in buffer
	for {
		if s >= len(text) {
			l.stop = len(text)
			return l.invalidToken()
		}
		c := text[s]
		switch {
		case c == '"':
			if high >= 0 {
				l.stop = s + 1
				return l.lowSurrogate()
			}
			if l.escapes {
				if len(l.buffer) == 0 {
					l.value = text[plain:s]
				} else {
					l.buffer = append(l.buffer, text[plain:s]...)
					l.value = string(l.buffer)
				}
			}
			l.stop, l.kind = s+1, tokString
			return nil
		case c < 0x20:
			l.stop = s
			return l.fail("Character with value 0x%02x must be escaped.", c)
		case c != '\\':
			if high >= 0 {
				l.stop = s + l.charLen(s)
				return l.lowSurrogate()
			}
			s++
			continue
		}
		l.buffer = append(l.buffer, text[plain:s]...)
		s++
		if s >= len(text) {
			l.stop = len(text)
			return l.invalidToken()
		}
		if text[s] == 'u' {
			var r rune
			for range 4 {
				s++
				if s >= len(text) {
					l.stop = len(text)
					return l.invalidToken()
				}
				d := hexDigit(text[s])
				if d < 0 {
					l.stop = s + l.charLen(s)
					return l.fail(`"\u" must be followed by four hexadecimal digits.`)
				}
				r = r<<4 | rune(d)
			}
			s++
			plain = s
			if !l.escapes {
				continue
			}
			l.stop = s
			switch {
			case r >= 0xD800 && r < 0xDC00:
				if high >= 0 {
					return l.fail("Unicode high surrogate must not follow a high surrogate.")
				}
				high = r
				continue
			case r >= 0xDC00 && r < 0xE000:
				if high < 0 {
					return l.lowSurrogate()
				}
				r = 0x10000 + (high-0xD800)<<10 + (r - 0xDC00)
				high = -1
			case high >= 0:
				return l.lowSurrogate()
			case r == 0:
				e := l.fail(`\u0000 cannot be converted to text.`)
				e.Code, e.Message = pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence"
				return e
			}
			l.buffer = utf8.AppendRune(l.buffer, r)
			continue
		}
		if high >= 0 && l.escapes {
			l.stop = s + l.charLen(s)
			return l.lowSurrogate()
		}
		k := strings.IndexByte(`"\/bfnrt`, text[s])
		if k < 0 {
			l.start = s
			l.stop = s + l.charLen(s)
			return l.fail("Escape sequence \"\\%s\" is invalid.", text[l.start:l.stop])
		}
		l.buffer = append(l.buffer, "\"\\/\b\f\n\r\t"[k])
		s++
		plain = s
	}
}

func (l *lexer) charLen(s int) int {
	_, n := utf8.DecodeRuneInString(l.text[s:])
	return max(n, 1)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) lowSurrogate() error {
	return l.fail("Unicode low surrogate must follow a high surrogate.")
}

func (l *lexer) invalidToken() error {
	l.kind = tokInvalid
	return l.fail("Token \"%s\" is invalid.", l.text[l.start:l.stop])
}

// expected is the error of the grammar: what should stand at the current token.
func (l *lexer) expected(what string) error {
	if l.kind == tokEnd {
		return l.fail("The input string ended unexpectedly.")
	}
	return l.fail("Expected %s, but found \"%s\".", what, l.text[l.start:l.stop])
}

// excerpt is the most of the line before the fault that the context shows, in bytes.
const excerpt = 50

func (l *lexer) fail(detail string, args ...any) *pgerr.Error {
	from, to := l.lineStart, l.stop
	for to-from >= excerpt {
		from += l.charLen(from)
	}
	if from-l.lineStart <= 3 {
		from = l.lineStart
	}
	before, after := "", ""
	if from > l.lineStart {
		before = "..."
	}
	if l.kind != tokEnd && to < len(l.text) && l.text[to] != '\n' && l.text[to] != '\r' {
		after = "..."
	}
	return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type json").WithDetail(detail, args...).
		WithWhere("%s", "JSON data, line "+itoa(l.line)+": "+before+l.text[from:to]+after)
}
