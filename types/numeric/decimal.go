// Package numeric is PostgreSQL's numeric type: exact decimals with a display
// scale, NaN and the two infinities.
//
// It exists because results must print the same digits as PostgreSQL's, whose
// scale rules follow a base-10000 representation; a general decimal library
// has other rules.
//
// Invariants: a finite value is coefficient / 10^scale; the coefficient lives
// in 128 bits (hi, lo) when its magnitude is below 2^127, else in big and hi
// and lo are 0; a special kind has all other fields 0; scale never passes 16383
// and the integer part never passes 131072 digits; a *big.Int once stored in a
// Decimal is never written again. The zero value is the number 0.
package numeric

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"datapunk/internal/pgerr"
)

// Limits of the type (PostgreSQL manual, 8.1.2).
const (
	MaxPrecision = 1000
	MinTypeScale = -1000
	MaxTypeScale = 1000

	maxScale        = 16383
	maxIntDigits    = 131072
	minSigDigits    = 16
	maxDisplayScale = 1000
	maxResultScale  = 2000
)

const (
	kindFinite uint8 = iota
	kindNaN
	kindPosInf
	kindNegInf
)

// Decimal is one numeric value, immutable, 32 bytes.
type Decimal struct {
	big   *big.Int
	hi    int64
	lo    uint64
	scale uint16
	kind  uint8
}

// Constants.
var (
	Zero   = Decimal{}
	One    = FromInt64(1)
	NaN    = Decimal{kind: kindNaN}
	PosInf = Decimal{kind: kindPosInf}
	NegInf = Decimal{kind: kindNegInf}
)

func overflow() *pgerr.Error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
}

func divisionByZero() *pgerr.Error {
	return pgerr.New(pgerr.DivisionByZero, "division by zero")
}

// FromInt64 returns v at scale 0.
func FromInt64(v int64) Decimal { return Decimal{hi: v >> 63, lo: uint64(v)} }

// FromScaled returns v / 10^scale, displayed with scale digits; 0 <= scale <= 16383.
func FromScaled(v int64, scale int) Decimal {
	return Decimal{hi: v >> 63, lo: uint64(v), scale: uint16(scale)}
}

// FromBig returns z / 10^scale; z is copied. The error is 22003 past the limits.
func FromBig(z *big.Int, scale int) (Decimal, error) {
	return makeBig(new(big.Int).Set(z), scale)
}

func from128(v int128, scale int) Decimal {
	return Decimal{hi: v.hi, lo: v.lo, scale: uint16(scale)}
}

// fromOwned takes z over without a check of the limits.
func fromOwned(z *big.Int, scale int) Decimal {
	if v, ok := int128FromBig(z); ok {
		return from128(v, scale)
	}
	return Decimal{big: z, scale: uint16(scale)}
}

// makeBig takes z over, with the check of the limits.
func makeBig(z *big.Int, scale int) (Decimal, error) {
	if scale > maxScale {
		return Decimal{}, overflow()
	}
	d := fromOwned(z, scale)
	return d, d.check()
}

// check reports an integer part of over 131072 digits.
func (d Decimal) check() error {
	if d.big != nil && float64(d.big.BitLen())*0.30103-float64(d.scale) > maxIntDigits-2 {
		if d.topExponent() >= maxIntDigits {
			return overflow()
		}
	}
	return nil
}

func (d Decimal) i128() int128 { return int128{d.hi, d.lo} }

// coef returns the coefficient; it must not be written to.
func (d Decimal) coef() *big.Int {
	if d.big != nil {
		return d.big
	}
	return d.i128().big()
}

// IsNaN tells whether d is NaN.
func (d Decimal) IsNaN() bool { return d.kind == kindNaN }

// IsInf tells whether d is one of the infinities.
func (d Decimal) IsInf() bool { return d.kind == kindPosInf || d.kind == kindNegInf }

// IsFinite tells whether d is an ordinary number.
func (d Decimal) IsFinite() bool { return d.kind == kindFinite }

// IsZero tells whether d is 0 at any scale.
func (d Decimal) IsZero() bool {
	return d.kind == kindFinite && d.big == nil && d.hi == 0 && d.lo == 0
}

// Sign returns -1, 0 or 1; NaN gives 1.
func (d Decimal) Sign() int {
	switch {
	case d.kind == kindNegInf:
		return -1
	case d.kind != kindFinite:
		return 1
	case d.big != nil:
		return d.big.Sign()
	}
	return d.i128().sign()
}

// Signum is the SQL function sign(): -1, 0, 1 or NaN.
func (d Decimal) Signum() Decimal {
	if d.IsNaN() {
		return d
	}
	return FromInt64(int64(d.Sign()))
}

// Coefficient returns a copy of the unscaled integer of a finite value.
func (d Decimal) Coefficient() *big.Int { return new(big.Int).Set(d.coef()) }

// numDigits counts the coefficient's decimal digits; 0 has none.
func (d Decimal) numDigits() int {
	if d.big != nil {
		n := int(float64(d.big.BitLen()-1) * 0.30102999566398119521)
		if d.big.CmpAbs(pow10(n)) < 0 {
			return n
		}
		if d.big.CmpAbs(pow10(n+1)) < 0 {
			return n + 1
		}
		return n + 2
	}
	hi, lo := d.i128().abs()
	if hi == 0 {
		return digitsU64(lo)
	}
	q, qlo, _ := divModMag(hi, lo, 1e19)
	if q != 0 {
		_, q2, _ := divModMag(q, qlo, 1e19)
		return 38 + digitsU64(q2)
	}
	return 19 + digitsU64(qlo)
}

// topExponent is the power of ten of the first significant digit.
func (d Decimal) topExponent() int { return d.numDigits() - 1 - int(d.scale) }

func floorDiv4(v int) int { return v >> 2 }

// topDigits returns PostgreSQL's weight and the first base-10000 digits as one
// integer of up to n groups, with the number of groups that the normalised
// value has (at most n). A zero gives 0, 0, 0.
func (d Decimal) topDigits(n int) (weight int, value uint64, groups int) {
	if d.IsZero() {
		return 0, 0, 0
	}
	nd := d.numDigits()
	e := nd - 1 - int(d.scale)
	weight = floorDiv4(e)
	want := e - 4*weight + 1 + 4*(n-1) // decimal digits to take
	var text [48]byte
	var digits []byte
	if d.big != nil {
		q := new(big.Int).Abs(d.big)
		if nd > want {
			q.Quo(q, pow10(nd-want))
		}
		digits = q.Append(text[:0], 10)
	} else {
		digits = appendMag(text[:0], d.i128())
	}
	for i := 0; i < want; i++ {
		c := byte('0')
		if i < len(digits) {
			c = digits[i]
		}
		value = value*10 + uint64(c-'0')
	}
	// groups that hold something: drop zero groups at the end unless more follow
	groups = n
	last := int(d.minScaleInternal()) // power of the last significant digit
	lastWeight := floorDiv4(-last)
	if g := weight - lastWeight + 1; g < n {
		for i := g; i < n; i++ {
			value /= 10000
		}
		groups = g
	}
	return weight, value, groups
}

// minScaleInternal is the scale of the last non-zero digit, negative for
// trailing zeros before the point.
func (d Decimal) minScaleInternal() int {
	s := int(d.scale)
	if d.big != nil {
		z := new(big.Int).Set(d.big)
		var r, q big.Int
		for step := 64; step > 0; {
			q.QuoRem(z, pow10(step), &r)
			if r.Sign() != 0 {
				step /= 2
				continue
			}
			z.Set(&q)
			s -= step
		}
		return s
	}
	hi, lo := d.i128().abs()
	if hi == 0 && lo == 0 {
		return 0
	}
	for hi != 0 {
		qh, ql, r := divModMag(hi, lo, 10)
		if r != 0 {
			return s
		}
		hi, lo = qh, ql
		s--
	}
	for lo%10 == 0 {
		lo /= 10
		s--
	}
	return s
}

// FromFloat64 is the cast from double precision: 15 significant digits.
func FromFloat64(v float64) Decimal { return fromFloat(v, 15, 64) }

// FromFloat32 is the cast from real: 6 significant digits.
func FromFloat32(v float32) Decimal { return fromFloat(float64(v), 6, 32) }

func fromFloat(v float64, digits, size int) Decimal {
	switch {
	case math.IsNaN(v):
		return NaN
	case math.IsInf(v, 1):
		return PosInf
	case math.IsInf(v, -1):
		return NegInf
	}
	var buf [40]byte
	b := strconv.AppendFloat(buf[:0], v, 'e', digits-1, 64)
	d, err := ParseBytes(b)
	if err != nil {
		return NaN
	}
	// %g shows no trailing zeros after the point
	return d.TrimScale()
}

func (d Decimal) toInt(name string, min, max int64) (int64, error) {
	switch d.kind {
	case kindNaN:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to "+name)
	case kindPosInf, kindNegInf:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to "+name)
	}
	r := d
	if d.scale > 0 {
		r = d.roundTo(0)
	}
	if r.big == nil && r.i128().isInt64() {
		v := int64(r.lo)
		if v >= min && v <= max {
			return v, nil
		}
	}
	return 0, pgerr.New(pgerr.NumericValueOutOfRange, name+" out of range")
}

// Int64 rounds half away from zero; errors are 22003 and 0A000.
func (d Decimal) Int64() (int64, error) { return d.toInt("bigint", math.MinInt64, math.MaxInt64) }

// Int32 rounds half away from zero; errors are 22003 and 0A000.
func (d Decimal) Int32() (int32, error) {
	v, err := d.toInt("integer", math.MinInt32, math.MaxInt32)
	return int32(v), err
}

// Int16 rounds half away from zero; errors are 22003 and 0A000.
func (d Decimal) Int16() (int16, error) {
	v, err := d.toInt("smallint", math.MinInt16, math.MaxInt16)
	return int16(v), err
}

// Float64 is the cast to double precision; 22003 outside its range.
func (d Decimal) Float64() (float64, error) { return d.toFloat(64, "double precision") }

// Float32 is the cast to real; 22003 outside its range.
func (d Decimal) Float32() (float32, error) {
	v, err := d.toFloat(32, "real")
	return float32(v), err
}

func (d Decimal) toFloat(size int, name string) (float64, error) {
	switch d.kind {
	case kindNaN:
		return math.NaN(), nil
	case kindPosInf:
		return math.Inf(1), nil
	case kindNegInf:
		return math.Inf(-1), nil
	}
	if d.scale == 0 && d.big == nil && d.i128().isInt64() && size == 64 {
		return float64(int64(d.lo)), nil
	}
	s := d.String()
	v, err := strconv.ParseFloat(s, size)
	if err != nil || v == 0 && !d.IsZero() {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, name)
	}
	return v, nil
}

// approx is the nearest double, infinite past the range.
func (d Decimal) approx() float64 {
	v, _ := strconv.ParseFloat(d.String(), 64)
	return v
}

// Cmp orders a and b: -Inf < numbers < +Inf < NaN, and NaN equals NaN.
func (a Decimal) Cmp(b Decimal) int {
	if a.kind|b.kind != 0 {
		return cmpInt(a.rank(), b.rank())
	}
	if a.big == nil && b.big == nil {
		if a.scale == b.scale {
			return a.i128().cmp(b.i128())
		}
		if x, y, ok := align128(a, b); ok {
			return x.cmp(y)
		}
	}
	if sa, sb := a.Sign(), b.Sign(); sa != sb || sa == 0 {
		return cmpInt(sa, sb)
	}
	if ea, eb := a.topExponent(), b.topExponent(); ea != eb {
		return cmpInt(ea, eb) * a.Sign()
	}
	x, y, _ := alignBig(a, b)
	return x.Cmp(y)
}

func (d Decimal) rank() int { return [4]int{0, 2, 1, -1}[d.kind] }

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Equal tells whether a = b in SQL, whatever their scales.
func (a Decimal) Equal(b Decimal) bool { return a.Cmp(b) == 0 }

// Hash64 gives equal values the same hash, whatever their scales.
func (d Decimal) Hash64() uint64 {
	if d.kind != kindFinite {
		return mix(uint64(d.kind)*0x9E3779B97F4A7C15, 0x51ED270B)
	}
	t := d.TrimScale()
	if t.big == nil {
		return mix(t.lo^0xA0761D6478BD642F, uint64(t.hi)^uint64(t.scale)<<32^0xE7037ED1A0B428DB)
	}
	h := uint64(t.scale) + 0x8EBC6AF09C88C6E3
	if t.big.Sign() < 0 {
		h = ^h
	}
	for _, w := range t.big.Bits() {
		h = mix(h^uint64(w), 0x589965CC75374CC3)
	}
	return h
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo ^ a>>32
}
