package agg

import (
	"datapunk/executor/hash"
	"datapunk/executor/sort"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// collector keeps the rows of an aggregate that wants them sorted or distinct until
// its input is at its end.
type collector struct {
	groups []int32
	rows   *vector.Batch // direct arguments, arguments, sort keys
	direct int
	args   int
}

func newCollector(c *call) *collector {
	k := &collector{rows: &vector.Batch{}, direct: len(c.node.Direct), args: len(c.node.Args)}
	for _, e := range c.node.Direct {
		k.rows.Cols = append(k.rows.Cols, vector.New(e.Type(), 1))
	}
	for _, e := range c.node.Args {
		k.rows.Cols = append(k.rows.Cols, vector.New(e.Type(), 1))
	}
	for _, o := range c.node.Order {
		k.rows.Cols = append(k.rows.Cols, vector.New(o.Expr.Type(), 1))
	}
	return k
}

func (k *collector) add(groups []int32, direct, args, orders []*vector.Vector, sel []int32) {
	k.groups = append(k.groups, groups...)
	k.rows.AppendRows(append(append(append([]*vector.Vector(nil), direct...), args...), orders...), sel)
}

// finish sorts, drops duplicates and feeds the aggregate.
func (k *collector) finish(c *call, g function.Aggregator, groups int) error {
	order := make([]int32, k.rows.N)
	for i := range order {
		order[i] = int32(i)
	}
	keys := c.order
	cols := k.rows.Cols[k.direct+k.args:]
	if c.node.Distinct && len(keys) == 0 { // PostgreSQL sorts for DISTINCT: the order shows
		for i, e := range c.node.Args {
			if orderable(e.Type()) {
				keys = append(keys, sort.NewKey(e.Type(), e.Collation(), false, false))
				cols = append(cols[:len(cols):len(cols)], k.rows.Cols[k.direct+i])
			}
		}
	}
	sort.Rows(order, keys, cols, k.groups)
	args := k.rows.Cols[k.direct : k.direct+k.args]
	if c.node.Distinct {
		order = k.distinct(c, order)
	}
	mine := make([]int32, len(order))
	for i, r := range order {
		mine[i] = k.groups[r]
	}
	if k.direct > 0 {
		// Direct arguments are the same in all rows of a group: they come first.
		args = append(append([]*vector.Vector(nil), k.rows.Cols[:k.direct]...), args...)
	}
	for at := 0; at < len(order); at += vector.Size {
		end := min(at+vector.Size, len(order))
		if err := g.Add(mine[at:end], args, order[at:end]); err != nil {
			return plain(err)
		}
	}
	return nil
}

func orderable(t *types.Type) bool {
	switch t.Root() {
	case types.JSON, types.XML, types.Xid, types.Cid:
		return false
	}
	return true
}

// distinct keeps the first of equal rows of each group.
func (k *collector) distinct(c *call, order []int32) []int32 {
	keys := []*types.Type{types.Int4}
	collations := []types.OID{0}
	for _, e := range c.node.Args {
		keys = append(keys, e.Type())
		collations = append(collations, e.Collation())
	}
	table := hash.New(keys, collations)
	group := vector.New(types.Int4, len(k.groups))
	copy(vector.Of[int32](group), k.groups)
	cols := append([]*vector.Vector{group}, k.rows.Cols[k.direct:k.direct+k.args]...)
	kept := order[:0]
	for at := 0; at < len(order); at++ {
		before := table.Len()
		table.Groups(cols, k.rows.N, order[at:at+1], nil)
		if table.Len() > before {
			kept = append(kept, order[at])
		}
	}
	return kept
}
