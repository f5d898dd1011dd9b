package datetime

import (
	"bufio"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"datapunk/internal/pgerr"
)

func show(s string, err error) string {
	if err == nil {
		return s
	}
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return "?" + err.Error()
	}
	s = "!" + string(e.Code) + " " + e.Message
	if e.Detail != "" {
		s += " / " + e.Detail
	}
	if e.Hint != "" {
		s += " / " + e.Hint
	}
	return s
}

func floatText(v float64) string {
	if math.IsInf(v, 0) {
		if v < 0 {
			return "-Infinity"
		}
		return "Infinity"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if e := math.Floor(math.Log10(math.Abs(v))); v == 0 || e > -5 && e < 15 {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return s
}

type session struct {
	Style
	t *testing.T
}

func newSession(t *testing.T, zone, dateStyle, intervalStyle string) *session {
	z, err := LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t}
	s.Zone = z
	a, b, _ := strings.Cut(dateStyle, ", ")
	s.DateStyle = map[string]DateStyle{"ISO": StyleISO, "SQL": StyleSQL, "Postgres": StylePostgres, "German": StyleGerman}[a]
	s.DateOrder = map[string]DateOrder{"MDY": MDY, "DMY": DMY, "YMD": YMD}[b]
	s.IntervalStyle = map[string]IntervalStyle{"postgres": IntervalPostgres, "postgres_verbose": IntervalPostgresVerbose,
		"sql_standard": IntervalSQLStandard, "iso_8601": IntervalISO8601}[intervalStyle]
	s.Now = func() Timestamp { v, _ := ParseTimestamp("2024-01-15 12:00", -1, nil); return v }
	return s
}

func (s *session) iv(v Interval, err error) string {
	return show(string(AppendInterval(nil, v, &s.Style)), err)
}
func (s *session) ts(v Timestamp, err error) string {
	return show(string(AppendTimestamp(nil, v, &s.Style)), err)
}
func (s *session) tz(v Timestamp, err error) string {
	return show(string(AppendTimestampTZ(nil, v, &s.Style)), err)
}
func (s *session) date(v Date, err error) string {
	return show(string(AppendDate(nil, v, &s.Style)), err)
}
func (s *session) time(v Time, err error) string { return show(string(AppendTime(nil, v)), err) }
func (s *session) part(p Part, err error) string {
	if err == nil && p.IsNull() {
		return "NULL"
	}
	return show(p.Numeric().String(), err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (s *session) evaluate(op string, a []string) string {
	st := &s.Style
	pts := func(i int) Timestamp { return must(ParseTimestamp(a[i], -1, st)) }
	ptz := func(i int) Timestamp { return must(ParseTimestampTZ(a[i], -1, st)) }
	piv := func(i int) Interval { return must(ParseInterval(a[i], -1, st)) }
	num := func(i int) int32 { return int32(must(strconv.Atoi(a[i]))) }
	flt := func(i int) float64 { return must(strconv.ParseFloat(a[i], 64)) }
	float := func(p Part, err error) string {
		if err == nil && p.IsNull() {
			return "NULL"
		}
		return show(floatText(p.Float()), err)
	}
	switch op {
	case "date":
		return s.date(ParseDate(a[0], st))
	case "timestamp":
		return s.ts(ParseTimestamp(a[0], -1, st))
	case "timestampp":
		return s.ts(ParseTimestamp(a[0], int(num(1)), st))
	case "timestamptz":
		return s.tz(ParseTimestampTZ(a[0], -1, st))
	case "time":
		return s.time(ParseTime(a[0], -1, st))
	case "time2":
		return s.time(ParseTime(a[0], 2, st))
	case "timetz":
		v, err := ParseTimeTZ(a[0], -1, st)
		return show(string(AppendTimeTZ(nil, v)), err)
	case "interval":
		return s.iv(ParseInterval(a[0], -1, st))
	case "intervalmod":
		return s.iv(ParseInterval(a[0], num(1), st))
	case "ext_ts":
		return s.part(ExtractTimestamp(a[0], pts(1)))
	case "part_ts":
		return float(ExtractTimestamp(a[0], pts(1)))
	case "ext_tz":
		return s.part(ExtractTimestampTZ(a[0], ptz(1), s.Zone))
	case "ext_date":
		return s.part(ExtractDate(a[0], must(ParseDate(a[1], st))))
	case "ext_time":
		return s.part(ExtractTime(a[0], must(ParseTime(a[1], -1, st))))
	case "ext_timetz":
		return s.part(ExtractTimeTZ(a[0], must(ParseTimeTZ(a[1], -1, st))))
	case "ext_iv":
		return s.part(ExtractInterval(a[0], piv(1)))
	case "part_iv":
		return float(ExtractInterval(a[0], piv(1)))
	case "trunc_ts":
		return s.ts(DateTrunc(a[0], pts(1)))
	case "trunc_tz":
		return s.tz(DateTruncTZ(a[0], ptz(1), s.Zone))
	case "trunc_iv":
		return s.iv(TruncInterval(a[0], piv(1)))
	case "ts_add":
		return s.ts(pts(0).Add(piv(1)))
	case "ts_sub":
		return s.ts(pts(0).SubInterval(piv(1)))
	case "tz_add":
		return s.tz(ptz(0).AddIn(piv(1), s.Zone))
	case "ts_mi":
		return s.iv(pts(0).Sub(pts(1)))
	case "age":
		return s.iv(Age(pts(0), pts(1)))
	case "agetz":
		return s.iv(AgeIn(ptz(0), ptz(1), s.Zone))
	case "justify_hours":
		return s.iv(piv(0).JustifyHours())
	case "justify_days":
		return s.iv(piv(0).JustifyDays())
	case "justify_interval":
		return s.iv(piv(0).JustifyInterval())
	case "iv_mul":
		return s.iv(piv(0).Mul(flt(1)))
	case "iv_div":
		return s.iv(piv(0).Div(flt(1)))
	case "bin":
		return s.ts(DateBin(piv(0), pts(1), pts(2)))
	case "make_date":
		return s.date(MakeDate(num(0), num(1), num(2)))
	case "make_time":
		return s.time(MakeTime(num(0), num(1), flt(2)))
	case "make_timestamp":
		return s.ts(MakeTimestamp(num(0), num(1), num(2), num(3), num(4), flt(5)))
	case "make_timestamptz":
		return s.tz(MakeTimestampTZ(num(0), num(1), num(2), num(3), num(4), flt(5), a[6], s.Zone))
	case "to_timestamp":
		return s.tz(ToTimestamp(flt(0)))
	case "at_ts":
		v := pts(0)
		z, err := ZoneArgument(a[1], v, true)
		if err != nil {
			return show("", err)
		}
		return s.tz(v.ToUTC(z))
	case "at_tz":
		v := ptz(0)
		z, err := ZoneArgument(a[1], v, false)
		if err != nil {
			return show("", err)
		}
		return s.ts(v.ToLocal(z))
	case "char_ts":
		v, ok, err := ToChar(pts(0), a[1])
		return nullable(v, ok, err)
	case "char_tz":
		v, ok, err := ToCharTZ(ptz(0), a[1], s.Zone)
		return nullable(v, ok, err)
	case "char_iv":
		v, ok, err := ToCharInterval(piv(0), a[1])
		return nullable(v, ok, err)
	case "to_date":
		return s.date(ToDate(a[0], a[1], st))
	case "to_ts":
		return s.tz(ToTimestampTemplate(a[0], a[1], st))
	}
	s.t.Fatalf("unknown op %s", op)
	return ""
}

func nullable(v string, ok bool, err error) string {
	if err == nil && !ok {
		return "NULL"
	}
	return show(v, err)
}

func TestFunctionsAsPostgreSQL(t *testing.T) { compareFile(t, "testdata/functions.txt") }
func TestTemplatesAsPostgreSQL(t *testing.T) { compareFile(t, "testdata/templates.txt") }

func compareFile(t *testing.T, name string) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bad := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		in, want, _ := strings.Cut(sc.Text(), " | ")
		p := strings.Split(in, ";")
		got := func() (r string) {
			defer func() {
				if x := recover(); x != nil {
					err, ok := x.(error)
					if !ok {
						panic(x)
					}
					var e *pgerr.Error
					if !errors.As(err, &e) {
						panic(x)
					}
					r = show("", err)
				}
			}()
			return newSession(t, p[1], p[2], p[3]).evaluate(p[0], p[4:])
		}()
		if got != want {
			bad++
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
	t.Logf("%d differ", bad)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1999-01-08 04:05:06 PST", "J2451187.5", "P1Y2M3DT4H", "1 day ago", "04:05 EST5EDT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for order := MDY; order <= YMD; order++ {
			st := &Style{DateOrder: order}
			ParseDate(s, st)
			if v, err := ParseTimestampTZ(s, -1, st); err == nil {
				text := AppendTimestampTZ(nil, v, st)
				if w, err := ParseTimestampTZ(string(text), -1, st); err != nil || w != v {
					t.Fatalf("%q: %s is read as %d, %v; want %d", s, text, w, err, v)
				}
			}
			ParseTimestamp(s, 3, st)
			ParseTimeTZ(s, -1, st)
			if v, err := ParseInterval(s, -1, st); err == nil {
				text := AppendInterval(nil, v, st)
				if w, err := ParseInterval(string(text), -1, st); err == nil && w != v {
					t.Fatalf("%q: %s is read as %v; want %v", s, text, w, v)
				}
			}
		}
	})
}
