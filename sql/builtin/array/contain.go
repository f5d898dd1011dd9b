package array

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/array"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// within tells whether all (or any) of b's elements are in a; a null is in nothing.
func within(order kernel.Compare, a, b *array.Array, all bool) bool {
	for k := range b.N {
		found := false
		if !b.Elems.Null(k) {
			for j := 0; j < a.N && !found; j++ {
				found = !a.Elems.Null(j) && order(a.Elems, j, b.Elems, k) == 0
			}
		}
		if found != all {
			return !all
		}
	}
	return all
}

func containment(t function.Table) {
	kernelOf := func(swap, all bool) function.Impl {
		return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			a, err := read(args[0], i)
			if err != nil {
				return err
			}
			b, err := read(args[1], i)
			if err != nil {
				return err
			}
			order, err := equality(c, a.Elems.Type)
			if err != nil {
				return err
			}
			if swap {
				a, b = b, a
			}
			loop.Put(out, i, within(order, a, b, all))
			return nil
		})
	}
	t["arraycontains"], t["arraycontained"], t["arrayoverlap"] = kernelOf(false, true), kernelOf(true, true), kernelOf(false, false)
}
