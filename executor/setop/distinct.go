package setop

import (
	"datapunk/executor/hash"
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/planner/plan"
	"datapunk/types/vector"
)

// Distinct drops rows met before. It gives a row as soon as it is met, but for those
// that a full table has no place for: these come at the end.
type Distinct struct {
	env     *op.Env
	in      op.Operator
	seen    *Seen
	memory  *spill.Memory
	over    *hash.Overflow
	full    bool
	buckets int
	ended   bool          // the input is at its end
	block   *vector.Batch // rows being given,
	rest    []int32       // and which of them are left
	out     vector.Batch
	sel     []int32
	missing []int32
}

// NewDistinct opens a distinct.
func NewDistinct(env *op.Env, node *plan.Distinct, in op.Operator) *Distinct {
	return &Distinct{env: env, in: in, seen: NewSeen(node.Out)}
}

// Open opens the input.
func (d *Distinct) Open() error {
	d.forget()
	d.seen.Reset()
	d.memory, d.full, d.ended, d.rest = d.env.Space.Hashing(), false, false, nil
	d.over = hash.NewOverflow(d.env.Space, spill.Distinct, d.memory, d.seen.keys)
	return d.in.Open()
}

// Next passes new rows on.
func (d *Distinct) Next(budget int) (*vector.Batch, error) {
	for {
		if n := min(budget, len(d.rest)); n > 0 {
			d.out = vector.Batch{Cols: d.block.Cols, N: d.block.N, Sel: d.rest[:n]}
			d.rest = d.rest[n:]
			return &d.out, nil
		}
		b, err := d.read(budget)
		if err != nil {
			return nil, err
		}
		if b == nil {
			d.ended, d.full = true, false
			more, err := d.over.Next()
			if !more || err != nil {
				return nil, err
			}
			d.seen.Reset()
			continue
		}
		d.sel = d.sel[:0]
		for sel := b.Selection(nil); len(sel) > 0; {
			n := d.memory.Chunk(len(sel))
			if err := d.add(b, sel[:n]); err != nil {
				return nil, err
			}
			sel = sel[n:]
		}
		d.block, d.rest = b, d.sel
		if err := d.env.Interrupt(); err != nil {
			return nil, err
		}
	}
}

// read gives rows of the input, or of the partition.
func (d *Distinct) read(budget int) (*vector.Batch, error) {
	switch {
	case d.over.Reading():
		return d.over.Read()
	case d.ended:
		return nil, nil
	}
	return d.in.Next(budget)
}

// add tells the new rows of sel from those met before.
func (d *Distinct) add(b *vector.Batch, sel []int32) error {
	table := d.seen.table
	if !d.full && table.Len() > 0 && d.over.Possible() && d.memory.Full(table.Len()+len(sel), table.Grown(len(sel))) {
		d.full = true
	}
	if d.full {
		keys := b.Cols[:len(d.seen.keys)]
		found, hashes := table.Lookup(keys, b.N, sel, nil)
		d.missing = hash.Missing(found, sel, d.missing[:0])
		return d.over.Put(keys, hashes, d.missing)
	}
	d.sel = d.seen.New(b, sel, d.sel)
	d.buckets = max(d.buckets, table.Buckets())
	return d.memory.Hold(table.Size())
}

// Usage tells what the last run needed.
func (d *Distinct) Usage() budget.Usage {
	if d.over == nil {
		return budget.Usage{}
	}
	return budget.Usage{Kind: budget.HashGroup, Memory: d.memory.Peak(), Disk: d.over.Disk(), Buckets: d.buckets, Batches: d.over.Batches()}
}

// Close closes the input.
func (d *Distinct) Close() {
	d.in.Close()
	d.forget()
}

func (d *Distinct) forget() {
	if d.over != nil {
		d.over.Close()
		d.memory.Close()
	}
}
