package datetime

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

func makers(t function.Table) {
	n := func(args []*vector.Vector, k, i int) int32 { return loop.At[int32](args[k], i) }
	t["make_date"] = function.Map3E(datetime.MakeDate)
	t["make_time"] = function.Map3E(datetime.MakeTime)
	t["make_timestamp"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		u, err := datetime.MakeTimestamp(n(args, 0, i), n(args, 1, i), n(args, 2, i), n(args, 3, i), n(args, 4, i), loop.At[float64](args[5], i))
		loop.Put(out, i, u)
		return err
	})
	zoned := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		name := ""
		if len(args) > 6 {
			name = args[6].String(i)
		}
		u, err := datetime.MakeTimestampTZ(n(args, 0, i), n(args, 1, i), n(args, 2, i), n(args, 3, i), n(args, 4, i), loop.At[float64](args[5], i), name, zone(c))
		loop.Put(out, i, u)
		return err
	})
	t["make_timestamptz"], t["make_timestamptz_at_timezone"] = zoned, zoned
	t["make_interval"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		v, err := datetime.MakeInterval(n(args, 0, i), n(args, 1, i), n(args, 2, i), n(args, 3, i), n(args, 4, i), n(args, 5, i), loop.At[float64](args[6], i))
		loop.Put(out, i, v)
		return err
	})
}
