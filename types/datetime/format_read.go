package datetime

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

// templateReader reads input by a template.
type templateReader struct {
	in    string
	s     string // what remains
	nodes []node
	conv  convention

	hh, pm, mi, ss, ssss, ms, us int
	d, dd, ddd, mm, year, bc     int
	ww, w, cc, j, yearDigits     int
	zoneSign, zoneHour, zoneMin  int
	clock12                      bool
}

const fmHint = "If your source string is not fixed-width, try using the \"FM\" modifier."

func (t *templateReader) set(dst *int, v int, n *node) error {
	if dst == nil {
		return nil
	}
	if *dst != 0 && *dst != v {
		return pgerr.Newf(pgerr.InvalidDatetimeFormat, "conflicting values for \"%s\" field in formatting string", n.pat.name).
			WithDetail("%s", "This value contradicts a previous setting for the same field type.")
	}
	*dst = v
	return nil
}

// openEnded tells whether the number of a node may have any count of digits.
func (t *templateReader) openEnded(i int) bool {
	n := &t.nodes[i]
	if n.fm || n.th {
		return true
	}
	if i+1 >= len(t.nodes) {
		return true
	}
	next := &t.nodes[i+1]
	if next.kind == nodeAction {
		return !next.pat.digit
	}
	return !(len(next.text) == 1 && isDigit(next.text[0]))
}

// integer reads a number of at most width digits into dst; used counts bytes.
func (t *templateReader) integer(dst *int, width, i int) (used int, err error) {
	n := &t.nodes[i]
	for t.s != "" && isSpace(t.s[0]) {
		t.s = t.s[1:]
	}
	init := t.s
	copied := init[:min(width, len(init))]
	var v int64
	if t.openEnded(i) {
		v, used = scanLong(init)
	} else {
		if len(copied) < width {
			return 0, pgerr.Newf(pgerr.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", n.pat.name).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(copied)).WithHint("%s", fmHint)
		}
		v, used = scanLong(copied)
		if used > 0 && used < width {
			return 0, pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", copied, n.pat.name).
				WithDetail("Field requires %d characters, but only %d could be parsed.", width, used).WithHint("%s", fmHint)
		}
	}
	if used == 0 {
		return 0, pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", copied, n.pat.name).
			WithDetail("%s", "Value must be an integer.")
	}
	if v < math.MinInt32 || v > math.MaxInt32 {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.pat.name).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	t.s = init[used:]
	return used, t.set(dst, int(v), n)
}

func scanLong(s string) (int64, int) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	start := i
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == digits {
		return 0, 0
	}
	v, err := strconv.ParseInt(s[start:i], 10, 64)
	if err != nil {
		v = math.MaxInt64
	}
	return v, i
}

// name finds one of the names at the head, in any case.
func (t *templateReader) name(names []string, n *node) (int, error) {
	for i, name := range names {
		if len(t.s) >= len(name) && strings.EqualFold(t.s[:len(name)], name) {
			t.s = t.s[len(name):]
			return i, nil
		}
	}
	bad := t.s
	if i := strings.IndexFunc(bad, func(r rune) bool { return r < 128 && isSpace(byte(r)) }); i >= 0 {
		bad = bad[:i]
	}
	return 0, pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", bad, n.pat.name).
		WithDetail("%s", "The given value did not match any of the allowed values for this field.")
}

func short(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n[:3]
	}
	return out
}

var (
	shortMonths = short(monthNames[:])
	shortDays   = short(dayNames[:])
)

func partialYear(y int) int {
	switch {
	case y < 70:
		return y + 2000
	case y < 100:
		return y + 1900
	case y < 520:
		return y + 2000
	case y < 1000:
		return y + 1000
	}
	return y
}

func (t *templateReader) skipChar() {
	_, w := utf8.DecodeRuneInString(t.s)
	t.s = t.s[w:]
}

// run reads the whole input.
func (t *templateReader) run() error {
	t.s = t.in
	fixed := false
	extra := 0
	for i := 0; i < len(t.nodes) && t.s != ""; i++ {
		n := &t.nodes[i]
		if !fixed && (n.kind == nodeAction || i == 0) && (n.pat == nil || n.pat.id != "FX") {
			for t.s != "" && isSpace(t.s[0]) {
				t.s = t.s[1:]
				extra++
			}
		}
		switch n.kind {
		case nodeSpace, nodeSeparator:
			if fixed {
				if t.s != "" {
					t.skipChar()
				}
				continue
			}
			extra--
			if t.s != "" && (isSpace(t.s[0]) || isPunct(t.s[0])) {
				t.s = t.s[1:]
				extra++
			}
			continue
		case nodeChar:
			if !fixed && extra > 0 {
				extra--
			} else if t.s != "" {
				t.skipChar()
			}
			continue
		}
		if n.pat.conv != conventionNone {
			if t.conv != conventionNone && t.conv != n.pat.conv {
				return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid combination of date conventions").
					WithHint("%s", "Do not mix Gregorian and ISO week date conventions in a formatting template.")
			}
			t.conv = n.pat.conv
		}
		if n.pat.id == "FX" {
			fixed = true
		} else if err := t.field(n, i, extra); err != nil {
			return err
		}
		if !fixed {
			extra = 0
			for t.s != "" && isSpace(t.s[0]) {
				t.s = t.s[1:]
				extra++
			}
		}
	}
	return nil
}

func (t *templateReader) field(n *node, i, extra int) (err error) {
	var used, v int
	id := n.pat.id
	width := len(id)
	switch id {
	case "AM", "PM":
		t.clock12 = true
		if v, err = t.name([]string{"am", "pm"}, n); err == nil {
			err = t.set(&t.pm, v, n)
		}
		return err
	case "A.M.", "P.M.":
		t.clock12 = true
		if v, err = t.name([]string{"a.m.", "p.m."}, n); err == nil {
			err = t.set(&t.pm, v, n)
		}
		return err
	case "AD", "BC":
		if v, err = t.name([]string{"ad", "bc"}, n); err == nil {
			err = t.set(&t.bc, v, n)
		}
		return err
	case "A.D.", "B.C.":
		if v, err = t.name([]string{"a.d.", "b.c."}, n); err == nil {
			err = t.set(&t.bc, v, n)
		}
		return err
	case "MONTH", "MON":
		names := monthNames[:]
		if id == "MON" {
			names = shortMonths
		}
		if v, err = t.name(names, n); err == nil {
			err = t.set(&t.mm, v+1, n)
		}
		return err
	case "DAY", "DY":
		names := dayNames[:]
		if id == "DY" {
			names = shortDays
		}
		if v, err = t.name(names, n); err == nil {
			err = t.set(&t.d, v, n)
			t.d++
		}
		return err
	case "RM":
		if v, err = t.name(romanMonths[:], n); err == nil {
			err = t.set(&t.mm, 12-v, n)
		}
		return err
	case "TZ", "OF":
		return pgerr.Newf(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.pat.name)
	case "TZH":
		t.zoneSign = 1
		if t.s != "" && (t.s[0] == '+' || t.s[0] == '-' || t.s[0] == ' ') {
			if t.s[0] == '-' {
				t.zoneSign = -1
			}
			t.s = t.s[1:]
		} else if p := len(t.in) - len(t.s); extra > 0 && p > 0 && t.in[p-1] == '-' {
			t.zoneSign = -1
		}
		_, err = t.integer(&t.zoneHour, 2, i)
		return err
	case "TZM":
		if t.zoneSign == 0 {
			t.zoneSign = 1
		}
		_, err = t.integer(&t.zoneMin, 2, i)
		return err
	case "HH", "HH12":
		t.clock12 = true
		_, err = t.integer(&t.hh, 2, i)
	case "HH24":
		_, err = t.integer(&t.hh, 2, i)
	case "MI":
		_, err = t.integer(&t.mi, 2, i)
	case "SS":
		_, err = t.integer(&t.ss, 2, i)
	case "SSSS", "SSSSS":
		_, err = t.integer(&t.ssss, width, i)
	case "MS":
		used, err = t.integer(&t.ms, 3, i)
		for ; used < 3; used++ {
			t.ms *= 10
		}
	case "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		w := 6
		if id != "US" {
			w = int(id[2] - '0')
		}
		used, err = t.integer(&t.us, w, i)
		for ; used < 6; used++ {
			t.us *= 10
		}
	case "MM":
		_, err = t.integer(&t.mm, 2, i)
	case "DDD":
		_, err = t.integer(&t.ddd, 3, i)
	case "IDDD":
		_, err = t.integer(&t.ddd, 3, i)
	case "DD":
		_, err = t.integer(&t.dd, 2, i)
	case "D":
		_, err = t.integer(&t.d, 1, i)
	case "ID":
		if _, err = t.integer(&t.d, 1, i); err == nil {
			if t.d++; t.d > 7 {
				t.d = 1
			}
		}
	case "WW", "IW":
		_, err = t.integer(&t.ww, 2, i)
	case "Q":
		_, err = t.integer(nil, 1, i)
	case "CC":
		_, err = t.integer(&t.cc, 2, i)
	case "W":
		_, err = t.integer(&t.w, 1, i)
	case "J":
		_, err = t.integer(&t.j, 1, i)
	case "Y,YYY":
		k, n1 := scanLong(t.s)
		rest := t.s[n1:]
		if n1 == 0 || rest == "" || rest[0] != ',' {
			return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
		}
		rest = rest[1:]
		y, n2 := scanLong(rest[:min(3, len(rest))])
		if n2 == 0 {
			return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
		}
		t.s = rest[n2:]
		t.yearDigits = 4
		err = t.set(&t.year, int(k*1000+y), n)
	default: // the years
		used, err = t.integer(&t.year, width, i)
		if err == nil && width < 4 && used < 4 {
			t.year = partialYear(t.year)
		}
		t.yearDigits = width
	}
	if err == nil && n.th {
		for range 2 {
			if t.s != "" {
				t.skipChar()
			}
		}
	}
	return err
}

// result puts what was read together; zone holds ±hh:mm if one was read.
func (t *templateReader) result(f *fields, typeName string) (zone string, err error) {
	f.mon, f.day = 1, 1
	if t.ssss != 0 {
		f.hour, f.min, f.sec = t.ssss/3600, t.ssss/60%60, t.ssss%60
	}
	if t.ss != 0 {
		f.sec = t.ss
	}
	if t.mi != 0 {
		f.min = t.mi
	}
	if t.hh != 0 {
		f.hour = t.hh
	}
	if t.clock12 {
		if f.hour < 1 || f.hour > 12 {
			return "", pgerr.Newf(pgerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", f.hour).
				WithHint("%s", "Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		if t.pm == 1 && f.hour < 12 {
			f.hour += 12
		} else if t.pm == 0 && f.hour == 12 {
			f.hour = 0
		}
	}
	var mask uint32
	if t.bc == 1 && t.cc != 0 && (t.year == 0 || t.yearDigits <= 2) {
		t.cc = -t.cc
	}
	switch {
	case t.year != 0 && t.cc != 0 && t.yearDigits <= 2:
		f.year = t.year % 100
		switch {
		case f.year != 0 && t.cc >= 0:
			f.year += (t.cc - 1) * 100
		case f.year != 0:
			f.year = (t.cc+1)*100 - f.year + 1
		case t.cc >= 0:
			f.year = t.cc * 100
		default:
			f.year = t.cc*100 + 1
		}
		mask |= bit(kYear)
	case t.year != 0:
		f.year = t.year
		if t.bc == 1 {
			f.year = -f.year
		}
		if f.year < 0 {
			f.year++
		}
		mask |= bit(kYear)
	case t.cc != 0:
		f.year = t.cc*100 + 1
		if t.cc >= 0 {
			f.year -= 100
		}
		mask |= bit(kYear)
	}
	if t.j != 0 {
		f.year, f.mon, f.day = fromJulian(t.j)
		mask |= maskDate
	}
	if t.ww != 0 {
		if t.conv == conventionISO {
			jd := isoWeekStart(f.year, t.ww)
			switch {
			case t.d > 1:
				jd += t.d - 2
			case t.d == 1:
				jd += 6
			}
			f.year, f.mon, f.day = fromJulian(jd)
			mask |= maskDate
		} else {
			t.ddd = (t.ww-1)*7 + 1
		}
	}
	if t.w != 0 {
		t.dd = (t.w-1)*7 + 1
	}
	if t.dd != 0 {
		f.day = t.dd
		mask |= bit(kDay)
	}
	if t.mm != 0 {
		f.mon = t.mm
		mask |= bit(kMonth)
	}
	if t.ddd != 0 && (f.mon <= 1 || f.day <= 1) {
		if f.year == 0 && t.bc == 0 {
			return "", pgerr.New(pgerr.InvalidDatetimeFormat, "cannot calculate day of year without year information")
		}
		if t.conv == conventionISO {
			f.year, f.mon, f.day = fromJulian(isoWeekStart(f.year, 1) - 1 + t.ddd)
			mask |= maskDate
		} else {
			m, before := 1, 0
			for m <= 12 && t.ddd > before+daysIn(f.year, m) {
				before += daysIn(f.year, m)
				m++
			}
			if f.mon <= 1 {
				f.mon = m
			}
			if f.day <= 1 {
				f.day = t.ddd - before
			}
			mask |= bit(kMonth) | bit(kDay)
		}
	}
	f.micros = t.ms*1000 + t.us
	if mask != 0 {
		d := decoder{tm: *f, mask: mask, isJulian: true}
		if d.validate() != decodeOK {
			return "", fieldOverflow.parseError(t.in, typeName)
		}
	}
	if f.hour < 0 || f.hour >= 24 || f.min < 0 || f.min >= 60 || f.sec < 0 || f.sec >= 60 ||
		f.micros < 0 || f.micros >= microsPerSecond {
		return "", fieldOverflow.parseError(t.in, typeName)
	}
	if t.zoneSign != 0 {
		if t.zoneHour < 0 || t.zoneHour > 15 || t.zoneMin < 0 || t.zoneMin >= 60 {
			return "", zoneOverflow.parseError(t.in, typeName)
		}
		f.zone = -t.zoneSign * (t.zoneHour*60 + t.zoneMin) * 60
		zone = "set"
	}
	return zone, nil
}

// ToDate is to_date(text, text). Errors: 22007, 22008.
func ToDate(s, format string, _ *Style) (Date, error) {
	t := templateReader{in: s, nodes: parseTemplate(format)}
	if err := t.run(); err != nil {
		return 0, err
	}
	var f fields
	if _, err := t.result(&f, "date"); err != nil {
		return 0, err
	}
	if validJulian(f.year, f.mon) {
		if v := Date(julian(f.year, f.mon, f.day) - epochJulian); v.valid() {
			return v, nil
		}
	}
	return 0, pgerr.Newf(pgerr.DatetimeValueOutOfRange, "date out of range: \"%s\"", s)
}

// ToTimestampTemplate is to_timestamp(text, text), in the session zone unless
// the template reads one. Errors: 22007, 22008, 22009.
func ToTimestampTemplate(s, format string, style *Style) (Timestamp, error) {
	t := templateReader{in: s, nodes: parseTemplate(format)}
	if err := t.run(); err != nil {
		return 0, err
	}
	var f fields
	zone, err := t.result(&f, "timestamptz")
	if err != nil {
		return 0, err
	}
	if zone == "" && validJulian(f.year, f.mon) {
		f.zone = -style.zone().FromLocal(f.localSeconds())
	}
	r, ok := f.timestampZone(true)
	if !ok {
		return 0, timestampRange()
	}
	return r, nil
}
