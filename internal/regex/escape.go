package regex

// maxChar is the greatest number that may stand for a character in an escape; those
// that are none of Unicode's match nothing.
const maxChar = 0x7ffffffe

// escape reads what follows a backslash in advanced syntax.
func (l *lexer) escape() {
	c := l.text[l.at]
	l.at++
	if !asciiAlpha(c) && !asciiDigit(c) {
		l.set(tPlain, c)
		return
	}
	switch c {
	case 'a':
		l.set(tPlain, '\a')
	case 'A':
		l.set(tTextStart, 0)
	case 'b':
		l.set(tPlain, '\b')
	case 'B':
		l.set(tPlain, '\\')
	case 'c':
		if l.atEnd() {
			l.fail(badEscape)
			return
		}
		l.set(tPlain, l.text[l.at]&0x1f)
		l.at++
	case 'd':
		l.set(tClass, classDigit)
	case 'D':
		l.set(tNotClass, classDigit)
	case 'e':
		l.set(tPlain, 0x1b)
	case 'f':
		l.set(tPlain, '\f')
	case 'm':
		l.set(tWordStart, 0)
	case 'M':
		l.set(tWordEnd, 0)
	case 'n':
		l.set(tPlain, '\n')
	case 'r':
		l.set(tPlain, '\r')
	case 's':
		l.set(tClass, classSpace)
	case 'S':
		l.set(tNotClass, classSpace)
	case 't':
		l.set(tPlain, '\t')
	case 'u':
		l.code(4, 4)
	case 'U':
		l.code(8, 8)
	case 'v':
		l.set(tPlain, '\v')
	case 'w':
		l.set(tClass, classWord)
	case 'W':
		l.set(tNotClass, classWord)
	case 'x':
		l.code(1, 255)
	case 'y':
		l.set(tWordEdge, 0)
	case 'Y':
		l.set(tNotWordEdge, 0)
	case 'Z':
		l.set(tTextEnd, 0)
	default:
		if !asciiDigit(c) {
			l.fail(badEscape)
			return
		}
		l.at--
		l.numbered()
	}
}

// code reads the hexadecimal number of a character.
func (l *lexer) code(least, most int) {
	n, digits := l.number(16, most)
	if digits < least || n > maxChar {
		l.fail(badEscape)
		return
	}
	l.set(tPlain, rune(n))
}

// numbered reads a back reference or an octal number: one digit other than 0 is
// always a reference, more of them are if there are as many groups.
func (l *lexer) numbered() {
	if from := l.at; l.text[from] != '0' {
		n, digits := l.number(10, 255)
		if digits == 1 || n > 0 && n <= uint32(l.groups) {
			l.set(tBackref, rune(n))
			return
		}
		l.at = from
	}
	n, digits := l.number(8, 3)
	if digits == 0 {
		l.fail(badEscape)
		return
	}
	if n > 0xff { // the last digit is a character of its own
		l.at--
		n >>= 3
	}
	l.set(tPlain, rune(n))
}

// number reads up to most digits to a base; of a larger number the low 32 bits stay.
func (l *lexer) number(base uint32, most int) (n uint32, digits int) {
	for ; digits < most && !l.atEnd(); digits++ {
		d := digit(l.text[l.at])
		if d >= base {
			break
		}
		n = n*base + d
		l.at++
	}
	return n, digits
}

// digit is the value of a hexadecimal digit, or 99.
func digit(c rune) uint32 {
	switch {
	case asciiDigit(c):
		return uint32(c - '0')
	case c >= 'a' && c <= 'f':
		return uint32(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return uint32(c-'A') + 10
	}
	return 99
}
