package datetime

import "testing"

func FuzzTemplate(f *testing.F) {
	f.Add("2000-01-02 10:11", "YYYY-MM-DD HH24:MI")
	f.Add("1,999 W5 -05", "Y,YYY \"W\"IW TZH")
	f.Fuzz(func(t *testing.T, s, format string) {
		ToDate(s, format, nil)
		ToTimestampTemplate(s, format, nil)
		ToChar(123456789012345, format)
		ToCharTZ(-63113904000000000, format, UTC)
		ToCharInterval(Interval{Micros: -1, Days: 5, Months: -13}, format)
	})
}

func FuzzZone(f *testing.F) {
	f.Add("EST5EDT,M3.2.0,M11.1.0")
	f.Add("<+03>-3")
	f.Fuzz(func(t *testing.T, s string) {
		if z, err := ParseZoneSetting(s); err == nil {
			z.At(0)
			z.FromLocal(1700000000)
		}
	})
}

func TestZoneSettings(t *testing.T) {
	for in, want := range map[string]string{"utc": "UTC", "-7": "<-07>+07", "5.5": "<+05:30>-05:30",
		"pst8pdt": "PST8PDT", "europe/prague": "Europe/Prague", "interval '-3:30'": "<-03:30>+03:30", "foo8": "FOO8"} {
		z, err := ParseZoneSetting(in)
		if err != nil || z.Name() != want {
			t.Errorf("%s: %v %v, want %s", in, z, err, want)
		}
	}
	if _, err := ParseZoneSetting("nowhere/land"); show("", err) != "!22023 invalid value for parameter \"TimeZone\": \"nowhere/land\"" {
		t.Error(err)
	}
	if n := len(Names()); n < 500 {
		t.Errorf("%d zones", n)
	}
	if n := len(Abbreviations(0)); n != 195 {
		t.Errorf("%d abbreviations", n)
	}
}

func TestFormattingDoesNotAllocate(t *testing.T) {
	z, _ := LoadZone("America/New_York")
	s := &Style{Zone: z, DateStyle: StylePostgres}
	buf := make([]byte, 0, 200)
	if n := testing.AllocsPerRun(100, func() {
		b := AppendTimestampTZ(buf[:0], 123456789012345, s)
		b = AppendTimestamp(b, 123456789012345, nil)
		b = AppendDate(b, 5000, s)
		b = AppendTimeTZ(b, TimeTZ{3600000001, -19800})
		AppendInterval(b, Interval{1500000, -3, 14}, s)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
