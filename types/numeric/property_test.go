package numeric

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"testing"
)

func randomDecimal(r *rand.Rand) Decimal {
	switch r.IntN(20) {
	case 0:
		return []Decimal{NaN, PosInf, NegInf, Zero}[r.IntN(4)]
	case 1, 2, 3:
		z := new(big.Int).Lsh(big.NewInt(r.Int64()), uint(r.IntN(120)))
		if r.IntN(2) == 0 {
			z.Neg(z)
		}
		d, _ := FromBig(z, r.IntN(60))
		return d
	}
	v := r.Int64() >> r.IntN(63)
	if r.IntN(2) == 0 {
		v = -v
	}
	if r.IntN(3) == 0 {
		v = v / 1000 * 1000
	}
	return FromScaled(v, r.IntN(20))
}

func rat(d Decimal) *big.Rat {
	return new(big.Rat).SetFrac(d.Coefficient(), pow10(int(d.scale)))
}

func TestArithmeticAgreesWithRationals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a, b := randomDecimal(r), randomDecimal(r)
		if a.kind|b.kind != 0 {
			continue
		}
		x, y := rat(a), rat(b)
		sum, _ := a.Add(b)
		diff, _ := a.Sub(b)
		prod, _ := a.Mul(b)
		if rat(sum).Cmp(new(big.Rat).Add(x, y)) != 0 || rat(diff).Cmp(new(big.Rat).Sub(x, y)) != 0 ||
			rat(prod).Cmp(new(big.Rat).Mul(x, y)) != 0 || a.Cmp(b) != x.Cmp(y) {
			t.Fatalf("%s and %s: %s %s %s %d", a, b, sum, diff, prod, a.Cmp(b))
		}
		if !b.IsZero() {
			q, _ := a.Div(b)
			e := new(big.Rat).Sub(rat(q), new(big.Rat).Quo(x, y))
			if e.Abs(e).Cmp(new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), pow10(int(q.scale))))) > 0 {
				t.Fatalf("%s / %s = %s", a, b, q)
			}
		}
	}
}

func TestFormsKeepValueAndOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		a, b := randomDecimal(r), randomDecimal(r)
		if r.IntN(5) == 0 {
			b = a.cutTo(int(a.scale)+r.IntN(5), 0)
		}
		checkForms(t, a, b)
	}
}

func checkForms(t *testing.T, a, b Decimal) {
	s := a.AppendStorage([]byte{1})
	back, n, err := DecodeStorage(append(s[1:], 9))
	if err != nil || n != len(s)-1 || back.String() != a.String() {
		t.Fatalf("storage of %s: %s %d %v", a, back, n, err)
	}
	again, err := Parse(a.String())
	if err != nil || again.String() != a.String() || !again.Equal(a) {
		t.Fatalf("text of %s: %s %v", a, again, err)
	}
	ka, kb := AppendKey(nil, a), AppendKey(nil, b)
	if bytes.Compare(ka, kb) != a.Cmp(b) {
		t.Fatalf("keys of %s and %s: %x %x", a, b, ka, kb)
	}
	if a.Equal(b) && a.Hash64() != b.Hash64() {
		t.Fatalf("hashes of %s and %s", a, b)
	}
	v, n, err := DecodeKey(append(ka, 7))
	if err != nil || n != len(ka) || !v.Equal(a) {
		t.Fatalf("key of %s: %s %v", a, v, err)
	}
}

func TestSumMatchesAddition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		var s Sum
		total := Zero
		var all []Decimal
		for range r.IntN(30) + 1 {
			d := randomDecimal(r)
			if d.kind != kindFinite {
				continue
			}
			s.Add(d)
			all = append(all, d)
			total, _ = total.Add(d)
		}
		if got, ok, _ := s.Result(); ok && got.String() != total.String() {
			t.Fatalf("sum %s, want %s", got, total)
		}
		if len(all) > 1 && s.Sub(all[0]) {
			want, _ := total.Sub(all[0])
			if got, _, _ := s.Result(); !got.Equal(want) {
				t.Fatalf("after Sub %s, want %s", got, want)
			}
		}
	}
}

func TestSmallValuesDoNotAllocate(t *testing.T) {
	a, b := FromScaled(123456789, 2), FromScaled(-987654321, 4)
	var s Sum
	buf := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() {
		x, _ := a.Add(b)
		y, _ := x.Sub(a)
		z, _ := y.Mul(a)
		q, _ := z.Div(FromInt64(7))
		s.Add(q)
		buf = AppendKey(q.AppendText(buf[:0]), q)
		_ = a.Cmp(b)
		_ = a.Hash64()
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzForms(f *testing.F) {
	f.Add("1.50", "-3e40")
	f.Add("NaN", "inf")
	f.Fuzz(func(t *testing.T, x, y string) {
		a, err := Parse(x)
		if err != nil {
			return
		}
		b, err := Parse(y)
		if err != nil {
			return
		}
		checkForms(t, a, b)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x84, 5, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		DecodeStorage(b)
		DecodeKey(b)
		DecodeBinary(b)
	})
}
