package regex

// Matcher matches one Regexp. It keeps the states made so far, and is used by one
// goroutine.
type Matcher struct {
	re   *Regexp
	poll func() error
	room int // bytes for states
	used int // bytes of the nodes' DFAs

	s       string
	spans   []int // the groups, while a match is cut: start and end, or -1
	err     error // of poll; ends whatever is going on
	work    int   // since the last poll
	depth   int   // look-arounds being decided
	whole   *dfa  // attempts begin everywhere
	dfas    []*dfa
	looking []*looking
	sets    []*scratch
	ends    []int      // stack of the ends of repetitions
	spare   [][]uint64 // memory of sets of positions
}

// Matcher makes a matcher. poll is asked now and then while it works; its error ends
// the work. It may be nil.
func (re *Regexp) Matcher(poll func() error) *Matcher {
	return &Matcher{re: re, poll: poll, room: dfaBytes}
}

// Regexp is what m matches.
func (m *Matcher) Regexp() *Regexp { return m.re }

// pollEvery is how much work, in instructions or characters, goes by between polls.
const pollEvery = 1 << 16

// worked counts work and asks poll.
func (m *Matcher) worked(n int) error {
	if m.work += n; m.work < pollEvery {
		return m.err
	}
	m.work = 0
	if m.err == nil && m.poll != nil {
		m.err = m.poll()
	}
	return m.err
}

// node is the DFA of a node. It is asked for each time: where there is no more room,
// the DFAs of all nodes are dropped.
func (m *Matcher) node(n *node) *dfa {
	if m.dfas == nil {
		m.dfas = make([]*dfa, m.re.nodes)
	}
	if m.used > m.room/2 {
		clear(m.dfas)
		m.used = 0
	}
	if m.dfas[n.id] == nil {
		d := newDFA(m, n.entry, n.exit, false, m.room/4)
		d.used = &m.used
		m.used += d.bytes
		m.dfas[n.id] = d
	}
	return m.dfas[n.id]
}

// scratch is a set of instructions being made; one for each depth of look-arounds.
type scratch struct {
	list   []int32
	mark   []uint32 // stamp if in list
	stamp  uint32
	stack  []int32
	now    []int32
	looked bool // a look-around was decided
}

func (m *Matcher) scratch() *scratch {
	for len(m.sets) <= m.depth {
		m.sets = append(m.sets, &scratch{mark: make([]uint32, len(m.re.code))})
	}
	return m.sets[m.depth]
}

func (sc *scratch) clear() {
	sc.list = sc.list[:0]
	if sc.stamp++; sc.stamp == 0 {
		clear(sc.mark)
		sc.stamp = 1
	}
}

func (sc *scratch) add(id int32) bool {
	if sc.mark[id] == sc.stamp {
		return false
	}
	sc.mark[id] = sc.stamp
	sc.list = append(sc.list, id)
	return true
}
