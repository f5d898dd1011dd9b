package datetime

import "datapunk/internal/pgerr"

// truncate cuts a broken-down time to a unit; redo says that the date changed so
// that the offset must be found again.
func (f *fields) truncate(k kind) (redo, ok bool) {
	switch k {
	case kMicro:
		return false, true
	case kMilli:
		f.micros = f.micros / 1000 * 1000
		return false, true
	case kSecond, kMinute, kHour:
		f.micros = 0
		if k != kSecond {
			f.sec = 0
		}
		if k == kHour {
			f.min = 0
		}
		return false, true
	case kWeek:
		jd := julian(f.year, f.mon, f.day)
		f.year, f.mon, f.day = fromJulian(jd - (weekday(jd)+6)%7)
	case kMillenn:
		f.year = (century(f.year, 1000)-1)*1000 + 1
		if y := century(f.year, 1000); y <= 0 {
			f.year += 1000
		}
		f.mon, f.day = 1, 1
	case kCentury:
		c := century(f.year, 100)
		f.year = (c-1)*100 + 1
		if c <= 0 {
			f.year += 100
		}
		f.mon, f.day = 1, 1
	case kDecade:
		f.year = decade(f.year) * 10
		f.mon, f.day = 1, 1
	case kYear:
		f.mon, f.day = 1, 1
	case kQuarter:
		f.mon, f.day = (f.mon-1)/3*3+1, 1
	case kMonth:
		f.day = 1
	case kDay:
	default:
		return false, false
	}
	f.setTime(0)
	return true, true
}

func truncUnit(name, typeName string) (low string, k kind, err error) {
	low, t, ok := unitOfInterval(name)
	if !ok || t.kind != kUnits {
		return low, 0, badUnit(low, false, typeName)
	}
	return low, kind(t.value), nil
}

// unitOfInterval resolves a name among the interval units alone.
func unitOfInterval(name string) (low string, t token, ok bool) {
	low, _, _ = unitOf(name)
	t, ok = lookup(unitTokens, low)
	return
}

// DateTrunc is date_trunc for a timestamp without zone. Errors: 22023 no such
// unit, 0A000 not of a timestamp, 22008 out of range.
func DateTrunc(unit string, t Timestamp) (Timestamp, error) {
	return dateTrunc(unit, t, nil, nameTimestamp)
}

// DateTruncTZ is date_trunc for timestamptz in a zone; errors as DateTrunc.
func DateTruncTZ(unit string, t Timestamp, z *Zone) (Timestamp, error) {
	return dateTrunc(unit, t, z, nameTimestampTZ)
}

func dateTrunc(unit string, t Timestamp, z *Zone, typeName string) (Timestamp, error) {
	if !t.IsFinite() {
		return t, nil
	}
	low, k, err := truncUnit(unit, typeName)
	if err != nil {
		return 0, err
	}
	var f fields
	if z != nil {
		t.splitIn(z, &f)
	} else {
		t.split(&f)
	}
	redo, ok := f.truncate(k)
	if !ok {
		return 0, badUnit(low, true, typeName)
	}
	if !validJulian(f.year, f.mon) {
		return 0, timestampRange()
	}
	if redo && z != nil {
		f.zone = -z.FromLocal(f.localSeconds())
	}
	r, ok := f.timestampZone(z != nil)
	if !ok {
		return 0, timestampRange()
	}
	return r, nil
}

// TruncInterval is date_trunc for an interval; errors as DateTrunc.
func TruncInterval(unit string, v Interval) (Interval, error) {
	low, k, err := truncUnit(unit, "interval")
	if err != nil {
		return v, err
	}
	cut := func(n int32) (Interval, error) { return Interval{Months: v.Months / n * n}, nil }
	switch k {
	case kMillenn:
		return cut(12000)
	case kCentury:
		return cut(1200)
	case kDecade:
		return cut(120)
	case kYear:
		return cut(12)
	case kQuarter:
		return cut(3)
	case kMonth:
		return cut(1)
	}
	var p int64
	switch k {
	case kDay:
		v.Micros = 0
		return v, nil
	case kHour:
		p = microsPerHour
	case kMinute:
		p = microsPerMinute
	case kSecond:
		p = microsPerSecond
	case kMilli:
		p = 1000
	case kMicro:
		return v, nil
	default:
		e := badUnit(low, true, "interval")
		if k == kWeek {
			e = pgerr.Of(e).WithDetail("Months usually have fractional weeks.")
		}
		return v, e
	}
	v.Micros = v.Micros / p * p
	return v, nil
}

// DateBin is date_bin: the start of the stride that holds t, counted from
// origin. Errors: 0A000 for months, 22008 for a stride or origin out of range.
func DateBin(stride Interval, t, origin Timestamp) (Timestamp, error) {
	if !t.IsFinite() {
		return t, nil
	}
	if !origin.IsFinite() {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "origin out of range")
	}
	if stride.Months != 0 {
		return 0, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	p, ok := mulOK(int64(stride.Days), microsPerDay)
	if !ok || !addOK(&p, stride.Micros) {
		return 0, intervalRange()
	}
	if p <= 0 {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "stride must be greater than zero")
	}
	diff := int64(t)
	if !addOK(&diff, -int64(origin)) {
		return 0, intervalRange()
	}
	q, _ := floorDiv(diff, p)
	r := int64(origin) + q*p
	if !Timestamp(r).valid() {
		return 0, timestampRange()
	}
	return Timestamp(r), nil
}
