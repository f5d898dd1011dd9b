package dml

import (
	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

// Change is UPDATE and DELETE: it locks each row that its input marks, looks
// whether it is still the row that was read, and changes it.
type Change struct {
	env       *op.Env
	in        op.Operator
	writer    *Writer
	change    *logical.Change
	update    bool
	mark      int
	old       []int // input place of each table column by number, -1 if dropped
	input     []plan.Column
	values    []*eval.Eval
	recheck   *table.Recheck
	layout    eval.Layout
	returning *returning
	done      bool
	strong    bool // an updated column belongs to a key
}

// NewUpdate opens an update.
func NewUpdate(env *op.Env, node *plan.Update, in op.Operator, catalog Catalog) (*Change, error) {
	c, err := newChange(env, node.Input, int(node.Mark), node.Old, node.Change, node.Change.NewRow, node.Indexes, node.Recheck, in, catalog)
	if err != nil {
		return nil, err
	}
	c.update = true
	if c.values, err = op.Compile(node.Change.Values, c.layout, env); err != nil {
		return nil, err
	}
	changed := map[int16]bool{}
	for _, n := range node.Change.Columns {
		changed[n] = true
	}
	for _, k := range c.writer.Table.Key {
		c.strong = c.strong || changed[k.Number]
	}
	for _, x := range c.writer.Table.Indexes {
		if x.Unique {
			for _, k := range x.Keys {
				c.strong = c.strong || k.Number == 0 || changed[k.Number]
			}
		}
	}
	c.returning, err = newReturning(env, node.Returning, node.Out, c.writer.layout, node.Change, c.input, c.writer)
	return c, err
}

// NewDelete opens a delete.
func NewDelete(env *op.Env, node *plan.Delete, in op.Operator, catalog Catalog) (*Change, error) {
	c, err := newChange(env, node.Input, int(node.Mark), node.Old, node.Change, node.Change.Table.Cols, node.Indexes, node.Recheck, in, catalog)
	if err != nil {
		return nil, err
	}
	c.strong = true
	c.returning, err = newReturning(env, node.Returning, node.Out, c.writer.layout, node.Change, c.input, c.writer)
	return c, err
}

func newChange(env *op.Env, input plan.Node, mark int, old []plan.Column, change *logical.Change, cols []logical.Col, indexes []plan.IndexExprs, recheck *plan.Recheck, in op.Operator, catalog Catalog) (*Change, error) {
	w, err := NewWriter(env, catalog, change, cols, indexes)
	if err != nil {
		return nil, err
	}
	c := &Change{env: env, in: in, writer: w, change: change, input: input.Output(), mark: -1, layout: plan.Layout(input.Output())}
	for i, col := range c.input {
		if int(col.ID) == mark {
			c.mark = i
		}
	}
	c.old = make([]int, len(w.Table.Types))
	for i := range c.old {
		c.old[i] = -1
	}
	k := 0
	for i := range w.Table.Desc.Columns {
		if w.Table.Desc.Columns[i].Dropped {
			continue
		}
		if p, ok := c.layout[old[k].ID]; ok {
			c.old[i] = p
		}
		k++
	}
	c.recheck, err = table.NewRecheck(w.Table, recheck, c.layout, c.mark, env.Env)
	return c, err
}

// Open opens the input.
func (c *Change) Open() error {
	c.done = false
	return c.in.Open()
}

// Next changes rows; see Insert.Next.
func (c *Change) Next(int) (*vector.Batch, error) {
	for !c.done {
		b, err := c.in.Next(vector.Size)
		if err != nil {
			return nil, err
		}
		if b == nil {
			c.done = true
			break
		}
		for k := range b.Rows() {
			if err := c.row(b, b.Row(k)); err != nil {
				return nil, err
			}
		}
		if err := c.env.Interrupt(); err != nil {
			return nil, err
		}
		if out := c.returning.take(); out != nil {
			return out, nil
		}
	}
	return nil, nil
}

// row changes one row.
func (c *Change) row(b *vector.Batch, i int) error {
	if c.mark < 0 || b.Cols[c.mark].Null(i) {
		return nil
	}
	ctx := c.env.Context
	key := append([]byte(nil), b.Cols[c.mark].Bytes(i)...)
	// The input row as constants: one row of it may be replaced by the latest.
	row := table.Constants(b, i)
	strength := kv.NoKeyExclusive
	if c.strong {
		strength = kv.Exclusive
	}
	var latest kv.Latest
	for {
		if err := c.env.Txn.LockRow(ctx, key, strength, kv.Wait{Timeout: c.env.LockTimeout}); err != nil {
			return err
		}
		var err error
		if latest, err = c.env.Txn.Latest(ctx, key); err != nil {
			return err
		}
		if latest.Own && latest.Command == c.env.Txn.Command() {
			return nil // changed by this very command, as by a join that meets it twice
		}
		if !latest.Own && c.env.View.Changed(latest) || !latest.Found {
			if !c.env.ReadCommitted {
				return kv.ErrWriteConflict
			}
			if !latest.Found {
				if latest.Moved == nil {
					return nil
				}
				key = append([]byte(nil), latest.Moved...)
				c.env.Overtaken.Followed.Add(1)
				continue
			}
			c.env.Overtaken.Rechecked.Add(1)
			pass, err := c.recheck.Row(row, key, latest.Value)
			if err != nil || !pass {
				return err
			}
		}
		break
	}
	w := c.writer
	old := make([]*vector.Vector, len(c.old))
	for n, p := range c.old {
		if p >= 0 {
			old[n] = row.Cols[p]
		} else {
			old[n] = vector.NullConst(w.Table.Types[n])
		}
	}
	h, ok := rowcodec.ReadHeader(latest.Value)
	if !ok {
		return kv.ErrCorrupt
	}
	if !c.update {
		if err := w.remove(key, old, 0, nil); err != nil {
			return err
		}
		if err := w.referenced(old, nil, 0); err != nil {
			return err
		}
		c.env.Changed++
		c.env.Session.RowCount(w.Table.Desc.Storage, 0, 0, 1)
		return c.returning.add(c.joined(old, row), 0)
	}
	fresh := newRow(w.Table.Types)
	for n := range fresh {
		fresh[n].Set(0, old[n], 0)
	}
	one := []int32{0}
	for k, e := range c.values {
		v, err := e.Run(row, one)
		if err != nil {
			return plain(err)
		}
		fresh[c.change.Columns[k]-1].Set(0, v, 0)
	}
	if err := w.complete(fresh, 0); err != nil {
		return err
	}
	if err := w.replace(key, old, fresh, 0, h.Number); err != nil {
		return err
	}
	if err := w.referenced(old, fresh, 0); err != nil {
		return err
	}
	c.env.Changed++
	c.env.Session.RowCount(w.Table.Desc.Storage, 0, 1, 0)
	return c.returning.add(c.joined(fresh, row), 0)
}

// joined puts the changed row and the input row side by side, for RETURNING.
func (c *Change) joined(changed []*vector.Vector, row *vector.Batch) *vector.Batch {
	return &vector.Batch{N: 1, Cols: append(append([]*vector.Vector(nil), changed...), row.Cols...)}
}

// Close closes the input.
func (c *Change) Close() { c.in.Close() }
