package numeric

import (
	"math/big"

	"datapunk/internal/pgerr"
)

// cutTo changes the scale to s >= 0 or below; a negative s leaves scale 0.
// mode: 0 cut, 1 half away from zero, 2 floor, 3 ceiling.
func (d Decimal) cutTo(s, mode int) Decimal {
	if d.kind != kindFinite {
		return d
	}
	drop := int(d.scale) - s
	if drop <= 0 {
		if drop == 0 {
			return d
		}
		if v, ok := d.i128().scaleUp(-drop); ok && d.big == nil {
			return from128(v, s)
		}
		return fromOwned(new(big.Int).Mul(d.coef(), pow10(-drop)), s)
	}
	neg := d.Sign() < 0
	if d.big == nil && drop <= 19 {
		hi, lo := d.i128().abs()
		p := pow10u[drop]
		qh, ql, r := divModMag(hi, lo, p)
		if roundsUp(mode, neg, r != 0, r >= p-r) {
			ql++
			if ql == 0 {
				qh++
			}
		}
		v, _ := fromMag(neg, qh, ql)
		if s < 0 {
			if v, ok := v.scaleUp(-s); ok {
				return from128(v, 0)
			}
			return fromOwned(new(big.Int).Mul(v.big(), pow10(-s)), 0)
		}
		return from128(v, s)
	}
	if drop > d.numDigits()+1 {
		q := new(big.Int)
		if roundsUp(mode, neg, !d.IsZero(), false) {
			q.SetInt64(int64(d.Sign()))
		}
		if s < 0 {
			if q.Sign() != 0 {
				q.Mul(q, pow10(-s))
			}
			s = 0
		}
		return fromOwned(q, s)
	}
	p := pow10(drop)
	q, r := new(big.Int).QuoRem(d.coef(), p, new(big.Int))
	some := r.Sign() != 0
	r.Abs(r).Lsh(r, 1)
	if roundsUp(mode, neg, some, r.Cmp(p) >= 0) {
		if neg {
			q.Sub(q, bigOne)
		} else {
			q.Add(q, bigOne)
		}
	}
	if s < 0 {
		return fromOwned(q.Mul(q, pow10(-s)), 0)
	}
	return fromOwned(q, s)
}

func roundsUp(mode int, neg, some, half bool) bool {
	switch mode {
	case 1:
		return half
	case 2:
		return neg && some
	case 3:
		return !neg && some
	}
	return false
}

func (d Decimal) roundTo(s int) Decimal { return d.cutTo(s, 1) }

// Round rounds half away from zero to scale digits after the point; a negative
// scale rounds before it. 22003 past the limits.
func (d Decimal) Round(scale int) (Decimal, error) {
	scale = max(min(scale, maxScale), -maxIntDigits)
	r := d.roundTo(scale)
	return r, r.check()
}

// Trunc is Round toward zero.
func (d Decimal) Trunc(scale int) Decimal {
	return d.cutTo(max(min(scale, maxScale), -maxIntDigits), 0)
}

// Ceil returns the least integer not below d.
func (d Decimal) Ceil() Decimal { return d.cutTo(0, 3) }

// Floor returns the greatest integer not above d.
func (d Decimal) Floor() Decimal { return d.cutTo(0, 2) }

// Scale returns the count of digits displayed after the point; ok is false for
// NaN and the infinities (SQL null).
func (d Decimal) Scale() (scale int, ok bool) { return int(d.scale), d.kind == kindFinite }

// MinScale returns the least scale that holds d exactly; ok as for Scale.
func (d Decimal) MinScale() (scale int, ok bool) {
	if d.kind != kindFinite {
		return 0, false
	}
	return max(0, d.minScaleInternal()), true
}

// TrimScale drops trailing zeros after the point.
func (d Decimal) TrimScale() Decimal {
	if d.kind != kindFinite || d.scale == 0 {
		return d
	}
	return d.cutTo(max(0, d.minScaleInternal()), 0)
}

// ApplyTypmod rounds to numeric(precision, scale). 22003 "numeric field
// overflow" with PostgreSQL's detail if the value does not fit.
func (d Decimal) ApplyTypmod(precision, scale int) (Decimal, error) {
	if d.kind != kindFinite {
		if d.IsInf() {
			return Decimal{}, pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow").
				WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
		}
		return d, nil
	}
	r := d.roundTo(scale)
	limit := precision - scale
	if !r.IsZero() && r.topExponent() >= limit {
		e := pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow")
		if limit != 0 {
			return Decimal{}, e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 10^%d.", precision, scale, limit)
		}
		return Decimal{}, e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 1.", precision, scale)
	}
	return r, nil
}

// Typmod packs precision 1..1000 and scale -1000..1000 as pg_attribute does.
// Errors are 22023.
func Typmod(precision, scale int) (int32, error) {
	if precision < 1 || precision > MaxPrecision {
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and %d", precision, MaxPrecision)
	}
	if scale < MinTypeScale || scale > MaxTypeScale {
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "NUMERIC scale %d must be between %d and %d", scale, MinTypeScale, MaxTypeScale)
	}
	return int32(precision<<16|scale&0x7ff) + 4, nil
}

// SplitTypmod is the reverse of Typmod; ok is false when there is no limit.
func SplitTypmod(typmod int32) (precision, scale int, ok bool) {
	if typmod < 4 {
		return 0, 0, false
	}
	t := typmod - 4
	return int(t>>16) & 0xffff, int(t&0x7ff^1024) - 1024, true
}

// CoerceTypmod applies a packed type modifier; a negative one changes nothing.
func (d Decimal) CoerceTypmod(typmod int32) (Decimal, error) {
	p, s, ok := SplitTypmod(typmod)
	if !ok {
		return d, nil
	}
	return d.ApplyTypmod(p, s)
}
