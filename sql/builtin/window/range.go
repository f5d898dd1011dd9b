package window

import (
	"math"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// in_range(value, base, offset, sub, less) tells whether value is on the asked side
// of base plus or minus offset: what RANGE with an offset is made of.

func badOffset() error {
	return pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
}

// inRange makes the kernel of one pair of types.
func inRange[T, O any](f func(c *function.Call, value, base T, offset O, sub, less bool) (bool, error)) function.Impl {
	return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		r, err := f(c, loop.At[T](args[0], i), loop.At[T](args[1], i), loop.At[O](args[2], i), loop.At[bool](args[3], i), loop.At[bool](args[4], i))
		loop.Put(out, i, r)
		return err
	})
}

type integer interface{ int16 | int32 | int64 }

func inRangeInt[T, O integer](_ *function.Call, value, base T, offset O, sub, less bool) (bool, error) {
	if offset < 0 {
		return false, badOffset()
	}
	delta := int64(offset)
	if sub {
		delta = -delta
	}
	sum := int64(base) + delta
	if (sum > int64(base)) != (delta > 0) && delta != 0 {
		// Past the end: every value is on the near side.
		return sub != less, nil
	}
	if less {
		return int64(value) <= sum, nil
	}
	return int64(value) >= sum, nil
}

func inRangeFloat[T float32 | float64](_ *function.Call, value, base T, offset float64, sub, less bool) (bool, error) {
	v, b := float64(value), float64(base)
	if offset != offset || offset < 0 {
		return false, badOffset()
	}
	switch {
	case v != v:
		return b != b || !less, nil
	case b != b:
		return less, nil
	case math.IsInf(offset, 0) && math.IsInf(b, 0) && (sub == (b > 0)):
		// base and offset cancel: everything is in range.
		return true, nil
	}
	if sub {
		offset = -offset
	}
	if sum := b + offset; less {
		return v <= sum, nil
	} else {
		return v >= sum, nil
	}
}

func inRangeNumeric(_ *function.Call, value, base, offset numeric.Decimal, sub, less bool) (bool, error) {
	if offset.IsNaN() || offset.Sign() < 0 {
		return false, badOffset()
	}
	switch {
	case value.IsNaN():
		return base.IsNaN() || !less, nil
	case base.IsNaN():
		return less, nil
	case offset.IsInf() && base.IsInf() && sub == (base.Sign() > 0):
		return true, nil
	}
	sum, err := base.Add(offset)
	if sub {
		sum, err = base.Sub(offset)
	}
	if err != nil {
		return false, err
	}
	if less {
		return value.Cmp(sum) <= 0, nil
	}
	return value.Cmp(sum) >= 0, nil
}

func negative(v datetime.Interval) bool { return v.Cmp(datetime.Interval{}) < 0 }

func inRangeTimestamp(zone func(*function.Call) *datetime.Zone) func(c *function.Call, value, base datetime.Timestamp, offset datetime.Interval, sub, less bool) (bool, error) {
	return func(c *function.Call, value, base datetime.Timestamp, offset datetime.Interval, sub, less bool) (bool, error) {
		if negative(offset) {
			return false, badOffset()
		}
		sum, err := datetime.Timestamp(0), error(nil)
		switch z := zone(c); {
		case sub && z != nil:
			sum, err = base.SubIntervalIn(offset, z)
		case sub:
			sum, err = base.SubInterval(offset)
		case z != nil:
			sum, err = base.AddIn(offset, z)
		default:
			sum, err = base.Add(offset)
		}
		if err != nil {
			return false, err
		}
		if less {
			return value <= sum, nil
		}
		return value >= sum, nil
	}
}

func sessionZone(c *function.Call) *datetime.Zone {
	if f := c.Env.Format; f != nil && f.Datetime != nil && f.Datetime.Zone != nil {
		return f.Datetime.Zone
	}
	return datetime.UTC
}

func noZone(*function.Call) *datetime.Zone { return nil }

// ranges adds the in_range functions.
func ranges(t function.Table) {
	t["in_range_int2_int2"], t["in_range_int2_int4"], t["in_range_int2_int8"] = inRange(inRangeInt[int16, int16]), inRange(inRangeInt[int16, int32]), inRange(inRangeInt[int16, int64])
	t["in_range_int4_int2"], t["in_range_int4_int4"], t["in_range_int4_int8"] = inRange(inRangeInt[int32, int16]), inRange(inRangeInt[int32, int32]), inRange(inRangeInt[int32, int64])
	t["in_range_int8_int8"] = inRange(inRangeInt[int64, int64])
	t["in_range_float4_float8"], t["in_range_float8_float8"] = inRange(inRangeFloat[float32]), inRange(inRangeFloat[float64])
	t["in_range_numeric_numeric"] = inRange(inRangeNumeric)
	t["in_range_timestamp_interval"] = inRange(inRangeTimestamp(noZone))
	t["in_range_timestamptz_interval"] = inRange(inRangeTimestamp(sessionZone))
	t["in_range_date_interval"] = inRange(func(c *function.Call, value, base datetime.Date, offset datetime.Interval, sub, less bool) (bool, error) {
		v, err := value.Timestamp()
		if err != nil {
			return false, err
		}
		b, err := base.Timestamp()
		if err != nil {
			return false, err
		}
		return inRangeTimestamp(noZone)(c, v, b, offset, sub, less)
	})
	t["in_range_interval_interval"] = inRange(func(_ *function.Call, value, base, offset datetime.Interval, sub, less bool) (bool, error) {
		if negative(offset) {
			return false, badOffset()
		}
		sum, err := base.Add(offset)
		if sub {
			sum, err = base.Sub(offset)
		}
		if err != nil {
			return false, err
		}
		if less {
			return value.Cmp(sum) <= 0, nil
		}
		return value.Cmp(sum) >= 0, nil
	})
	// Times do not go around the clock here; days and months do not count.
	t["in_range_time_interval"] = inRange(func(_ *function.Call, value, base int64, offset datetime.Interval, sub, less bool) (bool, error) {
		return inRangeMicros(value, base, offset, sub, less)
	})
	t["in_range_timetz_interval"] = inRange(func(_ *function.Call, value, base datetime.TimeTZ, offset datetime.Interval, sub, less bool) (bool, error) {
		if offset.Micros < 0 {
			return false, badOffset()
		}
		delta := offset.Micros
		if sub {
			delta = -delta
		}
		base.Micros += delta
		if less {
			return value.Cmp(base) <= 0, nil
		}
		return value.Cmp(base) >= 0, nil
	})
}

func inRangeMicros(value, base int64, offset datetime.Interval, sub, less bool) (bool, error) {
	if offset.Micros < 0 {
		return false, badOffset()
	}
	return inRangeInt(nil, value, base, offset.Micros, sub, less)
}
