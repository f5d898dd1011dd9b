package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/server/client"
	"datapunk/sql/logical"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// Prepared is a prepared statement.
type Prepared struct {
	sql       string
	statement *parser.Statement // nil: an empty text
	Params    []*types.Type
	Columns   []client.Column // nil: no result
	cached    *cachedPlan
	made      datetime.Timestamp
	runs      int64
	fromSQL   bool // made by PREPARE
	// version and epoch are the catalog's and the settings' when it was analyzed.
	version uint64
	epoch   int
}

// cachedPlan is a plan for any parameters, good for one catalog version and one
// state of the session's settings.
type cachedPlan struct {
	plan    *plan.Plan
	version uint64
	epoch   int
	left    int // runs until it is made anew, since tables grow
	// repeats: an execution of the plan can be used again; idle is one that is free.
	repeats bool
	idle    *execution
}

// planRuns is how often a kept plan is run before it is made anew.
const planRuns = 256

// Portal is a statement bound to parameters, perhaps half run.
type Portal struct {
	prepared *Prepared
	params   []*vector.Vector
	run      *execution
	cursor   *cursor // of DECLARE, else nil
	depth    int     // savepoints there were when it was made
}

// isQuery tells what gives rows by a plan.
func isQuery(n *pg.Node) bool {
	switch q := n.Node.(type) {
	case *pg.Node_SelectStmt:
		return intoClause(q.SelectStmt) == nil
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
		return true
	}
	return false
}

// Parse prepares a statement; declared are parameter types (0: to be inferred).
func (s *Session) Parse(ctx context.Context, name, sql string, declared []types.OID) error {
	return s.step(ctx, func(ctx context.Context) error {
		if name != "" && s.statements[name] != nil {
			return pgerr.Newf(pgerr.DuplicatePstatement, "prepared statement \"%s\" already exists", name)
		}
		if p := s.parsedBefore(name, sql, declared); p != nil {
			s.statements[name] = p
			return nil
		}
		list, err := s.parse(sql)
		if err != nil {
			return err
		}
		if len(list) > 1 {
			return pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
		}
		p := &Prepared{sql: sql, made: s.stmtTime}
		if len(list) == 1 {
			p.statement = &list[0]
			if s.failed && !endsBlock(list[0].Node) {
				return pgerr.New(pgerr.InFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block")
			}
			if err := s.analyze(p, declared); err != nil {
				return err
			}
		}
		s.statements[name] = p
		s.rememberParsed(name, declared, p)
		return nil
	})
}

// parsedBefore finds the unnamed statement that a client prepares again and again, if
// nothing has changed since that it may depend on.
func (s *Session) parsedBefore(name, sql string, declared []types.OID) *Prepared {
	p := s.lifts.parsed[sql]
	if p == nil || name != "" || len(declared) > 0 || s.failed || p.epoch != s.epoch || s.begin() != nil {
		return nil
	}
	if snapshot, err := s.snapshot(); err != nil || snapshot.Version() != p.version || s.writer != nil && s.writer.Dirty() {
		return nil
	}
	return p
}

// rememberParsed keeps an unnamed query for parsedBefore.
func (s *Session) rememberParsed(name string, declared []types.OID, p *Prepared) {
	if name != "" || len(declared) > 0 || p.statement == nil || !isQuery(p.statement.Node) || len(p.sql) > 4096 || s.writer != nil && s.writer.Dirty() {
		return
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return
	}
	if s.lifts.parsed == nil || len(s.lifts.parsed) >= maxLifts {
		s.lifts.parsed = map[string]*Prepared{}
	}
	p.version, p.epoch = snapshot.Version(), s.epoch
	s.lifts.parsed[p.sql] = p
}

// analyze finds a statement's parameter types and result columns.
func (s *Session) analyze(p *Prepared, declared []types.OID) error {
	if !isQuery(p.statement.Node) {
		if n := p.statement.Node.GetVariableShowStmt(); n != nil {
			p.Columns = []client.Column{{Name: n.Name, Type: types.Text, Mod: -1}}
		}
		if n := p.statement.Node.GetExecuteStmt(); n != nil && s.statements[n.Name] != nil {
			p.Columns = s.statements[n.Name].Columns
		}
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return err
	}
	params := make([]*types.Type, len(declared))
	for i, oid := range declared {
		if oid != 0 {
			if params[i] = snapshot.Type(oid); params[i] == nil {
				return pgerr.Newf(pgerr.UndefinedObject, "type with OID %d does not exist", oid)
			}
		}
	}
	b := s.binder(p.sql, snapshot, params, true)
	query, err := b.Query(p.statement.Node)
	if err != nil {
		return err
	}
	if p.Params, err = b.ParamTypes(); err != nil {
		return err
	}
	p.Columns = columnsOf(query)
	return nil
}

func columnsOf(q *logical.Query) []client.Column {
	list := q.Targets
	if q.Change != nil {
		if list = q.Change.Returning; len(list) == 0 {
			return nil
		}
	}
	out := []client.Column{}
	for _, t := range list {
		if !t.Junk {
			out = append(out, resultColumn(t))
		}
	}
	return out
}

// resultColumn is a column as clients are told of it: a domain is its base type.
func resultColumn(t logical.Target) client.Column {
	c := client.Column{Name: t.Name, Table: t.Table, Number: t.Column, Type: t.Expr.Type(), Mod: t.Expr.Mod()}
	for c.Type.Kind == types.Domain {
		c.Type, c.Mod = c.Type.Base, c.Type.BaseMod
	}
	return c
}

// Statement finds a prepared statement.
func (s *Session) Statement(name string) ([]*types.Type, []client.Column, error) {
	p := s.statements[name]
	if p == nil {
		if name == "" {
			return nil, nil, pgerr.New(pgerr.InvalidSqlStatementName, "unnamed prepared statement does not exist")
		}
		return nil, nil, pgerr.Newf(pgerr.InvalidSqlStatementName, "prepared statement \"%s\" does not exist", name)
	}
	return p.Params, p.Columns, nil
}

// Bind makes a portal. formats are 0 for text and 1 for binary: none for all text,
// one for all, or one each; a nil value is null.
func (s *Session) Bind(ctx context.Context, portal, statement string, formats []int16, values [][]byte) error {
	return s.step(ctx, func(ctx context.Context) error {
		if _, _, err := s.Statement(statement); err != nil {
			return err
		}
		p := s.statements[statement]
		if portal != "" && s.portals[portal] != nil {
			return pgerr.Newf(pgerr.DuplicateCursor, "portal \"%s\" already exists", portal)
		}
		if len(values) != len(p.Params) {
			return pgerr.Newf(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(values), statement, len(p.Params))
		}
		if len(formats) > 1 && len(formats) != len(values) {
			return pgerr.Newf(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(formats), len(values))
		}
		q := &Portal{prepared: p, depth: len(s.savepoints)}
		for i, t := range p.Params {
			v := vector.New(t, 1)
			v.Const = true
			binary := len(formats) == 1 && formats[0] == 1 || len(formats) > 1 && formats[i] == 1
			var err error
			switch {
			case values[i] == nil:
				v.SetNull(0)
			case binary:
				err = format.ParseBinary(&s.format, t, -1, values[i], v, 0)
			default:
				var text []byte
				if text, err = s.encoding.Decode(values[i]); err == nil {
					err = format.ParseText(&s.format, t, -1, string(text), v, 0)
				}
			}
			if err != nil {
				return err
			}
			q.params = append(q.params, v)
		}
		s.closePortal(portal)
		s.portals[portal] = q
		return nil
	})
}

// Portal describes a portal's result.
func (s *Session) Portal(name string) ([]client.Column, error) {
	q := s.portals[name]
	if q == nil {
		return nil, pgerr.Newf(pgerr.InvalidCursorName, "portal \"%s\" does not exist", name)
	}
	return q.prepared.Columns, nil
}

// Execute runs a portal for up to limit rows (0: all) and reports whether more may
// follow.
func (s *Session) Execute(ctx context.Context, name string, limit int64) (suspended bool, err error) {
	var tag string
	empty := false
	err = s.step(ctx, func(ctx context.Context) error {
		q := s.portals[name]
		if q == nil {
			return pgerr.Newf(pgerr.InvalidCursorName, "portal \"%s\" does not exist", name)
		}
		if q.prepared.statement == nil {
			empty = true
			return nil
		}
		s.running(q.prepared.sql)
		q.prepared.runs++
		node := q.prepared.statement.Node
		if s.failed && !endsBlock(node) {
			return pgerr.New(pgerr.InFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block")
		}
		if !isQuery(node) {
			delete(s.portals, name)
			tag, err = s.run(ctx, q.prepared.sql, q.prepared.statement)
			return err
		}
		if q.run == nil {
			if q.run, err = s.reuse(ctx, q.prepared, node, q.params); err != nil {
				return err
			}
		}
		q.run.env.Env.Env.Context = ctx
		ended, err := q.run.fetch(limit, s.results.Batch)
		if err != nil {
			return err
		}
		suspended = !ended
		tag = q.run.tag()
		q.run.rows = 0
		return nil
	})
	switch {
	case err != nil:
		return false, err
	case empty:
		return false, s.results.Empty()
	case suspended:
		return true, nil
	}
	return false, s.results.Complete(tag)
}

// reuse runs a prepared statement by its kept plan if nothing has changed since, else
// by a new one, which is kept.
func (s *Session) reuse(ctx context.Context, p *Prepared, node *pg.Node, params []*vector.Vector) (*execution, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	if k := p.cached; k != nil && k.epoch == s.epoch && k.left > 0 {
		k.left--
		if err := s.lockRelations(ctx, k.plan.Uses); err != nil {
			return nil, err
		}
		snapshot, err := s.snapshot()
		if err != nil {
			return nil, err
		}
		if snapshot.Version() == k.version && !(s.txn.Options().ReadOnly && writes(k.plan.Command)) {
			if err := s.privileges(snapshot, k.plan.Uses); err != nil {
				return nil, err
			}
			x := k.idle
			if k.idle = nil; x != nil {
				err = x.prepare(ctx, params)
			} else {
				x, err = s.execute(ctx, snapshot, k.plan, params)
			}
			if err != nil {
				return nil, err
			}
			if k.repeats {
				x.keeper = k
			}
			return x, nil
		}
	}
	x, err := s.prepare(ctx, p.sql, node, p.Params, params)
	if err != nil {
		return nil, err
	}
	if snapshot, err := s.snapshot(); err == nil && (s.writer == nil || !s.writer.Dirty()) {
		p.cached = &cachedPlan{plan: x.plan, version: snapshot.Version(), epoch: s.epoch, left: planRuns, repeats: repeatable(x.plan)}
	}
	return x, nil
}

func writes(c logical.Command) bool { return c != logical.Select && c != logical.Values }

// step runs one message of the extended protocol.
func (s *Session) step(ctx context.Context, run func(context.Context) error) error {
	if s.txn == nil {
		s.stmtTime = s.engine.Now()
	}
	if err := s.statement(ctx, run); err != nil {
		return s.fail(ctx, err)
	}
	return nil
}

// CloseStatement and ClosePortal forget; a name that is not there is no error.
func (s *Session) CloseStatement(name string) { delete(s.statements, name) }

// ClosePortal forgets a portal.
func (s *Session) ClosePortal(name string) { s.closePortal(name) }

func (s *Session) closePortal(name string) {
	if q := s.portals[name]; q != nil {
		if q.run != nil {
			q.run.close()
		}
		delete(s.portals, name)
	}
}

// closePortals closes what a transaction leaves: all portals but the cursors that are
// held beyond it.
func (s *Session) closePortals() {
	for name, q := range s.portals {
		if q.cursor == nil || !q.cursor.hold() || q.run != nil {
			s.closePortal(name)
		}
	}
}

// closePortalsSince closes those made after a savepoint.
func (s *Session) closePortalsSince(savepoint int) {
	for name, q := range s.portals {
		if q.depth > savepoint && !(q.cursor != nil && q.run == nil) {
			s.closePortal(name)
		}
	}
}
