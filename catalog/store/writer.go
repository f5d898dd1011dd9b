package store

import (
	"context"
	"encoding/binary"
	"encoding/json"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/kv"
	"datapunk/types"
)

// uncommitted marks the version of a snapshot that holds a transaction's own
// changes, so that no plan kept for a committed version fits it.
const uncommitted = 1 << 63

// change is one object put, or (nil) deleted.
type change struct {
	database types.OID
	id       desc.ID
	object   desc.Object
}

// writer is one transaction's change set.
type writer struct {
	store    *Store
	database types.OID
	txn      kv.Txn
	base     *snapshot
	view     *snapshot // base with the changes
	changes  []change
	hooked   bool
}

// Begin starts a change set on top of the latest version.
func (s *Store) Begin(database types.OID, txn kv.Txn) (catalog.Writer, error) {
	w := &writer{store: s, database: database, txn: txn}
	return w, w.Refresh()
}

func (w *writer) Snapshot() catalog.Snapshot { return w.view }

// Refresh moves to the latest committed version and applies the changes again.
func (w *writer) Refresh() error {
	base, err := w.store.latest(w.database)
	if err != nil {
		return err
	}
	w.base = base
	w.rebuild()
	return nil
}

func (w *writer) rebuild() {
	w.view = w.base
	if len(w.changes) == 0 {
		return
	}
	v := *w.base
	v.own, v.shared = v.own.clone(), v.shared.clone()
	v.version |= uncommitted
	w.view = &v
	for _, c := range w.changes {
		w.apply(c)
	}
}

func (w *writer) apply(c change) {
	st := w.view.own
	if shared(c.id.Class) {
		st = w.view.shared
	} else if c.database != w.database {
		return
	}
	if c.object != nil {
		st.put(c.object)
	} else {
		st.remove(c.id)
	}
}

func (w *writer) Dirty() bool { return len(w.changes) > 0 }

func (w *writer) Mark() int { return len(w.changes) }

func (w *writer) RollbackTo(mark int) {
	if mark < len(w.changes) {
		w.changes = w.changes[:mark]
		w.hooked = len(w.changes) > 0 && w.hooked
		w.rebuild()
	}
}

// add notes a change, visible in a new snapshot at once.
func (w *writer) add(c change) {
	w.changes = append(w.changes, c)
	v := *w.view
	v.own, v.shared = v.own.clone(), v.shared.clone()
	v.version |= uncommitted
	w.view = &v
	w.apply(c)
	if !w.hooked {
		w.hooked = true
		w.txn.OnCommit(func(kv.Timestamp) { w.store.publish(w.database, w.changes) })
	}
}

func (w *writer) Put(ctx context.Context, o desc.Object) error {
	value, err := json.Marshal(o)
	if err != nil {
		return err
	}
	key := objectKey(w.database, o.ID())
	if err := w.txn.LockRow(ctx, key, kv.Exclusive, kv.Wait{}); err != nil {
		return err
	}
	if err := w.txn.Put(key, value); err != nil {
		return err
	}
	w.add(change{w.database, o.ID(), o})
	return nil
}

func (w *writer) Delete(ctx context.Context, id desc.ID) error {
	key := objectKey(w.database, id)
	if err := w.txn.LockRow(ctx, key, kv.Exclusive, kv.Wait{}); err != nil {
		return err
	}
	if err := w.txn.Delete(key, nil); err != nil {
		return err
	}
	w.add(change{w.database, id, nil})
	return nil
}

// NewOID allots an OID from the node's counter.
func (w *writer) NewOID(ctx context.Context) (types.OID, error) {
	var oid uint32
	key := append(kv.StoragePrefix(nil, CellStorage), "oid"...)
	err := w.txn.UpdateCell(ctx, key, func(old []byte) ([]byte, error) {
		oid = uint32(desc.FirstUser)
		if len(old) == 4 {
			oid = binary.BigEndian.Uint32(old)
		}
		return binary.BigEndian.AppendUint32(nil, oid+1), nil
	})
	return types.OID(oid), err
}

// Clone copies the objects of one database to another.
func (s *Store) Clone(ctx context.Context, txn kv.Txn, from, to types.OID, renew func(desc.Object) (desc.Object, error)) error {
	source, err := s.latest(from)
	if err != nil {
		return err
	}
	var changes []change
	for id, o := range source.own.objects.all() {
		if s.isSystem(o) {
			continue
		}
		o, err := renew(o)
		if err != nil {
			return err
		}
		value, err := json.Marshal(o)
		if err != nil {
			return err
		}
		key := objectKey(to, id)
		if err := txn.LockRow(ctx, key, kv.Exclusive, kv.Wait{}); err != nil {
			return err
		}
		if err := txn.Put(key, value); err != nil {
			return err
		}
		changes = append(changes, change{to, id, o})
	}
	txn.OnCommit(func(kv.Timestamp) { s.publish(to, changes) })
	return nil
}

func (s *Store) isSystem(o desc.Object) bool {
	for _, x := range s.system {
		if x == o {
			return true
		}
	}
	return false
}

// Forget removes a dropped database's objects.
func (s *Store) Forget(ctx context.Context, txn kv.Txn, database types.OID) error {
	source, err := s.latest(database)
	if err != nil {
		return err
	}
	for id, o := range source.own.objects.all() {
		if s.isSystem(o) {
			continue
		}
		key := objectKey(database, id)
		if err := txn.LockRow(ctx, key, kv.Exclusive, kv.Wait{}); err != nil {
			return err
		}
		if err := txn.Delete(key, nil); err != nil {
			return err
		}
	}
	txn.OnCommit(func(kv.Timestamp) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.mu.databases, database)
		s.mu.version++
	})
	return nil
}

// Bootstrap writes the objects of a new node: database 0 holds the shared ones.
func (s *Store) Bootstrap(ctx context.Context, txn kv.Txn, objects map[types.OID][]desc.Object) error {
	for database, list := range objects {
		var changes []change
		for _, o := range list {
			value, err := json.Marshal(o)
			if err != nil {
				return err
			}
			key := objectKey(database, o.ID())
			if err := txn.LockRow(ctx, key, kv.Exclusive, kv.Wait{}); err != nil {
				return err
			}
			if err := txn.Put(key, value); err != nil {
				return err
			}
			changes = append(changes, change{database, o.ID(), o})
		}
		txn.OnCommit(func(kv.Timestamp) { s.publish(database, changes) })
	}
	return nil
}
