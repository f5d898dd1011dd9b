package text

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"math"
	"math/bits"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
)

func bytesPart(b []byte, start, count int32, limited bool) ([]byte, error) {
	from, to := int64(start), int64(math.MaxInt32)
	if limited {
		if to = from + int64(count); to < from {
			return nil, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
		}
	}
	from = max(from, 1)
	if to <= from || from > int64(len(b)) {
		return nil, nil
	}
	return b[from-1 : min(to-1, int64(len(b)))], nil
}

func bytesOverlay(b, with []byte, start, count int32) ([]byte, error) {
	if start <= 0 {
		return nil, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
	}
	end := int64(start) + int64(count)
	if end > math.MaxInt32 || end < math.MinInt32 {
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
	}
	head, err := bytesPart(b, 1, start-1, true)
	if err != nil {
		return nil, err
	}
	tail, err := bytesPart(b, int32(end), 0, false)
	out := append(append(append([]byte(nil), head...), with...), tail...)
	return out, err
}

func badIndex(n, limit int64) error {
	return pgerr.Newf(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", n, limit)
}

func binaries(t function.Table) {
	t["bytea_substr"] = function.Map3E(func(b []byte, from, n int32) ([]byte, error) { return bytesPart(b, from, n, true) })
	t["bytea_substr_no_len"] = function.Map2E(func(b []byte, from int32) ([]byte, error) { return bytesPart(b, from, 0, false) })
	t["byteaoverlay"] = function.Map4C(func(_ *function.Call, b, with []byte, from, n int32) ([]byte, error) {
		return bytesOverlay(b, with, from, n)
	})
	t["byteaoverlay_no_len"] = function.Map3E(func(b, with []byte, from int32) ([]byte, error) { return bytesOverlay(b, with, from, int32(len(with))) })
	t["byteapos"] = function.Map2(func(b, sub []byte) int32 { return int32(bytes.Index(b, sub) + 1) })
	t["bytea_bit_count"] = function.Map1(func(b []byte) int64 {
		n := 0
		for _, c := range b {
			n += bits.OnesCount8(c)
		}
		return int64(n)
	})
	t["byteaGetByte"] = function.Map2E(func(b []byte, n int32) (int32, error) {
		if n < 0 || int(n) >= len(b) {
			return 0, badIndex(int64(n), int64(len(b)-1))
		}
		return int32(b[n]), nil
	})
	t["byteaSetByte"] = function.Map3E(func(b []byte, n, v int32) ([]byte, error) {
		if n < 0 || int(n) >= len(b) {
			return nil, badIndex(int64(n), int64(len(b)-1))
		}
		b = bytes.Clone(b)
		b[n] = byte(v)
		return b, nil
	})
	t["byteaGetBit"] = function.Map2E(func(b []byte, n int64) (int32, error) {
		if n < 0 || n >= 8*int64(len(b)) {
			return 0, badIndex(n, 8*int64(len(b))-1)
		}
		return int32(b[n/8] >> (n % 8) & 1), nil
	})
	t["byteaSetBit"] = function.Map3E(func(b []byte, n int64, v int32) ([]byte, error) {
		if n < 0 || n >= 8*int64(len(b)) {
			return nil, badIndex(n, 8*int64(len(b))-1)
		}
		if v != 0 && v != 1 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
		}
		b = bytes.Clone(b)
		b[n/8] = b[n/8]&^(1<<(n%8)) | byte(v)<<(n%8)
		return b, nil
	})
	t["md5_text"] = function.Map1(func(b []byte) string { s := md5.Sum(b); return hex.EncodeToString(s[:]) })
	t["md5_bytea"] = t["md5_text"]
	t["sha224_bytea"] = function.Map1(func(b []byte) []byte { s := sha256.Sum224(b); return s[:] })
	t["sha256_bytea"] = function.Map1(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })
	t["sha384_bytea"] = function.Map1(func(b []byte) []byte { s := sha512.Sum384(b); return s[:] })
	t["sha512_bytea"] = function.Map1(func(b []byte) []byte { s := sha512.Sum512(b); return s[:] })
}
