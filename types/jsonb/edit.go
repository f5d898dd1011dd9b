package jsonb

import (
	"math"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
)

// Concat is a || b.
func Concat(a, b []byte) []byte {
	x, y := KindOf(a), KindOf(b)
	if x == Object && y == Object {
		return NewObject(append(Pairs(a), Pairs(b)...))
	}
	return NewArray(append(asElems(a), asElems(b)...))
}

func asElems(b []byte) [][]byte {
	if KindOf(b) == Array {
		return Elems(b)
	}
	return [][]byte{b}
}

// DeleteKeys is b - key for each of keys: pairs with the key, or string elements
// equal to it, are left out.
func DeleteKeys(b []byte, keys []string) ([]byte, error) {
	drop := func(s string) bool {
		for _, k := range keys {
			if k == s {
				return true
			}
		}
		return false
	}
	switch KindOf(b) {
	case Object:
		var kept []Pair
		for _, p := range Pairs(b) {
			if !drop(p.Key) {
				kept = append(kept, p)
			}
		}
		return NewObject(kept), nil
	case Array:
		var kept [][]byte
		for _, e := range Elems(b) {
			if KindOf(e) != String || !drop(Text(e)) {
				kept = append(kept, e)
			}
		}
		return NewArray(kept), nil
	}
	return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
}

// DeleteIndex is b - index.
func DeleteIndex(b []byte, index int) ([]byte, error) {
	switch KindOf(b) {
	case Object:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from object using integer index")
	case Array:
		elems := Elems(b)
		if index < 0 {
			index += len(elems)
		}
		if index < 0 || index >= len(elems) {
			return b, nil
		}
		return NewArray(append(elems[:index], elems[index+1:]...)), nil
	}
	return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
}

// Index returns element index of an array, counted from its end if negative.
func Index(b []byte, index int) ([]byte, bool) {
	if KindOf(b) != Array {
		return nil, false
	}
	n := Len(b)
	if index < 0 {
		index += n
	}
	if index < 0 || index >= n {
		return nil, false
	}
	return Elem(b, index), true
}

// At follows a path of keys and indexes.
func At(b []byte, path []string) ([]byte, bool) {
	for _, step := range path {
		ok := false
		switch KindOf(b) {
		case Object:
			b, ok = Lookup(b, step)
		case Array:
			if i, valid := pathIndex(step); valid {
				b, ok = Index(b, i)
			}
		}
		if !ok {
			return nil, false
		}
	}
	return b, true
}

// pathIndex reads an index as C's strtol does.
func pathIndex(s string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(s, " \t\n\v\f\r"), 10, 32)
	return int(n), err == nil
}

// PathIndex reads an array index of a path.
func PathIndex(s string) (int, bool) { return pathIndex(s) }

// Op is what to do at the end of a path.
type Op uint8

// The operations of SetPath.
const (
	Replace      Op = iota // an existing value only
	Create                 // or add one
	InsertBefore           // an array element, or a key that is not there
	InsertAfter
	Remove
)

// PathStep is one element of a path; a null one is an error where it is reached.
type PathStep struct {
	Text string
	Null bool
}

// SetPath is jsonb_set, jsonb_insert and the operator #-.
func SetPath(b []byte, path []PathStep, value []byte, op Op) ([]byte, error) {
	if IsScalar(b) {
		if op == Remove {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete path in scalar")
		}
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot set path in scalar")
	}
	if len(path) == 0 || Len(b) == 0 && (op == Replace || op == Remove) {
		return b, nil
	}
	s := setter{path, value, op}
	return s.set(b, 0)
}

type setter struct {
	path  []PathStep
	value []byte
	op    Op
}

func (s *setter) set(b []byte, level int) ([]byte, error) {
	if level < len(s.path) && s.path[level].Null {
		return nil, pgerr.Newf(pgerr.NullValueNotAllowed, "path element at position %d is null", level+1)
	}
	switch KindOf(b) {
	case Object:
		return s.setObject(b, level)
	case Array:
		return s.setArray(b, level)
	}
	return b, nil
}

func (s *setter) creates() bool { return s.op == Create || s.op == InsertBefore || s.op == InsertAfter }

func (s *setter) setObject(b []byte, level int) ([]byte, error) {
	pairs, name, last := Pairs(b), s.path[level].Text, level == len(s.path)-1
	for i := range pairs {
		if pairs[i].Key != name {
			continue
		}
		switch {
		case !last:
			v, err := s.set(pairs[i].Value, level+1)
			if err != nil {
				return nil, err
			}
			pairs[i].Value = v
		case s.op == InsertBefore || s.op == InsertAfter:
			return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
				WithHint("Try using the function jsonb_set to replace key value.")
		case s.op == Remove:
			pairs = append(pairs[:i], pairs[i+1:]...)
		default:
			pairs[i].Value = s.value
		}
		return NewObject(pairs), nil
	}
	if last && s.creates() {
		return NewObject(append(pairs, Pair{name, s.value})), nil
	}
	return b, nil
}

func (s *setter) setArray(b []byte, level int) ([]byte, error) {
	elems, last := Elems(b), level == len(s.path)-1
	index, ok := pathIndex(s.path[level].Text)
	if !ok {
		return nil, pgerr.Newf(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, s.path[level].Text)
	}
	if index < 0 {
		if -index > len(elems) {
			index = math.MinInt
		} else {
			index += len(elems)
		}
	}
	index = min(index, len(elems))
	out := make([][]byte, 0, len(elems)+1)
	done := false
	if (index == math.MinInt || len(elems) == 0) && last && s.creates() {
		out, done = append(out, s.value), true
	}
	for i, e := range elems {
		if i != index {
			out = append(out, e)
			continue
		}
		done = true
		if !last {
			v, err := s.set(e, level+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
			continue
		}
		switch s.op {
		case InsertBefore:
			out = append(out, s.value, e)
		case InsertAfter:
			out = append(out, e, s.value)
		case Replace, Create:
			out = append(out, s.value)
		}
	}
	if last && s.creates() && !done {
		out = append(out, s.value)
	}
	return NewArray(out), nil
}

// StripNulls leaves out the pairs whose value is null, at every level.
func StripNulls(b []byte) []byte {
	switch KindOf(b) {
	case Object:
		var kept []Pair
		for _, p := range Pairs(b) {
			if KindOf(p.Value) != Null {
				kept = append(kept, Pair{p.Key, StripNulls(p.Value)})
			}
		}
		return NewObject(kept)
	case Array:
		elems := Elems(b)
		for i, e := range elems {
			elems[i] = StripNulls(e)
		}
		return NewArray(elems)
	}
	return b
}
