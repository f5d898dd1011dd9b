package session

import (
	"context"
	"datapunk/types/format"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/ddl"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/server/client"
	"datapunk/server/setting"
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
	case *pg.Node_CheckPointStmt:
		return "CHECKPOINT", nil
	case *pg.Node_CopyStmt:
		return s.copyStmt(ctx, sql, st)
	case *pg.Node_VacuumStmt:
		return s.vacuum(ctx, sql, n.VacuumStmt)
	}
	if err := s.begin(); err != nil {
		return "", err
	}
	w, err := s.changes()
	if err != nil {
		return "", err
	}
	b := s.binder(sql, w.Snapshot(), nil, false)
	change, err := b.Utility(st.Node)
	if err != nil {
		return "", err
	}
	if s.txn.Options().ReadOnly {
		return "", pgerr.Newf(pgerr.ReadOnlySqlTransaction, "cannot execute %s in a read-only transaction", change.Tag())
	}
	x := &ddl.Executor{Context: ctx, Txn: s.txn, Writer: w, Database: s.database.OID, User: s.user.OID, LockTimeout: s.integer("lock_timeout"),
		Notice: s.notice, Bind: s.binder, Env: &s.env, Session: operators{s}, SearchPath: func() []types.OID { return s.searchPath(w.Snapshot(), false) }}
	if err := x.Run(change); err != nil {
		return "", err
	}
	s.txn.NextCommand()
	return change.Tag(), nil
}

// vacuum runs VACUUM and ANALYZE. Statistics are not gathered yet: the planner knows
// the number of rows, which is counted as they are written.
func (s *Session) vacuum(ctx context.Context, sql string, n *pg.VacuumStmt) (string, error) {
	tag := "ANALYZE"
	if n.IsVacuumcmd {
		tag = "VACUUM"
		if s.block {
			return "", pgerr.New(pgerr.ActiveSqlTransaction, "VACUUM cannot run inside a transaction block")
		}
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return "", err
	}
	b := s.binder(sql, snapshot, nil, false)
	for _, r := range n.Rels {
		rel, err := b.Relation(r.GetVacuumRelation().Relation)
		if err != nil {
			return "", err
		}
		if n.IsVacuumcmd && rel.HasStorage() {
			for _, storage := range append([]uint32{rel.Storage}, indexStorages(snapshot, rel)...) {
				span := kv.Span{Start: kv.StoragePrefix(nil, kv.StorageID(storage)), End: kv.StoragePrefix(nil, kv.StorageID(storage+1))}
				if _, err := s.engine.DB.Vacuum(ctx, span); err != nil {
					return "", err
				}
			}
		}
	}
	return tag, nil
}

func indexStorages(snapshot catalog.Snapshot, rel *desc.Relation) []uint32 {
	var out []uint32
	for _, oid := range rel.Indexes {
		if x := snapshot.Relation(oid); x != nil && x.Storage != rel.Storage {
			out = append(out, x.Storage)
		}
	}
	return out
}

func (s *Session) variableSet(n *pg.VariableSetStmt) (string, error) {
	switch n.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		for name := range s.settings {
			if name != "session_authorization" {
				if err := s.reset(name); err != nil {
					return "", err
				}
			}
		}
		return "RESET", nil
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
		for name := range s.settings {
			if name != "session_authorization" {
				if err := s.reset(name); err != nil {
					return "", err
				}
			}
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
	return "DISCARD TEMP", nil
}
