package math

import (
	"math"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

type float interface{ float32 | float64 }

func floats(t function.Table) {
	floatPair[float32, float32, float32](t, "float4")
	floatPair[float64, float64, float64](t, "float8")
	floatPair[float32, float64, float64](t, "float48")
	floatPair[float64, float32, float64](t, "float84")
	floatSingle[float32](t, "float4")
	floatSingle[float64](t, "float8")
	t["dceil"] = function.Map1(math.Ceil)
	t["dfloor"] = function.Map1(math.Floor)
	t["dround"] = function.Map1(math.RoundToEven)
	t["dtrunc"] = function.Map1(math.Trunc)
	t["dsign"] = function.Map1(func(f float64) float64 {
		switch {
		case f > 0:
			return 1
		case f < 0:
			return -1
		case f != f:
			return f
		}
		return 0
	})
	t["dsqrt"] = function.Map1E(func(f float64) (float64, error) {
		if f < 0 {
			return 0, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
		}
		return math.Sqrt(f), nil
	})
	t["dcbrt"] = function.Map1(math.Cbrt)
	t["dexp"] = function.Map1E(exp)
	t["dpow"] = function.Map2E(power)
	t["dlog1"] = function.Map1E(func(f float64) (float64, error) { return logarithm(f, logOf) })
	t["dlog10"] = function.Map1E(func(f float64) (float64, error) { return logarithm(f, log10Of) })
	t["dpi"] = function.Map0C(func(*function.Call) (float64, error) { return math.Pi, nil })
	t["degrees"] = function.Map1E(func(f float64) (float64, error) { return checked(f/radiansPerDegree, f) })
	t["radians"] = function.Map1E(func(f float64) (float64, error) { return checked(f*radiansPerDegree, f) })
	t["drandom"] = function.Map0C(func(c *function.Call) (float64, error) { return c.Env.Random.Float64(), nil })
	t["setseed"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, _ *vector.Vector) error {
		f := loop.At[float64](args[0], i)
		if !(f >= -1 && f <= 1) {
			return pgerr.Newf(pgerr.InvalidParameterValue, "setseed parameter %s is out of allowed range [-1,1]", short(f))
		}
		c.Env.Random.Seed(f)
		return nil
	})
	t["width_bucket_float8"] = function.Map4C(widthBucket)
}

func floatOrder[A, B float](_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	return loop.CompareFloats(float64(vector.Of[A](a)[i]), float64(vector.Of[B](b)[j]))
}

// checked reports an overflow: an infinite result of finite operands.
func checked(r float64, operands ...float64) (float64, error) {
	if math.IsInf(r, 0) {
		for _, o := range operands {
			if math.IsInf(o, 0) {
				return r, nil
			}
		}
		return 0, loop.Overflow()
	}
	return r, nil
}

func isInf[T float](f T) bool { return f-f != 0 && f == f }

// floatPair adds what two types of float have: comparison and arithmetic.
func floatPair[A, B, R float](t function.Table, prefix string) {
	for op, suffix := range loop.Suffixes {
		t[prefix+suffix] = loop.Floats[A, B](loop.Op(op))
	}
	t["bt"+prefix+"cmp"] = loop.Cmp(floatOrder[A, B])
	arith := func(f func(x, y R) R, check func(x, y, r R) error) function.Impl {
		return function.Impl{CanRaise: true, Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
			a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[R](out)
			ma, mb := args[0].Mask(), args[1].Mask()
			for _, i := range sel {
				x, y := R(a[int(i)&ma]), R(b[int(i)&mb])
				v := f(x, y)
				if v-v != 0 || v == 0 {
					if err := check(x, y, v); err != nil {
						return loop.Fail(i, err)
					}
				}
				r[i] = v
			}
			return nil
		}}
	}
	overflow := func(x, y, r R) error {
		if isInf(r) && !isInf(x) && !isInf(y) {
			return loop.Overflow()
		}
		return nil
	}
	t[prefix+"pl"] = arith(func(x, y R) R { return x + y }, overflow)
	t[prefix+"mi"] = arith(func(x, y R) R { return x - y }, overflow)
	t[prefix+"mul"] = arith(func(x, y R) R { return x * y }, func(x, y, r R) error {
		if r == 0 && x != 0 && y != 0 {
			return loop.Underflow()
		}
		return overflow(x, y, r)
	})
	t[prefix+"div"] = arith(func(x, y R) R { return x / y }, func(x, y, r R) error {
		switch {
		case y == 0 && x == x:
			return loop.DivisionByZero()
		case r == 0 && x != 0 && !isInf(y):
			return loop.Underflow()
		case isInf(r) && !isInf(x):
			return loop.Overflow()
		}
		return nil
	})
}

func floatSingle[T float](t function.Table, prefix string) {
	t[prefix+"um"] = function.Map1(func(a T) T { return -a })
	t[prefix+"up"] = function.Map1(func(a T) T { return a })
	t[prefix+"abs"] = function.Map1(func(a T) T { return T(math.Abs(float64(a))) })
	t[prefix+"larger"] = function.Map2(func(a, b T) T {
		if loop.CompareFloats(float64(a), float64(b)) > 0 {
			return a
		}
		return b
	})
	t[prefix+"smaller"] = function.Map2(func(a, b T) T {
		if loop.CompareFloats(float64(a), float64(b)) < 0 {
			return a
		}
		return b
	})
}

func exp(f float64) (float64, error) {
	r := expOf(f)
	switch {
	case math.IsInf(f, 0) || f != f:
		return r, nil
	case math.IsInf(r, 0):
		return 0, loop.Overflow()
	case r == 0:
		return 0, loop.Underflow()
	}
	return r, nil
}

func logarithm(f float64, log func(float64) float64) (float64, error) {
	switch {
	case f == 0:
		return 0, pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of zero")
	case f < 0:
		return 0, pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	}
	return log(f), nil
}

func power(a, b float64) (float64, error) {
	switch {
	case a != a:
		if b == 0 {
			return 1, nil
		}
		return a, nil
	case b != b:
		if a == 1 {
			return 1, nil
		}
		return b, nil
	case a == 0 && b < 0:
		return 0, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	case a < 0 && math.Floor(b) != b:
		return 0, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	case math.IsInf(b, 0) && math.Abs(a) == 1:
		return 1, nil
	}
	r := powOf(a, b)
	if !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		if math.IsInf(r, 0) {
			return 0, loop.Overflow()
		}
		if r == 0 && a != 0 {
			return 0, loop.Underflow()
		}
	}
	return r, nil
}

func widthBucket(_ *function.Call, x, low, high float64, count int32) (int32, error) {
	fail := func(text string) (int32, error) {
		return 0, pgerr.New(pgerr.InvalidArgumentForWidthBucketFunction, text)
	}
	switch {
	case count <= 0:
		return fail("count must be greater than zero")
	case x != x || low != low || high != high:
		return fail("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(low, 0) || math.IsInf(high, 0):
		return fail("lower and upper bounds must be finite")
	case low == high:
		return fail("lower bound cannot equal upper bound")
	}
	bucket := func(part, whole float64) (int32, error) {
		n := float64(count) * (part / whole)
		if math.IsInf(whole, 0) {
			n = float64(count) * ((part / 2) / (whole / 2))
		}
		return int32(min(n, float64(count-1))) + 1, nil
	}
	if low < high {
		switch {
		case x < low:
			return 0, nil
		case x >= high:
			if count == math.MaxInt32 {
				return 0, loop.RangeError("integer")
			}
			return count + 1, nil
		case !math.IsInf(high-low, 0):
			return bucket(x-low, high-low)
		}
		return bucket(x/2-low/2, high/2-low/2)
	}
	switch {
	case x > low:
		return 0, nil
	case x <= high:
		if count == math.MaxInt32 {
			return 0, loop.RangeError("integer")
		}
		return count + 1, nil
	case !math.IsInf(low-high, 0):
		return bucket(low-x, low-high)
	}
	return bucket(low/2-x/2, low/2-high/2)
}
