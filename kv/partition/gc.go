package partition

import (
	"bytes"
	"context"
	"sync"
	"time"

	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2"
)

const (
	trashKeys     = 1 << 15               // keys that wait to be looked at
	collectBudget = 20 * time.Millisecond // of each round, so a tenth of a core at most
	budgetCheck   = 32                    // keys between two looks at the clock
	vacuumBatch   = 256 << 10
)

// trash is the keys whose older versions may be garbage, in commit order. When
// it is full the rest is left to Vacuum.
type trash struct {
	sync.Mutex
	ring  []trashed
	first int
	n     int
}

type trashed struct {
	key []byte
	at  kv.Timestamp
}

func (t *trash) init() { t.ring = make([]trashed, trashKeys) }

func (t *trash) add(in Install, at kv.Timestamp) {
	if in.Version == nil || !in.Version.Replaces() {
		return
	}
	t.Lock()
	defer t.Unlock()
	if t.n == len(t.ring) {
		return
	}
	e := &t.ring[(t.first+t.n)%len(t.ring)]
	e.key, e.at = append(e.key[:0], in.Key...), at
	t.n++
}

// Collect removes garbage of recently replaced rows, dropped storages and runs.
// One call works at a time.
func (s *Set) Collect() error {
	s.collecting.Lock()
	defer s.collecting.Unlock()
	if err := s.Store.Failed(); err != nil {
		return err
	}
	s.slow.Store(s.Store.Behind())
	safe := s.Slots.Advance()
	if err := s.removeDropped(safe); err != nil {
		return err
	}
	if err := s.collectRuns(safe); err != nil {
		return err
	}
	if s.slow.Load() {
		return nil
	}
	var key []byte
	start := s.clock.Now()
	for n := 1; n%budgetCheck != 0 || s.clock.Now().Sub(start) < collectBudget; n++ {
		t := &s.trash
		t.Lock()
		if t.n == 0 || t.ring[t.first].at > safe {
			t.Unlock()
			return nil
		}
		key = append(key[:0], t.ring[t.first].key...)
		at := t.ring[t.first].at
		t.first = (t.first + 1) % len(t.ring)
		t.n--
		t.Unlock()
		if head, known := s.Find(key).Cache.Get(key, mvcc.All); known && head != nil && head.TS != at {
			continue // replaced again: its own entry comes later
		}
		end := append(bytes.Clone(key), 0)
		if _, err := s.vacuum(kv.Span{Start: key, End: end}, safe, func() error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// FlushAsync makes asynchronous commits durable.
func (s *Set) FlushAsync() error {
	if s.asyncDirty.Swap(false) {
		return s.SyncLog()
	}
	return nil
}

// Vacuum removes what no view can need from a span.
func (s *Set) Vacuum(ctx context.Context, span kv.Span) (kv.VacuumStats, error) {
	if err := s.Store.Failed(); err != nil {
		return kv.VacuumStats{}, err
	}
	// The slot keeps the entries of aborted runs until the iterator is closed:
	// without its entry an aborted version would count as committed.
	slot := s.Slots.Add()
	defer s.Slots.Remove(slot)
	s.Slots.Enter(slot, 0)
	return s.vacuum(span, s.Slots.Advance(), ctx.Err)
}

// vacuum removes what no view at or above safe needs; stop ends it early.
func (s *Set) vacuum(span kv.Span, safe kv.Timestamp, stop func() error) (stats kv.VacuumStats, err error) {
	opts := pebble.IterOptions{LowerBound: store.AppendBare(nil, span.Start)}
	if span.End != nil {
		opts.UpperBound = store.AppendBare(nil, span.End)
	}
	it, err := s.Store.NewIter(&opts)
	if err != nil {
		return stats, store.Wrap("vacuum", err)
	}
	b := s.Store.NewBatch()
	defer func() {
		if e := it.Close(); err == nil {
			err = store.Wrap("vacuum", e)
		}
		if err == nil {
			err = s.removeGarbage(b, &stats)
		}
		s.Discard(b)
	}()
	var prefix []byte
	var tombstone []byte // the newest version, if it is a removable tombstone
	seen := false        // a version at or below the safe horizon was met
	newest := true
	for ok := it.First(); ok; ok = it.Next() {
		key := it.Key()
		ts, kind, versioned := store.Version(key)
		if !versioned {
			continue
		}
		if n := store.Split(key); !bytes.Equal(key[:n], prefix) {
			prefix = append(prefix[:0], key[:n]...)
			if len(tombstone) > 0 {
				if err := b.SingleDelete(tombstone, nil); err != nil {
					return stats, store.Wrap("vacuum", err)
				}
			}
			tombstone, seen, newest = tombstone[:0], false, true
			if err := stop(); err != nil {
				return stats, err
			}
			// A batch may be written between keys only: a tombstone and what it
			// hides go together.
			if b.Len() > vacuumBatch {
				if err := s.removeGarbage(b, &stats); err != nil {
					return stats, err
				}
				b.Reset()
			}
		}
		at, fate := s.Runs.Fate(ts, kind)
		if fate == mvcc.InProgress {
			newest = false
			continue
		}
		if seen || fate == mvcc.Aborted {
			if fate != mvcc.Aborted {
				stats.Dead++
			}
			if err := b.SingleDelete(key, nil); err != nil {
				return stats, store.Wrap("vacuum", err)
			}
			continue
		}
		stored, err := it.ValueAndErr()
		if err != nil {
			return stats, store.Wrap("vacuum", err)
		}
		flags, _, _, err := mvcc.ParseValue(stored)
		if err != nil {
			return stats, err
		}
		if newest && flags&mvcc.Deleted == 0 {
			stats.Rows++
		} else {
			stats.Dead++
		}
		if at <= safe {
			seen = true
			if newest && flags&mvcc.Deleted != 0 {
				tombstone = append(tombstone[:0], key...)
			}
		}
		newest = false
	}
	if len(tombstone) > 0 {
		if err := b.SingleDelete(tombstone, nil); err != nil {
			return stats, store.Wrap("vacuum", err)
		}
	}
	return stats, nil
}

func (s *Set) removeGarbage(b *pebble.Batch, stats *kv.VacuumStats) error {
	if b.Empty() {
		return nil
	}
	n := int64(b.Count())
	if err := s.Store.DB.Apply(b, pebble.NoSync); err != nil {
		s.Store.Fail(err)
	}
	stats.Removed += n
	s.removed.Add(n)
	return s.Store.Failed()
}

// Verify reads everything: Pebble checks each block's sum, we check order and
// that every value can be parsed.
func (s *Set) Verify(ctx context.Context, progress func(float64)) error {
	if err := s.Store.Failed(); err != nil {
		return err
	}
	if err := s.Store.Flush(); err != nil {
		return store.Wrap("verify", err)
	}
	total := float64(max(s.Store.Metrics().DiskSpaceUsage(), 1))
	it, err := s.Store.NewIter(nil)
	if err != nil {
		return store.Wrap("verify", err)
	}
	defer it.Close()
	var last []byte
	var read float64
	for ok, n := it.First(), 0; ok; ok, n = it.Next(), n+1 {
		key := it.Key()
		if last != nil && store.Comparer.Compare(last, key) >= 0 {
			return store.Wrap("verify", kv.ErrCorrupt)
		}
		last = append(last[:0], key...)
		value, err := it.ValueAndErr()
		if err != nil {
			return store.Wrap("verify", err)
		}
		if err := store.Comparer.ValidateKey(key); err != nil {
			return err
		}
		if _, _, versioned := store.Version(key); versioned {
			if _, _, _, err := mvcc.ParseValue(value); err != nil {
				return store.Wrap("verify", err)
			}
		}
		read += float64(len(key) + len(value))
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(min(read/total, 1))
			}
		}
	}
	if err := it.Error(); err != nil {
		return store.Wrap("verify", err)
	}
	if progress != nil {
		progress(1)
	}
	return nil
}
