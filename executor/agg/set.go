package agg

import (
	"datapunk/executor/hash"
	"datapunk/executor/spill"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// set is the groups of one grouping set.
type set struct {
	keys   []int // places in the grouping expressions
	table  *hash.Table
	extra  *vector.Batch
	aggs   []function.Aggregator
	groups int
	held   []*collector // of calls that need their rows sorted or distinct
	// over takes the rows of groups for which there is no memory, once full.
	over  *hash.Overflow
	full  bool
	added int // batches
	state int64
}

// newSet makes the set of a list of grouping expressions.
func (a *Aggregate) newSet(list []int) (*set, error) {
	s := &set{keys: list}
	s.over = hash.NewOverflow(a.env.Space, spill.Group, a.memory, a.types)
	return s, a.reset(s)
}

// reset empties a set.
func (a *Aggregate) reset(s *set) error {
	var keys []*types.Type
	var collations []types.OID
	for _, k := range s.keys {
		keys = append(keys, a.node.Keys[k].Type())
		collations = append(collations, a.node.Keys[k].Collation())
	}
	s.close()
	s.table = hash.New(keys, collations)
	s.extra = &vector.Batch{}
	for _, e := range a.node.Extra {
		s.extra.Cols = append(s.extra.Cols, vector.New(e.Type(), 1))
	}
	s.aggs, s.held = nil, make([]*collector, len(a.calls))
	s.groups, s.full, s.added, s.state = 0, false, 0, 0
	for i, c := range a.calls {
		run := c.run
		g, err := c.node.Func.Impl.Agg(&run)
		if err != nil {
			return err
		}
		s.aggs = append(s.aggs, g)
		if c.node.Distinct || len(c.order) > 0 {
			s.held[i] = newCollector(a.env.Space, c, g, len(s.keys) > 0)
		}
	}
	return nil
}

// Aggregates are asked for their size after each of the first batches, then sometimes:
// some look at all groups.
const (
	askedAlways = 16
	askedEvery  = 8
)

// size is about the bytes that a set holds.
func (s *set) size() int64 {
	if s.added <= askedAlways || s.added%askedEvery == 0 {
		s.state = 0
		for _, g := range s.aggs {
			s.state += int64(g.Size())
		}
	}
	return s.table.Size() + spill.Size(s.extra) + s.state
}

func size(sets []*set) int64 {
	n := int64(0)
	for _, s := range sets {
		n += s.size()
	}
	return n
}

// assign finds the groups of rows, making new ones as long as there is memory; the rows
// of others go to disk. It returns the rows that have a group, and the groups.
func (s *set) assign(mine, row []*vector.Vector, n int, sel []int32) (rows, groups []int32, err error) {
	if len(s.keys) == 0 {
		s.groups = 1
		return sel, make([]int32, len(sel)), nil
	}
	if !s.full {
		groups = s.table.Groups(mine, n, sel, nil)
		s.groups = s.table.Len()
		return sel, groups, nil
	}
	found, hashes := s.table.Lookup(mine, n, sel, nil)
	var missing []int32
	for k, g := range found {
		if g < 0 {
			missing = append(missing, sel[k])
		} else {
			rows, groups = append(rows, sel[k]), append(groups, g)
		}
	}
	return rows, groups, s.over.Put(row, hashes, missing)
}

// close forgets the rows of the collectors.
func (s *set) close() {
	for _, h := range s.held {
		if h != nil {
			h.close()
		}
	}
}
