package datetime

import (
	"math"

	"datapunk/internal/pgerr"
)

// ParseDate reads a date. Errors: 22007 syntax, 22008 range, 22009 and 22023
// zone.
func ParseDate(s string, style *Style) (Date, error) {
	d := decoder{style: style}
	r, err := d.decode(s)
	if err != nil {
		return 0, err
	}
	if r != decodeOK {
		return 0, r.parseError(s, "date")
	}
	switch d.special {
	case kEpoch:
		return unixJulian - epochJulian, nil
	case kLate:
		return DateInfinity, nil
	case kEarly:
		return DateNegInfinity, nil
	}
	if validJulian(d.tm.year, d.tm.mon) {
		if v := Date(julian(d.tm.year, d.tm.mon, d.tm.day) - epochJulian); v.valid() {
			return v, nil
		}
	}
	return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "date out of range: \"%s\"", s)
}

// ParseTimestamp reads a timestamp without time zone, rounded to precision 0 to
// 6 (-1 leaves it). Errors as ParseDate.
func ParseTimestamp(s string, precision int, style *Style) (Timestamp, error) {
	return parseTimestamp(s, precision, style, false)
}

// ParseTimestampTZ is ParseTimestamp with time zone; the result is UTC.
func ParseTimestampTZ(s string, precision int, style *Style) (Timestamp, error) {
	return parseTimestamp(s, precision, style, true)
}

func parseTimestamp(s string, precision int, style *Style, zoned bool) (Timestamp, error) {
	name := "timestamp"
	if zoned {
		name = "timestamp with time zone"
	}
	d := decoder{style: style}
	r, err := d.decode(s)
	if err != nil {
		return 0, err
	}
	if r != decodeOK {
		return 0, r.parseError(s, name)
	}
	switch d.special {
	case kEpoch:
		return -unixEpochSeconds * microsPerSecond, nil
	case kLate:
		return TimestampInfinity, nil
	case kEarly:
		return TimestampNegInfinity, nil
	}
	t, ok := d.tm.timestampZone(zoned)
	if ok {
		t = t.Round(precision)
		ok = t.valid()
	}
	if !ok {
		return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", s)
	}
	return t, nil
}

// timestampZone is timestamp, moved to UTC if zoned.
func (f *fields) timestampZone(zoned bool) (Timestamp, bool) {
	if !validJulian(f.year, f.mon) {
		return 0, false
	}
	days := int64(julian(f.year, f.mon, f.day)) - epochJulian
	if days > 106751991 || days < -106751991 {
		return 0, false
	}
	us := f.timeMicros()
	if zoned {
		us += int64(f.zone) * microsPerSecond
	}
	t := days * microsPerDay
	if us > 0 && t > math.MaxInt64-us {
		return 0, false
	}
	return Timestamp(t + us), Timestamp(t + us).valid()
}

// ParseTime reads a time of day. Errors as ParseDate.
func ParseTime(s string, precision int, style *Style) (Time, error) {
	d := decoder{style: style}
	r, err := d.decodeTime(s)
	if err != nil {
		return 0, err
	}
	if r != decodeOK {
		return 0, r.parseError(s, "time")
	}
	return Time(d.tm.timeMicros()).Round(precision), nil
}

// ParseTimeTZ reads a time of day with its zone. Errors as ParseDate.
func ParseTimeTZ(s string, precision int, style *Style) (TimeTZ, error) {
	d := decoder{style: style}
	r, err := d.decodeTime(s)
	if err != nil {
		return TimeTZ{}, err
	}
	if r != decodeOK {
		return TimeTZ{}, r.parseError(s, "time with time zone")
	}
	return TimeTZ{Micros: int64(Time(d.tm.timeMicros()).Round(precision)), Zone: int32(d.tm.zone)}, nil
}

var precisionScale = [7]int64{1000000, 100000, 10000, 1000, 100, 10, 1}

// roundMicros rounds half away from zero to precision digits; -1 changes nothing.
func roundMicros(us int64, precision int) int64 {
	if precision < 0 || precision >= 6 {
		return us
	}
	p := precisionScale[precision]
	if us >= 0 {
		return (us + p/2) / p * p
	}
	return -((-us + p/2) / p * p)
}

// Round rounds to precision 0 to 6 of a second; -1 changes nothing.
func (t Timestamp) Round(precision int) Timestamp {
	if !t.IsFinite() {
		return t
	}
	return Timestamp(roundMicros(int64(t), precision))
}

// Round rounds to precision 0 to 6 of a second; -1 changes nothing.
func (t Time) Round(precision int) Time { return Time(roundMicros(int64(t), precision)) }
