package regex

// looking is what is known about one look-around constraint in the present subject.
// What has been found is kept by position, so that no attempt asks twice.
type looking struct {
	dfa   *dfa
	known []uint64 // bits by position: has been found
	holds []uint64

	// A look-behind runs once over the subject, from the beginning on.
	at         int
	row        move
	generation int
}

// forget makes ready for another subject.
func (l *looking) forget(subject string) {
	words := len(subject)/64 + 1
	if cap(l.known) < words {
		l.known, l.holds = make([]uint64, words), make([]uint64, words)
	}
	l.known, l.holds = l.known[:words], l.holds[:words]
	clear(l.known)
	clear(l.holds)
	l.at = -1
}

// looksAt tells whether a look-around constraint holds at a position.
func (m *Matcher) looksAt(k, at int) bool {
	what := &m.re.looks[k]
	if m.looking == nil {
		m.looking = make([]*looking, len(m.re.looks))
	}
	l := m.looking[k]
	if l == nil {
		l = &looking{dfa: newDFA(m, what.entry, what.exit, what.behind, m.room/(4*len(m.re.looks)))}
		l.forget(m.s)
		m.looking[k] = l
	}
	word, bit := at>>6, uint64(1)<<(at&63)
	if l.known[word]&bit == 0 {
		m.depth++
		found := false
		if what.behind {
			found = l.behind(at)
		} else {
			end, _ := l.dfa.shortest(at, at, len(m.s))
			found = end >= 0
		}
		m.depth--
		l.known[word] |= bit
		if found {
			l.holds[word] |= bit
		}
	}
	return l.holds[word]&bit != 0 != what.negative
}

// behind tells whether the fragment matches somewhere before a position and up to it.
func (l *looking) behind(at int) bool {
	d := l.dfa
	m := d.m
	if l.at < 0 || l.at > at || l.generation != d.generation {
		row, err := d.start(0)
		if err != nil {
			return false
		}
		l.at, l.row = 0, row
	}
	for l.at < at {
		class, n := m.re.colors.at(m.s, l.at)
		e := d.next[int(l.row)+int(class)]
		if e == markUnknown {
			var err error
			if e, err = d.step(l.row, class, l.at); err != nil {
				l.at = -1
				return false
			}
		} else if m.worked(1) != nil {
			l.at = -1
			return false
		}
		l.row = e &^ marks
		l.at += n
	}
	l.generation = d.generation
	return d.last(l.row, at)&markEnded != 0
}
