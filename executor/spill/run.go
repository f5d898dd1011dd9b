package spill

import (
	"sort"

	"datapunk/types"
	"datapunk/types/vector"
)

// Run is a finished sequence of rows in a file.
type Run struct {
	Rows  int64
	Bytes int64 // of the rows in memory, about

	file   *File
	types  []*types.Type
	blocks []block
}

type block struct {
	at    int64
	first int64 // number of its first row
	size  int32
	rows  int32
}

// Release forgets the rows.
func (r *Run) Release() {
	if r.file != nil {
		r.file.release()
		r.file = nil
	}
}

// Writer makes a run.
type Writer struct {
	run    *Run
	batch  *vector.Batch
	target int64
	rows   int // at most, of a block
	buf    *[]byte
}

// NewWriter begins a run of rows of the given types.
func (f *File) NewWriter(columns []*types.Type, m *Memory) *Writer {
	f.runs++
	return &Writer{run: &Run{file: f, types: columns}, batch: vector.NewBatch(columns, 1), target: m.Block(), rows: m.Chunk(vector.Size), buf: &f.buf}
}

// Add copies rows.
func (w *Writer) Add(cols []*vector.Vector, sel []int32) error {
	for len(sel) > 0 {
		n := min(len(sel), w.rows-w.batch.N)
		w.batch.AppendRows(cols, sel[:n])
		sel = sel[n:]
		if w.batch.N >= w.rows || Filled(w.batch) >= w.target {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) flush() error {
	b := w.batch
	if b.N == 0 {
		return nil
	}
	*w.buf = encode((*w.buf)[:0], b)
	at, err := w.run.file.append(*w.buf)
	if err != nil {
		return err
	}
	w.run.blocks = append(w.run.blocks, block{at, w.run.Rows, int32(len(*w.buf)), int32(b.N)})
	w.run.Rows += int64(b.N)
	w.run.Bytes += Filled(b)
	for _, v := range b.Cols {
		v.Init(v.Type, 1)
	}
	b.N = 0
	return nil
}

// Finish ends the run.
func (w *Writer) Finish() (*Run, error) {
	err := w.flush()
	w.batch = nil
	return w.run, err
}

// Reader reads a run from its beginning.
type Reader struct {
	run   *Run
	next  int
	batch *vector.Batch
}

// NewReader begins to read.
func (r *Run) NewReader() *Reader { return &Reader{run: r, batch: vector.NewBatch(r.types, 1)} }

// Next gives the next rows, nil at the end; they live until the next call.
func (r *Reader) Next() (*vector.Batch, error) {
	if r.next >= len(r.run.blocks) {
		return nil, nil
	}
	b := r.run.blocks[r.next]
	r.next++
	src, err := r.run.file.read(b.at, int(b.size))
	if err != nil {
		return nil, err
	}
	return r.batch, decode(r.batch, int(b.rows), src)
}

// Seek makes Next give the block that has a row, and says which row is its first.
func (r *Reader) Seek(row int) (first int) {
	blocks := r.run.blocks
	if r.next >= len(blocks) || blocks[r.next].first != int64(row) { // else the next one, which is usual
		r.next = sort.Search(len(blocks), func(i int) bool { return blocks[i].first > int64(row) }) - 1
	}
	return int(blocks[r.next].first)
}

// Size is the bytes of the rows read last.
func (r *Reader) Size() int64 { return Size(r.batch) }
