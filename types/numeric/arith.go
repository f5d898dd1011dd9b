package numeric

import (
	"math"
	"math/big"

	"datapunk/internal/pgerr"
)

// align128 brings both coefficients to the larger scale; false if one overflows.
func align128(a, b Decimal) (x, y int128, ok bool) {
	x, y, ok = a.i128(), b.i128(), true
	if a.scale < b.scale {
		x, ok = x.scaleUp(int(b.scale - a.scale))
	} else if b.scale < a.scale {
		y, ok = y.scaleUp(int(a.scale - b.scale))
	}
	return
}

func alignBig(a, b Decimal) (x, y *big.Int, scale int) {
	x, y = a.coef(), b.coef()
	if a.scale < b.scale {
		x = new(big.Int).Mul(x, pow10(int(b.scale-a.scale)))
	} else if b.scale < a.scale {
		y = new(big.Int).Mul(y, pow10(int(a.scale-b.scale)))
	}
	return x, y, max(int(a.scale), int(b.scale))
}

// Add returns a+b; 22003 past the limits.
func (a Decimal) Add(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		switch {
		case a.kind == kindNaN || b.kind == kindNaN:
			return NaN, nil
		case a.kind == kindFinite:
			return b, nil
		case b.kind == kindFinite || a.kind == b.kind:
			return a, nil
		}
		return NaN, nil
	}
	if a.big == nil && b.big == nil {
		if x, y, ok := align128(a, b); ok {
			if r, ok := x.add(y); ok && r.hi != math.MinInt64 {
				return Decimal{hi: r.hi, lo: r.lo, scale: max(a.scale, b.scale)}, nil
			}
		}
	}
	x, y, s := alignBig(a, b)
	return makeBig(new(big.Int).Add(x, y), s)
}

// Sub returns a-b; 22003 past the limits.
func (a Decimal) Sub(b Decimal) (Decimal, error) { return a.Add(b.Neg()) }

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	switch {
	case d.kind == kindPosInf:
		return NegInf
	case d.kind == kindNegInf:
		return PosInf
	case d.kind == kindNaN:
		return d
	case d.big != nil:
		return Decimal{big: new(big.Int).Neg(d.big), scale: d.scale}
	}
	r, _ := int128{}.sub(d.i128())
	return from128(r, int(d.scale))
}

// Abs returns |d|.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// Mul returns a*b, exact up to 16383 digits of scale; 22003 past the limits.
func (a Decimal) Mul(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		if a.IsNaN() || b.IsNaN() {
			return NaN, nil
		}
		switch a.Sign() * b.Sign() {
		case 1:
			return PosInf, nil
		case -1:
			return NegInf, nil
		}
		return NaN, nil
	}
	s := int(a.scale) + int(b.scale)
	if a.big == nil && b.big == nil && s <= maxScale {
		if r, ok := a.i128().mul(b.i128()); ok {
			return from128(r, s), nil
		}
	}
	z := new(big.Int).Mul(a.coef(), b.coef())
	if s > maxScale {
		z = roundQuo(z, pow10(s-maxScale))
		s = maxScale
	}
	return makeBig(z, s)
}

// roundQuo returns a/b rounded half away from zero, in new storage.
func roundQuo(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Abs(r).Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		if a.Sign()*b.Sign() < 0 {
			q.Sub(q, bigOne)
		} else {
			q.Add(q, bigOne)
		}
	}
	return q
}

var bigOne = big.NewInt(1)

// divScale is PostgreSQL's choice of the result scale of a quotient: at least
// 16 significant digits, counted in groups of four.
func divScale(a, b Decimal) int {
	w1, f1, _ := a.topDigits(1)
	w2, f2, _ := b.topDigits(1)
	qw := w1 - w2
	if f1 <= f2 {
		qw--
	}
	s := minSigDigits - qw*4
	s = max(s, int(a.scale), int(b.scale), 0)
	return min(s, maxDisplayScale)
}

// quoTo returns a/b at the scale, rounded half away from zero or cut.
func quoTo(a, b Decimal, scale int, round bool) (Decimal, error) {
	shift := scale + int(b.scale) - int(a.scale)
	if a.big == nil && b.big == nil && shift >= 0 && b.hi == b.hi>>63 {
		bh, bl := b.i128().abs()
		if bh == 0 {
			if x, ok := a.i128().scaleUp(shift); ok {
				h, l := x.abs()
				qh, ql, r := divModMag(h, l, bl)
				if round && r >= bl-r {
					ql++
					if ql == 0 {
						qh++
					}
				}
				if v, ok := fromMag((a.hi < 0) != (b.hi < 0), qh, ql); ok {
					return from128(v, scale), nil
				}
			}
		}
	}
	x, y := a.coef(), b.coef()
	if shift >= 0 {
		x = new(big.Int).Mul(x, pow10(shift))
	} else {
		y = new(big.Int).Mul(y, pow10(-shift))
	}
	if round {
		return makeBig(roundQuo(x, y), scale)
	}
	return makeBig(new(big.Int).Quo(x, y), scale)
}

// divSpecial handles division where an operand is not finite.
func divSpecial(a, b Decimal) (Decimal, error) {
	if a.IsNaN() || b.IsNaN() {
		return NaN, nil
	}
	if a.IsInf() {
		if b.IsInf() {
			return NaN, nil
		}
		switch a.Sign() * b.Sign() {
		case 0:
			return Decimal{}, divisionByZero()
		case 1:
			return PosInf, nil
		}
		return NegInf, nil
	}
	return Zero, nil
}

// Div returns a/b at PostgreSQL's scale; 22012 for a zero divisor.
func (a Decimal) Div(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		return divSpecial(a, b)
	}
	if b.IsZero() {
		return Decimal{}, divisionByZero()
	}
	return quoTo(a, b, divScale(a, b), true)
}

// DivTrunc is div(a, b): the integer quotient, cut; 22012 for a zero divisor.
func (a Decimal) DivTrunc(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		return divSpecial(a, b)
	}
	if b.IsZero() {
		return Decimal{}, divisionByZero()
	}
	return quoTo(a, b, 0, false)
}

// Mod returns the remainder with the sign of a; 22012 for a zero divisor.
func (a Decimal) Mod(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		switch {
		case a.IsNaN() || b.IsNaN():
			return NaN, nil
		case a.IsInf():
			if b.IsZero() {
				return Decimal{}, divisionByZero()
			}
			return NaN, nil
		}
		return a, nil
	}
	if b.IsZero() {
		return Decimal{}, divisionByZero()
	}
	if a.big == nil && b.big == nil {
		if x, y, ok := align128(a, b); ok && x.isInt64() && y.isInt64() && int64(y.lo) != -1 {
			return FromScaled(int64(x.lo)%int64(y.lo), int(max(a.scale, b.scale))), nil
		}
	}
	x, y, s := alignBig(a, b)
	return fromOwned(new(big.Int).Rem(x, y), s), nil
}

// Gcd returns the greatest common divisor, never negative.
func (a Decimal) Gcd(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		return NaN, nil
	}
	x, y, s := alignBig(a, b)
	return makeBig(new(big.Int).GCD(nil, nil, new(big.Int).Abs(x), new(big.Int).Abs(y)), s)
}

// Lcm returns the least common multiple, never negative; 22003 past the limits.
func (a Decimal) Lcm(b Decimal) (Decimal, error) {
	if a.kind|b.kind != 0 {
		return NaN, nil
	}
	x, y, s := alignBig(a, b)
	if x.Sign() == 0 || y.Sign() == 0 {
		return Decimal{scale: uint16(s)}, nil
	}
	g := new(big.Int).GCD(nil, nil, new(big.Int).Abs(x), new(big.Int).Abs(y))
	z := new(big.Int).Quo(x, g)
	z.Mul(z, y)
	return makeBig(z.Abs(z), s)
}

// Factorial returns n!; 22003 for a negative number or a result too large.
func Factorial(n int64) (Decimal, error) {
	if n < 0 {
		return Decimal{}, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	}
	if n > 32177 {
		return Decimal{}, overflow()
	}
	if n <= 1 {
		return One, nil
	}
	return makeBig(new(big.Int).MulRange(1, n), 0)
}

// WidthBucket returns the bucket 0..count+1 of d between low and high, which
// may be descending; 2201G for bad bounds or count.
func WidthBucket(d, low, high Decimal, count int32) (int32, error) {
	bad := func(s string) (int32, error) {
		return 0, pgerr.New(pgerr.InvalidArgumentForWidthBucketFunction, s)
	}
	if count <= 0 {
		return bad("count must be greater than zero")
	}
	if d.IsNaN() || low.IsNaN() || high.IsNaN() {
		return bad("operand, lower bound, and upper bound cannot be NaN")
	}
	if low.IsInf() || high.IsInf() {
		return bad("lower and upper bounds must be finite")
	}
	order := low.Cmp(high)
	if order == 0 {
		return bad("lower bound cannot equal upper bound")
	}
	if d.Cmp(low)*order > 0 {
		return 0, nil
	}
	if d.Cmp(high)*order <= 0 {
		if count == math.MaxInt32 {
			return 0, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
		return count + 1, nil
	}
	x, err := d.Sub(low)
	if err != nil {
		return 0, err
	}
	w, err := high.Sub(low)
	if err != nil {
		return 0, err
	}
	if x, err = x.Mul(FromInt64(int64(count))); err != nil {
		return 0, err
	}
	q, err := x.Div(w)
	if err != nil {
		return 0, err
	}
	n, err := q.Floor().Int64()
	if err != nil {
		return 0, err
	}
	return int32(min(n, int64(count)-1)) + 1, nil
}
