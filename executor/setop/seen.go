package setop

import (
	"datapunk/executor/hash"
	"datapunk/planner/plan"
	"datapunk/types"
	"datapunk/types/vector"
)

// keysOf are the types and collations of columns.
func keysOf(cols []plan.Column) (keys []*types.Type, collations []types.OID) {
	for _, c := range cols {
		keys = append(keys, c.T)
		collations = append(collations, c.C)
	}
	return keys, collations
}

// Seen tells rows met for the first time from repetitions.
type Seen struct {
	keys       []*types.Type
	collations []types.OID
	table      *hash.Table
}

// NewSeen makes an empty memory of rows.
func NewSeen(cols []plan.Column) *Seen {
	s := &Seen{}
	s.keys, s.collations = keysOf(cols)
	s.Reset()
	return s
}

// Reset forgets all rows.
func (s *Seen) Reset() { s.table = hash.New(s.keys, s.collations) }

// New appends the rows of sel not met before to out.
func (s *Seen) New(b *vector.Batch, sel []int32, out []int32) []int32 {
	last := s.table.Len()
	groups := s.table.Groups(b.Cols[:len(s.keys)], b.N, sel, nil)
	for k, g := range groups {
		if int(g) == last {
			out = append(out, sel[k])
			last++
		}
	}
	return out
}
