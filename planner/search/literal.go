package search

import (
	"datapunk/sql/expr"
	"datapunk/types/vector"
)

func int32At(c *expr.Const) int32 { return vector.Of[int32](c.Value)[0] }

func int64At(c *expr.Const) int64 { return vector.Of[int64](c.Value)[0] }
