package agg

import (
	"datapunk/executor/sort"
	"datapunk/executor/spill"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// collector keeps the rows of an aggregate that wants them sorted or distinct until
// its input is at its end: sorted by group, then as the call says.
type collector struct {
	sorter *sort.Sorter
	direct int
	args   int
	keys   []sort.Key // of DISTINCT: rows equal in all are one
	places []int
	last   []*vector.Vector
}

// newCollector makes one. Its rows are: group, direct arguments, arguments, sort keys.
func newCollector(space *spill.Space, c *call) *collector {
	k := &collector{direct: len(c.node.Direct), args: len(c.node.Args)}
	columns := []*types.Type{types.Int4}
	for _, e := range c.node.Direct {
		columns = append(columns, e.Type())
	}
	for _, e := range c.node.Args {
		columns = append(columns, e.Type())
	}
	keys, places := []sort.Key{sort.NewKey(types.Int4, 0, false, false)}, []int{0}
	for i, o := range c.node.Order {
		keys, places = append(keys, c.order[i]), append(places, len(columns))
		columns = append(columns, o.Expr.Type())
	}
	if c.node.Distinct {
		// PostgreSQL sorts for DISTINCT, by all arguments: the order shows, and equal
		// rows come together.
		k.places = append(k.places, 0)
		k.keys = append(k.keys, keys[0])
		for i, e := range c.node.Args {
			key := sort.NewKey(e.Type(), e.Collation(), false, false)
			keys, places = append(keys, key), append(places, 1+k.direct+i)
			k.keys, k.places = append(k.keys, key), append(k.places, 1+k.direct+i)
		}
	}
	k.sorter = sort.NewSorter(space, columns, keys, places, -1)
	return k
}

func (k *collector) add(groups []int32, direct, args, orders []*vector.Vector, n int, sel []int32) error {
	group := vector.New(types.Int4, n)
	of := vector.Of[int32](group)
	for i, r := range sel {
		of[r] = groups[i]
	}
	return k.sorter.Add(append(append(append([]*vector.Vector{group}, direct...), args...), orders...), sel)
}

// finish sorts, drops duplicates and feeds the aggregate.
func (k *collector) finish(c *call, g function.Aggregator, interrupt func() error) error {
	if err := k.sorter.Finish(); err != nil {
		return err
	}
	var groups, kept []int32
	for {
		b, err := k.sorter.Next(vector.Size)
		if err != nil {
			return err
		}
		if b == nil {
			k.close()
			return nil
		}
		sel := b.Selection(nil)
		if c.node.Distinct {
			kept = k.distinct(b, sel, kept[:0])
			sel = kept
		}
		groups = groups[:0]
		of := vector.Of[int32](b.Cols[0])
		for _, r := range sel {
			groups = append(groups, of[r])
		}
		// Direct arguments are the same in all rows of a group: they come first.
		if len(sel) > 0 {
			if err := g.Add(groups, b.Cols[1:1+k.direct+k.args], sel); err != nil {
				return plain(err)
			}
		}
		if err := interrupt(); err != nil {
			return err
		}
	}
}

// distinct keeps the first of equal rows.
func (k *collector) distinct(b *vector.Batch, sel, out []int32) []int32 {
	for i, r := range sel {
		if i > 0 && k.same(b.Cols, int(sel[i-1]), b.Cols, int(r)) || i == 0 && k.last != nil && k.same(k.last, 0, b.Cols, int(r)) {
			continue
		}
		out = append(out, r)
	}
	k.last = k.last[:0]
	for _, c := range b.Cols {
		k.last = append(k.last, vector.NewConst(c, int(sel[len(sel)-1])))
	}
	return out
}

func (k *collector) same(a []*vector.Vector, i int, b []*vector.Vector, j int) bool {
	for n, p := range k.places {
		if k.keys[n].Between(a[p], i, b[p], j) != 0 {
			return false
		}
	}
	return true
}

func (k *collector) close() { k.sorter.Close() }
