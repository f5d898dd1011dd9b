package numeric

import (
	"math"
	"math/big"
)

// Sum accumulates sum() and avg(); the zero value is empty. It is exact at any
// magnitude and allocates only past 127 bits.
type Sum struct {
	big      *big.Int // owned; nil while acc holds the total
	acc      int128
	scale    uint16 // scale of the total
	maxScale uint16 // largest display scale seen
	maxCount int64  // how many values have it
	n        int64  // finite values
	nan      int64
	posInf   int64
	negInf   int64
}

// Count returns the number of values added, NaN and the infinities included.
func (s *Sum) Count() int64 { return s.n + s.nan + s.posInf + s.negInf }

// Reset makes s empty.
func (s *Sum) Reset() { *s = Sum{} }

// Add takes one value in.
func (s *Sum) Add(d Decimal) {
	if !s.special(d, 1) {
		return
	}
	s.n++
	switch {
	case d.scale > s.maxScale:
		s.maxScale, s.maxCount = d.scale, 1
	case d.scale == s.maxScale:
		s.maxCount++
	}
	s.accumulate(d, false)
}

// AddInt64 is Add(FromInt64(v)).
func (s *Sum) AddInt64(v int64) { s.Add(FromInt64(v)) }

// Sub takes one value out that was added before, for moving windows. False
// says that the display scale would shrink by an unknown amount: the caller
// must start again.
func (s *Sum) Sub(d Decimal) bool {
	if d.kind == kindFinite && d.scale == s.maxScale {
		if s.maxCount > 1 || s.maxScale == 0 {
			s.maxCount--
		} else if s.n == 1 {
			s.maxScale, s.maxCount = 0, 0
		} else {
			return false
		}
	}
	if !s.special(d, -1) {
		return true
	}
	s.n--
	if s.n == 0 {
		s.acc, s.big, s.scale = int128{}, nil, 0
		return true
	}
	s.accumulate(d, true)
	return true
}

// special counts a value that is not finite; true says that d is finite.
func (s *Sum) special(d Decimal, by int64) bool {
	switch d.kind {
	case kindNaN:
		s.nan += by
	case kindPosInf:
		s.posInf += by
	case kindNegInf:
		s.negInf += by
	default:
		return true
	}
	return false
}

func (s *Sum) accumulate(d Decimal, minus bool) {
	if s.big == nil && d.big == nil {
		t := from128(s.acc, int(s.scale))
		if x, y, ok := align128(t, d); ok {
			var r int128
			if minus {
				r, ok = x.sub(y)
			} else {
				r, ok = x.add(y)
			}
			if ok && r.hi != math.MinInt64 {
				s.acc = r
				s.scale = max(s.scale, d.scale)
				return
			}
		}
	}
	if s.big == nil {
		s.big = s.acc.big()
		s.acc = int128{}
	}
	y := d.coef()
	if d.scale > s.scale {
		s.big.Mul(s.big, pow10(int(d.scale-s.scale)))
		s.scale = d.scale
	} else if d.scale < s.scale {
		y = new(big.Int).Mul(y, pow10(int(s.scale-d.scale)))
	}
	if minus {
		s.big.Sub(s.big, y)
	} else {
		s.big.Add(s.big, y)
	}
}

// Merge takes in all that o holds; o keeps its value.
func (s *Sum) Merge(o *Sum) {
	s.nan += o.nan
	s.posInf += o.posInf
	s.negInf += o.negInf
	if o.n == 0 {
		return
	}
	s.n += o.n
	switch {
	case o.maxScale > s.maxScale:
		s.maxScale, s.maxCount = o.maxScale, o.maxCount
	case o.maxScale == s.maxScale:
		s.maxCount += o.maxCount
	}
	d := o.total()
	if d.big != nil {
		d.big = new(big.Int).Set(d.big)
	}
	s.accumulate(d, false)
}

func (s *Sum) total() Decimal {
	if s.big == nil {
		return from128(s.acc, int(s.scale))
	}
	return fromOwned(s.big, int(s.scale))
}

// Result returns the sum at the largest display scale seen; ok is false when
// nothing was added (SQL null); 22003 past the limits.
func (s *Sum) Result() (d Decimal, ok bool, err error) {
	switch {
	case s.Count() == 0:
		return Decimal{}, false, nil
	case s.nan > 0 || s.posInf > 0 && s.negInf > 0:
		return NaN, true, nil
	case s.posInf > 0:
		return PosInf, true, nil
	case s.negInf > 0:
		return NegInf, true, nil
	}
	d = s.total()
	if d.big != nil {
		d.big = new(big.Int).Set(d.big)
	}
	d = d.cutTo(int(s.maxScale), 0)
	return d, true, d.check()
}

// Avg returns the mean at the scale of a division; ok and err as Result.
func (s *Sum) Avg() (d Decimal, ok bool, err error) {
	d, ok, err = s.Result()
	if err != nil || !ok || d.kind != kindFinite {
		return d, ok, err
	}
	d, err = d.Div(FromInt64(s.n))
	return d, true, err
}

// Moments accumulates var_pop, var_samp, stddev_pop and stddev_samp; the zero
// value is empty.
type Moments struct {
	sum    Sum
	square Sum
}

// Count returns the number of values added.
func (m *Moments) Count() int64 { return m.sum.Count() }

// Add takes one value in.
func (m *Moments) Add(d Decimal) {
	m.sum.Add(d)
	if d.kind == kindFinite {
		m.square.Add(square(d))
	}
}

// Sub takes one value out; false as Sum.Sub.
func (m *Moments) Sub(d Decimal) bool {
	if !m.sum.Sub(d) {
		return false
	}
	return d.kind != kindFinite || m.square.Sub(square(d))
}

func square(d Decimal) Decimal {
	if d.big == nil && d.scale < maxScale/2 {
		if r, ok := d.i128().mul(d.i128()); ok {
			return from128(r, int(d.scale)*2)
		}
	}
	return fromOwned(new(big.Int).Mul(d.coef(), d.coef()), int(d.scale)*2)
}

// Merge takes in all that o holds.
func (m *Moments) Merge(o *Moments) {
	m.sum.Merge(&o.sum)
	m.square.Merge(&o.square)
}

// Avg is the mean, as Sum.Avg.
func (m *Moments) Avg() (Decimal, bool, error) { return m.sum.Avg() }

// Variance returns the sample or population variance; ok is false when there
// are too few values (SQL null).
func (m *Moments) Variance(sample bool) (Decimal, bool, error) { return m.spread(sample, true) }

// StdDev is the square root of Variance.
func (m *Moments) StdDev(sample bool) (Decimal, bool, error) { return m.spread(sample, false) }

func (m *Moments) spread(sample, variance bool) (Decimal, bool, error) {
	total := m.sum.Count()
	if total == 0 || sample && total <= 1 {
		return Decimal{}, false, nil
	}
	if total != m.sum.n {
		return NaN, true, nil
	}
	n := FromInt64(m.sum.n)
	sx := m.sum.total().cutTo(int(m.sum.maxScale), 0)
	sx2 := m.square.total().cutTo(2*int(m.sum.maxScale), 0)
	a, b, s := sx2.coef(), sx.coef(), int(sx2.scale)
	z := new(big.Int).Mul(a, n.coef())
	z.Sub(z, new(big.Int).Mul(b, b))
	if z.Sign() <= 0 {
		return Zero, true, nil
	}
	num := fromOwned(z, s)
	k := m.sum.n
	if sample {
		k--
	}
	den, err := n.Mul(FromInt64(k))
	if err != nil {
		return Decimal{}, false, err
	}
	scale := divScale(num, den)
	v, err := quoTo(num, den, scale, true)
	if err == nil && !variance {
		v = v.sqrtTo(scale)
	}
	return v, true, err
}
