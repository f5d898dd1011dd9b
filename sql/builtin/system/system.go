// Package system is the functions that ask the session and the server: the manual's
// sections 9.17, 9.26 and 9.27.
package system

import (
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	return function.Table{
		"nextval_oid": function.Map1C(func(c *function.Call, seq int64) (int64, error) { return c.Env.Sequences.Next(types.OID(seq)) }),
		"currval_oid": function.Map1C(func(c *function.Call, seq int64) (int64, error) { return c.Env.Sequences.Current(types.OID(seq)) }),
		"lastval":     function.Map0C(func(c *function.Call) (int64, error) { return c.Env.Sequences.Last() }),
		"setval_oid": function.Map2C(func(c *function.Call, seq, value int64) (int64, error) {
			return value, c.Env.Sequences.Set(types.OID(seq), value, true)
		}),
		"setval3_oid": function.Map3C(func(c *function.Call, seq, value int64, called bool) (int64, error) {
			return value, c.Env.Sequences.Set(types.OID(seq), value, called)
		}),
		"current_user":     function.Map0C(func(c *function.Call) (string, error) { return c.Env.Names.CurrentUser(), nil }),
		"session_user":     function.Map0C(func(c *function.Call) (string, error) { return c.Env.Names.SessionUser(), nil }),
		"current_database": function.Map0C(func(c *function.Call) (string, error) { return c.Env.Names.Database(), nil }),
		"current_schema":   function.Row(currentSchema),
		"pg_backend_pid":   function.Map0C(func(c *function.Call) (int32, error) { return c.Env.Activity.PID(), nil }),
		"pgsql_version":    function.Map0C(version),
		"show_config_by_name": function.Map1C(func(c *function.Call, name string) (string, error) {
			v, _, err := c.Env.Settings.Get(name, false)
			return v, err
		}),
		"set_config_by_name": function.Row(setConfig),
		"pg_cancel_backend":  function.Map1C(func(c *function.Call, pid int32) (bool, error) { return c.Env.Activity.Cancel(pid) }),
		"pg_terminate_backend": function.Map2C(func(c *function.Call, pid int32, _ int64) (bool, error) {
			return c.Env.Activity.Terminate(pid)
		}),
		"pg_advisory_lock_int8": function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error {
			return c.Env.Locks.Lock(vector.Of[int64](args[0])[args[0].Index(i)], false, false, true)
		}),
		"pg_try_advisory_lock_int8": function.Map1C(func(c *function.Call, key int64) (bool, error) { return c.Env.Locks.Try(key, false, false, true) }),
		"pg_advisory_unlock_int8":   function.Map1C(func(c *function.Call, key int64) (bool, error) { return c.Env.Locks.Unlock(key, false, false) }),
		"pg_advisory_xact_lock_int8": function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error {
			return c.Env.Locks.Lock(vector.Of[int64](args[0])[args[0].Index(i)], false, false, false)
		}),
	}
}

func currentSchema(c *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
	for _, oid := range c.Env.Names.SearchPath(false) {
		if name, ok := c.Env.Names.SchemaName(oid); ok {
			out.SetString(i, name)
			return nil
		}
	}
	out.SetNull(i)
	return nil
}

func version(c *function.Call) (string, error) {
	v, _, err := c.Env.Settings.Get("server_version", false)
	return "PostgreSQL " + v + " (Datapunk 0.1) on x86_64-pc-linux-gnu, compiled by go, 64-bit", err
}

// setConfig is set_config(name, value, local); a null value resets to the default.
func setConfig(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	if args[0].Null(i) || args[2].Null(i) {
		out.SetNull(i)
		return nil
	}
	name, value := args[0].String(i), ""
	if !args[1].Null(i) {
		value = args[1].String(i)
	}
	if err := c.Env.Settings.Set(name, value, vector.Of[bool](args[2])[args[2].Index(i)]); err != nil {
		return err
	}
	v, _, err := c.Env.Settings.Get(name, true)
	out.SetString(i, v)
	return err
}
