package window

import (
	"datapunk/executor/spill"
	"datapunk/internal/pgerr"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// edge is an end of a RANGE frame with an offset: where the ordering value is so far from
// the current row's as the type's in_range function says (PostgreSQL manual, 38.16.3). It
// never goes back from one row to the next.
type edge struct {
	w     *Window
	start bool
	run   *eval.Eval
	args  *vector.Batch
	at    int
	look  *spill.Cursor // on that row
}

func newEdge(w *Window, offset *vector.Vector, start bool) (*edge, error) {
	frame, desc := &w.node.Frame, w.node.Order[0].Desc
	oid, bound := frame.EndInRange, frame.End
	if start {
		oid, bound = frame.StartInRange, frame.Start
	}
	fn := w.env.Functions.Func(oid)
	if fn == nil || fn.Impl == nil {
		return nil, pgerr.Unsupported("RANGE with an offset of this type")
	}
	e := &edge{w: w, start: start, args: &vector.Batch{N: 1}, look: w.cursor()}
	call := &expr.Call{Typing: expr.Bool(), Func: fn}
	layout := eval.Layout{}
	for i, t := range fn.Args[:3] {
		id := expr.ColumnID(i + 1)
		layout[id] = i
		call.Args = append(call.Args, &expr.Column{Typing: expr.Of(t), ID: id})
		e.args.Cols = append(e.args.Cols, vector.New(t, 1))
	}
	e.args.Cols[2].Set(0, offset, offset.Index(0))
	// sub moves the current value down; less asks for value ≤ bound, else value ≥ bound.
	sub, less := (bound == logical.Preceding) != desc, start == desc
	call.Args = append(call.Args, expr.NewConst(types.BoolType, sub), expr.NewConst(types.BoolType, less))
	var err error
	e.run, err = eval.Compile(call, layout, w.env.Env)
	return e, err
}

// begin begins a partition.
func (e *edge) begin() { e.at = 0 }

// of finds the end for a row, which is in the current block.
func (e *edge) of(row int) (int, error) {
	current, err := e.w.current.At(row)
	if err != nil {
		return 0, err
	}
	key := e.w.current.Block.Cols[e.w.layout.partition]
	for n := e.w.rows.Len(); e.at < n; e.at++ {
		i, err := e.look.At(e.at)
		if err != nil {
			return 0, err
		}
		passed, err := e.passed(e.look.Block.Cols[e.w.layout.partition], i, key, current)
		if passed || err != nil {
			return e.at, err
		}
	}
	return e.at, nil
}

// passed tells whether a value is in the frame (at its start), or after it (at its end).
func (e *edge) passed(v *vector.Vector, i int, key *vector.Vector, current int) (bool, error) {
	x, y := v.Null(i), key.Null(current)
	switch first := e.w.node.Order[0].NullsFirst; {
	case x && y:
		return e.start, nil
	case x:
		return !first, nil
	case y:
		return first, nil
	}
	in, err := e.inRange(v, i, key, current)
	return in == e.start, err
}

func (e *edge) inRange(v *vector.Vector, i int, key *vector.Vector, current int) (bool, error) {
	for k, from := range []*vector.Vector{v, key} {
		to := e.args.Cols[k]
		to.Init(to.Type, 1)
		to.Set(0, from, []int{i, current}[k])
	}
	r, err := e.run.Run(e.args, []int32{0})
	if err != nil {
		return false, plain(err)
	}
	return !r.Null(0) && vector.Of[bool](r)[r.Index(0)], nil
}
