package regex

import "unicode/utf8"

// repetition is the search for the places where a node's copies end: the stack
// m.ends from base on, the first being where the first copy begins. Places are
// tried in the order of the kid's preference, depth first.
type repetition struct {
	m           *Matcher
	kid         *node
	base        int
	end         int
	least, most int
	refers      bool // the DFA does not say whether a copy matches
	counted     bool // how many copies there are matters to what can follow

	// dead is where no way to the end was found: the number of copies so far, if
	// counted, and the place. It keeps the search from being exponential.
	dead map[[2]int]struct{}
}

// repeat cuts a match into copies of the node's kid. An empty copy is taken only where
// the least number cannot be reached without; of an empty match a kid that prefers
// long matches is one copy, one that prefers short matches none.
func (m *Matcher) repeat(n *node, begin, end int) bool {
	kid := n.kids[0]
	if kid.prefer&shorter != 0 && n.min == 0 && begin == end {
		m.forget(kid)
		return true
	}
	r := repetition{m: m, kid: kid, base: len(m.ends), end: end, least: max(n.min, 1),
		refers: kid.prefer&refers != 0, counted: n.max != infinite || n.min > 1}
	// Copies that are not empty cannot be more than characters.
	r.most = utf8.RuneCountInString(m.s[begin:end])
	if n.max != infinite {
		r.most = min(r.most, n.max)
	}
	r.most = max(r.most, r.least)
	m.ends = append(m.ends, begin)
	ok := false
	if kid.prefer&shorter != 0 {
		ok = r.shortest()
	} else {
		ok = r.longest()
	}
	m.ends = m.ends[:r.base]
	if !ok {
		m.forget(kid)
		return n.min == 0 && begin == end
	}
	return true
}

// at is where copy k ends.
func (r *repetition) at(k int) int { return r.m.ends[r.base+k] }

// needsEmpty tells whether copy k, beginning at from, must be empty to reach the
// least number.
func (r *repetition) needsEmpty(k, from int) bool {
	return k < r.least && r.least-k >= utf8.RuneCountInString(r.m.s[from:r.end])
}

// take tries to let copy k go from from to place; done if that is the end of all.
func (r *repetition) take(k, from, place int) (taken, done bool) {
	r.m.ends = append(r.m.ends[:r.base+k], place)
	switch {
	case place == r.end:
		done = k >= r.least && r.verify(from, place, true)
		return done, done
	case k >= r.most || place == from && !r.needsEmpty(k, from):
		return false, false
	}
	if _, known := r.dead[r.key(k, place)]; known {
		return false, false
	}
	return r.verify(from, place, false), false
}

// verify dissects a copy where that can fail or is the last one, whose groups stay.
func (r *repetition) verify(from, place int, last bool) bool {
	if !r.refers && !last {
		return true
	}
	r.m.forget(r.kid)
	return r.m.dissect(r.kid, from, place)
}

func (r *repetition) key(k, place int) [2]int {
	if !r.counted {
		k = 0
	}
	return [2]int{k, place}
}

// bury notes that nothing works after k copies up to place.
func (r *repetition) bury(k, place int) {
	if r.dead == nil {
		r.dead = map[[2]int]struct{}{}
	}
	r.dead[r.key(k, place)] = struct{}{}
}

func (r *repetition) longest() bool {
	m := r.m
	for k, limit := 1, r.end; m.err == nil; {
		from := r.at(k - 1)
		place := m.node(r.kid).longest(from, limit)
		if place >= 0 {
			taken, done := r.take(k, from, place)
			if done {
				return true
			}
			if taken {
				k, limit = k+1, r.end
				continue
			}
			if place != r.end && k >= r.most {
				place = -1 // shorter ones do not reach the end either
			}
		}
		for {
			if place > from {
				limit = m.left(place)
				if limit > from || r.needsEmpty(k, from) {
					break
				}
			}
			if k--; k == 0 {
				return false
			}
			r.bury(k, from)
			place, from = from, r.at(k-1)
		}
	}
	return false
}

func (r *repetition) shortest() bool {
	m := r.m
	for k, limit := 1, r.at(0); m.err == nil; {
		from := r.at(k - 1)
		if limit == from && limit != r.end && !r.needsEmpty(k, from) {
			limit = m.right(limit)
		}
		if k >= r.most {
			limit = r.end
		}
		place, _ := m.node(r.kid).shortest(from, limit, r.end)
		if place >= 0 {
			taken, done := r.take(k, from, place)
			if done {
				return true
			}
			if taken {
				k, limit = k+1, place
				continue
			}
		}
		for {
			if place >= 0 && place < r.end {
				limit = m.right(place)
				break
			}
			if k--; k == 0 {
				return false
			}
			r.bury(k, from)
			place, from = from, r.at(k-1)
		}
	}
	return false
}
