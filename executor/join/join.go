// Package join has the join methods: hash join and nested loop, each for every kind
// of join.
package join

import (
	"datapunk/executor/hash"
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// Hash builds a table from the right side and probes it with the left.
type Hash struct {
	env         *op.Env
	node        *plan.Join
	left, right op.Operator
	leftKeys    []*eval.Eval
	rightKeys   []*eval.Eval
	on          []*eval.Eval
	table       *hash.Table
	rows        *vector.Batch // the right side's rows
	matched     []bool        // right rows met, for FULL

	batch  *vector.Batch // left rows being probed
	keys   []*vector.Vector
	hashes []uint64
	sel    []int32
	at     int   // next of sel
	chain  int32 // where its chain goes on, -2 at its start
	hit    bool  // the current left row has met a match
	ended  bool  // the left side is at its end
	rest   int   // FULL: next right row without match

	pairL, pairR []int32
	pair, out    *vector.Batch
}

// NewHash opens a hash join.
func NewHash(env *op.Env, node *plan.Join, left, right op.Operator) (*Hash, error) {
	h := &Hash{env: env, node: node, left: left, right: right}
	var err error
	if h.leftKeys, err = op.Compile(node.LeftKeys, plan.Layout(node.Left.Output()), env); err != nil {
		return nil, err
	}
	if h.rightKeys, err = op.Compile(node.RightKeys, plan.Layout(node.Right.Output()), env); err != nil {
		return nil, err
	}
	both := append(append([]plan.Column(nil), node.Left.Output()...), node.Right.Output()...)
	if h.on, err = op.Compile(node.On, plan.Layout(both), env); err != nil {
		return nil, err
	}
	h.pair, h.out = newBatch(both), newBatch(node.Out)
	return h, nil
}

func newBatch(cols []plan.Column) *vector.Batch {
	b := &vector.Batch{}
	for _, c := range cols {
		b.Cols = append(b.Cols, vector.New(c.T, 1))
	}
	return b
}

// Open builds the table.
func (h *Hash) Open() error {
	var keys []*types.Type
	var collations []types.OID
	for i, k := range h.node.RightKeys {
		keys = append(keys, k.Type())
		collations = append(collations, h.node.Equals[i].C)
	}
	h.table = hash.New(keys, collations)
	h.rows = newBatch(h.node.Right.Output())
	h.batch, h.ended, h.rest = nil, false, 0
	if err := h.right.Open(); err != nil {
		return err
	}
	kept := h.node.Kind == logical.Full
	var sel []int32
	err := op.Drain(h.right, func(b *vector.Batch) error {
		vals, err := values(h.rightKeys, b, b.Selection(nil))
		if err != nil {
			return err
		}
		sel = sel[:0]
		for _, i := range b.Selection(nil) {
			if kept || !anyNull(vals, int(i)) {
				sel = append(sel, i)
			}
		}
		h.table.Add(vals, b.N, sel)
		h.rows.AppendRows(b.Cols, sel)
		return nil
	})
	if err != nil {
		return err
	}
	h.right.Close()
	h.matched = nil
	if kept {
		h.matched = make([]bool, h.rows.N)
	}
	return h.left.Open()
}

// values computes keys; an error of a row is raised at once, since a build reads
// all rows anyway.
func values(keys []*eval.Eval, b *vector.Batch, sel []int32) ([]*vector.Vector, error) {
	out := make([]*vector.Vector, len(keys))
	for i, k := range keys {
		v, err := k.Run(b, sel)
		if err != nil {
			if re, ok := err.(*vector.RowError); ok {
				return nil, re.Err
			}
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func anyNull(vals []*vector.Vector, i int) bool {
	for _, v := range vals {
		if v.Null(i) {
			return true
		}
	}
	return false
}

// Next gives joined rows.
func (h *Hash) Next(budget int) (*vector.Batch, error) {
	budget = min(budget, vector.Size)
	for {
		if h.batch == nil {
			if h.ended {
				return h.unmatched(budget)
			}
			b, err := h.left.Next(vector.Size)
			if err != nil {
				return nil, err
			}
			if b == nil {
				h.ended = true
				continue
			}
			h.batch, h.sel, h.at, h.chain, h.hit = b, b.Selection(nil), 0, -2, false
			if h.keys, err = values(h.leftKeys, b, h.sel); err != nil {
				return nil, err
			}
			h.hashes = append(h.hashes[:0], h.table.Hash(h.keys, b.N, h.sel)...)
			if err := h.env.Interrupt(); err != nil {
				return nil, err
			}
		}
		out, err := h.probe(budget)
		if err != nil {
			return nil, err
		}
		if out != nil {
			return out, nil
		}
	}
}

// probe joins left rows until the budget is used or the batch is at its end.
func (h *Hash) probe(budget int) (*vector.Batch, error) {
	h.pairL, h.pairR = h.pairL[:0], h.pairR[:0]
	kind := h.node.Kind
	simple := len(h.on) == 0
	for h.at < len(h.sel) && len(h.pairL) < budget {
		i := h.sel[h.at]
		row := int32(-1)
		if h.chain == -2 {
			h.hit = false
			if !anyNull(h.keys, int(i)) {
				row = h.table.First(h.keys, int(i), h.hashes[i])
			}
		} else if h.chain >= 0 {
			row = h.table.Next(h.keys, int(i), h.hashes[i], h.chain)
		}
		if row >= 0 {
			pass := simple
			if !simple {
				var err error
				if pass, err = h.test(int(i), row); err != nil {
					return nil, err
				}
			}
			h.chain = row
			if !pass {
				continue
			}
			h.hit = true
			switch kind {
			case logical.Semi:
				h.emit(i, row)
				h.next()
			case logical.Anti:
				h.next()
			default:
				if h.matched != nil {
					h.matched[row] = true
				}
				h.emit(i, row)
			}
			continue
		}
		if !h.hit {
			switch kind {
			case logical.Left, logical.Full, logical.Anti:
				h.emit(i, -1)
			}
		}
		h.next()
	}
	done := h.at >= len(h.sel)
	n := len(h.pairL)
	if n == 0 {
		if done {
			h.batch = nil
		}
		return nil, nil
	}
	width := len(h.node.Left.Output())
	for k, c := range h.out.Cols {
		c.Init(h.node.Out[k].T, n)
		if k < width {
			c.Gather(0, h.batch.Cols[k], h.pairL)
		} else {
			c.Gather(0, h.rows.Cols[k-width], h.pairR)
		}
	}
	h.out.N = n
	if done {
		h.batch = nil
	}
	return h.out, nil
}

func (h *Hash) emit(left, right int32) {
	h.pairL, h.pairR = append(h.pairL, left), append(h.pairR, right)
}

func (h *Hash) next() {
	h.at++
	h.chain = -2
}

// test evaluates the other conditions for one pair.
func (h *Hash) test(left int, right int32) (bool, error) {
	width := len(h.node.Left.Output())
	for k, c := range h.pair.Cols {
		c.Init(c.Type, 1)
		if k < width {
			c.Set(0, h.batch.Cols[k], left)
		} else {
			c.Set(0, h.rows.Cols[k-width], int(right))
		}
	}
	h.pair.N = 1
	return passes(h.on, h.pair)
}

func passes(conds []*eval.Eval, b *vector.Batch) (bool, error) {
	sel, err := eval.Filter(conds, b, vector.Sequence(nil, 1), make([]int32, 0, 1))
	if err != nil {
		if re, ok := err.(*vector.RowError); ok {
			return false, re.Err
		}
		return false, err
	}
	return len(sel) > 0, nil
}

// unmatched gives a FULL join's right rows that met nothing.
func (h *Hash) unmatched(budget int) (*vector.Batch, error) {
	if h.node.Kind != logical.Full {
		return nil, nil
	}
	h.pairR = h.pairR[:0]
	for ; h.rest < h.rows.N && len(h.pairR) < budget; h.rest++ {
		if !h.matched[h.rest] {
			h.pairR = append(h.pairR, int32(h.rest))
		}
	}
	n := len(h.pairR)
	if n == 0 {
		return nil, nil
	}
	width := len(h.node.Left.Output())
	for k, c := range h.out.Cols {
		c.Init(h.node.Out[k].T, n)
		if k < width {
			for r := range n {
				c.SetNull(r)
			}
		} else {
			c.Gather(0, h.rows.Cols[k-width], h.pairR)
		}
	}
	h.out.N = n
	return h.out, nil
}

// Close closes the inputs and forgets the table.
func (h *Hash) Close() {
	h.left.Close()
	h.right.Close()
	h.table, h.rows, h.batch = nil, nil, nil
}

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
	kept    *vector.Batch // the right rows, where they do not depend on the left
	keptAt  int
	matched []bool
	ended   bool
	rest    int
	out     *vector.Batch
	sel     []int32
	result  vector.Batch
	idx     []int32
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
	n.batch, n.running, n.ended, n.rest, n.kept, n.matched = nil, false, false, 0, nil, nil
	if len(n.params) == 0 {
		n.kept = newBatch(n.node.Right.Output())
		if err := n.right.Open(); err != nil {
			return err
		}
		if err := op.Drain(n.right, func(b *vector.Batch) error {
			n.kept.AppendRows(b.Cols, b.Selection(nil))
			return nil
		}); err != nil {
			return err
		}
		n.right.Close()
		if n.node.Kind == logical.Full {
			n.matched = make([]bool, n.kept.N)
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
	n.running, n.hit, n.keptAt = true, false, 0
	if n.kept != nil {
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
	if n.keptAt >= n.kept.N {
		return nil, nil
	}
	end := min(n.keptAt+min(budget, vector.Size), n.kept.N)
	n.idx = n.idx[:0]
	for i := n.keptAt; i < end; i++ {
		n.idx = append(n.idx, int32(i))
	}
	n.keptAt = end
	n.result = vector.Batch{Cols: n.kept.Cols, N: n.kept.N, Sel: n.idx}
	return &n.result, nil
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
		for _, r := range sel {
			n.matched[r] = true
		}
		return
	}
	for _, k := range kept {
		n.matched[sel[k]] = true
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
	var rows []int32
	for ; n.rest < n.kept.N && len(rows) < budget; n.rest++ {
		if !n.matched[n.rest] {
			rows = append(rows, int32(n.rest))
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	width := len(n.node.Left.Output())
	out := &vector.Batch{N: len(rows)}
	for k, c := range n.node.Out {
		if k < width {
			out.Cols = append(out.Cols, vector.NullConst(c.T))
			continue
		}
		v := vector.New(c.T, len(rows))
		v.Gather(0, n.kept.Cols[k-width], rows)
		out.Cols = append(out.Cols, v)
	}
	return out, nil
}

// Close closes the inputs.
func (n *Nested) Close() {
	n.left.Close()
	n.right.Close()
	n.batch, n.kept = nil, nil
}
