package datetime

import (
	"cmp"
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

// asTimestamp takes a date to the timestamps, those past its range to the ends.
func asTimestamp(d date) timestamp {
	switch d {
	case datetime.DateInfinity:
		return datetime.TimestampInfinity
	case datetime.DateNegInfinity:
		return datetime.TimestampNegInfinity
	}
	t, err := d.Timestamp()
	if err != nil {
		return math.MaxInt64 - 1
	}
	return t
}

// toUTC takes a local time to UTC for a comparison.
func toUTC(c *function.Call, t timestamp) timestamp {
	if !t.IsFinite() {
		return t
	}
	u, err := t.ToUTC(zone(c))
	if err != nil {
		if t > 0 {
			return math.MaxInt64 - 1
		}
		return math.MinInt64 + 1
	}
	return u
}

func dateUTC(c *function.Call, d date) timestamp { return toUTC(c, asTimestamp(d)) }

func mixed[A, B any](f func(c *function.Call, a A, b B) int) loop.Order {
	return func(c *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
		return f(c, vector.Of[A](a)[i], vector.Of[B](b)[j])
	}
}

func comparisons(t function.Table) {
	ints := func(prefix string, kernel func(loop.Op) function.Impl) {
		for op, suffix := range loop.Suffixes {
			t[prefix+suffix] = kernel(loop.Op(op))
		}
	}
	ints("date_", loop.Ints[int32, int32])
	ints("timestamp_", loop.Ints[int64, int64])
	ints("time_", loop.Ints[int64, int64])
	t["date_cmp"] = loop.Cmp(loop.Values(func(a, b int32) int { return cmp.Compare(a, b) }))
	int64s := loop.Values(func(a, b int64) int { return cmp.Compare(a, b) })
	t["timestamp_cmp"], t["time_cmp"] = loop.Cmp(int64s), loop.Cmp(int64s)
	t["date_larger"] = function.Map2(func(a, b int32) int32 { return max(a, b) })
	t["date_smaller"] = function.Map2(func(a, b int32) int32 { return min(a, b) })
	for _, prefix := range []string{"timestamp", "time"} {
		t[prefix+"_larger"] = function.Map2(func(a, b int64) int64 { return max(a, b) })
		t[prefix+"_smaller"] = function.Map2(func(a, b int64) int64 { return min(a, b) })
	}
	spans, zoned := loop.Values(interval.Cmp), loop.Values(clockTZ.Cmp)
	loop.All(t, "interval_", spans)
	loop.All(t, "timetz_", zoned)
	t["interval_cmp"], t["timetz_cmp"] = loop.Cmp(spans), loop.Cmp(zoned)
	t["interval_larger"], t["interval_smaller"] = loop.Pick(true, spans), loop.Pick(false, spans)
	t["timetz_larger"], t["timetz_smaller"] = loop.Pick(true, zoned), loop.Pick(false, zoned)
	cross := func(left, right string, order loop.Order) {
		for op, suffix := range loop.Suffixes {
			t[left+"_"+suffix+"_"+right] = loop.Compare(loop.Op(op), order)
		}
		t[left+"_cmp_"+right] = loop.Cmp(order)
	}
	cross("date", "timestamp", mixed(func(_ *function.Call, d date, u timestamp) int { return cmp.Compare(asTimestamp(d), u) }))
	cross("timestamp", "date", mixed(func(_ *function.Call, u timestamp, d date) int { return cmp.Compare(u, asTimestamp(d)) }))
	cross("date", "timestamptz", mixed(func(c *function.Call, d date, u timestamp) int { return cmp.Compare(dateUTC(c, d), u) }))
	cross("timestamptz", "date", mixed(func(c *function.Call, u timestamp, d date) int { return cmp.Compare(u, dateUTC(c, d)) }))
	cross("timestamp", "timestamptz", mixed(func(c *function.Call, l, u timestamp) int { return cmp.Compare(toUTC(c, l), u) }))
	cross("timestamptz", "timestamp", mixed(func(c *function.Call, u, l timestamp) int { return cmp.Compare(u, toUTC(c, l)) }))
	hash := func(prefix string, f func(v int64, seed uint64) uint64) {
		t[prefix+"_hash"] = function.Map1(func(v int64) int32 { return int32(f(v, 0)) })
		t[prefix+"_hash_extended"] = function.Map2(func(v, seed int64) int64 { return int64(f(v, uint64(seed))) })
	}
	hash("timestamp", loop.HashInt64)
	hash("time", loop.HashInt64)
	t["interval_hash"] = function.Map1(func(v interval) int32 { return int32(loop.HashInt64(spanMicros(v), 0)) })
	t["interval_hash_extended"] = function.Map2(func(v interval, seed int64) int64 { return int64(loop.HashInt64(spanMicros(v), uint64(seed))) })
	t["timetz_hash"] = function.Map1(func(v clockTZ) int32 {
		return int32(uint32(loop.HashInt64(v.Micros, 0)) ^ uint32(loop.HashUint32(uint32(v.Zone), 0)))
	})
	t["timetz_hash_extended"] = function.Map2(func(v clockTZ, seed int64) int64 {
		return int64(loop.HashInt64(v.Micros, uint64(seed)) ^ loop.HashUint32(uint32(v.Zone), uint64(seed)))
	})
}

// spanMicros is an interval's length, which may wrap around.
func spanMicros(v interval) int64 {
	const day = 86400 * 1000000
	return v.Micros + (int64(v.Months)*30+int64(v.Days))*day
}
