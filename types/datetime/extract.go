package datetime

import (
	"math"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/types/numeric"
)

// Part is a field's value: extract returns Numeric, date_part Float.
type Part struct {
	units int64 // value * 10^scale
	scale int
	add   int64 // whole units added (julian days), with units/86400e6 of a day
	kind  uint8
}

const (
	partPlain uint8 = iota
	partNull
	partInf
	partNegInf
	partJulian
	partSum      // units/10^scale + add
	partFarEpoch // units microseconds since 2000, too many since 1970
)

// IsNull says that the field has no value, as the month of infinity.
func (p Part) IsNull() bool { return p.kind == partNull }

// Numeric is the value that extract returns.
func (p Part) Numeric() numeric.Decimal {
	switch p.kind {
	case partInf:
		return numeric.PosInf
	case partNegInf:
		return numeric.NegInf
	case partSum:
		r, _ := numeric.FromScaled(p.units, p.scale).Add(numeric.FromInt64(p.add))
		return r
	case partFarEpoch:
		q, _ := numeric.FromInt64(p.units).Add(numeric.FromInt64(unixEpochSeconds * microsPerSecond))
		q, _ = q.Div(numeric.FromInt64(microsPerSecond))
		q, _ = q.Round(6)
		return q
	case partJulian:
		q, _ := numeric.FromInt64(p.units).Div(numeric.FromInt64(microsPerDay))
		r, _ := q.Add(numeric.FromInt64(p.add))
		return r
	}
	return numeric.FromScaled(p.units, p.scale)
}

// Float is the value that date_part returns.
func (p Part) Float() float64 {
	switch p.kind {
	case partInf:
		return math.Inf(1)
	case partNegInf:
		return math.Inf(-1)
	case partFarEpoch:
		return (float64(p.units) + unixEpochSeconds*microsPerSecond) / microsPerSecond
	case partSum:
		return float64(p.units)/1e6 + float64(p.add)
	case partJulian:
		return float64(p.add) + float64(p.units)/microsPerDay
	}
	switch p.scale {
	case 3:
		return float64(p.units) / 1000
	case 6:
		return float64(p.units) / 1000000
	}
	return float64(p.units)
}

func whole(v int) (Part, error) { return Part{units: int64(v)}, nil }

// unitOf resolves a field name; reserved words (epoch, now) come as kReserved.
func unitOf(name string) (low string, t token, ok bool) {
	low = strings.ToLower(name)
	if len(low) > 63 {
		low = low[:63]
	}
	if t, ok = lookup(unitTokens, low); !ok {
		t, ok = lookup(dateTokens, low)
	}
	return
}

func badUnit(low string, known bool, typeName string) error {
	if known {
		return pgerr.Newf(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", low, typeName)
	}
	return pgerr.Newf(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", low, typeName)
}

// unitFor returns the unit, kEpoch for epoch, or an error unless it is a unit.
func unitFor(name, typeName string) (low string, k kind, err error) {
	low, t, ok := unitOf(name)
	switch {
	case ok && t.kind == kUnits:
		return low, kind(t.value), nil
	case ok && t.kind == kReserved && (kind(t.value) == kEpoch || strings.HasPrefix(typeName, "timestamp") || typeName == "date"):
		return low, kind(t.value), nil
	}
	return low, 0, badUnit(low, false, typeName)
}

const (
	nameTimestamp   = "timestamp without time zone"
	nameTimestampTZ = "timestamp with time zone"
)

func century(y, n int) int {
	if y > 0 {
		return (y + n - 1) / n
	}
	return -((n - 1 - (y - 1)) / n)
}

func decade(y int) int {
	if y >= 0 {
		return y / 10
	}
	return -((8 - (y - 1)) / 10)
}

// datePart gives the fields that depend on the date alone.
func datePart(k kind, f *fields) (Part, bool) {
	v := 0
	switch k {
	case kDay:
		v = f.day
	case kMonth:
		v = f.mon
	case kQuarter:
		v = (f.mon-1)/3 + 1
	case kWeek:
		_, v = isoWeek(f.year, f.mon, f.day)
	case kYear:
		if v = f.year; v <= 0 {
			v--
		}
	case kDecade:
		v = decade(f.year)
	case kCentury:
		v = century(f.year, 100)
	case kMillenn:
		v = century(f.year, 1000)
	case kISOYear:
		if v, _ = isoWeek(f.year, f.mon, f.day); v <= 0 {
			v--
		}
	case kDOW:
		v = weekday(julian(f.year, f.mon, f.day))
	case kISODOW:
		if v = weekday(julian(f.year, f.mon, f.day)); v == 0 {
			v = 7
		}
	case kDOY:
		v = julian(f.year, f.mon, f.day) - julian(f.year, 1, 1) + 1
	default:
		return Part{}, false
	}
	return Part{units: int64(v)}, true
}

func clockPart(k kind, f *fields) (Part, bool) {
	us := int64(f.sec)*microsPerSecond + int64(f.micros)
	switch k {
	case kMicro:
		return Part{units: us}, true
	case kMilli:
		return Part{units: us, scale: 3}, true
	case kSecond:
		return Part{units: us, scale: 6}, true
	case kMinute:
		return Part{units: int64(f.min)}, true
	case kHour:
		return Part{units: int64(f.hour)}, true
	}
	return Part{}, false
}

func zonePart(k kind, east int) (Part, bool) {
	switch k {
	case kTZ:
		return Part{units: int64(east)}, true
	case kTZMinute:
		return Part{units: int64(east / 60 % 60)}, true
	case kTZHour:
		return Part{units: int64(east / 3600)}, true
	}
	return Part{}, false
}

// infinitePart gives the fields of ±infinity; false for a unit without one.
func infinitePart(k kind, neg, zoned, date bool) (Part, bool) {
	switch k {
	case kYear, kDecade, kCentury, kMillenn, kJulian, kISOYear, kEpoch:
		if neg {
			return Part{kind: partNegInf}, true
		}
		return Part{kind: partInf}, true
	case kDay, kMonth, kQuarter, kWeek, kDOW, kISODOW, kDOY:
		return Part{kind: partNull}, true
	case kMicro, kMilli, kSecond, kMinute, kHour:
		return Part{kind: partNull}, !date
	case kTZ, kTZMinute, kTZHour:
		return Part{kind: partNull}, zoned
	}
	return Part{}, false
}

// ExtractDate is extract(field from date). Errors: 22023 no such field, 0A000
// not of a date.
func ExtractDate(name string, d Date) (Part, error) {
	low, k, err := unitFor(name, "date")
	if err != nil {
		return Part{}, err
	}
	if !d.IsFinite() {
		if p, ok := infinitePart(k, d < 0, false, true); ok {
			return p, nil
		}
		return Part{}, badUnit(low, true, "date")
	}
	var f fields
	f.year, f.mon, f.day = fromJulian(int(d) + epochJulian)
	switch k {
	case kJulian:
		return whole(int(d) + epochJulian)
	case kEpoch:
		return Part{units: (int64(d) + epochJulian - unixJulian) * secondsPerDay}, nil
	}
	if p, ok := datePart(k, &f); ok {
		return p, nil
	}
	return Part{}, badUnit(low, true, "date")
}

// ExtractTimestamp is extract(field from timestamp). Errors as ExtractDate.
func ExtractTimestamp(name string, t Timestamp) (Part, error) {
	return extractTimestamp(name, t, nil, nameTimestamp)
}

// ExtractTimestampTZ is extract(field from timestamptz) in a zone.
func ExtractTimestampTZ(name string, t Timestamp, z *Zone) (Part, error) {
	return extractTimestamp(name, t, z, nameTimestampTZ)
}

func extractTimestamp(name string, t Timestamp, z *Zone, typeName string) (Part, error) {
	low, k, err := unitFor(name, typeName)
	if err != nil {
		return Part{}, err
	}
	if !t.IsFinite() {
		if p, ok := infinitePart(k, t < 0, true, false); ok {
			return p, nil
		}
		return Part{}, badUnit(low, true, typeName)
	}
	var f fields
	if z != nil {
		t.splitIn(z, &f)
		if p, ok := zonePart(k, -f.zone); ok {
			return p, nil
		}
	} else {
		t.split(&f)
	}
	switch k {
	case kEpoch:
		// the sum may pass int64 near the end of the range
		us := int64(t)
		if us > math.MaxInt64-unixEpochSeconds*microsPerSecond {
			return Part{units: us, kind: partFarEpoch}, nil
		}
		return Part{units: us + unixEpochSeconds*microsPerSecond, scale: 6}, nil
	case kJulian:
		return Part{add: int64(julian(f.year, f.mon, f.day)), units: f.timeMicros(), kind: partJulian}, nil
	}
	if p, ok := datePart(k, &f); ok {
		return p, nil
	}
	if p, ok := clockPart(k, &f); ok {
		return p, nil
	}
	return Part{}, badUnit(low, true, typeName)
}

// ExtractTime is extract(field from time). Errors as ExtractDate.
func ExtractTime(name string, t Time) (Part, error) {
	const typeName = "time without time zone"
	low, k, err := unitFor(name, typeName)
	if err != nil {
		return Part{}, err
	}
	if k == kEpoch {
		return Part{units: int64(t), scale: 6}, nil
	}
	var f fields
	f.setTime(int64(t))
	if p, ok := clockPart(k, &f); ok {
		return p, nil
	}
	return Part{}, badUnit(low, true, typeName)
}

// ExtractTimeTZ is extract(field from timetz). Errors as ExtractDate.
func ExtractTimeTZ(name string, t TimeTZ) (Part, error) {
	const typeName = "time with time zone"
	low, k, err := unitFor(name, typeName)
	if err != nil {
		return Part{}, err
	}
	if k == kEpoch {
		return Part{units: t.Micros + int64(t.Zone)*microsPerSecond, scale: 6}, nil
	}
	var f fields
	f.setTime(t.Micros)
	if p, ok := clockPart(k, &f); ok {
		return p, nil
	}
	if p, ok := zonePart(k, -int(t.Zone)); ok {
		return p, nil
	}
	return Part{}, badUnit(low, true, typeName)
}

// ExtractInterval is extract(field from interval). Errors as ExtractDate.
func ExtractInterval(name string, v Interval) (Part, error) {
	low, k, err := unitFor(name, "interval")
	if err != nil {
		return Part{}, err
	}
	f := v.split()
	us := int64(f.sec)*microsPerSecond + int64(f.us)
	switch k {
	case kMicro:
		return Part{units: us}, nil
	case kMilli:
		return Part{units: us, scale: 3}, nil
	case kSecond:
		return Part{units: us, scale: 6}, nil
	case kMinute:
		return Part{units: int64(f.min)}, nil
	case kHour:
		return Part{units: f.hour}, nil
	case kDay:
		return Part{units: f.day}, nil
	case kMonth:
		return Part{units: f.mon}, nil
	case kQuarter:
		return Part{units: f.mon/3 + 1}, nil
	case kYear:
		return Part{units: f.year}, nil
	case kDecade:
		return Part{units: f.year / 10}, nil
	case kCentury:
		return Part{units: f.year / 100}, nil
	case kMillenn:
		return Part{units: f.year / 1000}, nil
	case kEpoch:
		sec := (1461*int64(v.Months/12) + 120*int64(v.Months%12) + 4*int64(v.Days)) * (secondsPerDay / 4)
		m, ok := mulOK(sec, microsPerSecond)
		if ok && addOK(&m, v.Micros) {
			return Part{units: m, scale: 6}, nil
		}
		return Part{units: v.Micros, scale: 6, add: sec, kind: partSum}, nil
	}
	return Part{}, badUnit(low, true, "interval")
}
