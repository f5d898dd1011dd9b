package numeric

import (
	"math"
	"math/big"
	"math/bits"
)

// int128 is a two's-complement 128-bit integer: hi*2^64 + lo.
type int128 struct {
	hi int64
	lo uint64
}

func (a int128) isInt64() bool { return a.hi == int64(a.lo)>>63 }

func (a int128) sign() int {
	if a.hi < 0 {
		return -1
	}
	if a.hi == 0 && a.lo == 0 {
		return 0
	}
	return 1
}

// add returns a+b; ok is false if it does not fit.
func (a int128) add(b int128) (r int128, ok bool) {
	lo, c := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(uint64(a.hi), uint64(b.hi), c)
	r = int128{int64(hi), lo}
	return r, (a.hi^r.hi)&(b.hi^r.hi) >= 0
}

// sub returns a-b; ok is false if it does not fit.
func (a int128) sub(b int128) (r int128, ok bool) {
	lo, c := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(uint64(a.hi), uint64(b.hi), c)
	r = int128{int64(hi), lo}
	return r, (a.hi^b.hi)&(a.hi^r.hi) >= 0
}

// abs returns the magnitude as two unsigned words.
func (a int128) abs() (hi, lo uint64) {
	if a.hi >= 0 {
		return uint64(a.hi), a.lo
	}
	lo, c := bits.Sub64(0, a.lo, 0)
	hi, _ = bits.Sub64(0, uint64(a.hi), c)
	return hi, lo
}

// fromMag builds a signed value; ok is false if the magnitude needs bit 127.
func fromMag(neg bool, hi, lo uint64) (int128, bool) {
	if hi > math.MaxInt64 {
		return int128{}, false
	}
	if !neg {
		return int128{int64(hi), lo}, true
	}
	l, c := bits.Sub64(0, lo, 0)
	h, _ := bits.Sub64(0, hi, c)
	return int128{int64(h), l}, true
}

func (a int128) cmp(b int128) int {
	switch {
	case a.hi < b.hi:
		return -1
	case a.hi > b.hi:
		return 1
	case a.lo < b.lo:
		return -1
	case a.lo > b.lo:
		return 1
	}
	return 0
}

// mulU64 returns a*m; ok is false if the magnitude passes 2^127-1.
func (a int128) mulU64(m uint64) (int128, bool) {
	hi, lo := a.abs()
	h1, l1 := bits.Mul64(lo, m)
	h2, l2 := bits.Mul64(hi, m)
	if h2 != 0 {
		return int128{}, false
	}
	h, c := bits.Add64(h1, l2, 0)
	if c != 0 {
		return int128{}, false
	}
	return fromMag(a.hi < 0, h, l1)
}

// mul returns a*b; ok is false if it does not fit.
func (a int128) mul(b int128) (int128, bool) {
	if b.isInt64() {
		m := int64(b.lo)
		if m < 0 {
			r, ok := a.mulU64(-uint64(m))
			if !ok {
				return r, false
			}
			return int128{}.sub(r)
		}
		return a.mulU64(uint64(m))
	}
	if a.isInt64() {
		return b.mul(a)
	}
	return int128{}, false
}

// divModMag divides an unsigned 128-bit magnitude by d.
func divModMag(hi, lo, d uint64) (qhi, qlo, r uint64) {
	qhi, r = hi/d, hi%d
	qlo, r = bits.Div64(r, lo, d)
	return
}

// scaleUp returns a*10^n.
func (a int128) scaleUp(n int) (int128, bool) {
	if a.hi == 0 && a.lo == 0 {
		return a, true
	}
	for n > 19 {
		var ok bool
		if n > 57 {
			return a, false
		}
		if a, ok = a.mulU64(pow10u[19]); !ok {
			return a, false
		}
		n -= 19
	}
	return a.mulU64(pow10u[n])
}

func (a int128) big() *big.Int {
	hi, lo := a.abs()
	z := new(big.Int).SetUint64(hi)
	z.Lsh(z, 64)
	z.Or(z, new(big.Int).SetUint64(lo))
	if a.hi < 0 {
		z.Neg(z)
	}
	return z
}

// int128FromBig converts z when |z| < 2^127.
func int128FromBig(z *big.Int) (int128, bool) {
	if z.BitLen() > 127 {
		return int128{}, false
	}
	var hi, lo uint64
	for i, w := range z.Bits() {
		if bits.UintSize == 64 {
			if i == 0 {
				lo = uint64(w)
			} else {
				hi = uint64(w)
			}
		} else {
			switch i {
			case 0, 1:
				lo |= uint64(w) << (32 * uint(i))
			default:
				hi |= uint64(w) << (32 * uint(i-2))
			}
		}
	}
	return fromMag(z.Sign() < 0, hi, lo)
}

var pow10u = [20]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

var pow10Small [80]*big.Int

func init() {
	p := big.NewInt(1)
	for i := range pow10Small {
		pow10Small[i] = new(big.Int).Set(p)
		p.Mul(p, big.NewInt(10))
	}
}

// pow10 returns 10^n; the result must not be written to.
func pow10(n int) *big.Int {
	if n < len(pow10Small) {
		return pow10Small[n]
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// digitsU64 counts decimal digits; 0 has none.
func digitsU64(v uint64) int {
	if v == 0 {
		return 0
	}
	n := bits.Len64(v) * 1233 >> 12
	if n > 19 {
		n = 19
	}
	if v >= pow10u[n] {
		return n + 1
	}
	return n
}
