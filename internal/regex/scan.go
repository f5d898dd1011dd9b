package regex

import (
	"strings"
	"unicode/utf8"
)

// The scans run a DFA over the subject from begin, to position stop at most; what
// follows stop is seen by constraints all the same. Each gives -1 for none, and for
// an error, which is in the matcher.

// longest is the last position up to stop where the fragment ends.
func (d *dfa) longest(begin, stop int) int {
	m := d.m
	row, err := d.start(begin)
	if err != nil || row == markDead {
		return -1
	}
	s, next, colors := m.s, d.next, &m.re.colors
	last := -1
	for i := begin; i < stop; {
		limit := min(stop, i+pollEvery)
		if m.worked(limit-i) != nil {
			return -1
		}
		for i < limit {
			class, n := uint16(0), 1
			if b := s[i]; b < utf8.RuneSelf {
				class = colors.ascii[b]
			} else {
				class, n = colors.at(s, i)
			}
			e := next[int(row)+int(class)]
			if e >= markUnknown {
				if e == markUnknown {
					if e, err = d.step(row, class, i); err != nil {
						return -1
					}
					next = d.next
				}
				if e&markEnded != 0 {
					last = i
				}
				if e&markDead != 0 {
					return last
				}
				e &^= marks
			}
			row = e
			i += n
		}
	}
	if d.last(row, stop)&markEnded != 0 {
		last = stop
	}
	if m.err != nil {
		return -1
	}
	return last
}

// last is the move at the last position of a scan, for its marks.
func (d *dfa) last(row move, at int) move {
	class := d.m.re.colors.after(d.m.s, at)
	e := d.next[int(row)+int(class)]
	if e == markUnknown {
		e, _ = d.step(row, class, at)
	}
	return e
}

// exact tells whether the fragment matches from begin to end.
func (d *dfa) exact(begin, end int) bool { return d.longest(begin, end) == end }

// shortest is the first position from least to stop where the fragment ends, and the
// last one up to there at which no attempt was under way.
func (d *dfa) shortest(begin, least, stop int) (end, idle int) {
	m := d.m
	row, err := d.start(begin)
	if err != nil || row == markDead {
		return -1, -1
	}
	s, next, colors := m.s, d.next, &m.re.colors
	idle = begin
	i := begin
	for i < stop {
		limit := min(stop, i+pollEvery)
		if m.worked(limit-i) != nil {
			return -1, -1
		}
		for i < limit {
			class, n := uint16(0), 1
			if b := s[i]; b < utf8.RuneSelf {
				class = colors.ascii[b]
			} else {
				class, n = colors.at(s, i)
			}
			e := next[int(row)+int(class)]
			i += n
			if e >= markUnknown {
				if e == markUnknown {
					if e, err = d.step(row, class, i-n); err != nil {
						return -1, -1
					}
					next = d.next
				}
				if e&markEnded != 0 && i-n >= least {
					if e&markWasIdle != 0 {
						idle = i - n
					}
					return i - n, idle
				}
				switch {
				case e&markDead != 0:
					return -1, -1
				case e&markBegan != 0:
					idle = i - n
				case e&markIdle != 0:
					k := strings.Index(s[i:], d.jump)
					if k < 0 {
						return -1, -1
					}
					if k > 0 {
						i += k
						if e, err = d.start(i); err != nil {
							return -1, -1
						}
						next = d.next
					}
				}
				e &^= marks
			}
			row = e
		}
	}
	if stop < least {
		return -1, -1
	}
	switch e := d.last(row, stop); {
	case e&markEnded == 0:
		return -1, -1
	case e&markWasIdle != 0:
		return stop, stop
	}
	return stop, idle
}

// ends marks in set every position from begin to stop where the fragment ends.
func (d *dfa) ends(begin, stop int, set *posSet) {
	m := d.m
	row, err := d.start(begin)
	if err != nil || row == markDead {
		return
	}
	for i := begin; i < stop; {
		class, n := m.re.colors.at(m.s, i)
		e := d.next[int(row)+int(class)]
		if e == markUnknown {
			if e, err = d.step(row, class, i); err != nil {
				return
			}
		} else if m.worked(1) != nil {
			return
		}
		if e&markEnded != 0 {
			set.add(i)
		}
		if e&markDead != 0 {
			return
		}
		row = e &^ marks
		i += n
	}
	if d.last(row, stop)&markEnded != 0 {
		set.add(stop)
	}
}
