package vector

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// inline is the longest value that lies in the view itself.
const inline = 12

// View is one byte string: its length, then either the bytes (up to 12) or
// their first four, a buffer number and an offset. It has no pointer, so a
// column of views costs the garbage collector nothing.
type View struct {
	Len    uint32
	Prefix [4]byte
	Buffer uint32 // or bytes 4 to 7
	Offset uint32 // or bytes 8 to 11
}

// Heap owns the bytes of long views.
type Heap struct {
	buffers [][]byte
	size    int
}

// firstBuffer and lastBuffer bound how a heap grows, in bytes.
const (
	firstBuffer = 4 << 10
	lastBuffer  = 1 << 20
)

func (h *Heap) reset() {
	if len(h.buffers) == 0 {
		return
	}
	// Keep the largest buffer of our own, which is the last that put made.
	largest := h.buffers[len(h.buffers)-1]
	clear(h.buffers)
	h.buffers, h.size = h.buffers[:0], 0
	if cap(largest) <= lastBuffer {
		h.buffers = append(h.buffers, largest[:0])
	}
}

func (h *Heap) bytes(v *View) []byte {
	if v.Len <= inline {
		return unsafe.Slice(&v.Prefix[0], v.Len)[:v.Len:v.Len]
	}
	return h.buffers[v.Buffer][v.Offset : v.Offset+v.Len : v.Offset+v.Len]
}

func (h *Heap) put(b []byte) View {
	var v View
	copy(h.reserve(&v, len(b)), b)
	if len(b) > inline {
		copy(v.Prefix[:], b)
	}
	return v
}

// reserve makes v a view of n bytes and returns their place. The prefix of a
// long view is put's to set.
func (h *Heap) reserve(v *View, n int) []byte {
	*v = View{Len: uint32(n)}
	if n <= inline {
		return unsafe.Slice(&v.Prefix[0], inline)[:n:n]
	}
	last := len(h.buffers) - 1
	if last < 0 || cap(h.buffers[last])-len(h.buffers[last]) < n {
		size := firstBuffer
		if last >= 0 {
			size = min(2*cap(h.buffers[last]), lastBuffer)
		}
		h.buffers = append(h.buffers, make([]byte, 0, max(size, n)))
		last++
	}
	buffer := h.buffers[last]
	v.Buffer, v.Offset = uint32(last), uint32(len(buffer))
	h.buffers[last] = buffer[:len(buffer)+n]
	h.size += n
	return h.buffers[last][v.Offset : int(v.Offset)+n : int(v.Offset)+n]
}

// share adds b as a full buffer of its own, in front of the one being filled.
func (h *Heap) share(b []byte) View {
	if len(b) <= inline {
		return h.put(b)
	}
	v := View{Len: uint32(len(b))}
	copy(v.Prefix[:], b)
	last := len(h.buffers) - 1
	if last >= 0 && len(h.buffers[last]) < cap(h.buffers[last]) && len(h.buffers[last]) == 0 {
		// The empty buffer moves behind, it has no views yet.
		h.buffers = append(h.buffers, h.buffers[last])
		h.buffers[last] = b[:len(b):len(b)]
		v.Buffer = uint32(last)
		return v
	}
	v.Buffer = uint32(len(h.buffers))
	h.buffers = append(h.buffers, b[:len(b):len(b)])
	return v
}

// Compare orders two rows' bytes as memcmp does, looking at the prefixes first.
func Compare(a *Vector, i int, b *Vector, j int) int {
	x, y := &Of[View](a)[a.Index(i)], &Of[View](b)[b.Index(j)]
	if p, q := binary.BigEndian.Uint32(x.Prefix[:]), binary.BigEndian.Uint32(y.Prefix[:]); p != q && x.Len >= 4 && y.Len >= 4 {
		if p < q {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.heap.bytes(x), b.heap.bytes(y))
}

// Equal tells whether two rows have the same bytes.
func Equal(a *Vector, i int, b *Vector, j int) bool {
	x, y := &Of[View](a)[a.Index(i)], &Of[View](b)[b.Index(j)]
	if x.Len != y.Len || x.Prefix != y.Prefix {
		return false
	}
	return x.Len <= 4 || bytes.Equal(a.heap.bytes(x), b.heap.bytes(y))
}
