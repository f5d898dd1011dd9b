package math

import (
	"encoding/binary"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
)

// hashes adds the hash support functions of numbers.
func hashes(t function.Table) {
	hash(t, "hashint2", "hashint2extended", func(n int16, seed uint64) uint64 { return loop.HashUint32(uint32(int32(n)), seed) })
	hash(t, "hashint4", "hashint4extended", func(n int32, seed uint64) uint64 { return loop.HashUint32(uint32(n), seed) })
	hash(t, "hashint8", "hashint8extended", loop.HashInt64)
	hash(t, "hashoid", "hashoidextended", func(n int64, seed uint64) uint64 { return loop.HashUint32(uint32(n), seed) })
	hash(t, "hashchar", "hashcharextended", func(n int16, seed uint64) uint64 { return loop.HashUint32(uint32(int32(int8(n))), seed) })
	hash(t, "hashfloat4", "hashfloat4extended", func(f float32, seed uint64) uint64 { return loop.HashFloat(float64(f), seed) })
	hash(t, "hashfloat8", "hashfloat8extended", loop.HashFloat)
	t["hash_numeric"] = function.Map1(func(d decimal) int32 { return int32(HashNumeric(d, 0, false)) })
	t["hash_numeric_extended"] = function.Map2(func(d decimal, seed int64) int64 { return int64(HashNumeric(d, uint64(seed), true)) })
	t["pg_lsn_hash"] = function.Map1(func(n int64) int32 { return int32(loop.HashInt64(n, 0)) })
	t["pg_lsn_hash_extended"] = function.Map2(func(n, seed int64) int64 { return int64(loop.HashInt64(n, uint64(seed))) })
}

func hash[T any](t function.Table, plain, extended string, f func(v T, seed uint64) uint64) {
	t[plain] = function.Map1(func(v T) int32 { return int32(f(v, 0)) })
	t[extended] = function.Map2(func(v T, seed int64) int64 { return int64(f(v, uint64(seed))) })
}

// HashNumeric hashes the significant base-10000 digits of a number.
func HashNumeric(d decimal, seed uint64, extended bool) uint64 {
	if !d.IsFinite() {
		return seed
	}
	b := d.AppendBinary(nil)
	big := binary.BigEndian
	n, weight := int(big.Uint16(b)), int16(big.Uint16(b[2:]))
	digits := make([]uint16, n)
	for i := range digits {
		digits[i] = big.Uint16(b[8+2*i:])
	}
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
		weight--
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		if extended {
			return seed - 1
		}
		return ^uint64(0)
	}
	bytes := make([]byte, 0, 2*len(digits))
	for _, x := range digits {
		bytes = binary.LittleEndian.AppendUint16(bytes, x)
	}
	h := loop.HashBytes(bytes, seed)
	if extended {
		return h ^ uint64(int64(weight))
	}
	return uint64(uint32(h) ^ uint32(int32(weight)))
}
