package system

import (
	"math"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

// firstNormal is the first transaction number that is not special.
const firstNormal = 3

func transactions(t function.Table) {
	t["pg_current_xact_id"] = value(func(c *function.Call) int64 { return int64(c.Env.Activity.XID(true)) })
	t["pg_current_xact_id_if_assigned"] = maybe(func(c *function.Call, _ []*vector.Vector, _ int) (int64, bool, error) {
		id := c.Env.Activity.XID(false)
		return int64(id), id != 0, nil
	})
	t["pg_xact_status"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		id := uint64(loop.At[int64](args[0], i))
		oldest, next := c.Env.Activity.XIDBounds()
		switch {
		case id >= next:
			return "", false, pgerr.Newf(pgerr.InvalidParameterValue, "transaction ID %d is in the future", id)
		case id == 0:
			return "", false, nil
		case id == c.Env.Activity.XID(false) || id >= oldest:
			return "in progress", true, nil
		}
		return "committed", true, nil
	})
	t["xid_age"] = function.Map1C(func(c *function.Call, id int64) (int32, error) {
		if id < firstNormal {
			return math.MaxInt32, nil
		}
		now := c.Env.Activity.XID(false)
		if now == 0 {
			_, now = c.Env.Activity.XIDBounds()
		}
		return int32(uint32(now) - uint32(id)), nil
	})
	t["mxid_age"] = function.Map1(func(id int64) int32 {
		if id == 0 {
			return math.MaxInt32
		}
		return 0
	})
}
