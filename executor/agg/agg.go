// Package agg groups rows and aggregates them.
//
// When the groups fill the memory, no new ones are made: rows of groups that are there
// are still aggregated, those of others go to disk by the hash of their keys, and when
// the groups in memory have been given, the partitions on disk are aggregated one by one
// in the same way.
//
// Invariants:
//
//	A1  All rows of a group are aggregated in one round, in the order in which they came.
//	A2  Grouping expressions are computed once for each row; what is no plain column is
//	    written with it. Arguments are computed in the round that aggregates the row.
//	A3  A set without keys has one group, which is never full.
package agg

import (
	"datapunk/executor/op"
	"datapunk/executor/sort"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// Aggregate reads its whole input into groups, one table of groups for each
// grouping set, then gives them in order of first appearance.
type Aggregate struct {
	env    *op.Env
	node   *plan.Aggregate
	in     op.Operator
	keys   []*eval.Eval
	extra  []*eval.Eval
	calls  []*call
	width  int
	types  []*types.Type // of a row on disk: the input's columns, computed keys and extras
	places []int         // there, of keys and extras
	memory *spill.Memory
	sets   []*set
	at     int  // set being given
	row    int  // its next group
	rounds bool // the groups made of the input have been given
	out    *vector.Batch

	buckets, batches int
	disk             int64
}

// call is one aggregate call.
type call struct {
	node   *expr.Aggregate
	args   []*eval.Eval
	direct []*eval.Eval
	filter *eval.Eval
	order  []sort.Key
	orders []*eval.Eval
	run    function.Call
	vals   []*vector.Vector
}

// New opens an aggregation.
func New(env *op.Env, node *plan.Aggregate, in op.Operator) (*Aggregate, error) {
	a := &Aggregate{env: env, node: node, in: in, width: len(node.Input.Output())}
	layout := plan.Layout(node.Input.Output())
	for _, c := range node.Input.Output() {
		a.types = append(a.types, c.T)
	}
	for _, e := range append(append([]expr.Expr(nil), node.Keys...), node.Extra...) {
		if c, ok := e.(*expr.Column); ok {
			if place, ok := layout[c.ID]; ok {
				a.places = append(a.places, place)
				continue
			}
		}
		a.places = append(a.places, len(a.types))
		a.types = append(a.types, e.Type())
	}
	var err error
	if a.keys, err = op.Compile(node.Keys, layout, env); err != nil {
		return nil, err
	}
	if a.extra, err = op.Compile(node.Extra, layout, env); err != nil {
		return nil, err
	}
	for _, n := range node.Calls {
		c := &call{node: n, vals: make([]*vector.Vector, len(n.Args))}
		if n.Func.Impl == nil || n.Func.Impl.Agg == nil {
			return nil, pgerr.Unsupported("aggregate %s", n.Func.Signature())
		}
		if c.args, err = op.Compile(n.Args, layout, env); err != nil {
			return nil, err
		}
		if n.Filter != nil {
			if c.filter, err = eval.Compile(n.Filter, layout, env.Env); err != nil {
				return nil, err
			}
		}
		var order []function.Order
		for _, o := range n.Order {
			e, err := eval.Compile(o.Expr, layout, env.Env)
			if err != nil {
				return nil, err
			}
			c.orders = append(c.orders, e)
			c.order = append(c.order, sort.NewKey(o.Expr.Type(), o.Expr.Collation(), o.Desc, o.NullsFirst))
			order = append(order, function.Order{Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		if c.direct, err = op.Compile(n.Direct, layout, env); err != nil {
			return nil, err
		}
		c.run = function.Call{Func: n.Func, Return: n.T, Mod: n.M, Collation: n.C, Variadic: n.Variadic, Order: order, Env: env.Env.Env}
		for _, e := range append(append([]expr.Expr(nil), n.Direct...), n.Args...) {
			c.run.Args = append(c.run.Args, expr.ArgType(e))
			if c.run.Collation == 0 {
				c.run.Collation = e.Collation()
			}
		}
		a.calls = append(a.calls, c)
	}
	a.out = &vector.Batch{}
	for _, c := range node.Out {
		a.out.Cols = append(a.out.Cols, vector.New(c.T, 1))
	}
	return a, nil
}

// Open groups the whole input.
func (a *Aggregate) Open() error {
	a.forget()
	a.memory = a.env.Space.Hashing()
	a.at, a.row, a.rounds, a.buckets, a.batches, a.disk = 0, 0, false, 0, 1, 0
	lists := a.node.Sets
	if lists == nil {
		all := make([]int, len(a.keys))
		for i := range all {
			all[i] = i
		}
		lists = [][]int{all}
	}
	for _, list := range lists {
		s, err := a.newSet(list)
		if err != nil {
			return err
		}
		a.sets = append(a.sets, s)
	}
	if err := a.in.Open(); err != nil {
		return err
	}
	if err := op.Drain(a.in, a.read); err != nil {
		return err
	}
	a.in.Close()
	for _, s := range a.sets {
		// A set without keys has one group even of no rows.
		if len(s.keys) == 0 && s.groups == 0 {
			s.groups = 1
			for _, g := range s.aggs {
				g.Grow(1)
			}
		}
		if err := a.finish(s, a.sets); err != nil {
			return err
		}
	}
	return nil
}

// finish feeds the aggregates of a set that wait for the end of a round; sets are those
// that hold memory.
func (a *Aggregate) finish(s *set, sets []*set) error {
	fed := func() error {
		s.added++
		if err := a.memory.Hold(size(sets)); err != nil {
			return err
		}
		return a.env.Interrupt()
	}
	for i, c := range a.calls {
		if s.held[i] != nil {
			if err := s.held[i].finish(c, s.aggs[i], fed); err != nil {
				return err
			}
		}
	}
	return nil
}

// read groups one batch of the input.
func (a *Aggregate) read(b *vector.Batch) error {
	sel := b.Selection(nil)
	keys, err := run(a.keys, b, sel)
	if err != nil {
		return err
	}
	extra, err := run(a.extra, b, sel)
	if err != nil {
		return err
	}
	row := b.Cols[:a.width:a.width]
	for i, p := range a.places {
		if p >= a.width {
			if i < len(keys) {
				row = append(row, keys[i])
			} else {
				row = append(row, extra[i-len(keys)])
			}
		}
	}
	return a.parts(b, row, keys, extra, sel, a.sets)
}

// again groups the rows of one partition of a set, and tells whether there was one.
func (a *Aggregate) again(s *set) (bool, error) {
	more, err := s.over.Next()
	if !more || err != nil {
		return false, err
	}
	if err := a.reset(s); err != nil {
		return false, err
	}
	vals := make([]*vector.Vector, len(a.places))
	for {
		b, err := s.over.Read()
		if err != nil {
			return false, err
		}
		if b == nil {
			return true, a.finish(s, []*set{s})
		}
		for i, p := range a.places {
			vals[i] = b.Cols[p]
		}
		if err := a.parts(b, b.Cols, vals[:len(a.keys)], vals[len(a.keys):], vector.Sequence(nil, b.N), []*set{s}); err != nil {
			return false, err
		}
	}
}

// parts adds rows in parts that are no larger than the memory.
func (a *Aggregate) parts(b *vector.Batch, row, keys, extra []*vector.Vector, sel []int32, sets []*set) error {
	for len(sel) > 0 {
		n := a.memory.Chunk(len(sel))
		if err := a.add(b, row, keys, extra, sel[:n], sets); err != nil {
			return err
		}
		sel = sel[n:]
	}
	return a.env.Interrupt()
}

// add adds rows to sets.
func (a *Aggregate) add(b *vector.Batch, row, keys, extra []*vector.Vector, sel []int32, sets []*set) error {
	groups := 0
	for _, s := range sets {
		mine := make([]*vector.Vector, len(s.keys))
		for i, k := range s.keys {
			mine[i] = keys[k]
		}
		before := s.groups
		rows, into, err := s.assign(mine, row, b.N, sel)
		if err != nil {
			return err
		}
		if len(extra) > 0 {
			for k, g := range into {
				if int(g) >= before && int(g) == s.extra.N {
					s.extra.AppendRows(extra, rows[k:k+1])
				}
			}
		}
		for i, c := range a.calls {
			s.aggs[i].Grow(s.groups)
			if len(rows) == 0 {
				continue
			}
			if err := c.add(b, rows, into, s.aggs[i], s.held[i]); err != nil {
				return err
			}
		}
		s.added++
		groups = max(groups, s.groups)
		a.buckets = max(a.buckets, s.table.Buckets())
	}
	held := size(sets)
	if a.memory.Full(groups+1, held) {
		for _, s := range sets {
			s.full = len(s.keys) > 0 && s.table.Len() > 0 && s.over.Possible()
		}
	}
	return a.memory.Hold(held)
}

// run computes expressions; a grouping reads all rows, so errors are raised at once.
func run(list []*eval.Eval, b *vector.Batch, sel []int32) ([]*vector.Vector, error) {
	out := make([]*vector.Vector, len(list))
	for i, e := range list {
		v, err := e.Run(b, sel)
		if err != nil {
			return nil, plain(err)
		}
		out[i] = v
	}
	return out, nil
}

func plain(err error) error {
	if re, ok := err.(*vector.RowError); ok {
		return re.Err
	}
	return err
}

// add feeds rows to one call.
func (c *call) add(b *vector.Batch, sel, groups []int32, g function.Aggregator, held *collector) error {
	if c.filter != nil {
		kept, err := eval.Filter([]*eval.Eval{c.filter}, b, sel, make([]int32, 0, len(sel)))
		if err != nil {
			return plain(err)
		}
		mine := make([]int32, 0, len(kept))
		k := 0
		for _, r := range kept {
			for sel[k] != r {
				k++
			}
			mine = append(mine, groups[k])
		}
		sel, groups = kept, mine
	}
	if len(sel) == 0 {
		return nil
	}
	for i, e := range c.args {
		v, err := e.Run(b, sel)
		if err != nil {
			return plain(err)
		}
		c.vals[i] = v
	}
	if held != nil {
		return held.add(c, b, groups, sel)
	}
	return g.Add(groups, c.vals, sel)
}

// Next gives groups.
func (a *Aggregate) Next(budget int) (*vector.Batch, error) {
	budget = min(budget, vector.Size)
	for a.at < len(a.sets) {
		s := a.sets[a.at]
		n := min(budget, s.groups-a.row)
		if n <= 0 {
			if err := a.next(s); err != nil {
				return nil, err
			}
			continue
		}
		rows := make([]int32, n)
		for i := range rows {
			rows[i] = int32(a.row + i)
		}
		at := 0
		for k := range a.keys {
			col := a.column(at, n)
			place := -1
			for i, key := range s.keys {
				if key == k {
					place = i
				}
			}
			if place >= 0 {
				col.Gather(0, s.table.Keys.Cols[place], rows)
			} else {
				for i := range n {
					col.SetNull(i)
				}
			}
			at++
		}
		for k := range a.extra {
			a.column(at, n).Gather(0, s.extra.Cols[k], rows)
			at++
		}
		for _, g := range s.aggs {
			if err := g.Result(a.row, n, a.column(at, n)); err != nil {
				return nil, plain(err)
			}
			at++
		}
		for _, keys := range a.node.Grouping {
			bits := int32(0)
			for _, k := range keys {
				bits <<= 1
				in := false
				for _, have := range s.keys {
					in = in || have == k
				}
				if !in {
					bits |= 1
				}
			}
			col := a.column(at, n)
			for i := range n {
				vector.Of[int32](col)[i] = bits
			}
			at++
		}
		a.row += n
		a.out.N = n
		return a.out, nil
	}
	return nil, nil
}

func (a *Aggregate) column(at, n int) *vector.Vector {
	a.out.Cols[at].Init(a.node.Out[at].T, n)
	return a.out.Cols[at]
}

// next goes on when the groups of a set have been given: first to those that were made
// of the input in the other sets, then to what is on disk, set by set.
func (a *Aggregate) next(s *set) error {
	a.row = 0
	if a.rounds {
		more, err := a.again(s)
		a.batches, a.disk = 1, 0
		for _, s := range a.sets {
			a.batches, a.disk = a.batches+s.over.Batches()-1, a.disk+s.over.Disk()
		}
		if more || err != nil {
			return err
		}
	}
	s.groups, s.table, s.extra, s.aggs = 0, nil, nil, nil
	if a.at++; a.at == len(a.sets) && !a.rounds {
		a.at, a.rounds = 0, true
	}
	return nil
}

// Usage tells what the last run needed.
func (a *Aggregate) Usage() budget.Usage {
	if len(a.keys) == 0 || a.memory == nil {
		return budget.Usage{}
	}
	return budget.Usage{Kind: budget.HashGroup, Memory: a.memory.Peak(), Disk: a.disk, Buckets: a.buckets, Batches: a.batches}
}

// Close forgets the groups.
func (a *Aggregate) Close() {
	a.in.Close()
	a.forget()
}

func (a *Aggregate) forget() {
	for _, s := range a.sets {
		s.close()
		s.over.Close()
	}
	a.sets = nil
	if a.memory != nil {
		a.memory.Close()
	}
}
