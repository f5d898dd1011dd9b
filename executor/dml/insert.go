package dml

import (
	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

// Insert adds the rows of its input.
type Insert struct {
	env       *op.Env
	node      *plan.Insert
	in        op.Operator
	writer    *Writer
	values    []*eval.Eval // one for each of Change.Full
	returning *returning
	conflict  *onConflict
	cols      []*vector.Vector // the new rows, by column number
	done      bool
}

// onConflict is what ON CONFLICT DO UPDATE computes with.
type onConflict struct {
	set      []*eval.Eval
	where    *eval.Eval
	arbiters map[types.OID]bool
	any      bool
	width    int // columns of the table; the excluded row follows
	layout   eval.Layout
	touched  map[string]bool
}

// NewInsert opens an insert.
func NewInsert(env *op.Env, node *plan.Insert, in op.Operator, catalog Catalog) (*Insert, error) {
	w, err := NewWriter(env, catalog, node.Change, node.Change.NewRow, node.Indexes)
	if err != nil {
		return nil, err
	}
	n := &Insert{env: env, node: node, in: in, writer: w}
	layout := plan.Layout(node.Input.Output())
	for _, a := range node.Change.Full {
		e, err := eval.Compile(a.Expr, layout, env.Env)
		if err != nil {
			return nil, err
		}
		n.values = append(n.values, e)
	}
	n.cols = newRow(w.Table.Types)
	if n.returning, err = newReturning(env, node.Returning, node.Out, w.layout, node.Change, nil, w); err != nil {
		return nil, err
	}
	if c := node.Change.Conflict; c != nil {
		k := &onConflict{arbiters: map[types.OID]bool{}, any: len(c.Indexes) == 0, width: len(w.Table.Types), layout: eval.Layout{}, touched: map[string]bool{}}
		for _, oid := range c.Indexes {
			k.arbiters[oid] = true
		}
		for _, col := range node.Change.Table.Cols {
			if col.Number > 0 {
				k.layout[col.ID] = int(col.Number) - 1
			}
		}
		if c.Excluded != nil {
			for _, col := range c.Excluded.Cols {
				if col.Number > 0 {
					k.layout[col.ID] = k.width + int(col.Number) - 1
				}
			}
		}
		for _, a := range c.Set {
			e, err := eval.Compile(a.Expr, k.layout, env.Env)
			if err != nil {
				return nil, err
			}
			k.set = append(k.set, e)
		}
		if c.Where != nil {
			if k.where, err = eval.Compile(c.Where, k.layout, env.Env); err != nil {
				return nil, err
			}
		}
		n.conflict = k
	}
	return n, nil
}

func newRow(list []*types.Type) []*vector.Vector {
	out := make([]*vector.Vector, len(list))
	for i, t := range list {
		out[i] = vector.New(t, 1)
	}
	return out
}

// Open opens the input.
func (n *Insert) Open() error {
	n.done = false
	n.writer.startBulk()
	return n.in.Open()
}

// Next inserts; with RETURNING it gives the new rows batch by batch, else it runs
// to the end at once.
func (n *Insert) Next(int) (*vector.Batch, error) {
	for !n.done {
		b, err := n.in.Next(vector.Size)
		if err != nil {
			return nil, err
		}
		if b == nil {
			n.done = true
			if err := n.writer.finishBulk(); err != nil {
				return nil, err
			}
			break
		}
		if err := n.batch(b); err != nil {
			return nil, err
		}
		if err := n.env.Interrupt(); err != nil {
			return nil, err
		}
		if out := n.returning.take(); out != nil {
			return out, nil
		}
	}
	return nil, nil
}

func (n *Insert) batch(b *vector.Batch) error {
	sel := b.Selection(nil)
	for i, t := range n.writer.Table.Types {
		n.cols[i].Init(t, b.N)
		for _, r := range sel {
			n.cols[i].SetNull(int(r))
		}
	}
	for i, a := range n.node.Change.Full {
		v, err := n.values[i].Run(b, sel)
		if err != nil {
			return plain(err)
		}
		col := n.cols[a.Column-1]
		for _, r := range sel {
			col.Set(int(r), v, int(r))
		}
	}
	for _, r := range sel {
		i := int(r)
		if err := n.writer.complete(n.cols, i); err != nil {
			return err
		}
		if n.conflict != nil {
			if err := n.upsert(i); err != nil {
				return err
			}
			continue
		}
		if _, err := n.writer.insert(n.cols, i, nil, false); err != nil {
			return err
		}
		n.count(1, 0)
		if err := n.returning.add(&vector.Batch{Cols: n.cols, N: i + 1}, i); err != nil {
			return err
		}
	}
	return nil
}

func (n *Insert) count(inserted, updated int64) {
	n.env.Changed += inserted + updated
	n.env.Session.RowCount(n.writer.Table.Desc.Storage, inserted, updated, 0)
}

// upsert inserts a row, or does what ON CONFLICT says about the one in its way.
func (n *Insert) upsert(i int) error {
	k := n.conflict
	for {
		mark := n.env.Txn.Savepoint()
		hit, err := n.writer.insert(n.cols, i, k.arbiters, k.any)
		if err != nil {
			return err
		}
		if hit == nil {
			n.count(1, 0)
			k.touched[string(n.writer.Table.RowKey(nil, n.cols, i, 0))] = true
			return n.returning.add(&vector.Batch{Cols: n.cols, N: i + 1}, i)
		}
		if err := n.env.Txn.RollbackTo(mark); err != nil {
			return err
		}
		if !n.node.Change.Conflict.Update {
			return n.ignored(hit.key)
		}
		again, err := n.update(hit.key, i)
		if err != nil || !again {
			return err
		}
	}
}

// ignored handles DO NOTHING: under REPEATABLE READ a row that the snapshot cannot
// see may not decide.
func (n *Insert) ignored(key []byte) error {
	if n.env.ReadCommitted {
		return nil
	}
	latest, err := n.env.Txn.Latest(n.env.Context, key)
	if err != nil {
		return err
	}
	if latest.Found && !latest.Own && n.env.View.Changed(latest) {
		return kv.ErrWriteConflict
	}
	return nil
}

// update is DO UPDATE of the row under key; again means that the row went away.
func (n *Insert) update(key []byte, i int) (again bool, err error) {
	ctx := n.env.Context
	if err := n.env.Txn.LockRow(ctx, key, kv.Exclusive, kv.Wait{Timeout: n.env.LockTimeout}); err != nil {
		return false, err
	}
	latest, err := n.env.Txn.Latest(ctx, key)
	if err != nil {
		return false, err
	}
	if !latest.Found {
		n.env.Overtaken.Retried.Add(1)
		return true, nil
	}
	if latest.Own && latest.Command == n.env.Txn.Command() {
		return false, pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
			WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
	}
	if !n.env.ReadCommitted && !latest.Own && n.env.View.Changed(latest) {
		return false, kv.ErrWriteConflict
	}
	k := n.conflict
	w := n.writer
	old := newRow(w.Table.Types)
	var numbers []int16
	for c := range old {
		numbers = append(numbers, int16(c+1))
	}
	if err := w.Table.Decode(key, latest.Value, numbers, old, 0); err != nil {
		return false, err
	}
	both := &vector.Batch{N: 1, Cols: append([]*vector.Vector(nil), old...)}
	for _, c := range n.cols {
		both.Cols = append(both.Cols, vector.NewConst(c, i))
	}
	one := []int32{0}
	if k.where != nil {
		v, err := k.where.Run(both, one)
		if err != nil {
			return false, plain(err)
		}
		if v.Null(0) || !vector.Of[bool](v)[v.Index(0)] {
			return false, nil
		}
	}
	fresh := newRow(w.Table.Types)
	for c := range fresh {
		fresh[c].Set(0, old[c], 0)
	}
	for s, a := range n.node.Change.Conflict.Set {
		v, err := k.set[s].Run(both, one)
		if err != nil {
			return false, plain(err)
		}
		fresh[a.Column-1].Set(0, v, 0)
	}
	if err := w.complete(fresh, 0); err != nil {
		return false, err
	}
	h, _ := rowcodec.ReadHeader(latest.Value)
	if err := w.replace(key, old, fresh, 0, h.Number); err != nil {
		return false, err
	}
	if err := w.referenced(old, fresh, 0); err != nil {
		return false, err
	}
	n.count(0, 1)
	return false, n.returning.add(&vector.Batch{Cols: fresh, N: 1}, 0)
}

// Close closes the input.
func (n *Insert) Close() { n.in.Close() }

// returning collects the rows of RETURNING.
type returning struct {
	exprs  []*eval.Eval
	out    *vector.Batch
	cols   []plan.Column
	width  int // columns of the table; then the input's
	writer *Writer
}

// newReturning compiles RETURNING over the changed row (by layout) and, after the
// table's columns, the input's columns.
func newReturning(env *op.Env, list []expr.Expr, cols []plan.Column, layout eval.Layout, change *logical.Change, input []plan.Column, w *Writer) (*returning, error) {
	r := &returning{cols: cols, width: len(w.Table.Types), writer: w}
	if len(list) == 0 {
		return r, nil
	}
	all := eval.Layout{}
	for id, p := range layout {
		all[id] = p
	}
	for i, c := range input {
		if _, ok := all[c.ID]; !ok {
			all[c.ID] = r.width + i
		}
	}
	var err error
	if r.exprs, err = op.Compile(list, all, env); err != nil {
		return nil, err
	}
	r.reset()
	return r, nil
}

func (r *returning) reset() {
	r.out = &vector.Batch{}
	for _, c := range r.cols {
		r.out.Cols = append(r.out.Cols, vector.New(c.T, 16))
	}
}

// add computes the row i of b.
func (r *returning) add(b *vector.Batch, i int) error {
	if r.exprs == nil {
		return nil
	}
	for k, e := range r.exprs {
		v, err := e.Run(b, []int32{int32(i)})
		if err != nil {
			return plain(err)
		}
		r.out.Cols[k].Grow(r.out.N + 1)
		r.out.Cols[k].Set(r.out.N, v, i)
	}
	r.out.N++
	return nil
}

// take gives what was collected.
func (r *returning) take() *vector.Batch {
	if r.exprs == nil || r.out.N == 0 {
		return nil
	}
	out := r.out
	r.reset()
	return out
}
