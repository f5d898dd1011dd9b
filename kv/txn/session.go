package txn

import (
	"context"
	"slices"

	"datapunk/kv"
	"datapunk/kv/lock"
	"datapunk/kv/mvcc"
)

// session is kv.Session, and holds its one transaction.
type session struct {
	db    *DB
	id    kv.SessionID
	owner *lock.Owner
	slot  *mvcc.Slot
	dep   kv.Timestamp // X1: newest commit this session depends on
	txn   txn
}

// NewSession makes a session.
func (db *DB) NewSession() kv.Session {
	id := kv.SessionID(db.next.Add(1))
	s := &session{db: db, id: id, slot: db.set.Slots.Add()}
	s.owner = db.locks.NewOwner(id, s.slot.Snapshot)
	s.txn.s = s
	return s
}

func (s *session) ID() kv.SessionID { return s.id }

func (s *session) Begin(o kv.TxnOptions) kv.Txn {
	if s.txn.open {
		panic("kv: Begin in a session with an open transaction")
	}
	s.txn.begin(o)
	return &s.txn
}

func (s *session) depend(ts kv.Timestamp) {
	if ts > s.dep {
		s.dep = ts
	}
}

// handOver is what a lock's next holder must depend on, 0 if everything this
// session has read is visible to all.
func (s *session) handOver() kv.Timestamp {
	if s.dep > s.db.set.Oracle.Visible() {
		return s.dep
	}
	return 0
}

func (s *session) LockAdvisory(ctx context.Context, id kv.AdvisoryID, shared bool, wait kv.Wait) error {
	dep, err := s.owner.LockAdvisory(ctx, id, shared, true, wait)
	s.depend(dep)
	return err
}

func (s *session) UnlockAdvisory(id kv.AdvisoryID, shared bool) bool {
	return s.owner.UnlockAdvisory(id, shared, s.handOver())
}

func (s *session) UnlockAllAdvisory() { s.owner.UnlockAllAdvisory(s.handOver()) }

func (s *session) Close() {
	s.txn.Rollback()
	s.owner.Close(s.handOver())
	s.db.set.Slots.Remove(s.slot)
}

// enter takes a snapshot for a view. While an older view is open the slot
// protects the new one as well.
func (s *session) enter() kv.Timestamp {
	if s.txn.pinned == 0 && s.txn.fixed == 0 {
		return s.db.set.Slots.Enter(s.slot, s.dep)
	}
	return max(s.db.set.Oracle.Visible(), s.dep)
}

// leave announces the oldest snapshot that is still read.
func (s *session) leave() {
	t := &s.txn
	oldest := t.fixed
	for _, v := range t.views {
		if v.open && (oldest == 0 || v.snap < oldest) {
			oldest = v.snap
		}
	}
	if oldest == 0 {
		s.db.set.Slots.Leave(s.slot)
		return
	}
	s.db.set.Slots.Keep(s.slot, oldest)
}

// takeView finds a free view; the list is as long as the most that were open.
func (t *txn) takeView() *view {
	for _, v := range t.views {
		if !v.open {
			return v
		}
	}
	v := &view{t: t}
	t.views = append(t.views, v)
	return v
}

func cloneBytes(b []byte) []byte { return slices.Clip(append([]byte{}, b...)) }
