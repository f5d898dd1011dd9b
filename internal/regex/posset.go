package regex

import "math/bits"

// posSet is a set of positions of the subject from base on.
type posSet struct {
	base int
	bits []uint64
}

// open readies a set for positions from base to last. close gives its memory back.
func (m *Matcher) open(base, last int) posSet {
	words := (last-base)/64 + 1
	if n := len(m.spare); n > 0 {
		b := m.spare[n-1]
		m.spare = m.spare[:n-1]
		if cap(b) >= words {
			b = b[:words]
			clear(b)
			return posSet{base, b}
		}
	}
	return posSet{base, make([]uint64, words)}
}

func (m *Matcher) close(s posSet) { m.spare = append(m.spare, s.bits) }

func (s *posSet) add(pos int) {
	pos -= s.base
	s.bits[pos>>6] |= 1 << (pos & 63)
}

// below is the last position before pos, or -1.
func (s *posSet) below(pos int) int {
	pos -= s.base
	if pos <= 0 {
		return -1
	}
	word := (pos - 1) >> 6
	set := s.bits[word] << (63 - (pos-1)&63) >> (63 - (pos-1)&63)
	for set == 0 {
		if word--; word < 0 {
			return -1
		}
		set = s.bits[word]
	}
	return s.base + word<<6 + 63 - bits.LeadingZeros64(set)
}

// above is the first position after pos, or -1.
func (s *posSet) above(pos int) int {
	pos -= s.base - 1
	word := pos >> 6
	if word >= len(s.bits) {
		return -1
	}
	set := s.bits[word] >> (pos & 63) << (pos & 63)
	for set == 0 {
		if word++; word == len(s.bits) {
			return -1
		}
		set = s.bits[word]
	}
	return s.base + word<<6 + bits.TrailingZeros64(set)
}
