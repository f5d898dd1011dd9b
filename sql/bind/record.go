package bind

import (
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// recordColumns says which columns an expression of type record has, as far as can be
// known: a call of a function with OUT parameters, or a subquery's column that is one.
func (b *Binder) recordColumns(e expr.Expr) []logical.Col {
	switch n := e.(type) {
	case *expr.Column:
		return b.records[n.ID]
	case *expr.Call:
		out := outColumns(n.Func)
		args := make([]*types.Type, len(n.Args))
		for i, a := range n.Args {
			args[i] = a.Type()
		}
		for i := range out {
			if out[i].Type.Polymorphic() {
				if _, r, err := b.unify(n.Func.Args, args, out[i].Type); err == nil {
					out[i].Type = r
				}
			}
			out[i].Collation = out[i].Type.Collation
		}
		return out
	}
	return nil
}

// noteRecord remembers the columns of a subquery's output of type record.
func (b *Binder) noteRecord(id expr.ColumnID, e expr.Expr) {
	if e.Type() == types.Record {
		if cols := b.recordColumns(e); cols != nil {
			b.records[id] = cols
		}
	}
}

// recordField finds a field of such an expression, nil if it has none of the name.
func (b *Binder) recordField(e expr.Expr, name string) expr.Expr {
	for i, c := range b.recordColumns(e) {
		if c.Name == name {
			return &expr.Field{Typing: expr.Typing{T: c.Type, M: -1, C: c.Collation}, Arg: e, Index: i, Name: name}
		}
	}
	return nil
}
