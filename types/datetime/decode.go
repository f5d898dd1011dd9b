package datetime

import (
	"math"
	"strconv"
	"strings"
)

func roundEven(f float64) float64 { return math.RoundToEven(f) }

func parseDouble(s string) (float64, bool) {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// decoder holds the state of reading one date and time.
type decoder struct {
	style     *Style
	tm        fields
	mask      uint32
	twoDigits bool
	textMonth bool
	isJulian  bool
	bc        bool
	mer       int // 1 AM, 2 PM
	label     kind
	named     *Zone
	dynamic   *Abbreviation
	special   kind // kEpoch, kLate, kEarly; 0 otherwise
	timeOnly  bool // the result is a time of day
}

func (d *decoder) setJulian(jd int) { d.tm.year, d.tm.mon, d.tm.day = fromJulian(jd) }

// decodeZone reads ±hh[:mm[:ss]] or ±hhmm; the result is seconds west.
func decodeZone(s string) (west int, r result) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, badFormat
	}
	hr, n, over := number(s[1:])
	if over {
		return 0, zoneOverflow
	}
	rest := s[1+n:]
	minute, sec := 0, 0
	if rest != "" && rest[0] == ':' {
		minute, n, over = number(rest[1:])
		if over {
			return 0, zoneOverflow
		}
		rest = rest[1+n:]
		if rest != "" && rest[0] == ':' {
			sec, n, over = number(rest[1:])
			if over {
				return 0, zoneOverflow
			}
			rest = rest[1+n:]
		}
	} else if rest == "" && len(s) > 3 {
		minute, hr = hr%100, hr/100
	}
	if hr < 0 || hr > 15 || minute < 0 || minute >= 60 || sec < 0 || sec >= 60 {
		return 0, zoneOverflow
	}
	west = (hr*60+minute)*60 + sec
	if s[0] == '+' {
		west = -west
	}
	if rest != "" {
		return west, badFormat
	}
	return west, decodeOK
}

// clock reads hh:mm[:ss[.fff]]; minuteSecond takes two fields as mm:ss.
func clock(s string, minuteSecond bool) (hour int64, minute, sec, micros int, r result) {
	var n int
	for n < len(s) && (isDigit(s[n]) || n == 0 && (s[0] == '-' || s[0] == '+')) {
		n++
	}
	hour, err := strconv.ParseInt(s[:n], 10, 64)
	if err != nil {
		if n > 0 && n != 1 {
			return 0, 0, 0, 0, fieldOverflow
		}
		hour = 0
	}
	if n >= len(s) || s[n] != ':' {
		return 0, 0, 0, 0, badFormat
	}
	s = s[n+1:]
	minute, n, over := number(s)
	if over {
		return 0, 0, 0, 0, fieldOverflow
	}
	s = s[n:]
	ok := true
	switch {
	case s == "":
		if minuteSecond {
			if hour > math.MaxInt32 || hour < math.MinInt32 {
				return 0, 0, 0, 0, fieldOverflow
			}
			sec, minute, hour = minute, int(hour), 0
		}
	case s[0] == '.':
		micros, ok = fractionMicros(s)
		if hour > math.MaxInt32 || hour < math.MinInt32 {
			return 0, 0, 0, 0, fieldOverflow
		}
		sec, minute, hour = minute, int(hour), 0
	case s[0] == ':':
		sec, n, over = number(s[1:])
		if over {
			return 0, 0, 0, 0, fieldOverflow
		}
		s = s[1+n:]
		if s != "" {
			if s[0] != '.' {
				return 0, 0, 0, 0, badFormat
			}
			micros, ok = fractionMicros(s)
		}
	default:
		ok = false
	}
	if !ok {
		return 0, 0, 0, 0, badFormat
	}
	if hour < 0 || minute < 0 || minute > 59 || sec < 0 || sec > 60 || micros < 0 || micros > microsPerSecond {
		return 0, 0, 0, 0, fieldOverflow
	}
	return hour, minute, sec, micros, decodeOK
}

func (d *decoder) clock(s string) (tmask uint32, r result) {
	h, m, sec, us, r := clock(s, false)
	if h > math.MaxInt32 {
		return 0, fieldOverflow
	}
	d.tm.hour, d.tm.min, d.tm.sec, d.tm.micros = int(h), m, sec, us
	return maskTime, r
}

func timeOverflows(f *fields) bool {
	return f.hour < 0 || f.hour > 24 || f.min < 0 || f.min > 59 || f.sec < 0 || f.sec > 60 ||
		f.micros < 0 || f.micros > microsPerSecond || f.timeMicros() > microsPerDay
}

func atoi(s string) int { v, _, _ := number(s); return v }

// run reads digits run together: a date yymmdd or yyyymmdd, or a time hhmmss or
// hhmm. what says which one it was.
func (d *decoder) run(s string, mask uint32) (tmask uint32, what fieldType, r result) {
	if p := strings.IndexByte(s, '.'); p >= 0 {
		var f float64
		if len(s) > p+1 {
			e := p + 1
			for e < len(s) && isDigit(s[e]) {
				e++
			}
			f, _ = parseDouble(s[p:e])
		}
		d.tm.micros = int(roundEven(f * 1000000))
		s = s[:p]
	} else if mask&maskDate != maskDate && len(s) >= 6 {
		n := len(s)
		d.tm.day, d.tm.mon, d.tm.year = atoi(s[n-2:]), atoi(s[n-4:n-2]), atoi(s[:n-4])
		if n-4 == 2 {
			d.twoDigits = true
		}
		return maskDate, ftDate, decodeOK
	}
	if mask&maskTime != maskTime {
		switch len(s) {
		case 6:
			d.tm.sec, d.tm.min, d.tm.hour = atoi(s[4:]), atoi(s[2:4]), atoi(s[:2])
			return maskTime, ftTime, decodeOK
		case 4:
			d.tm.sec, d.tm.min, d.tm.hour = 0, atoi(s[2:]), atoi(s[:2])
			return maskTime, ftTime, decodeOK
		}
	}
	return 0, 0, badFormat
}

// number places one numeric field by what is known so far.
func (d *decoder) number(s string, textMonth bool, mask uint32) (tmask uint32, r result) {
	v, n, over := number(s)
	if over {
		return 0, fieldOverflow
	}
	if n == 0 {
		return 0, badFormat
	}
	if n < len(s) {
		if s[n] != '.' {
			return 0, badFormat
		}
		if n > 2 {
			tmask, _, r = d.run(s, mask|maskDate)
			return tmask, r
		}
		us, ok := fractionMicros(s[n:])
		if !ok {
			return 0, badFormat
		}
		d.tm.micros = us
	}
	tm := &d.tm
	order := d.order()
	if len(s) == 3 && mask&maskDate == bit(kYear) && v >= 1 && v <= 366 {
		tm.yday = v
		return bit(kYearDay) | bit(kMonth) | bit(kDay), decodeOK
	}
	yearFirst := len(s) >= 3 || order == YMD
	var k kind
	switch mask & maskDate {
	case 0:
		switch {
		case yearFirst:
			k = kYear
		case order == DMY:
			k = kDay
		default:
			k = kMonth
		}
	case bit(kYear):
		k = kMonth
	case bit(kMonth):
		k = kDay
		if textMonth && yearFirst {
			k = kYear
		}
	case bit(kYear) | bit(kMonth):
		if textMonth && len(s) >= 3 && d.twoDigits {
			tm.day, tm.year, d.twoDigits = tm.year, v, false
			return bit(kDay), decodeOK
		}
		k = kDay
	case bit(kDay):
		k = kMonth
	case bit(kMonth) | bit(kDay):
		k = kYear
	case maskDate:
		tmask, _, r = d.run(s, mask)
		return tmask, r
	default:
		return 0, badFormat
	}
	switch k {
	case kYear:
		tm.year = v
		d.twoDigits = len(s) <= 2
	case kMonth:
		tm.mon = v
	case kDay:
		tm.day = v
	}
	return bit(k), decodeOK
}

func (d *decoder) order() DateOrder {
	if d.style == nil {
		return MDY
	}
	return d.style.DateOrder
}

// date reads one field with separators that must hold a whole date.
func (d *decoder) date(s string, mask uint32) (tmask uint32, r result) {
	var part [maxFields]string
	n := 0
	for i := 0; i < len(s) && n < maxFields; n++ {
		for i < len(s) && !isAlnum(s[i]) {
			i++
		}
		if i >= len(s) {
			return 0, badFormat
		}
		start := i
		if isDigit(s[i]) {
			for i < len(s) && isDigit(s[i]) {
				i++
			}
		} else {
			for i < len(s) && isAlpha(s[i]) {
				i++
			}
		}
		part[n] = s[start:i]
		if i < len(s) {
			i++
		}
	}
	text := false
	for i := range n {
		if !isAlpha(part[i][0]) {
			continue
		}
		t, ok := lookup(dateTokens, part[i])
		if ok && t.kind == kIgnore {
			continue
		}
		if !ok || t.kind != kMonth || mask&bit(kMonth) != 0 {
			return 0, badFormat
		}
		d.tm.mon = t.value
		text = true
		mask |= bit(kMonth)
		tmask |= bit(kMonth)
		part[i] = ""
	}
	for i := range n {
		if part[i] == "" {
			continue
		}
		m, r := d.number(part[i], text, mask)
		if r != decodeOK {
			return 0, r
		}
		if mask&m != 0 {
			return 0, badFormat
		}
		mask |= m
		tmask |= m
	}
	if mask&^(bit(kYearDay)|bit(kZone)) != maskDate {
		return 0, badFormat
	}
	return tmask, decodeOK
}

// validate checks and finishes year, month and day.
func (d *decoder) validate() result {
	tm := &d.tm
	if d.mask&bit(kYear) != 0 && !d.isJulian {
		switch {
		case d.bc:
			if tm.year <= 0 {
				return fieldOverflow
			}
			tm.year = -(tm.year - 1)
		case d.twoDigits:
			if tm.year < 0 {
				return fieldOverflow
			}
			if tm.year < 70 {
				tm.year += 2000
			} else if tm.year < 100 {
				tm.year += 1900
			}
		case tm.year <= 0:
			return fieldOverflow
		}
	}
	if d.mask&bit(kYearDay) != 0 {
		d.setJulian(julian(tm.year, 1, 1) + tm.yday - 1)
	}
	if d.mask&bit(kMonth) != 0 && (tm.mon < 1 || tm.mon > 12) {
		return monthDayOverflow
	}
	if d.mask&bit(kDay) != 0 && (tm.day < 1 || tm.day > 31) {
		return monthDayOverflow
	}
	if d.mask&maskDate == maskDate && tm.day > daysIn(tm.year, tm.mon) {
		return fieldOverflow
	}
	return decodeOK
}

// meridian applies AM and PM.
func (d *decoder) meridian() result {
	tm := &d.tm
	if d.mer != 0 && tm.hour > 12 {
		return fieldOverflow
	}
	if d.mer == 1 && tm.hour == 12 {
		tm.hour = 0
	} else if d.mer == 2 && tm.hour != 12 {
		tm.hour += 12
	}
	return decodeOK
}

// today sets the date that it is in the session zone, moved by days.
func (d *decoder) today(days int) {
	var f fields
	d.style.now().splitIn(d.style.zone(), &f)
	d.setJulian(julian(f.year, f.mon, f.day) + days)
}

// labelled reads a number whose meaning the field before it gave.
func (d *decoder) labelled(s string) (tmask uint32, r result) {
	label := d.label
	d.label = 0
	v, n, over := number(s)
	if over {
		return 0, fieldOverflow
	}
	rest := s[n:]
	if rest != "" && rest[0] != '.' {
		return 0, badFormat
	}
	if rest != "" {
		switch label {
		case kJulian, kTime, kSecond:
		default:
			return 0, badFormat
		}
	}
	tm := &d.tm
	switch label {
	case kYear:
		tm.year = v
		return bit(kYear), decodeOK
	case kMonth:
		if d.mask&bit(kMonth) != 0 && d.mask&bit(kHour) != 0 {
			tm.min = v
			return bit(kMinute), decodeOK
		}
		tm.mon = v
		return bit(kMonth), decodeOK
	case kDay:
		tm.day = v
		return bit(kDay), decodeOK
	case kHour:
		tm.hour = v
		return bit(kHour), decodeOK
	case kMinute:
		tm.min = v
		return bit(kMinute), decodeOK
	case kSecond:
		tm.sec = v
		tmask = bit(kSecond)
		if rest != "" {
			us, ok := fractionMicros(rest)
			if !ok {
				return 0, badFormat
			}
			tm.micros = us
			tmask = maskSeconds
		}
		return tmask, decodeOK
	case kJulian:
		if v < 0 {
			return 0, fieldOverflow
		}
		tmask = maskDate
		d.setJulian(v)
		d.isJulian = true
		if rest != "" {
			f, ok := fraction(rest)
			if !ok {
				return 0, badFormat
			}
			tm.setTime(int64(f * microsPerDay))
			tmask |= maskTime
		}
		return tmask, decodeOK
	case kTime:
		tmask, _, r = d.run(s, d.mask|maskDate)
		if r != decodeOK {
			return 0, r
		}
		if tmask != maskTime {
			return 0, badFormat
		}
		return tmask, decodeOK
	}
	return 0, badFormat
}

// word reads one textual field. skip says that it means nothing.
func (d *decoder) word(l *lexer, i int) (tmask uint32, skip bool, r result) {
	tm := &d.tm
	s := l.fields[i].text
	if a, ok := abbreviations()[s]; ok {
		if a.Zone != "" {
			d.dynamic = &a
			return bit(kDynamic) | bit(kZone), false, decodeOK
		}
		tm.zone, tm.dst = -a.Offset, a.DST
		if a.DST {
			return bit(kDST) | bit(kZone), false, decodeOK
		}
		return bit(kZone), false, decodeOK
	}
	t, ok := lookup(dateTokens, s)
	if !ok {
		z, err := LoadZone(s)
		if err != nil {
			return 0, false, badFormat
		}
		d.named = z
		return bit(kZone), false, decodeOK
	}
	tmask = bit(t.kind)
	switch t.kind {
	case kIgnore:
		return 0, true, decodeOK
	case kReserved:
		return d.reserved(kind(t.value))
	case kMonth:
		if d.timeOnly {
			return 0, false, badFormat
		}
		if d.mask&bit(kMonth) != 0 && !d.textMonth && d.mask&bit(kDay) == 0 && tm.mon >= 1 && tm.mon <= 31 {
			tm.day = tm.mon
			tmask = bit(kDay)
		}
		d.textMonth = true
		tm.mon = t.value
	case kDSTMod:
		tmask |= bit(kDST)
		tm.dst = true
		tm.zone -= t.value
	case kAMPM:
		d.mer = t.value
	case kEra:
		d.bc = t.value == 1
	case kWeekday:
		if d.timeOnly {
			return 0, false, badFormat
		}
		tm.wday = t.value
	case kUnits:
		tmask = 0
		d.label = kind(t.value)
	case kISOTime:
		tmask = 0
		if !d.timeOnly && d.mask&maskDate != maskDate {
			return 0, false, badFormat
		}
		if i >= l.n-1 || l.fields[i+1].typ != ftNumber && l.fields[i+1].typ != ftTime && l.fields[i+1].typ != ftDate {
			return 0, false, badFormat
		}
		d.label = kTime
	default:
		return 0, false, badFormat
	}
	return tmask, false, decodeOK
}

func (d *decoder) reserved(k kind) (tmask uint32, skip bool, r result) {
	tm := &d.tm
	if d.timeOnly && k != kNow && k != kZulu {
		return 0, false, badFormat
	}
	switch k {
	case kNow:
		wday := tm.wday
		d.style.now().splitIn(d.style.zone(), tm)
		tm.wday = wday
		if d.timeOnly {
			return maskTime, false, decodeOK
		}
		return maskDate | maskTime | bit(kZone), false, decodeOK
	case kYesterday:
		d.today(-1)
		return maskDate, false, decodeOK
	case kToday:
		d.today(0)
		return maskDate, false, decodeOK
	case kTomorrow:
		d.today(1)
		return maskDate, false, decodeOK
	case kZulu:
		tm.hour, tm.min, tm.sec, tm.zone = 0, 0, 0, 0
		return maskTime | bit(kZone), false, decodeOK
	case kEpoch, kLate, kEarly:
		d.special = k
		return maskDate | maskTime | bit(kZone), false, decodeOK
	}
	return 0, false, badFormat
}

// decode reads a date with an optional time and zone. err is for a zone name
// that is not known; r for everything else.
func (d *decoder) decode(s string) (r result, err error) {
	var l lexer
	if !l.split(s) {
		return badFormat, nil
	}
	tm := &d.tm
	for i := range l.n {
		f := &l.fields[i]
		var tmask uint32
		r = decodeOK
		switch f.typ {
		case ftDate:
			if tmask, r, err = d.dateField(f.text); err != nil {
				return badFormat, err
			}
		case ftTime:
			if d.label != 0 {
				if d.label != kTime {
					return badFormat, nil
				}
				d.label = 0
			}
			tmask, r = d.clock(f.text)
			if r == decodeOK && timeOverflows(tm) {
				r = fieldOverflow
			}
		case ftZone:
			tm.zone, r = decodeZone(f.text)
			tmask = bit(kZone)
		case ftNumber:
			tmask, r = d.numberField(f.text)
		default:
			var skip bool
			tmask, skip, r = d.word(&l, i)
			if skip {
				continue
			}
		}
		if r != decodeOK {
			return r, nil
		}
		if tmask&d.mask != 0 {
			return badFormat, nil
		}
		d.mask |= tmask
	}
	if d.special != 0 {
		return decodeOK, nil
	}
	if r = d.validate(); r != decodeOK {
		return r, nil
	}
	if r = d.meridian(); r != decodeOK {
		return r, nil
	}
	if d.mask&maskDate != maskDate {
		return badFormat, nil
	}
	modified := d.mask&bit(kDSTMod) != 0
	if (d.named != nil || d.dynamic != nil) && modified {
		return badFormat, nil
	}
	if d.named != nil {
		tm.zone = d.zoneWest(d.named)
	}
	if d.dynamic != nil {
		off, _ := d.dynamic.offsetLocal(tm)
		tm.zone = -off
	}
	if d.mask&bit(kZone) == 0 {
		if modified {
			return badFormat, nil
		}
		tm.zone = d.zoneWest(d.style.zone())
	}
	return decodeOK, nil
}

func (d *decoder) zoneWest(z *Zone) int {
	if !validJulian(d.tm.year, d.tm.mon) {
		return 0
	}
	return -z.FromLocal(d.tm.localSeconds())
}

func (d *decoder) dateField(s string) (tmask uint32, r result, err error) {
	if d.label == kJulian {
		v, n, over := number(s)
		if over || v < 0 {
			return 0, fieldOverflow, nil
		}
		d.setJulian(v)
		d.isJulian = true
		d.label = 0
		d.tm.zone, r = decodeZone(s[n:])
		return maskDate | maskTime | bit(kZone), r, nil
	}
	md := bit(kMonth) | bit(kDay)
	if d.label == 0 && d.mask&md != md {
		tmask, r = d.date(s, d.mask)
		return tmask, r, nil
	}
	if isDigit(s[0]) || d.label != 0 {
		if d.label != 0 && d.label != kTime {
			return 0, badFormat, nil
		}
		d.label = 0
		if d.mask&maskTime == maskTime {
			return 0, badFormat, nil
		}
		p := strings.IndexByte(s, '-')
		if p < 0 {
			return 0, badFormat, nil
		}
		if d.tm.zone, r = decodeZone(s[p:]); r != decodeOK {
			return 0, r, nil
		}
		tmask, _, r = d.run(s[:p], d.mask)
		return tmask | bit(kZone), r, nil
	}
	d.named, err = LoadZone(s)
	return bit(kZone), decodeOK, err
}

func (d *decoder) numberField(s string) (tmask uint32, r result) {
	if d.label != 0 {
		return d.labelled(s)
	}
	p := strings.IndexByte(s, '.')
	switch {
	case p >= 0 && d.mask&maskDate == 0:
		return d.date(s, d.mask)
	case p > 2, len(s) >= 6 && (d.mask&maskDate == 0 || d.mask&maskTime == 0):
		tmask, _, r = d.run(s, d.mask)
		return tmask, r
	}
	return d.number(s, d.textMonth, d.mask)
}
