package window

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types/vector"
)

// input cuts the rows of the operator below into partitions.
type input struct {
	env   *op.Env
	in    op.Operator
	exprs []*eval.Eval // keys and arguments
	keys  keys         // of the partition
	cols  []*vector.Vector
	left  []int32          // rows of cols that belong to no partition yet
	last  []*vector.Vector // keys of the row before them, where a batch ended
	ended bool
}

func newInput(env *op.Env, node *plan.Window, in op.Operator, computed []expr.Expr) (*input, error) {
	below := node.Input.Output()
	exprs, err := op.Compile(computed, plan.Layout(below), env)
	if err != nil {
		return nil, err
	}
	return &input{env: env, in: in, exprs: exprs, keys: newKeys(len(below), node.Partition)}, nil
}

func (p *input) reset() { p.left, p.last, p.ended = nil, p.last[:0], false }

// partition appends the rows of the next partition, none at the end of the input.
func (p *input) partition(rows *spill.Rows) error {
	for !p.ended {
		if len(p.left) == 0 {
			if err := p.read(); err != nil {
				return err
			}
			if p.ended || rows.Len() > 0 && !p.keys.same(p.last, 0, p.cols, int(p.left[0])) {
				break
			}
		}
		n := 1
		for n < len(p.left) && p.keys.same(p.cols, int(p.left[n-1]), p.cols, int(p.left[n])) {
			n++
		}
		if err := rows.Add(p.cols, p.left[:n]); err != nil {
			return err
		}
		row := p.left[n-1]
		if p.left = p.left[n:]; len(p.left) > 0 {
			break
		}
		p.last = append(p.last[:0], p.cols...)
		for k := p.keys.first; k < p.keys.first+len(p.keys.compare); k++ {
			p.last[k] = vector.NewConst(p.cols[k], int(row))
		}
	}
	return rows.Finish()
}

// read reads the next batch that has rows, and computes what is computed of them.
func (p *input) read() error {
	for len(p.left) == 0 {
		b, err := p.in.Next(vector.Size)
		if err != nil {
			return err
		}
		if b == nil {
			p.ended = true
			return nil
		}
		p.left = b.Selection(nil)
		p.cols = append(p.cols[:0], b.Cols...)
		for _, e := range p.exprs {
			v, err := e.Run(b, p.left)
			if err != nil {
				return plain(err)
			}
			p.cols = append(p.cols, v)
		}
		if err := p.env.Interrupt(); err != nil {
			return err
		}
	}
	return nil
}
