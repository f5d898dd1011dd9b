package numeric

import "strconv"

// String returns the text that PostgreSQL prints.
func (d Decimal) String() string { return string(d.AppendText(nil)) }

// AppendText appends the text that PostgreSQL prints: scale digits follow the
// point, never an exponent.
func (d Decimal) AppendText(dst []byte) []byte {
	switch d.kind {
	case kindNaN:
		return append(dst, "NaN"...)
	case kindPosInf:
		return append(dst, "Infinity"...)
	case kindNegInf:
		return append(dst, "-Infinity"...)
	}
	if d.Sign() < 0 {
		dst = append(dst, '-')
	}
	start := len(dst)
	if d.big == nil {
		dst = appendMag(dst, d.i128())
	} else {
		if d.big.Sign() < 0 {
			dst = d.big.Append(dst[:start-1], 10)
		} else {
			dst = d.big.Append(dst, 10)
		}
	}
	scale := int(d.scale)
	if scale == 0 {
		return dst
	}
	n := len(dst) - start
	if n <= scale {
		pad := scale + 1 - n
		for i := 0; i < pad; i++ {
			dst = append(dst, '0')
		}
		copy(dst[start+pad:], dst[start:start+n])
		for i := 0; i < pad; i++ {
			dst[start+i] = '0'
		}
	}
	dst = append(dst, 0)
	cut := len(dst) - 1 - scale
	copy(dst[cut+1:], dst[cut:len(dst)-1])
	dst[cut] = '.'
	return dst
}

// appendMag appends the digits of |v|, at least one.
func appendMag(dst []byte, v int128) []byte {
	hi, lo := v.abs()
	if hi == 0 {
		return strconv.AppendUint(dst, lo, 10)
	}
	qh, ql, r1 := divModMag(hi, lo, 1e19)
	if qh == 0 {
		dst = strconv.AppendUint(dst, ql, 10)
	} else {
		_, q2, r2 := divModMag(qh, ql, 1e19)
		dst = strconv.AppendUint(dst, q2, 10)
		dst = appendPadded(dst, r2, 19)
	}
	return appendPadded(dst, r1, 19)
}

func appendPadded(dst []byte, v uint64, width int) []byte {
	for i := digitsU64(v); i < width; i++ {
		dst = append(dst, '0')
	}
	if v == 0 {
		return dst
	}
	return strconv.AppendUint(dst, v, 10)
}
