// Package loop is what the packages of sql/builtin share: comparison kernels as
// tight loops over vectors, and PostgreSQL's hash functions.
//
// It exists because a comparison runs once a row of every scan: a loop here has
// the operator outside, masks instead of branches for constants, and allocates
// nothing.
//
// Invariant: a kernel made here writes only the rows of sel and never fails.
package loop

import (
	"datapunk/sql/function"
	"datapunk/types/vector"
)

// Op is a comparison operator.
type Op uint8

// The operators.
const (
	EQ Op = iota
	NE
	LT
	LE
	GT
	GE
)

// Suffixes are the ends of the names that PostgreSQL gives comparison functions.
var Suffixes = [...]string{EQ: "eq", NE: "ne", LT: "lt", LE: "le", GT: "gt", GE: "ge"}

// Holds tells whether an operator holds for the outcome of a three-way comparison.
func (op Op) Holds(order int) bool {
	switch op {
	case EQ:
		return order == 0
	case NE:
		return order != 0
	case LT:
		return order < 0
	case LE:
		return order <= 0
	case GT:
		return order > 0
	}
	return order >= 0
}

// Integer is the layouts of whole numbers, and named types of them.
type Integer interface {
	~int16 | ~int32 | ~int64 | ~uint64
}

// Ints compares two columns of whole numbers, of any two widths.
func Ints[A, B Integer](op Op) function.Impl {
	run := func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[bool](out)
		ma, mb := args[0].Mask(), args[1].Mask()
		switch op {
		case EQ:
			for _, i := range sel {
				r[i] = int64(a[int(i)&ma]) == int64(b[int(i)&mb])
			}
		case NE:
			for _, i := range sel {
				r[i] = int64(a[int(i)&ma]) != int64(b[int(i)&mb])
			}
		case LT:
			for _, i := range sel {
				r[i] = int64(a[int(i)&ma]) < int64(b[int(i)&mb])
			}
		case LE:
			for _, i := range sel {
				r[i] = int64(a[int(i)&ma]) <= int64(b[int(i)&mb])
			}
		case GT:
			for _, i := range sel {
				r[i] = int64(a[int(i)&ma]) > int64(b[int(i)&mb])
			}
		case GE:
			for _, i := range sel {
				r[i] = int64(a[int(i)&ma]) >= int64(b[int(i)&mb])
			}
		}
		return nil
	}
	return function.Impl{Eval: run}
}

// Unsigned compares two columns of 64-bit numbers without sign.
func Unsigned(op Op) function.Impl {
	return Compare(op, func(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
		x, y := vector.Of[uint64](a)[i], vector.Of[uint64](b)[j]
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// Float is the layouts of floats.
type Float interface{ float32 | float64 }

// Floats compares two columns of floats; NaN equals NaN and is above the rest.
func Floats[A, B Float](op Op) function.Impl {
	run := func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := vector.Of[A](args[0]), vector.Of[B](args[1]), vector.Of[bool](out)
		ma, mb := args[0].Mask(), args[1].Mask()
		switch op {
		case EQ, NE:
			for _, i := range sel {
				x, y := float64(a[int(i)&ma]), float64(b[int(i)&mb])
				r[i] = (x == y || x != x && y != y) == (op == EQ)
			}
		case LT, GE:
			for _, i := range sel {
				x, y := float64(a[int(i)&ma]), float64(b[int(i)&mb])
				r[i] = (x < y || y != y && x == x) == (op == LT)
			}
		case GT, LE:
			for _, i := range sel {
				x, y := float64(a[int(i)&ma]), float64(b[int(i)&mb])
				r[i] = (x > y || x != x && y == y) == (op == GT)
			}
		}
		return nil
	}
	return function.Impl{Eval: run}
}

// CompareFloats is the order of Floats.
func CompareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case x != x && y != y:
		return 0
	case x != x:
		return 1
	}
	return -1
}

// Bools compares two columns of truth values.
func Bools(op Op) function.Impl {
	return Compare(op, func(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
		x, y := vector.Of[bool](a)[i], vector.Of[bool](b)[j]
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	})
}

// Order is a three-way comparison of row i of a and row j of b; constant vectors
// have row 0 alone.
type Order func(c *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int

// Compare compares two columns by an order.
func Compare(op Op, order Order) function.Impl {
	return function.Impl{Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		r, ma, mb := vector.Of[bool](out), args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			r[i] = op.Holds(order(c, args[0], int(i)&ma, args[1], int(i)&mb))
		}
		return nil
	}}
}

// Cmp is a btree support function: the sign of an order.
func Cmp(order Order) function.Impl {
	return function.Impl{Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		r, ma, mb := vector.Of[int32](out), args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			r[i] = int32(Sign(order(c, args[0], int(i)&ma, args[1], int(i)&mb)))
		}
		return nil
	}}
}

// Sign is -1, 0 or 1.
func Sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Pick gives the greater or the smaller of two values (larger and smaller functions).
func Pick(greater bool, order Order) function.Impl {
	return function.Impl{Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		ma, mb := args[0].Mask(), args[1].Mask()
		for _, i := range sel {
			first := order(c, args[0], int(i)&ma, args[1], int(i)&mb) > 0
			if first == greater {
				out.Set(int(i), args[0], int(i))
			} else {
				out.Set(int(i), args[1], int(i))
			}
		}
		return nil
	}}
}

// Values is an order of layouts' Go types.
func Values[A, B any](compare func(a A, b B) int) Order {
	return func(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
		return compare(vector.Of[A](a)[i], vector.Of[B](b)[j])
	}
}

// Bytewise orders byte strings.
func Bytewise(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	return vector.Compare(a, i, b, j)
}

// inline is the longest value that lies whole in a view.
const inline = 12

// BytesEqual is equality of byte strings.
func BytesEqual(op Op) function.Impl {
	want := op == EQ
	return function.Impl{Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, b, r := args[0], args[1], vector.Of[bool](out)
		if a.Const {
			a, b = b, a
		}
		views := vector.Of[vector.View](a)
		if b.Const && !a.Const {
			one := vector.Of[vector.View](b)[0]
			if one.Len <= inline {
				for _, i := range sel {
					r[i] = (views[i] == one) == want
				}
				return nil
			}
			for _, i := range sel {
				v := &views[i]
				r[i] = (v.Len == one.Len && v.Prefix == one.Prefix && vector.Equal(a, int(i), b, 0)) == want
			}
			return nil
		}
		for _, i := range sel {
			r[i] = vector.Equal(a, int(i), b, int(i)) == want
		}
		return nil
	}}
}

// All adds the six operators of an order to a table, under prefix and the usual
// suffixes.
func All(t function.Table, prefix string, order Order) {
	for op, suffix := range Suffixes {
		t[prefix+suffix] = Compare(Op(op), order)
	}
}
