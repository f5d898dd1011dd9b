package spill

import (
	"datapunk/types"
	"datapunk/types/vector"
)

// Rows is a list of rows that is written once and then, or in memory meanwhile, read any
// number of times: WITH queries, work tables of recursion, partitions of window functions, and the inner sides
// of nested loops.
type Rows struct {
	space   *Space
	kind    Kind
	memory  *Memory
	types   []*types.Type
	rows    *vector.Batch
	writer  *Writer // once there were too many
	run     *Run
	n       int
	readers int // that hold a block
	age     int // how often the list was emptied
}

// NewRows begins a list.
func (s *Space) NewRows(k Kind, columns []*types.Type) *Rows {
	return &Rows{space: s, kind: k, memory: s.Sorting(), types: columns, rows: vector.NewBatch(columns, 1)}
}

// Len is the number of rows.
func (r *Rows) Len() int { return r.n }

// Spilled tells whether rows go to disk: then they can be read once the list is finished.
func (r *Rows) Spilled() bool { return r.writer != nil || r.run != nil }

// Add copies rows to the end.
func (r *Rows) Add(cols []*vector.Vector, sel []int32) error {
	r.n += len(sel)
	if r.writer != nil {
		return r.writer.Add(cols, sel)
	}
	if r.memory.Full(r.rows.N+len(sel), Grown(r.rows, len(sel))) {
		f, err := r.space.Create(r.kind)
		if err != nil {
			return err
		}
		r.writer = f.NewWriter(r.types, r.memory)
		if err := r.writer.Add(r.rows.Cols, vector.Sequence(nil, r.rows.N)); err != nil {
			return err
		}
		r.rows = nil
		if err := r.hold(); err != nil {
			return err
		}
		return r.writer.Add(cols, sel)
	}
	r.rows.AppendRows(cols, sel)
	return r.memory.Hold(Size(r.rows))
}

// hold counts the blocks of a list on disk: those being written, and one for each reader.
func (r *Rows) hold() error { return r.memory.Hold(int64(2+r.readers) * r.memory.Block()) }

// Finish ends the list; rows can be read then.
func (r *Rows) Finish() (err error) {
	if r.writer != nil {
		r.run, err = r.writer.Finish()
		r.writer = nil
	}
	return err
}

// Reset empties the list, to be written anew.
func (r *Rows) Reset() {
	r.forget()
	r.age++
	if r.rows == nil {
		r.rows = vector.NewBatch(r.types, 1)
		return
	}
	for _, v := range r.rows.Cols {
		v.Init(v.Type, 1)
	}
	r.rows.N = 0
}

func (r *Rows) forget() {
	if r.writer != nil {
		r.writer.run.Release()
	}
	if r.run != nil {
		r.run.Release()
	}
	r.writer, r.run, r.n, r.readers = nil, nil, 0, 0
}

// Close forgets the rows.
func (r *Rows) Close() {
	r.forget()
	r.rows = nil
	r.memory.Close()
}
