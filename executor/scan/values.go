package scan

import (
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types/vector"
)

// Values gives rows of expressions.
type Values struct {
	env   *op.Env
	cols  []plan.Column
	rows  [][]expr.Expr
	batch *vector.Batch
	at    int
	held  error
}

// NewValues makes the rows of VALUES.
func NewValues(env *op.Env, cols []plan.Column, rows [][]expr.Expr) *Values {
	return &Values{env: env, cols: cols, rows: rows, batch: newBatch(cols, min(len(rows), vector.Size))}
}

// NewResult gives one row.
func NewResult(env *op.Env, node *plan.Result) *Values {
	return NewValues(env, node.Out, [][]expr.Expr{node.Exprs})
}

func newBatch(cols []plan.Column, n int) *vector.Batch {
	b := &vector.Batch{}
	for _, c := range cols {
		b.Cols = append(b.Cols, vector.New(c.T, n))
	}
	return b
}

// Open starts at the first row.
func (v *Values) Open() error {
	v.at, v.held = 0, nil
	return nil
}

// Next computes the next rows.
func (v *Values) Next(budget int) (*vector.Batch, error) {
	if v.held != nil {
		return nil, v.held
	}
	n := min(budget, vector.Size, len(v.rows)-v.at)
	if n <= 0 {
		return nil, nil
	}
	for i, c := range v.cols {
		v.batch.Cols[i].Init(c.T, n)
	}
	v.batch.N = 0
	for ; v.batch.N < n; v.batch.N++ {
		for k, e := range v.rows[v.at] {
			if c, ok := e.(*expr.Const); ok {
				v.batch.Cols[k].Set(v.batch.N, c.Value, 0)
				continue
			}
			x, err := eval.Compile(e, nil, v.env.Env)
			if err != nil {
				return nil, err
			}
			value, err := x.Value()
			if err != nil {
				if v.batch.N == 0 {
					return nil, err
				}
				v.held = err
				return v.batch, nil
			}
			v.batch.Cols[k].Set(v.batch.N, value, 0)
		}
		v.at++
	}
	return v.batch, nil
}

// Close does nothing.
func (v *Values) Close() {}

// Source passes rows from outside on.
type Source struct{ node *plan.Source }

// NewSource reads rows from outside.
func NewSource(node *plan.Source) *Source { return &Source{node} }

// Open does nothing: rows from outside come once.
func (s *Source) Open() error { return nil }

// Next gives the next rows.
func (s *Source) Next(budget int) (*vector.Batch, error) {
	return s.node.Rows.Next(min(budget, vector.Size))
}

// Close does nothing.
func (s *Source) Close() {}
