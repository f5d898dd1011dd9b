package system

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/record"
	"datapunk/types/vector"
)

func objects(t function.Table) {
	t["pg_describe_object"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return c.Env.Objects.Describe(oid(args[0], i), oid(args[1], i), loop.At[int32](args[2], i))
	})
	t["pg_identify_object"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		kind, schema, name, identity, ok, err := c.Env.Objects.Identify(oid(args[0], i), oid(args[1], i), loop.At[int32](args[2], i))
		if err != nil {
			return err
		}
		cols := make([]*vector.Vector, 4)
		for k, text := range []string{kind, schema, name, identity} {
			if cols[k] = vector.Value(types.Text, text); text == "" || !ok {
				cols[k] = vector.NullConst(types.Text)
			}
		}
		out.SetBytes(i, record.Append(nil, cols, 0))
		return nil
	})
}
