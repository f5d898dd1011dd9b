package numeric

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestTemplatesAsPostgreSQL(t *testing.T) {
	f, err := os.Open("testdata/templates.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bad := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		in, want, _ := strings.Cut(sc.Text(), " | ")
		p := strings.SplitN(in, ";", 3)
		var got string
		var err error
		ok := true
		switch p[0] {
		case "num":
			var d Decimal
			if d, err = Parse(p[1]); err == nil {
				got, err = d.ToChar(p[2])
			}
		case "f8":
			v, _ := strconv.ParseFloat(p[1], 64)
			got, err = ToCharFloat64(v, p[2])
		case "f4":
			v, _ := strconv.ParseFloat(p[1], 32)
			got, err = ToCharFloat32(float32(v), p[2])
		case "i4":
			v, _ := strconv.Atoi(p[1])
			got, err = ToCharInt32(int32(v), p[2])
		case "i8":
			v, _ := strconv.Atoi(p[1])
			got, err = ToCharInt64(int64(v), p[2])
		case "read":
			var d Decimal
			d, ok, err = ToNumber(p[1], p[2])
			got = d.String()
		}
		got = show(got, err)
		if !ok && err == nil {
			got = "NULL"
		}
		if got != want {
			bad++
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
	t.Logf("%d differ", bad)
}

func FuzzTemplate(f *testing.F) {
	f.Add("-34,338.5", "FM99G999D9S")
	f.Add("<12>", "99V9PR")
	f.Fuzz(func(t *testing.T, s, format string) {
		if len(format) > 60 {
			return
		}
		ToNumber(s, format)
		ToCharInt32(-12, format)
		ToCharFloat64(0.125, format)
		if d, err := Parse(s); err == nil && len(d.String()) < 200 {
			d.ToChar(format)
		}
	})
}
