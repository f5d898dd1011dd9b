package spill

import (
	"datapunk/types"
	"datapunk/types/vector"
)

// Rows is a list of rows that is written once and then read any number of times: WITH
// queries, and the inner sides of nested loops.
type Rows struct {
	space  *Space
	memory *Memory
	types  []*types.Type
	rows   *vector.Batch
	writer *Writer // once there were too many
	run    *Run
	n      int64
}

// NewRows begins a list.
func (s *Space) NewRows(columns []*types.Type) *Rows {
	return &Rows{space: s, memory: s.Sorting(), types: columns, rows: vector.NewBatch(columns, 1)}
}

// Len is the number of rows.
func (r *Rows) Len() int { return int(r.n) }

// Add copies rows to the end.
func (r *Rows) Add(cols []*vector.Vector, sel []int32) error {
	r.n += int64(len(sel))
	if r.writer != nil {
		return r.writer.Add(cols, sel)
	}
	if r.memory.Full(r.rows.N+len(sel), Grown(r.rows, len(sel))) {
		f, err := r.space.Create(Kept)
		if err != nil {
			return err
		}
		r.writer = f.NewWriter(r.types, r.memory)
		if err := r.writer.Add(r.rows.Cols, vector.Sequence(nil, r.rows.N)); err != nil {
			return err
		}
		r.rows = nil
		if err := r.memory.Hold(2 * r.memory.Block()); err != nil {
			return err
		}
		return r.writer.Add(cols, sel)
	}
	r.rows.AppendRows(cols, sel)
	return r.memory.Hold(Size(r.rows))
}

// Finish ends the list; rows can be read then.
func (r *Rows) Finish() (err error) {
	if r.writer != nil {
		r.run, err = r.writer.Finish()
		r.writer = nil
	}
	return err
}

// Close forgets the rows.
func (r *Rows) Close() {
	if r.run != nil {
		r.run.Release()
	}
	r.run, r.rows, r.n = nil, nil, 0
	r.memory.Close()
}

// Scan is a place in a list.
type Scan struct {
	rows   *Rows
	reader *Reader
	block  *vector.Batch
	at     int // in block, or in the rows in memory
	first  int // number of the block's first row
	sel    []int32
	out    vector.Batch
}

// Scan begins to read.
func (r *Rows) Scan() *Scan {
	s := &Scan{rows: r}
	if r.run != nil {
		s.reader = r.run.NewReader()
	}
	return s
}

// Rewind goes back to the first row.
func (s *Scan) Rewind() {
	s.at, s.first = 0, 0
	if s.reader != nil {
		s.reader.next, s.block = 0, nil
	}
}

// At is the number of the row that Next gives next.
func (s *Scan) At() int { return s.first + s.at }

// Next gives up to budget rows, nil at the end; they live until the next call.
func (s *Scan) Next(budget int) (*vector.Batch, error) {
	from := s.rows.rows
	if s.reader != nil {
		if s.block == nil || s.at >= s.block.N {
			if s.block != nil {
				s.first += s.block.N
			}
			var err error
			if s.block, err = s.reader.Next(); s.block == nil || err != nil {
				s.at = 0
				return nil, err
			}
			s.at = 0
		}
		from = s.block
	}
	if from == nil {
		return nil, nil
	}
	n := min(budget, vector.Size, from.N-s.at)
	if n <= 0 {
		return nil, nil
	}
	s.sel = s.sel[:0]
	for i := range n {
		s.sel = append(s.sel, int32(s.at+i))
	}
	s.out = vector.Batch{Cols: from.Cols, N: from.N, Sel: s.sel}
	s.at += n
	return &s.out, nil
}
