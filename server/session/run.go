package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
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
	"datapunk/sql/function"
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
	case *pg.Node_CreateTableAsStmt:
		return s.createAs(ctx, sql, n.CreateTableAsStmt)
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
		if q := st.Node.GetSelectStmt(); q != nil && intoClause(q) != nil {
			return s.createAs(ctx, sql, selectInto(st.Node))
		}
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
		SearchPath: s.searchPath(snapshot, true), TempSchema: s.temporary(snapshot.Schema), User: s.user.OID, Params: params, Infer: infer, Notice: s.notice})
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
	keeper  *cachedPlan // gets the execution back when it has run to its end, or nil
}

// prepare binds, locks, plans and builds a query.
func (s *Session) prepare(ctx context.Context, sql string, node *pg.Node, paramTypes []*types.Type, params []*vector.Vector) (*execution, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	var query *logical.Query
	snapshot, err := s.locked(ctx, func(snapshot catalog.Snapshot) (uses []logical.Use, err error) {
		if query, err = s.binder(sql, snapshot, paramTypes, false).Query(node); err != nil {
			return nil, err
		}
		return query.Uses, nil
	})
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, snapshot, query, params)
}

// locked binds a statement and locks what it uses, and binds it again if something
// changed while the locks were awaited, since a writer must know every index.
func (s *Session) locked(ctx context.Context, bind func(catalog.Snapshot) ([]logical.Use, error)) (catalog.Snapshot, error) {
	for {
		snapshot, err := s.snapshot()
		if err != nil {
			return nil, err
		}
		uses, err := bind(snapshot)
		if err != nil {
			return nil, err
		}
		if err := s.lockRelations(ctx, uses); err != nil {
			return nil, err
		}
		now, err := s.snapshot()
		if err != nil {
			return nil, err
		}
		if now.Version() == snapshot.Version() {
			return snapshot, nil
		}
	}
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
		NoHashJoin: s.get("enable_hashjoin") == "off", NoMergeJoin: s.get("enable_mergejoin") == "off", NoNestLoop: s.get("enable_nestloop") == "off",
		NoIndexScan: s.get("enable_indexscan") == "off", NoSeqScan: s.get("enable_seqscan") == "off", NoSort: s.get("enable_sort") == "off",
		Stored: func(text string, cols []logical.Col) (expr.Expr, error) {
			return s.binder(text, snapshot, nil, false).Stored(text, cols)
		},
		System: tables{s, snapshot}.rows,
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
		if err := s.txn.LockRelation(ctx, object, kv.Mode(u.Mode), kv.Wait{Timeout: s.current().lockTimeout}); err != nil {
			return err
		}
	}
	return nil
}

// execute builds a plan's operators over a new view.
func (s *Session) execute(ctx context.Context, snapshot catalog.Snapshot, p *plan.Plan, params []*vector.Vector) (*execution, error) {
	x := &execution{session: s, plan: p}
	x.env = &op.Env{Env: &eval.Env{Env: new(function.Env)}, Session: operators{s}, Overtaken: &s.engine.Overtaken}
	if err := x.prepare(ctx, params); err != nil {
		return nil, err
	}
	x.builder = build.New(x.env, snapshot, tables{s, snapshot}, p)
	x.builder.Wrap = s.wrap
	var err error
	if x.root, err = x.builder.Root(); err != nil {
		x.env.Space.Close()
		x.view.Close()
		return nil, err
	}
	for _, t := range p.Targets {
		x.columns = append(x.columns, resultColumn(t))
	}
	if x.columns == nil && (p.Command == logical.Select || p.Command == logical.Values) {
		x.columns = []client.Column{}
	}
	return x, nil
}

// prepare gives an execution, new or used before, its parameters and a new view.
func (x *execution) prepare(ctx context.Context, params []*vector.Vector) error {
	s := x.session
	view, err := s.txn.View(ctx)
	if err != nil {
		return err
	}
	*x.env.Env.Env = s.env
	x.env.Env.Env.Context = ctx
	x.env.Params, x.env.Txn, x.env.View, x.env.Changed = params, s.txn, view, 0
	x.env.Space = s.space()
	x.env.ReadCommitted, x.env.LockTimeout = s.txn.Options().Isolation == kv.ReadCommitted, s.current().lockTimeout
	x.view, x.rows, x.ended, x.opened = view, 0, false, false
	return nil
}

// answer sends the client the columns and all rows, and gives the tag.
func (x *execution) answer() (string, error) {
	results := x.session.results
	if x.columns != nil {
		if err := results.Columns(x.columns); err != nil {
			return "", err
		}
	}
	if _, err := x.fetch(0, results.Batch); err != nil {
		return "", err
	}
	return x.tag(), nil
}

// repeatable tells a plan whose operators can be opened again with other parameters:
// all of their state is made anew by Open.
func repeatable(p *plan.Plan) bool {
	if len(p.Subplans) > 0 || len(p.CTEs) > 0 {
		return false
	}
	var each func(n plan.Node) bool
	each = func(n plan.Node) bool {
		switch x := n.(type) {
		case *plan.Scan, *plan.Result, *plan.Values, *plan.Project, *plan.Filter, *plan.Limit:
		case *plan.Insert:
			return len(x.Change.Table.Relation.ForeignKeys) == 0 && each(x.Input)
		case *plan.Update:
			r := x.Change.Table.Relation
			return len(r.ForeignKeys) == 0 && len(r.References) == 0 && each(x.Input)
		default:
			return false
		}
		for _, in := range n.Inputs() {
			if !each(in) {
				return false
			}
		}
		return true
	}
	return each(p.Root)
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
		x.builder.Close()
	}
	x.env.Space.Close()
	x.view.Close()
	if k := x.keeper; k != nil {
		if x.keeper = nil; x.ended && k.idle == nil {
			k.idle = x
		}
	}
}

// privileges checks what a statement needs.
func (s *Session) privileges(snapshot catalog.Snapshot, uses []logical.Use) error {
	for _, u := range uses {
		rel := snapshot.Relation(u.Relation)
		if rel == nil {
			continue
		}
		class := byte('r')
		if rel.Kind == desc.SequenceKind {
			class = 's'
		}
		for _, need := range u.Needs {
			held, _ := privilege.Held(snapshot, need.As, rel.Owner, class, rel.Grants)
			if columnsHeld(snapshot, need, rel, held) {
				continue
			}
			kind := map[desc.RelKind]string{desc.ViewKind: "view", desc.SequenceKind: "sequence", desc.MatView: "materialized view"}[rel.Kind]
			if kind == "" {
				kind = "table"
			}
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for %s %s", kind, rel.Name)
		}
	}
	return nil
}

// columnsHeld tells whether what a role needs, and does not hold on a relation, it
// holds on each column concerned, or where no column is, on any.
func columnsHeld(snapshot catalog.Snapshot, need logical.Need, rel *desc.Relation, held desc.Privilege) bool {
	required := need.Privilege
	for _, c := range need.Columns {
		required |= c.Privilege
	}
	missing := required &^ held
	if missing&^(desc.Select|desc.Insert|desc.Update|desc.References) != 0 {
		return false
	}
	on := func(column int16) desc.Privilege {
		c := &rel.Columns[column-1]
		if c.Grants == nil {
			return 0
		}
		have, _ := privilege.Held(snapshot, need.As, rel.Owner, 'c', c.Grants)
		return have
	}
	for bit := desc.Insert; bit <= missing; bit <<= 1 {
		if missing&bit == 0 {
			continue
		}
		named, any := false, false
		for _, c := range need.Columns {
			if c.Privilege&bit != 0 {
				if named = true; on(c.Column)&bit == 0 {
					return false
				}
			}
		}
		for i := range rel.Columns {
			any = any || on(int16(i+1))&bit != 0
		}
		if !named && !any {
			return false
		}
	}
	return true
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
		if name == "pg_temp" {
			if oid := s.temporary(snapshot.Schema); oid != 0 {
				out = append(out, oid)
			}
			continue
		}
		if o, ok := snapshot.Find(desc.Lookup{Class: desc.ClassSchema, Name: name}).(*desc.Schema); ok {
			out = append(out, o.OID)
			named = named || o.OID == types.PgCatalog
		}
	}
	if implicit && !named {
		out = append([]types.OID{types.PgCatalog}, out...)
	}
	if oid := s.temporary(snapshot.Schema); oid != 0 && implicit && !slices.Contains(out, oid) {
		out = append([]types.OID{oid}, out...)
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
