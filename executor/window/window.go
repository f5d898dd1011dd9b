// Package window computes window functions over partitions of a sorted input.
package window

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Window reads one partition at a time, with the rows of the next one kept over.
type Window struct {
	env       *op.Env
	memory    *spill.Memory // counted; a partition is held whole
	node      *plan.Window
	in        op.Operator
	partition []*eval.Eval
	order     []*eval.Eval
	calls     []*call
	start     *eval.Eval
	end       *eval.Eval

	rows    *vector.Batch // input columns, partition keys, order keys, arguments
	width   int
	sameP   []kernel.Compare
	sameO   []kernel.Compare
	ended   bool
	results []*vector.Vector
	done    int // rows of the partition given
	n       int // rows of the partition
	out     vector.Batch
	sel     []int32
}

type call struct {
	node   *expr.Window
	args   []*eval.Eval
	filter *eval.Eval
	first  int // column of the first argument in rows
	run    function.Call
}

// New opens a window node.
func New(env *op.Env, node *plan.Window, in op.Operator) (*Window, error) {
	w := &Window{env: env, node: node, in: in, width: len(node.Input.Output())}
	layout := plan.Layout(node.Input.Output())
	var err error
	if w.partition, err = op.Compile(node.Partition, layout, env); err != nil {
		return nil, err
	}
	for _, e := range node.Partition {
		w.sameP = append(w.sameP, kernel.Comparer(e.Type(), e.Collation()))
	}
	for _, o := range node.Order {
		e, err := eval.Compile(o.Expr, layout, env.Env)
		if err != nil {
			return nil, err
		}
		w.order = append(w.order, e)
		w.sameO = append(w.sameO, kernel.Comparer(o.Expr.Type(), o.Expr.Collation()))
	}
	at := w.width + len(w.partition) + len(w.order)
	for _, n := range node.Calls {
		c := &call{node: n, first: at}
		if n.Func.Impl == nil {
			return nil, pgerr.Unsupported("window function %s", n.Func.Name)
		}
		if c.args, err = op.Compile(n.Args, layout, env); err != nil {
			return nil, err
		}
		if n.Filter != nil {
			if c.filter, err = eval.Compile(n.Filter, layout, env.Env); err != nil {
				return nil, err
			}
			at++
		}
		at += len(n.Args)
		c.run = function.Call{Func: n.Func, Return: n.T, Mod: n.M, Collation: n.C, Env: env.Env.Env}
		for _, a := range n.Args {
			c.run.Args = append(c.run.Args, a.Type())
		}
		w.calls = append(w.calls, c)
	}
	bounds, err := op.Compile([]expr.Expr{node.Frame.StartValue, node.Frame.EndValue}, nil, env)
	if err != nil {
		return nil, err
	}
	w.start, w.end = bounds[0], bounds[1]
	return w, nil
}

func (w *Window) empty() *vector.Batch {
	b := &vector.Batch{}
	add := func(t *types.Type) { b.Cols = append(b.Cols, vector.New(t, 1)) }
	for _, c := range w.node.Input.Output() {
		add(c.T)
	}
	for _, e := range w.node.Partition {
		add(e.Type())
	}
	for _, o := range w.node.Order {
		add(o.Expr.Type())
	}
	for _, c := range w.calls {
		for _, a := range c.node.Args {
			add(a.Type())
		}
		if c.filter != nil {
			add(types.BoolType)
		}
	}
	return b
}

// Open opens the input.
func (w *Window) Open() error {
	w.release()
	w.memory = w.env.Space.Sorting()
	w.rows, w.ended, w.done, w.n = w.empty(), false, 0, 0
	return w.in.Open()
}

// Next gives the rows of partitions with their values.
func (w *Window) Next(budget int) (*vector.Batch, error) {
	if w.done >= w.n {
		if err := w.load(); err != nil {
			return nil, err
		}
		if w.n == 0 {
			return nil, nil
		}
		if err := w.compute(); err != nil {
			return nil, err
		}
	}
	n := min(budget, vector.Size, w.n-w.done)
	w.sel = w.sel[:0]
	for i := range n {
		w.sel = append(w.sel, int32(w.done+i))
	}
	w.done += n
	w.out = vector.Batch{Cols: append(append(w.out.Cols[:0], w.rows.Cols[:w.width]...), w.results...), N: w.n, Sel: w.sel}
	return &w.out, nil
}

// load drops the partition given and reads until the next one is whole.
func (w *Window) load() error {
	kept := w.empty()
	if w.rows.N > w.n {
		var rest []int32
		for i := w.n; i < w.rows.N; i++ {
			rest = append(rest, int32(i))
		}
		kept.AppendRows(w.rows.Cols, rest)
	}
	w.rows, w.n, w.done = kept, 0, 0
	scanned := 1
	for {
		for ; scanned < w.rows.N; scanned++ {
			if !w.same(w.sameP, w.width, 0, scanned) {
				w.n = scanned
				return nil
			}
		}
		if w.ended {
			w.n = w.rows.N
			return nil
		}
		b, err := w.in.Next(vector.Size)
		if err != nil {
			return err
		}
		if b == nil {
			w.ended = true
			continue
		}
		if err := w.append(b); err != nil {
			return err
		}
	}
}

func (w *Window) append(b *vector.Batch) error {
	sel := b.Selection(nil)
	cols := append([]*vector.Vector(nil), b.Cols...)
	add := func(list []*eval.Eval) error {
		for _, e := range list {
			v, err := e.Run(b, sel)
			if err != nil {
				return plain(err)
			}
			cols = append(cols, v)
		}
		return nil
	}
	if err := add(w.partition); err != nil {
		return err
	}
	if err := add(w.order); err != nil {
		return err
	}
	for _, c := range w.calls {
		if err := add(c.args); err != nil {
			return err
		}
		if c.filter != nil {
			if err := add([]*eval.Eval{c.filter}); err != nil {
				return err
			}
		}
	}
	w.rows.AppendRows(cols, sel)
	if err := w.memory.Hold(spill.Size(w.rows)); err != nil {
		return err
	}
	return w.env.Interrupt()
}

func plain(err error) error {
	if re, ok := err.(*vector.RowError); ok {
		return re.Err
	}
	return err
}

// same compares two rows by key columns that begin at column first.
func (w *Window) same(compare []kernel.Compare, first, i, j int) bool {
	for k, c := range compare {
		v := w.rows.Cols[first+k]
		xn, yn := v.Null(i), v.Null(j)
		if xn != yn || !xn && c(v, i, v, j) != 0 {
			return false
		}
	}
	return true
}

// compute fills the results of one partition.
func (w *Window) compute() error {
	n := w.n
	peers := make([]int32, n)   // first row of the peer group
	peerEnd := make([]int32, n) // row after its last
	for i := 1; i < n; i++ {
		if w.same(w.sameO, w.width+len(w.partition), i-1, i) {
			peers[i] = peers[i-1]
		} else {
			peers[i] = int32(i)
		}
	}
	for i := n - 1; i >= 0; i-- {
		if i == n-1 || peers[i+1] != peers[i] {
			peerEnd[i] = int32(i + 1)
		} else {
			peerEnd[i] = peerEnd[i+1]
		}
	}
	f := &frames{w: w, peers: peers, peerEnd: peerEnd}
	if err := f.bounds(); err != nil {
		return err
	}
	w.results = w.results[:0]
	for _, c := range w.calls {
		out := vector.New(c.node.T, n)
		w.results = append(w.results, out)
		args := w.rows.Cols[c.first : c.first+len(c.args)]
		if c.node.Func.Impl.Window != nil {
			run := c.run
			fn, err := c.node.Func.Impl.Window(&run)
			if err != nil {
				return err
			}
			if err := fn.Partition(n, args, peers); err != nil {
				return err
			}
			for i := range n {
				start, end, err := f.of(i)
				if err != nil {
					return err
				}
				if err := fn.Row(i, start, end, out, i); err != nil {
					return plain(err)
				}
			}
			continue
		}
		if c.node.Func.Impl.Agg == nil {
			return pgerr.Unsupported("window function %s", c.node.Func.Name)
		}
		if err := w.aggregate(c, f, args, out); err != nil {
			return err
		}
	}
	return nil
}

// aggregate computes an aggregate over frames: adding rows while the start stays,
// taking them out where it moves if the aggregate can, else starting again.
func (w *Window) aggregate(c *call, f *frames, args []*vector.Vector, out *vector.Vector) error {
	var keep *vector.Vector
	if c.filter != nil {
		keep = w.rows.Cols[c.first+len(c.args)]
	}
	var g function.Aggregator
	from, to := 0, 0
	fresh := func() error {
		run := c.run
		var err error
		if g, err = c.node.Func.Impl.Agg(&run); err != nil {
			return err
		}
		g.Grow(1)
		return nil
	}
	if err := fresh(); err != nil {
		return err
	}
	add := func(a, b int) error {
		var sel, groups []int32
		for r := a; r < b; r++ {
			if keep != nil && (keep.Null(r) || !vector.Of[bool](keep)[keep.Index(r)]) {
				continue
			}
			sel, groups = append(sel, int32(r)), append(groups, 0)
		}
		if len(sel) == 0 {
			return nil
		}
		return plain(g.Add(groups, args, sel))
	}
	exclude := w.node.Frame.Exclude
	lastStart, lastEnd := -1, -1
	one := vector.New(c.node.T, 1)
	for i := range w.n {
		start, end, err := f.of(i)
		if err != nil {
			return err
		}
		if exclude != logical.ExcludeNone {
			if err := fresh(); err != nil {
				return err
			}
			for _, part := range f.excluded(i, start, end) {
				if err := add(part[0], part[1]); err != nil {
					return err
				}
			}
			one.Init(c.node.T, 1)
			if err := g.Result(0, 1, one); err != nil {
				return plain(err)
			}
			out.Set(i, one, 0)
			continue
		}
		if start == lastStart && end == lastEnd {
			out.Set(i, one, 0)
			continue
		}
		if start != from || end < to {
			retract, can := g.(function.Retractor)
			if can && start >= from && end >= to && start <= to {
				for r := from; r < start; r++ {
					if keep != nil && (keep.Null(r) || !vector.Of[bool](keep)[keep.Index(r)]) {
						continue
					}
					if err := retract.Remove(0, args, int32(r)); err != nil {
						return plain(err)
					}
				}
				from = start
			} else {
				if err := fresh(); err != nil {
					return err
				}
				from, to = start, start
			}
		}
		if end > to {
			if err := add(max(to, start), end); err != nil {
				return err
			}
			to = end
		}
		one.Init(c.node.T, 1)
		if err := g.Result(0, 1, one); err != nil {
			return plain(err)
		}
		out.Set(i, one, 0)
		lastStart, lastEnd = start, end
	}
	return nil
}

// Close closes the input.
func (w *Window) Close() {
	w.in.Close()
	w.rows = nil
	w.release()
}

func (w *Window) release() {
	if w.memory != nil {
		w.memory.Close()
	}
}
