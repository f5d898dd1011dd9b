package partition

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2"
)

// idAllocator hands out XIDs and storage ids from persisted blocks.
type idAllocator struct {
	sync.Mutex
	xid, xidCeiling         uint64
	storage, storageCeiling uint64
	active                  map[kv.XID]struct{}
}

func (a *idAllocator) open(s *Set) (err error) {
	a.active = map[kv.XID]struct{}{}
	if a.xidCeiling, err = s.readMeta(tagXID); err != nil {
		return err
	}
	if a.storageCeiling, err = s.readMeta(tagStorage); err != nil {
		return err
	}
	a.xidCeiling = max(a.xidCeiling, firstXID)
	a.storageCeiling = max(a.storageCeiling, uint64(kv.FirstStorage))
	a.xid, a.storage = a.xidCeiling, a.storageCeiling
	return nil
}

// NewXID allots a transaction's number and notes it as in progress. A block is
// durable before its first number is used. If the store has failed the number
// is not durable, and nothing written with it will be either.
func (s *Set) NewXID() kv.XID {
	a := &s.ids
	a.Lock()
	defer a.Unlock()
	if a.xid == a.xidCeiling {
		a.xidCeiling += xidBlock
		if s.write(func(b *pebble.Batch) error {
			return b.Set(store.AppendBare(nil, mvcc.MetaKey(tagXID)), metaValue(a.xidCeiling), nil)
		}) == nil {
			_ = s.SyncLog()
		}
	}
	x := kv.XID(a.xid)
	a.xid++
	a.active[x] = struct{}{}
	return x
}

// EndXID notes that a transaction is over.
func (s *Set) EndXID(x kv.XID) {
	s.ids.Lock()
	delete(s.ids.active, x)
	s.ids.Unlock()
}

// XIDs returns the oldest number in progress and the next to be allotted.
func (s *Set) XIDs() (oldest, next kv.XID) {
	a := &s.ids
	a.Lock()
	defer a.Unlock()
	next = kv.XID(a.xid)
	oldest = next
	for x := range a.active {
		oldest = min(oldest, x)
	}
	return oldest, next
}

// youngSet is the storages of transactions in progress: reads of them are not
// cached, since a load may fill them past the cache.
type youngSet struct {
	mu   sync.Mutex
	list atomic.Pointer[[]kv.StorageID]
}

func (y *youngSet) has(key []byte) bool {
	list := *y.list.Load()
	return len(list) > 0 && len(key) >= 4 && slices.Contains(list, kv.StorageID(binary.BigEndian.Uint32(key)))
}

func (y *youngSet) change(fn func([]kv.StorageID) []kv.StorageID) {
	y.mu.Lock()
	defer y.mu.Unlock()
	list := fn(slices.Clone(*y.list.Load()))
	y.list.Store(&list)
}

// droppedStorage waits for the horizon.
type droppedStorage struct {
	id kv.StorageID
	at kv.Timestamp
}

func storageKey(tag byte, id kv.StorageID) []byte {
	return store.AppendBare(nil, binary.BigEndian.AppendUint32(mvcc.MetaKey(tag), uint32(id)))
}

// CreateStorage allots an id and notes, in the log, that it is nobody's yet.
func (s *Set) CreateStorage() (kv.StorageID, error) {
	a := &s.ids
	a.Lock()
	defer a.Unlock()
	id := kv.StorageID(a.storage)
	err := s.write(func(b *pebble.Batch) error {
		if a.storage == a.storageCeiling {
			a.storageCeiling += storageBlock
			if err := b.Set(store.AppendBare(nil, mvcc.MetaKey(tagStorage)), metaValue(a.storageCeiling), nil); err != nil {
				return err
			}
		}
		return b.Set(storageKey(tagCreated, id), nil, nil)
	})
	if err != nil {
		return 0, err
	}
	a.storage++
	s.young.change(func(l []kv.StorageID) []kv.StorageID { return append(l, id) })
	return id, nil
}

// AdoptStorages adds to a commit's batch that its storages stay.
func (s *Set) AdoptStorages(b *pebble.Batch, ids []kv.StorageID) error {
	for _, id := range ids {
		if err := b.Delete(storageKey(tagCreated, id), nil); err != nil {
			return store.Wrap("commit", err)
		}
	}
	return nil
}

// Grown ends the youth of storages, whose transaction is over.
func (s *Set) Grown(ids []kv.StorageID) {
	if len(ids) > 0 {
		s.young.change(func(l []kv.StorageID) []kv.StorageID {
			return slices.DeleteFunc(l, func(id kv.StorageID) bool { return slices.Contains(ids, id) })
		})
	}
}

// ForgetStorages removes what an aborted transaction made.
func (s *Set) ForgetStorages(ids []kv.StorageID) error {
	if len(ids) == 0 {
		return nil
	}
	defer s.Grown(ids)
	return s.write(func(b *pebble.Batch) error { return removeStorages(b, tagCreated, ids) })
}

// DropStorages adds to a commit's batch that storages will be removed.
func (s *Set) DropStorages(b *pebble.Batch, ids []kv.StorageID) error {
	for _, id := range ids {
		if err := b.Set(storageKey(tagDropped, id), nil, nil); err != nil {
			return store.Wrap("commit", err)
		}
	}
	return nil
}

func removeStorages(b *pebble.Batch, tag byte, ids []kv.StorageID) error {
	for _, id := range ids {
		start := store.AppendBare(nil, kv.StoragePrefix(nil, id))
		end := store.AppendBare(nil, kv.StoragePrefix(nil, id+1))
		if err := b.DeleteRange(start, end, nil); err != nil {
			return err
		}
		if err := b.Delete(storageKey(tag, id), nil); err != nil {
			return err
		}
	}
	return nil
}

// recoverStorages removes storages that nobody committed, and dropped ones:
// after a restart no view is older.
func (s *Set) recoverStorages() error {
	for _, tag := range []byte{tagCreated, tagDropped} {
		var ids []kv.StorageID
		err := s.scanMeta(tag, func(key, _ []byte) error {
			if len(key) < 4 {
				return kv.ErrCorrupt
			}
			ids = append(ids, kv.StorageID(binary.BigEndian.Uint32(key[len(key)-4:])))
			return nil
		})
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			if err := s.write(func(b *pebble.Batch) error { return removeStorages(b, tag, ids) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeDropped removes the storages whose drop the horizon has passed.
func (s *Set) removeDropped(safe kv.Timestamp) error {
	var ids []kv.StorageID
	s.mu.Lock()
	s.mu.dropped = slices.DeleteFunc(s.mu.dropped, func(d droppedStorage) bool {
		if d.at > safe {
			return false
		}
		ids = append(ids, d.id)
		return true
	})
	s.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	return s.write(func(b *pebble.Batch) error { return removeStorages(b, tagDropped, ids) })
}

// scanMeta calls fn with the user keys and values of one tag.
func (s *Set) scanMeta(tag byte, fn func(key, value []byte) error) error {
	it, err := s.Store.NewIter(&pebble.IterOptions{
		LowerBound: store.AppendBare(nil, mvcc.MetaKey(tag)),
		UpperBound: store.AppendBare(nil, mvcc.MetaKey(tag+1)),
	})
	if err != nil {
		return store.Wrap("read meta", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			err = fn(store.UserKey(it.Key()), value)
		}
		if err != nil {
			_ = it.Close()
			return store.Wrap("read meta", err)
		}
	}
	return store.Wrap("read meta", it.Close())
}
