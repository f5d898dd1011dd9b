package build

import (
	"datapunk/executor/op"
	"datapunk/executor/scan"
	"datapunk/executor/spill"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/types"
	"datapunk/types/vector"
)

// with is a WITH query that is run as far as it is read, and kept, as long as the
// values around it stay. Its rows are in parts. All but the last are whole; the last can
// be read while it grows in memory. Once on disk it grows until it is as large as those
// before it together, so that parts are few and at most half of the rows are made in vain.
type with struct {
	b       *Builder
	node    *plan.CTE
	in      op.Operator
	running bool // in is open
	parts   []*spill.Rows
	rows    int              // in the parts before the last
	open    bool             // the last part grows
	outer   []*vector.Vector // the values of node.Outer when it was run: each row's are its own
	err     error
}

// Finish runs the data-modifying WITH queries that nothing has read.
func (b *Builder) Finish() error {
	for _, c := range b.plan.CTEs {
		if k := b.ctes[c]; c.Changes && k.parts == nil {
			if _, err := k.Part(0); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close closes what was not read to its end.
func (b *Builder) Close() {
	for _, k := range b.ctes {
		k.close()
	}
}

func (k *with) close() {
	if k.running {
		k.running = false
		k.in.Close()
	}
}

// Part gives part n of a run for the values at hand.
func (k *with) Part(n int) (*spill.Rows, error) {
	if n == 0 && k.err == nil && (k.parts == nil || !k.stays()) {
		k.err = k.start()
	}
	if k.err != nil {
		return nil, k.err
	}
	if n == len(k.parts) && k.running {
		k.begin()
		if _, err := k.More(n); err != nil {
			return nil, err
		}
	}
	if n == len(k.parts) {
		return nil, nil
	}
	return k.parts[n], nil
}

// begin begins a part.
func (k *with) begin() {
	if n := len(k.parts); n > 0 {
		k.rows += k.parts[n-1].Len()
	}
	var columns []*types.Type
	for _, c := range k.node.Root.Output() {
		columns = append(columns, c.T)
	}
	k.parts, k.open = append(k.parts, k.b.Env.Space.NewRows(spill.Kept, columns)), true
}

// stays tells whether the values are there by which the query was run.
func (k *with) stays() bool {
	for i, id := range k.node.Outer {
		if k.b.Env.Outer[id] != k.outer[i] {
			return false
		}
	}
	return true
}

func (k *with) start() (err error) {
	k.close()
	if k.in == nil {
		if k.in, err = k.b.Build(k.node.Root); err != nil {
			return err
		}
	}
	for _, p := range k.parts {
		p.Close()
	}
	k.parts, k.rows = nil, 0
	k.begin()
	k.outer = k.outer[:0]
	for _, id := range k.node.Outer {
		k.outer = append(k.outer, k.b.Env.Outer[id])
	}
	k.running = true
	if err := k.in.Open(); err != nil {
		return err
	}
	for k.node.Changes && k.running {
		if !k.open {
			k.begin()
		}
		if err := k.pull(); err != nil {
			return err
		}
	}
	return nil
}

// More runs the query on; false if the part is whole.
func (k *with) More(n int) (bool, error) {
	if k.err != nil || n < len(k.parts)-1 || !k.open {
		return false, k.err
	}
	part := k.parts[n]
	before := part.Len()
	for k.open && (part.Len() == before || part.Spilled()) && k.err == nil {
		k.err = k.pull()
	}
	return part.Len() > before, k.err
}

// pull adds one batch to the last part.
func (k *with) pull() error {
	changed := k.b.Env.Changed
	batch, err := k.in.Next(vector.Size)
	k.b.Env.Changed = changed // the tag counts the main statement's rows only
	if err != nil {
		return err
	}
	part := k.parts[len(k.parts)-1]
	if batch == nil {
		k.close()
	} else if err := part.Add(batch.Cols, batch.Selection(nil)); err != nil {
		return err
	}
	if batch == nil || part.Spilled() && part.Len() >= k.rows {
		k.open = false
		return part.Finish()
	}
	return nil
}

// cteScan reads a WITH query.
func (b *Builder) cteScan(n *plan.CTEScan) (op.Operator, error) {
	k := b.ctes[n.CTE]
	if k == nil {
		return nil, pgerr.Internal("WITH query %s is not part of the plan", n.CTE.Name)
	}
	return scan.NewKept(k), nil
}
