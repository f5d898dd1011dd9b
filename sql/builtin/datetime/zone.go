package datetime

import (
	"datapunk/sql/function"
	"datapunk/types/datetime"
)

// zones adds AT TIME ZONE.
func zones(t function.Table) {
	t["timestamp_zone"] = function.Map2E(func(name string, u timestamp) (timestamp, error) {
		if !u.IsFinite() {
			return u, nil
		}
		z, err := datetime.ZoneArgument(name, u, true)
		if err != nil {
			return 0, err
		}
		return u.ToUTC(z)
	})
	t["timestamptz_zone"] = function.Map2E(func(name string, u timestamp) (timestamp, error) {
		if !u.IsFinite() {
			return u, nil
		}
		z, err := datetime.ZoneArgument(name, u, false)
		if err != nil {
			return 0, err
		}
		return u.ToLocal(z)
	})
	t["timestamp_izone"] = function.Map2E(func(v interval, u timestamp) (timestamp, error) {
		if !u.IsFinite() {
			return u, nil
		}
		z, err := datetime.ZoneInterval(v)
		if err != nil {
			return 0, err
		}
		return u.ToUTC(z)
	})
	t["timestamptz_izone"] = function.Map2E(func(v interval, u timestamp) (timestamp, error) {
		if !u.IsFinite() {
			return u, nil
		}
		z, err := datetime.ZoneInterval(v)
		if err != nil {
			return 0, err
		}
		return u.ToLocal(z)
	})
	t["timetz_zone"] = function.Map2C(func(c *function.Call, name string, u clockTZ) (clockTZ, error) {
		now := timestamp(c.Env.Clock.Transaction())
		z, err := datetime.ZoneArgument(name, now, false)
		if err != nil {
			return u, err
		}
		return u.In(z, now), nil
	})
	t["timetz_izone"] = function.Map2C(func(c *function.Call, v interval, u clockTZ) (clockTZ, error) {
		z, err := datetime.ZoneInterval(v)
		if err != nil {
			return u, err
		}
		return u.In(z, timestamp(c.Env.Clock.Transaction())), nil
	})
}
