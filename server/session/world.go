package session

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/catalog/store"
	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/server/setting"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/vector"
)

// The types below are the session as functions see it (function.Env).

type clock struct{ s *Session }

func (c clock) Transaction() int64 { return int64(c.s.txnTime) }
func (c clock) Statement() int64   { return int64(c.s.stmtTime) }
func (c clock) Now() int64         { return int64(c.s.engine.Now()) }

func (c clock) Sleep(ctx context.Context, micros int64) error {
	done := make(chan struct{})
	stop := c.s.engine.after(max(micros/1000, 1), func() { close(done) })
	defer stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// after calls fn once, later; the returned function stops that.
func (e *Engine) after(ms int64, fn func()) func() bool {
	return time.AfterFunc(time.Duration(ms)*time.Millisecond, fn).Stop
}

type settings struct{ s *Session }

func (x settings) Get(name string, missing bool) (string, bool, error) {
	if d := setting.Find(name); d != nil {
		return x.s.show(d), true, nil
	}
	if v, ok := x.s.settings[name]; ok && setting.Custom(name) {
		return v, true, nil
	}
	if missing {
		return "", false, nil
	}
	return "", false, pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

func (x settings) Set(name, value string, local bool) error {
	return x.s.set(name, value, local, false)
}

type sequences struct{ s *Session }

// relation finds a sequence on which the user has one of the privileges.
func (q sequences) relation(oid types.OID, any desc.Privilege) (*desc.Relation, []byte, error) {
	snapshot, err := q.s.snapshot()
	if err != nil {
		return nil, nil, err
	}
	rel := snapshot.Relation(oid)
	if rel == nil {
		return nil, nil, pgerr.Newf(pgerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	if rel.Sequence == nil {
		return nil, nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", rel.Name)
	}
	if held, _ := privilege.Held(snapshot, q.s.user.OID, rel.Owner, 's', rel.Grants); held&any == 0 {
		return nil, nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for sequence %s", rel.Name)
	}
	key := binary.BigEndian.AppendUint32(append(kv.StoragePrefix(nil, store.CellStorage), "seq"...), rel.Storage)
	return rel, key, nil
}

// state is a sequence's last value, and whether it was given out.
func (q sequences) state(rel *desc.Relation) (last int64, called bool, err error) {
	_, key, err := q.relation(rel.OID, desc.Usage|desc.Select|desc.Update)
	if err != nil {
		return 0, false, err
	}
	cell, err := q.s.txn.ReadCell(key)
	if err != nil {
		return 0, false, err
	}
	last, called = sequenceState(cell, rel.Sequence)
	return last, called, nil
}

// A sequence's cell is its last value and whether it was given out.
func sequenceState(cell []byte, d *desc.SequenceDef) (last int64, called bool) {
	if len(cell) != 9 {
		return d.Start, false
	}
	return int64(binary.BigEndian.Uint64(cell)), cell[8] == 1
}

func sequenceCell(last int64, called bool) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 9), uint64(last))
	if called {
		return append(b, 1)
	}
	return append(b, 0)
}

func (q sequences) Next(oid types.OID) (int64, error) {
	rel, key, err := q.relation(oid, desc.Usage|desc.Update)
	if err != nil {
		return 0, err
	}
	if q.s.txn.Options().ReadOnly {
		return 0, pgerr.New(pgerr.ReadOnlySqlTransaction, "cannot execute nextval() in a read-only transaction")
	}
	d := rel.Sequence
	var value int64
	err = q.s.txn.UpdateCell(q.s.env.Context, key, func(old []byte) ([]byte, error) {
		last, called := sequenceState(old, d)
		value = last
		if called {
			switch {
			case d.Increment > 0 && (last > d.Max-d.Increment):
				if !d.Cycle {
					return nil, pgerr.Newf(pgerr.SequenceGeneratorLimitExceeded, "nextval: reached maximum value of sequence \"%s\" (%d)", rel.Name, d.Max)
				}
				value = d.Min
			case d.Increment < 0 && (last < d.Min-d.Increment):
				if !d.Cycle {
					return nil, pgerr.Newf(pgerr.SequenceGeneratorLimitExceeded, "nextval: reached minimum value of sequence \"%s\" (%d)", rel.Name, d.Min)
				}
				value = d.Max
			default:
				value = last + d.Increment
			}
		}
		return sequenceCell(value, true), nil
	})
	if err == nil {
		q.s.currval[oid], q.s.lastSeq = value, oid
	}
	return value, err
}

func (q sequences) Current(oid types.OID) (int64, error) {
	rel, _, err := q.relation(oid, desc.Usage|desc.Select)
	if err != nil {
		return 0, err
	}
	v, ok := q.s.currval[oid]
	if !ok {
		return 0, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "currval of sequence \"%s\" is not yet defined in this session", rel.Name)
	}
	return v, nil
}

func (q sequences) Last() (int64, error) {
	if q.s.lastSeq == 0 {
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	}
	return q.Current(q.s.lastSeq)
}

func (q sequences) Set(oid types.OID, value int64, called bool) error {
	rel, key, err := q.relation(oid, desc.Update)
	if err != nil {
		return err
	}
	d := rel.Sequence
	if value < d.Min || value > d.Max {
		return pgerr.Newf(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", value, rel.Name, d.Min, d.Max)
	}
	if called {
		q.s.currval[oid] = value
	}
	return q.s.txn.UpdateCell(q.s.env.Context, key, func([]byte) ([]byte, error) { return sequenceCell(value, called), nil })
}

type locks struct{ s *Session }

func (l locks) id(key int64, pair bool) kv.AdvisoryID {
	return kv.AdvisoryID{Database: uint32(l.s.database.OID), Key: key, Pair: pair}
}

func (l locks) lock(key int64, pair, shared, session bool, wait kv.Wait) error {
	if session {
		return l.s.kv.LockAdvisory(l.s.env.Context, l.id(key, pair), shared, wait)
	}
	return l.s.txn.LockAdvisory(l.s.env.Context, l.id(key, pair), shared, wait)
}

func (l locks) Lock(key int64, pair, shared, session bool) error {
	return l.lock(key, pair, shared, session, kv.Wait{Timeout: l.s.current().lockTimeout})
}

func (l locks) Try(key int64, pair, shared, session bool) (bool, error) {
	err := l.lock(key, pair, shared, session, kv.Wait{Policy: kv.NoWait})
	if err == kv.ErrLockNotAvailable {
		return false, nil
	}
	return err == nil, err
}

func (l locks) Unlock(key int64, pair, shared bool) (bool, error) {
	return l.s.kv.UnlockAdvisory(l.id(key, pair), shared), nil
}

func (l locks) UnlockAll() { l.s.kv.UnlockAllAdvisory() }

type activity struct{ s *Session }

func (a activity) PID() int32 { return a.s.pid }

func (a activity) Cancel(pid int32) (bool, error) { return a.s.engine.Cancel(pid), nil }

func (a activity) Terminate(pid int32) (bool, error) {
	a.s.engine.mu.Lock()
	other := a.s.engine.mu.sessions[pid]
	a.s.engine.mu.Unlock()
	if other == nil {
		return false, nil
	}
	other.Terminate()
	return true, nil
}

func (a activity) BlockedBy(pid int32) []int32 {
	a.s.engine.mu.Lock()
	other := a.s.engine.mu.sessions[pid]
	a.s.engine.mu.Unlock()
	if other == nil {
		return nil
	}
	var list []int32
	backends := state(a).backends()
	for _, id := range a.s.engine.DB.BlockedBy(other.kv.ID()) {
		if pid, ok := backends[id]; ok {
			list = append(list, pid)
		}
	}
	return list
}

func (a activity) XID(assign bool) uint64 {
	if a.s.txn == nil {
		return 0
	}
	if assign {
		return uint64(a.s.txn.XID())
	}
	return uint64(a.s.txn.Assigned())
}

func (a activity) XIDBounds() (oldest, next uint64) {
	return uint64(a.s.engine.DB.OldestXID()), uint64(a.s.engine.DB.NextXID())
}

func (a activity) StartTime() int64                     { return int64(a.s.engine.Start) }
func (a activity) ReloadTime() int64                    { return int64(a.s.engine.Start) }
func (a activity) ClientAddress() (string, int32, bool) { return "", 0, false }
func (a activity) ServerAddress() (string, int32, bool) { return "", 0, false }
func (a activity) BackendStart() int64                  { return int64(a.s.started) }
func (a activity) Isolated() bool                       { return false }

func (a activity) Notify(channel, payload string) error { return pgerr.Unsupported("NOTIFY") }

// runner runs SQL within the current transaction: foreign-key actions.
type runner struct{ s *Session }

func (r runner) Query(sql string, params []*vector.Vector, fn func(row []*vector.Vector, i int) error) error {
	list, err := parser.Parse(sql)
	if err != nil {
		return err
	}
	paramTypes := make([]*types.Type, len(params))
	for i, p := range params {
		paramTypes[i] = p.Type
	}
	for i := range list {
		r.s.txn.NextCommand()
		x, err := r.s.prepare(r.s.env.Context, sql, list[i].Node, paramTypes, params)
		if err != nil {
			return err
		}
		_, err = x.fetch(0, func(b *vector.Batch) error {
			for k := range b.Rows() {
				if err := fn(b.Cols, b.Row(k)); err != nil {
					return err
				}
			}
			return nil
		})
		x.close()
		if err != nil {
			return err
		}
	}
	return nil
}

type random struct{ s *Session }

func (r random) Seed(x float64) {
	r.s.random = rand.New(rand.NewPCG(math.Float64bits(x), 0x9e3779b97f4a7c15))
}
func (r random) Float64() float64 { return r.s.random.Float64() }
func (r random) Normal() float64  { return r.s.random.NormFloat64() }
func (r random) Bytes(b []byte) {
	if _, err := io.ReadFull(r.s.engine.Entropy, b); err != nil {
		panic(err) // the source of the system does not fail
	}
}

// operators is the session as operators see it (op.Session).
type operators struct{ s *Session }

func (o operators) RowCount(storage uint32, inserted, updated, deleted int64) {
	list := o.s.counts
	floor := 0 // entries that a savepoint may keep are not added to
	if k := len(o.s.savepoints); k > 0 {
		floor = o.s.savepoints[k-1].counts
	}
	if n := len(list); n > floor && list[n-1].storage == storage {
		list[n-1].n += inserted - deleted
		list[n-1].changed += inserted + updated + deleted
		return
	}
	o.s.counts = append(list, count{storage, inserted - deleted, inserted + updated + deleted})
}

func (o operators) NextRow(ctx context.Context, storage uint32, n uint64) (uint64, error) {
	return o.s.engine.rows.take(ctx, o.s.txn, storage, n)
}

func (o operators) Deferred(constraint op.Constraint, env *op.Env, run func() error) {
	now := func() error {
		env.Context = o.s.env.Context
		return run()
	}
	if o.s.waits(constraint) {
		o.s.deferred = append(o.s.deferred, pending{constraint, now})
		return
	}
	o.s.atEnd = append(o.s.atEnd, now)
}

func (o operators) Notice(e *pgerr.Error) { o.s.notice(e) }
