// Package jsonb is PostgreSQL's jsonb values as bytes, and the reader of JSON
// text that json and jsonb share.
//
// It exists because a decoded tree for each value would cost an allocation for
// each node: here a value is looked into, compared and printed where it lies.
//
// A value is a tag byte and what follows it:
//
//	null, false, true   nothing
//	number              numeric.AppendStorage
//	string              its bytes, to the end of the value
//	array               | count uvarint | count × end | elements |
//	object              | count uvarint | count × key end | count × value end | keys | values |
//
// Ends are offsets from the first element (key, value) to just past each one,
// little-endian in 1, 2 or 4 bytes as the tag says. A value does not say how long
// it is; whoever holds it does.
//
// Invariants: an object's keys are unique and sorted by length, then by bytes, as
// PostgreSQL prints them; numbers are finite; strings are UTF-8 without NUL. A
// value built by this package is never changed.
package jsonb

import (
	"encoding/binary"
	"slices"
	"strings"
	"unsafe"

	"datapunk/types/numeric"
)

// Kind is what a value is. Greater kinds sort later.
type Kind byte

// The kinds, in PostgreSQL's order (true and false are one kind to it).
const (
	Null Kind = iota
	String
	Number
	False
	True
	Array
	Object
)

// Values of the scalars without content.
var (
	NullValue  = []byte{byte(Null)}
	FalseValue = []byte{byte(False)}
	TrueValue  = []byte{byte(True)}
)

// wide2 and wide4 in a tag say that ends have 2 or 4 bytes.
const (
	kindMask = 0x0f
	wide2    = 0x10
	wide4    = 0x20
)

// KindOf tells what a value is.
func KindOf(b []byte) Kind {
	if len(b) == 0 {
		return Null
	}
	return Kind(b[0] & kindMask)
}

// IsScalar tells everything but arrays and objects.
func IsScalar(b []byte) bool { return KindOf(b) < Array }

// TypeName is jsonb_typeof.
func TypeName(b []byte) string {
	return [...]string{"null", "string", "number", "boolean", "boolean", "array", "object"}[min(KindOf(b), Object)]
}

// Text returns the content of a string. It shares b's memory.
func Text(b []byte) string { return view(b[1:]) }

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Num returns the content of a number.
func Num(b []byte) numeric.Decimal {
	d, _, err := numeric.DecodeStorage(b[1:])
	if err != nil {
		return numeric.Zero
	}
	return d
}

// node is a container taken apart.
type node struct {
	n     int
	width int
	ends  []byte // all ends
	keys  []byte
	data  []byte // elements or values
	isObj bool
}

func open(b []byte) (c node) {
	kind := KindOf(b)
	if kind < Array {
		return node{}
	}
	count, used := binary.Uvarint(b[1:])
	c.n, c.width, c.isObj = int(count), 1, kind == Object
	switch {
	case b[0]&wide2 != 0:
		c.width = 2
	case b[0]&wide4 != 0:
		c.width = 4
	}
	rest := b[1+used:]
	size := c.n * c.width
	if c.isObj {
		size *= 2
	}
	c.ends, c.data = rest[:size], rest[size:]
	if c.isObj && c.n > 0 {
		cut := c.end(c.n - 1)
		c.keys, c.data = c.data[:cut], c.data[cut:]
	}
	return c
}

func (c *node) end(i int) int {
	switch c.width {
	case 1:
		return int(c.ends[i])
	case 2:
		return int(binary.LittleEndian.Uint16(c.ends[2*i:]))
	}
	return int(binary.LittleEndian.Uint32(c.ends[4*i:]))
}

func (c *node) key(i int) string {
	start := 0
	if i > 0 {
		start = c.end(i - 1)
	}
	return view(c.keys[start:c.end(i)])
}

func (c *node) value(i int) []byte {
	base := 0
	if c.isObj {
		base = c.n
	}
	start := 0
	if i > 0 {
		start = c.end(base + i - 1)
	}
	end := c.end(base + i)
	return c.data[start:end:end]
}

// Len is the number of elements or pairs of a container, 0 for a scalar.
func Len(b []byte) int {
	if KindOf(b) < Array {
		return 0
	}
	n, _ := binary.Uvarint(b[1:])
	return int(n)
}

// Elem returns element i (from 0) of an array, or the value of pair i of an object.
func Elem(b []byte, i int) []byte {
	c := open(b)
	return c.value(i)
}

// Key returns the key of pair i of an object.
func Key(b []byte, i int) string {
	c := open(b)
	return c.key(i)
}

// Each calls fn for each element or pair (key is "" in an array) until it returns
// false.
func Each(b []byte, fn func(i int, key string, value []byte) bool) {
	c := open(b)
	for i := range c.n {
		key := ""
		if c.isObj {
			key = c.key(i)
		}
		if !fn(i, key, c.value(i)) {
			return
		}
	}
}

// compareKeys is the order of an object's keys.
func compareKeys(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Lookup returns the value of a key of an object.
func Lookup(b []byte, key string) ([]byte, bool) {
	if KindOf(b) != Object {
		return nil, false
	}
	c := open(b)
	low, high := 0, c.n
	for low < high {
		mid := int(uint(low+high) >> 1)
		switch order := compareKeys(c.key(mid), key); {
		case order == 0:
			return c.value(mid), true
		case order < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return nil, false
}

// Bool makes a boolean.
func Bool(v bool) []byte {
	if v {
		return TrueValue
	}
	return FalseValue
}

// NewString makes a string.
func NewString(s string) []byte {
	return append(append(make([]byte, 0, len(s)+1), byte(String)), s...)
}

// NewNumber makes a number of a finite decimal.
func NewNumber(d numeric.Decimal) []byte {
	return d.AppendStorage(append(make([]byte, 0, 12), byte(Number)))
}

// NewArray makes an array.
func NewArray(elems [][]byte) []byte {
	size := 0
	for _, e := range elems {
		size += len(e)
	}
	tag, width := widthFor(size)
	dst := make([]byte, 0, 6+len(elems)*width+size)
	dst = append(dst, byte(Array)|tag)
	dst = binary.AppendUvarint(dst, uint64(len(elems)))
	end := 0
	for _, e := range elems {
		end += len(e)
		dst = appendEnd(dst, width, end)
	}
	for _, e := range elems {
		dst = append(dst, e...)
	}
	return dst
}

// Pair is a key with its value.
type Pair struct {
	Key   string
	Value []byte
}

// NewObject makes an object; of pairs with the same key the last counts. It
// sorts pairs in place.
func NewObject(pairs []Pair) []byte {
	slices.SortStableFunc(pairs, func(a, b Pair) int { return compareKeys(a.Key, b.Key) })
	unique := pairs[:0]
	for i, p := range pairs {
		if i+1 < len(pairs) && pairs[i+1].Key == p.Key {
			continue
		}
		unique = append(unique, p)
	}
	keys, values := 0, 0
	for _, p := range unique {
		keys += len(p.Key)
		values += len(p.Value)
	}
	tag, width := widthFor(max(keys, values))
	dst := make([]byte, 0, 6+2*len(unique)*width+keys+values)
	dst = append(dst, byte(Object)|tag)
	dst = binary.AppendUvarint(dst, uint64(len(unique)))
	end := 0
	for _, p := range unique {
		end += len(p.Key)
		dst = appendEnd(dst, width, end)
	}
	end = 0
	for _, p := range unique {
		end += len(p.Value)
		dst = appendEnd(dst, width, end)
	}
	for _, p := range unique {
		dst = append(dst, p.Key...)
	}
	for _, p := range unique {
		dst = append(dst, p.Value...)
	}
	return dst
}

func widthFor(size int) (tag byte, width int) {
	switch {
	case size < 1<<8:
		return 0, 1
	case size < 1<<16:
		return wide2, 2
	}
	return wide4, 4
}

func appendEnd(dst []byte, width, end int) []byte {
	switch width {
	case 1:
		return append(dst, byte(end))
	case 2:
		return binary.LittleEndian.AppendUint16(dst, uint16(end))
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(end))
}

// Pairs lists an object's pairs.
func Pairs(b []byte) []Pair {
	c := open(b)
	if !c.isObj {
		return nil
	}
	list := make([]Pair, c.n)
	for i := range list {
		list[i] = Pair{c.key(i), c.value(i)}
	}
	return list
}

// Elems lists an array's elements.
func Elems(b []byte) [][]byte {
	c := open(b)
	list := make([][]byte, c.n)
	for i := range list {
		list[i] = c.value(i)
	}
	return list
}
