package system

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

func settings(t function.Table) {
	t["show_config_by_name"] = function.Map1C(func(c *function.Call, name string) (string, error) {
		v, _, err := c.Env.Settings.Get(name, false)
		return v, err
	})
	t["show_config_by_name_missing_ok"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return c.Env.Settings.Get(args[0].String(i), loop.At[bool](args[1], i))
	})
	t["set_config_by_name"] = maybe(setConfig)
}

// setConfig is set_config(name, value, local); a null value is an empty one.
func setConfig(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
	if args[0].Null(i) {
		return "", false, pgerr.New(pgerr.NullValueNotAllowed, "SET requires parameter name")
	}
	name, value, local := args[0].String(i), "", false
	if !args[1].Null(i) {
		value = args[1].String(i)
	}
	if !args[2].Null(i) {
		local = loop.At[bool](args[2], i)
	}
	if err := c.Env.Settings.Set(name, value, local); err != nil {
		return "", false, err
	}
	v, _, err := c.Env.Settings.Get(name, true)
	return v, true, err
}
