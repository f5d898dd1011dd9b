package format_test

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// types under test, by pg_type.typname.
var names = strings.Fields("bool int2 int4 int8 float4 float8 numeric text varchar bpchar name char bytea date time timetz " +
	"timestamp timestamptz interval uuid json jsonb oid xid cid tid xid8 pg_lsn oidvector int2vector regtype " +
	"_int4 _text _bool _jsonb _numeric _timestamptz _bytea _varchar _uuid")

func context() *format.Context { return &format.Context{ExtraFloatDigits: 1} }

// TestText reads testdata/text.txt: type, modifier, input, and what PostgreSQL prints
// or "ERROR code: message", between tabs.
func TestText(t *testing.T) {
	file, err := os.Open("testdata/text.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	lines := 0
	for scanner.Scan() {
		f := strings.Split(scanner.Text(), "\t")
		if len(f) != 3 {
			continue
		}
		lines++
		typ := types.BuiltinNamed(f[0])
		v := vector.New(typ, 1)
		got := ""
		if err := format.ParseText(context(), typ, -1, f[1], v, 0); err != nil {
			var e *pgerr.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			got = "ERROR " + string(e.Code) + ": " + e.Message
			if e.Detail != "" {
				got += " DETAIL: " + e.Detail
			}
		} else {
			got = string(format.AppendText(nil, context(), v, 0))
		}
		if got != f[2] {
			t.Errorf("%s %q: got %s, want %s", f[0], f[1], got, f[2])
		}
	}
	if lines < 100 {
		t.Errorf("only %d lines", lines)
	}
}

func TestTypeNames(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"varchar", []string{"10"}, "character varying(10)"}, {"numeric", []string{"10", "2"}, "numeric(10,2)"},
		{"numeric", []string{"5", "-2"}, "numeric(5,-2)"}, {"timestamp", []string{"3"}, "timestamp(3) without time zone"},
		{"timetz", []string{"0"}, "time(0) with time zone"}, {"_int4", nil, "integer[]"}, {"char", nil, `"char"`},
		{"interval", []string{"7176", "3"}, "interval day to second(3)"}, {"interval", []string{"4"}, "interval year"},
		{"bpchar", []string{"5"}, "character(5)"}, {"_varchar", []string{"3"}, "character varying(3)[]"}, {"int2vector", nil, "int2vector"},
		{"bool", nil, "boolean"}, {"float8", nil, "double precision"}, {"any", nil, `"any"`},
	} {
		typ, mod := types.BuiltinNamed(c.name), int32(-1)
		if c.args != nil {
			var err error
			if mod, err = format.ParseMod(typ, c.args); err != nil {
				t.Errorf("%s%v: %v", c.name, c.args, err)
				continue
			}
		}
		if got := format.TypeName(typ, mod); got != c.want {
			t.Errorf("%s%v: got %s, want %s", c.name, c.args, got, c.want)
		}
	}
}

// check reads a text and reads it back through both forms.
func check(t *testing.T, typ *types.Type, text string) {
	v := vector.New(typ, 1)
	if format.ParseText(context(), typ, -1, text, v, 0) != nil {
		return
	}
	printed := string(format.AppendText(nil, context(), v, 0))
	if typ == types.JSON || typ == types.Timetz {
		return // json has no order; PostgreSQL too takes zones as far off as A100
	}
	again := vector.New(typ, 1)
	if err := format.ParseText(context(), typ, -1, printed, again, 0); err != nil {
		if typ == types.Char && format.CheckText(printed) != nil {
			return
		}
		t.Errorf("%s %q: printed as %q: %v", typ.Name, text, printed, err)
		return
	}
	if kernel.Comparer(typ, 0)(v, 0, again, 0) != 0 {
		t.Errorf("%s %q: printed as %q, another value", typ.Name, text, printed)
	}
	b, err := format.AppendBinary(nil, context(), v, 0)
	if err != nil {
		t.Errorf("%s %q: %v", typ.Name, text, err)
		return
	}
	if err := format.ParseBinary(context(), typ, -1, b, again, 0); err != nil {
		t.Errorf("%s %q: binary %x: %v", typ.Name, text, b, err)
		return
	}
	if kernel.Comparer(typ, 0)(v, 0, again, 0) != 0 {
		t.Errorf("%s %q: binary %x is another value", typ.Name, text, b)
	}
}

var seeds = []string{"", "1", "-1.5e3", "NaN", "t", "abc", `\x00ff`, `a\\b\001`, "2020-01-02", "10:11:12.5+02", "2020-01-02 03:04:05+00", "1 day 02:03",
	"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `{"a":[1,null]}`, "(1,2)", "16/B374D848", "1 2 3", "{1,2}", "{{a,b},{NULL,\"x\\\"y\"}}", "[0:1]={1,2}",
	"{t,f}", "infinity", "-infinity", "é", "{2020-01-01}", "0x1p3", "integer[]", `{"{\"a\": 1}"}`, "99999999999999999999"}

func FuzzText(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range names {
			start := time.Now()
			check(t, types.BuiltinNamed(name), text)
			if d := time.Since(start); d > time.Second {
				t.Errorf("%s %q takes %v", name, text, d)
			}
		}
	})
}

func FuzzBinary(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5})
	f.Add([]byte{1, '1'})
	f.Add([]byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range names {
			typ := types.BuiltinNamed(name)
			v := vector.New(typ, 1)
			if format.ParseBinary(context(), typ, -1, b, v, 0) != nil {
				continue
			}
			format.AppendText(nil, context(), v, 0)
			out, err := format.AppendBinary(nil, context(), v, 0)
			if err != nil {
				t.Errorf("%s %x: %v", name, b, err)
				continue
			}
			again := vector.New(typ, 1)
			if err := format.ParseBinary(context(), typ, -1, out, again, 0); err != nil {
				t.Errorf("%s %x: sent as %x: %v", name, b, out, err)
			}
		}
	})
}

func BenchmarkAppendInt(b *testing.B) {
	v := vector.Value(types.Int4, int32(123456))
	var buffer []byte
	for b.Loop() {
		buffer = format.AppendText(buffer[:0], nil, v, 0)
	}
}
