package numeric

import (
	"encoding/binary"
	"math/big"

	"datapunk/internal/pgerr"
)

// Tags of the storage form. A tag of storeSmall or more holds the scale, and a
// zig-zag varint of an int64 coefficient follows.
const (
	storeNaN byte = iota
	storePosInf
	storeNegInf
	storeWide // scale uvarint, 16 bytes of coefficient
	storeBigPos
	storeBigNeg // scale uvarint, length uvarint, magnitude big-endian
	storeFar    // scale uvarint, zig-zag varint
	storeSmall
)

var errStorage = pgerr.New(pgerr.DataCorrupted, "invalid stored numeric")

// AppendStorage appends a lossless self-delimiting form: one tag byte and a
// varint for small values.
func (d Decimal) AppendStorage(dst []byte) []byte {
	switch d.kind {
	case kindNaN:
		return append(dst, storeNaN)
	case kindPosInf:
		return append(dst, storePosInf)
	case kindNegInf:
		return append(dst, storeNegInf)
	}
	if d.big != nil {
		tag := storeBigPos
		if d.big.Sign() < 0 {
			tag = storeBigNeg
		}
		dst = binary.AppendUvarint(append(dst, tag), uint64(d.scale))
		m := d.big.Bytes()
		dst = binary.AppendUvarint(dst, uint64(len(m)))
		return append(dst, m...)
	}
	if d.i128().isInt64() {
		if int(d.scale) < 256-int(storeSmall) {
			return binary.AppendVarint(append(dst, storeSmall+byte(d.scale)), int64(d.lo))
		}
		dst = binary.AppendUvarint(append(dst, storeFar), uint64(d.scale))
		return binary.AppendVarint(dst, int64(d.lo))
	}
	dst = binary.AppendUvarint(append(dst, storeWide), uint64(d.scale))
	dst = binary.BigEndian.AppendUint64(dst, uint64(d.hi))
	return binary.BigEndian.AppendUint64(dst, d.lo)
}

// DecodeStorage reads one AppendStorage form from the head of b and returns
// the bytes used; XX001 if b is not one.
func DecodeStorage(b []byte) (d Decimal, n int, err error) {
	if len(b) == 0 {
		return d, 0, errStorage
	}
	tag := b[0]
	switch tag {
	case storeNaN:
		return NaN, 1, nil
	case storePosInf:
		return PosInf, 1, nil
	case storeNegInf:
		return NegInf, 1, nil
	}
	if tag >= storeSmall {
		v, k := binary.Varint(b[1:])
		if k <= 0 {
			return d, 0, errStorage
		}
		return FromScaled(v, int(tag-storeSmall)), 1 + k, nil
	}
	scale, k := binary.Uvarint(b[1:])
	if k <= 0 || scale > maxScale {
		return d, 0, errStorage
	}
	n = 1 + k
	switch tag {
	case storeFar:
		v, k := binary.Varint(b[n:])
		if k <= 0 {
			return d, 0, errStorage
		}
		return FromScaled(v, int(scale)), n + k, nil
	case storeWide:
		if len(b) < n+16 {
			return d, 0, errStorage
		}
		v := int128{int64(binary.BigEndian.Uint64(b[n:])), binary.BigEndian.Uint64(b[n+8:])}
		return from128(v, int(scale)), n + 16, nil
	}
	size, k := binary.Uvarint(b[n:])
	if k <= 0 || size > uint64(len(b)-n-k) {
		return d, 0, errStorage
	}
	n += k
	z := new(big.Int).SetBytes(b[n : n+int(size)])
	if tag == storeBigNeg {
		z.Neg(z)
	}
	return fromOwned(z, int(scale)), n + int(size), nil
}
