package datetime

import (
	"math"
	"math/bits"

	"datapunk/internal/pgerr"
)

// addMonths moves a broken-down date by months, cutting the day to the month.
func (f *fields) addMonths(n int) {
	m := f.mon - 1 + n
	f.year += floorInt(m, 12)
	f.mon = m - floorInt(m, 12)*12 + 1
	f.day = min(f.day, daysIn(f.year, f.mon))
}

// Add returns t + v for a timestamp without zone: months, then days, then
// microseconds. 22008 out of range.
func (t Timestamp) Add(v Interval) (Timestamp, error) { return t.addIn(v, nil) }

// AddIn is Add for timestamptz: months and days move the local time of the zone.
func (t Timestamp) AddIn(v Interval, z *Zone) (Timestamp, error) {
	if z == nil {
		z = UTC
	}
	return t.addIn(v, z)
}

func (t Timestamp) addIn(v Interval, z *Zone) (Timestamp, error) {
	if !t.IsFinite() {
		return t, nil
	}
	if v.Months != 0 || v.Days != 0 {
		var f fields
		if z != nil {
			t.splitIn(z, &f)
		} else {
			t.split(&f)
		}
		move := func() bool {
			if !validJulian(f.year, f.mon) {
				return false
			}
			if z != nil {
				f.zone = -z.FromLocal(f.localSeconds())
			}
			var ok bool
			t, ok = f.timestampZone(z != nil)
			return ok
		}
		if v.Months != 0 {
			f.addMonths(int(v.Months))
			if !move() {
				return 0, timestampRange()
			}
		}
		if v.Days != 0 {
			if z != nil && v.Months != 0 {
				t.splitIn(z, &f)
			}
			jd := julian(f.year, f.mon, f.day) + int(v.Days)
			if jd < 0 || jd > math.MaxInt32 {
				return 0, timestampRange()
			}
			f.year, f.mon, f.day = fromJulian(jd)
			if !move() {
				return 0, timestampRange()
			}
		}
	}
	r := int64(t)
	if !addOK(&r, v.Micros) || !Timestamp(r).valid() {
		return 0, timestampRange()
	}
	return Timestamp(r), nil
}

// Neg returns -v; 22008 out of range.
func (v Interval) Neg() (Interval, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return v, intervalRange()
	}
	return Interval{-v.Micros, -v.Days, -v.Months}, nil
}

// negWrap negates without a check, as timestamp - interval does.
func (v Interval) negWrap() Interval { return Interval{-v.Micros, -v.Days, -v.Months} }

// SubInterval returns t - v without zone.
func (t Timestamp) SubInterval(v Interval) (Timestamp, error) { return t.Add(v.negWrap()) }

// SubIntervalIn returns t - v in a zone.
func (t Timestamp) SubIntervalIn(v Interval, z *Zone) (Timestamp, error) {
	return t.AddIn(v.negWrap(), z)
}

// Sub returns t - u in days and microseconds; 22008 for an infinite operand.
func (t Timestamp) Sub(u Timestamp) (Interval, error) {
	if !t.IsFinite() || !u.IsFinite() {
		return Interval{}, pgerr.New(pgerr.DatetimeValueOutOfRange, "cannot subtract infinite timestamps")
	}
	// the difference wraps around in PostgreSQL 15 too
	return Interval{Micros: int64(t) - int64(u)}.JustifyHours()
}

// Add returns v + w; 22008 out of range.
func (v Interval) Add(w Interval) (Interval, error) {
	m, d, us := int64(v.Months)+int64(w.Months), int64(v.Days)+int64(w.Days), v.Micros
	if !fits32(m) || !fits32(d) || !addOK(&us, w.Micros) {
		return Interval{}, intervalRange()
	}
	return Interval{us, int32(d), int32(m)}, nil
}

// Sub returns v - w; 22008 out of range.
func (v Interval) Sub(w Interval) (Interval, error) {
	m, d, us := int64(v.Months)-int64(w.Months), int64(v.Days)-int64(w.Days), v.Micros-w.Micros
	if !fits32(m) || !fits32(d) || (v.Micros^w.Micros)&(v.Micros^us) < 0 {
		return Interval{}, intervalRange()
	}
	return Interval{us, int32(d), int32(m)}, nil
}

func roundMicro(f float64) float64 { return roundEven(f*1e6) / 1e6 }

// Mul returns v * factor; fractions of months and days cascade down. 22008 out
// of range.
func (v Interval) Mul(factor float64) (Interval, error) {
	return v.scale(float64(v.Months)*factor, float64(v.Days)*factor, float64(v.Micros)*factor)
}

// Div returns v / factor; 22012 for zero, 22008 out of range.
func (v Interval) Div(factor float64) (Interval, error) {
	if factor == 0 {
		return v, pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return v.scale(float64(v.Months)/factor, float64(v.Days)/factor, float64(v.Micros)/factor)
}

func (v Interval) scale(months, days, micros float64) (r Interval, err error) {
	fits := func(f float64) bool { return f >= math.MinInt32 && f < -math.MinInt32 }
	if !fits(months) || !fits(days) {
		return r, intervalRange()
	}
	r.Months, r.Days = int32(months), int32(days)
	restDays := roundMicro((months - float64(r.Months)) * 30)
	restSec := roundMicro((days - float64(r.Days) + restDays - float64(int(restDays))) * secondsPerDay)
	d := int64(r.Days)
	if math.Abs(restSec) >= secondsPerDay {
		n := int(restSec / secondsPerDay)
		d += int64(n)
		restSec -= float64(n * secondsPerDay)
	}
	d += int64(restDays)
	us := roundEven(micros + restSec*1e6)
	if !fits32(d) || !(us >= math.MinInt64 && us < -math.MinInt64) {
		return r, intervalRange()
	}
	r.Days, r.Micros = int32(d), int64(us)
	return r, nil
}

// JustifyHours turns 24 hours into a day; 22008 out of range.
func (v Interval) JustifyHours() (Interval, error) {
	n := v.Micros / microsPerDay
	v.Micros -= n * microsPerDay
	d := int64(v.Days) + n
	if d > 0 && v.Micros < 0 {
		v.Micros += microsPerDay
		d--
	} else if d < 0 && v.Micros > 0 {
		v.Micros -= microsPerDay
		d++
	}
	if !fits32(d) {
		return v, intervalRange()
	}
	v.Days = int32(d)
	return v, nil
}

// JustifyDays turns 30 days into a month; 22008 out of range.
func (v Interval) JustifyDays() (Interval, error) {
	n := v.Days / 30
	v.Days -= n * 30
	m := int64(v.Months) + int64(n)
	if m > 0 && v.Days < 0 {
		v.Days += 30
		m--
	} else if m < 0 && v.Days > 0 {
		v.Days -= 30
		m++
	}
	if !fits32(m) {
		return v, intervalRange()
	}
	v.Months = int32(m)
	return v, nil
}

// JustifyInterval does both and gives all parts one sign; 22008 out of range.
func (v Interval) JustifyInterval() (Interval, error) {
	m, d, us := int64(v.Months), int64(v.Days), v.Micros
	if d > 0 && us > 0 || d < 0 && us < 0 {
		m += d / 30
		d %= 30
	}
	d += us / microsPerDay
	us %= microsPerDay
	m += d / 30
	d %= 30
	if m > 0 && (d < 0 || d == 0 && us < 0) {
		d += 30
		m--
	} else if m < 0 && (d > 0 || d == 0 && us > 0) {
		d -= 30
		m++
	}
	if d > 0 && us < 0 {
		us += microsPerDay
		d--
	} else if d < 0 && us > 0 {
		us -= microsPerDay
		d++
	}
	if !fits32(m) || !fits32(d) {
		return v, intervalRange()
	}
	return Interval{us, int32(d), int32(m)}, nil
}

// order splits the length of v, with months of 30 days, in days and the rest.
func (v Interval) order() (days, micros int64) {
	q, r := floorDiv(v.Micros, microsPerDay)
	return int64(v.Months)*30 + int64(v.Days) + q, r
}

// Cmp orders intervals by their length with months of 30 days.
func (v Interval) Cmp(w Interval) int {
	d1, u1 := v.order()
	d2, u2 := w.order()
	switch {
	case d1 < d2 || d1 == d2 && u1 < u2:
		return -1
	case d1 != d2 || u1 != u2:
		return 1
	}
	return 0
}

// Hash64 gives intervals that compare equal the same hash.
func (v Interval) Hash64() uint64 {
	d, us := v.order()
	hi, lo := bits.Mul64(uint64(d)^0x9E3779B97F4A7C15, uint64(us)^0xA0761D6478BD642F)
	return hi ^ lo
}

// SortKey is a pair that orders as Cmp does: days, then microseconds of the day.
func (v Interval) SortKey() (days, micros int64) { return v.order() }

// AddDays returns d + n days; 22008 out of range.
func (d Date) AddDays(n int32) (Date, error) {
	if !d.IsFinite() {
		return d, nil
	}
	r := int64(d) + int64(n)
	if r < int64(minDate) || r >= int64(endDate) {
		return 0, dateRange()
	}
	return Date(r), nil
}

// SubDays returns d - n days; 22008 out of range.
func (d Date) SubDays(n int32) (Date, error) {
	if !d.IsFinite() {
		return d, nil
	}
	r := int64(d) - int64(n)
	if r < int64(minDate) || r >= int64(endDate) {
		return 0, dateRange()
	}
	return Date(r), nil
}

// Sub returns the days from e to d; 22008 for an infinite operand.
func (d Date) Sub(e Date) (int32, error) {
	if !d.IsFinite() || !e.IsFinite() {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "cannot subtract infinite dates")
	}
	return int32(d) - int32(e), nil
}

// Add returns t + v around the clock; months and days do not matter.
func (t Time) Add(v Interval) Time {
	_, r := floorDiv(int64(t)+v.Micros%microsPerDay, microsPerDay)
	return Time(r)
}

// SubInterval returns t - v around the clock.
func (t Time) SubInterval(v Interval) Time {
	_, r := floorDiv(int64(t)-v.Micros%microsPerDay, microsPerDay)
	return Time(r)
}

// Sub returns t - u.
func (t Time) Sub(u Time) Interval { return Interval{Micros: int64(t - u)} }

// Add returns t + v around the clock in the same zone.
func (t TimeTZ) Add(v Interval) TimeTZ { return TimeTZ{int64(Time(t.Micros).Add(v)), t.Zone} }

// SubInterval returns t - v around the clock in the same zone.
func (t TimeTZ) SubInterval(v Interval) TimeTZ {
	return TimeTZ{int64(Time(t.Micros).SubInterval(v)), t.Zone}
}

// Cmp orders by the moment in UTC, then by zone.
func (t TimeTZ) Cmp(u TimeTZ) int {
	a, b := t.Micros+int64(t.Zone)*microsPerSecond, u.Micros+int64(u.Zone)*microsPerSecond
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case t.Zone < u.Zone:
		return -1
	case t.Zone > u.Zone:
		return 1
	}
	return 0
}

// Age returns t - u in years, months, days and time, for local timestamps.
// PostgreSQL 15 takes infinity as its bare number of microseconds; -infinity is
// an error (22008).
func Age(t, u Timestamp) (Interval, error) {
	var a, b fields
	if t == TimestampNegInfinity || u == TimestampNegInfinity {
		return Interval{}, timestampRange()
	}
	t.split(&a)
	u.split(&b)
	return age(t < u, &a, &b)
}

// AgeIn is Age for timestamptz.
func AgeIn(t, u Timestamp, z *Zone) (Interval, error) {
	var a, b fields
	if t == TimestampNegInfinity || u == TimestampNegInfinity {
		return Interval{}, timestampRange()
	}
	t.splitIn(z, &a)
	u.splitIn(z, &b)
	return age(t < u, &a, &b)
}

func age(neg bool, a, b *fields) (Interval, error) {
	ref := b
	if neg {
		ref = a
		a, b = b, a
	}
	us := a.timeMicros() - b.timeMicros()
	day, mon, year := a.day-b.day, a.mon-b.mon, a.year-b.year
	for us < 0 {
		us += microsPerDay
		day--
	}
	for day < 0 {
		day += daysIn(ref.year, ref.mon)
		mon--
	}
	for mon < 0 {
		mon += 12
		year--
	}
	v := Interval{Micros: us, Days: int32(day), Months: int32(year*12 + mon)}
	if neg {
		v = v.negWrap()
	}
	return v, nil
}

// Overlaps is the SQL operator for two pairs of comparable ends, each pair in
// either order.
func Overlaps[T ~int32 | ~int64](s1, e1, s2, e2 T) bool {
	if s1 > e1 {
		s1, e1 = e1, s1
	}
	if s2 > e2 {
		s2, e2 = e2, s2
	}
	switch {
	case s1 > s2:
		return s1 < e2
	case s1 < s2:
		return s2 < e1
	}
	return true
}
