package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// CreateAs binds the table of CREATE TABLE AS and SELECT INTO: its columns are those
// of the query.
func (b *Binder) CreateAs(n *pg.CreateTableAsStmt) (*logical.CreateTable, error) {
	if n.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil, pgerr.Unsupported("CREATE MATERIALIZED VIEW")
	}
	if n.Query.GetExecuteStmt() != nil {
		return nil, pgerr.Unsupported("CREATE TABLE AS EXECUTE")
	}
	query, err := b.Query(n.Query)
	if err != nil {
		return nil, err
	}
	into := n.Into
	temp := into.Rel.Relpersistence == "t" || into.Rel.Schemaname == "pg_temp"
	schema, err := b.creation(into.Rel, temp)
	if err != nil {
		return nil, err
	}
	t := &logical.CreateTable{Schema: schema, Name: into.Rel.Relname, Temp: temp, IfNotExists: n.IfNotExists, Unlogged: into.Rel.Relpersistence == "u"}
	for _, o := range into.Options {
		t.Options = append(t.Options, o.GetDefElem().Defname+"="+optionText(o.GetDefElem().Arg))
	}
	switch into.OnCommit {
	case pg.OnCommitAction_ONCOMMIT_DELETE_ROWS:
		t.OnCommit = 'd'
	case pg.OnCommitAction_ONCOMMIT_DROP:
		t.OnCommit = 'D'
	}
	aliases, visible := names(into.ColNames), visibleTargets(query)
	if len(aliases) > len(visible) {
		return nil, pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	for i, v := range visible {
		c := desc.Column{Name: v.Name, Type: v.Expr.Type().OID, Mod: v.Expr.Mod(), Collation: v.Expr.Collation()}
		if i < len(aliases) {
			c.Name = aliases[i]
		}
		if v.Expr.Type().Kind == types.Pseudo {
			return nil, pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", c.Name, b.typeName(v.Expr.Type()))
		}
		for k := range t.Columns {
			if t.Columns[k].Name == c.Name {
				return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", c.Name)
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t, nil
}
