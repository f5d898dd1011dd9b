package search

import (
	"datapunk/planner/cost"
	"datapunk/sql/expr"
	"datapunk/types/vector"
)

func int32At(c *expr.Const) int32 { return vector.Of[int32](c.Value)[0] }

func int64At(c *expr.Const) int64 { return vector.Of[int64](c.Value)[0] }

func sortCost(rows, limit float64) float64 { return cost.Sort(rows, limit) }
