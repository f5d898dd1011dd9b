package window

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// A frame of RANGE with an offset ends where the ordering value is so far from the
// current row's as the type's in_range function says (PostgreSQL manual, 38.16.3). The
// ends never go back from one row to the next, so that a pass finds them all.

// inRange tells whether a row's value is on the asked side of the current one's, moved
// by the offset.
type inRange struct {
	run  *eval.Eval
	args *vector.Batch
	key  *vector.Vector // the ordering values of the partition
}

// newInRange prepares the in_range function of one end. sub moves the current value
// down; less asks for value ≤ bound, else value ≥ bound.
func (w *Window) newInRange(oid types.OID, offset *vector.Vector, sub, less bool) (*inRange, error) {
	fn := w.env.Functions.Func(oid)
	if fn == nil || fn.Impl == nil {
		return nil, pgerr.Unsupported("RANGE with an offset of this type")
	}
	key := w.rows.Cols[w.width+len(w.partition)]
	r := &inRange{key: key, args: &vector.Batch{N: 1}}
	call := &expr.Call{Typing: expr.Bool(), Func: fn}
	layout := eval.Layout{}
	for i, t := range []*types.Type{fn.Args[0], fn.Args[1], fn.Args[2]} {
		id := expr.ColumnID(i + 1)
		layout[id] = i
		call.Args = append(call.Args, &expr.Column{Typing: expr.Of(t), ID: id})
		r.args.Cols = append(r.args.Cols, vector.New(t, 1))
	}
	r.args.Cols[2].Set(0, offset, offset.Index(0))
	call.Args = append(call.Args, expr.NewConst(types.BoolType, sub), expr.NewConst(types.BoolType, less))
	var err error
	r.run, err = eval.Compile(call, layout, w.env.Env)
	return r, err
}

func (r *inRange) test(row, current int) (bool, error) {
	for i, k := range []int{row, current} {
		v := r.args.Cols[i]
		v.Init(v.Type, 1)
		v.Set(0, r.key, k)
	}
	v, err := r.run.Run(r.args, []int32{0})
	if err != nil {
		if e, ok := err.(*vector.RowError); ok {
			err = e.Err
		}
		return false, err
	}
	return !v.Null(0) && vector.Of[bool](v)[v.Index(0)], nil
}

// ranges finds all starts and ends of a partition that an offset decides.
func (f *frames) ranges() error {
	w := f.w
	frame, order := &w.node.Frame, w.node.Order[0]
	key := w.rows.Cols[w.width+len(w.partition)]
	if f.startV != nil {
		sub := frame.Start == logical.Preceding
		test, err := w.newInRange(frame.StartInRange, f.startV, sub != order.Desc, order.Desc)
		if err != nil {
			return err
		}
		f.starts = make([]int32, w.n)
		at := 0
		for i := range w.n {
			for ; at < w.n; at++ {
				nullAt, null := key.Null(at), key.Null(i)
				if nullAt || null {
					if order.NullsFirst && (!nullAt || null) || !order.NullsFirst && (nullAt || !null) {
						break
					}
					continue
				}
				in, err := test.test(at, i)
				if err != nil {
					return err
				}
				if in {
					break
				}
			}
			f.starts[i] = int32(at)
		}
	}
	if f.endV == nil {
		return nil
	}
	sub := frame.End == logical.Preceding
	test, err := w.newInRange(frame.EndInRange, f.endV, sub != order.Desc, !order.Desc)
	if err != nil {
		return err
	}
	f.ends = make([]int32, w.n)
	at := 0
	for i := range w.n {
		for ; at < w.n; at++ {
			nullAt, null := key.Null(at), key.Null(i)
			if nullAt || null {
				if order.NullsFirst && !nullAt || !order.NullsFirst && !null {
					break
				}
				continue
			}
			in, err := test.test(at, i)
			if err != nil {
				return err
			}
			if !in {
				break
			}
		}
		f.ends[i] = int32(at)
	}
	return nil
}
