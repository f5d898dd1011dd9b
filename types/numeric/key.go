package numeric

import (
	"math/big"
)

// The key form orders by bytes as Cmp orders values. A positive number is a
// head with the decimal exponent E (the value is 0.d1d2… * 10^E), pairs of
// digits as pair+1, and a 0 byte; a negative one is the complement of that of
// its magnitude. No key is a prefix of another.
const (
	keyNegInf  = 0x01
	keyZero    = 0x80
	keyTiny    = 0x82 // three bytes of E+2^16 follow
	keyNear    = 0x84 // head is keyNear + E - keyMinExp
	keyHuge    = 0xF8 // three bytes of E+2^16 follow
	keyPosInf  = 0xFE
	keyNaN     = 0xFF
	keyMinExp  = -30
	keyMaxExp  = 80
	keyExpBias = 1 << 16
)

// AppendKey appends the order-preserving form of d: bytes.Compare of two keys
// is Cmp of their values, so equal values of any scale have the same key.
func AppendKey(dst []byte, d Decimal) []byte {
	switch d.kind {
	case kindNaN:
		return append(dst, keyNaN)
	case kindPosInf:
		return append(dst, keyPosInf)
	case kindNegInf:
		return append(dst, keyNegInf)
	}
	if d.IsZero() {
		return append(dst, keyZero)
	}
	start := len(dst)
	neg := d.Sign() < 0
	var buf [40]byte
	var text []byte
	if d.big != nil {
		text = d.big.Append(nil, 10)
		if neg {
			text = text[1:]
		}
	} else {
		text = appendMag(buf[:0], d.i128())
	}
	e := len(text) - int(d.scale)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	switch {
	case e < keyMinExp:
		v := e + keyExpBias
		dst = append(dst, keyTiny, byte(v>>16), byte(v>>8), byte(v))
	case e > keyMaxExp:
		v := e + keyExpBias
		dst = append(dst, keyHuge, byte(v>>16), byte(v>>8), byte(v))
	default:
		dst = append(dst, byte(keyNear+e-keyMinExp))
	}
	for i := 0; i < len(text); i += 2 {
		v := (text[i] - '0') * 10
		if i+1 < len(text) {
			v += text[i+1] - '0'
		}
		dst = append(dst, v+1)
	}
	dst = append(dst, 0)
	if neg {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

// SkipKey returns the length of the key at the head of b; XX001 if b is not one.
func SkipKey(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, errStorage
	}
	var flip byte
	h := b[0]
	switch h {
	case keyNaN, keyPosInf, keyNegInf, keyZero:
		return 1, nil
	}
	if h < keyZero {
		flip, h = 0xFF, ^h
	}
	i := 1
	switch {
	case h == keyTiny || h == keyHuge:
		i = 4
	case h < keyNear || h > keyNear+keyMaxExp-keyMinExp:
		return 0, errStorage
	}
	for start := i; i < len(b); i++ {
		c := b[i] ^ flip
		if c == 0 {
			if i == start {
				break
			}
			return i + 1, nil
		}
		if c > 100 {
			break
		}
	}
	return 0, errStorage
}

// DecodeKey reads the key at the head of b and returns the value at its least
// scale and the bytes used; XX001 if b is not one.
func DecodeKey(b []byte) (d Decimal, n int, err error) {
	n, err = SkipKey(b)
	if err != nil {
		return d, 0, err
	}
	h := b[0]
	switch h {
	case keyNaN:
		return NaN, 1, nil
	case keyPosInf:
		return PosInf, 1, nil
	case keyNegInf:
		return NegInf, 1, nil
	case keyZero:
		return d, 1, nil
	}
	var flip byte
	if h < keyZero {
		flip, h = 0xFF, ^h
	}
	i := 1
	var e int
	if h == keyTiny || h == keyHuge {
		e = (int(b[1]^flip)<<16 | int(b[2]^flip)<<8 | int(b[3]^flip)) - keyExpBias
		i = 4
	} else {
		e = int(h) - keyNear + keyMinExp
	}
	digits := make([]byte, 0, 2*(n-i))
	for ; i < n-1; i++ {
		v := (b[i] ^ flip) - 1
		digits = append(digits, '0'+v/10, '0'+v%10)
	}
	if digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 || e < -maxScale || e > maxIntDigits || len(digits)-e > maxScale {
		return d, 0, errStorage
	}
	scale := len(digits) - e
	if len(digits) <= 18 && scale >= 0 {
		var v int64
		for _, c := range digits {
			v = v*10 + int64(c-'0')
		}
		if flip != 0 {
			v = -v
		}
		return FromScaled(v, scale), n, nil
	}
	z, _ := new(big.Int).SetString(string(digits), 10)
	if scale < 0 {
		z.Mul(z, pow10(-scale))
		scale = 0
	}
	if flip != 0 {
		z.Neg(z)
	}
	return fromOwned(z, scale), n, nil
}
