package session

import (
	"context"
	"encoding/binary"
	"io"
	"sync"
	"sync/atomic"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/stat"
	"datapunk/catalog/store"
	"datapunk/catalog/system"
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/kv"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/datetime"
)

// Engine is what all sessions of a node share.
type Engine struct {
	Context   context.Context // ends with the node
	DB        kv.DB
	Catalog   *store.Store
	Functions *function.Registry
	System    *system.Catalog
	Now       func() datetime.Timestamp
	Entropy   io.Reader // of random(), of UUIDs
	// Verifier turns a password into what the catalog keeps of it.
	Verifier func(password string) (string, error)
	Zone     *datetime.Zone
	// Memory is the node's account, Temporary where its temporary files lie.
	Memory    *budget.Account
	Temporary *spill.Directory
	Overtaken op.Overtaken
	// SpillRows, if not 0, is how many rows an operator may hold, for tests.
	SpillRows int
	Start     datetime.Timestamp

	rows   rowNumbers
	counts counts
	tally  tally
	pids   atomic.Int32
	mu     struct {
		sync.Mutex
		sessions map[int32]*Session
	}
}

// rowNumbers hands out row numbers from memory; a ceiling is kept in a cell.
type rowNumbers struct {
	mu struct {
		sync.Mutex
		next, limit map[uint32]uint64
	}
}

// rowBlock is how many row numbers a cell update reserves.
const rowBlock = 4096

// take allots count numbers of a storage.
func (r *rowNumbers) take(ctx context.Context, txn kv.Txn, storage uint32, count uint64) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.next == nil {
		r.mu.next, r.mu.limit = map[uint32]uint64{}, map[uint32]uint64{}
	}
	if r.mu.next[storage]+count > r.mu.limit[storage] {
		key := binary.BigEndian.AppendUint32(append(kv.StoragePrefix(nil, store.CellStorage), "row"...), storage)
		err := txn.UpdateCell(ctx, key, func(old []byte) ([]byte, error) {
			first := uint64(1)
			if len(old) == 8 {
				first = binary.BigEndian.Uint64(old)
			}
			r.mu.next[storage], r.mu.limit[storage] = first, first+rowBlock
			return binary.BigEndian.AppendUint64(nil, first+rowBlock), nil
		})
		if err != nil {
			return 0, err
		}
	}
	first := r.mu.next[storage]
	r.mu.next[storage] += count
	return first, nil
}

// counts are the live rows of storages: guessed from the bytes on disk when first
// asked for, then counted as transactions commit. A storage is new after TRUNCATE or
// a rewrite, and so is its count.
type counts struct {
	mu struct {
		sync.RWMutex
		rows    map[uint32]int64
		changed map[uint32]int64 // rows written since the last ANALYZE
	}
}

func (c *counts) add(storage uint32, n, changed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.rows == nil {
		c.mu.rows, c.mu.changed = map[uint32]int64{}, map[uint32]int64{}
	}
	c.mu.rows[storage] += n
	c.mu.changed[storage] += changed
}

// analyzed sets the rows of a storage to what ANALYZE counted.
func (c *counts) analyzed(storage uint32, rows int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.rows == nil {
		c.mu.rows, c.mu.changed = map[uint32]int64{}, map[uint32]int64{}
	}
	c.mu.rows[storage], c.mu.changed[storage] = rows, 0
}

// stale tells whether so much has changed in a storage that its statistics should be
// gathered again: 50 rows and a tenth, as autovacuum does.
func (c *counts) stale(storage uint32) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return float64(c.mu.changed[storage]) > 50+0.1*float64(c.mu.rows[storage])
}

// of returns the rows of a storage; guess is asked for at most once.
func (c *counts) of(storage uint32, guess func() int64) int64 {
	c.mu.RLock()
	n, ok := c.mu.rows[storage]
	c.mu.RUnlock()
	if !ok {
		n = guess()
		c.add(storage, n, 0)
	}
	return n
}

// statistics is the planner's view of the counts.
type statistics struct {
	engine  *Engine
	catalog catalog.Snapshot
}

// Table decodes what ANALYZE has stored, once for each state of the catalog.
func (s statistics) Table(oid types.OID) *stat.Table {
	stored, ok := s.catalog.Get(desc.ClassStatistics, oid).(*desc.Statistics)
	if !ok {
		return nil
	}
	type key struct{ *desc.Statistics }
	return s.catalog.Memo(key{stored}, func() any { return decodeStatistics(s.catalog, stored) }).(*stat.Table)
}

// bytesPerRow is what a row is taken to need on disk, where only bytes are known.
const bytesPerRow = 50

// Rows is the live rows of a table.
func (s statistics) Rows(oid types.OID) float64 {
	rel := s.catalog.Relation(oid)
	if rel == nil || rel.Storage == 0 {
		return 0
	}
	return float64(s.engine.counts.of(rel.Storage, func() int64 { return s.engine.storageSize(rel.Storage) / bytesPerRow }))
}
