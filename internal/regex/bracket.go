package regex

// elements are POSIX's names of characters.
var elements = map[string]rune{
	"NUL": 0, "SOH": 1, "STX": 2, "ETX": 3, "EOT": 4, "ENQ": 5, "ACK": 6, "BEL": 7, "alert": 7, "BS": 8, "backspace": 8,
	"HT": 9, "tab": 9, "LF": 10, "newline": 10, "VT": 11, "vertical-tab": 11, "FF": 12, "form-feed": 12,
	"CR": 13, "carriage-return": 13, "SO": 14, "SI": 15, "DLE": 16, "DC1": 17, "DC2": 18, "DC3": 19, "DC4": 20,
	"NAK": 21, "SYN": 22, "ETB": 23, "CAN": 24, "EM": 25, "SUB": 26, "ESC": 27,
	"IS4": 28, "FS": 28, "IS3": 29, "GS": 29, "IS2": 30, "RS": 30, "IS1": 31, "US": 31,
	"space": ' ', "exclamation-mark": '!', "quotation-mark": '"', "number-sign": '#', "dollar-sign": '$',
	"percent-sign": '%', "ampersand": '&', "apostrophe": '\'', "left-parenthesis": '(', "right-parenthesis": ')',
	"asterisk": '*', "plus-sign": '+', "comma": ',', "hyphen": '-', "hyphen-minus": '-', "period": '.', "full-stop": '.',
	"slash": '/', "solidus": '/', "zero": '0', "one": '1', "two": '2', "three": '3', "four": '4', "five": '5',
	"six": '6', "seven": '7', "eight": '8', "nine": '9', "colon": ':', "semicolon": ';', "less-than-sign": '<',
	"equals-sign": '=', "greater-than-sign": '>', "question-mark": '?', "commercial-at": '@',
	"left-square-bracket": '[', "backslash": '\\', "reverse-solidus": '\\', "right-square-bracket": ']',
	"circumflex": '^', "circumflex-accent": '^', "underscore": '_', "low-line": '_', "grave-accent": '`',
	"left-brace": '{', "left-curly-bracket": '{', "vertical-line": '|', "right-brace": '}', "right-curly-bracket": '}',
	"tilde": '~', "DEL": 0x7f,
}

// cases is a character in both cases. A character that is neither its own lower nor
// upper case is not among them.
func (p *parser) cases(c rune) runeSet {
	if p.flags&Fold == 0 || c > maxRune {
		var s runeSet
		s.add(c, c)
		return s
	}
	lower, upper := p.ctype.lower(c), p.ctype.upper(c)
	return runeSet{{lower, lower}, {upper, upper}}.normal()
}

// class is the characters of a class as a bracket or an escape means it.
func (p *parser) class(c rune) runeSet {
	if p.flags&Fold != 0 && (c == classLower || c == classUpper) {
		c = classAlpha
	}
	return p.ctype.class(c)
}

// bracket parses […] up to its end, the opening token being the current one.
func (p *parser) bracket() runeSet {
	negated := p.val == 0
	var s runeSet
	p.next()
	for p.tok != tBracketEnd && p.tok != tEnd {
		p.bracketPart(&s)
	}
	s = s.normal()
	if negated {
		if s = s.complement(); p.flags&LineStop != 0 {
			s = s.without('\n')
		}
	}
	return s
}

func (p *parser) bracketPart(s *runeSet) {
	var lo, hi rune
	switch p.tok {
	case tPlain:
		lo = p.val
		p.next()
		if p.tok != tRange {
			s.addSet(p.cases(lo))
			return
		}
	case tNamedElement:
		lo = p.element(p.name())
	case tNamedEquiv:
		if c := p.element(p.name()); p.fault == "" {
			s.addSet(p.cases(c))
		}
		return
	case tNamedClass:
		class, ok := classNames[p.name()]
		if !ok {
			p.fail(badClass)
			return
		}
		s.addSet(p.class(class))
		return
	case tClass:
		s.addSet(p.class(p.val))
		p.next()
		return
	case tNotClass:
		s.addSet(p.class(p.val).complement())
		p.next()
		return
	default: // a range without a beginning
		p.fail(badRange)
		return
	}
	hi = lo
	if p.tok == tRange {
		p.next()
		switch p.tok {
		case tPlain, tRange:
			hi = p.val
			p.next()
		case tNamedElement:
			hi = p.element(p.name())
		default:
			p.fail(badRange)
			return
		}
	}
	if p.fault != "" {
		return
	}
	if lo > hi {
		p.fail(badRange)
		return
	}
	p.span(s, lo, hi)
}

// span adds a range, with the other cases of its characters.
func (p *parser) span(s *runeSet, lo, hi rune) {
	s.add(lo, hi)
	if p.flags&Fold != 0 {
		p.ctype.addCases(s, lo, hi)
	}
}

// name reads the name inside [.….] and its kin.
func (p *parser) name() string {
	var name []rune
	for p.next(); p.tok == tPlain; p.next() {
		name = append(name, p.val)
	}
	p.next()
	return string(name)
}

// element is the character of a name, or of itself.
func (p *parser) element(name string) rune {
	if r := []rune(name); len(r) == 1 {
		return r[0]
	}
	c, ok := elements[name]
	if !ok {
		p.fail(badCollate)
	}
	return c
}
