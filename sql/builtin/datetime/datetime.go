// Package datetime is the kernels of dates, times, timestamps and intervals: the
// manual's section 9.9 and to_char and its kin of 9.8.
//
// Package types/datetime has the arithmetic; what is here fits it to vectors and
// takes the zone and the three clocks from the call's Env.
//
// Invariant: the zone is the session's at the time of the call; a kernel keeps
// nothing of it.
package datetime

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

type (
	date      = datetime.Date
	timestamp = datetime.Timestamp
	clock     = datetime.Time
	clockTZ   = datetime.TimeTZ
	interval  = datetime.Interval
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{}
	comparisons(t)
	arithmetic(t)
	casts(t)
	fields(t)
	clocks(t)
	zones(t)
	makers(t)
	overlaps(t)
	return t
}

// zone is the session's.
func zone(c *function.Call) *datetime.Zone {
	if f := c.Env.Format; f != nil && f.Datetime != nil && f.Datetime.Zone != nil {
		return f.Datetime.Zone
	}
	return datetime.UTC
}

// style is the session's.
func style(c *function.Call) *datetime.Style {
	if c.Env.Format == nil {
		return nil
	}
	return c.Env.Format.Datetime
}

// nullable makes a kernel of a function that may have no result.
func nullable[A, R any](f func(c *function.Call, a A) (R, bool, error)) function.Impl {
	return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		r, ok, err := f(c, loop.At[A](args[0], i))
		if err != nil {
			return err
		}
		if !ok {
			out.SetNull(i)
			return nil
		}
		loop.Put(out, i, r)
		return nil
	})
}

// sleep waits, and ends with the statement.
func sleep(c *function.Call, micros int64) error {
	if micros <= 0 {
		return nil
	}
	return c.Env.Clock.Sleep(c.Env.Context, micros)
}
