// Package setop has DISTINCT, INTERSECT and EXCEPT by hashing whole rows. Rows for which
// there is no memory go to disk (hash.Overflow) and are looked at in later rounds.
package setop

import (
	"datapunk/executor/hash"
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// SetOp is INTERSECT and EXCEPT: it counts each row on both sides.
type SetOp struct {
	env         *op.Env
	node        *plan.SetOp
	left, right op.Operator
	keys        []*types.Type
	collations  []types.OID
	table       *hash.Table
	memory      *spill.Memory
	over        *hash.Overflow // rows, and whether they are of the right side
	full        bool
	counts      [][2]int64 // of each row on both sides; then, of those that remain, how often
	at          int
	missing     []int32
	out         vector.Batch
	sel         []int32
}

// NewSetOp opens a set operation.
func NewSetOp(env *op.Env, node *plan.SetOp, left, right op.Operator) *SetOp {
	s := &SetOp{env: env, node: node, left: left, right: right}
	s.keys, s.collations = keysOf(node.Out)
	return s
}

// Open reads both sides.
func (s *SetOp) Open() error {
	s.forget()
	s.memory = s.env.Space.Hashing()
	s.over = hash.NewOverflow(s.env.Space, spill.SetOp, s.memory, append(s.keys[:len(s.keys):len(s.keys)], types.BoolType))
	s.reset()
	for side, in := range []op.Operator{s.left, s.right} {
		mark := vector.Value(types.BoolType, side == 1)
		if err := in.Open(); err != nil {
			return err
		}
		err := op.Drain(in, func(b *vector.Batch) error {
			for sel := b.Selection(nil); len(sel) > 0; {
				n := s.memory.Chunk(len(sel))
				if err := s.add(b, mark, sel[:n]); err != nil {
					return err
				}
				sel = sel[n:]
			}
			return s.env.Interrupt()
		})
		if err != nil {
			return err
		}
		in.Close()
	}
	s.choose()
	return nil
}

// reset begins a round.
func (s *SetOp) reset() {
	s.table, s.full, s.counts, s.at = hash.New(s.keys, s.collations), false, s.counts[:0], 0
}

// add counts rows; mark tells the right side's.
func (s *SetOp) add(b *vector.Batch, mark *vector.Vector, sel []int32) error {
	cols := b.Cols[:len(s.keys)]
	if !s.full && s.table.Len() > 0 && s.over.Possible() && s.memory.Full(s.table.Len()+len(sel), s.table.Grown(len(sel))+20*int64(s.table.Len())) {
		s.full = true
	}
	var groups []int32
	if s.full {
		var hashes []uint64
		groups, hashes = s.table.Lookup(cols, b.N, sel, nil)
		s.missing = hash.Missing(groups, sel, s.missing[:0])
		if err := s.over.Put(append(cols[:len(cols):len(cols)], mark), hashes, s.missing); err != nil {
			return err
		}
	} else {
		groups = s.table.Groups(cols, b.N, sel, nil)
	}
	right := vector.Of[bool](mark)
	for k, g := range groups {
		if g < 0 {
			continue
		}
		for len(s.counts) <= int(g) {
			s.counts = append(s.counts, [2]int64{})
		}
		side := 0
		if right[mark.Index(int(sel[k]))] {
			side = 1
		}
		s.counts[g][side]++
	}
	return s.memory.Hold(s.table.Size() + int64(cap(s.counts))*16)
}

// choose decides how often each row remains.
func (s *SetOp) choose() {
	for row := range s.counts {
		l, r := s.counts[row][0], s.counts[row][1]
		n := int64(0)
		switch {
		case s.node.Kind == logical.Intersect && s.node.All:
			n = min(l, r)
		case s.node.Kind == logical.Intersect:
			n = min(l, r, 1)
		case s.node.All:
			n = max(l-r, 0)
		case l > 0 && r == 0:
			n = 1
		}
		s.counts[row][0] = n
	}
}

// Next gives the rows that remain.
func (s *SetOp) Next(budget int) (*vector.Batch, error) {
	budget = min(budget, vector.Size)
	for {
		s.sel = s.sel[:0]
		for len(s.sel) < budget && s.at < len(s.counts) {
			if s.counts[s.at][0] == 0 {
				s.at++
				continue
			}
			s.counts[s.at][0]--
			s.sel = append(s.sel, int32(s.at))
		}
		if len(s.sel) > 0 {
			s.out = vector.Batch{Cols: s.table.Keys.Cols, N: s.table.Len(), Sel: s.sel}
			return &s.out, nil
		}
		more, err := s.over.Next()
		if !more || err != nil {
			return nil, err
		}
		s.reset()
		for {
			b, err := s.over.Read()
			if err != nil {
				return nil, err
			}
			if b == nil {
				break
			}
			for sel := vector.Sequence(nil, b.N); len(sel) > 0; {
				n := s.memory.Chunk(len(sel))
				if err := s.add(b, b.Cols[len(s.keys)], sel[:n]); err != nil {
					return nil, err
				}
				sel = sel[n:]
			}
			if err := s.env.Interrupt(); err != nil {
				return nil, err
			}
		}
		s.choose()
	}
}

// Close forgets the rows.
func (s *SetOp) Close() {
	s.left.Close()
	s.right.Close()
	s.forget()
	s.table = nil
}

func (s *SetOp) forget() {
	if s.over != nil {
		s.over.Close()
		s.memory.Close()
	}
}
