package system

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// values adds num_nulls and num_nonnulls.
func values(t function.Table) {
	count := func(want bool) function.Impl {
		return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			n := int32(0)
			if c.Variadic {
				last := args[len(args)-1]
				if last.Null(i) {
					out.SetNull(i)
					return nil
				}
				a, err := array.Decode(last.Bytes(i), last.Type.Root().Elem)
				if err != nil {
					return err
				}
				for k := range a.N {
					if a.Elems.Null(k) == want {
						n++
					}
				}
			} else {
				for _, a := range args {
					if a.Null(i) == want {
						n++
					}
				}
			}
			loop.Put(out, i, n)
			return nil
		})
	}
	t["pg_num_nulls"], t["pg_num_nonnulls"] = count(true), count(false)
}
