package numeric

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"datapunk/internal/pgerr"
)

// show renders a result or an error as the files in testdata do.
func show(v any, err error) string {
	if err != nil {
		var e *pgerr.Error
		if !errors.As(err, &e) {
			return "?" + err.Error()
		}
		s := "!" + string(e.Code) + " " + e.Message
		if e.Detail != "" {
			s += " / " + e.Detail
		}
		if e.Hint != "" {
			s += " / " + e.Hint
		}
		return s
	}
	switch v := v.(type) {
	case Decimal:
		return v.String()
	case float64:
		return floatText(v, 64)
	case float32:
		return floatText(float64(v), 32)
	case []byte:
		return fmt.Sprintf("\\x%x", v)
	}
	return fmt.Sprint(v)
}

func floatText(v float64, size int) string {
	if math.IsInf(v, 0) {
		if v < 0 {
			return "-Infinity"
		}
		return "Infinity"
	}
	s := strconv.FormatFloat(v, 'g', -1, size)
	if e := math.Floor(math.Log10(math.Abs(v))); v != 0 && e > -5 && e < float64(map[int]int{64: 15, 32: 6}[size]) {
		s = strconv.FormatFloat(v, 'f', -1, size)
	}
	return s
}

func evaluate(t *testing.T, op string, args []string) string {
	var ds []Decimal
	for _, a := range args {
		for _, f := range strings.Split(a, ",") {
			d, err := Parse(f)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			ds = append(ds, d)
		}
	}
	num := func(i int) int { v, _ := ds[i].Int64(); return int(v) }
	d := ds[0]
	opt := func(d Decimal, ok bool, err error) string {
		if err == nil && !ok {
			return "NULL"
		}
		return show(d, err)
	}
	optInt := func(n int, ok bool) string {
		if !ok {
			return "NULL"
		}
		return strconv.Itoa(n)
	}
	two := func(f func(a, b Decimal) (Decimal, error)) string { r, err := f(ds[0], ds[1]); return show(r, err) }
	one := func(f func(Decimal) (Decimal, error)) string { r, err := f(d); return show(r, err) }
	switch op {
	case "add":
		return two(Decimal.Add)
	case "sub":
		return two(Decimal.Sub)
	case "mul":
		return two(Decimal.Mul)
	case "div":
		return two(Decimal.Div)
	case "mod":
		return two(Decimal.Mod)
	case "divtrunc":
		return two(Decimal.DivTrunc)
	case "power":
		return two(Power)
	case "log":
		return two(Log)
	case "gcd":
		return two(Decimal.Gcd)
	case "lcm":
		return two(Decimal.Lcm)
	case "sqrt":
		return one(Decimal.Sqrt)
	case "exp":
		return one(Decimal.Exp)
	case "ln":
		return one(Decimal.Ln)
	case "log10":
		return one(Decimal.Log10)
	case "ceil":
		return show(d.Ceil(), nil)
	case "floor":
		return show(d.Floor(), nil)
	case "sign":
		return show(d.Signum(), nil)
	case "abs":
		return show(d.Abs(), nil)
	case "neg":
		return show(d.Neg(), nil)
	case "int8":
		v, err := d.Int64()
		return show(v, err)
	case "int4":
		v, err := d.Int32()
		return show(v, err)
	case "int2":
		v, err := d.Int16()
		return show(v, err)
	case "float8":
		v, err := d.Float64()
		return show(v, err)
	case "float4":
		v, err := d.Float32()
		return show(v, err)
	case "scale":
		return optInt(d.Scale())
	case "minscale":
		return optInt(d.MinScale())
	case "trimscale":
		return show(d.TrimScale(), nil)
	case "send":
		b := d.AppendBinary(nil)
		back, err := DecodeBinary(b)
		if err != nil || back.String() != d.String() {
			return fmt.Sprint("not read back: ", back, err)
		}
		return show(b, nil)
	case "round":
		v, err := d.Round(num(1))
		return show(v, err)
	case "trunc":
		return show(d.Trunc(num(1)), nil)
	case "typmod":
		tm, err := Typmod(num(1), num(2))
		if err != nil {
			return show(nil, err)
		}
		v, err := d.CoerceTypmod(tm)
		return show(v, err)
	case "fromf8", "fromf4":
		v, _ := strconv.ParseFloat(args[0], map[string]int{"fromf8": 64, "fromf4": 32}[op])
		if op == "fromf4" {
			return show(FromFloat32(float32(v)), nil)
		}
		return show(FromFloat64(v), nil)
	case "width_bucket":
		v, err := WidthBucket(ds[0], ds[1], ds[2], int32(num(3)))
		return show(v, err)
	case "factorial":
		v, err := Factorial(int64(num(0)))
		return show(v, err)
	}
	var s, s2 Sum
	var m, m2 Moments
	for i, d := range ds {
		if i%2 == 0 {
			s.Add(d)
			m.Add(d)
		} else {
			s2.Add(d)
			m2.Add(d)
		}
	}
	s.Merge(&s2)
	m.Merge(&m2)
	switch op {
	case "sum":
		return opt(s.Result())
	case "avg":
		return opt(s.Avg())
	case "var_pop", "var_samp":
		return opt(m.Variance(op == "var_samp"))
	case "stddev_pop", "stddev_samp":
		return opt(m.StdDev(op == "stddev_samp"))
	}
	t.Fatalf("unknown op %s", op)
	return ""
}

func TestFunctionsAsPostgreSQL(t *testing.T) {
	f, err := os.Open("testdata/functions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		in, want, _ := strings.Cut(sc.Text(), " | ")
		op, rest, _ := strings.Cut(in, " ")
		var got string
		if op == "parse" {
			d, err := Parse(rest)
			got = show(d, err)
		} else {
			got = evaluate(t, op, strings.Fields(rest))
		}
		if got != want {
			if len(got) > 300 {
				got = got[:300]
			}
			if len(want) > 300 {
				want = want[:300]
			}
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}
