package regex

import "strings"

// dissect finds the groups of a node that matches from begin to end as far as its DFA
// can tell. It fails where a back reference does not match, and then leaves no groups.
//
// Each kind of node tries its parts' ends in the order of their preference and takes
// the first that works. What a part's groups are is decided once for each place of
// the part: another way to cut the same place is not tried for the sake of a back
// reference that comes later.
func (m *Matcher) dissect(n *node, begin, end int) bool {
	if m.err != nil {
		return false
	}
	ok := true
	switch n.op {
	case opWrap:
		ok = m.dissect(n.kids[0], begin, end)
	case opConcat:
		ok = m.concat(n, begin, end)
	case opAlt:
		ok = m.alternate(n, begin, end)
	case opRepeat:
		ok = m.repeat(n, begin, end)
	case opBackref:
		ok = m.same(n, begin, end)
	}
	if ok && n.group > 0 {
		m.spans[2*n.group], m.spans[2*n.group+1] = begin, end
	}
	return ok
}

// forget clears the groups at and below a node.
func (m *Matcher) forget(n *node) {
	for g := n.low; g < n.high; g++ {
		m.spans[2*g], m.spans[2*g+1] = -1, -1
	}
}

// concat finds where the first part ends and the second begins.
func (m *Matcher) concat(n *node, begin, end int) bool {
	short := n.kids[0].prefer&shorter != 0
	mid := -1
	if short {
		mid, _ = m.node(n.kids[0]).shortest(begin, begin, end)
	} else {
		mid = m.node(n.kids[0]).longest(begin, end)
	}
	if mid < 0 {
		return false
	}
	if m.halves(n, begin, mid, end) {
		return true
	}
	// The other places are found in one pass.
	if m.err != nil || short && mid == end || !short && mid == begin {
		return false
	}
	places := m.open(begin, end)
	defer func() { m.close(places) }()
	if short {
		m.node(n.kids[0]).ends(begin, end, &places)
	} else {
		m.node(n.kids[0]).ends(begin, m.left(mid), &places)
	}
	for m.err == nil {
		if short {
			mid = places.above(mid)
		} else {
			mid = places.below(mid)
		}
		if mid < 0 {
			return false
		}
		if m.halves(n, begin, mid, end) {
			return true
		}
	}
	return false
}

// halves dissects both parts of a concatenation.
func (m *Matcher) halves(n *node, begin, mid, end int) bool {
	if m.node(n.kids[1]).exact(mid, end) && m.dissect(n.kids[0], begin, mid) && m.dissect(n.kids[1], mid, end) {
		return true
	}
	m.forget(n.kids[0])
	return false
}

// alternate finds the first branch that matches.
func (m *Matcher) alternate(n *node, begin, end int) bool {
	for _, kid := range n.kids {
		if m.node(kid).exact(begin, end) && m.dissect(kid, begin, end) {
			return true
		}
		if m.err != nil {
			return false
		}
	}
	return false
}

// same tells whether what a group matched stands there, as often as asked for.
func (m *Matcher) same(n *node, begin, end int) bool {
	from, to := m.spans[2*n.ref], m.spans[2*n.ref+1]
	if from < 0 {
		return false
	}
	text, at := m.s[from:to], m.s[begin:end]
	switch {
	case text == "":
		return at == ""
	case at == "":
		return n.min == 0
	}
	times := 0
	for at != "" {
		rest, ok := strings.CutPrefix(at, text)
		if m.re.fold {
			rest, ok = m.cutFolded(at, text)
		}
		if !ok {
			return false
		}
		at = rest
		times++
	}
	return times >= n.min && (times <= n.max || n.max == infinite)
}

// cutFolded takes text from the head of s in either case.
func (m *Matcher) cutFolded(s, text string) (string, bool) {
	at := 0
	for _, r := range text {
		found := false
		for _, c := range s[at:] {
			found = m.re.ctype.lower(c) == m.re.ctype.lower(r)
			break
		}
		if !found {
			return s, false
		}
		_, n := m.re.colors.at(s, at)
		at += n
	}
	return s[at:], true
}
