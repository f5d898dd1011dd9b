package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/expr"
	"datapunk/sql/logical"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// CopyFrom binds COPY table FROM as an insertion of rows that the caller provides:
// one column for each that the statement names.
func (b *Binder) CopyFrom(n *pg.CopyStmt) (*logical.Query, []logical.Col, error) {
	if n.WhereClause != nil {
		return nil, nil, pgerr.Unsupported("COPY FROM … WHERE")
	}
	q := b.newQuery(nil)
	q.out.Command = logical.Insert
	s := &scope{q: q}
	t, err := b.target(s, n.Relation, "copy to", desc.Insert)
	if err != nil {
		return nil, nil, err
	}
	numbers, err := b.copyColumns(t.Relation, n)
	if err != nil {
		return nil, nil, err
	}
	change := &logical.Change{Table: t}
	q.out.Change = change
	assigned := map[int16]expr.Expr{}
	var cols []logical.Col
	for _, number := range numbers {
		c := &t.Relation.Columns[number-1]
		col := logical.Col{ID: b.newColumn(q), Name: c.Name, Type: b.Catalog.Type(c.Type), Mod: c.Mod, Collation: c.Collation, Number: number}
		cols = append(cols, col)
		assigned[number] = &expr.Column{Typing: expr.Typing{T: col.Type, M: col.Mod, C: col.Collation}, ID: col.ID, Name: col.Name}
	}
	if change.Full, err = b.fullRow(t.Relation, assigned); err != nil {
		return nil, nil, err
	}
	if err := b.newRow(q, change); err != nil {
		return nil, nil, err
	}
	q.out.Uses = b.useList
	return q.out, cols, nil
}

// copyColumns are the columns of a COPY: those listed, or all but generated ones.
func (b *Binder) copyColumns(rel *desc.Relation, n *pg.CopyStmt) ([]int16, error) {
	var out []int16
	if len(n.Attlist) == 0 {
		for i := range rel.Columns {
			if c := &rel.Columns[i]; !c.Dropped && !c.Generated {
				out = append(out, int16(i+1))
			}
		}
		return out, nil
	}
	for _, name := range names(n.Attlist) {
		number, c := rel.Column(name)
		if number == 0 {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, rel.Name)
		}
		if c.Generated {
			return nil, pgerr.Newf(pgerr.InvalidColumnReference, "column \"%s\" is a generated column", name).
				WithDetail("Generated columns cannot be used in COPY.")
		}
		for _, have := range out {
			if have == number {
				return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", name)
			}
		}
		out = append(out, number)
	}
	return out, nil
}

// CopyTo binds COPY table TO as a SELECT of its columns.
func (b *Binder) CopyTo(n *pg.CopyStmt) (*logical.Query, error) {
	if n.Query != nil {
		return b.Query(n.Query)
	}
	rel, err := b.Relation(n.Relation)
	if err != nil {
		return nil, err
	}
	if rel.Kind == desc.ViewKind {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "cannot copy from view \"%s\"", rel.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
	}
	q := b.newQuery(nil)
	b.use(rel.OID, kv.AccessShare)
	b.need(rel, desc.Select)
	t, err := b.tableRef(q, rel, n.Relation)
	if err != nil {
		return nil, err
	}
	numbers, err := b.copyColumns(rel, n)
	if err != nil {
		return nil, err
	}
	q.out.From = []logical.FromItem{t}
	for _, number := range numbers {
		for _, c := range t.Cols {
			if c.Number == number {
				q.out.Targets = append(q.out.Targets, logical.Target{ID: b.newColumn(q), Name: c.Name,
					Expr: &expr.Column{Typing: expr.Typing{T: c.Type, M: c.Mod, C: c.Collation}, ID: c.ID, Name: c.Name}})
			}
		}
	}
	q.out.Uses = b.useList
	return q.out, nil
}
