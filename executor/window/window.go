// Package window computes window functions over partitions of a sorted input.
//
//	input ──▶ partition: rows in memory or on disk ──▶ a value of each call for each row
//
// Invariants:
//
//	W1  A partition is whole before the first of its rows is given.
//	W2  Its rows are given in order, and so come their frames, whose ends never go back;
//	    what looks at other rows (frames, peers, lag) has a cursor of its own, so that
//	    of a partition on disk each reads in order too.
package window

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/vector"
)

// Window gives the rows of its input with the values of its calls.
type Window struct {
	env     *op.Env
	node    *plan.Window
	in      op.Operator
	input   *input
	layout  layout
	types   []*types.Type // of a partition's rows
	calls   []*call
	start   *eval.Eval // offsets of the frame
	end     *eval.Eval
	cursors []*spill.Cursor

	rows    *spill.Rows // of the partition
	current *spill.Cursor
	frames  *frames
	done    int // rows given
	results []*vector.Vector
	held    error
	out     vector.Batch
	sel     []int32
}

// layout says which columns of a partition's rows are what; arguments come last.
type layout struct{ input, partition, order int }

// New opens a window node.
func New(env *op.Env, node *plan.Window, in op.Operator) (*Window, error) {
	w := &Window{env: env, node: node, in: in}
	for _, c := range node.Input.Output() {
		w.types = append(w.types, c.T)
	}
	var computed []expr.Expr
	w.layout.input = len(w.types)
	computed = append(computed, node.Partition...)
	w.layout.partition = w.layout.input + len(node.Partition)
	for _, o := range node.Order {
		computed = append(computed, o.Expr)
	}
	w.layout.order = w.layout.partition + len(node.Order)
	for _, n := range node.Calls {
		c, err := newCall(w, n, w.layout.input+len(computed))
		if err != nil {
			return nil, err
		}
		w.calls = append(w.calls, c)
		w.results = append(w.results, vector.New(n.T, 1))
		computed = append(computed, n.Args...)
		if n.Filter != nil {
			computed = append(computed, n.Filter)
		}
	}
	for _, e := range computed {
		w.types = append(w.types, e.Type())
	}
	var err error
	if w.input, err = newInput(env, node, in, computed); err != nil {
		return nil, err
	}
	bounds, err := op.Compile([]expr.Expr{node.Frame.StartValue, node.Frame.EndValue}, nil, env)
	if err != nil {
		return nil, err
	}
	w.start, w.end = bounds[0], bounds[1]
	return w, nil
}

// Open opens the input.
func (w *Window) Open() error {
	w.forget()
	w.rows = w.env.Space.NewRows(spill.Window, w.types)
	w.cursors, w.frames, w.done, w.held = nil, nil, 0, nil
	w.current = w.cursor()
	for _, c := range w.calls {
		c.open(w)
	}
	w.input.reset()
	return w.in.Open()
}

// cursor makes a cursor on the partitions' rows.
func (w *Window) cursor() *spill.Cursor {
	c := w.rows.Cursor()
	w.cursors = append(w.cursors, c)
	return c
}

// Next gives rows of a partition with their values.
func (w *Window) Next(budget int) (*vector.Batch, error) {
	if w.held != nil {
		return nil, w.held
	}
	if w.frames == nil {
		var err error
		if w.frames, err = newFrames(w); err != nil {
			return nil, err
		}
	}
	if w.done >= w.rows.Len() {
		if more, err := w.load(); !more || err != nil {
			return nil, err
		}
	}
	first, err := w.current.At(w.done)
	if err != nil {
		return nil, err
	}
	block := w.current.Block
	for i, c := range w.calls {
		w.results[i].Init(c.node.T, block.N)
	}
	n := min(budget, vector.Size, w.current.End-w.done)
	w.sel = w.sel[:0]
	for i := first; i < first+n; i++ {
		if err := w.compute(i); err != nil {
			if i == first {
				return nil, err
			}
			w.held = err
			break
		}
		w.sel = append(w.sel, int32(i))
		w.done++
	}
	w.out = vector.Batch{Cols: append(append(w.out.Cols[:0], block.Cols[:w.layout.input]...), w.results...), N: block.N, Sel: w.sel}
	return &w.out, w.env.Interrupt()
}

// compute computes the values of the next row, which is at a place of the current block.
func (w *Window) compute(at int) error {
	f, err := w.frames.of(w.done)
	if err != nil {
		return err
	}
	for i, c := range w.calls {
		if err := c.run.Row(f, w.results[i], at); err != nil {
			return plain(err)
		}
	}
	return nil
}

// load drops the partition given and reads the next one.
func (w *Window) load() (bool, error) {
	w.rows.Reset()
	w.done = 0
	if err := w.input.partition(w.rows); err != nil || w.rows.Len() == 0 {
		return false, err
	}
	for _, c := range w.cursors {
		c.Reset()
	}
	w.frames.begin()
	for _, c := range w.calls {
		if err := c.run.Partition(c); err != nil {
			return false, err
		}
	}
	return true, nil
}

func plain(err error) error {
	if re, ok := err.(*vector.RowError); ok {
		return re.Err
	}
	return err
}

// Close closes the input.
func (w *Window) Close() {
	w.in.Close()
	w.forget()
}

func (w *Window) forget() {
	if w.rows != nil {
		w.rows.Close()
		w.rows = nil
	}
}
