package regex

// kind is what a token is.
type kind uint8

const (
	tEnd   kind = iota // the end of the pattern
	tStart             // before the first token
	tPlain             // the character val
	tDigit             // the digit val of a bound
	tBackref
	tLook         // opens a look-around; val is the two bits lookBehind, lookNegative
	tClass        // \d \s \w: val is a class
	tNotClass     // \D \S \W
	tNamedElement // [.
	tNamedEquiv   // [=
	tNamedClass   // [:
	tNamedEnd     // .] =] :]
	tRange        // the - of a range
	tBar          // |
	tStar         // * and the rest: val is 1 for the longest, 0 for the shortest
	tPlus         // +
	tOption       // ?
	tBound        // {
	tComma        // ,
	tBoundEnd     // }: val as tStar
	tOpen         // (: val is 1 if it captures
	tClose        // )
	tBracket      // [: val is 0 for [^
	tBracketEnd   // ]
	tAny          // .
	tLineStart    // ^
	tLineEnd      // $
	tTextStart    // \A
	tTextEnd      // \Z
	tWordStart    // \m [[:<:]]
	tWordEnd      // \M [[:>:]]
	tWordEdge     // \y
	tNotWordEdge  // \Y
)

const (
	lookBehind   = 1
	lookNegative = 2
)

// place is where in a pattern the lexer is: what characters mean depends on it.
type place uint8

const (
	inExtended place = iota
	inBasic
	inLiteral
	inBound        // {…} of extended syntax
	inBasicBound   // \{…\}
	inBracket      // […]
	inNamedElement // [.….]
	inNamedEquiv   // [=…=]
	inNamedClass   // [:…:]
)

// lexer takes a pattern apart, one token ahead of the parser. The first fault
// stays, and every later token is the end.
type lexer struct {
	text  []rune
	at    int
	flags Flags
	where place
	ctype ctype

	tok    kind
	val    rune
	last   kind // the token before tok
	groups int  // capturing groups opened so far
	fault  fault
}

func (l *lexer) fail(f fault) {
	if l.fault == "" {
		l.fault = f
	}
	l.tok = tEnd
}

func (l *lexer) set(k kind, val rune) { l.tok, l.val = k, val }

func (l *lexer) atEnd() bool { return l.at >= len(l.text) }

// sees tells whether the characters of s come next.
func (l *lexer) sees(s string) bool {
	i := l.at
	for _, r := range s {
		if i >= len(l.text) || l.text[i] != r {
			return false
		}
		i++
	}
	return true
}

// eat steps over the characters of s if they come next.
func (l *lexer) eat(s string) bool {
	if !l.sees(s) {
		return false
	}
	l.at += len([]rune(s))
	return true
}

func asciiDigit(r rune) bool { return r >= '0' && r <= '9' }
func asciiAlpha(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// start reads the directors and embedded options in front, and the first token.
func (l *lexer) start() {
	l.directors()
	switch {
	case l.fault != "":
		return
	case l.flags&Quote != 0:
		l.where = inLiteral
	case l.flags&Extended != 0:
		l.where = inExtended
	default:
		l.where = inBasic
	}
	l.tok = tStart
	l.next()
}

func (l *lexer) directors() {
	if l.flags&Quote != 0 {
		return
	}
	if l.eat("***") {
		switch {
		case l.eat("="):
			l.flags = l.flags&^(Advanced|Expanded|Lines) | Quote
			return
		case l.eat(":"):
			l.flags |= Advanced
		case l.eat("?"):
			l.fail(badDirector)
			return
		default:
			l.fail(badOperand)
			return
		}
	}
	if l.flags&Advanced != Advanced {
		return
	}
	letters := l.ctype.class(classAlpha)
	if !l.sees("(?") || l.at+2 >= len(l.text) || !letters.has(l.text[l.at+2]) {
		return
	}
	for l.at += 2; !l.atEnd() && letters.has(l.text[l.at]); l.at++ {
		switch l.text[l.at] {
		case 'b':
			l.flags &^= Advanced | Quote
		case 'c':
			l.flags &^= Fold
		case 'e':
			l.flags = l.flags&^(advanced|Quote) | Extended
		case 'i':
			l.flags |= Fold
		case 'm', 'n':
			l.flags |= Lines
		case 'p':
			l.flags = l.flags&^LineAnchor | LineStop
		case 'q':
			l.flags = l.flags&^Advanced | Quote
		case 's':
			l.flags &^= Lines
		case 't':
			l.flags &^= Expanded
		case 'w':
			l.flags = l.flags&^LineStop | LineAnchor
		case 'x':
			l.flags |= Expanded
		default:
			l.fail(badOption)
			return
		}
	}
	if !l.eat(")") {
		l.fail(badOption)
		return
	}
	if l.flags&Quote != 0 {
		l.flags &^= Expanded | Lines
	}
}

// skip steps over white space and comments.
func (l *lexer) skip() {
	for !l.atEnd() {
		switch {
		case l.ctype.class(classSpace).has(l.text[l.at]):
			l.at++
		case l.text[l.at] == '#':
			for !l.atEnd() && l.text[l.at] != '\n' {
				l.at++
			}
		default:
			return
		}
	}
}

// next reads one token.
func (l *lexer) next() {
	if l.fault != "" {
		return
	}
	l.last = l.tok
	if l.flags&Expanded != 0 {
		switch l.where {
		case inExtended, inBasic, inBound, inBasicBound:
			l.skip()
		}
	}
	if l.atEnd() {
		switch l.where {
		case inExtended, inBasic, inLiteral:
			l.set(tEnd, 0)
		case inBound, inBasicBound:
			l.fail(badBrace)
		default:
			l.fail(badBracket)
		}
		return
	}
	c := l.text[l.at]
	l.at++
	switch l.where {
	case inExtended:
		l.extended(c)
	case inBasic:
		l.basic(c)
	case inLiteral:
		l.set(tPlain, c)
	case inBound, inBasicBound:
		l.bound(c)
	case inBracket:
		l.bracket(c)
	case inNamedElement:
		l.named(c, '.')
	case inNamedEquiv:
		l.named(c, '=')
	case inNamedClass:
		l.named(c, ':')
	}
}

func (l *lexer) bound(c rune) {
	switch {
	case asciiDigit(c):
		l.set(tDigit, c-'0')
	case c == ',':
		l.set(tComma, 0)
	case c == '}' && l.where == inBound:
		l.where = inExtended
		l.set(tBoundEnd, l.preference())
	case c == '\\' && l.where == inBasicBound && l.eat("}"):
		l.where = inBasic
		l.set(tBoundEnd, 1)
	default:
		l.fail(badBound)
	}
}

// preference is 0 if a quantifier is followed by the ? of short matches.
func (l *lexer) preference() rune {
	if l.flags&advanced != 0 && l.eat("?") {
		return 0
	}
	return 1
}

// extended reads a token of extended or advanced syntax.
func (l *lexer) extended(c rune) {
	switch c {
	case '|':
		l.set(tBar, 0)
	case '*':
		l.set(tStar, l.preference())
	case '+':
		l.set(tPlus, l.preference())
	case '?':
		l.set(tOption, l.preference())
	case '{':
		if l.flags&Expanded != 0 {
			l.skip()
		}
		if l.atEnd() || !asciiDigit(l.text[l.at]) {
			l.set(tPlain, c)
			return
		}
		l.where = inBound
		l.set(tBound, 0)
	case '(':
		if l.flags&advanced != 0 && l.eat("?") {
			l.special()
			return
		}
		l.set(tOpen, 1)
	case ')':
		l.set(tClose, c)
	case '[':
		l.openBracket()
	case '.':
		l.set(tAny, 0)
	case '^':
		l.set(tLineStart, 0)
	case '$':
		l.set(tLineEnd, 0)
	case '\\':
		switch {
		case l.atEnd():
			l.fail(badEscape)
		case l.flags&advanced == 0:
			l.set(tPlain, l.text[l.at])
			l.at++
		default:
			l.escape()
		}
	default:
		l.set(tPlain, c)
	}
}

// special reads what follows (?.
func (l *lexer) special() {
	switch {
	case l.eat(":"):
		l.set(tOpen, 0)
	case l.eat("#"):
		for !l.atEnd() && l.text[l.at] != ')' {
			l.at++
		}
		if !l.atEnd() {
			l.at++
		}
		l.tok = l.last // the comment never was
		l.next()
	case l.eat("="):
		l.set(tLook, 0)
	case l.eat("!"):
		l.set(tLook, lookNegative)
	case l.eat("<="):
		l.set(tLook, lookBehind)
	case l.eat("<!"):
		l.set(tLook, lookBehind|lookNegative)
	default:
		l.fail(badOperand)
	}
}

func (l *lexer) openBracket() {
	switch {
	case l.eat("[:<:]]"):
		l.set(tWordStart, 0)
	case l.eat("[:>:]]"):
		l.set(tWordEnd, 0)
	default:
		l.where = inBracket
		if l.eat("^") {
			l.set(tBracket, 0)
		} else {
			l.set(tBracket, 1)
		}
	}
}

// basic reads a token of basic syntax.
func (l *lexer) basic(c rune) {
	switch c {
	case '*':
		switch l.last {
		case tStart, tOpen, tBar, tLineStart:
			l.set(tPlain, c)
		default:
			l.set(tStar, 1)
		}
	case '[':
		l.openBracket()
	case '.':
		l.set(tAny, 0)
	case '^':
		if l.last == tStart || l.last == tOpen {
			l.set(tLineStart, 0)
		} else {
			l.set(tPlain, c)
		}
	case '$':
		if l.flags&Expanded != 0 {
			l.skip()
		}
		if l.atEnd() || l.sees(`\)`) {
			l.set(tLineEnd, 0)
		} else {
			l.set(tPlain, c)
		}
	case '\\':
		l.basicEscape()
	default:
		l.set(tPlain, c)
	}
}

func (l *lexer) basicEscape() {
	if l.atEnd() {
		l.fail(badEscape)
		return
	}
	c := l.text[l.at]
	l.at++
	switch {
	case c == '{':
		l.where = inBasicBound
		l.set(tBound, 0)
	case c == '(':
		l.set(tOpen, 1)
	case c == ')':
		l.set(tClose, c)
	case c == '<':
		l.set(tWordStart, 0)
	case c == '>':
		l.set(tWordEnd, 0)
	case c >= '1' && c <= '9':
		l.set(tBackref, c-'0')
	default:
		l.set(tPlain, c)
	}
}

// bracket reads a token inside […].
func (l *lexer) bracket(c rune) {
	switch c {
	case '\\':
		if l.flags&advanced == 0 {
			l.set(tPlain, c)
			return
		}
		if l.atEnd() {
			l.fail(badEscape)
			return
		}
		l.escape()
		switch l.tok {
		case tPlain, tClass, tNotClass:
		default:
			l.fail(badEscape)
		}
	case '-':
		if l.last == tBracket || l.sees("]") {
			l.set(tPlain, c)
		} else {
			l.set(tRange, c)
		}
	case ']':
		if l.last == tBracket {
			l.set(tPlain, c)
			return
		}
		l.where = inBasic
		if l.flags&Extended != 0 {
			l.where = inExtended
		}
		l.set(tBracketEnd, 0)
	case '[':
		switch {
		case l.atEnd():
			l.fail(badBracket)
		case l.eat("."):
			l.where = inNamedElement
			l.set(tNamedElement, 0)
		case l.eat("="):
			l.where = inNamedEquiv
			l.set(tNamedEquiv, 0)
		case l.eat(":"):
			l.where = inNamedClass
			l.set(tNamedClass, 0)
		default:
			l.set(tPlain, c)
		}
	default:
		l.set(tPlain, c)
	}
}

// named reads a character of a name inside [.….] and its kin, or their end.
func (l *lexer) named(c, end rune) {
	if c == end && l.eat("]") {
		l.where = inBracket
		l.set(tNamedEnd, end)
		return
	}
	l.set(tPlain, c)
}
