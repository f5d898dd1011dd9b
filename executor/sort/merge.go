package sort

import (
	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// merge gives the rows of sorted runs in order: a heap of cursors, the smallest row on
// top. Of equal rows that of the earlier run comes first.
type merge struct {
	keys    []Key
	places  []int
	cursors []*cursor
	heap    []int
	out     *vector.Batch
	types   []*types.Type
	from    []int32 // cursor of each row not yet copied
	rows    []int32 // and its place in the cursor's block
}

// cursor is a place in one run.
type cursor struct {
	reader *spill.Reader
	block  *vector.Batch
	keys   []*vector.Vector
	at     int
	short  uint64
}

func newMerge(s *Sorter, runs []*spill.Run) (*merge, error) {
	m := &merge{keys: s.keys, places: s.places, types: s.types, out: vector.NewBatch(s.types, 1)}
	for i, r := range runs {
		c := &cursor{reader: r.NewReader(), keys: make([]*vector.Vector, len(s.places))}
		m.cursors = append(m.cursors, c)
		more, err := m.load(c)
		if err != nil {
			return nil, err
		}
		if more {
			m.heap = append(m.heap, i)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

// load reads a cursor's next block.
func (m *merge) load(c *cursor) (bool, error) {
	b, err := c.reader.Next()
	if b == nil || err != nil {
		return false, err
	}
	c.block, c.at = b, 0
	for i, p := range m.places {
		c.keys[i] = b.Cols[p]
	}
	m.abbreviate(c)
	return true, nil
}

func (m *merge) abbreviate(c *cursor) {
	if len(m.keys) > 0 {
		c.short = m.keys[0].short(c.keys[0], c.at)
	}
}

// before tells whether the row of the cursor i comes before that of j.
func (m *merge) before(i, j int) bool {
	a, b := m.cursors[i], m.cursors[j]
	if a.short != b.short {
		return a.short < b.short
	}
	for k := range m.keys {
		if c := m.keys[k].Between(a.keys[k], a.at, b.keys[k], b.at); c != 0 {
			return c < 0
		}
	}
	return i < j
}

func (m *merge) down(i int) {
	for {
		k := 2*i + 1
		if k >= len(m.heap) {
			return
		}
		if k+1 < len(m.heap) && m.before(m.heap[k+1], m.heap[k]) {
			k++
		}
		if !m.before(m.heap[k], m.heap[i]) {
			return
		}
		m.heap[i], m.heap[k] = m.heap[k], m.heap[i]
		i = k
	}
}

// next gives up to n rows.
func (m *merge) next(n int) (*vector.Batch, error) {
	if len(m.heap) == 0 {
		return nil, nil
	}
	for k, c := range m.out.Cols {
		c.Init(m.types[k], n)
	}
	m.out.N = 0
	for m.out.N+len(m.rows) < n && len(m.heap) > 0 {
		i := m.heap[0]
		c := m.cursors[i]
		m.from, m.rows = append(m.from, int32(i)), append(m.rows, int32(c.at))
		if c.at++; c.at < c.block.N {
			m.abbreviate(c)
			m.down(0)
			continue
		}
		// The block goes: copy what is wanted of it.
		m.flush()
		more, err := m.load(c)
		if err != nil {
			return nil, err
		}
		if !more {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.down(0)
	}
	m.flush()
	return m.out, nil
}

// flush copies the rows that were chosen.
func (m *merge) flush() {
	if len(m.rows) == 0 {
		return
	}
	for k, to := range m.out.Cols {
		nulls := false
		for _, c := range m.cursors {
			nulls = nulls || c.block != nil && len(c.block.Cols[k].Nulls) > 0
		}
		if nulls {
			for r, i := range m.from {
				if m.cursors[i].block.Cols[k].Null(int(m.rows[r])) {
					to.SetNull(m.out.N + r)
				}
			}
		}
		switch to.Phys() {
		case types.Bool, types.Void:
			collect[bool](m, to, k)
		case types.Int16:
			collect[int16](m, to, k)
		case types.Int32, types.Float32:
			collect[int32](m, to, k)
		case types.Int64, types.Float64:
			collect[int64](m, to, k)
		case types.Numeric:
			collect[numeric.Decimal](m, to, k)
		case types.Interval:
			collect[datetime.Interval](m, to, k)
		case types.TimeTZ:
			collect[datetime.TimeTZ](m, to, k)
		case types.Bytes:
			for r, i := range m.from {
				if at := m.out.N + r; !nulls || !to.Null(at) {
					to.SetBytes(at, m.cursors[i].block.Cols[k].Bytes(int(m.rows[r])))
				}
			}
		}
	}
	m.out.N += len(m.rows)
	m.from, m.rows = m.from[:0], m.rows[:0]
}

// collect copies the values of one column.
func collect[T any](m *merge, to *vector.Vector, k int) {
	out := vector.Of[T](to)[m.out.N:]
	for r, i := range m.from {
		out[r] = vector.Of[T](m.cursors[i].block.Cols[k])[m.rows[r]]
	}
}
