package session

import (
	"sync"

	"datapunk/types"
	"datapunk/types/datetime"
)

// status is what other sessions may see of one (pg_stat_activity).
type status struct {
	mu struct {
		sync.Mutex
		seen
	}
}

// seen is a copy of a status.
type seen struct {
	state       string // active, idle, idle in transaction, idle in transaction (aborted)
	query       string
	application string
	queryStart  datetime.Timestamp
	changed     datetime.Timestamp
	xactStart   datetime.Timestamp // 0: no transaction
}

// maxQuerySeen is track_activity_query_size: longer texts are cut.
const maxQuerySeen = 1023

// running notes that a statement begins.
func (s *Session) running(sql string) {
	if len(sql) > maxQuerySeen {
		sql = sql[:maxQuerySeen]
	}
	application := s.current().application
	s.status.mu.Lock()
	defer s.status.mu.Unlock()
	m := &s.status.mu
	m.state, m.query, m.queryStart, m.changed, m.application = "active", sql, s.stmtTime, s.stmtTime, application
	if m.xactStart == 0 || s.txn == nil {
		m.xactStart = s.stmtTime
	}
}

// resting notes that the client is awaited.
func (s *Session) resting() {
	now := s.engine.Now()
	s.status.mu.Lock()
	defer s.status.mu.Unlock()
	m := &s.status.mu
	m.changed = now
	switch {
	case s.failed:
		m.state = "idle in transaction (aborted)"
	case s.block:
		m.state = "idle in transaction"
	default:
		m.state, m.xactStart = "idle", 0
	}
}

// view copies the status.
func (s *Session) view() seen {
	s.status.mu.Lock()
	defer s.status.mu.Unlock()
	return s.status.mu.seen
}

// tally counts what happened to the databases since the start.
type tally struct {
	mu struct {
		sync.Mutex
		databases map[types.OID]*tallied
	}
}

// tallied are the counters of one database.
type tallied struct{ commits, rollbacks, sessions int64 }

// add counts; fn changes the counters under the lock and must be quick.
func (t *tally) add(database types.OID, fn func(*tallied)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.databases == nil {
		t.mu.databases = map[types.OID]*tallied{}
	}
	d := t.mu.databases[database]
	if d == nil {
		d = &tallied{}
		t.mu.databases[database] = d
	}
	fn(d)
}

// of copies a database's counters.
func (t *tally) of(database types.OID) (d tallied) {
	t.add(database, func(x *tallied) { d = *x })
	return d
}
