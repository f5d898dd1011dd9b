package datetime

import "strconv"

// pad appends v with at least width digits.
func pad(dst []byte, v, width int) []byte {
	if width == 2 && v >= 0 && v < 100 {
		return append(dst, byte('0'+v/10), byte('0'+v%10))
	}
	p := 1
	for i := 1; i < width; i++ {
		p *= 10
		if v < p {
			dst = append(dst, '0')
		}
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// appendSeconds appends ss[.ffffff] without trailing zeros.
func appendSeconds(dst []byte, sec, micros int, fill bool) []byte {
	if sec < 0 {
		sec = -sec
	}
	if micros < 0 {
		micros = -micros
	}
	if fill {
		dst = pad(dst, sec, 2)
	} else {
		dst = strconv.AppendInt(dst, int64(sec), 10)
	}
	if micros == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = pad(dst, micros, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendZone appends ±hh[:mm[:ss]] for seconds west.
func appendZone(dst []byte, west int, style DateStyle) []byte {
	sign := byte('-')
	if west <= 0 {
		sign, west = '+', -west
	}
	dst = append(dst, sign)
	dst = pad(dst, west/3600, 2)
	m, s := west/60%60, west%60
	if m != 0 || s != 0 || style == styleXSD {
		dst = pad(append(dst, ':'), m, 2)
	}
	if s != 0 {
		dst = pad(append(dst, ':'), s, 2)
	}
	return dst
}

func displayYear(y int) int {
	if y <= 0 {
		return 1 - y
	}
	return y
}

func (s *Style) parts() (DateStyle, DateOrder) {
	if s == nil {
		return StyleISO, MDY
	}
	return s.DateStyle, s.DateOrder
}

// AppendDate appends a date in the session's style.
func AppendDate(dst []byte, d Date, s *Style) []byte {
	switch d {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	y, m, day := fromJulian(int(d) + epochJulian)
	style, order := s.parts()
	year := displayYear(y)
	switch style {
	case StyleISO, styleXSD:
		dst = pad(dst, year, 4)
		dst = pad(append(dst, '-'), m, 2)
		dst = pad(append(dst, '-'), day, 2)
	case StyleSQL:
		dst = appendPair(dst, m, day, '/', order == DMY)
		dst = pad(append(dst, '/'), year, 4)
	case StyleGerman:
		dst = appendPair(dst, m, day, '.', true)
		dst = pad(append(dst, '.'), year, 4)
	default:
		dst = appendPair(dst, m, day, '-', order == DMY)
		dst = pad(append(dst, '-'), year, 4)
	}
	if y <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendPair(dst []byte, m, d int, sep byte, dayFirst bool) []byte {
	if dayFirst {
		m, d = d, m
	}
	return pad(append(pad(dst, m, 2), sep), d, 2)
}

// AppendTimestamp appends a timestamp without time zone.
func AppendTimestamp(dst []byte, t Timestamp, s *Style) []byte {
	if !t.IsFinite() {
		return appendInfinity(dst, t)
	}
	var f fields
	t.split(&f)
	return appendDateTime(dst, &f, false, s)
}

// AppendTimestampTZ appends a UTC timestamp in the session's zone.
func AppendTimestampTZ(dst []byte, t Timestamp, s *Style) []byte {
	if !t.IsFinite() {
		return appendInfinity(dst, t)
	}
	var f fields
	t.splitIn(s.zone(), &f)
	return appendDateTime(dst, &f, true, s)
}

func appendInfinity(dst []byte, t Timestamp) []byte {
	if t < 0 {
		return append(dst, "-infinity"...)
	}
	return append(dst, "infinity"...)
}

func appendClock(dst []byte, f *fields) []byte {
	dst = pad(dst, f.hour, 2)
	dst = pad(append(dst, ':'), f.min, 2)
	return appendSeconds(append(dst, ':'), f.sec, f.micros, true)
}

func appendDateTime(dst []byte, f *fields, zoned bool, s *Style) []byte {
	style, order := s.parts()
	year := displayYear(f.year)
	name := f.abbrev
	if len(name) > 10 {
		name = name[:10]
	}
	switch style {
	case StyleISO, styleXSD:
		dst = pad(dst, year, 4)
		dst = pad(append(dst, '-'), f.mon, 2)
		dst = pad(append(dst, '-'), f.day, 2)
		sep := byte(' ')
		if style == styleXSD {
			sep = 'T'
		}
		dst = appendClock(append(dst, sep), f)
		if zoned {
			dst = appendZone(dst, f.zone, style)
		}
	case StyleSQL, StyleGerman:
		sep := byte('/')
		if style == StyleGerman {
			sep = '.'
		}
		dst = appendPair(dst, f.mon, f.day, sep, style == StyleGerman || order == DMY)
		dst = pad(append(dst, sep), year, 4)
		dst = appendClock(append(dst, ' '), f)
		if zoned {
			dst = append(append(dst, ' '), name...)
		}
	default:
		dst = append(dst, dayNames[weekday(julian(f.year, f.mon, f.day))][:3]...)
		dst = append(dst, ' ')
		if order == DMY {
			dst = pad(dst, f.day, 2)
			dst = append(append(dst, ' '), monthNames[f.mon-1][:3]...)
		} else {
			dst = append(dst, monthNames[f.mon-1][:3]...)
			dst = pad(append(dst, ' '), f.day, 2)
		}
		dst = appendClock(append(dst, ' '), f)
		dst = pad(append(dst, ' '), year, 4)
		if zoned {
			dst = append(append(dst, ' '), name...)
		}
	}
	if f.year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTime appends a time of day.
func AppendTime(dst []byte, t Time) []byte {
	var f fields
	f.setTime(int64(t))
	return appendClock(dst, &f)
}

// AppendTimeTZ appends a time of day with its zone.
func AppendTimeTZ(dst []byte, t TimeTZ) []byte {
	var f fields
	f.setTime(t.Micros)
	return appendZone(appendClock(dst, &f), int(t.Zone), StyleISO)
}

// AppendJSONDate, AppendJSONTimestamp and AppendJSONTimestampTZ append the ISO
// 8601 forms that JSON and XML use.
func AppendJSONDate(dst []byte, d Date) []byte { return AppendDate(dst, d, nil) }

// AppendJSONTimestamp is the form with T.
func AppendJSONTimestamp(dst []byte, t Timestamp) []byte {
	return AppendTimestamp(dst, t, &Style{DateStyle: styleXSD})
}

// AppendJSONTimestampTZ is the form with T and ±hh:mm.
func AppendJSONTimestampTZ(dst []byte, t Timestamp, z *Zone) []byte {
	return AppendTimestampTZ(dst, t, &Style{DateStyle: styleXSD, Zone: z})
}

// intervalFields is an interval broken down; hours may pass 24.
type intervalFields struct {
	year, mon, day int64
	hour           int64
	min, sec, us   int
}

func (v Interval) split() (f intervalFields) {
	f.year, f.mon = int64(v.Months/12), int64(v.Months%12)
	f.day = int64(v.Days)
	t := v.Micros
	f.hour = t / microsPerHour
	t -= f.hour * microsPerHour
	f.min = int(t / microsPerMinute)
	t -= int64(f.min) * microsPerMinute
	f.sec = int(t / microsPerSecond)
	f.us = int(t % microsPerSecond)
	return
}

func absI(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// AppendInterval appends an interval in the session's interval style.
func AppendInterval(dst []byte, v Interval, s *Style) []byte {
	f := v.split()
	style := IntervalPostgres
	if s != nil {
		style = s.IntervalStyle
	}
	switch style {
	case IntervalSQLStandard:
		return f.appendSQL(dst)
	case IntervalISO8601:
		return f.appendISO(dst)
	case IntervalPostgresVerbose:
		return f.appendVerbose(dst)
	}
	return f.appendPostgres(dst)
}

func (f *intervalFields) timeNegative() bool { return f.hour < 0 || f.min < 0 || f.sec < 0 || f.us < 0 }
func (f *intervalFields) timeZero() bool {
	return f.hour == 0 && f.min == 0 && f.sec == 0 && f.us == 0
}

func (f *intervalFields) appendClock(dst []byte) []byte {
	h := absI(f.hour)
	if h < 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, h, 10)
	dst = pad(append(dst, ':'), int(absI(int64(f.min))), 2)
	return appendSeconds(append(dst, ':'), f.sec, f.us, true)
}

func (f *intervalFields) appendPostgres(dst []byte) []byte {
	zero, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if !zero {
			dst = append(dst, ' ')
		}
		if before && v > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, v, 10)
		dst = append(append(dst, ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		before = v < 0
		zero = false
	}
	part(f.year, "year")
	part(f.mon, "mon")
	part(f.day, "day")
	if zero || !f.timeZero() {
		if !zero {
			dst = append(dst, ' ')
		}
		if f.timeNegative() {
			dst = append(dst, '-')
		} else if before {
			dst = append(dst, '+')
		}
		dst = f.appendClock(dst)
	}
	return dst
}

func (f *intervalFields) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if zero {
			before = v < 0
			v = absI(v)
		} else if before {
			v = -v
		}
		dst = strconv.AppendInt(append(dst, ' '), v, 10)
		dst = append(append(dst, ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	part(f.year, "year")
	part(f.mon, "mon")
	part(f.day, "day")
	part(f.hour, "hour")
	part(int64(f.min), "min")
	if f.sec != 0 || f.us != 0 {
		dst = append(dst, ' ')
		if f.sec < 0 || f.sec == 0 && f.us < 0 {
			if zero {
				before = true
			} else if !before {
				dst = append(dst, '-')
			}
		} else if before {
			dst = append(dst, '-')
		}
		dst = appendSeconds(dst, f.sec, f.us, false)
		dst = append(dst, " sec"...)
		if absI(int64(f.sec)) != 1 || f.us != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (f *intervalFields) appendISO(dst []byte) []byte {
	if f.year == 0 && f.mon == 0 && f.day == 0 && f.timeZero() {
		return append(dst, "PT0S"...)
	}
	part := func(v int64, unit byte) {
		if v != 0 {
			dst = append(strconv.AppendInt(dst, v, 10), unit)
		}
	}
	dst = append(dst, 'P')
	part(f.year, 'Y')
	part(f.mon, 'M')
	part(f.day, 'D')
	if !f.timeZero() {
		dst = append(dst, 'T')
		part(f.hour, 'H')
		part(int64(f.min), 'M')
		if f.sec != 0 || f.us != 0 {
			if f.sec < 0 || f.us < 0 {
				dst = append(dst, '-')
			}
			dst = append(appendSeconds(dst, f.sec, f.us, false), 'S')
		}
	}
	return dst
}

func (f *intervalFields) appendSQL(dst []byte) []byte {
	negative := f.year < 0 || f.mon < 0 || f.day < 0 || f.timeNegative()
	positive := f.year > 0 || f.mon > 0 || f.day > 0 || f.hour > 0 || f.min > 0 || f.sec > 0 || f.us > 0
	hasMonths := f.year != 0 || f.mon != 0
	hasTime := !f.timeZero()
	hasDay := f.day != 0
	standard := !(negative && positive) && !(hasMonths && (hasDay || hasTime))
	if negative && standard {
		dst = append(dst, '-')
		f.year, f.mon, f.day, f.hour = -f.year, -f.mon, -f.day, -f.hour
		f.min, f.sec, f.us = -f.min, -f.sec, -f.us
	}
	sign := func(neg bool) {
		if neg {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	shortClock := func() {
		dst = strconv.AppendInt(dst, absI(f.hour), 10)
		dst = pad(append(dst, ':'), int(absI(int64(f.min))), 2)
		dst = appendSeconds(append(dst, ':'), f.sec, f.us, true)
	}
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case !standard:
		sign(f.year < 0 || f.mon < 0)
		dst = strconv.AppendInt(dst, absI(f.year), 10)
		dst = strconv.AppendInt(append(dst, '-'), absI(f.mon), 10)
		dst = append(dst, ' ')
		sign(f.day < 0)
		dst = strconv.AppendInt(dst, absI(f.day), 10)
		dst = append(dst, ' ')
		sign(f.timeNegative())
		shortClock()
	case hasMonths:
		dst = strconv.AppendInt(dst, f.year, 10)
		dst = strconv.AppendInt(append(dst, '-'), f.mon, 10)
	case hasDay:
		dst = strconv.AppendInt(dst, f.day, 10)
		dst = append(dst, ' ')
		shortClock()
	default:
		shortClock()
	}
	return dst
}
