package session

import (
	"context"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
)

// intoClause finds the INTO of a SELECT, which a set operation has in its first part.
func intoClause(n *pg.SelectStmt) *pg.IntoClause {
	for n.Larg != nil {
		n = n.Larg
	}
	return n.IntoClause
}

// selectInto turns SELECT … INTO into CREATE TABLE AS.
func selectInto(n *pg.Node) *pg.CreateTableAsStmt {
	first := n.GetSelectStmt()
	for first.Larg != nil {
		first = first.Larg
	}
	into := first.IntoClause
	first.IntoClause = nil
	return &pg.CreateTableAsStmt{Query: n, Into: into, Objtype: pg.ObjectType_OBJECT_TABLE, IsSelectInto: true}
}

// createAs runs CREATE TABLE AS: it makes the table, then inserts the query's rows.
func (s *Session) createAs(ctx context.Context, sql string, n *pg.CreateTableAsStmt) (string, error) {
	if err := s.begin(); err != nil {
		return "", err
	}
	w, err := s.changes()
	if err != nil {
		return "", err
	}
	if s.txn.Options().ReadOnly {
		return "", pgerr.New(pgerr.ReadOnlySqlTransaction, "cannot execute CREATE TABLE AS in a read-only transaction")
	}
	t, err := s.binder(sql, w.Snapshot(), nil, false).CreateAs(n)
	if err != nil {
		return "", err
	}
	taken := func() *desc.Relation {
		schema := t.Schema
		if t.Temp {
			schema = s.temporary(w.Snapshot().Schema)
		}
		return w.Snapshot().RelationNamed(schema, t.Name)
	}
	before := taken()
	if err := s.ddl(ctx, w).Run(t); err != nil {
		return "", err
	}
	s.txn.NextCommand()
	if before != nil { // IF NOT EXISTS, and it does
		return "CREATE TABLE AS", nil
	}
	rows := int64(0)
	if !n.Into.SkipData {
		made := taken()
		rel := &pg.RangeVar{Schemaname: w.Snapshot().Schema(made.Schema).Name, Relname: t.Name, Inh: true, Relpersistence: "p", Location: -1}
		insert := &pg.Node{Node: &pg.Node_InsertStmt{InsertStmt: &pg.InsertStmt{Relation: rel, SelectStmt: n.Query, Override: pg.OverridingKind_OVERRIDING_NOT_SET}}}
		x, err := s.prepare(ctx, sql, insert, nil, nil)
		if err != nil {
			return "", err
		}
		defer x.close()
		if _, err := x.fetch(0, s.results.Batch); err != nil {
			return "", err
		}
		rows = x.env.Changed
	} else if !n.IsSelectInto {
		return "CREATE TABLE AS", nil
	}
	return "SELECT " + strconv.FormatInt(rows, 10), nil
}
