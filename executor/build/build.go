// Package build makes operators of plan nodes: one line for each kind of node, and
// nothing but allocation.
package build

import (
	"datapunk/executor/agg"
	"datapunk/executor/dml"
	"datapunk/executor/flow"
	"datapunk/executor/join"
	"datapunk/executor/op"
	"datapunk/executor/scan"
	"datapunk/executor/setop"
	"datapunk/executor/sort"
	"datapunk/executor/window"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types/vector"
)

// Catalog is what building needs to know.
type Catalog = dml.Catalog

// Builder builds one execution of a plan.
type Builder struct {
	Env     *op.Env
	Catalog Catalog
	System  scan.Provider
	plan    *plan.Plan
	ctes    map[*plan.CTE]*with
	unions  map[*plan.RecursiveUnion]*flow.Recursion
	// Wrap, if set, stands around every operator (EXPLAIN ANALYZE).
	Wrap func(plan.Node, op.Operator) op.Operator
}

// New makes a builder for a plan, and lets expressions open its subqueries.
func New(env *op.Env, catalog Catalog, system scan.Provider, p *plan.Plan) *Builder {
	b := &Builder{Env: env, Catalog: catalog, System: system, plan: p, ctes: map[*plan.CTE]*with{}, unions: map[*plan.RecursiveUnion]*flow.Recursion{}}
	env.Subplan = b.subplan
	return b
}

// Root builds the whole plan.
func (b *Builder) Root() (op.Operator, error) {
	for _, c := range b.plan.CTEs {
		b.ctes[c] = &with{b: b, node: c}
	}
	return b.Build(b.plan.Root)
}

// Build makes the operator of a node.
func (b *Builder) Build(n plan.Node) (op.Operator, error) {
	o, err := b.build(n)
	if err == nil && b.Wrap != nil {
		o = b.Wrap(n, o)
	}
	return o, err
}

func (b *Builder) build(n plan.Node) (op.Operator, error) {
	var in, right op.Operator
	var err error
	switch n := n.(type) {
	case *plan.RecursiveUnion:
		return b.recursion(n)
	case *plan.Append:
		var list []op.Operator
		for _, i := range n.List {
			if in, err = b.Build(i); err != nil {
				return nil, err
			}
			list = append(list, in)
		}
		return flow.NewAppend(list), nil
	}
	if inputs := n.Inputs(); len(inputs) > 0 {
		if in, err = b.Build(inputs[0]); err != nil {
			return nil, err
		}
		if len(inputs) > 1 {
			if right, err = b.Build(inputs[1]); err != nil {
				return nil, err
			}
		}
	}
	switch n := n.(type) {
	case *plan.Result:
		return scan.NewResult(b.Env, n), nil
	case *plan.Values:
		return scan.NewValues(b.Env, n.Out, n.Rows), nil
	case *plan.Scan:
		return scan.NewTable(b.Env, n, b.Catalog)
	case *plan.Source:
		return scan.NewSource(n), nil
	case *plan.SystemScan:
		return scan.NewSystem(b.Env, n, b.System)
	case *plan.FunctionScan:
		return scan.NewFunction(b.Env, n)
	case *plan.CTEScan:
		return b.cteScan(n)
	case *plan.WorkTable:
		return scan.NewKept(b.unions[n.Union]), nil
	case *plan.Filter:
		return flow.NewFilter(b.Env, n, in)
	case *plan.Project:
		if n.Sets {
			return flow.NewSets(b.Env, n, in)
		}
		return flow.NewProject(b.Env, n, in)
	case *plan.Limit:
		return flow.NewLimit(b.Env, n, in)
	case *plan.Sort:
		return sort.New(b.Env, n, in)
	case *plan.Unique:
		return flow.NewUnique(n, in), nil
	case *plan.Aggregate:
		return agg.New(b.Env, n, in)
	case *plan.Window:
		return window.New(b.Env, n, in)
	case *plan.Join:
		switch n.Method {
		case plan.HashJoin:
			return join.NewHash(b.Env, n, in, right)
		case plan.MergeJoin:
			return join.NewMerge(b.Env, n, in, right)
		}
		return join.NewNested(b.Env, n, in, right)
	case *plan.SetOp:
		return setop.NewSetOp(b.Env, n, in, right), nil
	case *plan.Distinct:
		return setop.NewDistinct(b.Env, n, in), nil
	case *plan.LockRows:
		return flow.NewLockRows(b.Env, n, in, b.Catalog)
	case *plan.Insert:
		return dml.NewInsert(b.Env, n, in, b.Catalog)
	case *plan.Update:
		return dml.NewUpdate(b.Env, n, in, b.Catalog)
	case *plan.Delete:
		return dml.NewDelete(b.Env, n, in, b.Catalog)
	}
	return nil, pgerr.Internal("no operator for %T", n)
}

func (b *Builder) recursion(n *plan.RecursiveUnion) (op.Operator, error) {
	var seen flow.Seen
	if !n.All {
		seen = setop.NewUnion(b.Env, n.Out)
	}
	r := flow.NewRecursion(b.Env, n, seen)
	b.unions[n] = r
	left, err := b.Build(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := b.Build(n.Right)
	if err != nil {
		return nil, err
	}
	r.Terms(left, right)
	return r, nil
}

// subplan opens the plan of a subquery within an expression.
func (b *Builder) subplan(sub *expr.Subquery) (eval.Subplan, error) {
	p := b.plan.Subplans[sub]
	if p == nil {
		return nil, pgerr.Internal("subquery has no plan")
	}
	in, err := b.Build(p.Root)
	if err != nil {
		return nil, err
	}
	s := &subplan{in: in, limit: vector.Size}
	if sub.Kind == expr.Exists {
		s.limit = 1
	}
	for _, c := range p.Root.Output() {
		s.columns = append(s.columns, c.ID)
	}
	return s, nil
}

type subplan struct {
	in      op.Operator
	columns []expr.ColumnID
	limit   int
}

func (s *subplan) Columns() []expr.ColumnID { return s.columns }

func (s *subplan) Run(fn func(*vector.Batch) (bool, error)) error {
	defer s.in.Close()
	if err := s.in.Open(); err != nil {
		return err
	}
	for {
		b, err := s.in.Next(s.limit)
		if b == nil || err != nil {
			return err
		}
		if more, err := fn(b); !more || err != nil {
			return err
		}
	}
}
