// Package builtin lists the kernels of PostgreSQL's own functions: one package
// for each kind of function, joined with the facts of pg_proc by
// function.New(builtin.Tables()...).
package builtin

import (
	"datapunk/sql/builtin/datetime"
	"datapunk/sql/builtin/math"
	"datapunk/sql/builtin/text"
	"datapunk/sql/function"
)

// Tables lists the tables of kernels.
func Tables() []function.Table {
	return []function.Table{math.Table(), text.Table(), datetime.Table()}
}
