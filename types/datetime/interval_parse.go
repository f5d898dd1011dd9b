package datetime

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Bits of the field range in an interval's type modifier.
const (
	rangeMonth  = 1 << kMonth
	rangeYear   = 1 << kYear
	rangeDay    = 1 << kDay
	rangeHour   = 1 << kHour
	rangeMinute = 1 << kMinute
	rangeSecond = 1 << kSecond

	// IntervalFullRange is the range half of a modifier without fields.
	IntervalFullRange = 0x7FFF
	// IntervalFullPrecision is the precision half of one without precision.
	IntervalFullPrecision = 0xFFFF
)

// IntervalTypmod packs a field range and a precision as pg_attribute does.
func IntervalTypmod(precision, fieldRange int) int32 {
	return int32((fieldRange&0x7FFF)<<16 | precision&0xFFFF)
}

// span accumulates an interval before the check of its range.
type span struct {
	micros       int64
	days, months int64 // kept within int32 by the adders
	years        int64
}

func addOK(a *int64, b int64) bool {
	r := *a + b
	if (*a^r)&(b^r) < 0 {
		return false
	}
	*a = r
	return true
}

func mulOK(a, b int64) (int64, bool) {
	neg := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(absU(a), absU(b))
	if hi != 0 || lo > math.MaxInt64 {
		if hi == 0 && lo == 1<<63 && neg {
			return math.MinInt64, true
		}
		return 0, false
	}
	if neg {
		return -int64(lo), true
	}
	return int64(lo), true
}

func absU(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func fits32(v int64) bool { return v >= math.MinInt32 && v <= math.MaxInt32 }

func (s *span) fractionMicros(f float64, scale int64) bool {
	if f == 0 {
		return true
	}
	f *= float64(scale)
	us := int64(f)
	f -= float64(us)
	if f > 0.5 {
		us++
	} else if f < -0.5 {
		us--
	}
	return addOK(&s.micros, us)
}

func (s *span) addMicros(v int64, f float64, scale int64) bool {
	p, ok := mulOK(v, scale)
	return ok && addOK(&s.micros, p) && s.fractionMicros(f, scale)
}

func (s *span) addDays(v, scale int64) bool {
	if !fits32(v) {
		return false
	}
	s.days += v * scale
	return fits32(v*scale) && fits32(s.days)
}

func (s *span) fractionDays(f float64, scale int64) bool {
	if f == 0 {
		return true
	}
	f *= float64(scale)
	n := int64(f)
	s.days += n
	return fits32(s.days) && s.fractionMicros(f-float64(n), microsPerDay)
}

func (s *span) addMonths(v int64) bool {
	if !fits32(v) {
		return false
	}
	s.months += v
	return fits32(s.months)
}

func (s *span) addYears(v, scale int64) bool {
	if !fits32(v) {
		return false
	}
	s.years += v * scale
	return fits32(v*scale) && fits32(s.years)
}

func (s *span) fractionYears(f float64, scale int64) bool {
	s.months += int64(roundEven(f * float64(scale) * 12))
	return fits32(s.months)
}

func (s *span) interval() (Interval, bool) {
	m := s.years*12 + s.months
	return Interval{Micros: s.micros, Days: int32(s.days), Months: int32(m)}, fits32(m)
}

// add adds v+f units; ok is false for an overflow, known for a unit that has no
// place in an interval.
func (s *span) add(unit kind, v int64, f float64) (mask uint32, known, ok bool) {
	switch unit {
	case kMicro:
		return bit(kMicro), true, s.addMicros(v, f, 1)
	case kMilli:
		return bit(kMilli), true, s.addMicros(v, f, 1000)
	case kSecond:
		mask = bit(kSecond)
		if f != 0 {
			mask = maskSeconds
		}
		return mask, true, s.addMicros(v, f, microsPerSecond)
	case kMinute:
		return bit(kMinute), true, s.addMicros(v, f, microsPerMinute)
	case kHour:
		return bit(kHour), true, s.addMicros(v, f, microsPerHour)
	case kDay:
		return bit(kDay), true, s.addDays(v, 1) && s.fractionMicros(f, microsPerDay)
	case kWeek:
		return bit(kWeek), true, s.addDays(v, 7) && s.fractionDays(f, 7)
	case kMonth:
		return bit(kMonth), true, s.addMonths(v) && s.fractionDays(f, 30)
	case kYear:
		return bit(kYear), true, s.addYears(v, 1) && s.fractionYears(f, 1)
	case kDecade:
		return bit(kDecade), true, s.addYears(v, 10) && s.fractionYears(f, 10)
	case kCentury:
		return bit(kCentury), true, s.addYears(v, 100) && s.fractionYears(f, 100)
	case kMillenn:
		return bit(kMillenn), true, s.addYears(v, 1000) && s.fractionYears(f, 1000)
	}
	return 0, false, true
}

func (s *span) clock(text string, fieldRange int) result {
	h, m, sec, us, r := clock(text, fieldRange == rangeMinute|rangeSecond)
	if r != decodeOK {
		return r
	}
	v, ok := mulOK(h, microsPerHour)
	if !ok || !addOK(&v, int64(m*60+sec)*microsPerSecond+int64(us)) {
		return fieldOverflow
	}
	s.micros = v
	return decodeOK
}

// rangeUnit is the unit of a last number that names none.
func rangeUnit(fieldRange int) kind {
	switch fieldRange {
	case rangeYear:
		return kYear
	case rangeMonth, rangeYear | rangeMonth:
		return kMonth
	case rangeDay:
		return kDay
	case rangeHour, rangeDay | rangeHour:
		return kHour
	case rangeMinute, rangeHour | rangeMinute, rangeDay | rangeHour | rangeMinute:
		return kMinute
	}
	return kSecond
}

func (s *span) decode(text string, fieldRange int, style *Style) result {
	var l lexer
	if !l.split(text) {
		return badFormat
	}
	force := false
	if style != nil && style.IntervalStyle == IntervalSQLStandard && l.n > 0 && l.fields[0].text[0] == '-' {
		force = true
		for i := 1; i < l.n; i++ {
			if c := l.fields[i].text[0]; c == '-' || c == '+' {
				force = false
				break
			}
		}
	}
	var mask uint32
	unit := kIgnore
	before := false
	for i := l.n - 1; i >= 0; i-- {
		f := l.fields[i].text
		typ := l.fields[i].typ
		var tmask uint32
		switch typ {
		case ftTime:
			if r := s.clock(f, fieldRange); r != decodeOK {
				return r
			}
			tmask = maskTime
			if force && s.micros > 0 {
				s.micros = -s.micros
			}
			unit = kDay
		case ftZone, ftDate, ftNumber:
			if typ == ftZone && strings.IndexByte(f[1:], ':') >= 0 {
				old := s.micros
				if s.clock(f[1:], fieldRange) == decodeOK {
					if f[0] == '-' {
						s.micros = -s.micros
					}
					if force && s.micros > 0 {
						s.micros = -s.micros
					}
					tmask = maskTime
					unit = kDay
					break
				}
				s.micros = old
			}
			if unit == kIgnore {
				unit = rangeUnit(fieldRange)
			}
			var r result
			if tmask, r = s.quantity(f, &unit, force); r != decodeOK {
				return r
			}
		default:
			t, ok := lookup(unitTokens, f)
			if !ok {
				return badFormat
			}
			switch t.kind {
			case kIgnore:
				continue
			case kUnits:
				unit = kind(t.value)
			case kAgo:
				before = true
				unit = kReserved
			default:
				return badFormat
			}
		}
		if tmask&mask != 0 {
			return badFormat
		}
		mask |= tmask
	}
	if mask == 0 {
		return badFormat
	}
	if before {
		if s.micros == math.MinInt64 || s.days == math.MinInt32 || s.months == math.MinInt32 || s.years == math.MinInt32 {
			return fieldOverflow
		}
		s.micros, s.days, s.months, s.years = -s.micros, -s.days, -s.months, -s.years
	}
	return decodeOK
}

// quantity reads one number and adds it in the unit; years-months set the unit.
func (s *span) quantity(f string, unit *kind, force bool) (mask uint32, r result) {
	n := 0
	for n < len(f) && (isDigit(f[n]) || n == 0 && (f[0] == '-' || f[0] == '+')) {
		n++
	}
	var v int64
	if n > 1 || n == 1 && isDigit(f[0]) {
		var err error
		if v, err = strconv.ParseInt(f[:n], 10, 64); err != nil {
			return 0, fieldOverflow
		}
	}
	rest := f[n:]
	neg := f[0] == '-'
	var frac float64
	switch {
	case rest == "":
	case rest[0] == '-':
		m, k, over := number(rest[1:])
		if over || m < 0 || m >= 12 {
			return 0, fieldOverflow
		}
		if rest[1+k:] != "" {
			return 0, badFormat
		}
		*unit = kMonth
		if neg {
			m = -m
		}
		p, ok := mulOK(v, 12)
		if !ok || !addOK(&p, int64(m)) {
			return 0, fieldOverflow
		}
		v = p
	case rest[0] == '.':
		var ok bool
		if frac, ok = fraction(rest); !ok {
			return 0, badFormat
		}
		if neg {
			frac = -frac
		}
	default:
		return 0, badFormat
	}
	if force {
		if v > 0 {
			v = -v
		}
		if frac > 0 {
			frac = -frac
		}
	}
	mask, known, ok := s.add(*unit, v, frac)
	if !known {
		return 0, badFormat
	}
	if !ok {
		return 0, fieldOverflow
	}
	return mask, decodeOK
}

// isoNumber reads a number of the ISO 8601 form and splits it at the point.
func isoNumber(s string) (whole int64, frac float64, rest string, r result) {
	if s == "" || !isDigit(s[0]) && s[0] != '-' && s[0] != '.' {
		return 0, 0, s, badFormat
	}
	i := 0
	if s[0] == '-' {
		i++
	}
	digits := 0
	for i < len(s) && isDigit(s[i]) {
		i++
		digits++
	}
	if i < len(s) && s[i] == '.' {
		i++
		for i < len(s) && isDigit(s[i]) {
			i++
			digits++
		}
	}
	if digits == 0 {
		return 0, 0, s, badFormat
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for j < len(s) && isDigit(s[j]) {
				j++
			}
			i = j
		}
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, 0, s, badFormat
	}
	if v < -1.0e15 || v > 1.0e15 {
		return 0, 0, s, fieldOverflow
	}
	whole = int64(v)
	return whole, v - float64(whole), s[i:], decodeOK
}

func intWidth(s string) int {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// decodeISO reads the ISO 8601 forms with designators and the alternative one.
func (s *span) decodeISO(text string) result {
	if len(text) < 2 || text[0] != 'P' {
		return badFormat
	}
	str := text[1:]
	datePart, have := true, false
	var r result
	over := func(ok bool) bool {
		if !ok && r == decodeOK {
			r = fieldOverflow
		}
		return !ok
	}
	for str != "" {
		if str[0] == 'T' {
			datePart, have = false, false
			str = str[1:]
			continue
		}
		start := str
		var v int64
		var f float64
		if v, f, str, r = isoNumber(str); r != decodeOK {
			return r
		}
		var unit byte
		if str != "" {
			unit = str[0]
			str = str[1:]
		}
		if datePart {
			switch unit {
			case 'Y':
				over(s.addYears(v, 1) && s.fractionYears(f, 1))
			case 'M':
				over(s.addMonths(v) && s.fractionDays(f, 30))
			case 'W':
				over(s.addDays(v, 7) && s.fractionDays(f, 7))
			case 'D':
				over(s.addDays(v, 1) && s.fractionMicros(f, microsPerDay))
			case 'T', 0, '-':
				if unit != '-' && intWidth(start) == 8 && !have {
					if over(s.addYears(v/10000, 1) && s.addMonths(v/100%100) && s.addDays(v%100, 1) && s.fractionMicros(f, microsPerDay)) || unit == 0 {
						return r
					}
					datePart = false
					continue
				}
				if have {
					return badFormat
				}
				if over(s.addYears(v, 1) && s.fractionYears(f, 1)) || unit == 0 {
					return r
				}
				if unit == 'T' {
					datePart = false
					continue
				}
				if v, f, str, r = isoNumber(str); r != decodeOK {
					return r
				}
				if over(s.addMonths(v) && s.fractionDays(f, 30)) || str == "" {
					return r
				}
				if str[0] == 'T' {
					datePart = false
					continue
				}
				if str[0] != '-' {
					return badFormat
				}
				if v, f, str, r = isoNumber(str[1:]); r != decodeOK {
					return r
				}
				if over(s.addDays(v, 1) && s.fractionMicros(f, microsPerDay)) || str == "" {
					return r
				}
				if str[0] == 'T' {
					datePart = false
					continue
				}
				return badFormat
			default:
				return badFormat
			}
		} else {
			switch unit {
			case 'H':
				over(s.addMicros(v, f, microsPerHour))
			case 'M':
				over(s.addMicros(v, f, microsPerMinute))
			case 'S':
				over(s.addMicros(v, f, microsPerSecond))
			case 0, ':':
				if unit == 0 && intWidth(start) == 6 && !have {
					over(s.addMicros(v/10000, 0, microsPerHour) && s.addMicros(v/100%100, 0, microsPerMinute) &&
						s.addMicros(v%100, 0, microsPerSecond) && s.fractionMicros(f, 1))
					return r
				}
				if have {
					return badFormat
				}
				if over(s.addMicros(v, f, microsPerHour)) || unit == 0 {
					return r
				}
				if v, f, str, r = isoNumber(str); r != decodeOK {
					return r
				}
				if over(s.addMicros(v, f, microsPerMinute)) || str == "" {
					return r
				}
				if str[0] != ':' {
					return badFormat
				}
				if v, f, str, r = isoNumber(str[1:]); r != decodeOK {
					return r
				}
				if over(s.addMicros(v, f, microsPerSecond)) || str == "" {
					return r
				}
				return badFormat
			default:
				return badFormat
			}
		}
		if r != decodeOK {
			return r
		}
		have = true
	}
	return decodeOK
}

// ParseInterval reads an interval and applies a type modifier (-1 for none).
// Errors: 22007 syntax, 22015 a field out of range, 22008 interval out of range.
func ParseInterval(text string, typmod int32, style *Style) (Interval, error) {
	fieldRange := IntervalFullRange
	if typmod >= 0 {
		fieldRange = int(typmod>>16) & 0x7FFF
	}
	var s span
	r := s.decode(text, fieldRange, style)
	if r == badFormat {
		s = span{}
		r = s.decodeISO(text)
	}
	if r == fieldOverflow {
		r = intervalOverflow
	}
	if r != decodeOK {
		return Interval{}, r.parseError(text, "interval")
	}
	v, ok := s.interval()
	if !ok {
		return Interval{}, intervalRange()
	}
	return v.ApplyTypmod(typmod), nil
}

// ApplyTypmod drops the fields below the modifier's range and rounds to its
// precision; -1 changes nothing.
func (v Interval) ApplyTypmod(typmod int32) Interval {
	if typmod < 0 {
		return v
	}
	r, p := int(typmod>>16)&0x7FFF, int(typmod)&0xFFFF
	switch r {
	case IntervalFullRange:
	case rangeYear:
		v.Months = v.Months / 12 * 12
		v.Days, v.Micros = 0, 0
	case rangeMonth, rangeYear | rangeMonth:
		v.Days, v.Micros = 0, 0
	case rangeDay:
		v.Micros = 0
	case rangeHour, rangeDay | rangeHour:
		v.Micros = v.Micros / microsPerHour * microsPerHour
	case rangeMinute, rangeDay | rangeHour | rangeMinute, rangeHour | rangeMinute:
		v.Micros = v.Micros / microsPerMinute * microsPerMinute
	}
	if p != IntervalFullPrecision {
		v.Micros = roundMicros(v.Micros, p)
	}
	return v
}
