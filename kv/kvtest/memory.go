// Package kvtest is a transactional kv in memory, for the tests of the rooms
// above, and the conformance suite that every implementation passes.
//
// The memory store is plain on purpose: one mutex, a sorted list of keys, all
// versions kept. It shares only the lock table with the real one, so that the
// suite compares two thoughts about versions and buffers.
//
// Invariants: as the door's; a commit is visible when Commit returns, and what
// is written is lost with the process.
package kvtest

import (
	"context"
	"slices"
	"sort"
	"sync"

	"datapunk/internal/clock"
	"datapunk/kv"
	"datapunk/kv/lock"
)

// New makes an empty store in memory.
func New() kv.DB {
	db := &memory{locks: lock.NewTable(lock.Options{Clock: clock.Wall{}})}
	db.mu.rows = map[string][]version{}
	db.mu.cells = map[string][]byte{}
	db.mu.active = map[kv.XID]bool{}
	db.mu.sessions = map[*session]bool{}
	db.mu.ts, db.mu.xid, db.mu.storage = 1, 3, kv.FirstStorage
	return db
}

type memory struct {
	locks *lock.Table
	mu    struct {
		sync.Mutex
		ts       kv.Timestamp
		xid      kv.XID
		storage  kv.StorageID
		session  kv.SessionID
		keys     []string // sorted
		rows     map[string][]version
		cells    map[string][]byte
		active   map[kv.XID]bool
		sessions map[*session]bool
		metrics  kv.Metrics
		closed   bool
	}
}

// version is one committed version; a row's are oldest first.
type version struct {
	ts      kv.Timestamp
	value   []byte
	deleted bool
	moved   []byte
}

func (m *memory) NewSession() kv.Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.session++
	s := &session{db: m, id: m.mu.session}
	s.owner = m.locks.NewOwner(s.id, s.reads)
	m.mu.sessions[s] = true
	return s
}

func (m *memory) Locks() []kv.LockInfo                     { return m.locks.Locks() }
func (m *memory) BlockedBy(id kv.SessionID) []kv.SessionID { return m.locks.BlockedBy(id) }
func (m *memory) ApproximateSize(kv.Span) int64            { return 0 }
func (m *memory) Split(context.Context, []byte) error      { return nil }
func (m *memory) Verify(_ context.Context, p func(float64)) error {
	if p != nil {
		p(1)
	}
	return nil
}

func (m *memory) Visible() kv.Timestamp {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.ts
}

func (m *memory) Horizon() kv.Timestamp {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.horizon()
}

func (m *memory) horizon() kv.Timestamp {
	h := m.mu.ts
	for s := range m.mu.sessions {
		if snap := s.oldest(); snap != 0 {
			h = min(h, snap)
		}
	}
	return h
}

// reads is the oldest snapshot that the session reads, 0 for none.
func (s *session) reads() kv.Timestamp {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	return s.oldest()
}

func (s *session) oldest() (snap kv.Timestamp) {
	if s.txn != nil {
		snap = s.txn.fixed
	}
	for v := range s.views {
		if snap == 0 || v.snap < snap {
			snap = v.snap
		}
	}
	return snap
}

func (m *memory) OldestXID() kv.XID {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.mu.xid
	for a := range m.mu.active {
		x = min(x, a)
	}
	return x
}

func (m *memory) NextXID() kv.XID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.xid
}

func (m *memory) Metrics() kv.Metrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.mu.metrics
	out.Deadlocks = m.locks.Deadlocks()
	return out
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.closed {
		return kv.ErrClosed
	}
	m.mu.closed = true
	return nil
}

// span returns the sorted keys of a span; under the mutex.
func (m *memory) span(s kv.Span) []string {
	from := sort.SearchStrings(m.mu.keys, string(s.Start))
	to := len(m.mu.keys)
	if s.End != nil {
		to = max(from, sort.SearchStrings(m.mu.keys, string(s.End)))
	}
	return m.mu.keys[from:to]
}

func (m *memory) add(key string, v version) {
	list, known := m.mu.rows[key]
	if !known {
		i := sort.SearchStrings(m.mu.keys, key)
		m.mu.keys = slices.Insert(m.mu.keys, i, key)
	}
	m.mu.rows[key] = append(list, v)
}

// at returns the version a snapshot sees, or nil.
func (m *memory) at(key string, snap kv.Timestamp) *version {
	list := m.mu.rows[key]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].ts <= snap {
			return &list[i]
		}
	}
	return nil
}

func (m *memory) drop(id kv.StorageID) {
	s := kv.Span{Start: kv.StoragePrefix(nil, id), End: kv.StoragePrefix(nil, id+1)}
	keys := slices.Clone(m.span(s))
	for _, k := range keys {
		delete(m.mu.rows, k)
	}
	i := sort.SearchStrings(m.mu.keys, string(s.Start))
	m.mu.keys = slices.Delete(m.mu.keys, i, i+len(keys))
}

func (m *memory) Vacuum(ctx context.Context, span kv.Span) (stats kv.VacuumStats, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.horizon()
	for _, key := range slices.Clone(m.span(span)) {
		list := m.mu.rows[key]
		cut := 0
		for i := range list {
			if list[i].ts <= h {
				cut = i
			}
		}
		last := len(list) - 1
		if list[last].deleted && list[last].ts <= h {
			cut = len(list)
		}
		for i := range list {
			if i == last && !list[i].deleted {
				stats.Rows++
			} else {
				stats.Dead++
			}
		}
		stats.Removed += int64(cut)
		if cut == len(list) {
			delete(m.mu.rows, key)
			i := sort.SearchStrings(m.mu.keys, key)
			m.mu.keys = slices.Delete(m.mu.keys, i, i+1)
		} else {
			m.mu.rows[key] = slices.Clone(list[cut:])
		}
	}
	m.mu.metrics.Removed += stats.Removed
	return stats, ctx.Err()
}
