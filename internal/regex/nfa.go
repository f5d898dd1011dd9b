package regex

// inst is one state of the program.
type inst struct {
	kind instKind
	not  bool  // of iBefore and iAfter: characters outside the set hold
	edge bool  // of iBefore and iAfter: the end of the subject holds
	arg  int32 // a set, or a look
	out  int32
	alt  int32 // of iSplit
}

type instKind uint8

const (
	iJump   instKind = iota // to out; the exit of a fragment is one
	iSplit                  // to out and alt
	iSet                    // over one character of the set
	iBefore                 // on if the character before holds
	iAfter                  // on if the character after holds
	iLook                   // on if the look-around holds
)

// maxCost bounds a program, near where PostgreSQL says that a pattern is too
// complex: a character costs three, anything else two.
const maxCost = 130_848

// nowhere is the out of an exit that is nobody's way.
const nowhere = -1

// assembler makes the program from its end to its beginning: each part is made with
// the state that comes after it, and gives the one by which it is entered.
type assembler struct {
	code  []inst
	looks []look
	known map[*expr]int // looks by body
	nodes int
	cost  int
	full  bool
}

func (a *assembler) emit(i inst) int32 {
	if i.kind == iSet {
		a.spend(3)
	} else {
		a.spend(2)
	}
	a.code = append(a.code, i)
	return int32(len(a.code) - 1)
}

func (a *assembler) spend(n int) {
	if a.cost += n; a.cost > maxCost {
		a.full = true
	}
}

// node makes the fragment of a node and those of its kids, of which it consists.
func (a *assembler) node(n *node, next int32) int32 {
	if a.full {
		return next
	}
	n.id = a.nodes
	a.nodes++
	n.exit = a.emit(inst{kind: iJump, out: next})
	switch n.op {
	case opWrap:
		n.entry = a.node(n.kids[0], n.exit)
	case opConcat:
		n.entry = a.node(n.kids[0], a.node(n.kids[1], n.exit))
	case opAlt:
		n.entry = a.node(n.kids[len(n.kids)-1], n.exit)
		for k := len(n.kids) - 2; k >= 0; k-- {
			n.entry = a.emit(inst{kind: iSplit, out: a.node(n.kids[k], n.exit), alt: n.entry})
		}
	case opRepeat:
		kid, made := n.kids[0], false
		n.entry = a.copies(n.min, n.max, n.exit, func(next int32) int32 {
			if made {
				return a.items(kid.items, next, false)
			}
			made = true
			return a.node(kid, next)
		})
	default:
		n.entry = a.items(n.items, n.exit, false)
	}
	return n.entry
}

// copies makes min to max copies of a part.
func (a *assembler) copies(least, most int, next int32, part func(next int32) int32) int32 {
	entry := next
	switch {
	case most == infinite && least == 0:
		loop := a.emit(inst{kind: iSplit, alt: next})
		a.code[loop].out = part(loop)
		return loop
	case most == infinite:
		loop := a.emit(inst{kind: iSplit, alt: next})
		entry = part(loop)
		a.code[loop].out = entry
		least--
	default:
		for k := least; k < most && !a.full; k++ {
			entry = a.emit(inst{kind: iSplit, out: part(entry), alt: next})
		}
	}
	for ; least > 0 && !a.full; least-- {
		entry = part(entry)
	}
	return entry
}

// items makes a sequence. Bare parts are without constraints: what a back reference
// may match.
func (a *assembler) items(list []item, next int32, bare bool) int32 {
	for k := len(list) - 1; k >= 0 && !a.full; k-- {
		next = a.item(&list[k], next, bare)
	}
	return next
}

func (a *assembler) expr(e *expr, next int32, bare bool) int32 {
	a.spend(1)
	entry := a.items(e.branches[len(e.branches)-1], next, bare)
	for k := len(e.branches) - 2; k >= 0 && !a.full; k-- {
		entry = a.emit(inst{kind: iSplit, out: a.items(e.branches[k], next, bare), alt: entry})
	}
	return entry
}

func (a *assembler) item(it *item, next int32, bare bool) int32 {
	switch {
	case it.constraint():
		if bare {
			return next
		}
		return a.constraint(it, next)
	case it.none:
		return next
	}
	return a.copies(it.min, it.max, next, func(next int32) int32 {
		if it.what == itemSet {
			return a.emit(inst{kind: iSet, arg: int32(it.set), out: next})
		}
		return a.expr(it.sub, next, bare || it.what == itemBackref)
	})
}

func (a *assembler) constraint(it *item, next int32) int32 {
	before := func(word bool, next int32) int32 {
		return a.emit(inst{kind: iBefore, arg: int32(it.set), not: !word, edge: !word, out: next})
	}
	after := func(word bool, next int32) int32 {
		return a.emit(inst{kind: iAfter, arg: int32(it.set), not: !word, edge: !word, out: next})
	}
	switch it.what {
	case itemBefore:
		return a.emit(inst{kind: iBefore, arg: int32(it.set), edge: it.edge, out: next})
	case itemAfter:
		return a.emit(inst{kind: iAfter, arg: int32(it.set), edge: it.edge, out: next})
	case itemStart:
		return before(false, after(true, next))
	case itemEnd:
		return before(true, after(false, next))
	case itemEdge:
		return a.emit(inst{kind: iSplit, out: before(false, after(true, next)), alt: before(true, after(false, next))})
	case itemNotEdge:
		return a.emit(inst{kind: iSplit, out: before(false, after(false, next)), alt: before(true, after(true, next))})
	}
	return a.look(it, next)
}

// look makes a look-around: of one character a test of it, else a fragment aside.
func (a *assembler) look(it *item, next int32) int32 {
	negative := it.look&lookNegative != 0
	if set, ok := it.sub.oneSet(); ok {
		kind := iAfter
		if it.look&lookBehind != 0 {
			kind = iBefore
		}
		return a.emit(inst{kind: kind, arg: int32(set), not: negative, edge: negative, out: next})
	}
	k, ok := a.known[it.sub]
	if !ok {
		exit := a.emit(inst{kind: iJump, out: nowhere})
		l := look{exit: exit, behind: it.look&lookBehind != 0, negative: negative}
		l.entry = a.expr(it.sub, exit, false)
		k = len(a.looks)
		a.looks = append(a.looks, l)
		a.known[it.sub] = k
	}
	return a.emit(inst{kind: iLook, arg: int32(k), out: next})
}

// oneSet tells whether an expression is one character of a set.
func (e *expr) oneSet() (set int, ok bool) {
	if len(e.branches) != 1 || len(e.branches[0]) != 1 {
		return 0, false
	}
	it := &e.branches[0][0]
	if it.what == itemGroup && it.once() {
		return it.sub.oneSet()
	}
	return it.set, it.what == itemSet && it.once()
}

// assemble makes the program of the tree.
func (re *Regexp) assemble() fault {
	a := assembler{known: map[*expr]int{}}
	a.node(re.root, nowhere)
	if a.full {
		return tooComplex
	}
	re.code, re.looks, re.nodes = a.code, a.looks, a.nodes
	if len(re.looks)*int(re.colors.edge) > maxTable {
		return tooComplex
	}
	return re.sort()
}

// maxTable bounds tables of classes by something else.
const maxTable = 1 << 22

// sort puts the classes into kinds.
func (re *Regexp) sort() fault {
	type test struct {
		arg       int32
		not, edge bool
	}
	var tests []*inst
	seen := map[test]bool{}
	for k := range re.code {
		i := &re.code[k]
		if t := (test{i.arg, i.not, i.edge}); i.kind == iBefore && !seen[t] {
			seen[t] = true
			tests = append(tests, i)
		}
	}
	if len(tests)*int(re.colors.edge) > maxTable {
		return tooComplex
	}
	kinds := map[string]uint16{}
	re.kind = make([]uint16, int(re.colors.edge)+1)
	key := make([]byte, len(tests))
	for class := range re.kind {
		for k, i := range tests {
			key[k] = 0
			if re.holds(i, uint16(class)) {
				key[k] = 1
			}
		}
		n, ok := kinds[string(key)]
		if !ok {
			n = uint16(len(kinds))
			kinds[string(key)] = n
		}
		re.kind[class] = n
	}
	re.kinds = len(kinds)
	return ""
}
