package desc

import "datapunk/types"

// Statistics is what ANALYZE found out about a relation (pg_statistic).
type Statistics struct {
	Relation types.OID          `json:"relation"`
	Rows     float64            `json:"rows"`
	Columns  []ColumnStatistics `json:"columns"`
}

// ColumnStatistics is one row of pg_statistic. Common and Bounds are arrays
// (types/array) of the column's type; nil where there are none.
type ColumnStatistics struct {
	Column       int16     `json:"column"`
	NullFraction float64   `json:"nulls"`
	Width        float64   `json:"width"`
	Distinct     float64   `json:"distinct"`
	Common       []byte    `json:"common,omitempty"`
	Frequencies  []float64 `json:"frequencies,omitempty"`
	Bounds       []byte    `json:"bounds,omitempty"`
	Correlation  *float64  `json:"correlation,omitempty"`
}

// ID is the relation's OID in a class of its own.
func (s *Statistics) ID() ID { return ID{Class: ClassStatistics, OID: s.Relation} }

// Lookup is empty: statistics are found by their relation.
func (s *Statistics) Lookup() Lookup { return Lookup{} }

// Needs makes the statistics vanish with the relation.
func (s *Statistics) Needs() []Need {
	return []Need{{On: ID{Class: ClassRelation, OID: s.Relation}, Kind: Automatic}}
}
