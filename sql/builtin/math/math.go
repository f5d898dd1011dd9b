// Package math is the kernels of numbers: comparison, arithmetic, casts and the
// functions of the manual's section 9.3.
//
// It exists so that the loops over whole columns are in one place: comparison and
// arithmetic of integers and floats run over vectors without a call or an
// allocation for each row.
//
// Invariant: a kernel that meets an error has written the rows before it.
package math

import "datapunk/sql/function"

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{}
	integers(t)
	floats(t)
	numerics(t)
	trigonometry(t)
	casts(t)
	hashes(t)
	return t
}
