package session

import (
	"context"
	"encoding/binary"
	"time"

	"datapunk/catalog/store"
	"datapunk/kv"
	"datapunk/types"
)

// others are the sessions of the node but one.
type others struct{ s *Session }

func (o others) in(database types.OID) []*Session {
	e := o.s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*Session
	for _, x := range e.mu.sessions {
		if x != o.s && x.database.OID == database {
			list = append(list, x)
		}
	}
	return list
}

// Count counts those of a database that are still there after up to 5 s, since one
// that is about to go is no hindrance.
func (o others) Count(ctx context.Context, database types.OID) (int, error) {
	for range 500 {
		if len(o.in(database)) == 0 {
			return 0, nil
		}
		if err := clock(o).Sleep(ctx, int64(10*time.Millisecond/time.Microsecond)); err != nil {
			return 0, err
		}
	}
	return len(o.in(database)), nil
}

// End terminates those of a database.
func (o others) End(database types.OID) {
	for _, x := range o.in(database) {
		x.Terminate()
	}
}

// copyCell copies the state of one sequence's storage to another.
func (s *Session) copyCell(ctx context.Context, from, to uint32) error {
	key := func(storage uint32) []byte {
		return binary.BigEndian.AppendUint32(append(kv.StoragePrefix(nil, store.CellStorage), "seq"...), storage)
	}
	cell, err := s.txn.ReadCell(key(from))
	if err != nil || cell == nil {
		return err
	}
	return s.txn.UpdateCell(ctx, key(to), func([]byte) ([]byte, error) { return cell, nil })
}
