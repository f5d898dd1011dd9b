package system

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

// rows gives prepared rows; a value is put as its column's layout wants it.
func rows(c *function.Call, list [][]any) function.Rows {
	var cols []*types.Type
	for i, m := range c.Func.Modes {
		if m == 'o' || m == 'b' || m == 't' {
			cols = append(cols, c.Func.AllArgs[i])
		}
	}
	if cols == nil {
		cols = []*types.Type{c.Return}
	}
	return &loop.Lines{Types: cols, Fill: func(out []*vector.Vector, max int) (int, error) {
		n := min(max, len(list))
		for k, row := range list[:n] {
			for i := range out {
				put(out[i], k, row[i])
			}
		}
		list = list[n:]
		return n, nil
	}}
}

// put writes a value: nil, bool, a number, a text, or a list of texts or OIDs.
func put(v *vector.Vector, i int, value any) {
	switch x := value.(type) {
	case nil:
		v.SetNull(i)
	case bool:
		loop.Put(v, i, x)
	case string:
		v.SetString(i, x)
	case int:
		putNumber(v, i, int64(x))
	case int32:
		putNumber(v, i, int64(x))
	case int64:
		putNumber(v, i, x)
	case types.OID:
		putNumber(v, i, int64(x))
	case float64:
		loop.Put(v, i, x)
	case datetime.Interval:
		loop.Put(v, i, x)
	case []string:
		e := vector.New(v.Type.Elem, len(x))
		for k, s := range x {
			e.SetString(k, s)
		}
		v.SetBytes(i, array.FromVector(v.Type.Elem.OID, e, len(x)))
	case []types.OID:
		e := vector.New(v.Type.Elem, len(x))
		for k, n := range x {
			putNumber(e, k, int64(n))
		}
		v.SetBytes(i, array.FromVector(v.Type.Elem.OID, e, len(x)))
	}
}

func putNumber(v *vector.Vector, i int, n int64) {
	switch v.Phys() {
	case types.Int16:
		loop.Put(v, i, int16(n))
	case types.Int32:
		loop.Put(v, i, int32(n))
	case types.Int64:
		loop.Put(v, i, n)
	case types.Float64:
		loop.Put(v, i, float64(n))
	}
}

// listed are the functions whose rows the session knows.
var listed = []string{"pg_stat_get_activity", "pg_lock_status", "pg_cursor", "pg_prepared_statement", "show_all_settings",
	"pg_available_extensions", "pg_available_extension_versions", "pg_config", "pg_stat_get_backend_idset",
	"pg_listening_channels"}

func states(t function.Table) {
	for _, source := range listed {
		t[source] = function.Impl{Set: func(c *function.Call, args []*vector.Vector) (function.Rows, error) {
			var arg any
			if len(args) > 0 && !args[0].Null(0) {
				arg = int64(loop.At[int32](args[0], 0))
			}
			list, err := c.Env.State.List(source, arg)
			if err != nil {
				return nil, err
			}
			return rows(c, list), nil
		}}
	}
	t["pg_sequence_parameters"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		return c.Env.Runner.Query("SELECT ROW(seqstart, seqmin, seqmax, seqincrement, seqcycle, seqcache, seqtypid) FROM pg_catalog.pg_sequence WHERE seqrelid = $1",
			[]*vector.Vector{oidParam(oid(args[0], i))}, func(row []*vector.Vector, k int) error {
				out.Set(i, row[0], k)
				return nil
			})
	})
	t["pg_sequence_last_value"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (int64, bool, error) {
		n, ok := c.Env.State.Counter("sequence_last_value", oid(args[0], i))
		return n, ok, nil
	})
	t["current_query"] = maybe(func(c *function.Call, _ []*vector.Vector, _ int) (string, bool, error) {
		list, err := c.Env.State.List("current_query", nil)
		if err != nil || len(list) == 0 {
			return "", false, err
		}
		return list[0][0].(string), true, nil
	})
	// pg_stat_get_backend_* show a field of one session.
	for name, column := range map[string]int{"pid": 2, "dbid": 0, "userid": 1, "activity": 5, "wait_event_type": 6, "wait_event": 7,
		"xact_start": 8, "activity_start": 9, "start": 10, "client_port": 14} {
		t["pg_stat_get_backend_"+name] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			list, err := c.Env.State.List("pg_stat_get_activity", int64(loop.At[int32](args[0], i)))
			if err != nil {
				return err
			}
			if len(list) == 0 {
				out.SetNull(i)
				return nil
			}
			put(out, i, list[0][column])
			return nil
		})
	}
}
