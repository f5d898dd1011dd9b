package datetime

import (
	"datapunk/sql/function"
	"datapunk/types/datetime"
)

func arithmetic(t function.Table) {
	t["date_pli"] = function.Map2E(date.AddDays)
	t["date_mii"] = function.Map2E(date.SubDays)
	t["date_mi"] = function.Map2E(date.Sub)
	t["integer_pl_date(int4,date)"] = function.Map2E(func(n int32, d date) (date, error) { return d.AddDays(n) })
	datePlus := func(d date, v interval) (timestamp, error) {
		u, err := d.Timestamp()
		if err != nil {
			return 0, err
		}
		return u.Add(v)
	}
	t["date_pl_interval"] = function.Map2E(datePlus)
	t["interval_pl_date(interval,date)"] = function.Map2E(func(v interval, d date) (timestamp, error) { return datePlus(d, v) })
	t["date_mi_interval"] = function.Map2E(func(d date, v interval) (timestamp, error) {
		u, err := d.Timestamp()
		if err != nil {
			return 0, err
		}
		return u.SubInterval(v)
	})
	t["datetime_timestamp"] = function.Map2E(date.At)
	t["timedate_pl(time,date)"] = function.Map2E(func(c clock, d date) (timestamp, error) { return d.At(c) })
	t["datetimetz_timestamptz"] = function.Map2E(date.AtTZ)
	t["timetzdate_pl(timetz,date)"] = function.Map2E(func(c clockTZ, d date) (timestamp, error) { return d.AtTZ(c) })
	t["timestamp_pl_interval"] = function.Map2E(timestamp.Add)
	t["timestamp_mi_interval"] = function.Map2E(timestamp.SubInterval)
	t["timestamp_mi"] = function.Map2E(timestamp.Sub)
	plus := func(c *function.Call, u timestamp, v interval) (timestamp, error) { return u.AddIn(v, zone(c)) }
	t["timestamptz_pl_interval"] = function.Map2C(plus)
	t["timestamptz_mi_interval"] = function.Map2C(func(c *function.Call, u timestamp, v interval) (timestamp, error) {
		return u.SubIntervalIn(v, zone(c))
	})
	t["interval_pl_timestamp(interval,timestamp)"] = function.Map2E(func(v interval, u timestamp) (timestamp, error) { return u.Add(v) })
	t["interval_pl_timestamptz(interval,timestamptz)"] = function.Map2C(func(c *function.Call, v interval, u timestamp) (timestamp, error) { return plus(c, u, v) })
	t["time_pl_interval"] = function.Map2(clock.Add)
	t["time_mi_interval"] = function.Map2(clock.SubInterval)
	t["time_mi_time"] = function.Map2(clock.Sub)
	t["interval_pl_time(interval,time)"] = function.Map2(func(v interval, u clock) clock { return u.Add(v) })
	t["timetz_pl_interval"] = function.Map2(clockTZ.Add)
	t["timetz_mi_interval"] = function.Map2(clockTZ.SubInterval)
	t["interval_pl_timetz(interval,timetz)"] = function.Map2(func(v interval, u clockTZ) clockTZ { return u.Add(v) })
	t["interval_pl"], t["interval_mi"] = function.Map2E(interval.Add), function.Map2E(interval.Sub)
	t["interval_um"] = function.Map1E(interval.Neg)
	t["interval_mul"], t["interval_div"] = function.Map2E(interval.Mul), function.Map2E(interval.Div)
	t["mul_d_interval"] = function.Map2E(func(f float64, v interval) (interval, error) { return v.Mul(f) })
	t["interval_justify_hours"] = function.Map1E(interval.JustifyHours)
	t["interval_justify_days"] = function.Map1E(interval.JustifyDays)
	t["interval_justify_interval"] = function.Map1E(interval.JustifyInterval)
	t["timestamp_age"] = function.Map2E(datetime.Age)
	t["timestamptz_age"] = function.Map2C(func(c *function.Call, a, b timestamp) (interval, error) { return datetime.AgeIn(a, b, zone(c)) })
	midnight := func(c *function.Call) (date, error) {
		return timestamp(c.Env.Clock.Transaction()).DateIn(zone(c)), nil
	}
	t["age(timestamp)"] = function.Map1C(func(c *function.Call, u timestamp) (interval, error) {
		d, _ := midnight(c)
		today, err := d.Timestamp()
		if err != nil {
			return interval{}, err
		}
		return datetime.Age(today, u)
	})
	t["age(timestamptz)"] = function.Map1C(func(c *function.Call, u timestamp) (interval, error) {
		d, _ := midnight(c)
		today, err := d.TimestampTZ(zone(c))
		if err != nil {
			return interval{}, err
		}
		return datetime.AgeIn(today, u, zone(c))
	})
	t["date_finite"] = function.Map1(date.IsFinite)
	t["timestamp_finite"] = function.Map1(timestamp.IsFinite)
	t["interval_finite"] = function.Map1(func(interval) bool { return true })
	subdiff := func(a, b int64) float64 { return float64(a-b) / 1e6 }
	t["tsrange_subdiff"], t["tstzrange_subdiff"] = function.Map2(subdiff), function.Map2(subdiff)
	t["daterange_subdiff"] = function.Map2(func(a, b date) float64 { return float64(a - b) })
}
