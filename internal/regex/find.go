package regex

import (
	"strings"
	"unicode/utf8"
)

// Match tells whether the pattern matches anywhere in s.
func (m *Matcher) Match(s string) (bool, error) { return m.Find(s, 0, nil) }

// Find finds the first match that begins at from or after it; what precedes from is
// seen by constraints. It writes the ends of the match to spans[0] and spans[1], those
// of group n to spans[2n] and spans[2n+1], or -1. With less room only so much is found
// out: with none, whether there is a match.
func (m *Matcher) Find(s string, from int, spans []int) (bool, error) {
	m.s = s
	for _, l := range m.looking {
		if l != nil {
			l.forget(s)
		}
	}
	return m.Next(from, spans)
}

// Next is Find in the same subject as the last time, which has not been changed.
func (m *Matcher) Next(from int, spans []int) (bool, error) {
	for k := range spans {
		spans[k] = -1
	}
	re, s := m.re, m.s
	if re.isLit {
		k := strings.Index(s[from:], re.literal)
		if k < 0 {
			return false, nil
		}
		if len(spans) > 1 {
			spans[0], spans[1] = from+k, from+k+len(re.literal)
		}
		return true, nil
	}
	if re.anchored && from > 0 || re.required != "" && !strings.Contains(s[from:], re.required) {
		return false, nil
	}
	m.err = nil
	found := false
	if re.backrefs {
		found = m.refer(from, spans)
	} else {
		found = m.find(from, spans)
	}
	return found && m.err == nil, m.err
}

// search runs the pattern over the subject at all positions at once: the first
// position where a match ends, and one before which none begins.
func (m *Matcher) search(from int) (end, idle int) {
	if m.whole == nil {
		root := m.re.root
		m.whole = newDFA(m, root.entry, root.exit, true, m.room/4)
		m.whole.jump = m.re.prefix
	}
	if jump := m.whole.jump; jump != "" {
		k := strings.Index(m.s[from:], jump)
		if k < 0 {
			return -1, -1
		}
		from += k
	}
	return m.whole.shortest(from, from, len(m.s))
}

// find finds a match without back references: its ends are those the DFA says.
func (m *Matcher) find(from int, spans []int) bool {
	re := m.re
	if len(spans) < 2 && !re.anchored {
		end, _ := m.search(from)
		return end >= 0
	}
	if len(spans) < 2 {
		end, _ := m.node(re.root).shortest(0, 0, len(m.s))
		return end >= 0
	}
	begin, last := 0, 0
	if !re.anchored {
		if last, begin = m.search(from); last < 0 {
			return false
		}
	}
	d := m.node(re.root)
	for ; begin <= last && m.err == nil; begin = m.right(begin) {
		end := -1
		if re.shortest {
			end, _ = d.shortest(begin, begin, len(m.s))
		} else {
			end = d.longest(begin, len(m.s))
		}
		if end < 0 {
			continue
		}
		if len(spans) > 2 {
			m.clear()
			if !m.dissect(re.root, begin, end) {
				return false
			}
			copy(spans, m.spans)
		}
		spans[0], spans[1] = begin, end
		return true
	}
	return false
}

// refer finds a match with back references: what the DFA takes for a match is tried,
// from the preferred end on.
func (m *Matcher) refer(from int, spans []int) bool {
	for last := from; m.err == nil; {
		begin := 0
		if last, begin = m.search(last); last < 0 {
			return false
		}
		for ; begin <= last; begin = m.right(begin) {
			end := m.tryAt(begin)
			if m.err != nil {
				return false
			}
			if end < 0 {
				continue
			}
			copy(spans, m.spans)
			if len(spans) > 1 {
				spans[0], spans[1] = begin, end
			}
			return true
		}
		// As PostgreSQL, do not look for an empty match at the very end.
		if last = m.right(last); last >= len(m.s) {
			return false
		}
	}
	return false
}

// tryAt is the end of the match that begins at a position, or -1.
func (m *Matcher) tryAt(begin int) int {
	least, most := begin, len(m.s)
	for {
		d, end := m.node(m.re.root), -1
		if m.re.shortest {
			end, _ = d.shortest(begin, least, most)
		} else {
			end = d.longest(begin, most)
		}
		if end < 0 {
			return -1
		}
		m.clear()
		if m.dissect(m.re.root, begin, end) {
			return end
		}
		if m.err != nil {
			return -1
		}
		if m.re.shortest {
			if end == most {
				return -1
			}
			least = m.right(end)
		} else {
			if end == begin {
				return -1
			}
			most = m.left(end)
		}
	}
}

// right is the position after the character at pos, or one more than the last.
func (m *Matcher) right(pos int) int {
	if pos >= len(m.s) || m.s[pos] < utf8.RuneSelf {
		return pos + 1
	}
	_, n := utf8.DecodeRuneInString(m.s[pos:])
	return pos + n
}

// left is the position before the character that ends at pos.
func (m *Matcher) left(pos int) int {
	if m.s[pos-1] < utf8.RuneSelf {
		return pos - 1
	}
	_, n := utf8.DecodeLastRuneInString(m.s[:pos])
	return pos - n
}

// clear forgets all groups.
func (m *Matcher) clear() {
	if m.spans == nil {
		m.spans = make([]int, 2*(m.re.groups+1))
	}
	for k := range m.spans {
		m.spans[k] = -1
	}
}
