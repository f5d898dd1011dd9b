// Package join has the join methods: hash join, merge join and nested loop, each for every
// kind of join.
//
// A hash join holds its right side in memory if it fits. If not, both sides are divided
// by their keys' hashes into partitions on disk, and each pair of partitions is joined by
// itself; one whose right part is still too large is divided again by further bits of
// the hash. Where that does not help, since one key has too many rows, its right part is
// taken in chunks, for each of which the left part is read once:
//
//	right ─fits──▶ table ◀─probe─ left
//	  └─too large─▶ partitions ──▶ fits ─▶ table ◀─probe─ left partition
//	                   ▲  └─too large ──▶ divided again
//	                   └─────────┘  └─one key ──▶ chunk ◀─probe─ left partition, again and again
//
// A merge join walks through both sides in the order of their keys. The right rows of one
// key are a group, with which every left row of that key is paired: in place if the group
// lies within a batch, else kept, on disk if it is large. Rows with a null key are passed
// by wherever they come.
//
// Invariants:
//
//	J1  A left row has all its matches within one partition, so whether it has any is
//	    known when that was probed: after its last chunk.
//	J2  Keys are computed once for each row; what is no plain column is written with it.
//	J3  A merge join and a nested loop give the left rows in their order, but for FULL.
package join

import (
	"datapunk/executor/op"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/vector"
)

func newBatch(cols []plan.Column) *vector.Batch {
	b := &vector.Batch{}
	for _, c := range cols {
		b.Cols = append(b.Cols, vector.New(c.T, 1))
	}
	return b
}

// side is one input of a hash or merge join: how its keys are found, in its own batches and in
// those that come back from disk.
type side struct {
	in     op.Operator
	width  int
	exprs  []*eval.Eval
	places []int         // of the keys in a row on disk
	types  []*types.Type // of a row on disk: the input's columns, then computed keys
}

func newSide(env *op.Env, node plan.Node, in op.Operator, keys []expr.Expr) (*side, error) {
	s := &side{in: in, width: len(node.Output())}
	layout := plan.Layout(node.Output())
	for _, c := range node.Output() {
		s.types = append(s.types, c.T)
	}
	var err error
	if s.exprs, err = op.Compile(keys, layout, env); err != nil {
		return nil, err
	}
	for _, k := range keys {
		if c, ok := k.(*expr.Column); ok {
			if place, ok := layout[c.ID]; ok {
				s.places = append(s.places, place)
				continue
			}
		}
		s.places = append(s.places, len(s.types))
		s.types = append(s.types, k.Type())
	}
	return s, nil
}

// keys computes the keys of a batch of the input.
func (s *side) keys(b *vector.Batch, sel []int32) ([]*vector.Vector, error) {
	return values(s.exprs, b, sel)
}

// row is the columns of a row on disk.
func (s *side) row(cols, keys []*vector.Vector) []*vector.Vector {
	if len(s.types) == s.width {
		return cols
	}
	out := append([]*vector.Vector(nil), cols[:s.width]...)
	for i, p := range s.places {
		if p >= s.width {
			out = append(out, keys[i])
		}
	}
	return out
}

// kept are the keys of a batch from disk.
func (s *side) kept(b *vector.Batch) []*vector.Vector {
	out := make([]*vector.Vector, len(s.places))
	for i, p := range s.places {
		out[i] = b.Cols[p]
	}
	return out
}

// values computes keys; an error of a row is raised at once, since a build reads
// all rows anyway.
func values(keys []*eval.Eval, b *vector.Batch, sel []int32) ([]*vector.Vector, error) {
	out := make([]*vector.Vector, len(keys))
	for i, k := range keys {
		v, err := k.Run(b, sel)
		if err != nil {
			if re, ok := err.(*vector.RowError); ok {
				return nil, re.Err
			}
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func anyNull(vals []*vector.Vector, i int) bool {
	for _, v := range vals {
		if v.Null(i) {
			return true
		}
	}
	return false
}

func passes(conds []*eval.Eval, b *vector.Batch) (bool, error) {
	sel, err := eval.Filter(conds, b, vector.Sequence(nil, 1), make([]int32, 0, 1))
	if err != nil {
		if re, ok := err.(*vector.RowError); ok {
			return false, re.Err
		}
		return false, err
	}
	return len(sel) > 0, nil
}
