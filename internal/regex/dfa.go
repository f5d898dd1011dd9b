package regex

import "slices"

// A DFA runs a fragment over the subject. Its states are sets of instructions, found
// while matching and kept (lazy subset construction).
//
// A state is what is known before a character is read: constraints on what comes
// after the position are settled by that character, so that a transition tells two
// things, whether the fragment had ended before the character and the state after
// it. The class edge stands for the end of the subject.
//
//	D1  A transition that depends on a look-around of more than one character is
//	    never kept: it belongs to its position.
//	D2  State numbers hold until the DFA is reset; generation counts resets.

// move is a transition: the row of the next state in the table, with marks above.
// Most have none, and are rows as they stand.
type move uint32

const (
	markEnded   move = 1 << 31 // the fragment had ended before the character
	markDead    move = 1 << 30 // nothing leads on
	markWasIdle move = 1 << 29 // beside markEnded, of a search: no attempt was under way
	markBegan   move = 1 << 28 // of a search: the first attempt begins
	markIdle    move = 1 << 27 // of a search that can jump: no attempt is under way
	markUnknown move = 1 << 26 // not yet found
	marks            = markEnded | markDead | markWasIdle | markBegan | markIdle | markUnknown
)

// dfaBytes bounds the memory of one matcher's states: a quarter of it is for searches,
// a quarter for look-arounds, half for nodes. leastStates is how many a DFA may have in
// any case.
const (
	dfaBytes    = 2 << 20
	leastStates = 4
)

// state is a set of instructions: items[first:first+n] in order.
type state struct {
	first, n int32
	before   uint16 // a class of the kind that came before, if that matters
	pending  bool   // some instruction waits to see what comes after
	idle     bool   // of a search: no attempt is under way
}

// dfa is the states of one fragment.
type dfa struct {
	m           *Matcher
	entry, exit int32
	search      bool   // attempts begin at every position
	jump        string // of a search: what every match begins with

	width      int     // entries in a row
	next       []move  // rows
	states     []state // the first is the dead one
	items      []int32
	table      []int32 // states by hash, open addressing
	begin      []move  // rows to start from, by kind of what came before
	bytes      int
	limit      int  // of bytes
	used       *int // counts the bytes of several DFAs, if not nil
	generation int
}

func newDFA(m *Matcher, entry, exit int32, search bool, limit int) *dfa {
	d := &dfa{m: m, entry: entry, exit: exit, search: search, width: int(m.re.colors.edge) + 1, limit: limit}
	d.begin = make([]move, m.re.kinds)
	d.reset()
	return d
}

func (d *dfa) reset() {
	d.generation++
	d.states = append(d.states[:0], state{})
	d.items = d.items[:0]
	for k := range d.begin {
		d.begin[k] = markUnknown
	}
	if len(d.table) == 0 {
		d.table = make([]int32, 16)
	} else {
		clear(d.table)
	}
	d.next = d.next[:0]
	d.addRow(markDead)
	d.grow(4*d.width + 256 - d.bytes)
}

// grow counts memory.
func (d *dfa) grow(bytes int) {
	d.bytes += bytes
	if d.used != nil {
		*d.used += bytes
	}
}

// addRow adds a row to the table.
func (d *dfa) addRow(fill move) {
	from := len(d.next)
	d.next = append(d.next, make([]move, d.width)...)
	for k := range d.width {
		d.next[from+k] = fill
	}
}

// start is the row to begin from at a position.
func (d *dfa) start(at int) (move, error) {
	before := d.m.re.colors.before(d.m.s, at)
	kind := d.m.re.kind[before]
	if row := d.begin[kind]; row != markUnknown {
		return row, nil
	}
	sc := d.m.scratch()
	sc.clear()
	d.follow(sc, d.entry, before, unknown, at)
	row := d.intern(sc, before, d.search)
	d.begin[kind] = row
	return row, d.m.err
}

// unknown is no class: what comes after is not known.
const unknown = 1<<16 - 1

// follow adds what is reached from an instruction without reading a character.
// Where after is unknown, instructions that depend on it are added themselves.
func (d *dfa) follow(sc *scratch, from int32, before, after uint16, at int) {
	re := d.m.re
	sc.stack = append(sc.stack[:0], from)
	for len(sc.stack) > 0 {
		id := sc.stack[len(sc.stack)-1]
		sc.stack = sc.stack[:len(sc.stack)-1]
		if !sc.add(id) || id == d.exit {
			continue
		}
		switch i := &re.code[id]; i.kind {
		case iJump:
			sc.stack = append(sc.stack, i.out)
		case iSplit:
			sc.stack = append(sc.stack, i.alt, i.out)
		case iBefore:
			if re.holds(i, before) {
				sc.stack = append(sc.stack, i.out)
			}
		case iAfter:
			if after != unknown && re.holds(i, after) {
				sc.stack = append(sc.stack, i.out)
			}
		case iLook:
			if after == unknown {
				continue
			}
			if sc.looked = true; d.m.looksAt(int(i.arg), at) {
				sc.stack = append(sc.stack, i.out)
			}
		}
	}
}

// holds tells whether a constraint holds beside a character.
func (re *Regexp) holds(i *inst, class uint16) bool {
	if class == re.colors.edge {
		return i.edge
	}
	return re.colors.has(i.arg, class) != i.not
}

// step finds the transition from a row over a class at a position.
func (d *dfa) step(row move, class uint16, at int) (move, error) {
	re, st := d.m.re, d.states[int(row)/d.width]
	if err := d.m.worked(int(st.n) + 16); err != nil {
		return 0, err
	}
	sc := d.m.scratch()
	sc.clear()
	sc.looked = false
	now := d.items[st.first : st.first+st.n]
	if st.pending {
		for _, id := range now {
			d.follow(sc, id, st.before, class, at)
		}
		// The set that follows is made in sc too: what it is made of steps aside.
		sc.now = append(sc.now[:0], sc.list...)
		now = sc.now
		sc.clear()
	}
	var e move
	idle := false
	for _, id := range now {
		if id == d.exit {
			e |= markEnded
			if st.idle {
				e |= markWasIdle
			}
		}
	}
	if class != re.colors.edge {
		for _, id := range now {
			if i := &re.code[id]; id != d.exit && i.kind == iSet && re.colors.has(i.arg, class) {
				d.follow(sc, i.out, class, unknown, at)
			}
		}
		if d.search {
			switch idle = len(sc.list) == 0; {
			case st.idle && !idle:
				e |= markBegan
			case idle && d.jump != "":
				e |= markIdle
			}
			d.follow(sc, d.entry, class, unknown, at)
		}
	}
	if d.m.err != nil {
		return 0, d.m.err
	}
	generation := d.generation
	e |= d.intern(sc, class, idle)
	if !sc.looked && generation == d.generation {
		d.next[int(row)+int(class)] = e
	}
	return e, nil
}

// intern is the row of the state that a set is, made if there is none. Of the set
// only those instructions count that read a character, wait or end the fragment.
func (d *dfa) intern(sc *scratch, before uint16, idle bool) move {
	st := state{idle: idle}
	set := sc.list[:0]
	for _, id := range sc.list {
		switch kind := d.m.re.code[id].kind; {
		case id == d.exit || kind == iSet:
		case kind == iAfter || kind == iLook:
			st.pending = true
		default:
			continue
		}
		set = append(set, id)
	}
	if len(set) == 0 && !d.search {
		return markDead // and row 0
	}
	slices.Sort(set)
	kind := uint16(0)
	if st.pending {
		kind = d.m.re.kind[before]
		st.before = before
	}
	mask := uint32(len(d.table) - 1)
	at := hash(set, kind) & mask
	for ; d.table[at] != 0; at = (at + 1) & mask {
		have := d.states[d.table[at]]
		if have.pending == st.pending && have.idle == idle && (!st.pending || d.m.re.kind[have.before] == kind) &&
			slices.Equal(d.items[have.first:have.first+have.n], set) {
			return move(int(d.table[at]) * d.width)
		}
	}
	need := 4*d.width + 4*len(set) + 48
	if d.bytes+need > d.limit && len(d.states) > leastStates {
		d.reset()
		mask = uint32(len(d.table) - 1)
		at = hash(set, kind) & mask
	}
	d.grow(need)
	st.first, st.n = int32(len(d.items)), int32(len(set))
	id := int32(len(d.states))
	d.items = append(d.items, set...)
	d.states = append(d.states, st)
	d.addRow(markUnknown)
	d.table[at] = id
	if 2*len(d.states) > len(d.table) {
		d.rehash()
	}
	return move(int(id) * d.width)
}

func hash(set []int32, kind uint16) uint32 {
	h := uint32(2166136261) ^ uint32(kind)
	for _, id := range set {
		h = (h ^ uint32(id)) * 16777619
	}
	return h ^ h>>15
}

// rehash doubles the table.
func (d *dfa) rehash() {
	d.table = make([]int32, 2*len(d.table))
	mask := uint32(len(d.table) - 1)
	for id := 1; id < len(d.states); id++ {
		st := d.states[id]
		kind := uint16(0)
		if st.pending {
			kind = d.m.re.kind[st.before]
		}
		at := hash(d.items[st.first:st.first+st.n], kind) & mask
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = int32(id)
	}
}
