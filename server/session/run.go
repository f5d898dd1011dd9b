package session

import (
	"context"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/build"
	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/planner/search"
	"datapunk/server/client"
	"datapunk/sql/bind"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/vector"
)

// run runs one statement of a text and returns its command tag.
func (s *Session) run(ctx context.Context, sql string, st *parser.Statement) (string, error) {
	if s.failed && !endsBlock(st.Node) {
		return "", pgerr.New(pgerr.InFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	}
	switch n := st.Node.Node.(type) {
	case *pg.Node_TransactionStmt:
		return s.transaction(ctx, n.TransactionStmt)
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
		x, err := s.prepare(ctx, sql, st.Node, nil, nil)
		if err != nil {
			return "", err
		}
		if x.columns != nil {
			if err := s.results.Columns(x.columns); err != nil {
				return "", err
			}
		}
		defer x.close()
		if _, err := x.fetch(0, s.results.Batch); err != nil {
			return "", err
		}
		return x.tag(), nil
	}
	return s.utility(ctx, sql, st)
}

// endsBlock tells the statements that a failed transaction accepts.
func endsBlock(n *pg.Node) bool {
	t := n.GetTransactionStmt()
	if t == nil {
		return false
	}
	switch t.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return true
	}
	return false
}

// binder makes a binder for a text over a snapshot.
func (s *Session) binder(sql string, snapshot catalog.Snapshot, params []*types.Type, infer bool) *bind.Binder {
	return bind.New(sql, bind.Options{Catalog: snapshot, Functions: s.engine.Functions, Format: &s.format,
		SearchPath: s.searchPath(snapshot, true), User: s.user.OID, Params: params, Infer: infer, Notice: s.notice})
}

// execution is one query being run.
type execution struct {
	session *Session
	env     *op.Env
	builder *build.Builder
	root    op.Operator
	plan    *plan.Plan
	view    kv.View
	columns []client.Column
	rows    int64
	ended   bool
	opened  bool
}

// prepare binds, locks, plans and builds a query.
func (s *Session) prepare(ctx context.Context, sql string, node *pg.Node, paramTypes []*types.Type, params []*vector.Vector) (*execution, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	var query *logical.Query
	var snapshot catalog.Snapshot
	for {
		var err error
		if snapshot, err = s.snapshot(); err != nil {
			return nil, err
		}
		if query, err = s.binder(sql, snapshot, paramTypes, false).Query(node); err != nil {
			return nil, err
		}
		if err := s.lockRelations(ctx, query.Uses); err != nil {
			return nil, err
		}
		// Bind again if something changed while the locks were awaited.
		now, err := s.snapshot()
		if err != nil {
			return nil, err
		}
		if now.Version() == snapshot.Version() {
			break
		}
	}
	return s.plan(ctx, snapshot, query, params)
}

// plan plans and builds a bound query whose relations are locked.
func (s *Session) plan(ctx context.Context, snapshot catalog.Snapshot, query *logical.Query, params []*vector.Vector) (*execution, error) {
	if query.Command != logical.Select && query.Command != logical.Values && s.txn.Options().ReadOnly {
		return nil, pgerr.Newf(pgerr.ReadOnlySqlTransaction, "cannot execute %s in a read-only transaction", verb(query.Command))
	}
	if err := s.privileges(snapshot, query.Uses); err != nil {
		return nil, err
	}
	p, err := s.planner(snapshot).Plan(query)
	if err != nil {
		return nil, err
	}
	return s.execute(ctx, snapshot, p, params)
}

// planner makes a planner over a snapshot, as the session's settings say.
func (s *Session) planner(snapshot catalog.Snapshot) *search.Search {
	return search.New(snapshot, statistics{s.engine, snapshot}, search.Options{
		NoHashJoin: s.get("enable_hashjoin") == "off", NoNestLoop: s.get("enable_nestloop") == "off", NoIndexScan: s.get("enable_indexscan") == "off",
		Stored: func(text string, cols []logical.Col) (expr.Expr, error) {
			return s.binder(text, snapshot, nil, false).Stored(text, cols)
		},
		System: s.engine.IsSystem,
	})
}

func verb(c logical.Command) string {
	return [...]string{logical.Select: "SELECT", logical.Insert: "INSERT", logical.Update: "UPDATE", logical.Delete: "DELETE", logical.Values: "SELECT"}[c]
}

// lockRelations takes the relation locks of a statement, in the order of its text.
func (s *Session) lockRelations(ctx context.Context, uses []logical.Use) error {
	for _, u := range uses {
		if u.Relation < desc.FirstUser {
			continue
		}
		object := kv.ObjectID{Database: uint32(s.database.OID), Class: uint32(desc.ClassRelation), Object: uint32(u.Relation)}
		if err := s.txn.LockRelation(ctx, object, kv.Mode(u.Mode), kv.Wait{Timeout: s.integer("lock_timeout")}); err != nil {
			return err
		}
	}
	return nil
}

// execute builds a plan's operators over a new view.
func (s *Session) execute(ctx context.Context, snapshot catalog.Snapshot, p *plan.Plan, params []*vector.Vector) (*execution, error) {
	view, err := s.txn.View(ctx)
	if err != nil {
		return nil, err
	}
	x := &execution{session: s, plan: p, view: view}
	fenv := s.env
	fenv.Context = ctx
	x.env = &op.Env{Env: &eval.Env{Env: &fenv, Params: params}, Txn: s.txn, View: view, Session: operators{s},
		ReadCommitted: s.txn.Options().Isolation == kv.ReadCommitted, LockTimeout: s.integer("lock_timeout")}
	x.builder = build.New(x.env, snapshot, s.engine.System, p)
	if x.root, err = x.builder.Root(); err != nil {
		view.Close()
		return nil, err
	}
	for _, t := range p.Targets {
		x.columns = append(x.columns, client.Column{Name: t.Name, Table: t.Table, Number: t.Column, Type: t.Expr.Type(), Mod: t.Expr.Mod()})
	}
	if x.columns == nil && (p.Command == logical.Select || p.Command == logical.Values) {
		x.columns = []client.Column{}
	}
	return x, nil
}

// fetch runs the query for up to limit rows (0: all) and reports whether it is at
// its end.
func (x *execution) fetch(limit int64, out func(*vector.Batch) error) (ended bool, err error) {
	s := x.session
	if !x.opened {
		x.opened = true
		if err := x.root.Open(); err != nil {
			return false, err
		}
	}
	given := int64(0)
	for !x.ended && (limit == 0 || given < limit) {
		budget := int64(vector.Size)
		if limit > 0 {
			budget = min(budget, limit-given)
		}
		b, err := x.root.Next(int(budget))
		if err != nil {
			return false, err
		}
		if b == nil {
			x.ended = true
			if err := x.builder.Finish(); err != nil {
				return false, err
			}
			s.txn.NextCommand()
			break
		}
		if x.rows == 0 {
			if err := s.txn.WaitVisible(x.env.Context); err != nil {
				return false, err
			}
		}
		given += int64(b.Rows())
		x.rows += int64(b.Rows())
		if err := out(b); err != nil {
			return false, err
		}
	}
	return x.ended, nil
}

// tag is the command tag.
func (x *execution) tag() string {
	switch x.plan.Command {
	case logical.Insert:
		return fmt.Sprintf("INSERT 0 %d", x.env.Changed)
	case logical.Update:
		return fmt.Sprintf("UPDATE %d", x.env.Changed)
	case logical.Delete:
		return fmt.Sprintf("DELETE %d", x.env.Changed)
	}
	return fmt.Sprintf("SELECT %d", x.rows)
}

func (x *execution) close() {
	if x.opened {
		x.root.Close()
	}
	x.view.Close()
}

// privileges checks what a statement needs.
func (s *Session) privileges(snapshot catalog.Snapshot, uses []logical.Use) error {
	for _, u := range uses {
		rel := snapshot.Relation(u.Relation)
		if rel == nil || rel.OID < desc.FirstUser {
			continue
		}
		for _, need := range u.Needs {
			role := snapshot.Role(need.As)
			if role != nil && (role.Superuser || role.OID == rel.Owner) {
				continue
			}
			have := desc.Privilege(0)
			for _, g := range rel.Grants {
				if g.Grantee == 0 || g.Grantee == need.As {
					have |= g.Privileges
				}
			}
			if have&need.Privilege != need.Privilege {
				kind := "table"
				if rel.Kind == desc.ViewKind {
					kind = "view"
				}
				return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for %s %s", kind, rel.Name)
			}
		}
	}
	return nil
}

// searchPath lists the schemas of search_path that exist; implicit adds pg_catalog
// in front unless it is named.
func (s *Session) searchPath(snapshot catalog.Snapshot, implicit bool) []types.OID {
	var out []types.OID
	named := false
	for _, name := range splitNames(s.get("search_path")) {
		if name == "$user" {
			name = s.user.Name
		}
		if o, ok := snapshot.Find(desc.Lookup{Class: desc.ClassSchema, Name: name}).(*desc.Schema); ok {
			out = append(out, o.OID)
			named = named || o.OID == types.PgCatalog
		}
	}
	if implicit && !named {
		out = append([]types.OID{types.PgCatalog}, out...)
	}
	return out
}

// splitNames splits a list of identifiers, quoted or not.
func splitNames(list string) []string {
	var out []string
	for i := 0; i < len(list); {
		for i < len(list) && (list[i] == ' ' || list[i] == ',') {
			i++
		}
		if i >= len(list) {
			break
		}
		if list[i] == '"' {
			var b strings.Builder
			for i++; i < len(list); i++ {
				if list[i] == '"' {
					if i+1 < len(list) && list[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				b.WriteByte(list[i])
			}
			i++
			out = append(out, b.String())
			continue
		}
		start := i
		for i < len(list) && list[i] != ',' {
			i++
		}
		out = append(out, strings.ToLower(strings.TrimSpace(list[start:i])))
	}
	return out
}
