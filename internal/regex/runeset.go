package regex

import (
	"slices"
	"unicode"
)

// maxRune is the last character.
const maxRune = unicode.MaxRune

// span is the characters from lo to hi.
type span struct{ lo, hi rune }

// runeSet is a set of characters: spans in order, which neither overlap nor touch
// after normal.
type runeSet []span

func (s *runeSet) add(lo, hi rune) {
	if hi = min(hi, maxRune); lo <= hi {
		*s = append(*s, span{lo, hi})
	}
}

func (s *runeSet) addSet(t runeSet) { *s = append(*s, t...) }

// normal is the set with its spans sorted and joined; it may take s's memory.
func (s runeSet) normal() runeSet {
	if s.isNormal() {
		return s
	}
	slices.SortFunc(s, func(a, b span) int { return int(a.lo - b.lo) })
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (s runeSet) isNormal() bool {
	for k := 1; k < len(s); k++ {
		if s[k].lo <= s[k-1].hi+1 {
			return false
		}
	}
	return true
}

// complement is all other characters; s is normal.
func (s runeSet) complement() runeSet {
	out := make(runeSet, 0, len(s)+1)
	at := rune(0)
	for _, r := range s {
		out.add(at, r.lo-1)
		at = r.hi + 1
	}
	out.add(at, maxRune)
	return out
}

// without is the set less one character; s is normal.
func (s runeSet) without(c rune) runeSet {
	out := make(runeSet, 0, len(s)+1)
	for _, r := range s {
		if c < r.lo || c > r.hi {
			out = append(out, r)
			continue
		}
		out.add(r.lo, c-1)
		out.add(c+1, r.hi)
	}
	return out
}

// has tells whether a character is in the set, which is normal.
func (s runeSet) has(r rune) bool {
	k, _ := slices.BinarySearchFunc(s, r, func(p span, r rune) int { return int(p.hi - r) })
	return k < len(s) && s[k].lo <= r
}

// single tells whether the set is one character.
func (s runeSet) single() (rune, bool) {
	if len(s) == 1 && s[0].lo == s[0].hi {
		return s[0].lo, true
	}
	return 0, false
}

// setTable gives equal sets one number.
type setTable struct {
	list   []runeSet
	byHash map[uint64][]int
	spans  int // in all sets together
}

// maxSpans bounds the spans of a pattern's sets.
const maxSpans = 1 << 20

// put returns the number of a set, which it keeps.
func (t *setTable) put(s runeSet) int {
	s = s.normal()
	h := uint64(14695981039346656037)
	for _, r := range s {
		h = (h ^ uint64(r.lo)<<32 ^ uint64(r.hi)) * 1099511628211
	}
	for _, n := range t.byHash[h] {
		if slices.Equal(t.list[n], s) {
			return n
		}
	}
	if t.byHash == nil {
		t.byHash = map[uint64][]int{}
	}
	t.byHash[h] = append(t.byHash[h], len(t.list))
	t.list = append(t.list, s)
	t.spans += len(s)
	return len(t.list) - 1
}
