package scan

import (
	"datapunk/executor/spill"
	"datapunk/types/vector"
)

// Kept gives the rows of a WITH query or a work table, which are in memory or on disk.
type Kept struct {
	source func() (*spill.Rows, error)
	from   *spill.Rows
	scan   *spill.Scan
}

// NewKept reads kept rows.
func NewKept(source func() (*spill.Rows, error)) *Kept { return &Kept{source: source} }

// Open starts at the first row.
func (k *Kept) Open() error {
	rows, err := k.source()
	if err != nil {
		return err
	}
	if k.from != rows {
		k.from, k.scan = rows, rows.Scan()
	}
	k.scan.Rewind()
	return nil
}

// Next passes rows on.
func (k *Kept) Next(budget int) (*vector.Batch, error) { return k.scan.Next(budget) }

// Close does nothing: the rows are somebody else's.
func (k *Kept) Close() {}
