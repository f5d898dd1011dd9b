package datetime

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

func casts(t function.Table) {
	t["date_timestamp"] = function.Map1E(date.Timestamp)
	t["date_timestamptz"] = function.Map1C(func(c *function.Call, d date) (timestamp, error) { return d.TimestampTZ(zone(c)) })
	t["timestamp_date"] = function.Map1(timestamp.Date)
	t["timestamptz_date"] = function.Map1C(func(c *function.Call, u timestamp) (date, error) { return u.DateIn(zone(c)), nil })
	t["timestamp_timestamptz"] = function.Map1C(func(c *function.Call, u timestamp) (timestamp, error) { return u.ToUTC(zone(c)) })
	t["timestamptz_timestamp"] = function.Map1C(func(c *function.Call, u timestamp) (timestamp, error) { return u.ToLocal(zone(c)) })
	t["timestamp_time"] = nullable(func(_ *function.Call, u timestamp) (clock, bool, error) { v, ok := u.Time(); return v, ok, nil })
	t["timestamptz_time"] = nullable(func(c *function.Call, u timestamp) (clock, bool, error) {
		v, ok := u.TimeIn(zone(c))
		return v, ok, nil
	})
	t["timestamptz_timetz"] = nullable(func(c *function.Call, u timestamp) (clockTZ, bool, error) {
		v, ok := u.TimeTZIn(zone(c))
		return v, ok, nil
	})
	t["time_interval"], t["interval_time"] = function.Map1(clock.Interval), function.Map1(interval.Time)
	t["time_timetz"] = function.Map1C(func(c *function.Call, u clock) (clockTZ, error) { return u.TimeTZ(style(c)), nil })
	t["timetz_time"] = function.Map1(func(u clockTZ) clock { return clock(u.Micros) })
	t["time_scale"] = function.Map2(func(u clock, mod int32) clock { return u.Round(int(mod)) })
	t["timetz_scale"] = function.Map2(func(u clockTZ, mod int32) clockTZ {
		u.Micros = int64(clock(u.Micros).Round(int(mod)))
		return u
	})
	t["timestamp_scale"] = function.Map2E(scale)
	t["timestamptz_scale"] = function.Map2E(scale)
	t["interval_scale"] = function.Map2(interval.ApplyTypmod)
	t["timestamptz(date,time)"] = function.Map2C(func(c *function.Call, d date, u clock) (timestamp, error) {
		local, err := d.At(u)
		if err != nil {
			return 0, err
		}
		return local.ToUTC(zone(c))
	})
	chars := func(f func(c *function.Call, args []*vector.Vector, i int) (string, bool, error)) function.Impl {
		return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			s, ok, err := f(c, args, i)
			if err != nil {
				return err
			}
			if !ok {
				out.SetNull(i)
				return nil
			}
			out.SetString(i, s)
			return nil
		})
	}
	t["timestamp_to_char"] = chars(func(_ *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return datetime.ToChar(loop.At[timestamp](args[0], i), args[1].String(i))
	})
	t["timestamptz_to_char"] = chars(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return datetime.ToCharTZ(loop.At[timestamp](args[0], i), args[1].String(i), zone(c))
	})
	t["interval_to_char"] = chars(func(_ *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return datetime.ToCharInterval(loop.At[interval](args[0], i), args[1].String(i))
	})
	t["to_date"] = function.Map2C(func(c *function.Call, s, f string) (date, error) { return datetime.ToDate(s, f, style(c)) })
	t["to_timestamp"] = function.Map2C(func(c *function.Call, s, f string) (timestamp, error) {
		return datetime.ToTimestampTemplate(s, f, style(c))
	})
	t["float8_timestamptz"] = function.Map1E(datetime.ToTimestamp)
}

func scale(u timestamp, mod int32) (timestamp, error) {
	if mod > 6 {
		return 0, pgerr.Newf(pgerr.InvalidParameterValue, "timestamp(%d) precision must be between %d and %d", mod, 0, 6)
	}
	return u.Round(int(mod)), nil
}
