package function

import (
	"unsafe"

	"datapunk/types/vector"
)

// The Map functions make a kernel of a plain Go function over one row. Type
// parameters are the layouts' Go types: bool, int16, int32, int64, float32,
// float64, numeric.Decimal, datetime.Interval, datetime.TimeTZ, a named type of
// the same layout (datetime.Date, datetime.Timestamp), and string or []byte for
// types.Bytes. Strings and bytes given to f live as long as the batch (V3).
//
// MapE and the numbered kin take functions that can fail; the error is put on its
// row. MapN functions take the call first and null flags are handled by hand.

// Values returns v's values as a slice of T and the mask of row numbers. Text is
// gathered into fresh headers for the rows of sel.
func Values[T any](v *vector.Vector, sel []int32) ([]T, int) {
	var zero T
	switch any(zero).(type) {
	case string:
		if v.Const {
			s := []string{v.String(0)}
			return *(*[]T)(unsafe.Pointer(&s)), 0
		}
		s := make([]string, v.Cap())
		for _, i := range sel {
			s[i] = v.String(int(i))
		}
		return *(*[]T)(unsafe.Pointer(&s)), -1
	case []byte:
		if v.Const {
			s := [][]byte{v.Bytes(0)}
			return *(*[]T)(unsafe.Pointer(&s)), 0
		}
		s := make([][]byte, v.Cap())
		for _, i := range sel {
			s[i] = v.Bytes(int(i))
		}
		return *(*[]T)(unsafe.Pointer(&s)), -1
	}
	return vector.Of[T](v), v.Mask()
}

// results returns where to write rows, and a function that puts them into out
// (nil where they are there already).
func results[R any](out *vector.Vector) ([]R, bool) {
	var zero R
	switch any(zero).(type) {
	case string, []byte:
		return make([]R, out.Cap()), true
	}
	return vector.Of[R](out), false
}

func flush[R any](r []R, out *vector.Vector, sel []int32) {
	switch r := any(r).(type) {
	case []string:
		for _, i := range sel {
			out.SetString(int(i), r[i])
		}
	case [][]byte:
		for _, i := range sel {
			out.SetBytes(int(i), r[i])
		}
	}
}

// Map1 is a strict function of one argument that cannot fail.
func Map1[A, R any](f func(A) R) Impl {
	return Impl{Eval: func(_ *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, ma := Values[A](args[0], sel)
		r, text := results[R](out)
		for _, i := range sel {
			r[i] = f(a[int(i)&ma])
		}
		if text {
			flush(r, out, sel)
		}
		return nil
	}}
}

// Map2 is a strict function of two arguments that cannot fail.
func Map2[A, B, R any](f func(A, B) R) Impl {
	return Impl{Eval: func(_ *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, ma := Values[A](args[0], sel)
		b, mb := Values[B](args[1], sel)
		r, text := results[R](out)
		for _, i := range sel {
			r[i] = f(a[int(i)&ma], b[int(i)&mb])
		}
		if text {
			flush(r, out, sel)
		}
		return nil
	}}
}

// Map1E is a strict function of one argument that can fail.
func Map1E[A, R any](f func(A) (R, error)) Impl {
	return Map1C(func(_ *Call, a A) (R, error) { return f(a) })
}

// Map2E is a strict function of two arguments that can fail.
func Map2E[A, B, R any](f func(A, B) (R, error)) Impl {
	return Map2C(func(_ *Call, a A, b B) (R, error) { return f(a, b) })
}

// Map3E is a strict function of three arguments that can fail.
func Map3E[A, B, C, R any](f func(A, B, C) (R, error)) Impl {
	return Map3C(func(_ *Call, a A, b B, c C) (R, error) { return f(a, b, c) })
}

// Map0C is a function without arguments that sees its call.
func Map0C[R any](f func(*Call) (R, error)) Impl {
	return Impl{CanRaise: true, Eval: func(call *Call, _ []*vector.Vector, sel []int32, out *vector.Vector) error {
		return each(sel, out, func(int) (R, error) { return f(call) })
	}}
}

// Map1C is a strict function of one argument that sees its call.
func Map1C[A, R any](f func(*Call, A) (R, error)) Impl {
	return Impl{CanRaise: true, Eval: func(call *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, ma := Values[A](args[0], sel)
		return each(sel, out, func(i int) (R, error) { return f(call, a[i&ma]) })
	}}
}

// Map2C is a strict function of two arguments that sees its call.
func Map2C[A, B, R any](f func(*Call, A, B) (R, error)) Impl {
	return Impl{CanRaise: true, Eval: func(call *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, ma := Values[A](args[0], sel)
		b, mb := Values[B](args[1], sel)
		return each(sel, out, func(i int) (R, error) { return f(call, a[i&ma], b[i&mb]) })
	}}
}

// Map3C is a strict function of three arguments that sees its call.
func Map3C[A, B, C, R any](f func(*Call, A, B, C) (R, error)) Impl {
	return Impl{CanRaise: true, Eval: func(call *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, ma := Values[A](args[0], sel)
		b, mb := Values[B](args[1], sel)
		c, mc := Values[C](args[2], sel)
		return each(sel, out, func(i int) (R, error) { return f(call, a[i&ma], b[i&mb], c[i&mc]) })
	}}
}

// Map4C is a strict function of four arguments that sees its call.
func Map4C[A, B, C, D, R any](f func(*Call, A, B, C, D) (R, error)) Impl {
	return Impl{CanRaise: true, Eval: func(call *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		a, ma := Values[A](args[0], sel)
		b, mb := Values[B](args[1], sel)
		c, mc := Values[C](args[2], sel)
		d, md := Values[D](args[3], sel)
		return each(sel, out, func(i int) (R, error) { return f(call, a[i&ma], b[i&mb], c[i&mc], d[i&md]) })
	}}
}

func each[R any](sel []int32, out *vector.Vector, f func(i int) (R, error)) error {
	r, text := results[R](out)
	for k, i := range sel {
		value, err := f(int(i))
		if err != nil {
			if text {
				flush(r, out, sel[:k])
			}
			return &vector.RowError{Row: int(i), Err: err}
		}
		r[i] = value
	}
	if text {
		flush(r, out, sel)
	}
	return nil
}

// Row makes a kernel that handles one row at a time and sees every argument
// itself, nulls included: for functions that are not strict, may return null
// (out.SetNull), or build their result in place.
func Row(f func(c *Call, args []*vector.Vector, i int, out *vector.Vector) error) Impl {
	return Impl{CanRaise: true, Eval: func(c *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		for _, i := range sel {
			if err := f(c, args, int(i), out); err != nil {
				return &vector.RowError{Row: int(i), Err: err}
			}
		}
		return nil
	}}
}
