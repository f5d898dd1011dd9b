package hash

import (
	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/vector"
)

// Overflow takes the rows that a full table has no place for, and gives them back
// partition by partition, each to be put into a table of its own: DISTINCT, set
// operations and aggregation.
//
//	table full ──▶ Put … Put ──▶ Next (partition) ──▶ Read … Read ──▶ table full again?
//	                               ▲                       │
//	                               └───────────────────────┘
//
// Invariant: the keys of a row put here are not in the table, and never will be; so
// nothing that a table gives is given again by a later one.
type Overflow struct {
	space   *spill.Space
	kind    spill.Kind
	memory  *spill.Memory
	columns []*types.Type
	to      *spill.Partitions // being written
	waiting []portion
	now     portion
	reader  *spill.Reader
	batches int
	disk    int64
}

type portion struct {
	run  *spill.Run
	used uint
}

// NewOverflow makes one for rows of the given types.
func NewOverflow(space *spill.Space, kind spill.Kind, memory *spill.Memory, columns []*types.Type) *Overflow {
	return &Overflow{space: space, kind: kind, memory: memory, columns: columns, batches: 1}
}

// Possible tells whether the rows being read may be divided further. Where not, the
// table must take them all.
func (o *Overflow) Possible() bool { return o.space != nil && spill.CanDivide(o.now.used) }

// Reading tells whether rows come from a partition, not from the input.
func (o *Overflow) Reading() bool { return o.reader != nil }

// Put copies rows; hashes are by row.
func (o *Overflow) Put(cols []*vector.Vector, hashes []uint64, sel []int32) error {
	if len(sel) == 0 {
		return nil
	}
	if o.to == nil {
		bytes := int64(0)
		if o.now.run != nil {
			bytes = o.now.run.Bytes
		}
		var err error
		if o.to, err = o.space.NewPartitions(o.kind, o.columns, o.memory, o.now.used, o.memory.Bits(bytes)); err != nil {
			return err
		}
	}
	return o.to.Add(cols, hashes, sel)
}

// Next goes to the next partition, false if there is none: the table must be emptied.
func (o *Overflow) Next() (bool, error) {
	if o.to != nil {
		runs, err := o.to.Finish()
		if err != nil {
			return false, err
		}
		o.disk += o.to.Size()
		for k := len(runs) - 1; k >= 0; k-- {
			if runs[k].Rows == 0 {
				runs[k].Release()
				continue
			}
			o.waiting = append(o.waiting, portion{runs[k], o.to.Used()})
			o.batches++
		}
		o.to = nil
	}
	if o.now.run != nil {
		o.now.run.Release()
	}
	o.now, o.reader = portion{}, nil
	last := len(o.waiting) - 1
	if last < 0 {
		return false, nil
	}
	o.now, o.waiting = o.waiting[last], o.waiting[:last]
	o.reader = o.now.run.NewReader()
	return true, nil
}

// Read gives the next rows of the partition, nil at its end.
func (o *Overflow) Read() (*vector.Batch, error) { return o.reader.Next() }

// Batches is how many times a table was filled.
func (o *Overflow) Batches() int { return o.batches }

// Disk is the bytes written.
func (o *Overflow) Disk() int64 { return o.disk }

// Close forgets the rows.
func (o *Overflow) Close() {
	if o.to != nil {
		o.to.Remove()
	}
	if o.now.run != nil {
		o.now.run.Release()
	}
	for _, p := range o.waiting {
		p.run.Release()
	}
	o.to, o.now, o.waiting, o.reader = nil, portion{}, nil, nil
}

// Missing splits sel by what Lookup found: the rows whose keys are not there.
func Missing(found []int32, sel []int32, out []int32) []int32 {
	for k, row := range found {
		if row < 0 {
			out = append(out, sel[k])
		}
	}
	return out
}
