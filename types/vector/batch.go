package vector

import "datapunk/types"

// Batch is rows: N of them in columns of equal length, of which Sel, if not nil,
// names those that count, in order.
type Batch struct {
	Cols []*Vector
	N    int
	Sel  []int32
}

// NewBatch makes an empty batch of flat columns with room for n rows.
func NewBatch(columns []*types.Type, n int) *Batch {
	b := &Batch{Cols: make([]*Vector, len(columns))}
	for i, t := range columns {
		b.Cols[i] = New(t, n)
	}
	return b
}

// Rows is how many rows count.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.N
}

// Row is the place of the k-th row that counts.
func (b *Batch) Row(k int) int {
	if b.Sel != nil {
		return int(b.Sel[k])
	}
	return k
}

// Truncate keeps the first n rows that count.
func (b *Batch) Truncate(n int) {
	if b.Sel != nil {
		b.Sel = b.Sel[:n]
	} else {
		b.N = n
	}
}

// Selection returns Sel, or all rows written into buffer.
func (b *Batch) Selection(buffer []int32) []int32 {
	if b.Sel != nil {
		return b.Sel
	}
	return Sequence(buffer, b.N)
}

// identity is 0, 1, 2 …, shared by everybody who needs the first n rows.
var identity = func() []int32 {
	rows := make([]int32, Size)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}()

// Sequence returns 0 to n-1, which must not be written; buffer is used past Size.
func Sequence(buffer []int32, n int) []int32 {
	if n <= Size {
		return identity[:n]
	}
	buffer = buffer[:0]
	for i := range n {
		buffer = append(buffer, int32(i))
	}
	return buffer
}

// AppendRows copies the rows of src named by rows to the end of b.
func (b *Batch) AppendRows(src []*Vector, rows []int32) {
	for c, v := range b.Cols {
		v.Grow(b.N + len(rows))
		v.Gather(b.N, src[c], rows)
	}
	b.N += len(rows)
}

// RowError is an evaluation error at one row: rows before it are good, and the
// error is raised only when that row is asked for.
type RowError struct {
	Row int // place in the batch
	Err error
}

func (e *RowError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *RowError) Unwrap() error { return e.Err }
