package table

import (
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/types/vector"
)

// Recheck looks at a joined row again after one of its base rows turned out to have
// changed while its lock was awaited (PostgreSQL's EvalPlanQual): the base row's
// columns are read from its latest version, and the conditions tested once more.
type Recheck struct {
	table   *Table
	numbers []int16
	places  []int // in the joined row
	mark    int   // of the base row's key
	cols    []plan.Column
	conds   []*eval.Eval
}

// NewRecheck prepares a recheck over rows of a layout, whose column mark is the base
// row's key.
func NewRecheck(t *Table, node *plan.Recheck, layout eval.Layout, mark int, env *eval.Env) (*Recheck, error) {
	r := &Recheck{table: t, mark: mark}
	for i, c := range node.Columns {
		if p, ok := layout[c.ID]; ok {
			r.numbers, r.places, r.cols = append(r.numbers, node.Numbers[i]), append(r.places, p), append(r.cols, c)
		}
	}
	for _, c := range node.Conds {
		e, err := eval.Compile(c, layout, env)
		if err != nil {
			return nil, err
		}
		r.conds = append(r.conds, e)
	}
	return r, nil
}

// Row puts the latest version (key and value) into a one-row batch of constants, and
// tells whether the row still meets the conditions.
func (r *Recheck) Row(row *vector.Batch, key, value []byte) (bool, error) {
	out := make([]*vector.Vector, len(r.cols))
	for i, c := range r.cols {
		out[i] = vector.New(c.T, 1)
	}
	if err := r.table.Decode(key, value, r.numbers, out, 0); err != nil {
		return false, err
	}
	for i, p := range r.places {
		out[i].Const = true
		row.Cols[p] = out[i]
	}
	row.Cols[r.mark] = vector.Value(row.Cols[r.mark].Type, key)
	sel, err := eval.Filter(r.conds, row, []int32{0}, make([]int32, 0, 1))
	if e, ok := err.(*vector.RowError); ok {
		err = e.Err
	}
	return len(sel) > 0, err
}

// Constants makes a batch of one row, each column a constant, of row i of b.
func Constants(b *vector.Batch, i int) *vector.Batch {
	row := &vector.Batch{N: 1}
	for _, v := range b.Cols {
		row.Cols = append(row.Cols, vector.NewConst(v, i))
	}
	return row
}
