package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/deparse"
	"datapunk/sql/expr"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/format"
)

// Retyped reads a stored expression over a table's columns anew after they have changed
// their types: printed as it was with names, it is bound as if written today, as
// PostgreSQL's ALTER COLUMN TYPE does. With condition it must give a boolean. column is
// its number if it has become a column and nothing else.
func (b *Binder) Retyped(stored string, from, to *desc.Relation, condition bool) (text string, e expr.Expr, column int16, err error) {
	cols := StoredColumns(from, b.Catalog.Type)
	old, err := b.Stored(stored, cols)
	if err != nil {
		return "", nil, 0, err
	}
	text, err = deparse.Show(old, func(id expr.ColumnID) string { return cols[id-cols[0].ID].Name }, plainNames{b}, false, false)
	if err != nil {
		return "", nil, 0, err
	}
	node, err := parser.ParseExpr(text)
	if err != nil {
		return "", nil, 0, err
	}
	inner := *b
	inner.SearchPath = []types.OID{types.PgCatalog}
	s := inner.columnScope(to.Name, to.Columns)
	s.q.clause = inCheck
	e, err = inner.expr(s, node)
	if err == nil {
		if condition {
			e, err = inner.toBool(e, "WHERE", -1)
		} else {
			e, err = inner.resolveUnknown(e)
		}
	}
	b.nextID = inner.nextID
	if err != nil {
		placeless := *pgerr.Of(err) // what it points into is no text of the user's
		placeless.Position = 0
		return "", nil, 0, &placeless
	}
	text, _, err = inner.store(s, e)
	return text, e, s.number(e), err
}

// plainNames names the objects of an expression so that a binder whose search path is
// pg_catalog finds them.
type plainNames struct{ b *Binder }

func (n plainNames) Relation(r *desc.Relation) string {
	if s := n.b.Catalog.Schema(r.Schema); s != nil {
		return format.QuoteIdent(s.Name) + "." + format.QuoteIdent(r.Name)
	}
	return format.QuoteIdent(r.Name)
}

func (n plainNames) Type(t *types.Type, mod int32) string { return format.TypeName(t, mod) }

func (n plainNames) Operator(oid types.OID) string {
	if op := n.b.Functions.Operator(oid); op != nil {
		return op.Name
	}
	return "?"
}

func (n plainNames) Format() *format.Context { return nil }
