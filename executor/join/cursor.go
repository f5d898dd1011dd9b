package join

import (
	"datapunk/executor/sort"
	"datapunk/internal/invariant"
	"datapunk/types/vector"
)

// cursor is a place in an input that comes in the order of its keys.
type cursor struct {
	*side
	order    []sort.Key
	opened   bool
	ask      int // rows to be asked for next
	ended    bool
	batch    *vector.Batch
	keys     []*vector.Vector
	sel      []int32
	at       int        // in sel
	prefixes [][]uint64 // of each key, by place in sel
	nullable bool       // a key of the batch may be null
}

func newCursor(s *side, order []sort.Key) *cursor {
	return &cursor{side: s, order: order, prefixes: make([][]uint64, len(order))}
}

// firstAsk is how many rows are asked for first, then ever more: those above may want few.
const firstAsk = 64

// reset goes back before the first row; the input is opened when that is asked for.
func (c *cursor) reset() {
	c.opened, c.ask, c.ended, c.batch, c.sel, c.at = false, firstAsk, false, nil, nil, 0
}

// used tells whether the batch is at its end.
func (c *cursor) used() bool { return c.at >= len(c.sel) }

// next reads the next batch.
func (c *cursor) next() error {
	if !c.opened {
		c.opened = true
		if err := c.in.Open(); err != nil {
			return err
		}
	}
	b, err := c.in.Next(c.ask)
	if err != nil {
		return err
	}
	c.ask = min(2*c.ask, vector.Size)
	c.batch, c.sel, c.at, c.ended = b, nil, 0, b == nil
	if b == nil {
		return nil
	}
	c.sel = b.Selection(nil)
	if c.keys, err = c.side.keys(b, c.sel); err != nil {
		return err
	}
	c.nullable = false
	for k, v := range c.keys {
		c.prefixes[k] = c.order[k].Prefixes(c.prefixes[k], v, c.sel)
		c.nullable = c.nullable || len(v.Nulls) > 0
	}
	if invariant.Enabled {
		for i := 1; i < len(c.sel); i++ {
			invariant.Check(c.null(i-1) || c.null(i) || c.compare(i-1, c, i) <= 0, "the input of a merge join is out of order")
		}
	}
	return nil
}

// null tells whether the i-th row of the batch has a key that is null: it equals nothing.
func (c *cursor) null(i int) bool { return c.nullable && anyNull(c.keys, int(c.sel[i])) }

// compare orders the i-th row of a batch and the j-th of another, neither with a null key.
func (c *cursor) compare(i int, d *cursor, j int) int {
	for k := range c.order {
		if x, y := c.prefixes[k][i], d.prefixes[k][j]; x != y {
			if x < y {
				return -1
			}
			return 1
		}
		if key := &c.order[k]; !key.Exact() {
			if n := key.Between(c.keys[k], int(c.sel[i]), d.keys[k], int(d.sel[j])); n != 0 {
				return n
			}
		}
	}
	return 0
}

// like counts the rows of the batch, from the i-th on, that have the keys of the j-th of
// another.
func (c *cursor) like(i int, d *cursor, j int) int {
	n := 0
	for i+n < len(c.sel) && !c.null(i+n) && c.compare(i+n, d, j) == 0 {
		n++
	}
	return n
}

// hold copies the keys of the i-th row of another cursor's batch: they are the one row of
// this cursor then.
func (c *cursor) hold(d *cursor, i int) {
	if c.sel == nil {
		c.sel = []int32{0}
		for _, v := range d.keys {
			c.keys = append(c.keys, vector.New(v.Type, 1))
		}
	}
	for k, v := range d.keys {
		c.keys[k].Init(v.Type, 1)
		c.keys[k].Set(0, v, int(d.sel[i]))
		c.prefixes[k] = append(c.prefixes[k][:0], d.prefixes[k][i])
	}
}
