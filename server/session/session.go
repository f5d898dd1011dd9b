// Package session is one client: its settings, the state of its transaction, its
// prepared statements and portals, and the way of a statement: parse, bind, plan,
// run.
//
// The transaction is in one of three states, which ReadyForQuery shows:
//
//	idle ──BEGIN──▶ block ──error──▶ failed
//	  ▲               │ COMMIT,        │ ROLLBACK (COMMIT rolls back),
//	  └───────────────┴ ROLLBACK ──────┘ ROLLBACK TO returns to block
//
// A statement outside a block has a transaction of its own; the statements of one
// simple-protocol message, or of a pipeline up to Sync, share one.
package session

import (
	"context"
	"encoding/binary"
	"io"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/server/client"
	"datapunk/server/setting"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/format"
)

// Session is one client's session. It is used by one goroutine, but for Cancel.
type Session struct {
	engine   *Engine
	kv       kv.Session
	pid      int32
	user     *desc.Role
	database *desc.Database
	settings map[string]string // changed ones, by lower-case name
	epoch    int               // grows whenever a setting changes
	results  client.Results
	format   format.Context
	style    datetime.Style
	encoding *client.Encoding // of the client; nil is UTF8
	env      function.Env
	random   *rand.Rand
	// tempSchema is the session's temporary schema, 0 if it never made one.
	tempSchema  types.OID
	wrap        func(plan.Node, op.Operator) op.Operator // around operators, for EXPLAIN ANALYZE
	lifts       lifts
	settingsNow current
	interrupt   *interrupt
	memory      *budget.Account
	files       spill.Files       // temporary ones
	login       *desc.Role        // as authenticated
	initial     map[string]string // settings at the start of the session
	started     datetime.Timestamp
	status      status
	committed   bool // the transaction that end forgets was committed

	txn        kv.Txn // nil when idle
	writer     catalog.Writer
	block      bool // within BEGIN … COMMIT
	several    bool // within a simple message of several statements
	failed     bool
	txnTime    datetime.Timestamp
	stmtTime   datetime.Timestamp
	savepoints []savepoint
	locals     map[string]*string // values before SET LOCAL, restored at the end
	before     map[string]*string // values before SET in this transaction, for ROLLBACK
	deferred   []pending          // checks of deferred constraints
	timing     timing             // what SET CONSTRAINTS said
	atEnd      []func() error     // of this statement
	counts     []count
	currval    map[types.OID]int64
	lastSeq    types.OID

	statements map[string]*Prepared
	portals    map[string]*Portal

	mu struct {
		sync.Mutex
		cancel func(error) // of the running statement
		ended  error       // why the session must go, or nil
		wake   func()      // interrupts the connection's reading
	}
}

type savepoint struct {
	name     string
	mark     kv.Savepoint
	writes   int // of the catalog writer
	deferred []pending
	timing   timing
	counts   int // row counts noted
}

// count is how a storage's rows grew.
type count struct {
	storage uint32
	n       int64
	changed int64 // rows written
}

// New opens a session for a role on a database.
func (e *Engine) New(user, database string, options map[string]string) (*Session, error) {
	shared, err := e.Catalog.Latest(0)
	if err != nil {
		return nil, err
	}
	role, _ := shared.Find(desc.Lookup{Class: desc.ClassRole, Name: user}).(*desc.Role)
	if role == nil {
		return nil, &pgerr.Error{Severity: "FATAL", Code: pgerr.InvalidAuthorizationSpecification, Message: "role \"" + user + "\" does not exist"}
	}
	if !role.Login {
		return nil, &pgerr.Error{Severity: "FATAL", Code: pgerr.InvalidAuthorizationSpecification, Message: "role \"" + user + "\" is not permitted to log in"}
	}
	db, _ := shared.Find(desc.Lookup{Class: desc.ClassDatabase, Name: database}).(*desc.Database)
	if db == nil {
		return nil, &pgerr.Error{Severity: "FATAL", Code: pgerr.InvalidCatalogName, Message: "database \"" + database + "\" does not exist"}
	}
	if db.NoConnect {
		return nil, &pgerr.Error{Severity: "FATAL", Code: pgerr.ObjectNotInPrerequisiteState, Message: "database \"" + database + "\" is not currently accepting connections"}
	}
	var seed [16]byte
	if _, err := io.ReadFull(e.Entropy, seed[:]); err != nil {
		return nil, err
	}
	if err := e.mayConnect(shared, role, db); err != nil {
		return nil, err
	}
	s := &Session{engine: e, kv: e.DB.NewSession(), pid: e.pids.Add(1) + 1000, login: role, user: role, database: db, settings: map[string]string{},
		statements: map[string]*Prepared{}, portals: map[string]*Portal{}, currval: map[types.OID]int64{}, started: e.Now(),
		random: rand.New(rand.NewPCG(binary.LittleEndian.Uint64(seed[:]), binary.LittleEndian.Uint64(seed[8:])))}
	s.memory, s.files.Directory = e.Memory.Child(), e.Temporary
	s.style = datetime.Style{Zone: e.Zone, Now: func() datetime.Timestamp { return s.txnTime }}
	s.format = format.Context{Datetime: &s.style, ExtraFloatDigits: 1, Names: names{s}}
	s.env = function.Env{Format: &s.format, Clock: clock{s}, Settings: settings{s}, Names: names{s}, Sequences: sequences{s},
		Locks: locks{s}, Activity: activity{s}, State: state{s}, Objects: objects{s}, Functions: e.Functions, Runner: runner{s}, Random: random{s}}
	s.settings["session_authorization"] = user
	if e.Zone != nil {
		s.settings["timezone"] = e.Zone.Name()
	}
	for _, list := range [][]string{db.Config, role.Config, db.RoleConfig[strconv.FormatUint(uint64(role.OID), 10)]} {
		for _, c := range list {
			if name, value, ok := strings.Cut(c, "="); ok {
				if err := s.set(name, value, false, true); err != nil {
					s.kv.Close()
					return nil, err
				}
			}
		}
	}
	for name, value := range options {
		if err := s.set(name, value, false, true); err != nil {
			s.kv.Close()
			return nil, err
		}
	}
	if !role.Superuser {
		s.settings["is_superuser"] = "off"
	}
	s.initial = maps.Clone(s.settings)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.sessions == nil {
		e.mu.sessions = map[int32]*Session{}
	}
	if int64(len(e.mu.sessions)) >= s.integer("max_connections") {
		s.kv.Close()
		return nil, &pgerr.Error{Severity: "FATAL", Code: pgerr.TooManyConnections, Message: "sorry, too many clients already"}
	}
	e.mu.sessions[s.pid] = s
	e.tally.add(db.OID, func(d *tallied) { d.sessions++ })
	s.resting()
	return s, nil
}

// PID is the number by which clients cancel the session.
func (s *Session) PID() int32 { return s.pid }

// Attach sets where results and notices go.
func (s *Session) Attach(r client.Results) { s.results = r }

// Parameters lists the settings that a client is told at the start.
func (s *Session) Parameters() [][2]string {
	var out [][2]string
	all := setting.All()
	for i := range all {
		if all[i].Report {
			out = append(out, [2]string{all[i].Name, s.show(&all[i])})
		}
	}
	return out
}

// Status is what ReadyForQuery shows: I, T or E.
func (s *Session) Status() byte {
	s.resting()
	switch {
	case s.failed:
		return 'E'
	case s.block:
		return 'T'
	}
	return 'I'
}

// Cancel ends the running statement, if there is one.
func (e *Engine) Cancel(pid int32) bool {
	e.mu.Lock()
	s := e.mu.sessions[pid]
	e.mu.Unlock()
	if s == nil {
		return false
	}
	s.Interrupt(errCancelled)
	return true
}

// Interrupt ends the running statement with an error.
func (s *Session) Interrupt(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.cancel != nil {
		s.mu.cancel(cause)
	}
}

// Terminate ends the session: the running statement, or the wait for the next one.
func (s *Session) Terminate() {
	s.mu.Lock()
	s.mu.ended = errTerminated
	wake := s.mu.wake
	s.mu.Unlock()
	s.Interrupt(errTerminated)
	if wake != nil {
		wake()
	}
}

// OnTerminate sets what interrupts the connection while it waits for the client.
func (s *Session) OnTerminate(wake func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.wake = wake
}

// Ended is why the session must go, or nil.
func (s *Session) Ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.ended
}

// IdleTimeout is how many ms the client may be silent now: within a transaction, as
// idle_in_transaction_session_timeout says. 0 is no end.
func (s *Session) IdleTimeout() int64 {
	if !s.block {
		return 0
	}
	return s.current().idleInTransaction
}

// notice passes a notice on if client_min_messages lets it through.
func (s *Session) notice(e *pgerr.Error) {
	switch s.get("client_min_messages") {
	case "error":
		return
	case "warning":
		if e.Severity != "WARNING" {
			return
		}
	}
	s.results.Notice(e)
}

// Close rolls back and releases everything.
func (s *Session) Close() {
	if s.interrupt != nil {
		s.interrupt.detach()
	}
	s.closePortals()
	s.end()
	// What fails here the next start makes good.
	if err := s.dropTemporary(s.engine.Context); err == nil {
		s.commit(s.engine.Context)
	}
	s.end()
	s.memory.Close()
	s.kv.UnlockAllAdvisory()
	s.kv.Close()
	s.engine.mu.Lock()
	delete(s.engine.mu.sessions, s.pid)
	s.engine.mu.Unlock()
}

// begin makes sure that a transaction is open.
func (s *Session) begin() error {
	if s.txn != nil {
		return nil
	}
	c := s.current()
	if c.serializable {
		return pgerr.Unsupported("SERIALIZABLE")
	}
	s.txn = s.kv.Begin(c.options)
	s.txnTime = s.stmtTime
	return nil
}

// snapshot is the catalog as the transaction sees it.
func (s *Session) snapshot() (catalog.Snapshot, error) {
	if s.writer != nil {
		if err := s.writer.Refresh(); err != nil {
			return nil, err
		}
		return s.writer.Snapshot(), nil
	}
	return s.engine.Catalog.Latest(s.database.OID)
}

// changes is the transaction's catalog writer.
func (s *Session) changes() (catalog.Writer, error) {
	if s.writer == nil {
		w, err := s.engine.Catalog.Begin(s.database.OID, s.txn)
		if err != nil {
			return nil, err
		}
		s.writer = w
	}
	return s.writer, s.writer.Refresh()
}

// commit ends the transaction well.
func (s *Session) commit(ctx context.Context) error {
	if s.txn == nil {
		return nil
	}
	for len(s.deferred) > 0 {
		check := s.deferred[0]
		s.deferred = s.deferred[1:]
		if err := check.run(); err != nil {
			s.end()
			return err
		}
	}
	if err := s.endTemporary(ctx); err != nil {
		s.end()
		return err
	}
	_, err := s.txn.Commit(ctx)
	if err == nil {
		for _, c := range s.counts {
			s.engine.counts.add(c.storage, c.n, c.changed)
		}
		s.committed = true
		s.before = nil
	}
	s.end()
	return err
}

// end forgets the transaction, rolling back what is not committed.
func (s *Session) end() {
	if s.txn != nil {
		s.txn.Rollback()
		committed := s.committed
		s.committed = false
		s.engine.tally.add(s.database.OID, func(d *tallied) {
			if committed {
				d.commits++
			} else {
				d.rollbacks++
			}
		})
	}
	for name, old := range s.locals {
		s.restore(name, old)
	}
	for name, old := range s.before {
		s.restore(name, old)
	}
	s.txn, s.writer, s.block, s.failed = nil, nil, false, false
	s.savepoints, s.locals, s.before, s.deferred, s.atEnd, s.counts = nil, nil, nil, nil, nil, nil
	s.timing = timing{}
}

// Simple runs a simple-protocol message: all its statements in one transaction,
// unless they say otherwise.
func (s *Session) Simple(ctx context.Context, sql string) error {
	s.stmtTime = s.engine.Now()
	s.running(sql)
	if l := s.lifted(sql); l != nil {
		return s.inOne(ctx, 1, func(ctx context.Context, _ int) (string, error) { return s.runLifted(ctx, l) })
	}
	list, err := s.parse(sql)
	if err != nil {
		return s.fail(ctx, err)
	}
	if len(list) == 0 {
		return s.results.Empty()
	}
	return s.inOne(ctx, len(list), func(ctx context.Context, i int) (string, error) { return s.run(ctx, sql, &list[i]) })
}

// inOne runs n statements, in one transaction unless they say otherwise.
func (s *Session) inOne(ctx context.Context, n int, run func(context.Context, int) (string, error)) error {
	s.several = n > 1
	defer func() { s.several = false }()
	for i := range n {
		var tag string
		err := s.statement(ctx, func(ctx context.Context) (err error) {
			tag, err = run(ctx, i)
			return err
		})
		if err != nil {
			return s.fail(ctx, err)
		}
		// A commit comes before its answer.
		if i == n-1 && !s.block {
			if err := s.holdCursors(ctx); err != nil {
				return s.fail(ctx, err)
			}
			if err := s.commit(ctx); err != nil {
				return translate(ctx, err)
			}
		}
		if err := s.results.Complete(tag); err != nil {
			return err
		}
	}
	return s.Sync(ctx)
}

// Sync ends an implicit transaction.
func (s *Session) Sync(ctx context.Context) error {
	if s.block {
		return nil
	}
	if err := s.holdCursors(ctx); err != nil {
		return s.fail(ctx, err)
	}
	s.closePortals()
	if err := s.commit(ctx); err != nil {
		return translate(ctx, err)
	}
	return nil
}

// fail makes an error of the client's and spoils the transaction.
func (s *Session) fail(ctx context.Context, err error) error {
	err = translate(ctx, err)
	s.atEnd = nil
	if s.block {
		s.failed = true
		if n := len(s.savepoints); n > 0 && s.txn != nil {
			// The locks and writes go at ROLLBACK; savepoints stay usable, and the
			// cursors from before the last one.
			s.closePortalsSince(n - 1)
		} else if s.txn != nil {
			s.closePortals()
		}
	} else {
		s.closePortals()
		s.end()
	}
	return err
}

// statement gives a statement its context: cancel and timeout.
func (s *Session) statement(ctx context.Context, run func(context.Context) error) error {
	i := s.statementContext(ctx)
	ctx = i
	if ms := s.current().statementTimeout; ms > 0 {
		stop := s.engine.after(ms, func() { i.cancel(errTimeout) })
		defer stop()
	}
	s.mu.Lock()
	s.mu.cancel = i.cancel
	s.mu.Unlock()
	s.env.Context = ctx
	defer func() {
		s.mu.Lock()
		s.mu.cancel = nil
		s.mu.Unlock()
	}()
	err := run(ctx)
	if err == nil {
		for len(s.atEnd) > 0 {
			check := s.atEnd[0]
			s.atEnd = s.atEnd[1:]
			if err = check(); err != nil {
				break
			}
		}
	}
	if err != nil {
		err = translate(ctx, err)
	}
	return err
}

// Format is how values go out.
func (s *Session) Format() *format.Context { return &s.format }

// Encoding is the client's character set; nil is UTF8.
func (s *Session) Encoding() *client.Encoding { return s.encoding }
