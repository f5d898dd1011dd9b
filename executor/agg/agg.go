// Package agg groups rows and aggregates them.
package agg

import (
	"datapunk/executor/hash"
	"datapunk/executor/op"
	"datapunk/executor/sort"
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
	env   *op.Env
	node  *plan.Aggregate
	in    op.Operator
	keys  []*eval.Eval
	extra []*eval.Eval
	calls []*call
	sets  []*set
	at    int // set being given
	row   int // its next group
	out   *vector.Batch
}

// set is the groups of one grouping set.
type set struct {
	keys   []int // places in the grouping expressions
	table  *hash.Table
	extra  *vector.Batch
	aggs   []function.Aggregator
	groups int
	held   []*collector // of calls that need their rows sorted or distinct
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
	a := &Aggregate{env: env, node: node, in: in}
	layout := plan.Layout(node.Input.Output())
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
	if err := a.start(); err != nil {
		return err
	}
	if err := a.in.Open(); err != nil {
		return err
	}
	if err := op.Drain(a.in, a.add); err != nil {
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
		for i, c := range a.calls {
			if s.held[i] != nil {
				if err := s.held[i].finish(c, s.aggs[i], s.groups); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (a *Aggregate) start() error {
	a.sets, a.at, a.row = nil, 0, 0
	lists := a.node.Sets
	if lists == nil {
		all := make([]int, len(a.keys))
		for i := range all {
			all[i] = i
		}
		lists = [][]int{all}
	}
	for _, list := range lists {
		s := &set{keys: list, held: make([]*collector, len(a.calls))}
		var keys []*types.Type
		var collations []types.OID
		for _, k := range list {
			keys = append(keys, a.node.Keys[k].Type())
			collations = append(collations, a.node.Keys[k].Collation())
		}
		s.table = hash.New(keys, collations)
		s.extra = &vector.Batch{}
		for _, e := range a.node.Extra {
			s.extra.Cols = append(s.extra.Cols, vector.New(e.Type(), 1))
		}
		for i, c := range a.calls {
			run := c.run
			g, err := c.node.Func.Impl.Agg(&run)
			if err != nil {
				return err
			}
			s.aggs = append(s.aggs, g)
			if c.node.Distinct || len(c.order) > 0 {
				s.held[i] = newCollector(c)
			}
		}
		a.sets = append(a.sets, s)
	}
	return nil
}

// add groups one batch.
func (a *Aggregate) add(b *vector.Batch) error {
	if err := a.env.Interrupt(); err != nil {
		return err
	}
	sel := b.Selection(nil)
	keys, err := run(a.keys, b, sel)
	if err != nil {
		return err
	}
	extra, err := run(a.extra, b, sel)
	if err != nil {
		return err
	}
	for _, s := range a.sets {
		mine := make([]*vector.Vector, len(s.keys))
		for i, k := range s.keys {
			mine[i] = keys[k]
		}
		var groups []int32
		before := s.groups
		if len(s.keys) == 0 {
			groups = make([]int32, len(sel))
			s.groups = 1
		} else {
			groups = s.table.Groups(mine, b.N, sel, nil)
			s.groups = s.table.Len()
		}
		if len(extra) > 0 {
			for k, g := range groups {
				if int(g) >= before && int(g) == s.extra.N {
					s.extra.AppendRows(extra, sel[k:k+1])
				}
			}
		}
		for i, c := range a.calls {
			s.aggs[i].Grow(s.groups)
			if err := c.add(b, sel, groups, s.aggs[i], s.held[i]); err != nil {
				return err
			}
		}
	}
	return nil
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
		orders, err := run(c.orders, b, sel)
		if err != nil {
			return err
		}
		direct, err := run(c.direct, b, sel)
		if err != nil {
			return err
		}
		held.add(groups, direct, c.vals, orders, sel)
		return nil
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
			a.at, a.row = a.at+1, 0
			continue
		}
		rows := make([]int32, n)
		for i := range rows {
			rows[i] = int32(a.row + i)
		}
		at := 0
		for k := range a.keys {
			col := a.reset(at, n)
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
			a.reset(at, n).Gather(0, s.extra.Cols[k], rows)
			at++
		}
		for _, g := range s.aggs {
			if err := g.Result(a.row, n, a.reset(at, n)); err != nil {
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
			col := a.reset(at, n)
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

func (a *Aggregate) reset(at, n int) *vector.Vector {
	a.out.Cols[at].Init(a.node.Out[at].T, n)
	return a.out.Cols[at]
}

// Close forgets the groups.
func (a *Aggregate) Close() {
	a.in.Close()
	a.sets = nil
}
