package sort

import (
	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/vector"
)

// Sorter sorts rows: in memory as long as they fit, else in runs that are merged.
//
//	Add … Add ──▶ Finish ──▶ Next … Next ──▶ Close
type Sorter struct {
	space  *spill.Space
	memory *spill.Memory
	types  []*types.Type
	keys   []Key
	places []int // column of each key
	limit  int   // only so many rows are wanted, below 0: all

	rows    *vector.Batch
	order   []int32
	scratch []entry
	at      int
	left    int // rows still wanted
	cut     bool
	file    *spill.File
	runs    []*spill.Run
	merge   *merge
	disk    int64 // of all files
	out     vector.Batch
}

// NewSorter makes a sorter of rows of the given types, of which the columns at places
// are the keys.
func NewSorter(space *spill.Space, columns []*types.Type, keys []Key, places []int, limit int) *Sorter {
	return &Sorter{space: space, memory: space.Sorting(), types: columns, keys: keys, places: places, limit: limit, rows: vector.NewBatch(columns, 1)}
}

// Add copies rows.
func (s *Sorter) Add(cols []*vector.Vector, sel []int32) error {
	for len(sel) > 0 {
		n := s.memory.Chunk(len(sel))
		if s.full(n) && s.rows.N > 0 {
			if s.limit >= 0 && s.rows.N >= 2*s.limit {
				s.shorten()
			} else if err := s.write(); err != nil {
				return err
			}
		}
		s.rows.AppendRows(cols, sel[:n])
		sel = sel[n:]
		if s.limit >= 0 && s.rows.N > max(4*s.limit, 4*vector.Size) {
			s.shorten()
		}
	}
	return s.memory.Hold(spill.Size(s.rows) + int64(s.rows.N)*orderBytes)
}

// full tells whether n more rows would be too many.
func (s *Sorter) full(n int) bool {
	return s.memory.Full(s.rows.N+n, spill.Grown(s.rows, n)+int64(s.rows.N+n)*orderBytes)
}

func (s *Sorter) keyColumns(b *vector.Batch) []*vector.Vector {
	cols := make([]*vector.Vector, len(s.places))
	for i, p := range s.places {
		cols[i] = b.Cols[p]
	}
	return cols
}

// sort orders the rows in memory.
func (s *Sorter) sort() {
	s.order = ordered(s.order, s.rows.N, s.keys, s.keyColumns(s.rows), &s.scratch)
	if s.limit >= 0 && len(s.order) > s.limit {
		s.order = s.order[:s.limit]
	}
}

// shorten keeps the rows that are wanted of those read so far (top-N).
func (s *Sorter) shorten() {
	s.cut = true
	s.sort()
	kept := vector.NewBatch(s.types, len(s.order))
	kept.AppendRows(s.rows.Cols, s.order)
	s.rows = kept
}

// write makes a run of the rows in memory.
func (s *Sorter) write() error {
	if s.file == nil {
		f, err := s.space.Create(spill.Sort)
		if err != nil {
			return err
		}
		s.file = f
	}
	s.sort()
	before := s.file.Size()
	w := s.file.NewWriter(s.types, s.memory)
	if err := w.Add(s.rows.Cols, s.order); err != nil {
		return err
	}
	run, err := w.Finish()
	if err != nil {
		return err
	}
	s.disk += s.file.Size() - before
	s.runs = append(s.runs, run)
	for _, v := range s.rows.Cols {
		v.Init(v.Type, 1)
	}
	s.rows.N = 0
	return nil
}

// Finish sorts what was added.
func (s *Sorter) Finish() error {
	s.left = s.limit
	if s.file == nil {
		s.sort()
		s.scratch = nil
		return nil
	}
	if s.rows.N > 0 {
		if err := s.write(); err != nil {
			return err
		}
	}
	s.rows, s.order, s.scratch = nil, nil, nil
	fan := s.memory.Fan()
	if err := s.memory.Hold(int64(min(fan, len(s.runs))+2) * s.memory.Block()); err != nil {
		return err
	}
	for len(s.runs) > fan {
		if err := s.pass(fan); err != nil {
			return err
		}
	}
	var err error
	s.merge, err = newMerge(s, s.runs)
	return err
}

// pass merges neighbouring runs into longer ones.
func (s *Sorter) pass(fan int) error {
	to, err := s.space.Create(spill.Sort)
	if err != nil {
		return err
	}
	var longer []*spill.Run
	for len(s.runs) > 0 {
		n := min(fan, len(s.runs))
		w := to.NewWriter(s.types, s.memory)
		m, err := newMerge(s, s.runs[:n])
		if err != nil {
			return err
		}
		for left := s.limit; left != 0; {
			b, err := m.next(vector.Size)
			if err != nil {
				return err
			}
			if b == nil {
				break
			}
			rows := b.N
			if left > 0 {
				rows = min(rows, left)
				left -= rows
			}
			if err := w.Add(b.Cols, vector.Sequence(nil, rows)); err != nil {
				return err
			}
		}
		run, err := w.Finish()
		if err != nil {
			return err
		}
		longer = append(longer, run)
		for _, r := range s.runs[:n] {
			r.Release()
		}
		s.runs = s.runs[n:]
	}
	s.disk = max(s.disk, to.Size())
	s.file, s.runs = to, longer
	return nil
}

// Next gives up to n rows in order, nil at the end; they live until the next call.
func (s *Sorter) Next(n int) (*vector.Batch, error) {
	n = min(n, vector.Size)
	if s.merge != nil {
		if s.left >= 0 {
			n = min(n, s.left)
		}
		if n <= 0 {
			return nil, nil
		}
		b, err := s.merge.next(n)
		if b != nil && s.left >= 0 {
			s.left -= b.N
		}
		return b, err
	}
	if n = min(n, len(s.order)-s.at); n <= 0 {
		return nil, nil
	}
	s.out = vector.Batch{Cols: s.rows.Cols, N: s.rows.N, Sel: s.order[s.at : s.at+n]}
	s.at += n
	return &s.out, nil
}

// Close forgets the rows.
func (s *Sorter) Close() {
	for _, r := range s.runs {
		r.Release()
	}
	s.rows, s.order, s.runs, s.merge = nil, nil, nil, nil
	s.memory.Close()
}
