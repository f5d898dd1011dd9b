package regex

import (
	"slices"
	"sync"
	"unicode"
)

// The character classes: the names of POSIX and two of PostgreSQL's. Their numbers
// are the values of tokens.
const (
	classAlnum rune = iota
	classAlpha
	classASCII
	classBlank
	classCntrl
	classDigit
	classGraph
	classLower
	classPrint
	classPunct
	classSpace
	classUpper
	classWord
	classXDigit
	classCount
)

var classNames = map[string]rune{
	"alnum": classAlnum, "alpha": classAlpha, "ascii": classASCII, "blank": classBlank, "cntrl": classCntrl,
	"digit": classDigit, "graph": classGraph, "lower": classLower, "print": classPrint, "punct": classPunct,
	"space": classSpace, "upper": classUpper, "word": classWord, "xdigit": classXDigit,
}

// ctype says which characters are letters and how case changes.
//
// Beyond ASCII these are the rules of the C.UTF-8 locale over Unicode's tables:
// a digit is one of 0 to 9, the other decimal digits count as letters, and so do
// marks and symbols with the property Other_Alphabetic; spaces do not include those
// that forbid a line break.
type ctype struct{ ascii bool }

func (t ctype) lower(r rune) rune {
	if t.ascii || r < 0x80 {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}

func (t ctype) upper(r rune) rune {
	if t.ascii || r < 0x80 {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	return unicode.ToUpper(r)
}

// addCases adds the other cases of the characters from lo to hi.
func (t ctype) addCases(s *runeSet, lo, hi rune) {
	list := casedRunes()
	k, _ := slices.BinarySearch(list, lo)
	for ; k < len(list) && list[k] <= hi; k++ {
		for _, other := range [...]rune{t.lower(list[k]), t.upper(list[k])} {
			if other < lo || other > hi {
				s.add(other, other)
			}
		}
	}
}

// casedRunes lists the characters that have another case, in order.
var casedRunes = sync.OnceValue(func() []rune {
	var list []rune
	for _, c := range unicode.CaseRanges {
		for r := rune(c.Lo); r <= rune(c.Hi); r++ {
			if unicode.ToLower(r) != r || unicode.ToUpper(r) != r {
				list = append(list, r)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
})

// class is the characters of a class. The set must not be changed.
func (t ctype) class(c rune) runeSet {
	if t.ascii {
		return asciiClasses()[c]
	}
	return unicodeClasses()[c]
}

var unicodeClasses = sync.OnceValue(func() *[classCount]runeSet {
	var c [classCount]runeSet
	digits := runeSet{{'0', '9'}}
	letters := tables(unicode.L, unicode.Nl, unicode.Nd, unicode.Other_Alphabetic)
	alpha := minus(letters, digits)
	spaces := tables(unicode.Z)
	spaces.add('\t', '\r')
	space := spaces.normal().without(0xa0).without(0x2007).without(0x202f)
	assigned := tables(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf, unicode.Co)
	lowers := tables(unicode.Ll, unicode.Other_Lowercase)
	for _, r := range tables(unicode.Lt) { // those that have capitals of their own
		for x := r.lo; x <= r.hi; x++ {
			if unicode.ToUpper(x) != x {
				lowers.add(x, x)
			}
		}
	}
	c[classAlpha], c[classDigit] = alpha, digits
	c[classAlnum] = letters
	c[classWord] = union(letters, runeSet{{'_', '_'}})
	c[classCntrl] = tables(unicode.Cc)
	c[classBlank] = runeSet{{'\t', '\t'}, {' ', ' '}}
	c[classSpace] = space
	c[classGraph] = minus(assigned, space)
	c[classPrint] = assigned
	c[classPunct] = minus(c[classGraph], letters)
	c[classLower] = lowers.normal()
	c[classUpper] = tables(unicode.Lu, unicode.Lt, unicode.Other_Uppercase)
	c[classXDigit] = runeSet{{'0', '9'}, {'A', 'F'}, {'a', 'f'}}
	c[classASCII] = runeSet{{0, 0x7f}}
	return &c
})

var asciiClasses = sync.OnceValue(func() *[classCount]runeSet {
	c := *unicodeClasses()
	for i, s := range c {
		if rune(i) != classCntrl { // a matter of numbers in PostgreSQL
			c[i] = minus(s, runeSet{{0x80, maxRune}})
		}
	}
	return &c
})

// tables is the characters of some of Unicode's tables.
func tables(list ...*unicode.RangeTable) runeSet {
	var s runeSet
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			s.add(lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			s.add(r, r)
		}
	}
	for _, t := range list {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return s.normal()
}

func union(a, b runeSet) runeSet {
	s := append(append(runeSet(nil), a...), b...)
	return s.normal()
}

// minus is the characters of a that b lacks; both are normal.
func minus(a, b runeSet) runeSet {
	return union(a.complement(), b).complement()
}
