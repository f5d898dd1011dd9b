package bind

import "datapunk/types"

// candidate is a function or operator that might be meant.
type candidate struct {
	args   []*types.Type
	index  int   // in the caller's list
	extra  int   // variadic arguments gathered, 0 if called plainly
	spread bool  // VARIADIC parameters spread over the arguments
	fill   int   // defaults used
	order  []int // argument of each parameter, for named notation
}

// fitting keeps the candidates whose arguments the given types can become.
func (b *Binder) fitting(list []candidate, args []*types.Type) []candidate {
	var fit []candidate
next:
	for _, c := range list {
		for i, want := range c.args {
			if !b.canCoerce(args[c.argument(i)], want, types.Implicit) {
				continue next
			}
		}
		if consistent(c, args) {
			fit = append(fit, c)
		}
	}
	return fit
}

// consistent tells whether arguments of polymorphic parameters can be of one family
// (PostgreSQL's check_generic_type_consistency).
func consistent(c candidate, args []*types.Type) bool {
	var elem, array *types.Type
	same := func(have **types.Type, t *types.Type) bool {
		if *have == nil {
			*have = t
		}
		return *have == t
	}
	for i, want := range c.args {
		t := args[c.argument(i)]
		if t == types.Unknown {
			continue
		}
		isArray := t.Root().IsArray() || t.Root().IsVector()
		switch want {
		case types.AnyElement:
			if !same(&elem, t) {
				return false
			}
		case types.AnyNonArray:
			if isArray || !same(&elem, t) {
				return false
			}
		case types.AnyArray:
			if t == types.AnyArray {
				continue
			}
			if !isArray || !same(&array, t.Root()) {
				return false
			}
		case types.AnyCompatibleArray:
			if !isArray {
				return false
			}
		case types.AnyCompatibleNonArray:
			if isArray {
				return false
			}
		case types.AnyRange, types.AnyMultirange, types.AnyCompatibleRange, types.AnyCompatibleMultirange, types.AnyEnum:
			return false
		}
	}
	if elem != nil && array != nil && array.Elem != elem {
		return false
	}
	return compatible(c, args)
}

// compatible tells whether the anycompatible arguments have a common category.
func compatible(c candidate, args []*types.Type) bool {
	category := byte(0)
	for i, want := range c.args {
		t := args[c.argument(i)]
		if t == types.Unknown {
			continue
		}
		switch want {
		case types.AnyCompatible, types.AnyCompatibleNonArray:
		case types.AnyCompatibleArray:
			t = t.Root().Elem
		default:
			continue
		}
		if k := t.Root().Category; category == 0 {
			category = k
		} else if k != category {
			return false
		}
	}
	return true
}

// argument is which actual argument parameter i gets.
func (c *candidate) argument(i int) int {
	if c.order != nil {
		return c.order[i]
	}
	return i
}

// best applies PostgreSQL's rules 4.c to 4.f for functions (manual, 10.2 and
// 10.3); nil means that none or several remain.
func (b *Binder) best(list []candidate, actual []*types.Type) *candidate {
	n := len(actual)
	input := make([]*types.Type, n)
	unknowns := 0
	for i, t := range actual {
		if t == types.Unknown {
			input[i] = t
			unknowns++
		} else {
			input[i] = t.Root()
		}
	}
	at := func(c *candidate, i int) *types.Type { // the type that actual argument i becomes
		if c.order == nil {
			return c.args[i]
		}
		for p, a := range c.order {
			if a == i {
				return c.args[p]
			}
		}
		return types.Any
	}
	// Most exact matches.
	list = most(list, func(c *candidate) int {
		score := 0
		for i := range n {
			if input[i] != types.Unknown && at(c, i) == input[i] {
				score++
			}
		}
		return score
	})
	if len(list) == 1 {
		return &list[0]
	}
	// Most exact or preferred ones.
	list = most(list, func(c *candidate) int {
		score := 0
		for i := range n {
			if input[i] == types.Unknown {
				continue
			}
			t := at(c, i)
			if t == input[i] || (t.Category == input[i].Category && t.Preferred) {
				score++
			}
		}
		return score
	})
	if len(list) == 1 {
		return &list[0]
	}
	if unknowns == 0 {
		return nil
	}
	// Guess the categories of the unknown arguments.
	category := make([]byte, n)
	preferred := make([]bool, n)
	resolved := true
	for i := range n {
		if input[i] != types.Unknown {
			continue
		}
		conflict := false
		for k := range list {
			t := at(&list[k], i)
			switch {
			case category[i] == 0:
				category[i], preferred[i] = t.Category, t.Preferred
			case t.Category == category[i]:
				preferred[i] = preferred[i] || t.Preferred
			case t.Category == 'S':
				category[i], preferred[i] = 'S', t.Preferred
			default:
				conflict = true
			}
		}
		if conflict && category[i] != 'S' {
			resolved = false
			break
		}
	}
	if resolved {
		var kept []candidate
	next:
		for _, c := range list {
			for i := range n {
				if input[i] != types.Unknown {
					continue
				}
				t := at(&c, i)
				if t.Category != category[i] || (preferred[i] && !t.Preferred) {
					continue next
				}
			}
			kept = append(kept, c)
		}
		if len(kept) > 0 {
			list = kept
		}
		if len(list) == 1 {
			return &list[0]
		}
	}
	// If all known arguments have one type, try it for the unknown ones.
	if unknowns < n {
		var known *types.Type
		for _, t := range input {
			if t == types.Unknown {
				continue
			}
			if known != nil && known != t {
				return nil
			}
			known = t
		}
		var found *candidate
		for k := range list {
			ok := true
			for i := range n {
				ok = ok && b.canCoerce(known, at(&list[k], i), types.Implicit)
			}
			if ok {
				if found != nil {
					return nil
				}
				found = &list[k]
			}
		}
		return found
	}
	return nil
}

// most keeps the candidates with the highest score.
func most(list []candidate, score func(*candidate) int) []candidate {
	top := -1
	var kept []candidate
	for i := range list {
		s := score(&list[i])
		if s > top {
			top, kept = s, kept[:0]
		}
		if s == top {
			kept = append(kept, list[i])
		}
	}
	return kept
}
