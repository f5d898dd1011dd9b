package math

import (
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/numeric"
)

// narrow is a cast between integers, checked.
func narrow[A, R integer](name string) function.Impl {
	return function.Map1E(func(a A) (R, error) {
		if r := R(a); int64(r) == int64(a) {
			return r, nil
		}
		return 0, loop.RangeError(name)
	})
}

func widen[A, R integer]() function.Impl { return function.Map1(func(a A) R { return R(a) }) }

func toFloat[A integer, R float]() function.Impl { return function.Map1(func(a A) R { return R(a) }) }

// round is a cast from a float to an integer, to the nearest even.
func round[A float, R integer](name string, bits int) function.Impl {
	low, high := -math.Ldexp(1, bits-1), math.Ldexp(1, bits-1)
	return function.Map1E(func(a A) (R, error) {
		f := math.RoundToEven(float64(a))
		if !(f >= low && f < high) {
			return 0, loop.RangeError(name)
		}
		return R(f), nil
	})
}

func casts(t function.Table) {
	t["i4toi2"] = narrow[int32, int16]("smallint")
	t["int82"] = narrow[int64, int16]("smallint")
	t["int84"] = narrow[int64, int32]("integer")
	t["i2toi4"] = widen[int16, int32]()
	t["int28"] = widen[int16, int64]()
	t["int48"] = widen[int32, int64]()
	t["i2tof"], t["i2tod"] = toFloat[int16, float32](), toFloat[int16, float64]()
	t["i4tof"], t["i4tod"] = toFloat[int32, float32](), toFloat[int32, float64]()
	t["i8tof"], t["i8tod"] = toFloat[int64, float32](), toFloat[int64, float64]()
	t["ftoi2"], t["ftoi4"], t["ftoi8"] = round[float32, int16]("smallint", 16), round[float32, int32]("integer", 32), round[float32, int64]("bigint", 64)
	t["dtoi2"], t["dtoi4"], t["dtoi8"] = round[float64, int16]("smallint", 16), round[float64, int32]("integer", 32), round[float64, int64]("bigint", 64)
	t["ftod"] = function.Map1(func(f float32) float64 { return float64(f) })
	t["dtof"] = function.Map1E(func(f float64) (float32, error) {
		r := float32(f)
		switch {
		case isInf(r) && !isInf(f):
			return 0, loop.Overflow()
		case r == 0 && f != 0:
			return 0, loop.Underflow()
		}
		return r, nil
	})
	t["bool_int4"] = function.Map1(func(b bool) int32 {
		if b {
			return 1
		}
		return 0
	})
	t["int4_bool"] = function.Map1(func(n int32) bool { return n != 0 })
	t["int2_numeric"] = function.Map1(func(n int16) decimal { return numeric.FromInt64(int64(n)) })
	t["int4_numeric"] = function.Map1(func(n int32) decimal { return numeric.FromInt64(int64(n)) })
	t["int8_numeric"] = function.Map1(numeric.FromInt64)
	t["float4_numeric"] = function.Map1(numeric.FromFloat32)
	t["float8_numeric"] = function.Map1(numeric.FromFloat64)
	t["numeric_int2"] = function.Map1E(decimal.Int16)
	t["numeric_int4"] = function.Map1E(decimal.Int32)
	t["numeric_int8"] = function.Map1E(decimal.Int64)
	t["numeric_float4"] = function.Map1E(decimal.Float32)
	t["numeric_float8"] = function.Map1E(decimal.Float64)
	t["i8tooid"] = function.Map1E(func(n int64) (int64, error) {
		if n < 0 || n > math.MaxUint32 {
			return 0, loop.RangeError("OID")
		}
		return n, nil
	})
	t["oidtoi8"] = function.Map1(func(n int64) int64 { return n })
	t["xid8toxid"] = function.Map1(func(n int64) int64 { return int64(uint32(n)) })
	t["chartoi4"] = function.Map1(func(c int16) int32 { return int32(int8(c)) })
	t["i4tochar"] = function.Map1E(func(n int32) (int16, error) {
		if n < math.MinInt8 || n > math.MaxInt8 {
			return 0, loop.RangeError(`"char"`)
		}
		return int16(uint8(n)), nil
	})
}
