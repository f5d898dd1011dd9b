package system

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// key reads an advisory lock's name: one int8, or two int4.
func key(args []*vector.Vector, i int) (key int64, pair bool) {
	if args[0].Phys() == types.Int64 {
		return loop.At[int64](args[0], i), false
	}
	return int64(loop.At[int32](args[0], i))<<32 | int64(uint32(loop.At[int32](args[1], i))), true
}

func locks(t function.Table) {
	for _, suffix := range []string{"int8", "int4"} {
		for _, shared := range []bool{false, true} {
			mode := ""
			if shared {
				mode = "shared_"
			}
			for _, session := range []bool{false, true} {
				scope := "xact_"
				if session {
					scope = ""
				}
				t["pg_advisory_"+scope+"lock_"+mode+suffix] = void(func(c *function.Call, args []*vector.Vector, i int) error {
					k, pair := key(args, i)
					return c.Env.Locks.Lock(k, pair, shared, session)
				})
				t["pg_try_advisory_"+scope+"lock_"+mode+suffix] = maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
					k, pair := key(args, i)
					got, err := c.Env.Locks.Try(k, pair, shared, session)
					return got, true, err
				})
			}
			t["pg_advisory_unlock_"+mode+suffix] = maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
				k, pair := key(args, i)
				was, err := c.Env.Locks.Unlock(k, pair, shared)
				return was, true, err
			})
		}
	}
	t["pg_advisory_unlock_all"] = void(func(c *function.Call, _ []*vector.Vector, _ int) error {
		c.Env.Locks.UnlockAll()
		return nil
	})
}
