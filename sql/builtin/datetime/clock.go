package datetime

import (
	"math"
	"time"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

func clocks(t function.Table) {
	t["now"] = function.Map0C(func(c *function.Call) (int64, error) { return c.Env.Clock.Transaction(), nil })
	t["statement_timestamp"] = function.Map0C(func(c *function.Call) (int64, error) { return c.Env.Clock.Statement(), nil })
	t["clock_timestamp"] = function.Map0C(func(c *function.Call) (int64, error) { return c.Env.Clock.Now(), nil })
	t["timeofday"] = function.Map0C(func(c *function.Call) (string, error) {
		now := c.Env.Clock.Now()
		_, abbrev, _ := zone(c).At(now/1e6 + 946684800)
		local, err := timestamp(now).ToLocal(zone(c))
		if err != nil {
			return "", err
		}
		u := time.UnixMicro(int64(local) + 946684800*1e6).UTC()
		return u.Format("Mon Jan 02 15:04:05.000000 2006 ") + abbrev, nil
	})
	t["pg_sleep"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error {
		seconds := loop.At[float64](args[0], i)
		if seconds != seconds {
			return nil
		}
		return sleep(c, int64(math.Min(seconds*1e6, math.MaxInt64/2)))
	})
	t["pg_sleep_for(interval)"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error {
		now := timestamp(c.Env.Clock.Now())
		end, err := now.AddIn(loop.At[interval](args[0], i), zone(c))
		if err != nil {
			return err
		}
		return sleep(c, int64(end-now))
	})
	t["pg_sleep_until(timestamptz)"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error {
		return sleep(c, loop.At[int64](args[0], i)-c.Env.Clock.Now())
	})
	t["pg_timezone_names"] = function.Impl{Set: func(c *function.Call, _ []*vector.Vector) (function.Rows, error) {
		return &zoneRows{now: c.Env.Clock.Transaction(), names: datetime.Names()}, nil
	}}
	t["pg_timezone_abbrevs"] = function.Impl{Set: func(c *function.Call, _ []*vector.Vector) (function.Rows, error) {
		return &abbreviationRows{list: datetime.Abbreviations(timestamp(c.Env.Clock.Transaction()))}, nil
	}}
}

type zoneRows struct {
	now   int64
	names []string
}

func (z *zoneRows) Next(out []*vector.Vector, max int) (int, error) {
	n := 0
	for n < max && len(z.names) > 0 {
		name := z.names[0]
		z.names = z.names[1:]
		found, err := datetime.LoadZone(name)
		if err != nil {
			continue
		}
		east, abbrev, dst := found.At(z.now/1e6 + 946684800)
		row(out, n, name, abbrev, east, dst)
		n++
	}
	return n, nil
}

type abbreviationRows struct{ list []datetime.Abbreviation }

func (a *abbreviationRows) Next(out []*vector.Vector, max int) (int, error) {
	n := min(max, len(a.list))
	for k, x := range a.list[:n] {
		row(out, k, x.Name, "", x.Offset, x.DST)
	}
	a.list = a.list[n:]
	return n, nil
}

// row writes name, abbreviation (if there is one), offset and DST.
func row(out []*vector.Vector, k int, name, abbrev string, east int, dst bool) {
	out[0].SetString(k, name)
	rest := out[1:]
	if abbrev != "" {
		rest[0].SetString(k, abbrev)
		rest = rest[1:]
	}
	loop.Put(rest[0], k, interval{Micros: int64(east) * 1e6})
	loop.Put(rest[1], k, dst)
}
