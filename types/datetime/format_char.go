package datetime

import (
	"fmt"
	"strings"

	"datapunk/internal/pgerr"
)

// charInput is what to_char prints; hour may pass 24 for an interval.
type charInput struct {
	fields
	interval bool
	east     int
}

// ToChar is to_char(timestamp, text); ok is false for SQL null. Errors: 22007.
func ToChar(t Timestamp, format string) (text string, ok bool, err error) {
	if format == "" || !t.IsFinite() {
		return "", false, nil
	}
	var in charInput
	t.split(&in.fields)
	return in.render(format)
}

// ToCharTZ is to_char(timestamptz, text) in a zone; ok and err as ToChar.
func ToCharTZ(t Timestamp, format string, z *Zone) (text string, ok bool, err error) {
	if format == "" || !t.IsFinite() {
		return "", false, nil
	}
	var in charInput
	t.splitIn(z, &in.fields)
	in.east = -in.zone
	return in.render(format)
}

// ToCharInterval is to_char(interval, text); ok and err as ToChar.
func ToCharInterval(v Interval, format string) (text string, ok bool, err error) {
	if format == "" {
		return "", false, nil
	}
	f := v.split()
	in := charInput{interval: true}
	in.year, in.mon, in.day = int(f.year), int(f.mon), int(f.day)
	in.hour, in.min, in.sec, in.micros = int(f.hour), f.min, f.sec, f.us
	in.yday = (in.year*12+in.mon)*30 + in.day
	return in.render(format)
}

func (in *charInput) render(format string) (string, bool, error) {
	if !in.interval {
		jd := julian(in.year, in.mon, in.day)
		in.wday = weekday(jd)
		in.yday = jd - julian(in.year, 1, 1) + 1
	}
	var b strings.Builder
	for _, n := range parseTemplate(format) {
		if n.kind != nodeAction {
			b.WriteString(n.text)
			continue
		}
		s, number, err := in.action(&n)
		if err != nil {
			return "", false, err
		}
		if number && n.th {
			s += ordinal(s, n.thUpper)
		}
		b.WriteString(s)
	}
	return b.String(), true, nil
}

// year as people write it.
func (in *charInput) shown(y int) int {
	if in.interval || y > 0 {
		return y
	}
	return -(y - 1)
}

// action renders one pattern; number says that TH applies.
func (in *charInput) action(n *node) (s string, number bool, err error) {
	zero := func(v, width int) (string, bool, error) {
		if n.fm {
			width = 0
		} else if v < 0 {
			width++
		}
		return fmt.Sprintf("%0*d", width, v), true, nil
	}
	plain := func(v, width int) (string, bool, error) {
		if n.fm {
			width = 0
		}
		return fmt.Sprintf("%0*d", width, v), true, nil
	}
	text := func(s string, width int) (string, bool, error) {
		if n.fm || n.tm {
			width = 0
		}
		return fmt.Sprintf("%-*s", width, inCase(n.pat.name, s)), false, nil
	}
	id := n.pat.id
	if in.interval {
		switch id {
		case "TZ", "TZH", "TZM", "OF", "A.D.", "B.C.", "AD", "BC", "DAY", "DY", "D", "ID", "MONTH", "MON":
			return "", false, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
				WithHint("Intervals are not tied to specific calendar dates.")
		}
	}
	switch id {
	case "AM", "PM", "A.M.", "P.M.":
		s = "AM"
		if in.hour%24 >= 12 {
			s = "PM"
		}
		if id[1] == '.' {
			s = s[:1] + "." + s[1:] + "."
		}
		return inCase(n.pat.name, s), false, nil
	case "AD", "BC", "A.D.", "B.C.":
		s = "AD"
		if in.year <= 0 {
			s = "BC"
		}
		if id[1] == '.' {
			s = s[:1] + "." + s[1:] + "."
		}
		return inCase(n.pat.name, s), false, nil
	case "HH", "HH12":
		h := in.hour % 12
		if h == 0 {
			h = 12
		}
		if in.hour < 0 && h > 0 && !n.fm {
			return fmt.Sprintf("%03d", h), true, nil
		}
		return zero(h, 2)
	case "HH24":
		return zero(in.hour, 2)
	case "MI":
		return zero(in.min, 2)
	case "SS":
		return zero(in.sec, 2)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "MS", "US":
		d := 3
		if id == "US" {
			d = 6
		} else if id != "MS" {
			d = int(id[2] - '0')
		}
		return fmt.Sprintf("%0*d", d, in.micros/int(precisionScale[d])), true, nil
	case "SSSS", "SSSSS":
		return fmt.Sprint(in.hour*3600 + in.min*60 + in.sec), true, nil
	case "TZ":
		if n.pat.name == "tz" {
			return strings.ToLower(in.abbrev), false, nil
		}
		return in.abbrev, false, nil
	case "TZH", "OF":
		sign, v := '+', in.east
		if v < 0 {
			sign, v = '-', -v
		}
		if id == "TZH" {
			return fmt.Sprintf("%c%02d", sign, v/3600), false, nil
		}
		w := 2
		if n.fm {
			w = 0
		}
		s = fmt.Sprintf("%c%0*d", sign, w, v/3600)
		if v%3600 != 0 {
			s += fmt.Sprintf(":%02d", v%3600/60)
		}
		return s, false, nil
	case "TZM":
		return fmt.Sprintf("%02d", absI(int64(in.east))%3600/60), false, nil
	case "MONTH", "MON":
		if in.mon <= 0 {
			return "", false, nil
		}
		if id == "MON" {
			return text(monthNames[in.mon-1][:3], 0)
		}
		return text(monthNames[in.mon-1], 9)
	case "MM":
		return zero(in.mon, 2)
	case "DAY":
		return text(dayNames[in.wday], 9)
	case "DY":
		return text(dayNames[in.wday][:3], 0)
	case "DDD":
		return plain(in.yday, 3)
	case "IDDD":
		y, _ := isoWeek(in.year, in.mon, in.day)
		return plain(julian(in.year, in.mon, in.day)-isoWeekStart(y, 1)+1, 3)
	case "DD":
		return plain(in.day, 2)
	case "D":
		return fmt.Sprint(in.wday + 1), true, nil
	case "ID":
		d := in.wday
		if d == 0 {
			d = 7
		}
		return fmt.Sprint(d), true, nil
	case "WW":
		return plain((in.yday-1)/7+1, 2)
	case "IW":
		_, w := isoWeek(in.year, in.mon, in.day)
		return plain(w, 2)
	case "Q":
		if in.mon == 0 {
			return "", false, nil
		}
		return fmt.Sprint((in.mon-1)/3 + 1), true, nil
	case "CC":
		c := in.year / 100
		if !in.interval {
			if in.year > 0 {
				c = (in.year-1)/100 + 1
			} else {
				c = in.year/100 - 1
			}
		}
		if c > 99 || c < -99 {
			return fmt.Sprint(c), true, nil
		}
		return zero(c, 2)
	case "Y,YYY":
		y := in.shown(in.year)
		return fmt.Sprintf("%d,%03d", y/1000, y%1000), true, nil
	case "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I":
		y := in.year
		if id[0] == 'I' {
			y, _ = isoWeek(in.year, in.mon, in.day)
		}
		y = in.shown(y)
		w := len(id)
		mod := [...]int{0, 10, 100, 1000}
		if w < 4 {
			y %= mod[w]
		}
		if in.shown(in.year) < 0 {
			w++
		}
		return plain(y, w)
	case "RM":
		if in.mon == 0 && in.year == 0 {
			return "", false, nil
		}
		i := 12 - in.mon
		if in.mon == 0 {
			i = 0
			if in.year < 0 {
				i = 11
			}
		} else if in.mon < 0 {
			i = -in.mon - 1
		}
		n := *n
		n.tm = false
		w := 4
		if n.fm {
			w = 0
		}
		return fmt.Sprintf("%-*s", w, inCase(n.pat.name, romanMonths[i])), false, nil
	case "W":
		return fmt.Sprint((in.day-1)/7 + 1), true, nil
	case "J":
		return fmt.Sprint(julian(in.year, in.mon, in.day)), true, nil
	}
	return "", false, nil
}
