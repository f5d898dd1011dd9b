// Package system is the functions that ask the session and the server: the manual's
// sections 9.17 (sequences), 9.26 (information), 9.27 (administration, advisory
// locks) and what is left of 9.4 and 9.14 that asks the world.
//
// Everything comes through function.Env; a kernel here holds no state. Where Env has
// no door of its own, a row of the system catalogs is asked for through Env.Runner.
//
// Invariant: a function of an object that does not exist gives null or PostgreSQL's
// error, never a made-up answer.
package system

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{}
	sessions(t)
	settings(t)
	sequences(t)
	privileges(t)
	definitions(t)
	registers(t)
	descriptions(t)
	sizes(t)
	locks(t)
	transactions(t)
	encodings(t)
	acls(t)
	values(t)
	routines(t)
	states(t)
	statistics(t)
	objects(t)
	accessMethods(t)
	nothing(t)
	information(t)
	send(t)
	return t
}

// value is a kernel without arguments.
func value[R any](f func(c *function.Call) R) function.Impl {
	return function.Map0C(func(c *function.Call) (R, error) { return f(c), nil })
}

// void is a kernel that has only an effect.
func void(f func(c *function.Call, args []*vector.Vector, i int) error) function.Impl {
	return function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error { return f(c, args, i) })
}

// maybe is a kernel that may give null.
func maybe[R any](f func(c *function.Call, args []*vector.Vector, i int) (R, bool, error)) function.Impl {
	return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		r, ok, err := f(c, args, i)
		switch {
		case err != nil:
			return err
		case !ok:
			out.SetNull(i)
		default:
			if s, text := any(r).(string); text {
				out.SetString(i, s)
			} else {
				loop.Put(out, i, r)
			}
		}
		return nil
	})
}

// oid is row i's object number.
func oid(v *vector.Vector, i int) types.OID { return types.OID(loop.At[int64](v, i)) }

// lookup asks the catalogs for one number by one text or number.
func lookup(c *function.Call, sql string, param *vector.Vector) (n int64, ok bool, err error) {
	err = c.Env.Runner.Query(sql, []*vector.Vector{param}, func(row []*vector.Vector, i int) error {
		if row[0].Null(i) {
			return nil
		}
		n, ok = loop.At[int64](row[0], i), true
		return nil
	})
	return n, ok, err
}

func textParam(s string) *vector.Vector     { return vector.Value(types.Text, s) }
func oidParam(oid types.OID) *vector.Vector { return vector.Value(types.Oid, int64(oid)) }

func sessions(t function.Table) {
	t["current_user"] = value(func(c *function.Call) string { return c.Env.Names.CurrentUser() })
	t["session_user"] = value(func(c *function.Call) string { return c.Env.Names.SessionUser() })
	t["current_database"] = value(func(c *function.Call) string { return c.Env.Names.Database() })
	t["current_schema"] = maybe(func(c *function.Call, _ []*vector.Vector, _ int) (string, bool, error) {
		for _, oid := range c.Env.Names.SearchPath(false) {
			if name, ok := c.Env.Names.SchemaName(oid); ok {
				return name, true, nil
			}
		}
		return "", false, nil
	})
	t["current_schemas"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		path := c.Env.Names.SearchPath(loop.At[bool](args[0], i))
		list := vector.New(types.Name, len(path))
		n := 0
		for _, oid := range path {
			if name, ok := c.Env.Names.SchemaName(oid); ok {
				list.SetString(n, name)
				n++
			}
		}
		out.SetBytes(i, array.FromVector(types.OIDName, list, n))
		return nil
	})
	t["pgsql_version"] = function.Map0C(func(c *function.Call) (string, error) {
		v, _, err := c.Env.Settings.Get("server_version", false)
		return "PostgreSQL " + v + " (Datapunk 0.1) on x86_64-pc-linux-gnu, compiled by go, 64-bit", err
	})
	t["pg_backend_pid"] = value(func(c *function.Call) int32 { return c.Env.Activity.PID() })
	t["pg_cancel_backend"] = function.Map1C(func(c *function.Call, pid int32) (bool, error) { return c.Env.Activity.Cancel(pid) })
	t["pg_terminate_backend"] = function.Map2C(func(c *function.Call, pid int32, timeout int64) (bool, error) {
		if timeout < 0 {
			return false, pgerr.New(pgerr.NumericValueOutOfRange, "\"timeout\" must not be negative")
		}
		return c.Env.Activity.Terminate(pid)
	})
	t["pg_blocking_pids"] = function.Row(pids)
	t["pg_safe_snapshot_blocking_pids"] = function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		out.SetBytes(i, array.FromVector(types.OIDInt4, vector.New(types.Int4, 0), 0))
		return nil
	})
	t["pg_postmaster_start_time"] = value(func(c *function.Call) int64 { return c.Env.Activity.StartTime() })
	t["pg_conf_load_time"] = value(func(c *function.Call) int64 { return c.Env.Activity.ReloadTime() })
	t["pg_is_in_recovery"] = value(func(c *function.Call) bool { return c.Env.Activity.Isolated() })
	t["pg_jit_available"] = value(func(*function.Call) bool { return false })
	t["pg_trigger_depth"] = value(func(*function.Call) int32 { return 0 })
	t["pg_notification_queue_usage"] = value(func(*function.Call) float64 { return 0 })
	t["pg_reload_conf"] = value(func(*function.Call) bool { return true })
	t["pg_my_temp_schema"] = value(func(c *function.Call) int64 { return tempSchema(c) })
	t["pg_is_other_temp_schema"] = function.Map1C(func(c *function.Call, schema int64) (bool, error) {
		name, ok := c.Env.Names.SchemaName(types.OID(schema))
		return ok && isTemp(name) && schema != tempSchema(c), nil
	})
	t["inet_client_port"] = maybe(func(c *function.Call, _ []*vector.Vector, _ int) (int32, bool, error) {
		_, port, ok := c.Env.Activity.ClientAddress()
		return port, ok, nil
	})
	t["inet_server_port"] = maybe(func(c *function.Call, _ []*vector.Vector, _ int) (int32, bool, error) {
		_, port, ok := c.Env.Activity.ServerAddress()
		return port, ok, nil
	})
	t["pg_notify"] = void(func(c *function.Call, args []*vector.Vector, i int) error {
		channel, payload := "", ""
		if !args[0].Null(i) {
			channel = args[0].String(i)
		}
		if !args[1].Null(i) {
			payload = args[1].String(i)
		}
		switch {
		case channel == "":
			return pgerr.New(pgerr.InvalidParameterValue, "channel name cannot be empty")
		case len(channel) > 63:
			return pgerr.New(pgerr.InvalidParameterValue, "channel name too long")
		case len(payload) > 7999:
			return pgerr.New(pgerr.InvalidParameterValue, "payload string too long")
		}
		return c.Env.Activity.Notify(channel, payload)
	})
	nothing := void(func(*function.Call, []*vector.Vector, int) error { return nil })
	for _, key := range []string{"pg_stat_clear_snapshot", "pg_stat_force_next_flush", "pg_stat_reset", "pg_stat_reset_shared",
		"pg_stat_reset_single_function_counters", "pg_stat_reset_single_table_counters", "pg_stat_reset_slru",
		"pg_stat_reset_replication_slot", "pg_stat_reset_subscription_stats"} {
		t[key] = nothing
	}
	t["gen_random_uuid"] = function.Row(func(c *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		var u [16]byte
		c.Env.Random.Bytes(u[:])
		u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
		out.SetBytes(i, u[:])
		return nil
	})
}

func isTemp(name string) bool { return len(name) > 8 && name[:8] == "pg_temp_" }

// tempSchema is the session's temporary schema, 0 if it has none.
func tempSchema(c *function.Call) int64 {
	for _, oid := range c.Env.Names.SearchPath(true) {
		if name, ok := c.Env.Names.SchemaName(oid); ok && isTemp(name) {
			return int64(oid)
		}
	}
	return 0
}

func pids(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	list := c.Env.Activity.BlockedBy(loop.At[int32](args[0], i))
	v := vector.New(types.Int4, len(list))
	copy(vector.Of[int32](v), list)
	out.SetBytes(i, array.FromVector(types.OIDInt4, v, len(list)))
	return nil
}
