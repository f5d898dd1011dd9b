package sort

import (
	"cmp"
	"slices"

	"datapunk/types/vector"
)

// entry is a row with the prefix of its first key.
type entry struct {
	short uint64
	row   int32
}

// orderBytes is what ordering needs for each row, besides the row.
const orderBytes = 16 + 4

// ordered writes the numbers of the first n rows of columns, in the order of the keys,
// to out. Equal rows keep their order.
func ordered(out []int32, n int, keys []Key, cols []*vector.Vector, scratch *[]entry) []int32 {
	list := (*scratch)[:0]
	if cap(list) < n {
		list = make([]entry, 0, n)
	}
	for i := range n {
		e := entry{row: int32(i)}
		if len(keys) > 0 {
			e.short = keys[0].short(cols[0], i)
		}
		list = append(list, e)
	}
	*scratch = list
	rest, values := keys, cols
	if len(keys) > 0 && keys[0].exact && !cols[0].Nulls.Any() {
		rest, values = keys[1:], cols[1:]
	}
	// By prefix first, which looks at nothing else, then each stretch of equal ones by the
	// keys themselves. The row's number decides last, so that no stable sort is needed.
	if len(keys) > 0 && keys[0].prefix != nil {
		slices.SortFunc(list, func(a, b entry) int {
			if a.short != b.short {
				if a.short < b.short {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.row, b.row)
		})
	}
	byKeys := func(a, b entry) int {
		for i := range rest {
			if c := rest[i].Between(values[i], int(a.row), values[i], int(b.row)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.row, b.row)
	}
	for from := 0; from < n && len(rest) > 0; {
		to := from + 1
		for to < n && list[to].short == list[from].short {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(list[from:to], byKeys)
		}
		from = to
	}
	out = out[:0]
	for _, e := range list {
		out = append(out, e.row)
	}
	return out
}
