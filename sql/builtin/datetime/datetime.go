// Package datetime is the kernels of dates and times: the manual's section 9.9, and
// the casts between their types. The arithmetic itself is types/datetime's; what
// depends on the session's zone takes it from the call's Env.
package datetime

import (
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

type (
	date      = datetime.Date
	timestamp = datetime.Timestamp
	clock     = datetime.Time
	interval  = datetime.Interval
)

func zone(c *function.Call) *datetime.Zone { return c.Env.Format.Datetime.Zone }

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{
		// Casts.
		"date_timestamp":        function.Map1E(func(d date) (timestamp, error) { return d.Timestamp() }),
		"date_timestamptz":      function.Map1C(func(c *function.Call, d date) (timestamp, error) { return d.TimestampTZ(zone(c)) }),
		"timestamp_date":        function.Map1(func(t timestamp) date { return t.Date() }),
		"timestamptz_date":      function.Map1C(func(c *function.Call, t timestamp) (date, error) { return t.DateIn(zone(c)), nil }),
		"timestamp_timestamptz": function.Map1C(func(c *function.Call, t timestamp) (timestamp, error) { return t.ToUTC(zone(c)) }),
		"timestamptz_timestamp": function.Map1C(func(c *function.Call, t timestamp) (timestamp, error) { return t.ToLocal(zone(c)) }),
		"timestamp_time":        function.Row(timeOf(func(_ *function.Call, t timestamp) (clock, bool) { return t.Time() })),
		"timestamptz_time":      function.Row(timeOf(func(c *function.Call, t timestamp) (clock, bool) { return t.TimeIn(zone(c)) })),
		"timestamp_scale":       function.Map2(func(t timestamp, precision int32) timestamp { return t.Round(int(precision)) }),
		"timestamptz_scale":     function.Map2(func(t timestamp, precision int32) timestamp { return t.Round(int(precision)) }),
		"time_scale":            function.Map2(func(t clock, precision int32) clock { return t.Round(int(precision)) }),
		"interval_scale":        function.Map2(func(v interval, mod int32) interval { return v.ApplyTypmod(mod) }),
		"time_interval":         function.Map1(func(t clock) interval { return t.Interval() }),
		// Arithmetic.
		"date_pli":                function.Map2E(func(d date, n int32) (date, error) { return d.AddDays(n) }),
		"date_mii":                function.Map2E(func(d date, n int32) (date, error) { return d.SubDays(n) }),
		"date_mi":                 function.Map2E(func(d, e date) (int32, error) { return d.Sub(e) }),
		"timestamp_mi":            function.Map2E(func(t, u timestamp) (interval, error) { return t.Sub(u) }),
		"timestamp_pl_interval":   function.Map2E(func(t timestamp, v interval) (timestamp, error) { return t.Add(v) }),
		"timestamp_mi_interval":   function.Map2E(func(t timestamp, v interval) (timestamp, error) { return t.SubInterval(v) }),
		"timestamptz_pl_interval": function.Map2C(func(c *function.Call, t timestamp, v interval) (timestamp, error) { return t.AddIn(v, zone(c)) }),
		"timestamptz_mi_interval": function.Map2C(func(c *function.Call, t timestamp, v interval) (timestamp, error) { return t.SubIntervalIn(v, zone(c)) }),
		"interval_pl":             function.Map2E(func(v, w interval) (interval, error) { return v.Add(w) }),
		"interval_mi":             function.Map2E(func(v, w interval) (interval, error) { return v.Sub(w) }),
		"interval_um":             function.Map1E(func(v interval) (interval, error) { return v.Neg() }),
		"interval_mul":            function.Map2E(func(v interval, f float64) (interval, error) { return v.Mul(f) }),
		"interval_div":            function.Map2E(func(v interval, f float64) (interval, error) { return v.Div(f) }),
		"timestamp_age":           function.Map2E(datetime.Age),
		// Fields.
		"timestamp_trunc": function.Map2E(func(unit string, t timestamp) (timestamp, error) { return datetime.DateTrunc(unit, t) }),
		"timestamptz_trunc": function.Map2C(func(c *function.Call, unit string, t timestamp) (timestamp, error) {
			return datetime.DateTruncTZ(unit, t, zone(c))
		}),
		"interval_trunc": function.Map2E(datetime.TruncInterval),
		"extract_date": function.Row(extract(func(_ *function.Call, f string, v *vector.Vector, i int) (datetime.Part, error) {
			return datetime.ExtractDate(f, vector.Of[date](v)[i])
		})),
		"extract_timestamp": function.Row(extract(func(_ *function.Call, f string, v *vector.Vector, i int) (datetime.Part, error) {
			return datetime.ExtractTimestamp(f, vector.Of[timestamp](v)[i])
		})),
		"extract_timestamptz": function.Row(extract(func(c *function.Call, f string, v *vector.Vector, i int) (datetime.Part, error) {
			return datetime.ExtractTimestampTZ(f, vector.Of[timestamp](v)[i], zone(c))
		})),
		"extract_interval": function.Row(extract(func(_ *function.Call, f string, v *vector.Vector, i int) (datetime.Part, error) {
			return datetime.ExtractInterval(f, vector.Of[interval](v)[i])
		})),
		"timestamp_to_char": function.Row(toChar(func(_ *function.Call, v *vector.Vector, i int, f string) (string, bool, error) {
			return datetime.ToChar(vector.Of[timestamp](v)[i], f)
		})),
		"timestamptz_to_char": function.Row(toChar(func(c *function.Call, v *vector.Vector, i int, f string) (string, bool, error) {
			return datetime.ToCharTZ(vector.Of[timestamp](v)[i], f, zone(c))
		})),
		"interval_to_char": function.Row(toChar(func(_ *function.Call, v *vector.Vector, i int, f string) (string, bool, error) {
			return datetime.ToCharInterval(vector.Of[interval](v)[i], f)
		})),
		"make_date":        function.Map3E(datetime.MakeDate),
		"timestamp_zone":   function.Map2C(zoneOf(true)),
		"timestamptz_zone": function.Map2C(zoneOf(false)),
	}
	return t
}

// zoneOf is timezone(name, t): a local time to UTC, or UTC to a local time.
func zoneOf(local bool) func(*function.Call, string, timestamp) (timestamp, error) {
	return func(_ *function.Call, name string, t timestamp) (timestamp, error) {
		z, err := datetime.ZoneArgument(name, t, local)
		if err != nil {
			return 0, err
		}
		if local {
			return t.ToUTC(z)
		}
		return t.ToLocal(z)
	}
}

// timeOf is a cast to time: null for infinity.
func timeOf(f func(*function.Call, timestamp) (clock, bool)) func(*function.Call, []*vector.Vector, int, *vector.Vector) error {
	return func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		v, ok := f(c, vector.Of[timestamp](args[0])[args[0].Index(i)])
		if !ok {
			out.SetNull(i)
		} else {
			vector.Of[clock](out)[i] = v
		}
		return nil
	}
}

// extract is extract(field from v).
func extract(part func(c *function.Call, field string, v *vector.Vector, i int) (datetime.Part, error)) func(*function.Call, []*vector.Vector, int, *vector.Vector) error {
	return func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		p, err := part(c, args[0].String(i), args[1], args[1].Index(i))
		switch {
		case err != nil:
			return err
		case p.IsNull():
			out.SetNull(i)
		default:
			vector.Of[numeric.Decimal](out)[i] = p.Numeric()
		}
		return nil
	}
}

// toChar is to_char(v, format).
func toChar(print func(c *function.Call, v *vector.Vector, i int, format string) (string, bool, error)) func(*function.Call, []*vector.Vector, int, *vector.Vector) error {
	return func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		s, ok, err := print(c, args[0], args[0].Index(i), args[1].String(i))
		switch {
		case err != nil:
			return err
		case !ok:
			out.SetNull(i)
		default:
			out.SetString(i, s)
		}
		return nil
	}
}
