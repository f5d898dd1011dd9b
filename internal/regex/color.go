package regex

import (
	"slices"
	"unicode/utf8"
)

// maxColors is PostgreSQL's limit of classes in one pattern.
const maxColors = 32_767

// maxSetWords bounds the memory of the sets: words of 64 classes. maxPlaces bounds
// the work of making classes: places among the cuts that sets cover.
const (
	maxSetWords = 1 << 20
	maxPlaces   = 1 << 22
)

// colors maps characters to classes: characters that are in the same sets of the
// pattern have one class, so that a state needs one transition for all of them. The
// class edge is no character's: it stands for either end of the subject.
type colors struct {
	edge   uint16
	ascii  [utf8.RuneSelf]uint16
	low    []uint16 // of the characters below lowEnd, in patterns of many ranges
	starts []rune   // classes of the characters beyond ASCII, from starts[i] on
	ids    []uint16
	sets   []uint64 // the sets as bits of classes, stride words each
	stride int
}

// Most patterns name no more than fewRanges, which are gone through one by one. Those
// with more have a table of the characters below lowEnd, the alphabets of most
// languages that have one.
const (
	fewRanges = 8
	lowEnd    = 0x800
)

// has tells whether a class is in a set.
func (c *colors) has(set int32, class uint16) bool {
	return c.sets[int(set)*c.stride+int(class>>6)]>>(class&63)&1 != 0
}

// of is the class of a character.
func (c *colors) of(r rune) uint16 {
	if r < utf8.RuneSelf {
		return c.ascii[r]
	}
	if int(r) < len(c.low) {
		return c.low[r]
	}
	if len(c.starts) <= fewRanges {
		i := len(c.starts) - 1
		for c.starts[i] > r {
			i--
		}
		return c.ids[i]
	}
	lo, hi := 0, len(c.starts) // starts[lo] <= r < starts[hi]
	for hi-lo > 1 {
		mid := int(uint(lo+hi) / 2)
		if c.starts[mid] <= r {
			lo = mid
		} else {
			hi = mid
		}
	}
	return c.ids[lo]
}

// at is the class of the character at s[i:] and its length.
func (c *colors) at(s string, i int) (uint16, int) {
	if b := s[i]; b < utf8.RuneSelf {
		return c.ascii[b], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return c.of(r), n
}

// after is the class of what follows position i.
func (c *colors) after(s string, i int) uint16 {
	if i >= len(s) {
		return c.edge
	}
	class, _ := c.at(s, i)
	return class
}

// before is the class of what precedes position i.
func (c *colors) before(s string, i int) uint16 {
	if i == 0 {
		return c.edge
	}
	if b := s[i-1]; b < utf8.RuneSelf {
		return c.ascii[b]
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return c.of(r)
}

// part is what a set covers among the cuts, or what it does not.
type part struct {
	places []int32
	not    bool
}

// paint makes classes of sets.
func (c *colors) paint(sets []runeSet) fault {
	cuts := makeCuts(sets)
	parts := make([]part, len(sets))
	total := 0
	for k, s := range sets {
		p := part{places: cover(cuts, s)}
		// A set and its complement make the same classes: the smaller is quicker.
		if 2*len(p.places) > len(cuts) {
			p = part{places: cover(cuts, s.complement()), not: true}
		}
		parts[k] = p
		if total += len(p.places); total > maxPlaces {
			return tooComplex
		}
	}
	class, n := classify(len(cuts), parts)
	if n >= maxColors {
		return tooColorful
	}
	c.index(cuts, class, n)
	return c.fill(class, parts, n)
}

// classify gives places the same class where no part tells them apart.
func classify(places int, parts []part) (class []uint16, n int) {
	class = make([]uint16, places)
	size := []int32{int32(places)} // how many places a class has
	hits := []int32{0}             // how many of those are in the part at hand
	fresh := []int{0}              // the class that splits off, or 0
	var touched []uint16
	for _, p := range parts {
		for _, i := range p.places {
			if hits[class[i]]++; hits[class[i]] == 1 {
				touched = append(touched, class[i])
			}
		}
		for _, i := range p.places {
			was := class[i]
			if hits[was] == size[was] {
				continue
			}
			if fresh[was] == 0 {
				if fresh[was] = len(size); len(size) >= maxColors {
					return nil, maxColors
				}
				size, hits, fresh = append(size, hits[was]), append(hits, 0), append(fresh, 0)
			}
			class[i] = uint16(fresh[was])
		}
		for _, was := range touched {
			if fresh[was] > 0 {
				size[was] -= hits[was]
			}
			hits[was], fresh[was] = 0, 0
		}
		touched = touched[:0]
	}
	return class, len(size)
}

// makeCuts lists where sets begin and end.
func makeCuts(sets []runeSet) []rune {
	n := 1
	for _, s := range sets {
		n += 2 * len(s)
	}
	cuts := make([]rune, 1, n)
	for _, s := range sets {
		for _, r := range s {
			cuts = append(cuts, r.lo)
			if r.hi < maxRune {
				cuts = append(cuts, r.hi+1)
			}
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// cover lists the places among cuts that a set covers.
func cover(cuts []rune, s runeSet) []int32 {
	out := make([]int32, 0, len(s))
	i := 0
	for k, r := range s {
		if k == 0 || cuts[i] < r.lo {
			rest := cuts[i:]
			if near := 8; len(rest) > near && rest[near] >= r.lo {
				rest = rest[:near+1]
			}
			at, _ := slices.BinarySearch(rest, r.lo)
			i += at
		}
		for ; i < len(cuts) && cuts[i] <= r.hi; i++ {
			out = append(out, int32(i))
		}
	}
	return out
}

// index makes the tables by which characters are looked up.
func (c *colors) index(cuts []rune, class []uint16, n int) {
	c.edge = uint16(n)
	for i, from := range cuts {
		end := rune(maxRune + 1)
		if i+1 < len(cuts) {
			end = cuts[i+1]
		}
		for r := from; r < min(end, utf8.RuneSelf); r++ {
			c.ascii[r] = class[i]
		}
		if k := len(c.ids); end > utf8.RuneSelf && (k == 0 || c.ids[k-1] != class[i]) {
			c.starts = append(c.starts, from)
			c.ids = append(c.ids, class[i])
		}
	}
	if len(c.starts) <= fewRanges {
		return
	}
	c.low = make([]uint16, lowEnd)
	for k, from := range c.starts {
		to := rune(lowEnd)
		if k+1 < len(c.starts) {
			to = min(to, c.starts[k+1])
		}
		for r := from; r < to; r++ {
			c.low[r] = c.ids[k]
		}
	}
}

// fill writes the sets as bits of classes.
func (c *colors) fill(class []uint16, parts []part, n int) fault {
	c.stride = (n + 63) / 64
	if c.stride*len(parts) > maxSetWords {
		return tooComplex
	}
	c.sets = make([]uint64, c.stride*len(parts))
	for k, p := range parts {
		bits := c.sets[k*c.stride:][:c.stride]
		for _, i := range p.places {
			bits[class[i]>>6] |= 1 << (class[i] & 63)
		}
		if p.not {
			for w := range bits {
				bits[w] = ^bits[w]
			}
		}
	}
	return ""
}
