package store

import (
	"iter"
	"maps"
)

// layered is a map that is cheap to copy: a base that copies share and nobody writes,
// and what differs from it. Copying costs the differences, and once in a while, when
// they are many for the size of the base, all of it.
type layered[K comparable, V any] struct {
	base map[K]V
	top  map[K]upper[V]
}

// upper is a value of the upper layer, or that there is none.
type upper[V any] struct {
	value V
	gone  bool
}

func (m *layered[K, V]) get(k K) (V, bool) {
	if c, ok := m.top[k]; ok {
		return c.value, !c.gone
	}
	v, ok := m.base[k]
	return v, ok
}

// at is get for values whose zero says that there is none.
func (m *layered[K, V]) at(k K) V {
	v, _ := m.get(k)
	return v
}

func (m *layered[K, V]) set(k K, v V) {
	if m.top == nil {
		m.top = map[K]upper[V]{}
	}
	m.top[k] = upper[V]{value: v}
}

func (m *layered[K, V]) remove(k K) {
	if _, below := m.base[k]; !below {
		delete(m.top, k)
		return
	}
	if m.top == nil {
		m.top = map[K]upper[V]{}
	}
	m.top[k] = upper[V]{gone: true}
}

// fewChanges are copied in any case.
const fewChanges = 64

// clone copies the map.
func (m *layered[K, V]) clone() layered[K, V] {
	if n := len(m.top); n <= fewChanges || n*n <= len(m.base) {
		return layered[K, V]{m.base, maps.Clone(m.top)}
	}
	base := make(map[K]V, len(m.base)+len(m.top))
	maps.Copy(base, m.base)
	for k, c := range m.top {
		if c.gone {
			delete(base, k)
		} else {
			base[k] = c.value
		}
	}
	return layered[K, V]{base: base}
}

// all gives every entry, in no order.
func (m *layered[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, v := range m.base {
			if _, changed := m.top[k]; !changed && !yield(k, v) {
				return
			}
		}
		for k, c := range m.top {
			if !c.gone && !yield(k, c.value) {
				return
			}
		}
	}
}

func (m *layered[K, V]) empty() bool {
	for range m.all() {
		return false
	}
	return true
}
