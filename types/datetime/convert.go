package datetime

import (
	"math"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
)

func dateForTimestamp() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range for timestamp")
}

// Timestamp is the date at midnight; 22008 out of range.
func (d Date) Timestamp() (Timestamp, error) {
	switch {
	case d == DateInfinity:
		return TimestampInfinity, nil
	case d == DateNegInfinity:
		return TimestampNegInfinity, nil
	case d >= endTimestampDate:
		return 0, dateForTimestamp()
	}
	return Timestamp(int64(d) * microsPerDay), nil
}

// TimestampTZ is midnight in the zone, as UTC; 22008 out of range.
func (d Date) TimestampTZ(z *Zone) (Timestamp, error) {
	t, err := d.Timestamp()
	if err != nil || !t.IsFinite() {
		return t, err
	}
	east := z.FromLocal(int64(t)/microsPerSecond + unixEpochSeconds)
	if t -= Timestamp(east) * microsPerSecond; !t.valid() {
		return 0, dateForTimestamp()
	}
	return t, nil
}

// Date cuts a local timestamp.
func (t Timestamp) Date() Date {
	switch t {
	case TimestampInfinity:
		return DateInfinity
	case TimestampNegInfinity:
		return DateNegInfinity
	}
	d, _ := floorDiv(int64(t), microsPerDay)
	return Date(d)
}

// DateIn is the date of a UTC timestamp in the zone.
func (t Timestamp) DateIn(z *Zone) Date {
	if !t.IsFinite() {
		return t.Date()
	}
	var f fields
	t.splitIn(z, &f)
	return Date(julian(f.year, f.mon, f.day) - epochJulian)
}

// Time is the time of day of a local timestamp; ok is false if it is infinite.
func (t Timestamp) Time() (v Time, ok bool) {
	if !t.IsFinite() {
		return 0, false
	}
	_, us := floorDiv(int64(t), microsPerDay)
	return Time(us), true
}

// TimeIn is the time of day in the zone.
func (t Timestamp) TimeIn(z *Zone) (v Time, ok bool) {
	u, ok := t.TimeTZIn(z)
	return Time(u.Micros), ok
}

// TimeTZIn is the time of day with the offset in the zone.
func (t Timestamp) TimeTZIn(z *Zone) (v TimeTZ, ok bool) {
	if !t.IsFinite() {
		return v, false
	}
	var f fields
	t.splitIn(z, &f)
	return TimeTZ{f.timeMicros(), int32(f.zone)}, true
}

// ToUTC takes a local time in the zone to UTC: timestamp AT TIME ZONE and the
// cast to timestamptz. 22008 out of range.
func (t Timestamp) ToUTC(z *Zone) (Timestamp, error) {
	if !t.IsFinite() {
		return t, nil
	}
	sec, _ := floorDiv(int64(t), microsPerSecond)
	r := t - Timestamp(z.FromLocal(sec+unixEpochSeconds))*microsPerSecond
	if !r.valid() {
		return 0, timestampRange()
	}
	return r, nil
}

// ToLocal takes UTC to the local time in the zone: timestamptz AT TIME ZONE and
// the cast to timestamp. 22008 out of range.
func (t Timestamp) ToLocal(z *Zone) (Timestamp, error) {
	if !t.IsFinite() {
		return t, nil
	}
	sec, _ := floorDiv(int64(t), microsPerSecond)
	east, _, _ := z.At(sec + unixEpochSeconds)
	r := t + Timestamp(east)*microsPerSecond
	if !r.valid() {
		return 0, timestampRange()
	}
	return r, nil
}

// ZoneArgument is the text operand of AT TIME ZONE: an abbreviation or a zone
// name. A dynamic abbreviation is fixed at t: local says what t is. 22023 if
// there is none.
func ZoneArgument(name string, t Timestamp, local bool) (*Zone, error) {
	a, isAbbrev, z, err := lookupZoneOrAbbrev(name)
	if err != nil || !isAbbrev {
		return z, err
	}
	off := a.Offset
	if a.Zone != "" && t.IsFinite() {
		if local {
			var f fields
			t.split(&f)
			off, _ = a.offsetLocal(&f)
		} else {
			sec, _ := floorDiv(int64(t), microsPerSecond)
			off, _ = a.resolveAt(sec + unixEpochSeconds)
		}
	}
	return &Zone{name: a.Name, offset: off, abbrev: a.Name}, nil
}

// ZoneInterval is the interval operand of AT TIME ZONE; 22023 with months or days.
func ZoneInterval(v Interval) (*Zone, error) {
	if v.Months != 0 || v.Days != 0 {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue,
			"interval time zone \"%s\" must not include months or days", AppendInterval(nil, v, nil))
	}
	return FixedZone(int(v.Micros / microsPerSecond)), nil
}

// In moves a time of day to another zone; now (UTC) fixes the offset.
func (t TimeTZ) In(z *Zone, now Timestamp) TimeTZ {
	sec, _ := floorDiv(int64(now), microsPerSecond)
	east, _, _ := z.At(sec + unixEpochSeconds)
	_, us := floorDiv(t.Micros+int64(int(t.Zone)+east)*microsPerSecond, microsPerDay)
	return TimeTZ{us, int32(-east)}
}

// TimeTZ gives a time of day the offset that the session zone has now.
func (t Time) TimeTZ(s *Style) TimeTZ {
	var now fields
	s.now().splitIn(s.zone(), &now)
	now.setTime(int64(t))
	return TimeTZ{int64(t), int32(-s.zone().FromLocal(now.localSeconds()))}
}

// Interval is the time since midnight.
func (t Time) Interval() Interval { return Interval{Micros: int64(t)} }

// Time is the part of an interval below a day, around the clock.
func (v Interval) Time() Time {
	_, us := floorDiv(v.Micros, microsPerDay)
	return Time(us)
}

// At joins a date and a time of day; 22008 out of range.
func (d Date) At(t Time) (Timestamp, error) {
	r, err := d.Timestamp()
	if err == nil && r.IsFinite() {
		if r += Timestamp(t); !r.valid() {
			return 0, timestampRange()
		}
	}
	return r, err
}

// AtTZ joins a date and a time of day with its zone, as UTC; 22008 out of range.
func (d Date) AtTZ(t TimeTZ) (Timestamp, error) {
	return d.At(Time(t.Micros + int64(t.Zone)*microsPerSecond))
}

// ToTimestamp is to_timestamp(double): seconds since 1970. 22008 out of range.
func ToTimestamp(seconds float64) (Timestamp, error) {
	switch {
	case math.IsNaN(seconds):
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp cannot be NaN")
	case math.IsInf(seconds, 1):
		return TimestampInfinity, nil
	case math.IsInf(seconds, -1):
		return TimestampNegInfinity, nil
	}
	if seconds < -210866803200 || seconds >= 9224318016000 {
		return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", cFloat(seconds))
	}
	t := Timestamp(roundEven((seconds - unixEpochSeconds) * 1e6))
	if !t.valid() {
		return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", cFloat(seconds))
	}
	return t, nil
}

// cFloat is C's %g.
func cFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', 6, 64)
	if e := math.Floor(math.Log10(math.Abs(f))); f != 0 && e >= -4 && e < 6 {
		s = strconv.FormatFloat(f, 'f', 5-int(e), 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
	}
	return s
}

func padded(s string, n int) string {
	for len(s) < n {
		s = "0" + s
	}
	return s
}

// MakeDate is make_date; a negative year is BC. 22008 out of range.
func MakeDate(year, month, day int32) (Date, error) {
	d := decoder{mask: maskDate}
	d.tm.year, d.tm.mon, d.tm.day = int(year), int(month), int(day)
	if year < 0 {
		d.bc = true
		d.tm.year = -int(year)
	}
	if d.validate() != decodeOK {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	if validJulian(d.tm.year, d.tm.mon) {
		if v := Date(julian(d.tm.year, d.tm.mon, d.tm.day) - epochJulian); v.valid() {
			return v, nil
		}
	}
	return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", d.tm.year, month, day)
}

// MakeTime is make_time; 22008 out of range.
func MakeTime(hour, minute int32, sec float64) (Time, error) {
	us := roundEven(sec * 1e6)
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || math.IsNaN(sec) || us < 0 || us > 60e6 ||
		int64(hour)*microsPerHour+int64(minute)*microsPerMinute+int64(us) > microsPerDay {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", hour, minute, padded(cFloat(sec), 2))
	}
	return Time(int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(us)), nil
}

// MakeTimestamp is make_timestamp; 22008 out of range.
func MakeTimestamp(year, month, day, hour, minute int32, sec float64) (Timestamp, error) {
	d := decoder{mask: maskDate}
	d.tm.year, d.tm.mon, d.tm.day = int(year), int(month), int(day)
	if year < 0 {
		d.bc = true
		d.tm.year = -int(year)
	}
	if d.validate() != decodeOK {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	rangeError := func() error {
		return pgerr.Newf(pgerr.DatetimeValueOutOfRange, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
			year, month, day, hour, minute, padded(cFloat(sec), 2))
	}
	if !validJulian(d.tm.year, d.tm.mon) {
		return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", year, month, day)
	}
	t, err := MakeTime(hour, minute, sec)
	if err != nil {
		return 0, err
	}
	d.tm.setTime(int64(t))
	r, ok := d.tm.timestampZone(false)
	if !ok {
		return 0, rangeError()
	}
	return r, nil
}

// MakeTimestampTZ is make_timestamptz in the session zone z, or in the zone
// named when name is not empty. Errors 22008, 22023.
func MakeTimestampTZ(year, month, day, hour, minute int32, sec float64, name string, z *Zone) (Timestamp, error) {
	t, err := MakeTimestamp(year, month, day, hour, minute, sec)
	if err != nil {
		return 0, err
	}
	if name != "" {
		if z, err = saneZone(name, t); err != nil {
			return 0, err
		}
	}
	return t.ToUTC(z)
}

// saneZone is the zone argument of make_timestamptz.
func saneZone(name string, t Timestamp) (*Zone, error) {
	if isDigit(name[0]) {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid input syntax for type numeric time zone: \"%s\"", name).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	}
	west, r := decodeZone(name)
	switch r {
	case decodeOK:
		return FixedZone(-west), nil
	case zoneOverflow:
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "numeric time zone \"%s\" out of range", name)
	}
	return ZoneArgument(name, t, true)
}

// MakeInterval is make_interval; 22008 out of range.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (Interval, error) {
	if math.IsNaN(secs) || math.IsInf(secs, 0) {
		return Interval{}, intervalRange()
	}
	us := roundEven(secs * 1e6)
	if !(us >= math.MinInt64 && us < -math.MinInt64) {
		return Interval{}, intervalRange()
	}
	t := int64(hours)*microsPerHour + int64(mins)*microsPerMinute
	if !addOK(&t, int64(us)) {
		return Interval{}, intervalRange()
	}
	return Interval{Micros: t, Days: weeks*7 + days, Months: years*12 + months}, nil
}
