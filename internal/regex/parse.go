package regex

// maxNesting is how deep parentheses may nest, maxLooks look-arounds.
const (
	maxNesting = 8000
	maxLooks   = 200
)

// parser makes an expr of tokens.
type parser struct {
	lexer
	sets     setTable
	word     int // the set of \w, once there is a word constraint; else -1
	subs     []*expr
	top      *expr
	backrefs bool
	depth    int
	inLook   int
}

// parse reads a whole pattern.
func parse(pattern string, flags Flags) (*parser, error) {
	p := &parser{lexer: lexer{text: []rune(pattern), flags: flags, ctype: ctype{ascii: flags&ASCII != 0}}, word: -1}
	if flags&Quote != 0 && flags&(Advanced|Expanded|Lines) != 0 || flags&Advanced == advanced {
		return nil, badArgument.err()
	}
	p.start()
	p.top = p.expr(tEnd)
	if p.fault != "" {
		return nil, p.fault.err()
	}
	return p, nil
}

// expr parses branches up to a closing parenthesis or the end.
func (p *parser) expr(stop kind) *expr {
	e := &expr{}
	p.depth++
	if p.depth > maxNesting {
		p.fail(tooComplex)
	}
	for {
		e.branches = append(e.branches, p.branch(stop))
		if p.tok != tBar {
			break
		}
		p.next()
	}
	p.depth--
	if stop == tClose && p.tok != tClose {
		p.fail(badParen)
	}
	return e
}

func (p *parser) branch(stop kind) []item {
	var items []item
	for p.tok != tBar && p.tok != stop && p.tok != tEnd {
		it := p.item()
		if p.fault != "" {
			return nil
		}
		items = append(items, it)
	}
	return items
}

// constraint makes an item that matches between characters.
func constraint(w what) item { return item{what: w} }

func (p *parser) before(s runeSet) item {
	return item{what: itemBefore, set: p.sets.put(s), edge: true}
}

func (p *parser) after(s runeSet) item {
	return item{what: itemAfter, set: p.sets.put(s), edge: true}
}

// newline is the set at which lines begin and end: only in one flavour is it not empty.
func (p *parser) newline() runeSet {
	if p.flags&LineAnchor != 0 {
		return runeSet{{'\n', '\n'}}
	}
	return nil
}

// item parses an atom with its quantifier, or a constraint.
func (p *parser) item() item {
	var it item
	switch p.tok {
	case tLineStart:
		it = p.before(p.newline())
		p.next()
		return it
	case tLineEnd:
		it = p.after(p.newline())
		p.next()
		return it
	case tTextStart:
		p.next()
		return p.before(nil)
	case tTextEnd:
		p.next()
		return p.after(nil)
	case tWordStart, tWordEnd, tWordEdge, tNotWordEdge:
		w := map[kind]what{tWordStart: itemStart, tWordEnd: itemEnd, tWordEdge: itemEdge, tNotWordEdge: itemNotEdge}[p.tok]
		if p.word < 0 {
			p.word = p.sets.put(p.ctype.class(classWord))
		}
		p.next()
		it = constraint(w)
		it.set = p.word
		return it
	case tLook:
		return p.look()
	case tStar, tPlus, tOption, tBound:
		p.fail(badOperand)
		return it
	case tClose:
		if p.flags&Advanced != Extended {
			p.fail(badParen)
			return it
		}
		it.set = p.sets.put(p.cases(')'))
		p.next()
	case tPlain:
		it.set = p.sets.put(p.cases(p.val))
		p.next()
	case tClass:
		it.set = p.sets.put(p.class(p.val))
		p.next()
	case tNotClass:
		it.set = p.sets.put(p.class(p.val).complement())
		p.next()
	case tAny:
		s := runeSet{{0, maxRune}}
		if p.flags&LineStop != 0 {
			s = s.without('\n')
		}
		it.set = p.sets.put(s)
		p.next()
	case tBracket:
		s := p.bracket()
		if p.fault != "" {
			return it
		}
		it.set = p.sets.put(s)
		p.next()
	case tOpen:
		it = p.group()
	case tBackref:
		it = p.backref()
	default:
		p.fail(badOperand)
	}
	if p.sets.spans > maxSpans {
		p.fail(tooComplex)
	}
	if p.fault != "" {
		return it
	}
	p.quantifier(&it)
	return it
}

func (p *parser) group() item {
	it := item{what: itemGroup}
	if p.val == 1 && p.inLook == 0 {
		p.groups++
		it.group = p.groups
		p.subs = append(p.subs, nil)
	}
	p.next()
	it.sub = p.expr(tClose)
	p.next()
	if it.group > 0 && p.fault == "" {
		p.subs[it.group-1] = it.sub
	}
	return it
}

func (p *parser) backref() item {
	n := int(p.val)
	if p.inLook > 0 || n < 1 || n > len(p.subs) || p.subs[n-1] == nil {
		p.fail(badBackref)
		return item{}
	}
	p.backrefs = true
	p.next()
	return item{what: itemBackref, group: n, sub: p.subs[n-1]}
}

func (p *parser) look() item {
	it := item{what: itemLook, look: uint8(p.val)}
	if p.inLook++; p.inLook > maxLooks {
		p.fail(tooComplex)
	}
	p.next()
	it.sub = p.expr(tClose)
	p.next()
	p.inLook--
	return it
}

func (p *parser) quantifier(it *item) {
	it.min, it.max = 1, 1
	switch p.tok {
	case tStar:
		it.min, it.max = 0, infinite
	case tPlus:
		it.max = infinite
	case tOption:
		it.min = 0
	case tBound:
		p.bounds(it)
		return
	default:
		return
	}
	it.prefer = p.preferred()
	p.next()
}

// preferred is what the current token asks for.
func (p *parser) preferred() prefer {
	if p.val == 0 {
		return shorter
	}
	return longer
}

// bounds parses {m}, {m,} and {m,n}. The first has no preference of its own.
func (p *parser) bounds(it *item) {
	p.next()
	it.min = p.count()
	it.max = it.min
	comma := p.tok == tComma
	if comma {
		p.next()
		it.max = infinite
		if p.tok == tDigit {
			it.max = p.count()
		}
	}
	if p.fault == "" && (it.min > it.max || p.tok != tBoundEnd) {
		p.fail(badBound)
	}
	if p.fault != "" {
		return
	}
	if comma {
		it.prefer = p.preferred()
	}
	it.none = it.max == 0
	p.next()
}

func (p *parser) count() int {
	n := 0
	for ; p.tok == tDigit && n <= maxBound; p.next() {
		n = n*10 + int(p.val)
	}
	if n > maxBound {
		p.fail(badBound)
	}
	return n
}
