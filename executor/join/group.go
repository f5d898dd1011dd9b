package join

import (
	"datapunk/executor/spill"
	"datapunk/types/vector"
)

// group is the right rows that have the current left row's keys: as they lie, if they are
// of one batch, else kept.
type group struct {
	open bool
	n    int     // rows
	key  *cursor // has their keys
	at   int     // in that cursor's batch
	rows []int32 // in the right batch; nil: they are kept

	kept   *spill.Rows
	reader *spill.Cursor // of kept
	block  []int32

	next    int           // row to be taken next
	matched vector.Bitmap // rows that a left row has met, where that matters
	leaving bool          // rows that met none are being given
}

// enter begins a group with the current right row.
func (m *Merge) enter() error {
	g, r := &m.group, m.right
	from := r.at
	g.open, g.leaving, g.next, g.matched = true, false, 0, g.matched[:0]
	g.n = 1 + r.like(from+1, r, from)
	if r.at += g.n; !r.used() {
		g.key, g.at, g.rows = r, from, r.sel[from:r.at]
		return nil
	}
	// It may go on in the next batch.
	m.flush()
	m.held.hold(r, from)
	g.key, g.at, g.rows = m.held, 0, nil
	g.kept.Reset()
	g.reader.Reset()
	rows := r.sel[from:]
	for {
		if err := g.kept.Add(r.batch.Cols[:r.width], rows); err != nil {
			return err
		}
		if !r.used() {
			break
		}
		if err := m.load(r); err != nil {
			return err
		}
		n := r.like(0, m.held, 0)
		if n == 0 {
			break
		}
		rows, r.at, g.n = r.sel[:n], n, g.n+n
	}
	return g.kept.Finish()
}

// take gives up to n of the group's next rows: in which batch, and their places there.
func (m *Merge) take(n int) (*vector.Batch, []int32, error) {
	g := &m.group
	if g.rows != nil {
		return m.right.batch, g.rows[g.next:min(g.next+n, g.n)], nil
	}
	if g.next < g.reader.First || g.next >= g.reader.End {
		m.flush()
	}
	at, err := g.reader.At(g.next)
	if err != nil {
		return nil, nil, err
	}
	g.block = g.block[:0]
	for i := range min(n, g.reader.End-g.next) {
		g.block = append(g.block, int32(at+i))
	}
	return g.reader.Block, g.block, nil
}

// match joins the current left row with what is left of the group, as far as there is room.
func (m *Merge) match() error {
	g := &m.group
	row := m.left.sel[m.left.at]
	for g.next < g.n {
		room := m.room()
		if room == 0 {
			return nil
		}
		batch, rows, err := m.take(room)
		if err != nil {
			return err
		}
		m.from(batch)
		for k, r := range rows {
			m.emit(row, r, int32(g.next+k))
		}
		g.next += len(rows)
	}
	if m.ends {
		if m.room() == 0 {
			return nil
		}
		m.emit(row, -1, last)
	}
	m.left.at++
	g.next = 0
	return nil
}

// leave ends a group; of a FULL join with conditions it first gives the rows that met
// none. It returns false if the conditions must be tested before that is known.
func (m *Merge) leave() (bool, error) {
	g := &m.group
	if !m.full || len(m.on) == 0 {
		g.open = false
		return true, nil
	}
	if !g.leaving && m.room() < m.want {
		return false, nil
	}
	g.leaving = true
	for g.next < g.n {
		room := m.room()
		if room == 0 {
			return true, nil
		}
		batch, rows, err := m.take(room)
		if err != nil {
			return false, err
		}
		m.from(batch)
		for k, r := range rows {
			if !g.matched.Get(g.next + k) {
				m.emit(-1, r, sure)
			}
		}
		g.next += len(rows)
	}
	g.open = false
	return true, nil
}
