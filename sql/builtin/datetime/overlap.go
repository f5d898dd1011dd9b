package datetime

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

// span is a pair of ends, of which some may be null.
type span[T any] struct {
	a, b         T
	aNull, bNull bool
}

// overlap tells whether two spans have a moment in common; ok is false where nulls
// leave it open.
func overlap[T any](s, u span[T], compare func(a, b T) int) (result, ok bool) {
	order := func(x span[T]) (span[T], bool) {
		switch {
		case x.aNull && x.bNull:
			return x, false
		case x.aNull:
			x.a, x.b, x.aNull, x.bNull = x.b, x.a, false, true
		case !x.bNull && compare(x.a, x.b) > 0:
			x.a, x.b = x.b, x.a
		}
		return x, true
	}
	s, ok1 := order(s)
	u, ok2 := order(u)
	if !ok1 || !ok2 {
		return false, false
	}
	switch c := compare(s.a, u.a); {
	case c > 0:
		if u.bNull {
			return false, false
		}
		if compare(s.a, u.b) < 0 {
			return true, true
		}
		if s.bNull {
			return false, false
		}
		return false, true
	case c < 0:
		if s.bNull {
			return false, false
		}
		if compare(u.a, s.b) < 0 {
			return true, true
		}
		if u.bNull {
			return false, false
		}
		return false, true
	}
	if s.bNull || u.bNull {
		return false, false
	}
	return true, true
}

// overlapKernel handles two pairs, of which the second of each may be an interval
// to be added.
func overlapKernel[T any](compare func(a, b T) int, firstSpan, secondSpan bool, add func(c *function.Call, a T, v interval) (T, error)) function.Impl {
	return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		get := func(k int, isSpan bool) (span[T], error) {
			s := span[T]{aNull: args[k].Null(i), bNull: args[k+1].Null(i)}
			if !s.aNull {
				s.a = loop.At[T](args[k], i)
			}
			switch {
			case s.bNull:
			case !isSpan:
				s.b = loop.At[T](args[k+1], i)
			case s.aNull:
				s.bNull = true
			default:
				var err error
				s.b, err = add(c, s.a, loop.At[interval](args[k+1], i))
				return s, err
			}
			return s, nil
		}
		s, err := get(0, firstSpan)
		if err != nil {
			return err
		}
		u, err := get(2, secondSpan)
		if err != nil {
			return err
		}
		r, ok := overlap(s, u, compare)
		if !ok {
			out.SetNull(i)
			return nil
		}
		loop.Put(out, i, r)
		return nil
	})
}

func overlaps(t function.Table) {
	numbers := func(a, b timestamp) int {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	times := func(a, b clock) int { return numbers(timestamp(a), timestamp(b)) }
	local := func(_ *function.Call, a timestamp, v interval) (timestamp, error) { return a.Add(v) }
	zoned := func(c *function.Call, a timestamp, v interval) (timestamp, error) { return a.AddIn(v, zone(c)) }
	around := func(_ *function.Call, a clock, v interval) (clock, error) { return a.Add(v), nil }
	t["overlaps_timestamp"] = overlapKernel(numbers, false, false, local)
	t["overlaps_time"] = overlapKernel(times, false, false, around)
	t["overlaps_timetz"] = overlapKernel(clockTZ.Cmp, false, false, nil)
	t["overlaps(timestamp,interval,timestamp,interval)"] = overlapKernel(numbers, true, true, local)
	t["overlaps(timestamp,interval,timestamp,timestamp)"] = overlapKernel(numbers, true, false, local)
	t["overlaps(timestamp,timestamp,timestamp,interval)"] = overlapKernel(numbers, false, true, local)
	t["overlaps(timestamptz,interval,timestamptz,interval)"] = overlapKernel(numbers, true, true, zoned)
	t["overlaps(timestamptz,interval,timestamptz,timestamptz)"] = overlapKernel(numbers, true, false, zoned)
	t["overlaps(timestamptz,timestamptz,timestamptz,interval)"] = overlapKernel(numbers, false, true, zoned)
	t["overlaps(time,interval,time,interval)"] = overlapKernel(times, true, true, around)
	t["overlaps(time,interval,time,time)"] = overlapKernel(times, true, false, around)
	t["overlaps(time,time,time,interval)"] = overlapKernel(times, false, true, around)
}
