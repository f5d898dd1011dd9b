package numeric

import (
	"math"
	"math/big"
	"strings"

	"datapunk/internal/pgerr"
)

func syntaxError(s string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", s)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// ParseBytes is Parse for bytes.
func ParseBytes(b []byte) (Decimal, error) { return Parse(string(b)) }

// Parse reads PostgreSQL's numeric input syntax: white space around, a sign,
// digits, a point, an exponent, or NaN, inf, infinity. Errors are 22P02 for
// the syntax and 22003 past the limits of the format.
func Parse(s string) (Decimal, error) {
	i, end := 0, len(s)
	for i < end && isSpace(s[i]) {
		i++
	}
	for end > i && isSpace(s[end-1]) {
		end--
	}
	t := s[i:end]
	if d, ok := parseSpecial(t); ok {
		return d, nil
	}
	p := 0
	neg := false
	if p < len(t) && (t[p] == '+' || t[p] == '-') {
		neg = t[p] == '-'
		p++
	}
	start := p
	var small uint64
	nd, scale, point, nonSmall := 0, 0, false, false
	if p+1 < len(t) && t[p] == '.' && isDigit(t[p+1]) || p < len(t) && isDigit(t[p]) {
		for ; p < len(t); p++ {
			c := t[p]
			if isDigit(c) {
				if nd < 18 {
					small = small*10 + uint64(c-'0')
				} else {
					nonSmall = true
				}
				if nd > 0 || c != '0' {
					nd++
				}
				if point {
					scale++
				}
			} else if c == '.' && !point {
				point = true
			} else {
				break
			}
		}
	} else {
		return Decimal{}, syntaxError(s)
	}
	mantEnd := p
	exp := 0
	if p < len(t) && (t[p] == 'e' || t[p] == 'E') {
		p++
		v, n := strtol(t[p:])
		if n == 0 {
			return Decimal{}, syntaxError(s)
		}
		p += n
		if v >= math.MaxInt32/2 || v <= -(math.MaxInt32/2) {
			return Decimal{}, overflow()
		}
		exp = int(v)
	}
	if p < len(t) {
		return Decimal{}, syntaxError(s)
	}
	dscale := scale - exp
	up := 0
	if dscale < 0 {
		up, dscale = -dscale, 0
	}
	if dscale > maxScale || nd > 0 && nd-1-scale+exp >= maxIntDigits {
		return Decimal{}, overflow()
	}
	if nd == 0 {
		return Decimal{scale: uint16(dscale)}, nil
	}
	if !nonSmall {
		v, _ := fromMag(neg, 0, small)
		if up > 0 {
			w, ok := v.scaleUp(up)
			if !ok {
				z := new(big.Int).Mul(v.big(), pow10(up))
				return makeBig(z, 0)
			}
			v = w
		}
		return from128(v, dscale), nil
	}
	text := t[start:mantEnd]
	if point {
		text = strings.Replace(text, ".", "", 1)
	}
	z, _ := new(big.Int).SetString(text, 10)
	if up > 0 {
		z.Mul(z, pow10(up))
	}
	if neg {
		z.Neg(z)
	}
	return makeBig(z, dscale)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func parseSpecial(t string) (Decimal, bool) {
	if len(t) == 0 {
		return Decimal{}, false
	}
	c := t[0]
	if isDigit(c) || c == '.' {
		return Decimal{}, false
	}
	if strings.EqualFold(t, "nan") {
		return NaN, true
	}
	neg := c == '-'
	if c == '-' || c == '+' {
		t = t[1:]
	}
	if strings.EqualFold(t, "inf") || strings.EqualFold(t, "infinity") {
		if neg {
			return NegInf, true
		}
		return PosInf, true
	}
	return Decimal{}, false
}

// strtol reads as C's function does: spaces, sign, digits; n is 0 if none.
func strtol(s string) (v int64, n int) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		if v < math.MaxInt64/20 {
			v = v*10 + int64(s[i]-'0')
		}
		i++
	}
	if i == start {
		return 0, 0
	}
	if neg {
		v = -v
	}
	return v, i
}
