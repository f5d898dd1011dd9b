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
	direct *vector.Batch // direct arguments, which are the same in all rows of a group
	first  []int32       // of each group, its row there
	args   int
	keys   []sort.Key // of DISTINCT: rows equal in all are one
	places []int
	last   []*vector.Vector
	// rows counts those without a null by group, where the aggregate expects to be told.
	expecter function.Expecter
	rows     []int64
}

// newCollector makes one. Its rows are: group, arguments, sort keys. Where there is one
// group only they are not sorted by it.
func newCollector(space *spill.Space, c *call, g function.Aggregator, grouped bool) *collector {
	k := &collector{direct: &vector.Batch{}, args: len(c.node.Args)}
	k.expecter, _ = g.(function.Expecter)
	columns := []*types.Type{types.Int4}
	for _, e := range c.node.Direct {
		k.direct.Cols = append(k.direct.Cols, vector.New(e.Type(), 1))
	}
	for _, e := range c.node.Args {
		columns = append(columns, e.Type())
	}
	var keys []sort.Key
	var places []int
	if grouped {
		keys, places = append(keys, sort.NewKey(types.Int4, 0, false, false)), append(places, 0)
	}
	for i, o := range c.node.Order {
		keys, places = append(keys, c.order[i]), append(places, len(columns))
		columns = append(columns, o.Expr.Type())
	}
	if c.node.Distinct {
		// PostgreSQL sorts for DISTINCT, by all arguments: the order shows, and equal
		// rows come together.
		if grouped {
			k.keys, k.places = append(k.keys, keys[0]), append(k.places, 0)
		}
		for i, e := range c.node.Args {
			key := sort.NewKey(e.Type(), e.Collation(), false, false)
			keys, places = append(keys, key), append(places, 1+i)
			k.keys, k.places = append(k.keys, key), append(k.places, 1+i)
		}
	}
	k.sorter = sort.NewSorter(space, columns, keys, places, -1)
	return k
}

// add copies rows of a call's arguments.
func (k *collector) add(c *call, b *vector.Batch, groups, sel []int32) error {
	orders, err := run(c.orders, b, sel)
	if err != nil {
		return err
	}
	if len(c.direct) > 0 {
		if err := k.keep(c, b, groups, sel); err != nil {
			return err
		}
	}
	if k.expecter != nil {
		k.count(groups, c.vals, sel)
	}
	group := vector.New(types.Int4, b.N)
	of := vector.Of[int32](group)
	for i, r := range sel {
		of[r] = groups[i]
	}
	return k.sorter.Add(append(append([]*vector.Vector{group}, c.vals...), orders...), sel)
}

// keep computes the direct arguments of new groups.
func (k *collector) keep(c *call, b *vector.Batch, groups, sel []int32) error {
	var rows []int32
	for i, g := range groups {
		for len(k.first) <= int(g) {
			k.first = append(k.first, -1)
		}
		if k.first[g] < 0 {
			k.first[g] = int32(k.direct.N + len(rows))
			rows = append(rows, sel[i])
		}
	}
	if len(rows) == 0 {
		return nil
	}
	direct, err := run(c.direct, b, rows)
	if err == nil {
		k.direct.AppendRows(direct, rows)
	}
	return err
}

func (k *collector) count(groups []int32, args []*vector.Vector, sel []int32) {
rows:
	for i, r := range sel {
		for _, v := range args {
			if v.Null(int(r)) {
				continue rows
			}
		}
		for len(k.rows) <= int(groups[i]) {
			k.rows = append(k.rows, 0)
		}
		k.rows[groups[i]]++
	}
}

// finish sorts, drops duplicates and feeds the aggregate; fed is called after each batch.
func (k *collector) finish(c *call, g function.Aggregator, fed func() error) error {
	if err := k.sorter.Finish(); err != nil {
		return err
	}
	for group, n := range k.rows {
		k.expecter.Expect(int32(group), n)
	}
	var groups, kept []int32
	// Direct arguments come before the others.
	var args []*vector.Vector
	for _, v := range k.direct.Cols {
		args = append(args, vector.New(v.Type, 1))
	}
	direct := len(args)
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
		for n, v := range k.direct.Cols {
			args[n].Init(v.Type, b.N)
			for i, r := range sel {
				args[n].Set(int(r), v, int(k.first[groups[i]]))
			}
		}
		args = append(args[:direct], b.Cols[1:1+k.args]...)
		if len(sel) > 0 {
			if err := g.Add(groups, args, sel); err != nil {
				return plain(err)
			}
		}
		if err := fed(); err != nil {
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
