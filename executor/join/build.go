package join

import (
	"datapunk/executor/hash"
	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/vector"
)

// build is the right rows in memory.
type build struct {
	table *hash.Table
	rows  *vector.Batch
	// matched are the rows met, where those that were not are wanted (FULL).
	matched []bool
}

// fresh makes an empty build.
func (h *Hash) fresh() {
	var keys []*types.Type
	var collations []types.OID
	for i, k := range h.node.RightKeys {
		keys = append(keys, k.Type())
		collations = append(collations, h.node.Equals[i].C)
	}
	h.build = build{table: hash.New(keys, collations), rows: newBatch(h.node.Right.Output())}
	h.rest = 0
}

// fits tells whether n more rows may be added.
func (h *Hash) fits(n int) bool {
	b := &h.build
	return !h.memory.Full(b.rows.N+n, b.table.Grown(n)+spill.Grown(b.rows, n))
}

// add copies right rows.
func (h *Hash) add(cols, keys []*vector.Vector, n int, sel []int32) error {
	h.build.table.Add(keys, n, sel)
	h.build.rows.AppendRows(cols, sel)
	h.buckets = max(h.buckets, h.build.table.Buckets())
	return h.memory.Hold(h.build.table.Size() + spill.Size(h.build.rows))
}

// built ends the adding.
func (h *Hash) built() {
	if h.full {
		h.build.matched = make([]bool, h.build.rows.N)
	}
}
