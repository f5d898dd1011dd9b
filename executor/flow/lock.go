package flow

import (
	"errors"

	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/types/vector"
)

// LockRows locks the rows that FOR UPDATE and its kin name, one row at a time, so
// that it never locks more than are asked for (O1).
type LockRows struct {
	env   *op.Env
	node  *plan.LockRows
	in    op.Operator
	marks []int
	out   vector.Batch
	sel   []int32
}

// NewLockRows opens a row lock.
func NewLockRows(env *op.Env, node *plan.LockRows, in op.Operator) (*LockRows, error) {
	l := &LockRows{env: env, node: node, in: in}
	layout := eval.Layout(plan.Layout(node.Input.Output()))
	for _, k := range node.Locks {
		p, ok := layout[k.Mark]
		if !ok {
			return nil, pgerr.Internal("row mark of %s is not at hand", k.Alias)
		}
		l.marks = append(l.marks, p)
	}
	return l, nil
}

// Open opens the input.
func (l *LockRows) Open() error { return l.in.Open() }

// Next gives rows once they are locked.
func (l *LockRows) Next(budget int) (*vector.Batch, error) {
	for {
		b, err := l.in.Next(budget)
		if b == nil || err != nil {
			return nil, err
		}
		l.sel = l.sel[:0]
		for k := range b.Rows() {
			r := b.Row(k)
			keep, err := l.lock(b, r)
			if err != nil {
				return nil, err
			}
			if keep {
				l.sel = append(l.sel, int32(r))
			}
		}
		if len(l.sel) > 0 {
			l.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: l.sel}
			return &l.out, nil
		}
	}
}

// lock locks one row in every table named; false leaves it out.
func (l *LockRows) lock(b *vector.Batch, r int) (bool, error) {
	for i, k := range l.node.Locks {
		v := b.Cols[l.marks[i]]
		if v.Null(r) {
			continue // the null side of an outer join
		}
		key := v.Bytes(r)
		err := l.env.Txn.LockRow(l.env.Context, key, kv.Strength(k.Strength), kv.Wait{Policy: kv.WaitPolicy(k.Wait), Timeout: l.env.LockTimeout})
		switch {
		case errors.Is(err, kv.ErrSkipped):
			return false, nil
		case errors.Is(err, kv.ErrLockNotAvailable):
			return false, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation \"%s\"", k.Table.Name)
		case err != nil:
			return false, err
		}
		latest, err := l.env.Txn.Latest(l.env.Context, key)
		if err != nil {
			return false, err
		}
		if latest.Own || latest.Found && !l.env.View.Changed(latest) {
			continue
		}
		if !l.env.ReadCommitted {
			return false, kv.ErrWriteConflict
		}
		if !latest.Found {
			return false, nil
		}
		return false, pgerr.Unsupported("locking a row that changed while its lock was awaited")
	}
	return true, nil
}

// Close closes the input.
func (l *LockRows) Close() { l.in.Close() }
