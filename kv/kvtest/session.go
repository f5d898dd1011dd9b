package kvtest

import (
	"bytes"
	"context"
	"slices"
	"sort"

	"datapunk/kv"
	"datapunk/kv/lock"
)

type session struct {
	db    *memory
	id    kv.SessionID
	owner *lock.Owner
	txn   *txn
	views map[*view]bool // under the mutex
}

func (s *session) ID() kv.SessionID { return s.id }

func (s *session) Begin(o kv.TxnOptions) kv.Txn {
	if s.txn != nil {
		panic("kv: Begin in a session with an open transaction")
	}
	t := &txn{s: s, options: o}
	s.db.mu.Lock()
	s.txn = t
	s.db.mu.Unlock()
	return t
}

func (s *session) LockAdvisory(ctx context.Context, id kv.AdvisoryID, shared bool, wait kv.Wait) error {
	_, err := s.owner.LockAdvisory(ctx, id, shared, true, wait)
	return err
}

func (s *session) UnlockAdvisory(id kv.AdvisoryID, shared bool) bool {
	return s.owner.UnlockAdvisory(id, shared, 0)
}

func (s *session) UnlockAllAdvisory() { s.owner.UnlockAllAdvisory(0) }

func (s *session) Close() {
	if s.txn != nil {
		s.txn.Rollback()
	}
	s.owner.Close(0)
	s.db.mu.Lock()
	delete(s.db.mu.sessions, s)
	s.db.mu.Unlock()
}

type write struct {
	key, value []byte
	deleted    bool
	moved      []byte
	command    uint32
}

type txn struct {
	s       *session
	options kv.TxnOptions
	xid     kv.XID
	command uint32
	fixed   kv.Timestamp
	writes  []write
	byKey   map[string][]int
	events  []event
	fresh   []kv.StorageID
	over    bool
}

type event struct {
	hook             func(kv.Timestamp)
	created, dropped kv.StorageID
}

func (t *txn) Options() kv.TxnOptions { return t.options }

func (t *txn) SetOptions(o kv.TxnOptions) {
	if t.fixed != 0 {
		o.Isolation = t.options.Isolation
	}
	t.options = o
}

func (t *txn) XID() kv.XID {
	if t.xid == 0 {
		m := &t.s.db.mu
		m.Lock()
		t.xid = m.xid
		m.xid++
		m.active[t.xid] = true
		m.Unlock()
		t.s.owner.SetXID(t.xid)
	}
	return t.xid
}

func (t *txn) Assigned() kv.XID { return t.xid }
func (t *txn) Command() uint32  { return t.command }
func (t *txn) NextCommand()     { t.command++ }

func (t *txn) View(ctx context.Context) (kv.View, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := &t.s.db.mu
	m.Lock()
	defer m.Unlock()
	if t.over || m.closed {
		return nil, kv.ErrClosed
	}
	snap := m.ts
	if t.options.Isolation != kv.ReadCommitted {
		if t.fixed == 0 {
			t.fixed = snap
		}
		snap = t.fixed
	}
	v := &view{t: t, snap: snap, command: t.command}
	if t.s.views == nil {
		t.s.views = map[*view]bool{}
	}
	t.s.views[v] = true
	return v, nil
}

func (t *txn) WaitVisible(ctx context.Context) error { return nil }

func (t *txn) LockRow(ctx context.Context, key []byte, strength kv.Strength, wait kv.Wait) error {
	_, err := t.s.owner.LockRow(ctx, key, strength, wait)
	return err
}

func (t *txn) LockRelation(ctx context.Context, object kv.ObjectID, mode kv.Mode, wait kv.Wait) error {
	_, err := t.s.owner.LockRelation(ctx, object, mode, wait)
	return err
}

func (t *txn) UnlockRelation(object kv.ObjectID, mode kv.Mode) {
	t.s.owner.UnlockRelation(object, mode, 0)
}

func (t *txn) OutwaitHolders(ctx context.Context, object kv.ObjectID, mode kv.Mode, wait kv.Wait) error {
	return t.s.owner.OutwaitHolders(ctx, object, mode, wait)
}

func (t *txn) OutwaitSnapshots(ctx context.Context, ts kv.Timestamp, wait kv.Wait) error {
	return t.s.owner.OutwaitSnapshots(ctx, ts, wait)
}

func (t *txn) LockAdvisory(ctx context.Context, id kv.AdvisoryID, shared bool, wait kv.Wait) error {
	_, err := t.s.owner.LockAdvisory(ctx, id, shared, false, wait)
	return err
}

const noLimit = ^uint32(0)

// own returns the transaction's newest write of a key below a command.
func (t *txn) own(key []byte, command uint32) *write {
	list := t.byKey[string(key)]
	for i := len(list) - 1; i >= 0; i-- {
		if w := &t.writes[list[i]]; w.command < command {
			return w
		}
	}
	return nil
}

func (t *txn) Latest(ctx context.Context, key []byte) (kv.Latest, error) {
	if w := t.own(key, noLimit); w != nil {
		return kv.Latest{Value: bytes.Clone(w.value), Found: !w.deleted, Own: true, Command: w.command, Moved: w.moved}, nil
	}
	t.s.db.mu.Lock()
	defer t.s.db.mu.Unlock()
	v := t.s.db.at(string(key), ^kv.Timestamp(0))
	if v == nil {
		return kv.Latest{}, nil
	}
	return kv.Latest{Value: v.value, Found: !v.deleted, Version: v.ts, Moved: v.moved}, nil
}

func (t *txn) LatestScan(span kv.Span, opts kv.ScanOptions) kv.Scanner {
	return &scanner{t: t, span: span, opts: opts, snap: ^kv.Timestamp(0), command: noLimit}
}

func (t *txn) writable() error {
	switch {
	case t.over:
		return kv.ErrClosed
	case t.options.ReadOnly:
		return kv.ErrReadOnly
	}
	return nil
}

func (t *txn) put(w write) error {
	if err := t.writable(); err != nil {
		return err
	}
	w.command = t.command
	if t.byKey == nil {
		t.byKey = map[string][]int{}
	}
	t.byKey[string(w.key)] = append(t.byKey[string(w.key)], len(t.writes))
	t.writes = append(t.writes, w)
	return nil
}

func (t *txn) Put(key, value []byte) error {
	return t.put(write{key: bytes.Clone(key), value: append([]byte{}, value...)})
}

func (t *txn) Delete(key, moved []byte) error {
	return t.put(write{key: bytes.Clone(key), deleted: true, moved: bytes.Clone(moved)})
}

func (t *txn) CreateStorage(ctx context.Context) (kv.StorageID, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	m := &t.s.db.mu
	m.Lock()
	id := m.storage
	m.storage++
	m.Unlock()
	t.events = append(t.events, event{created: id})
	t.fresh = append(t.fresh, id)
	return id, ctx.Err()
}

func (t *txn) Fresh(id kv.StorageID) bool {
	n := len(t.fresh)
	t.fresh = slices.DeleteFunc(t.fresh, func(f kv.StorageID) bool { return f == id })
	return len(t.fresh) < n
}

func (t *txn) DropStorage(id kv.StorageID) { t.events = append(t.events, event{dropped: id}) }

func (t *txn) NewLoad(id kv.StorageID) kv.Load {
	t.Fresh(id)
	return &load{t: t, id: id}
}

func (t *txn) UpdateCell(ctx context.Context, key []byte, fn func([]byte) ([]byte, error)) error {
	m := &t.s.db.mu
	m.Lock()
	defer m.Unlock()
	v, err := fn(m.cells[string(key)])
	if err == nil {
		m.cells[string(key)] = append([]byte{}, v...)
	}
	return err
}

func (t *txn) ReadCell(key []byte) ([]byte, error) {
	t.s.db.mu.Lock()
	defer t.s.db.mu.Unlock()
	return bytes.Clone(t.s.db.mu.cells[string(key)]), nil
}

func (t *txn) Savepoint() kv.Savepoint {
	t.fresh = t.fresh[:0]
	return kv.Savepoint{Writes: len(t.writes), Locks: t.s.owner.Mark(), Hooks: len(t.events)}
}

func (t *txn) RollbackTo(p kv.Savepoint) error {
	for i := len(t.writes) - 1; i >= p.Writes; i-- {
		k := string(t.writes[i].key)
		t.byKey[k] = t.byKey[k][:len(t.byKey[k])-1]
	}
	t.writes, t.fresh = t.writes[:p.Writes], t.fresh[:0]
	t.forget(p.Hooks)
	t.s.owner.RollbackTo(p.Locks, 0)
	return nil
}

// forget undoes events: what loads put into created storages goes.
func (t *txn) forget(from int) {
	t.s.db.mu.Lock()
	defer t.s.db.mu.Unlock()
	for _, e := range t.events[from:] {
		if e.created != 0 {
			t.s.db.drop(e.created)
		}
	}
	t.events = t.events[:from]
}

func (t *txn) OnCommit(fn func(kv.Timestamp)) { t.events = append(t.events, event{hook: fn}) }

func (t *txn) Commit(ctx context.Context) (kv.Timestamp, error) {
	if t.over {
		return 0, kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	db := t.s.db
	db.mu.Lock()
	if db.mu.closed {
		db.mu.Unlock()
		return 0, kv.ErrClosed
	}
	ts := db.mu.ts
	writes := len(t.writes) > 0
	for _, e := range t.events {
		writes = writes || e.hook == nil
	}
	if writes {
		ts++
		for k, list := range t.byKey {
			if len(list) > 0 {
				w := t.writes[list[len(list)-1]]
				db.add(k, version{ts: ts, value: w.value, deleted: w.deleted, moved: w.moved})
			}
		}
		db.mu.metrics.Commits++
	}
	db.mu.ts = ts
	for _, e := range t.events {
		switch {
		case e.hook != nil:
			e.hook(ts)
		case e.dropped != 0:
			// Views may still need it: it goes when the test ends.
		}
	}
	db.mu.Unlock()
	t.finish()
	if !writes {
		ts = 0
	}
	return ts, nil
}

func (t *txn) Rollback() {
	if t.over {
		return
	}
	t.forget(0)
	t.s.db.mu.Lock()
	t.s.db.mu.metrics.Rollbacks++
	t.s.db.mu.Unlock()
	t.finish()
}

func (t *txn) finish() {
	t.over = true
	t.s.owner.ReleaseAll(0)
	t.s.db.mu.Lock()
	defer t.s.db.mu.Unlock()
	delete(t.s.db.mu.active, t.xid)
	clear(t.s.views)
	t.s.txn = nil
}

type view struct {
	t       *txn
	snap    kv.Timestamp
	command uint32
}

func (v *view) Snapshot() kv.Timestamp { return v.snap }

func (v *view) Get(ctx context.Context, key []byte) ([]byte, bool, error) {
	if w := v.t.own(key, v.command); w != nil {
		return bytes.Clone(w.value), !w.deleted, nil
	}
	v.t.s.db.mu.Lock()
	defer v.t.s.db.mu.Unlock()
	r := v.t.s.db.at(string(key), v.snap)
	if r == nil || r.deleted {
		return nil, false, nil
	}
	return r.value, true, nil
}

func (v *view) Scan(span kv.Span, opts kv.ScanOptions) kv.Scanner {
	return &scanner{t: v.t, span: span, opts: opts, snap: v.snap, command: v.command}
}

func (v *view) Changed(l kv.Latest) bool {
	if l.Own {
		return l.Command >= v.command
	}
	return l.Version > v.snap
}

func (v *view) Close() {
	v.t.s.db.mu.Lock()
	delete(v.t.s.views, v)
	v.t.s.db.mu.Unlock()
}

// scanner collects its rows at the first Next.
type scanner struct {
	t       *txn
	span    kv.Span
	opts    kv.ScanOptions
	snap    kv.Timestamp
	command uint32
	begun   bool
	keys    []string
	rows    map[string]version
}

func (s *scanner) collect() {
	s.begun = true
	s.rows = map[string]version{}
	db := s.t.s.db
	db.mu.Lock()
	for _, k := range db.span(s.span) {
		if v := db.at(k, s.snap); v != nil && !v.deleted {
			s.rows[k] = *v
		}
	}
	db.mu.Unlock()
	for k := range s.t.byKey {
		if k < string(s.span.Start) || s.span.End != nil && k >= string(s.span.End) {
			continue
		}
		if w := s.t.own([]byte(k), s.command); w != nil {
			if w.deleted {
				delete(s.rows, k)
			} else {
				s.rows[k] = version{value: w.value}
			}
		}
	}
	for k := range s.rows {
		s.keys = append(s.keys, k)
	}
	sort.Strings(s.keys)
	if s.opts.Reverse {
		slices.Reverse(s.keys)
	}
}

func (s *scanner) Next(ctx context.Context, batch *kv.Batch, limit int) error {
	batch.Reset()
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.begun {
		s.collect()
	}
	for ; len(s.keys) > 0 && batch.Len() < limit; s.keys = s.keys[1:] {
		r := s.rows[s.keys[0]]
		if s.opts.KeysOnly {
			r.value = nil
		}
		batch.Append([]byte(s.keys[0]), r.value)
		if s.opts.Versions {
			batch.Versions = append(batch.Versions, r.ts)
		}
	}
	return nil
}

func (s *scanner) Close() {}

// load keeps rows until Finish.
type load struct {
	t    *txn
	id   kv.StorageID
	rows map[string]version
	dup  []byte
}

func (l *load) Add(ctx context.Context, key, value []byte, ts kv.Timestamp) error {
	if l.rows == nil {
		l.rows = map[string]version{}
	}
	if _, twice := l.rows[string(key)]; twice && l.dup == nil {
		l.dup = bytes.Clone(key)
	}
	if ts == 0 {
		ts = 1
	}
	l.rows[string(key)] = version{ts: ts, value: append([]byte{}, value...)}
	return ctx.Err()
}

func (l *load) Finish(ctx context.Context) error {
	if l.dup != nil {
		return &kv.DuplicateKeyError{Key: l.dup}
	}
	l.t.s.db.mu.Lock()
	defer l.t.s.db.mu.Unlock()
	keys := make([]string, 0, len(l.rows))
	for k := range l.rows {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		l.t.s.db.add(k, l.rows[k])
	}
	l.rows = nil
	return ctx.Err()
}

func (l *load) Abandon() { l.rows = nil }
