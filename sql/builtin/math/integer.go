package math

import (
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

type integer interface{ int16 | int32 | int64 }

// names are the SQL names of the integer types by width in bytes.
var names = map[byte]string{'2': "smallint", '4': "integer", '8': "bigint"}

func integers(t function.Table) {
	pair[int16, int16, int16](t, "int2", '2')
	pair[int16, int32, int32](t, "int24", '4')
	pair[int16, int64, int64](t, "int28", '8')
	pair[int32, int16, int32](t, "int42", '4')
	pair[int32, int32, int32](t, "int4", '4')
	pair[int32, int64, int64](t, "int48", '8')
	pair[int64, int16, int64](t, "int82", '8')
	pair[int64, int32, int64](t, "int84", '8')
	pair[int64, int64, int64](t, "int8", '8')
	single[int16](t, "int2", '2')
	single[int32](t, "int4", '4')
	single[int64](t, "int8", '8')
	t["int2shl"] = function.Map2(func(a int16, n int32) int16 { return int16(int32(a) << (uint32(n) & 31)) })
	t["int2shr"] = function.Map2(func(a int16, n int32) int16 { return int16(int32(a) >> (uint32(n) & 31)) })
	t["int4shl"] = function.Map2(func(a, n int32) int32 { return a << (uint32(n) & 31) })
	t["int4shr"] = function.Map2(func(a, n int32) int32 { return a >> (uint32(n) & 31) })
	t["int8shl"] = function.Map2(func(a int64, n int32) int64 { return a << (uint32(n) & 63) })
	t["int8shr"] = function.Map2(func(a int64, n int32) int64 { return a >> (uint32(n) & 63) })
	t["int4gcd"] = gcd[int32]("integer")
	t["int8gcd"] = gcd[int64]("bigint")
	t["int4lcm"] = lcm[int32]("integer")
	t["int8lcm"] = lcm[int64]("bigint")
	t["int4inc"] = step[int32](1, "integer")
	t["int8inc"] = step[int64](1, "bigint")
	t["int8dec"] = step[int64](-1, "bigint")
	t["chareq"], t["charne"] = loop.Ints[int16, int16](loop.EQ), loop.Ints[int16, int16](loop.NE)
	t["charlt"], t["charle"] = loop.Ints[int16, int16](loop.LT), loop.Ints[int16, int16](loop.LE)
	t["chargt"], t["charge"] = loop.Ints[int16, int16](loop.GT), loop.Ints[int16, int16](loop.GE)
	t["btcharcmp"] = loop.Cmp(intOrder[int16, int16])
	for op, suffix := range loop.Suffixes {
		t["bool"+suffix] = loop.Bools(loop.Op(op))
	}
	t["btboolcmp"] = loop.Cmp(loop.Values(func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	}))
	t["booland_statefunc"] = function.Map2(func(a, b bool) bool { return a && b })
	t["boolor_statefunc"] = function.Map2(func(a, b bool) bool { return a || b })
}

func intOrder[A, B integer](_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	x, y := int64(vector.Of[A](a)[i]), int64(vector.Of[B](b)[j])
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// pair adds what two types of integer have: comparison and arithmetic.
func pair[A, B, R integer](t function.Table, prefix string, width byte) {
	for op, suffix := range loop.Suffixes {
		t[prefix+suffix] = loop.Ints[A, B](loop.Op(op))
	}
	t["bt"+prefix+"cmp"] = loop.Cmp(intOrder[A, B])
	name := names[width]
	t[prefix+"pl"] = function.Impl{CanRaise: true, Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[R](out)
		ma, mb := args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			x, y := int64(a[int(i)&ma]), int64(b[int(i)&mb])
			s := x + y
			if int64(R(s)) != s || (x^s)&(y^s) < 0 {
				return loop.Fail(i, loop.RangeError(name))
			}
			r[i] = R(s)
		}
		return nil
	}}
	t[prefix+"mi"] = function.Impl{CanRaise: true, Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[R](out)
		ma, mb := args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			x, y := int64(a[int(i)&ma]), int64(b[int(i)&mb])
			s := x - y
			if int64(R(s)) != s || (x^y)&(x^s) < 0 {
				return loop.Fail(i, loop.RangeError(name))
			}
			r[i] = R(s)
		}
		return nil
	}}
	t[prefix+"mul"] = function.Impl{CanRaise: true, Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[R](out)
		ma, mb := args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			x, y := int64(a[int(i)&ma]), int64(b[int(i)&mb])
			s := x * y
			small := int64(int32(x)) == x && int64(int32(y)) == y
			if int64(R(s)) != s || !small && (y == -1 && x == math.MinInt64 || y != 0 && s/y != x) {
				return loop.Fail(i, loop.RangeError(name))
			}
			r[i] = R(s)
		}
		return nil
	}}
	t[prefix+"div"] = function.Impl{CanRaise: true, Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[R](out)
		ma, mb := args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			x, y := int64(a[int(i)&ma]), int64(b[int(i)&mb])
			if y == 0 {
				return loop.Fail(i, loop.DivisionByZero())
			}
			s := x / y
			if int64(R(s)) != s || y == -1 && x == math.MinInt64 {
				return loop.Fail(i, loop.RangeError(name))
			}
			r[i] = R(s)
		}
		return nil
	}}
}

// single adds what one type of integer has.
func single[T integer](t function.Table, prefix string, width byte) {
	name := names[width]
	negate := func(a T) (T, error) {
		if a == -a && a != 0 {
			return 0, loop.RangeError(name)
		}
		return -a, nil
	}
	t[prefix+"um"] = function.Map1E(negate)
	t[prefix+"up"] = function.Map1(func(a T) T { return a })
	t[prefix+"abs"] = function.Map1E(func(a T) (T, error) {
		if a < 0 {
			return negate(a)
		}
		return a, nil
	})
	t[prefix+"mod"] = function.Map2E(func(a, b T) (T, error) {
		switch b {
		case 0:
			return 0, loop.DivisionByZero()
		case -1:
			return 0, nil
		}
		return a % b, nil
	})
	t[prefix+"and"] = function.Map2(func(a, b T) T { return a & b })
	t[prefix+"or"] = function.Map2(func(a, b T) T { return a | b })
	t[prefix+"xor"] = function.Map2(func(a, b T) T { return a ^ b })
	t[prefix+"not"] = function.Map1(func(a T) T { return ^a })
	t[prefix+"larger"] = function.Map2(func(a, b T) T { return max(a, b) })
	t[prefix+"smaller"] = function.Map2(func(a, b T) T { return min(a, b) })
}

func step[T integer](by T, name string) function.Impl {
	return function.Map1E(func(a T) (T, error) {
		s := a + by
		if (s > a) != (by > 0) {
			return 0, loop.RangeError(name)
		}
		return s, nil
	})
}

func gcdOf[T integer](a, b T) T {
	for b != 0 {
		if b == -1 {
			return 1
		}
		a, b = b, a%b
	}
	if a < 0 {
		return -a
	}
	return a
}

func gcd[T integer](name string) function.Impl {
	return function.Map2E(func(a, b T) (T, error) {
		g := gcdOf(a, b)
		if g < 0 {
			return 0, loop.RangeError(name)
		}
		return g, nil
	})
}

func lcm[T integer](name string) function.Impl {
	return function.Map2E(func(a, b T) (T, error) {
		if a == 0 || b == 0 {
			return 0, nil
		}
		g := gcdOf(a, b)
		if g < 0 {
			return 0, loop.RangeError(name)
		}
		x := a / g
		r := x * b
		if x != 0 && r/x != b || x == -1 && b == -b {
			return 0, loop.RangeError(name)
		}
		if r < 0 {
			if r == -r {
				return 0, loop.RangeError(name)
			}
			r = -r
		}
		return r, nil
	})
}
