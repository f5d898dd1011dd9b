package datetime

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

// extract makes the two kernels of a field: extract gives numeric, date_part float8.
func extract[T any](t function.Table, numericKey, floatKey string, f func(c *function.Call, name string, v T) (datetime.Part, error)) {
	kernel := func(put func(out *vector.Vector, i int, p datetime.Part)) function.Impl {
		return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			p, err := f(c, args[0].String(i), loop.At[T](args[1], i))
			if err != nil {
				return err
			}
			if p.IsNull() {
				out.SetNull(i)
				return nil
			}
			put(out, i, p)
			return nil
		})
	}
	t[numericKey] = kernel(func(out *vector.Vector, i int, p datetime.Part) { loop.Put(out, i, p.Numeric()) })
	t[floatKey] = kernel(func(out *vector.Vector, i int, p datetime.Part) { loop.Put(out, i, p.Float()) })
}

func fields(t function.Table) {
	extract(t, "extract_date", "date_part(text,date)", func(_ *function.Call, name string, v date) (datetime.Part, error) {
		return datetime.ExtractDate(name, v)
	})
	// date_part(text, date) is date_part of the timestamp, in PostgreSQL's own SQL.
	var unused function.Table = function.Table{}
	extract(unused, "", "date", func(_ *function.Call, name string, v date) (datetime.Part, error) {
		return datetime.ExtractTimestamp(name, asTimestamp(v))
	})
	t["date_part(text,date)"] = unused["date"]
	extract(t, "extract_time", "time_part", func(_ *function.Call, name string, v clock) (datetime.Part, error) {
		return datetime.ExtractTime(name, v)
	})
	extract(t, "extract_timetz", "timetz_part", func(_ *function.Call, name string, v clockTZ) (datetime.Part, error) {
		return datetime.ExtractTimeTZ(name, v)
	})
	extract(t, "extract_timestamp", "timestamp_part", func(_ *function.Call, name string, v timestamp) (datetime.Part, error) {
		return datetime.ExtractTimestamp(name, v)
	})
	extract(t, "extract_timestamptz", "timestamptz_part", func(c *function.Call, name string, v timestamp) (datetime.Part, error) {
		return datetime.ExtractTimestampTZ(name, v, zone(c))
	})
	extract(t, "extract_interval", "interval_part", func(_ *function.Call, name string, v interval) (datetime.Part, error) {
		return datetime.ExtractInterval(name, v)
	})
	t["timestamp_trunc"] = function.Map2E(datetime.DateTrunc)
	t["timestamptz_trunc"] = function.Map2C(func(c *function.Call, unit string, u timestamp) (timestamp, error) {
		return datetime.DateTruncTZ(unit, u, zone(c))
	})
	t["timestamptz_trunc_zone"] = function.Map3C(func(_ *function.Call, unit string, u timestamp, name string) (timestamp, error) {
		z, err := datetime.ZoneArgument(name, u, false)
		if err != nil {
			return 0, err
		}
		return datetime.DateTruncTZ(unit, u, z)
	})
	t["interval_trunc"] = function.Map2E(datetime.TruncInterval)
	t["timestamp_bin"], t["timestamptz_bin"] = function.Map3E(datetime.DateBin), function.Map3E(datetime.DateBin)
}
