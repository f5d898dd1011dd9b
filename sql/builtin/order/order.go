// Package order is the comparison operators of the types without a loop of their
// own: text, dates and times, uuid, arrays, records and so on, by the one order that
// sorting, hashing and keys share (types/kernel).
package order

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// families are the stems of pg_proc.prosrc with how their six names end.
var families = []struct {
	stem  string
	infix string // between the stem and eq, lt …
}{
	{"bytea", ""}, {"bpchar", ""}, {"name", ""}, {"date", "_"}, {"time", "_"}, {"timetz", "_"}, {"timestamp", "_"},
	{"interval", "_"}, {"uuid", "_"}, {"oid", ""}, {"array", "_"}, {"record", "_"}, {"jsonb", "_"}, {"pg_lsn", "_"}, {"oidvector", ""}, {"xid8", ""},
	{"tid", ""},
}

// Table lists the kernels, but for those that the given tables have a loop for.
func Table(own ...function.Table) function.Table {
	t := function.Table{
		"texteq": compare(loop.EQ), "textne": compare(loop.NE), "text_lt": compare(loop.LT), "text_le": compare(loop.LE),
		"text_gt": compare(loop.GT), "text_ge": compare(loop.GE), "xideq": compare(loop.EQ), "xidneq": compare(loop.NE), "cideq": compare(loop.EQ),
		"date_larger": pick(1), "date_smaller": pick(-1), "timestamp_larger": pick(1), "timestamp_smaller": pick(-1),
		"text_larger": pick(1), "text_smaller": pick(-1), "bpchar_larger": pick(1), "bpchar_smaller": pick(-1),
		"time_larger": pick(1), "time_smaller": pick(-1), "interval_larger": pick(1), "interval_smaller": pick(-1),
	}
	for _, f := range families {
		for op, suffix := range loop.Suffixes {
			t[f.stem+f.infix+suffix] = compare(loop.Op(op))
		}
	}
	for op, suffix := range loop.Suffixes {
		t["name"+suffix+"text"], t["text"+suffix+"name"] = compare(loop.Op(op)), compare(loop.Op(op))
	}
	for _, o := range own {
		for key := range o {
			delete(t, key)
		}
	}
	return t
}

// compare is one operator over the type's order; the two sides have one layout.
func compare(op loop.Op) function.Impl {
	return function.Impl{Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := args[0], args[1], vector.Of[bool](out)
		t := a.Type.Root()
		if (op == loop.EQ || op == loop.NE) && t.Phys == types.Bytes && kernel.Bytewise(t) && kernel.Bytewise(b.Type) {
			for _, i := range sel {
				r[i] = vector.Equal(a, int(i), b, int(i)) == (op == loop.EQ)
			}
			return nil
		}
		order, ok := c.State.(kernel.Compare)
		if !ok {
			if t == types.Name || b.Type.Root() == types.BPChar {
				t = b.Type.Root()
			}
			order = kernel.Comparer(t, c.Collation)
			c.State = order
		}
		for _, i := range sel {
			r[i] = op.Holds(order(a, int(i), b, int(i)))
		}
		return nil
	}}
}

// pick returns the larger (1) or smaller (-1) of two values.
func pick(want int) function.Impl {
	return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if kernel.Comparer(args[0].Type, c.Collation)(args[0], i, args[1], i)*want >= 0 {
			out.Set(i, args[0], i)
		} else {
			out.Set(i, args[1], i)
		}
		return nil
	})
}
