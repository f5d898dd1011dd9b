package bind

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// setOperation binds UNION, INTERSECT and EXCEPT.
func (b *Binder) setOperation(s *scope, n *pg.SelectStmt) error {
	q := s.q
	op := &logical.SetOp{All: n.All}
	what := "UNION"
	switch n.Op {
	case pg.SetOperation_SETOP_INTERSECT:
		op.Kind, what = logical.Intersect, "INTERSECT"
	case pg.SetOperation_SETOP_EXCEPT:
		op.Kind, what = logical.Except, "EXCEPT"
	}
	if len(n.LockingClause) > 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT")
	}
	// The sides see the WITH queries and what is around, not each other.
	around := &scope{parent: s.parent, q: q, ctes: s.ctes}
	left, err := b.side(around, n.Larg)
	if err != nil {
		return err
	}
	right, err := b.side(around, n.Rarg)
	if err != nil {
		return err
	}
	l, r := visibleTargets(left), visibleTargets(right)
	if len(l) != len(r) {
		where := int32(-1)
		if len(n.Rarg.TargetList) > 0 {
			where = location(n.Rarg.TargetList[0])
		}
		return b.errorf(where, pgerr.SyntaxError, "each %s query must have the same number of columns", what)
	}
	want := make([]logical.Target, len(l))
	for i := range l {
		pair := []expr.Expr{l[i].Expr, r[i].Expr}
		where := int32(-1)
		if i < len(n.Rarg.TargetList) {
			where = location(n.Rarg.TargetList[i])
		}
		t, err := b.commonType(pair, what, []int32{-1, where})
		if err != nil {
			return err
		}
		for _, e := range pair {
			if !b.canCoerce(e.Type(), t, types.Implicit) {
				return b.errorf(where, pgerr.CannotCoerce, "%s could not convert type %s to %s", what, b.typeName(e.Type()), b.typeName(t))
			}
		}
		if !(n.All && op.Kind == logical.Union) {
			if _, err := b.equality(t, where); err != nil {
				return err
			}
		}
		mod := commonMod(pair, t)
		collation := t.Collation
		if t.Collatable() {
			if c, err := b.combine(pair, where); err != nil {
				return err
			} else if c != 0 {
				collation = c
			}
		}
		id := b.newColumn(q)
		want[i] = logical.Target{ID: id, Name: l[i].Name,
			Expr: &expr.Column{Typing: expr.Typing{T: t, M: mod, C: collation}, ID: id, Name: l[i].Name}}
	}
	if op.Left, err = b.coerceOutput(q, left, want); err != nil {
		return err
	}
	if op.Right, err = b.coerceOutput(q, right, want); err != nil {
		return err
	}
	q.out.SetOp, q.out.Targets = op, want
	if err := b.valuesOrder(s, n); err != nil {
		return err
	}
	return b.limit(s, n)
}

// side binds one side; its own targets of unknown type stay unknown until the
// common type is found.
func (b *Binder) side(s *scope, n *pg.SelectStmt) (*logical.Query, error) {
	b.keepUnknown++
	defer func() { b.keepUnknown-- }()
	return b.selectStmt(n, s)
}

// coerceOutput gives a query's columns the types of want: in place where nothing
// in the query depends on the output expression, else in a query around it.
func (b *Binder) coerceOutput(q *query, in *logical.Query, want []logical.Target) (*logical.Query, error) {
	targets := visibleTargets(in)
	same := true
	for i, t := range targets {
		same = same && t.Expr.Type() == want[i].Expr.Type()
	}
	if same {
		return in, nil
	}
	if in.SetOp == nil && in.Command == logical.Select && !in.Distinct && len(in.On) == 0 && len(in.OrderBy) == 0 {
		k := 0
		for i := range in.Targets {
			if in.Targets[i].Junk {
				continue
			}
			e, err := b.convert(in.Targets[i].Expr, want[k].Expr.Type(), -1, types.Implicit, -1)
			if err != nil {
				return nil, err
			}
			in.Targets[i].Expr = e
			k++
		}
		return in, nil
	}
	ref := &logical.SubqueryRef{Query: in, Alias: "*SELECT*"}
	out := &logical.Query{From: []logical.FromItem{ref}, Outer: in.Outer, Volatile: in.Volatile}
	for i, t := range targets {
		ref.Cols = append(ref.Cols, logical.Col{ID: t.ID, Name: t.Name, Type: t.Expr.Type(), Mod: t.Expr.Mod(), Collation: t.Expr.Collation()})
		e, err := b.convert(targetColumn(t), want[i].Expr.Type(), -1, types.Implicit, -1)
		if err != nil {
			return nil, err
		}
		id := b.newColumn(q)
		out.Targets = append(out.Targets, logical.Target{ID: id, Name: t.Name, Expr: e})
	}
	return out, nil
}
