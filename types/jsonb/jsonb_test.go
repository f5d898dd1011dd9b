package jsonb

import (
	"bytes"
	"strings"
	"testing"
)

// values are in jsonb's order, each greater than the one before.
var values = []string{`[]`, `null`, `"a"`, `"b"`, `1`, `1.5`, `20`, `false`, `true`, `["a"]`, `[1]`, `[2]`, `[1, 2]`, `{}`,
	`{"a": 1}`, `{"b": 0}`, `{"a": 1, "b": 2}`}

func parse(t testing.TB, text string) []byte {
	t.Helper()
	b, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

func TestOrder(t *testing.T) {
	for i, x := range values {
		for j, y := range values {
			got := Compare(parse(t, x), parse(t, y))
			if (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s) = %d", x, y, got)
			}
		}
	}
}

func TestEqualNumbersHashAlike(t *testing.T) {
	a, b := parse(t, `{"a": [1.0, {"b": 2}]}`), parse(t, `{"a": [1, {"b": 2.00}]}`)
	if Compare(a, b) != 0 || Hash(a) != Hash(b) {
		t.Error("equal values differ")
	}
	if bytes.Equal(a, b) {
		t.Error("a number's scale is lost")
	}
}

func TestKeys(t *testing.T) {
	b := parse(t, `{"bb": 1, "a": 2, "bb": 3, "": 4, "éé": 5}`)
	if got := string(AppendText(nil, b)); got != `{"": 4, "a": 2, "bb": 3, "éé": 5}` {
		t.Error(got)
	}
	for key, want := range map[string]string{"": "4", "a": "2", "bb": "3", "éé": "5"} {
		if v, ok := Lookup(b, key); !ok || string(AppendText(nil, v)) != want {
			t.Errorf("%q: %v %s", key, ok, v)
		}
	}
	if _, ok := Lookup(b, "b"); ok {
		t.Error("found what is not there")
	}
}

// TestWidths has containers whose ends need 1, 2 and 4 bytes.
func TestWidths(t *testing.T) {
	for _, n := range []int{1, 300, 70000} {
		text := `{"a": ["` + strings.Repeat("x", n) + `", 1], "k": {"` + strings.Repeat("k", n) + `": true}}`
		b := parse(t, text)
		if got := string(AppendText(nil, b)); got != text {
			t.Errorf("%d: read back %d bytes of %d", n, len(got), len(text))
		}
		if v, ok := At(b, []string{"a", "-1"}); !ok || KindOf(v) != Number {
			t.Errorf("%d: no number", n)
		}
	}
}

func TestDepth(t *testing.T) {
	if _, err := Parse(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)); err != nil {
		t.Error(err)
	}
	if _, err := Parse(strings.Repeat("[", 100000)); err == nil {
		t.Error("no limit of depth")
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range values {
		f.Add(v, "a", 1)
	}
	f.Add(`{"a":{"b":[1,2,{"c":null}]},"d":"\u00e9\ud83d\ude00\n"}`, "d", -1)
	f.Add(`"\ud800`, "", 0)
	f.Add("[1e5, -0.00, 1E-3]", "0", 2)
	f.Fuzz(func(t *testing.T, text, key string, n int) {
		valid := Validate(text) == nil
		b, err := Parse(text)
		if err == nil && !valid {
			t.Errorf("%q is jsonb but not json", text)
		}
		if tree, err := ParseTree(text, true); err == nil {
			tree.Find(key)
			if Validate(tree.Raw) != nil {
				t.Errorf("%q: raw %q is not json", text, tree.Raw)
			}
		}
		if err != nil {
			return
		}
		printed := string(AppendText(nil, b))
		again, err := Parse(printed)
		if err != nil || Compare(b, again) != 0 || Hash(b) != Hash(again) {
			t.Errorf("%q printed as %q reads back differently (%v)", text, printed, err)
		}
		if pretty, err := Parse(string(AppendPretty(nil, b))); err != nil || Compare(b, pretty) != 0 {
			t.Errorf("%q reads back differently from its pretty form", text)
		}
		if !Contains(b, b) {
			t.Errorf("%q does not contain itself", text)
		}
		Exists(b, key)
		Lookup(b, key)
		Index(b, n)
		At(b, []string{key, "0"})
		StripNulls(b)
		Concat(b, b)
		DeleteKeys(b, []string{key})
		DeleteIndex(b, n)
		for op := Replace; op <= Remove; op++ {
			if out, err := SetPath(b, []PathStep{{Text: key}, {Text: "1"}}, TrueValue, op); err == nil {
				AppendText(nil, out)
			}
			if out, err := SetPath(b, []PathStep{{Text: "-1"}}, TrueValue, op); err == nil {
				AppendText(nil, out)
			}
		}
	})
}
