package system

import (
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

func sequences(t function.Table) {
	t["nextval_oid"] = function.Map1C(func(c *function.Call, seq int64) (int64, error) { return c.Env.Sequences.Next(types.OID(seq)) })
	t["currval_oid"] = function.Map1C(func(c *function.Call, seq int64) (int64, error) { return c.Env.Sequences.Current(types.OID(seq)) })
	t["lastval"] = function.Map0C(func(c *function.Call) (int64, error) { return c.Env.Sequences.Last() })
	t["setval_oid"] = function.Map2C(func(c *function.Call, seq, value int64) (int64, error) {
		return value, c.Env.Sequences.Set(types.OID(seq), value, true)
	})
	t["setval3_oid"] = function.Map3C(func(c *function.Call, seq, value int64, called bool) (int64, error) {
		return value, c.Env.Sequences.Set(types.OID(seq), value, called)
	})
	t["pg_get_serial_sequence"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return c.Env.Names.SerialSequence(args[0].String(i), args[1].String(i))
	})
}
