package jsonb

import (
	"cmp"
	"strings"
)

// Compare orders two values as PostgreSQL's jsonb_cmp. An empty array at the top
// is less than everything, which PostgreSQL keeps for old indexes.
func Compare(a, b []byte) int {
	if emptyArray(a) && IsScalar(b) {
		return -1
	}
	if emptyArray(b) && IsScalar(a) {
		return 1
	}
	return compare(a, b)
}

func emptyArray(b []byte) bool { return KindOf(b) == Array && Len(b) == 0 }

func rank(k Kind) Kind {
	if k == True {
		return False
	}
	return k
}

func compare(a, b []byte) int {
	x, y := KindOf(a), KindOf(b)
	if rank(x) != rank(y) {
		return cmp.Compare(x, y)
	}
	switch x {
	case Null:
		return 0
	case True, False:
		return cmp.Compare(x, y)
	case Number:
		return Num(a).Cmp(Num(b))
	case String:
		return strings.Compare(Text(a), Text(b))
	}
	p, q := open(a), open(b)
	if p.n != q.n {
		return cmp.Compare(p.n, q.n)
	}
	for i := range p.n {
		if p.isObj {
			if c := strings.Compare(p.key(i), q.key(i)); c != 0 {
				return c
			}
		}
		if c := compare(p.value(i), q.value(i)); c != 0 {
			return c
		}
	}
	return 0
}

// Hash is equal for values that Compare calls equal.
func Hash(b []byte) uint64 {
	const prime = 0x100000001b3
	h := 0xcbf29ce484222325 ^ uint64(KindOf(b))*prime
	text := func(s string) {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * prime
		}
		h = (h ^ 0xff) * prime
	}
	switch KindOf(b) {
	case Number:
		return (h ^ Num(b).Hash64()) * prime
	case String:
		text(Text(b))
	case Array, Object:
		c := open(b)
		h = (h ^ uint64(c.n)) * prime
		for i := range c.n {
			if c.isObj {
				text(c.key(i))
			}
			h = (h ^ Hash(c.value(i))) * prime
		}
	}
	return h
}

// Contains is a @> b.
func Contains(a, b []byte) bool {
	x, y := KindOf(a), KindOf(b)
	if x == Array && y < Array {
		return contains(a, NewArray([][]byte{b}))
	}
	return contains(a, b)
}

func contains(a, b []byte) bool {
	x, y := KindOf(a), KindOf(b)
	if x != y {
		return false
	}
	switch x {
	case Object:
		p, q := open(a), open(b)
		if q.n > p.n {
			return false
		}
		for i := range q.n {
			v, ok := Lookup(a, q.key(i))
			if !ok || !contains(v, q.value(i)) {
				return false
			}
		}
		return true
	case Array:
		p, q := open(a), open(b)
		for i := range q.n {
			want, found := q.value(i), false
			for k := 0; k < p.n && !found; k++ {
				found = contains(p.value(k), want)
			}
			if !found {
				return false
			}
		}
		return true
	}
	return compare(a, b) == 0
}

// Exists tells whether a key of an object, a string element of an array, or a
// string itself is key (the operator ?).
func Exists(b []byte, key string) bool {
	switch KindOf(b) {
	case Object:
		_, ok := Lookup(b, key)
		return ok
	case Array:
		c := open(b)
		for i := range c.n {
			if v := c.value(i); KindOf(v) == String && Text(v) == key {
				return true
			}
		}
	case String:
		return Text(b) == key
	}
	return false
}
