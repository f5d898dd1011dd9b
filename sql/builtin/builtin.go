// Package builtin lists the kernels of PostgreSQL's own functions.
//
// It exists so that server/node names one package instead of one for each family.
package builtin

import (
	"datapunk/sql/builtin/agg"
	"datapunk/sql/builtin/array"
	"datapunk/sql/builtin/datetime"
	"datapunk/sql/builtin/json"
	"datapunk/sql/builtin/math"
	"datapunk/sql/builtin/order"
	"datapunk/sql/builtin/system"
	"datapunk/sql/builtin/table"
	"datapunk/sql/builtin/text"
	"datapunk/sql/builtin/window"
	"datapunk/sql/function"
)

// Tables lists every table of kernels, for function.New.
func Tables() []function.Table {
	own := []function.Table{agg.Table(), array.Table(), datetime.Table(), json.Table(), math.Table(), system.Table(), table.Table(), text.Table(), window.Table()}
	return append(own, order.Table(own...))
}
