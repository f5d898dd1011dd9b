package numeric

import (
	"math"
	"math/big"
	"sync"

	"datapunk/internal/pgerr"
)

// The functions here work on binary fixed point (integer * 2^-prec) with guard
// bits well past the result scale, and round once at the end; PostgreSQL keeps
// 8 guard digits, so both round to the same digits.

const log10e = 0.434294481903252

var ln2Cache struct {
	sync.Mutex
	prec int
	v    *big.Int
}

// atanhInv returns atanh(1/n) * 2^prec.
func atanhInv(n int64, prec int) *big.Int {
	term := new(big.Int).Lsh(bigOne, uint(prec))
	d := big.NewInt(n)
	term.Quo(term, d)
	d.Mul(d, d)
	sum := new(big.Int).Set(term)
	t := new(big.Int)
	for k := int64(3); term.Sign() != 0; k += 2 {
		term.Quo(term, d)
		sum.Add(sum, t.Quo(term, big.NewInt(k)))
	}
	return sum
}

// ln2 returns ln(2) * 2^prec.
func ln2(prec int) *big.Int {
	ln2Cache.Lock()
	defer ln2Cache.Unlock()
	if ln2Cache.prec < prec {
		p := prec + 64
		a := atanhInv(26, p)
		a.Mul(a, big.NewInt(18))
		b := atanhInv(4801, p)
		a.Sub(a, b.Lsh(b, 1))
		c := atanhInv(8749, p)
		a.Add(a, c.Lsh(c, 3))
		ln2Cache.prec, ln2Cache.v = p, a
	}
	return new(big.Int).Rsh(ln2Cache.v, uint(ln2Cache.prec-prec))
}

// expFixed returns e^(x * 2^-prec) * 2^prec for a result below 2^20000.
func expFixed(x *big.Int, prec int) *big.Int {
	xf, _ := new(big.Float).SetInt(x).Float64()
	kf := xf * math.Pow(2, -math.Min(float64(prec), 1000))
	if prec > 1000 {
		t := new(big.Int).Rsh(x, uint(prec-64))
		f, _ := new(big.Float).SetInt(t).Float64()
		kf = f * math.Pow(2, -64)
	}
	k := int(math.Floor(kf / math.Ln2))
	guard := 40 + int(math.Sqrt(float64(prec)))
	if k > 0 {
		guard += k
	}
	p := prec + guard
	r := new(big.Int).Lsh(x, uint(guard))
	r.Sub(r, new(big.Int).Mul(ln2(p), big.NewInt(int64(k))))
	m := int(math.Sqrt(float64(p))/2) + 4
	r.Rsh(r, uint(m))
	one := new(big.Int).Lsh(bigOne, uint(p))
	sum := new(big.Int).Set(one)
	term := new(big.Int).Set(one)
	for i := int64(1); ; i++ {
		term.Mul(term, r)
		term.Rsh(term, uint(p))
		term.Quo(term, big.NewInt(i))
		if term.Sign() == 0 {
			break
		}
		sum.Add(sum, term)
	}
	for range m {
		sum.Mul(sum, sum)
		sum.Rsh(sum, uint(p))
	}
	if guard >= k {
		return sum.Rsh(sum, uint(guard-k))
	}
	return sum.Lsh(sum, uint(k-guard))
}

// lnFixed returns ln(d) * 2^prec for d > 0.
func lnFixed(d Decimal, prec int) *big.Int {
	p := prec + 64
	num := d.coef()
	den := pow10(int(d.scale))
	k := num.BitLen() - den.BitLen()
	m := new(big.Int)
	if p-k >= 0 {
		m.Quo(m.Lsh(num, uint(p-k)), den)
	} else {
		m.Quo(num, new(big.Int).Lsh(den, uint(k-p)))
	}
	// m is in (1/2, 2) at p bits
	mf, _ := new(big.Float).SetInt(new(big.Int).Rsh(m, uint(p-62))).Float64()
	y := new(big.Int)
	new(big.Float).SetMantExp(big.NewFloat(math.Log(mf*math.Pow(2, -62))), p).Int(y)
	for good := 45; ; good *= 3 {
		e := expFixed(y, p)
		diff := new(big.Int).Sub(m, e)
		diff.Lsh(diff, uint(p+1))
		diff.Quo(diff, e.Add(e, m))
		y.Add(y, diff)
		if good*3 > p+20 {
			break
		}
	}
	y.Add(y, new(big.Int).Mul(ln2(p), big.NewInt(int64(k))))
	return y.Rsh(y, 64)
}

func bitsFor(digits int) int { return int(float64(digits)*3.3219281) + 64 }

// fixedToDecimal rounds v * 2^-prec to the scale.
func fixedToDecimal(v *big.Int, prec, scale int) (Decimal, error) {
	z := new(big.Int).Mul(v, pow10(scale))
	return makeBig(roundQuo(z, new(big.Int).Lsh(bigOne, uint(prec))), scale)
}

// fixed returns d * 2^prec.
func (d Decimal) fixed(prec int) *big.Int {
	z := new(big.Int).Lsh(d.coef(), uint(prec))
	return z.Quo(z, pow10(int(d.scale)))
}

// Sqrt returns the square root; 2201F for a negative number.
func (d Decimal) Sqrt() (Decimal, error) {
	if d.Sign() < 0 {
		return Decimal{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	if d.kind != kindFinite {
		return d, nil
	}
	w, _, _ := d.topDigits(1)
	s := minSigDigits - ((w+1)*4/2 - 1)
	s = min(max(s, int(d.scale), 0), maxDisplayScale)
	return d.sqrtTo(s), nil
}

func (d Decimal) sqrtTo(s int) Decimal {
	// one digit more, cut, then rounded
	shift := 2*(s+1) - int(d.scale)
	z := new(big.Int)
	if shift >= 0 {
		z.Mul(d.coef(), pow10(shift))
	} else {
		z.Quo(d.coef(), pow10(-shift))
	}
	return fromOwned(z.Sqrt(z), s+1).roundTo(s)
}

// Exp returns e^d; 22003 past the limits.
func (d Decimal) Exp() (Decimal, error) {
	switch d.kind {
	case kindNegInf:
		return Zero, nil
	case kindFinite:
	default:
		return d, nil
	}
	x := d.approx()
	v := math.Max(math.Min(x*log10e, maxResultScale), -maxResultScale)
	s := min(max(minSigDigits-int(v), int(d.scale), 0), maxDisplayScale)
	if math.Abs(x) >= maxResultScale*3 {
		if x > 0 {
			return Decimal{}, overflow()
		}
		return Decimal{scale: uint16(s)}, nil
	}
	prec := bitsFor(s + 12)
	if x > 0 {
		prec += int(x * 1.4427)
	}
	return fixedToDecimal(expFixed(d.fixed(prec), prec), prec, s)
}

// lnWeight estimates the decimal weight of ln(d) as PostgreSQL does.
func (d Decimal) lnWeight() int {
	if d.Cmp(FromScaled(9, 1)) >= 0 && d.Cmp(FromScaled(11, 1)) <= 0 {
		x, _ := d.Sub(One)
		if x.IsZero() {
			return 0
		}
		w, f, _ := x.topDigits(1)
		return w*4 + int(math.Log10(float64(f)))
	}
	if d.IsZero() {
		return 0
	}
	w, v, n := d.topDigits(2)
	return int(math.Log10(math.Abs(math.Log(float64(v)) + float64((w-n+1)*4)*2.302585092994046)))
}

func logArgument(d Decimal) error {
	switch s := d.Sign(); {
	case s < 0:
		return pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	case s == 0:
		return pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of zero")
	}
	return nil
}

// Ln returns the natural logarithm; 2201E for zero and below.
func (d Decimal) Ln() (Decimal, error) {
	if err := logArgument(d); err != nil {
		return Decimal{}, err
	}
	if d.kind != kindFinite {
		return d, nil
	}
	s := min(max(minSigDigits-d.lnWeight(), int(d.scale), 0), maxDisplayScale)
	prec := bitsFor(s + 12)
	return fixedToDecimal(lnFixed(d, prec), prec, s)
}

// Log10 returns the logarithm to base 10; errors as Log.
func (d Decimal) Log10() (Decimal, error) { return Log(FromInt64(10), d) }

// Log returns the logarithm of d to the base; 2201E for zero and below, 22012
// for base 1.
func Log(base, d Decimal) (Decimal, error) {
	if base.IsNaN() || d.IsNaN() {
		return NaN, nil
	}
	if base.IsInf() || d.IsInf() {
		if base.Sign() < 0 || d.Sign() < 0 {
			return Decimal{}, logArgument(NegInf)
		}
	}
	if err := logArgument(base); err != nil {
		return Decimal{}, err
	}
	if err := logArgument(d); err != nil {
		return Decimal{}, err
	}
	if base.IsInf() {
		if d.IsInf() {
			return NaN, nil
		}
		return Zero, nil
	}
	if d.IsInf() {
		return PosInf, nil
	}
	if base.Equal(One) {
		return Decimal{}, divisionByZero()
	}
	bw := base.lnWeight()
	w := d.lnWeight() - bw
	s := min(max(minSigDigits-w, int(base.scale), int(d.scale), 0), maxDisplayScale)
	prec := bitsFor(s + max(w, 0) + 2*max(-bw, 0) + 24)
	n := lnFixed(d, prec)
	return fixedToDecimal(n.Quo(n.Lsh(n, uint(prec)), lnFixed(base, prec)), prec, s)
}

// isIntegral tells whether d has no fraction; the infinities have none.
func (d Decimal) isIntegral() bool {
	return d.kind != kindNaN && (d.scale == 0 || d.IsZero() || d.minScaleInternal() <= 0)
}

func (d Decimal) isOdd() bool {
	if !d.isIntegral() || d.kind != kindFinite {
		return false
	}
	return d.cutTo(0, 0).coef().Bit(0) == 1
}

// Power returns base^exp at PostgreSQL's scale; 2201F for a complex or
// undefined result, 22003 past the limits.
func Power(base, exp Decimal) (Decimal, error) {
	if base.IsNaN() {
		if exp.IsZero() {
			return One, nil
		}
		return NaN, nil
	}
	if exp.IsNaN() {
		if base.kind == kindFinite && base.Equal(One) {
			return One, nil
		}
		return NaN, nil
	}
	sb, se := base.Sign(), exp.Sign()
	if sb == 0 && se < 0 {
		return Decimal{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	}
	if sb < 0 && !exp.isIntegral() {
		return Decimal{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	if base.kind|exp.kind != 0 {
		return powerSpecial(base, exp, sb, se)
	}
	if exp.isIntegral() {
		if n, err := exp.Int64(); err == nil && n >= math.MinInt32 && n <= math.MaxInt32 {
			return powerInt(base, int(n), max(minSigDigits, int(base.scale), int(exp.scale)))
		}
	}
	if sb == 0 {
		return Decimal{scale: minSigDigits}, nil
	}
	neg := sb < 0 && exp.isOdd()
	base = base.Abs()
	prec := 200
	lf, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(lnFixed(base, prec)), -prec).Float64()
	v := lf * exp.approx()
	if math.Abs(v) > maxResultScale*3.01 {
		if v > 0 {
			return Decimal{}, overflow()
		}
		return Decimal{scale: maxDisplayScale}, nil
	}
	s := minSigDigits - int(v*log10e)
	s = min(max(s, int(base.scale), int(exp.scale), 0), maxDisplayScale)
	if math.Abs(v) >= maxResultScale*3 {
		if v > 0 {
			return Decimal{}, overflow()
		}
		return Decimal{scale: uint16(s)}, nil
	}
	prec = bitsFor(s+24) + int(math.Max(v, 0)*1.4427)
	lp := prec + exp.coef().BitLen()
	x := lnFixed(base, lp)
	x.Mul(x, exp.coef())
	x.Quo(x, pow10(int(exp.scale)))
	x.Rsh(x, uint(lp-prec))
	r, err := fixedToDecimal(expFixed(x, prec), prec, s)
	if neg {
		r = r.Neg()
	}
	return r, err
}

func powerSpecial(base, exp Decimal, sb, se int) (Decimal, error) {
	switch {
	case base.kind == kindFinite && base.Equal(One), se == 0:
		return One, nil
	case sb == 0:
		return Zero, nil
	case exp.IsInf():
		if base.kind == kindFinite && base.Equal(FromInt64(-1)) {
			return One, nil
		}
		if (base.Abs().Cmp(One) > 0) == (se > 0) {
			return PosInf, nil
		}
		return Zero, nil
	case se < 0:
		return Zero, nil
	case sb > 0 || !exp.isOdd():
		return PosInf, nil
	}
	return NegInf, nil
}

func powerInt(base Decimal, n, s int) (Decimal, error) {
	switch n {
	case 0:
		return One.cutTo(s, 0), nil
	case 1:
		return base.cutTo(s, 1), nil
	case -1:
		return quoTo(One, base, s, true)
	}
	if base.IsZero() {
		return Decimal{scale: uint16(s)}, nil
	}
	w, v, g := base.topDigits(4)
	f := float64(n) * (math.Log10(float64(v)) + float64((w-g+1)*4))
	if f > 3*32767*4 || f > maxIntDigits+1 {
		return Decimal{}, overflow()
	}
	if f+1 < -float64(s) || f+1 < -maxDisplayScale {
		return Decimal{scale: uint16(s)}, nil
	}
	e := n
	if e < 0 {
		e = -e
	}
	// exact while it is small, else with as many digits as the result shows
	b := base.TrimScale()
	nd := b.numDigits()
	sig := s + int(math.Max(f, 0)) + 24 + len("2147483648")*2
	if nd*e <= 4*sig+2000 {
		z := new(big.Int).Exp(b.coef(), big.NewInt(int64(e)), nil)
		zs := int(b.scale) * e
		if n < 0 {
			// 1/(z/10^zs) = 10^zs/z
			num := new(big.Int).Mul(pow10(zs+s), bigOne)
			return makeBig(roundQuo(num, z), s)
		}
		if zs > s {
			return makeBig(roundQuo(z, pow10(zs-s)), s)
		}
		return makeBig(z.Mul(z, pow10(s-zs)), s)
	}
	fp := uint(bitsFor(sig + int(math.Abs(math.Min(f, 0)))))
	x := new(big.Float).SetPrec(fp).SetInt(b.coef())
	x.Quo(x, new(big.Float).SetPrec(fp).SetInt(pow10(int(b.scale))))
	r := new(big.Float).SetPrec(fp).SetInt64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			r.Mul(r, x)
		}
		x.Mul(x, x)
	}
	if n < 0 {
		r.Quo(new(big.Float).SetPrec(fp).SetInt64(1), r)
	}
	r.Mul(r, new(big.Float).SetPrec(fp).SetInt(pow10(s+1)))
	z, _ := r.Int(nil)
	d, err := makeBig(z, s+1)
	return d.roundTo(s), err
}
