package vector

import "math/bits"

// Bitmap is a set of rows; beyond its length no bit is set.
type Bitmap []uint64

// Get tells whether bit i is set.
func (b Bitmap) Get(i int) bool {
	word := i >> 6
	return word < len(b) && b[word]&(1<<(i&63)) != 0
}

// Set sets bit i, growing the map.
func (b *Bitmap) Set(i int) {
	word := i >> 6
	for len(*b) <= word {
		*b = append(*b, 0)
	}
	(*b)[word] |= 1 << (i & 63)
}

// Clear clears bit i.
func (b Bitmap) Clear(i int) {
	if word := i >> 6; word < len(b) {
		b[word] &^= 1 << (i & 63)
	}
}

// Any tells whether any bit is set.
func (b Bitmap) Any() bool {
	for _, word := range b {
		if word != 0 {
			return true
		}
	}
	return false
}

// Count is the number of bits set.
func (b Bitmap) Count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// Or adds the bits of c.
func (b *Bitmap) Or(c Bitmap) {
	for len(*b) < len(c) {
		*b = append(*b, 0)
	}
	for i, word := range c {
		(*b)[i] |= word
	}
}
