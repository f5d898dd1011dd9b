// Package cost is how dear things are: pure functions of numbers of rows, in
// microseconds. The constants are estimates from single runs, not yet calibrated
// (docs/performance.md); what counts is their proportion.
package cost

import "math"

// The constants, in µs a row unless said otherwise.
const (
	ScanRow      = 0.10 // decode a row of a full scan
	IndexSeek    = 4.0  // position an iterator, once
	IndexRow     = 0.30 // read an index entry
	FetchRow     = 1.2  // read the row of an index entry
	FilterRow    = 0.01 // evaluate one condition
	ProjectRow   = 0.01
	HashBuild    = 0.15
	HashProbe    = 0.08
	MergeRow     = 0.03 // compare a row of either side
	GroupRow     = 0.12
	SortCompare  = 0.03 // times log2 n
	NestedRescan = 2.0  // restart the inner side, once
	OutputRow    = 0.02
	FunctionRow  = 0.05
	SystemSeek   = 8.0 // look rows of a catalog table up, once
	SystemRow    = 0.1 // compute a row of a catalog table
)

// Disabled is what a way costs in addition that a setting asks to avoid.
const Disabled = 1e10

// Scan reads rows of a table in storage order: all, or a range of its primary key.
func Scan(rows float64, conds int) float64 {
	return IndexSeek + rows*(ScanRow+float64(conds)*FilterRow)
}

// Index reads matching entries of an index and, unless covered, their rows.
func Index(matches float64, covered bool, conds int) float64 {
	c := IndexSeek + matches*(IndexRow+float64(conds)*FilterRow)
	if !covered {
		c += matches * FetchRow
	}
	return c
}

// Sort orders rows; with a limit only the first ones are kept.
func Sort(rows, limit float64) float64 {
	n := max(rows, 2)
	if limit > 0 && limit < n {
		return rows*SortCompare*2 + limit*SortCompare*math.Log2(max(limit, 2))
	}
	return n * SortCompare * math.Log2(n)
}

// HashJoin builds from one side and probes with the other.
func HashJoin(build, probe, out float64) float64 {
	return build*HashBuild + probe*HashProbe + out*OutputRow
}

// MergeJoin joins sorted sides; conds are tested for each of the pairs.
func MergeJoin(left, right, out, pairs float64, conds int) float64 {
	return (left+right)*MergeRow + out*OutputRow + pairs*float64(conds)*FilterRow
}

// Aggregate groups rows.
func Aggregate(rows, groups float64, calls int) float64 {
	return rows*(GroupRow+float64(calls)*FilterRow) + groups*OutputRow
}
