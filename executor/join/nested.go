package join

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// Nested runs its right side once for each left row (with the left row's columns as
// parameters), or joins with the right rows kept from one run.
type Nested struct {
	env         *op.Env
	node        *plan.Join
	left, right op.Operator
	on          []*eval.Eval
	params      map[expr.ColumnID]int

	batch   *vector.Batch
	at      int
	running bool
	hit     bool
	kept    *spill.Rows // the right rows, where they do not depend on the left
	scan    *spill.Scan // of kept, for the current left row
	base    int         // number of the first row that scan gave last
	matched []bool
	ended   bool
	rest    *spill.Scan // FULL: right rows without match
	out     *vector.Batch
	sel     []int32
}

// NewNested opens a nested loop.
func NewNested(env *op.Env, node *plan.Join, left, right op.Operator) (*Nested, error) {
	n := &Nested{env: env, node: node, left: left, right: right, params: map[expr.ColumnID]int{}}
	layout := plan.Layout(node.Left.Output())
	for _, id := range node.Params {
		n.params[id] = layout[id]
	}
	both := append(append([]plan.Column(nil), node.Left.Output()...), node.Right.Output()...)
	var err error
	n.on, err = op.Compile(node.On, plan.Layout(both), env)
	n.out = newBatch(both)
	return n, err
}

// Open opens the left side, and reads the right one if it is the same for all.
func (n *Nested) Open() error {
	n.forget()
	n.batch, n.running, n.ended = nil, false, false
	if len(n.params) == 0 {
		var columns []*types.Type
		for _, c := range n.node.Right.Output() {
			columns = append(columns, c.T)
		}
		n.kept = n.env.Space.NewRows(spill.Kept, columns)
		if err := n.right.Open(); err != nil {
			return err
		}
		if err := op.Drain(n.right, func(b *vector.Batch) error {
			return n.kept.Add(b.Cols, b.Selection(nil))
		}); err != nil {
			return err
		}
		if err := n.kept.Finish(); err != nil {
			return err
		}
		n.scan = n.kept.Scan()
		n.right.Close()
		if n.node.Kind == logical.Full {
			n.matched = make([]bool, n.kept.Len())
		}
	}
	return n.left.Open()
}

// Next gives joined rows.
func (n *Nested) Next(budget int) (*vector.Batch, error) {
	budget = min(budget, vector.Size)
	kind := n.node.Kind
	for {
		if n.batch == nil {
			if n.ended {
				return n.unmatched(budget)
			}
			ask := vector.Size
			if len(n.params) > 0 || budget < vector.Size {
				ask = budget
			}
			b, err := n.left.Next(ask)
			if err != nil {
				return nil, err
			}
			if b == nil {
				n.ended = true
				continue
			}
			n.batch, n.at, n.running = b, 0, false
		}
		if n.at >= n.batch.Rows() {
			n.batch = nil
			if err := n.env.Interrupt(); err != nil {
				return nil, err
			}
			continue
		}
		row := n.batch.Row(n.at)
		if !n.running {
			if err := n.start(row); err != nil {
				return nil, err
			}
		}
		b, err := n.inner(budget)
		if err != nil {
			return nil, err
		}
		if b == nil { // the right side is at its end for this row
			n.finish()
			if !n.hit && (kind == logical.Left || kind == logical.Full || kind == logical.Anti) {
				return n.single(row), nil
			}
			continue
		}
		out, err := n.combine(row, b)
		if err != nil {
			return nil, err
		}
		if out == nil {
			continue
		}
		n.hit = true
		switch kind {
		case logical.Semi:
			n.finish()
			return n.single(row), nil
		case logical.Anti:
			n.finish()
			continue
		}
		return out, nil
	}
}

// start opens the right side for a left row.
func (n *Nested) start(row int) error {
	n.running, n.hit = true, false
	if n.kept != nil {
		n.scan.Rewind()
		return nil
	}
	if n.env.Outer == nil {
		n.env.Outer = map[expr.ColumnID]*vector.Vector{}
	}
	for id, place := range n.params {
		n.env.Outer[id] = vector.NewConst(n.batch.Cols[place], row)
	}
	n.env.Epoch++
	return n.right.Open()
}

// inner gives the next right rows.
func (n *Nested) inner(budget int) (*vector.Batch, error) {
	if n.kept == nil {
		// Evaluation on the right sees this row's parameters.
		if len(n.params) > 0 {
			row := n.batch.Row(n.at)
			for id, place := range n.params {
				if v := n.env.Outer[id]; v == nil {
					n.env.Outer[id] = vector.NewConst(n.batch.Cols[place], row)
				}
			}
		}
		return n.right.Next(budget)
	}
	n.base = n.scan.At()
	return n.scan.Next(budget)
}

func (n *Nested) finish() {
	n.running = false
	if n.kept == nil {
		n.right.Close()
	}
	n.at++
}

// combine joins the left row with right rows that meet the conditions.
func (n *Nested) combine(row int, b *vector.Batch) (*vector.Batch, error) {
	sel := b.Selection(nil)
	width := len(n.node.Left.Output())
	for k, c := range n.out.Cols {
		if k < width {
			n.out.Cols[k] = vector.NewConst(n.batch.Cols[k], row)
			continue
		}
		if c.Const {
			n.out.Cols[k] = vector.New(c.Type, len(sel))
			c = n.out.Cols[k]
		}
		c.Init(n.node.Right.Output()[k-width].T, len(sel))
		c.Gather(0, b.Cols[k-width], sel)
	}
	n.out.N, n.out.Sel = len(sel), nil
	if len(n.on) == 0 {
		n.mark(sel, nil)
		return n.out, nil
	}
	kept, err := eval.Filter(n.on, n.out, vector.Sequence(nil, len(sel)), n.sel[:0])
	if err != nil {
		if re, ok := err.(*vector.RowError); ok {
			return nil, re.Err
		}
		return nil, err
	}
	n.sel = kept
	if len(kept) == 0 {
		return nil, nil
	}
	n.mark(sel, kept)
	n.out.Sel = kept
	return n.out, nil
}

// mark notes right rows that met a left row.
func (n *Nested) mark(sel, kept []int32) {
	if n.matched == nil {
		return
	}
	if kept == nil {
		for k := range sel {
			n.matched[n.base+k] = true
		}
		return
	}
	for _, k := range kept {
		n.matched[n.base+int(k)] = true
	}
}

// single gives one left row, with nulls for the right side if it has columns.
func (n *Nested) single(row int) *vector.Batch {
	width := len(n.node.Left.Output())
	out := &vector.Batch{N: 1}
	for k, c := range n.node.Out {
		if k < width {
			out.Cols = append(out.Cols, vector.NewConst(n.batch.Cols[k], row))
		} else {
			out.Cols = append(out.Cols, vector.NullConst(c.T))
		}
	}
	return out
}

func (n *Nested) unmatched(budget int) (*vector.Batch, error) {
	if n.matched == nil {
		return nil, nil
	}
	if n.rest == nil {
		n.rest = n.kept.Scan()
	}
	var rows []int32
	var b *vector.Batch
	for len(rows) == 0 {
		at := n.rest.At()
		var err error
		if b, err = n.rest.Next(budget); b == nil || err != nil {
			return nil, err
		}
		for k, r := range b.Sel {
			if !n.matched[at+k] {
				rows = append(rows, r)
			}
		}
	}
	width := len(n.node.Left.Output())
	out := &vector.Batch{N: len(rows)}
	for k, c := range n.node.Out {
		if k < width {
			out.Cols = append(out.Cols, vector.NullConst(c.T))
			continue
		}
		v := vector.New(c.T, len(rows))
		v.Gather(0, b.Cols[k-width], rows)
		out.Cols = append(out.Cols, v)
	}
	return out, nil
}

// Close closes the inputs.
func (n *Nested) Close() {
	n.left.Close()
	n.right.Close()
	n.forget()
}

func (n *Nested) forget() {
	if n.kept != nil {
		n.kept.Close()
	}
	n.batch, n.kept, n.scan, n.rest, n.matched = nil, nil, nil, nil, nil
}
