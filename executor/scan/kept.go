package scan

import (
	"datapunk/executor/spill"
	"datapunk/types/vector"
)

// Keeper has rows for Kept, in parts: what goes to disk can be read when it is whole.
type Keeper interface {
	// Part gives part n, nil if there is none.
	Part(n int) (*spill.Rows, error)
	// More adds to part n; false if nothing comes any more.
	More(n int) (bool, error)
}

// Kept gives the rows of a WITH query or a work table, which are in memory or on disk.
type Kept struct {
	keeper Keeper
	part   int
	parts  []keptPart
}

type keptPart struct {
	rows *spill.Rows
	scan *spill.Scan
}

// NewKept reads kept rows.
func NewKept(keeper Keeper) *Kept { return &Kept{keeper: keeper} }

// Open starts at the first row.
func (k *Kept) Open() error {
	_, err := k.open(0)
	return err
}

// open goes to a part, if there is one.
func (k *Kept) open(n int) (bool, error) {
	rows, err := k.keeper.Part(n)
	if err != nil || rows == nil {
		return false, err
	}
	k.part = n
	if n == len(k.parts) {
		k.parts = append(k.parts, keptPart{})
	}
	if p := &k.parts[n]; p.rows != rows {
		*p = keptPart{rows, rows.Scan()}
	}
	k.parts[n].scan.Rewind()
	return true, nil
}

// Next passes rows on.
func (k *Kept) Next(budget int) (*vector.Batch, error) {
	for {
		b, err := k.parts[k.part].scan.Next(budget)
		if b != nil || err != nil {
			return b, err
		}
		more, err := k.keeper.More(k.part)
		if err == nil && !more {
			more, err = k.open(k.part + 1)
		}
		if !more {
			return nil, err
		}
	}
}

// Close does nothing: the rows are somebody else's.
func (k *Kept) Close() {}
