package numeric

import (
	"encoding/binary"
	"math/big"

	"datapunk/internal/pgerr"
)

// Signs of the binary protocol form.
const (
	wirePos    = 0x0000
	wireNeg    = 0x4000
	wireNaN    = 0xC000
	wirePosInf = 0xD000
	wireNegInf = 0xF000

	wireInfScale = 0x20 // the scale field that PostgreSQL sends for an infinity
)

// AppendBinary appends the binary protocol form (numeric_send): int16 count of
// base-10000 digits, weight, sign, display scale, then the digits.
func (d Decimal) AppendBinary(dst []byte) []byte {
	be := binary.BigEndian
	head := func(n, w, sign, s int) {
		dst = be.AppendUint16(dst, uint16(n))
		dst = be.AppendUint16(dst, uint16(w))
		dst = be.AppendUint16(dst, uint16(sign))
		dst = be.AppendUint16(dst, uint16(s))
	}
	switch d.kind {
	case kindNaN:
		head(0, 0, wireNaN, 0)
		return dst
	case kindPosInf:
		head(0, 0, wirePosInf, wireInfScale)
		return dst
	case kindNegInf:
		head(0, 0, wireNegInf, wireInfScale)
		return dst
	}
	if d.IsZero() {
		head(0, 0, wirePos, int(d.scale))
		return dst
	}
	var buf [64]byte
	text := d.Abs().AppendText(buf[:0])
	point := len(text) - int(d.scale)
	if d.scale > 0 {
		copy(text[point-1:], text[point:])
		text = text[:len(text)-1]
		point--
	}
	// digit i has the power point-1-i; groups start where the power is 3 mod 4
	lead := (4 - point%4) % 4
	weight := (point+lead)/4 - 1
	var groups []uint16
	for i := -lead; i < len(text); i += 4 {
		var v uint16
		for j := i; j < i+4; j++ {
			v *= 10
			if j >= 0 && j < len(text) {
				v += uint16(text[j] - '0')
			}
		}
		groups = append(groups, v)
	}
	for groups[0] == 0 {
		groups = groups[1:]
		weight--
	}
	for groups[len(groups)-1] == 0 {
		groups = groups[:len(groups)-1]
	}
	sign := wirePos
	if d.Sign() < 0 {
		sign = wireNeg
	}
	head(len(groups), weight, sign, int(d.scale))
	for _, g := range groups {
		dst = be.AppendUint16(dst, g)
	}
	return dst
}

// DecodeBinary reads the binary protocol form (numeric_recv), which must fill
// b; digits past the display scale are cut. Errors are 22P03 and 22003.
func DecodeBinary(b []byte) (Decimal, error) {
	bad := func(what string) (Decimal, error) {
		return Decimal{}, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid "+what+" in external \"numeric\" value")
	}
	if len(b) < 8 {
		return Decimal{}, pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	be := binary.BigEndian
	n := int(be.Uint16(b))
	weight := int(int16(be.Uint16(b[2:])))
	sign := be.Uint16(b[4:])
	scale := int(be.Uint16(b[6:]))
	switch sign {
	case wirePos, wireNeg, wireNaN, wirePosInf, wireNegInf:
	default:
		return bad("sign")
	}
	if scale > maxScale {
		return bad("scale")
	}
	if len(b) < 8+2*n {
		return Decimal{}, pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	text := make([]byte, 0, 4*n)
	for i := range n {
		v := be.Uint16(b[8+2*i:])
		if v > 9999 {
			return bad("digit")
		}
		text = append(text, '0'+byte(v/1000), '0'+byte(v/100%10), '0'+byte(v/10%10), '0'+byte(v%10))
	}
	switch sign {
	case wireNaN:
		return NaN, nil
	case wirePosInf:
		return PosInf, nil
	case wireNegInf:
		return NegInf, nil
	}
	if n == 0 {
		return Decimal{scale: uint16(scale)}, nil
	}
	z, _ := new(big.Int).SetString(string(text), 10)
	have := 4 * (n - 1 - weight) // scale of z
	if have < scale {
		z.Mul(z, pow10(scale-have))
	} else if have > scale {
		z.Quo(z, pow10(have-scale))
	}
	if sign == wireNeg {
		z.Neg(z)
	}
	return makeBig(z, scale)
}
