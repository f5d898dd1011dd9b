package loop

import (
	"datapunk/internal/pgerr"
	"datapunk/types/vector"
)

// At returns row i's value of a layout other than bytes.
func At[T any](v *vector.Vector, i int) T { return vector.Of[T](v)[v.Index(i)] }

// Put writes row i's value of a layout other than bytes.
func Put[T any](v *vector.Vector, i int, value T) { vector.Of[T](v)[i] = value }

// AnyNull tells whether any argument is null in row i.
func AnyNull(args []*vector.Vector, i int) bool {
	for _, a := range args {
		if a.Null(i) {
			return true
		}
	}
	return false
}

// Fail puts an error on a row.
func Fail(row int32, err error) error { return &vector.RowError{Row: int(row), Err: err} }

// RangeError is 22003 for a type, by its SQL name.
func RangeError(name string) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, name+" out of range")
}

// Overflow and its kin are the errors of arithmetic.
func Overflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}
func Underflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
}
func DivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }
