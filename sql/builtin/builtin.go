// Package builtin lists the kernels of PostgreSQL's own functions.
package builtin

import (
	"datapunk/sql/builtin/math"
	"datapunk/sql/function"
)

// Tables lists every table of kernels, for function.New.
func Tables() []function.Table {
	return []function.Table{math.Table()}
}
