package loop

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The functions below are Bob Jenkins' lookup3 as PostgreSQL sets it up, so that
// hashtext() and its kin give the numbers that clients have stored.

const hashSeed = 0x9e3779b9 + 3923095

func mix(a, b, c uint32) (uint32, uint32, uint32) {
	a -= c
	a ^= bits.RotateLeft32(c, 4)
	c += b
	b -= a
	b ^= bits.RotateLeft32(a, 6)
	a += c
	c -= b
	c ^= bits.RotateLeft32(b, 8)
	b += a
	a -= c
	a ^= bits.RotateLeft32(c, 16)
	c += b
	b -= a
	b ^= bits.RotateLeft32(a, 19)
	a += c
	c -= b
	c ^= bits.RotateLeft32(b, 4)
	b += a
	return a, b, c
}

func final(a, b, c uint32) (uint32, uint32, uint32) {
	c ^= b
	c -= bits.RotateLeft32(b, 14)
	a ^= c
	a -= bits.RotateLeft32(c, 11)
	b ^= a
	b -= bits.RotateLeft32(a, 25)
	c ^= b
	c -= bits.RotateLeft32(b, 16)
	a ^= c
	a -= bits.RotateLeft32(c, 4)
	b ^= a
	b -= bits.RotateLeft32(a, 14)
	c ^= b
	c -= bits.RotateLeft32(b, 24)
	return a, b, c
}

// HashBytes is hash_bytes_extended; the low half alone with seed 0 is hash_bytes.
func HashBytes(k []byte, seed uint64) uint64 {
	a := uint32(hashSeed + uint64(len(k)))
	b, c := a, a
	if seed != 0 {
		a += uint32(seed >> 32)
		b += uint32(seed)
		a, b, c = mix(a, b, c)
	}
	le := binary.LittleEndian
	for len(k) >= 12 {
		a += le.Uint32(k)
		b += le.Uint32(k[4:])
		c += le.Uint32(k[8:])
		a, b, c = mix(a, b, c)
		k = k[12:]
	}
	// The low byte of c is left for the length.
	for i, x := range k {
		switch {
		case i < 4:
			a += uint32(x) << (8 * i)
		case i < 8:
			b += uint32(x) << (8 * (i - 4))
		default:
			c += uint32(x) << (8 * (i - 7))
		}
	}
	_, b, c = final(a, b, c)
	return uint64(b)<<32 | uint64(c)
}

// HashUint32 is hash_bytes_uint32_extended.
func HashUint32(k uint32, seed uint64) uint64 {
	a := uint32(hashSeed + 4)
	b, c := a, a
	if seed != 0 {
		a += uint32(seed >> 32)
		b += uint32(seed)
		a, b, c = mix(a, b, c)
	}
	a += k
	_, b, c = final(a, b, c)
	return uint64(b)<<32 | uint64(c)
}

// HashInt64 gives an int8 the hash of an equal int4.
func HashInt64(n int64, seed uint64) uint64 {
	low, high := uint32(n), uint32(n>>32)
	if n >= 0 {
		low ^= high
	} else {
		low ^= ^high
	}
	return HashUint32(low, seed)
}

// HashFloat hashes a float of either width.
func HashFloat(f float64, seed uint64) uint64 {
	if f == 0 {
		return seed
	}
	if f != f {
		return HashBytes(binary.LittleEndian.AppendUint64(nil, 0x7ff8000000000000), seed)
	}
	return HashBytes(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)), seed)
}
