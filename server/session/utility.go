package session

import (
	"context"
	"datapunk/types/format"
	"errors"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/executor/ddl"
	"datapunk/internal/pgerr"
	"datapunk/server/client"
	"datapunk/server/setting"
	"datapunk/sql/logical"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/vector"
)

// utility runs what is no query.
func (s *Session) utility(ctx context.Context, sql string, st *parser.Statement) (string, error) {
	switch n := st.Node.Node.(type) {
	case *pg.Node_VariableSetStmt:
		return s.variableSet(n.VariableSetStmt)
	case *pg.Node_VariableShowStmt:
		return "SHOW", s.variableShow(n.VariableShowStmt.Name)
	case *pg.Node_DiscardStmt:
		return s.discard(n.DiscardStmt)
	case *pg.Node_DeallocateStmt:
		name := n.DeallocateStmt.Name
		if name == "" {
			clear(s.statements)
			return "DEALLOCATE ALL", nil
		}
		if s.statements[name] == nil {
			return "", pgerr.Newf(pgerr.InvalidSqlStatementName, "prepared statement \"%s\" does not exist", name)
		}
		delete(s.statements, name)
		return "DEALLOCATE", nil
	case *pg.Node_PrepareStmt:
		return s.prepareStatement(sql, n.PrepareStmt)
	case *pg.Node_ExecuteStmt:
		return s.executeStatement(ctx, sql, n.ExecuteStmt)
	case *pg.Node_DeclareCursorStmt:
		return s.declare(ctx, sql, n.DeclareCursorStmt)
	case *pg.Node_FetchStmt:
		return s.fetch(ctx, n.FetchStmt)
	case *pg.Node_ClosePortalStmt:
		return s.closeCursor(n.ClosePortalStmt)
	case *pg.Node_ExplainStmt:
		return "EXPLAIN", s.explain(ctx, sql, n.ExplainStmt)
	case *pg.Node_CheckPointStmt:
		return "CHECKPOINT", nil
	case *pg.Node_ConstraintsSetStmt:
		return "SET CONSTRAINTS", s.setConstraints(n.ConstraintsSetStmt)
	case *pg.Node_LockStmt:
		return s.lockTable(ctx, sql, n.LockStmt)
	case *pg.Node_CopyStmt:
		return s.copyStmt(ctx, sql, st)
	case *pg.Node_VacuumStmt:
		return s.vacuumStmt(ctx, sql, n.VacuumStmt)
	}
	if what := aloneOnly(st.Node); what != "" && (s.block || s.several) {
		return "", pgerr.Newf(pgerr.ActiveSqlTransaction, "%s cannot run inside a transaction block", what)
	}
	if err := s.begin(); err != nil {
		return "", err
	}
	for {
		tag, err := s.define(ctx, sql, st.Node)
		if !errors.Is(err, ddl.ErrChanged) {
			return tag, err
		}
	}
}

// aloneOnly names a statement that may not be part of a transaction block.
func aloneOnly(n *pg.Node) string {
	switch n := n.Node.(type) {
	case *pg.Node_CreatedbStmt:
		return "CREATE DATABASE"
	case *pg.Node_DropdbStmt:
		return "DROP DATABASE"
	case *pg.Node_IndexStmt:
		if n.IndexStmt.Concurrent {
			return "CREATE INDEX CONCURRENTLY"
		}
	case *pg.Node_DropStmt:
		if n.DropStmt.Concurrent {
			return "DROP INDEX CONCURRENTLY"
		}
	}
	return ""
}

// define runs a statement that changes the catalog.
func (s *Session) define(ctx context.Context, sql string, node *pg.Node) (string, error) {
	w, err := s.changes()
	if err != nil {
		return "", err
	}
	change, err := s.binder(sql, w.Snapshot(), nil, false).Utility(node)
	if err != nil {
		return "", err
	}
	if s.txn.Options().ReadOnly {
		return "", pgerr.Newf(pgerr.ReadOnlySqlTransaction, "cannot execute %s in a read-only transaction", change.Tag())
	}
	if err := s.unchecked(change); err != nil {
		return "", err
	}
	if err := s.change(ctx, w, change); err != nil {
		return "", err
	}
	s.txn.NextCommand()
	return change.Tag(), nil
}

func (s *Session) change(ctx context.Context, w catalog.Writer, change logical.Utility) error {
	switch u := change.(type) {
	case *logical.CreateIndex:
		if u.Concurrently {
			return s.createConcurrently(ctx, w, u)
		}
	case *logical.Drop:
		if u.Concurrently {
			return s.dropConcurrently(ctx, w, u)
		}
	}
	return s.ddl(ctx, w).Run(change)
}

// ddl makes an executor of changes to the catalog.
func (s *Session) ddl(ctx context.Context, w catalog.Writer) *ddl.Executor {
	env := s.env
	env.Context = ctx
	return &ddl.Executor{Context: ctx, Txn: s.txn, Writer: w, Database: s.database.OID, User: s.user.OID, LockTimeout: s.current().lockTimeout,
		Notice: s.notice, Bind: s.binder, Env: &env, Session: operators{s}, SearchPath: func() []types.OID { return s.searchPath(w.Snapshot(), true) },
		Sequences: sequences{s}, Catalog: s.engine.Catalog, Verifier: s.engine.Verifier, Sessions: others{s},
		CheckSetting: s.check,
		CopySequence: func(from, to uint32) error { return s.copyCell(ctx, from, to) }, TempSchema: func() (types.OID, error) { return s.makeTemporary(ctx) }}
}

func (s *Session) variableSet(n *pg.VariableSetStmt) (string, error) {
	switch n.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		return "RESET", s.resetAll(false)
	case pg.VariableSetKind_VAR_RESET:
		return "RESET", s.reset(n.Name)
	case pg.VariableSetKind_VAR_SET_DEFAULT:
		return "SET", s.reset(n.Name)
	case pg.VariableSetKind_VAR_SET_MULTI:
		for _, a := range n.Args {
			d := a.GetDefElem()
			name := d.Defname
			if n.Name == "SESSION CHARACTERISTICS" {
				name = "default_" + name
			}
			if err := s.set(name, constText(d.Arg), n.Name == "TRANSACTION", false); err != nil {
				return "", err
			}
		}
		return "SET", nil
	case pg.VariableSetKind_VAR_SET_CURRENT:
		return "", pgerr.Unsupported("SET FROM CURRENT")
	}
	var parts []string
	for _, a := range n.Args {
		text := constText(a)
		if strings.EqualFold(n.Name, "search_path") {
			text = format.QuoteIdent(text)
		}
		parts = append(parts, text)
	}
	if n.IsLocal && !s.block {
		s.notice(&pgerr.Error{Severity: "WARNING", Code: pgerr.NoActiveSqlTransaction, Message: "SET LOCAL can only be used in transaction blocks"})
		return "SET", nil
	}
	return "SET", s.set(n.Name, strings.Join(parts, ", "), n.IsLocal, false)
}

func (s *Session) variableShow(name string) error {
	one := func(cols []client.Column, rows [][]string) error {
		if err := s.results.Columns(cols); err != nil {
			return err
		}
		b := &vector.Batch{N: len(rows)}
		for c := range cols {
			v := vector.New(types.Text, len(rows))
			for r := range rows {
				v.SetString(r, rows[r][c])
			}
			b.Cols = append(b.Cols, v)
		}
		return s.results.Batch(b)
	}
	text := func(name string) client.Column { return client.Column{Name: name, Type: types.Text, Mod: -1} }
	if strings.EqualFold(name, "all") {
		var rows [][]string
		all := setting.All()
		for i := range all {
			rows = append(rows, []string{all[i].Name, s.show(&all[i]), ""})
		}
		return one([]client.Column{text("name"), text("setting"), text("description")}, rows)
	}
	if d := setting.Find(name); d != nil {
		return one([]client.Column{text(d.Name)}, [][]string{{s.show(d)}})
	}
	if v, ok := s.settings[strings.ToLower(name)]; ok {
		return one([]client.Column{text(name)}, [][]string{{v}})
	}
	return pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

func (s *Session) discard(n *pg.DiscardStmt) (string, error) {
	switch n.Target {
	case pg.DiscardMode_DISCARD_ALL:
		if s.block {
			return "", pgerr.New(pgerr.ActiveSqlTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		clear(s.statements)
		s.kv.UnlockAllAdvisory()
		if err := s.resetAll(true); err != nil {
			return "", err
		}
		if err := s.dropTemporary(s.engine.Context); err != nil {
			return "", err
		}
		clear(s.currval)
		return "DISCARD ALL", nil
	case pg.DiscardMode_DISCARD_PLANS:
		return "DISCARD PLANS", nil
	case pg.DiscardMode_DISCARD_SEQUENCES:
		clear(s.currval)
		s.lastSeq = 0
		return "DISCARD SEQUENCES", nil
	}
	return "DISCARD TEMP", s.dropTemporary(s.engine.Context)
}
