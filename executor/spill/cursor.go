package spill

import "datapunk/types/vector"

// Cursor reads rows of a finished list by their numbers. It holds the block of the row
// asked for last, so that its neighbours cost nothing.
type Cursor struct {
	Block *vector.Batch // the rows First to End-1
	First int
	End   int

	rows   *Rows
	age    int
	reader *Reader
}

// Cursor makes a cursor; the list need not be finished yet.
func (r *Rows) Cursor() *Cursor { return &Cursor{rows: r, age: r.age} }

// Reset is for a list that may have been written anew.
func (c *Cursor) Reset() {
	if c.age != c.rows.age {
		*c = Cursor{rows: c.rows, age: c.rows.age}
	}
}

// At is the place in Block of a row there is; the block lives until the next call.
func (c *Cursor) At(row int) (int, error) {
	if row >= c.First && row < c.End {
		return row - c.First, nil
	}
	return c.move(row)
}

// move fetches the block of a row.
func (c *Cursor) move(row int) (place int, err error) {
	r := c.rows
	if r.run == nil {
		c.Block, c.First, c.End = r.rows, 0, r.n
		return row, nil
	}
	if c.reader == nil {
		c.reader = r.run.NewReader()
		r.readers++
		if err := r.hold(); err != nil {
			return 0, err
		}
	}
	c.First = c.reader.Seek(row)
	c.End = c.First
	if c.Block, err = c.reader.Next(); err != nil {
		return 0, err
	}
	c.End += c.Block.N
	return row - c.First, nil
}

// Scan is a place in a list that is read in order.
type Scan struct {
	cursor *Cursor
	at     int
	sel    []int32
	out    vector.Batch
}

// Scan begins to read.
func (r *Rows) Scan() *Scan { return &Scan{cursor: r.Cursor()} }

// Rewind goes back to the first row, of a list that may have been written anew.
func (s *Scan) Rewind() {
	s.at = 0
	s.cursor.Reset()
}

// At is the number of the row that Next gives next.
func (s *Scan) At() int { return s.at }

// Next gives up to budget rows, nil at the end; they live until the next call.
func (s *Scan) Next(budget int) (*vector.Batch, error) {
	c := s.cursor
	if s.at >= c.rows.n {
		return nil, nil
	}
	first, err := c.At(s.at)
	if err != nil {
		return nil, err
	}
	n := min(budget, vector.Size, c.End-s.at)
	s.sel = s.sel[:0]
	for i := range n {
		s.sel = append(s.sel, int32(first+i))
	}
	s.out = vector.Batch{Cols: c.Block.Cols, N: c.Block.N, Sel: s.sel}
	s.at += n
	return &s.out, nil
}
