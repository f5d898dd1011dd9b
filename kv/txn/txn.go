package txn

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/partition"
	"datapunk/kv/store"
)

// txn is kv.Txn. It lives in its session and is used again and again.
type txn struct {
	s       *session
	open    bool
	options kv.TxnOptions
	xid     kv.XID
	command uint32

	fixed  kv.Timestamp // RepeatableRead: the snapshot; 0 before the first View
	pinned int          // open views
	views  []*view
	seen   kv.Timestamp // newest commit that was read

	buf    buffer
	marks  []int // positions of savepoints in the buffer, for cutting runs
	base   int   // operations that have gone to runs
	runs   []run
	events []event
	fresh  []kv.StorageID // created since the last savepoint, and not loaded
	loads  []*load
	cells  bool // a cell was changed
	ids    []kv.StorageID
	cmd    partition.Command
	key    []byte
}

// event is what RollbackTo forgets besides writes and locks: a hook, a storage
// made, a storage dropped.
type event struct {
	hook    func(kv.Timestamp)
	created kv.StorageID
	dropped kv.StorageID
}

const noLimit = ^uint32(0) // a command above every one

func (t *txn) begin(o kv.TxnOptions) {
	t.open, t.options, t.command = true, o, 0
	t.buf.reset()
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
		t.xid = t.s.db.set.NewXID()
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
	if !t.open {
		return nil, kv.ErrClosed
	}
	var snap kv.Timestamp
	if t.options.Isolation == kv.ReadCommitted {
		snap = t.s.enter()
	} else {
		if t.fixed == 0 {
			t.fixed = t.s.enter()
		}
		snap = t.fixed
	}
	t.seen = max(t.seen, snap)
	v := t.takeView()
	v.snap, v.command, v.open = snap, t.command, true
	t.pinned++
	return v, nil
}

func (t *txn) WaitVisible(ctx context.Context) error {
	o := t.s.db.set.Oracle
	if o.Visible() >= t.seen {
		return nil
	}
	return o.WaitVisible(ctx, t.seen, t.s.db.store.Failed)
}

func (t *txn) LockRow(ctx context.Context, key []byte, strength kv.Strength, wait kv.Wait) error {
	dep, err := t.s.owner.LockRow(ctx, key, strength, wait)
	t.s.depend(dep)
	return err
}

func (t *txn) LockRelation(ctx context.Context, object kv.ObjectID, mode kv.Mode, wait kv.Wait) error {
	dep, err := t.s.owner.LockRelation(ctx, object, mode, wait)
	t.s.depend(dep)
	return err
}

func (t *txn) UnlockRelation(object kv.ObjectID, mode kv.Mode) {
	t.s.owner.UnlockRelation(object, mode, t.s.handOver())
}

func (t *txn) LockAdvisory(ctx context.Context, id kv.AdvisoryID, shared bool, wait kv.Wait) error {
	dep, err := t.s.owner.LockAdvisory(ctx, id, shared, false, wait)
	t.s.depend(dep)
	return err
}

func (t *txn) OutwaitHolders(ctx context.Context, object kv.ObjectID, mode kv.Mode, wait kv.Wait) error {
	return t.s.owner.OutwaitHolders(ctx, object, mode, wait)
}

func (t *txn) OutwaitSnapshots(ctx context.Context, ts kv.Timestamp, wait kv.Wait) error {
	return t.s.owner.OutwaitSnapshots(ctx, ts, wait)
}

func (t *txn) Latest(ctx context.Context, key []byte) (kv.Latest, error) {
	if len(t.buf.nodes) > 0 {
		if n := t.buf.find(key); n != noNode {
			o := t.buf.seen(n, noLimit)
			return latest(o.flags, cloneBytes(t.buf.value(o)), 0, true, o.command), nil
		}
	}
	if len(t.runs) > 0 {
		f, err := t.s.db.set.Reader.Get(key, mvcc.Sight{Snapshot: mvcc.All, Owner: t.owner(), Command: noLimit})
		if err != nil || !f.OK {
			return kv.Latest{}, err
		}
		t.seen = max(t.seen, f.TS)
		return latest(f.Flags, f.Value, f.TS, f.Own, f.Command), nil
	}
	flags, value, ts, ok, err := t.s.db.set.Get(key, mvcc.All)
	if err != nil || !ok {
		return kv.Latest{}, err
	}
	t.seen = max(t.seen, ts)
	return latest(flags, value, ts, false, 0), nil
}

func latest(f mvcc.Flags, payload []byte, ts kv.Timestamp, own bool, command uint32) kv.Latest {
	l := kv.Latest{Own: own, Command: command}
	if !own {
		l.Version, l.Command = ts, 0
	}
	switch {
	case f&mvcc.Deleted == 0:
		l.Found, l.Value = true, payload
	case f&mvcc.Moved != 0:
		l.Moved = payload
	}
	return l
}

// owner identifies the transaction in the run map.
func (t *txn) owner() uint64 { return uint64(t.XID()) }

func (t *txn) writable() error {
	switch {
	case !t.open:
		return kv.ErrClosed
	case t.options.ReadOnly:
		return kv.ErrReadOnly
	}
	return nil
}

func (t *txn) Put(key, value []byte) error { return t.write(key, 0, value) }

func (t *txn) Delete(key, moved []byte) error {
	f := mvcc.Deleted
	if moved != nil {
		f |= mvcc.Moved
	}
	return t.write(key, f, moved)
}

func (t *txn) write(key []byte, f mvcc.Flags, payload []byte) error {
	if err := t.writable(); err != nil {
		return err
	}
	if len(key) < 4 || len(key) > store.MaxKey {
		return fmt.Errorf("kv: key of %d bytes", len(key))
	}
	t.buf.put(key, f, payload, t.command)
	if t.buf.size() > t.s.db.opts.MaxBuffer {
		return t.spill()
	}
	return nil
}

func (t *txn) CreateStorage(ctx context.Context) (kv.StorageID, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	id, err := t.s.db.set.CreateStorage()
	if err == nil {
		t.events = append(t.events, event{created: id})
		t.fresh = append(t.fresh, id)
	}
	return id, err
}

func (t *txn) Fresh(id kv.StorageID) bool {
	n := len(t.fresh)
	t.fresh = slices.DeleteFunc(t.fresh, func(f kv.StorageID) bool { return f == id })
	return len(t.fresh) < n
}

func (t *txn) DropStorage(id kv.StorageID) {
	t.events = append(t.events, event{dropped: id})
}

func (t *txn) UpdateCell(ctx context.Context, key []byte, fn func([]byte) ([]byte, error)) error {
	if !t.open {
		return kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t.cells = true
	return t.s.db.set.UpdateCell(key, fn)
}

func (t *txn) ReadCell(key []byte) ([]byte, error) {
	v, err := t.s.db.set.ReadCell(key)
	return slices.Clone(v), err
}

// position counts the operations that RollbackTo can undo.
func (t *txn) position() int { return t.base + len(t.buf.ops) }

// created and dropped list the storages from an event on.
func (t *txn) created(from int) (ids []kv.StorageID) {
	for _, e := range t.events[from:] {
		if e.created != 0 {
			ids = append(ids, e.created)
		}
	}
	return ids
}

func (t *txn) dropped() (ids []kv.StorageID) {
	for _, e := range t.events {
		if e.dropped != 0 {
			ids = append(ids, e.dropped)
		}
	}
	return ids
}

// runHooks calls the hooks of OnCommit in order.
func (t *txn) runHooks(ts kv.Timestamp) {
	for _, e := range t.events {
		if e.hook != nil {
			e.hook(ts)
		}
	}
}

func (t *txn) Savepoint() kv.Savepoint {
	t.fresh = t.fresh[:0]
	p := t.position()
	if n := len(t.marks); n == 0 || t.marks[n-1] != p {
		t.marks = append(t.marks, p)
	}
	return kv.Savepoint{Writes: p, Locks: t.s.owner.Mark(), Hooks: len(t.events)}
}

func (t *txn) RollbackTo(p kv.Savepoint) error {
	if !t.open {
		return kv.ErrClosed
	}
	var err error
	if p.Writes < t.base {
		t.buf.reset()
		var gone []mvcc.RunEntry
		for len(t.runs) > 0 && t.runs[len(t.runs)-1].from >= p.Writes {
			last := len(t.runs) - 1
			gone = append(gone, t.runs[last].entry)
			t.base = t.runs[last].from
			t.runs = t.runs[:last]
		}
		err = t.s.db.set.AbortRuns(gone)
	} else {
		t.buf.truncate(p.Writes - t.base)
	}
	for n := len(t.marks); n > 0 && t.marks[n-1] > p.Writes; n-- {
		t.marks = t.marks[:n-1]
	}
	t.fresh = t.fresh[:0]
	from := min(p.Hooks, len(t.events))
	ids := t.created(from)
	clear(t.events[from:])
	t.events = t.events[:from]
	t.s.owner.RollbackTo(p.Locks, t.s.handOver())
	if len(ids) > 0 {
		t.abandonLoads(ids)
		if e := t.s.db.set.ForgetStorages(ids); err == nil {
			err = e
		}
	}
	return err
}

func (t *txn) OnCommit(fn func(kv.Timestamp)) { t.events = append(t.events, event{hook: fn}) }

func (t *txn) Commit(ctx context.Context) (kv.Timestamp, error) {
	if !t.open {
		return 0, kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	set := t.s.db.set
	if len(t.buf.ops) == 0 && len(t.runs) == 0 && !t.changesStorages() {
		t.runHooks(set.Oracle.Visible())
		cells := t.cells && t.options.Durability == kv.Sync
		t.finish(t.s.handOver())
		if cells {
			return 0, set.SyncLog()
		}
		return 0, nil
	}
	if err := set.Admit(ctx); err != nil {
		return 0, err
	}
	c := &t.cmd
	err := t.build(c)
	if err == nil {
		err = set.Apply(c)
	}
	if err != nil {
		set.Discard(c.Batch)
		c.Batch = nil
		return 0, err
	}
	if len(t.runs) > 0 {
		t.db().large.Add(1)
	}
	t.s.depend(c.TS)
	t.release(c.TS)
	err = set.Wait(c)
	set.Grown(t.ids)
	t.end()
	set.Discard(c.Batch)
	c.Batch = nil
	clear(c.Installs)
	if err != nil {
		return 0, err
	}
	return c.TS, nil
}

// changesStorages tells whether a commit without rows has something to write.
func (t *txn) changesStorages() bool {
	for _, e := range t.events {
		if e.hook == nil {
			return true
		}
	}
	return false
}

func (t *txn) db() *DB { return t.s.db }

// build makes the commit's batch, outside every lock.
func (t *txn) build(c *partition.Command) error {
	set := t.s.db.set
	*c = partition.Command{
		Batch: set.Store.NewBatch(), Sync: t.options.Durability == kv.Sync, Safe: set.Slots.Safe(),
		Patch: c.Patch[:0], Values: c.Values[:0], Installs: c.Installs[:0], Runs: c.Runs[:0],
	}
	if len(t.events) > 0 {
		c.Applied = t.runHooks
	}
	b := c.Batch
	for n := t.buf.head[0]; n != noNode; n = t.buf.next(n) {
		o := t.buf.seen(n, noLimit)
		if o == nil {
			continue
		}
		key, payload := t.buf.key(n), t.buf.value(o)
		d := b.SetDeferred(len(key)+store.SuffixLen+1, len(payload)+1)
		store.AppendVersion(d.Key[:0], key, 0, store.Committed)
		mvcc.AppendValue(d.Value[:0], o.flags, payload)
		if err := d.Finish(); err != nil {
			return store.Wrap("commit", err)
		}
		c.Patch = append(c.Patch, b.Len()-len(d.Value)-uvarintLen(len(d.Value)))
		if len(t.buf.nodes) > partition.MaxInstall {
			c.Installs = append(c.Installs, partition.Install{Key: key})
			continue
		}
		v := &mvcc.Version{Flags: o.flags, Value: cloneBytes(payload)}
		c.Installs = append(c.Installs, partition.Install{Key: key, Version: v})
		set.Find(key).Cache.Garbage(key, c.Safe, func(old kv.Timestamp) {
			t.key = store.AppendVersion(t.key[:0], key, old, store.Committed)
			_ = b.SingleDelete(t.key, nil)
			c.Removed++
		})
	}
	for i := range t.runs {
		e := t.runs[i].entry
		e.State = mvcc.RunCommitted
		value := e.Encode()
		if err := b.Set(mvcc.RunKey(e.First), value, nil); err != nil {
			return store.Wrap("commit", err)
		}
		c.Values = append(c.Values, b.Len())
		c.Runs = append(c.Runs, e)
	}
	t.ids = t.created(0)
	if err := set.AdoptStorages(b, t.ids); err != nil {
		return err
	}
	c.Dropped = t.dropped()
	if err := set.DropStorages(b, c.Dropped); err != nil {
		return err
	}
	return nil
}

func uvarintLen(n int) int {
	var b [binary.MaxVarintLen64]byte
	return binary.PutUvarint(b[:], uint64(n))
}

func (t *txn) Rollback() {
	if !t.open {
		return
	}
	set := t.s.db.set
	var entries []mvcc.RunEntry
	for _, r := range t.runs {
		entries = append(entries, r.entry)
	}
	_ = set.AbortRuns(entries) // a failed store aborts them at its next start
	ids := t.created(0)
	t.abandonLoads(ids)
	_ = set.ForgetStorages(ids)
	t.db().rollbacks.Add(1)
	t.finish(t.s.handOver())
}

// release gives the locks back and ends what the transaction reads.
func (t *txn) release(dep kv.Timestamp) {
	t.s.owner.ReleaseAll(dep)
}

// end makes the transaction ready for the next Begin.
func (t *txn) end() {
	if t.xid != 0 {
		t.s.db.set.EndXID(t.xid)
	}
	for _, v := range t.views {
		v.open = false
	}
	t.open, t.xid, t.fixed, t.pinned, t.seen, t.base, t.cells = false, 0, 0, 0, 0, 0, false
	clear(t.events)
	t.events, t.marks, t.runs, t.fresh = t.events[:0], t.marks[:0], t.runs[:0], t.fresh[:0]
	t.loads = t.loads[:0]
	t.s.db.set.Slots.Leave(t.s.slot)
}

func (t *txn) finish(dep kv.Timestamp) {
	t.release(dep)
	t.end()
}
