package window

import (
	"datapunk/executor/spill"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types/vector"
)

// aggregate is an aggregate over frames: rows are added while the start stays, and taken
// out where it moves if the aggregate can; else it starts again.
type aggregate struct {
	call     *call
	state    function.Aggregator
	from, to int // rows that are in it
	value    *vector.Vector
	valueOf  [2]int // the frame of which value is the result
	// Rows come in and go out at the two ends of the frame.
	entering, leaving *spill.Cursor
	sel               []int32
	added             int // rows, since it was last asked for an interrupt
}

// inFirst is the group of all rows.
var inFirst [vector.Size]int32

// Partition begins a partition.
func (a *aggregate) Partition(function.Partition) error {
	a.valueOf = [2]int{-1, -1}
	return a.restart(0)
}

// restart empties the state, the first row to come being at from.
func (a *aggregate) restart(from int) (err error) {
	site := a.call.site
	if a.state, err = a.call.node.Func.Impl.Agg(&site); err != nil {
		return err
	}
	a.state.Grow(1)
	a.from, a.to = from, from
	return nil
}

// Row gives the aggregate over a row's frame.
func (a *aggregate) Row(f *function.Frame, out *vector.Vector, at int) error {
	if a.call.w.node.Frame.Exclude != logical.ExcludeNone {
		if err := a.restart(0); err != nil {
			return err
		}
		for _, part := range f.Parts {
			if err := a.add(part[0], part[1]); err != nil {
				return err
			}
		}
		return a.result(f, out, at)
	}
	if a.valueOf == [2]int{f.Start, f.End} {
		out.Set(at, a.value, 0)
		return nil
	}
	if f.Start != a.from || f.End < a.to {
		retract, can := a.state.(function.Retractor)
		if can && f.Start >= a.from && f.End >= a.to && f.Start <= a.to {
			if err := a.remove(retract, f.Start); err != nil {
				return err
			}
		} else if err := a.restart(f.Start); err != nil {
			return err
		}
	}
	if f.End > a.to {
		if err := a.add(a.to, f.End); err != nil {
			return err
		}
		a.to = f.End
	}
	return a.result(f, out, at)
}

func (a *aggregate) result(f *function.Frame, out *vector.Vector, at int) error {
	if a.value == nil {
		a.value = vector.New(out.Type, 1)
	}
	a.value.Init(out.Type, 1)
	if err := a.state.Result(0, 1, a.value); err != nil {
		return err
	}
	a.valueOf = [2]int{f.Start, f.End}
	out.Set(at, a.value, 0)
	return nil
}

// add adds rows, block by block.
func (a *aggregate) add(from, to int) error {
	for from < to {
		i, err := a.entering.At(from)
		if err != nil {
			return err
		}
		n := min(to, a.entering.End, from+vector.Size) - from
		a.sel = a.sel[:0]
		for k := i; k < i+n; k++ {
			if a.wanted(a.entering, k) {
				a.sel = append(a.sel, int32(k))
			}
		}
		if len(a.sel) > 0 {
			if err := a.state.Add(inFirst[:len(a.sel)], a.call.args(a.entering), a.sel); err != nil {
				return err
			}
		}
		from += n
		if a.added += n; a.added >= vector.Size {
			a.added = 0
			if err := a.call.w.env.Interrupt(); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove takes out the rows before to.
func (a *aggregate) remove(state function.Retractor, to int) error {
	for ; a.from < to; a.from++ {
		i, err := a.leaving.At(a.from)
		if err != nil {
			return err
		}
		if a.wanted(a.leaving, i) {
			if err := state.Remove(0, a.call.args(a.leaving), int32(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted tells whether FILTER lets a row in.
func (a *aggregate) wanted(at *spill.Cursor, i int) bool {
	if a.call.node.Filter == nil {
		return true
	}
	v := at.Block.Cols[a.call.first+len(a.call.node.Args)]
	return !v.Null(i) && vector.Of[bool](v)[v.Index(i)]
}
