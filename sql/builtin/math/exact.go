package math

import "math"

// The elementary functions here compute in pairs of floats (about 106 bits) and
// round once, so that the last digit is that of the true value, which the C library
// under PostgreSQL gives nearly always. Go's own functions are off by one digit more
// often.

// double is a number as high + low, low being at most half a digit of high.
type double struct{ high, low float64 }

func twoSum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

func quickSum(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

func twoProduct(a, b float64) double {
	p := a * b
	return double{p, math.FMA(a, b, -p)}
}

func (p double) add(q double) double {
	s, t := twoSum(p.high, q.high), twoSum(p.low, q.low)
	s = quickSum(s.high, s.low+t.high)
	return quickSum(s.high, s.low+t.low)
}

func (p double) neg() double         { return double{-p.high, -p.low} }
func (p double) sub(q double) double { return p.add(q.neg()) }

func (p double) mul(q double) double {
	r := twoProduct(p.high, q.high)
	return quickSum(r.high, r.low+(p.high*q.low+p.low*q.high))
}

func (p double) scale(f float64) double { return p.mul(double{f, 0}) }

func (p double) div(q double) double {
	a := p.high / q.high
	r := p.sub(q.scale(a))
	b := r.high / q.high
	r = r.sub(q.scale(b))
	return quickSum(a, b).add(double{r.high / q.high, 0})
}

func (p double) value() float64 { return p.high + p.low }

func (p double) sqrt() double {
	if p.high == 0 {
		return p
	}
	x := 1 / math.Sqrt(p.high)
	a := p.high * x
	rest := p.sub(twoProduct(a, a))
	return twoSum(a, rest.high*x/2)
}

// Constants to 32 digits.
var (
	ln2    = double{0.6931471805599453, 2.3190468138462996e-17}
	ln10   = double{2.302585092994046, -2.1707562233822494e-16}
	halfPi = double{1.5707963267948966, 6.123233995736766e-17}
)

// quarterPi3 is π/2 in three parts, for the reduction of large angles.
const halfPi3 = -1.4973849048591833e-33

// expPair is e^p for a moderate p.
func expPair(p double) (double, int) {
	k := math.RoundToEven(p.high / ln2.high)
	r := p.sub(ln2.scale(k)).scale(1.0 / 512)
	// The series of e^r - 1 with r below 0.0007.
	term, sum := r, r
	for n := 2.0; n < 12; n++ {
		term = term.mul(r).div(double{n, 0})
		sum = sum.add(term)
	}
	for range 9 { // (1+s)² - 1 = 2s + s²
		sum = sum.scale(2).add(sum.mul(sum))
	}
	return sum.add(double{1, 0}), int(k)
}

// expTail tells whether an exponent is far outside of the range of floats.
func expTail(x float64) bool { return !(x > -800 && x < 800) }

func expOf(x float64) float64 {
	if expTail(x) {
		return math.Exp(x)
	}
	r, k := expPair(double{x, 0})
	return ldexp(r, k)
}

// ldexp rounds once even where the result is subnormal.
func ldexp(r double, k int) float64 {
	if k > -1000 {
		return math.Ldexp(r.value(), k)
	}
	// Add in a float whose last digit is that of the subnormals.
	shift := math.Ldexp(r.high, k) + math.Ldexp(r.low, k)
	return shift
}

// logPair is the natural logarithm, by one Newton step from the float's.
func logPair(x float64) double {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m*2, e-1
	}
	y := math.Log(m)
	// y + (m·e^-y - 1), and one order more.
	q, k := expPair(double{-y, 0})
	q = double{math.Ldexp(q.high, k), math.Ldexp(q.low, k)}
	d := q.scale(m).sub(double{1, 0})
	d = d.sub(d.mul(d).scale(0.5))
	return double{y, 0}.add(d).add(ln2.scale(float64(e)))
}

func logOf(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return math.Log(x)
	}
	return logPair(x).value()
}

func log10Of(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return math.Log10(x)
	}
	return logPair(x).div(ln10).value()
}

func powOf(x, y float64) float64 {
	plain := math.Pow(x, y)
	if plain == 0 || plain-plain != 0 || x == 0 || x-x != 0 || y-y != 0 || y == 0 || math.Abs(x) == 1 {
		return plain
	}
	p := logPair(math.Abs(x)).scale(y)
	if expTail(p.high) {
		return plain
	}
	r, k := expPair(p)
	v := ldexp(r, k)
	if math.Signbit(plain) {
		v = -v
	}
	return v
}

// reduce takes an angle to within ±π/4 and a quadrant; ok is false for huge ones.
func reduce(x float64) (r double, quadrant int, ok bool) {
	if math.Abs(x) > 1e9 {
		return double{}, 0, false
	}
	k := math.RoundToEven(x / halfPi.high)
	r = twoSum(x, 0).sub(twoProduct(halfPi.high, k)).sub(twoProduct(halfPi.low, k)).sub(double{halfPi3 * k, 0})
	return r, int(int64(k) & 3), true
}

// sinCos are the series for an angle within ±π/4.
func sinCos(r double) (s, c double) {
	square := r.mul(r)
	term := r
	s = r
	for n := 1.0; n < 15; n++ {
		term = term.mul(square).div(double{-(2 * n) * (2*n + 1), 0})
		s = s.add(term)
	}
	term = double{1, 0}
	c = term
	for n := 1.0; n < 15; n++ {
		term = term.mul(square).div(double{-(2*n - 1) * (2 * n), 0})
		c = c.add(term)
	}
	return s, c
}

// circle is sine and cosine of any angle that reduce takes.
func circle(x float64) (s, c double, ok bool) {
	r, quadrant, ok := reduce(x)
	if !ok {
		return s, c, false
	}
	s, c = sinCos(r)
	switch quadrant {
	case 1:
		s, c = c, s.neg()
	case 2:
		s, c = s.neg(), c.neg()
	case 3:
		s, c = c.neg(), s
	}
	return s, c, true
}

func sin(x float64) float64 {
	if s, _, ok := circle(x); ok && x != 0 {
		return s.value()
	}
	return math.Sin(x)
}

func cos(x float64) float64 {
	if _, c, ok := circle(x); ok {
		return c.value()
	}
	return math.Cos(x)
}

func tan(x float64) float64 {
	if s, c, ok := circle(x); ok && x != 0 {
		return s.div(c).value()
	}
	return math.Tan(x)
}

// atanPair is the angle of (x, y), by one Newton step from the float's.
func atanPair(y, x double) double {
	a := math.Atan2(y.high, x.high)
	s, c, _ := circle(a)
	length := x.mul(x).add(y.mul(y)).sqrt()
	// sin(θ - a) = (y·cos a - x·sin a) / length
	d := y.mul(c).sub(x.mul(s)).div(length)
	return double{a, 0}.add(d)
}

// moderate tells numbers whose squares are floats.
func moderate(x float64) bool { return math.Abs(x) < 1e150 && math.Abs(x) > 1e-140 }

func atan(x float64) float64 {
	if !moderate(x) {
		return math.Atan(x)
	}
	return atanPair(double{x, 0}, double{1, 0}).value()
}

func atan2(y, x float64) float64 {
	if !moderate(x) || !moderate(y) {
		return math.Atan2(y, x)
	}
	return atanPair(double{y, 0}, double{x, 0}).value()
}

// leg is √(1 - x²).
func leg(x float64) double { return double{1, 0}.sub(twoProduct(x, x)).sqrt() }

func asin(x float64) float64 {
	if !moderate(x) || math.Abs(x) >= 1 {
		return math.Asin(x)
	}
	return atanPair(double{x, 0}, leg(x)).value()
}

func acos(x float64) float64 {
	if !moderate(x) || math.Abs(x) >= 1 {
		return math.Acos(x)
	}
	return atanPair(leg(x), double{x, 0}).value()
}
