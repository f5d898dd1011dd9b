package datetime

import (
	"datapunk/internal/pgerr"
)

// fieldType is the shape of one field of input.
type fieldType uint8

const (
	ftNumber fieldType = iota
	ftString
	ftDate
	ftTime
	ftZone
	ftSpecial
)

// result is what a decoder found.
type result uint8

const (
	decodeOK result = iota
	badFormat
	fieldOverflow
	monthDayOverflow
	intervalOverflow
	zoneOverflow
)

// parseError turns a result into PostgreSQL's error.
func (r result) parseError(text, typeName string) error {
	switch r {
	case fieldOverflow:
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	case monthDayOverflow:
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case intervalOverflow:
		return pgerr.Newf(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", text)
	case zoneOverflow:
		return pgerr.Newf(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", text)
	}
	return pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, text)
}

const maxFields = 25

type field struct {
	text string
	typ  fieldType
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isPunct(c byte) bool { return c > ' ' && c < 127 && !isAlnum(c) }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 32
	}
	return c
}

// lexer splits input into fields without allocating: buf holds their text.
type lexer struct {
	buf    [160]byte
	used   int
	fields [maxFields]field
	n      int
}

// split reads all of s; false is a bad format.
func (l *lexer) split(s string) bool {
	i := 0
	at := func() byte {
		if i < len(s) {
			return s[i]
		}
		return 0
	}
	ok := true
	start := 0
	push := func() {
		if l.used >= len(l.buf) {
			ok = false
		} else {
			l.buf[l.used] = lower(s[i])
			l.used++
		}
		i++
	}
	for i < len(s) && ok {
		if isSpace(s[i]) {
			i++
			continue
		}
		if l.n >= maxFields {
			return false
		}
		start = l.used
		var typ fieldType
		c := s[i]
		switch {
		case isDigit(c):
			push()
			for isDigit(at()) {
				push()
			}
			switch d := at(); d {
			case ':':
				typ = ftTime
				push()
				for isDigit(at()) || at() == ':' || at() == '.' {
					push()
				}
			case '-', '/', '.':
				push()
				if isDigit(at()) {
					typ = ftDate
					if d == '.' {
						typ = ftNumber
					}
					for isDigit(at()) {
						push()
					}
					if at() == d {
						typ = ftDate
						push()
						for isDigit(at()) || at() == d {
							push()
						}
					}
				} else {
					typ = ftDate
					for isAlnum(at()) || at() == d {
						push()
					}
				}
			default:
				typ = ftNumber
			}
		case c == '.':
			push()
			for isDigit(at()) {
				push()
			}
			typ = ftNumber
		case isAlpha(c):
			typ = ftString
			push()
			for isAlpha(at()) {
				push()
			}
			isDate := false
			if d := at(); d == '-' || d == '/' || d == '.' {
				isDate = true
			} else if d == '+' || isDigit(d) {
				_, known := lookup(dateTokens, string(l.buf[start:l.used]))
				isDate = !known
			}
			if isDate {
				typ = ftDate
				for {
					push()
					d := at()
					if !(d == '+' || d == '-' || d == '/' || d == '_' || d == '.' || d == ':' || isAlnum(d)) {
						break
					}
				}
			}
		case c == '+' || c == '-':
			push()
			for isSpace(at()) {
				i++
			}
			if isDigit(at()) {
				typ = ftZone
				push()
				for isDigit(at()) || at() == ':' || at() == '.' || at() == '-' {
					push()
				}
			} else if isAlpha(at()) {
				typ = ftSpecial
				push()
				for isAlpha(at()) {
					push()
				}
			} else {
				return false
			}
		case isPunct(c):
			i++
			continue
		default:
			return false
		}
		l.fields[l.n] = field{text: string(l.buf[start:l.used]), typ: typ}
		l.n++
	}
	return ok
}

// number reads a C integer prefix: digits with a sign. used is 0 if none, over
// says that it passes 32 bits.
func number(s string) (v, used int, over bool) {
	i := 0
	neg := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		if v < 1<<40 {
			v = v*10 + int(s[i]-'0')
		}
		i++
	}
	if i == start {
		return 0, 0, false
	}
	if neg {
		v = -v
	}
	return v, i, v > 1<<31-1 || v < -(1<<31)
}

// fraction reads ".ddd" to the end of s as a double.
func fraction(s string) (float64, bool) {
	if len(s) == 1 {
		return 0, true
	}
	return parseDouble(s)
}

// fractionMicros is fraction in microseconds, rounded to even.
func fractionMicros(s string) (int, bool) {
	f, ok := fraction(s)
	return int(roundEven(f * 1000000)), ok
}
