// Package stat is what ANALYZE found out about a table, as data: the planner
// estimates from it and pg_stats shows it (PostgreSQL manual, 53.51 and 76.1).
package stat

import (
	"datapunk/types"
	"datapunk/types/vector"
)

// Table is the statistics of one table.
type Table struct {
	Rows    float64           // at the last ANALYZE
	Bytes   float64           // on disk
	Columns map[int16]*Column // by column number
}

// Column is the statistics of one column.
type Column struct {
	NullFraction float64
	Width        float64 // average bytes of a value
	// Distinct is the number of distinct values; negative: minus their share of
	// the rows, for columns that grow with the table.
	Distinct float64
	// Common are the most common values, with the share of rows that each has.
	Common      *vector.Vector
	Frequencies []float64
	// Bounds cut the other values, in order, into parts of equal size.
	Bounds *vector.Vector
	// Correlation of the values' order with that of the rows, -1 to 1.
	Correlation float64
	N           int // values in Common
	B           int // values in Bounds
}

// DistinctOf is the number of distinct values among so many rows.
func (c *Column) DistinctOf(rows float64) float64 {
	if c.Distinct < 0 {
		return max(1, -c.Distinct*rows)
	}
	return max(1, c.Distinct)
}

// Source answers for tables; nil means that nothing is known.
type Source interface {
	// Table returns the statistics of the last ANALYZE, or nil.
	Table(types.OID) *Table
	// Rows is the live number of rows, counted as transactions commit.
	Rows(types.OID) float64
}
