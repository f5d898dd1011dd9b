package loop

import (
	"datapunk/types"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// Lines gives rows of several columns: each to its vector where the caller wants
// columns, joined to records where it wants one value.
type Lines struct {
	Types []*types.Type
	// Fill writes up to max rows from row 0 to the columns.
	Fill func(cols []*vector.Vector, max int) (int, error)
	cols []*vector.Vector
}

// Next gives the next rows.
func (l *Lines) Next(out []*vector.Vector, max int) (int, error) {
	if len(out) == len(l.Types) {
		return l.Fill(out, max)
	}
	if l.cols == nil {
		l.cols = make([]*vector.Vector, len(l.Types))
	}
	for k, t := range l.Types {
		if l.cols[k] == nil {
			l.cols[k] = &vector.Vector{}
		}
		l.cols[k].Init(t, max)
	}
	n, err := l.Fill(l.cols, max)
	var buffer []byte
	for i := range n {
		buffer = record.Append(buffer[:0], l.cols, i)
		out[0].SetBytes(i, buffer)
	}
	return n, err
}
