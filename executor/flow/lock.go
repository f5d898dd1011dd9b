package flow

import (
	"bytes"
	"errors"

	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/types/vector"
)

// LockRows locks the rows that FOR UPDATE and its kin name, one row at a time, so
// that it never locks more than are asked for (O1). A row that changed while its lock
// was awaited is looked at again and, if it still belongs to the result, given as it
// is now.
type LockRows struct {
	env     *op.Env
	node    *plan.LockRows
	in      op.Operator
	marks   []int
	recheck []*table.Recheck

	batch *vector.Batch // input rows being locked
	at    int
	fresh *vector.Batch // a row that changed, to be given next
	out   vector.Batch
	sel   []int32
	last  [][]byte // keys of the last row given
}

// Current is the key of the base row of lock i in the last row given, nil if it has none.
func (l *LockRows) Current(i int) []byte {
	if i >= len(l.last) {
		return nil
	}
	return l.last[i]
}

// remember notes the keys of the last row given.
func (l *LockRows) remember(b *vector.Batch) *vector.Batch {
	r := b.Row(b.Rows() - 1)
	l.last = l.last[:0]
	for _, p := range l.marks {
		if v := b.Cols[p]; v.Null(r) {
			l.last = append(l.last, nil)
		} else {
			l.last = append(l.last, bytes.Clone(v.Bytes(r)))
		}
	}
	return b
}

// NewLockRows opens a row lock.
func NewLockRows(env *op.Env, node *plan.LockRows, in op.Operator, catalog table.Catalog) (*LockRows, error) {
	l := &LockRows{env: env, node: node, in: in}
	layout := eval.Layout(plan.Layout(node.Input.Output()))
	for _, k := range node.Locks {
		p, ok := layout[k.Mark]
		if !ok {
			return nil, pgerr.Internal("row mark of %s is not at hand", k.Alias)
		}
		t, err := table.Open(k.Table, catalog)
		if err != nil {
			return nil, err
		}
		r, err := table.NewRecheck(t, k.Recheck, layout, p, env.Env)
		if err != nil {
			return nil, err
		}
		l.marks, l.recheck = append(l.marks, p), append(l.recheck, r)
	}
	return l, nil
}

// Open opens the input.
func (l *LockRows) Open() error {
	l.batch, l.fresh = nil, nil
	return l.in.Open()
}

// Next gives rows once they are locked.
func (l *LockRows) Next(budget int) (*vector.Batch, error) {
	for {
		if row := l.fresh; row != nil {
			l.fresh = nil
			return l.remember(row), nil
		}
		if l.batch == nil {
			b, err := l.in.Next(budget)
			if b == nil || err != nil {
				return nil, err
			}
			l.batch, l.at = b, 0
		}
		l.sel = l.sel[:0]
		for ; l.at < l.batch.Rows() && l.fresh == nil; l.at++ {
			r := l.batch.Row(l.at)
			row, keep, err := l.lock(l.batch, r)
			switch {
			case err != nil:
				return nil, err
			case !keep:
			case row != nil:
				l.fresh = row
			default:
				l.sel = append(l.sel, int32(r))
			}
		}
		l.out = vector.Batch{Cols: l.batch.Cols, N: l.batch.N, Sel: l.sel}
		if l.at >= l.batch.Rows() {
			l.batch = nil
		}
		if len(l.sel) > 0 {
			return l.remember(&l.out), nil
		}
	}
}

// lock locks one row in every table named. keep is false where it is left out; row
// is its new form if one of its base rows had changed.
func (l *LockRows) lock(b *vector.Batch, r int) (row *vector.Batch, keep bool, err error) {
	ctx := l.env.Context
	for i, k := range l.node.Locks {
		v := b.Cols[l.marks[i]]
		if v.Null(r) {
			continue // the null side of an outer join
		}
		key := append([]byte(nil), v.Bytes(r)...)
		for {
			err := l.env.Txn.LockRow(ctx, key, kv.Strength(k.Strength), kv.Wait{Policy: kv.WaitPolicy(k.Wait), Timeout: l.env.LockTimeout})
			switch {
			case errors.Is(err, kv.ErrSkipped):
				return nil, false, nil
			case errors.Is(err, kv.ErrLockNotAvailable):
				return nil, false, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation \"%s\"", k.Table.Name)
			case err != nil:
				return nil, false, err
			}
			latest, err := l.env.Txn.Latest(ctx, key)
			if err != nil {
				return nil, false, err
			}
			if latest.Own || latest.Found && !l.env.View.Changed(latest) {
				break
			}
			if !l.env.ReadCommitted {
				return nil, false, kv.ErrWriteConflict
			}
			if !latest.Found {
				if latest.Moved == nil {
					return nil, false, nil
				}
				key = append([]byte(nil), latest.Moved...)
				l.env.Overtaken.Followed.Add(1)
				continue
			}
			if row == nil {
				row = table.Constants(b, r)
			}
			l.env.Overtaken.Rechecked.Add(1)
			if pass, err := l.recheck[i].Row(row, key, latest.Value); !pass || err != nil {
				return nil, false, err
			}
			break
		}
	}
	return row, true, nil
}

// Close closes the input.
func (l *LockRows) Close() { l.in.Close() }
