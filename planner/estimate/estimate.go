// Package estimate says how many rows: selectivities of conditions and numbers of
// distinct values, from the statistics of ANALYZE, else from PostgreSQL's default
// guesses (selfuncs.h).
package estimate

import (
	"math"

	"datapunk/catalog/stat"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// The guesses where nothing is known.
const (
	DefaultEqual    = 0.005
	DefaultRange    = 0.3333333333333333
	DefaultBetween  = 0.005
	DefaultMatch    = 0.005
	DefaultDistinct = 200
	DefaultNull     = 0.005
	DefaultRows     = 1000
)

// Column tells what is known about a column of the query.
type Column struct {
	Stats *stat.Column // or nil
	Rows  float64      // of its table
	// Unique: a unique index has this column alone.
	Unique bool
}

// Lookup finds a column by id; ok is false for computed ones.
type Lookup func(expr.ColumnID) (Column, bool)

// Selectivity is the share of rows for which a condition is true.
func Selectivity(e expr.Expr, find Lookup) float64 {
	switch n := e.(type) {
	case *expr.Const:
		if !n.Value.Null(0) && n.T == types.BoolType && vector.Of[bool](n.Value)[0] {
			return 1
		}
		return 0
	case *expr.And:
		s := 1.0
		for _, a := range n.Args {
			s *= Selectivity(a, find)
		}
		return s
	case *expr.Or:
		s := 0.0
		for _, a := range n.Args {
			t := Selectivity(a, find)
			s += t - s*t
		}
		return s
	case *expr.Not:
		return 1 - Selectivity(n.Arg, find)
	case *expr.IsNull:
		f := DefaultNull
		if c, ok := column(n.Arg); ok {
			if k, ok := find(c.ID); ok && k.Stats != nil {
				f = k.Stats.NullFraction
			}
		}
		if n.Not {
			return 1 - f
		}
		return f
	case *expr.BoolTest, *expr.Column, *expr.Param:
		return 0.5
	case *expr.Call:
		return call(n, find)
	case *expr.AnyAll:
		return anyAll(n, find)
	case *expr.Subquery:
		return 0.5
	case *expr.Distinct:
		s := call(n.Call, find)
		if n.Not {
			return s
		}
		return 1 - s
	}
	return DefaultRange
}

// column looks through relabelling casts.
func column(e expr.Expr) (*expr.Column, bool) {
	for {
		switch n := e.(type) {
		case *expr.Column:
			return n, true
		case *expr.Cast:
			if n.Method != expr.Relabel {
				return nil, false
			}
			e = n.Arg
		default:
			return nil, false
		}
	}
}

func call(n *expr.Call, find Lookup) float64 {
	if len(n.Args) != 2 {
		return DefaultRange
	}
	left, right := n.Args[0], n.Args[1]
	op := Operator(n)
	if _, ok := column(left); !ok {
		if _, ok := column(right); ok {
			left, right = right, left
			op = flip(op)
		}
	}
	c, ok := column(left)
	if !ok {
		return fallback(op)
	}
	k, known := find(c.ID)
	if d, ok := column(right); ok {
		// Column with column: an equality within one table or across a join.
		other, also := find(d.ID)
		if op == "=" && known && also {
			return 1 / max(Distinct(k), Distinct(other), 1)
		}
		return fallback(op)
	}
	if !known {
		return fallback(op)
	}
	value, constant := right.(*expr.Const)
	if constant && value.Value.Null(0) {
		return 0
	}
	switch op {
	case "=":
		if k.Unique {
			return 1 / max(k.Rows, 1)
		}
		if k.Stats == nil {
			return 1 / Distinct(k)
		}
		if !constant || value.T.Phys != physOf(k.Stats) {
			return (1 - k.Stats.NullFraction) / k.Stats.DistinctOf(k.Rows)
		}
		return equal(k, value.Value)
	case "<>":
		if k.Stats != nil && constant && value.T.Phys == physOf(k.Stats) {
			return max(0, 1-equal(k, value.Value)-k.Stats.NullFraction)
		}
		return 1 - 1/Distinct(k)
	case "<", "<=", ">", ">=":
		if k.Stats != nil && constant && value.T.Phys == physOf(k.Stats) && k.Stats.B > 1 {
			return ranged(k, op, value.Value)
		}
		return DefaultRange
	case "~~", "~", "~*", "~~*":
		return DefaultMatch
	case "!~~", "!~", "!~*", "!~~*":
		return 1 - DefaultMatch
	}
	return fallback(op)
}

func physOf(s *stat.Column) types.Phys {
	switch {
	case s.N > 0:
		return s.Common.Phys()
	case s.B > 0:
		return s.Bounds.Phys()
	}
	return types.Void
}

func fallback(op string) float64 {
	switch op {
	case "=":
		return DefaultEqual
	case "<>":
		return 1 - DefaultEqual
	case "<", "<=", ">", ">=":
		return DefaultRange
	case "~~", "~", "~*", "~~*":
		return DefaultMatch
	}
	return DefaultRange
}

// operators names the comparisons by the functions behind them: int4eq and the
// like end in the comparison's two letters.
var suffixes = map[string]string{"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

// Operator is the comparison that a call means, or "".
func Operator(n *expr.Call) string {
	if n.Operator == 0 {
		return ""
	}
	source := n.Func.Source
	switch source {
	case "textlike", "bpcharlike", "namelike", "bytealike":
		return "~~"
	case "textnlike", "bpcharnlike", "namenlike":
		return "!~~"
	case "texticlike", "bpchariclike", "nameiclike":
		return "~~*"
	case "textregexeq", "bpcharregexeq", "nameregexeq":
		return "~"
	case "texticregexeq", "bpcharicregexeq", "nameicregexeq":
		return "~*"
	case "text_lt", "text_le", "text_gt", "text_ge":
		return suffixes[source[5:]]
	}
	if i := len(source) - 2; i > 0 {
		if op, ok := suffixes[source[i:]]; ok && n.T == types.BoolType {
			return op
		}
	}
	return ""
}

func flip(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// Distinct is how many values a column has.
func Distinct(c Column) float64 {
	rows := max(c.Rows, 1)
	switch {
	case c.Unique:
		return rows
	case c.Stats != nil:
		return min(c.Stats.DistinctOf(rows), rows)
	}
	return min(DefaultDistinct, rows)
}

// equal is the share of rows equal to a value: a common value's own frequency,
// else an even part of what the common ones leave.
func equal(c Column, v *vector.Vector) float64 {
	s := c.Stats
	left := 1 - s.NullFraction
	if s.N > 0 {
		compare := kernel.Comparer(s.Common.Type, 0)
		for i := range s.N {
			if compare(s.Common, i, v, 0) == 0 {
				return s.Frequencies[i]
			}
			left -= s.Frequencies[i]
		}
	}
	others := s.DistinctOf(c.Rows) - float64(s.N)
	if others < 1 {
		return max(left, 0) / max(s.DistinctOf(c.Rows), 1)
	}
	return max(left, 0) / others
}

// ranged is the share below or above a value, by common values and histogram.
func ranged(c Column, op string, v *vector.Vector) float64 {
	s := c.Stats
	compare := kernel.Comparer(s.Bounds.Type, 0)
	below, common := 0.0, 0.0
	for i := range s.N {
		common += s.Frequencies[i]
		if d := kernel.Comparer(s.Common.Type, 0)(s.Common, i, v, 0); d < 0 || d == 0 && op == "<=" || d == 0 && op == ">" {
			below += s.Frequencies[i]
		}
	}
	low, high := 0, s.B
	for low < high {
		if mid := (low + high) / 2; compare(s.Bounds, mid, v, 0) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	part := 0.0
	switch {
	case low == 0:
	case low >= s.B:
		part = 1
	default:
		part = (float64(low-1) + within(s.Bounds, low-1, low, v)) / float64(s.B-1)
	}
	rest := max(0, 1-s.NullFraction-common)
	share := below + part*rest
	if op == ">" || op == ">=" {
		share = 1 - s.NullFraction - share
	}
	return math.Min(1, math.Max(share, 1e-7))
}

// within places a value between two bounds, 0 to 1.
func within(b *vector.Vector, i, j int, v *vector.Vector) float64 {
	x, ok1 := number(b, i)
	y, ok2 := number(b, j)
	z, ok3 := number(v, 0)
	if !ok1 || !ok2 || !ok3 || y <= x {
		return 0.5
	}
	return math.Min(1, math.Max(0, (z-x)/(y-x)))
}

// number is a value on a scale, for the types that have one.
func number(v *vector.Vector, i int) (float64, bool) {
	i = v.Index(i)
	switch v.Phys() {
	case types.Int16:
		return float64(vector.Of[int16](v)[i]), true
	case types.Int32:
		return float64(vector.Of[int32](v)[i]), true
	case types.Int64:
		return float64(vector.Of[int64](v)[i]), true
	case types.Float32:
		return float64(vector.Of[float32](v)[i]), true
	case types.Float64:
		return vector.Of[float64](v)[i], true
	case types.Numeric:
		f, err := decimal(v, i)
		return f, err == nil
	}
	return 0, false
}

func anyAll(n *expr.AnyAll, find Lookup) float64 {
	items := 10.0
	if a, ok := n.Array.(*expr.Array); ok {
		items = float64(len(a.Elems))
	}
	s := call(n.Call, find)
	if c, ok := column(n.Call.Args[0]); ok && Operator(n.Call) == "=" {
		if k, ok := find(c.ID); ok {
			s = 1 / Distinct(k)
		}
	}
	if n.All {
		return math.Pow(s, items)
	}
	return math.Min(1, s*items)
}

// Groups is how many groups keys make of so many rows.
func Groups(keys []expr.Expr, rows float64, find Lookup) float64 {
	n := 1.0
	for _, k := range keys {
		d := math.Min(DefaultDistinct, max(rows, 1))
		if c, ok := column(k); ok {
			if f, ok := find(c.ID); ok {
				d = Distinct(f)
			}
		} else {
			set := map[expr.ColumnID]bool{}
			expr.Columns(k, set)
			for id := range set {
				if f, ok := find(id); ok {
					d = Distinct(f)
				}
			}
		}
		n *= d
	}
	return math.Max(1, math.Min(n, rows))
}
