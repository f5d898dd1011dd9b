package partition

import (
	"context"
	"slices"

	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2"
)

// sweptRun is an aborted run whose versions are gone; its entry goes when no
// iterator from before can be open.
type sweptRun struct {
	first kv.Timestamp
	at    kv.Timestamp
}

// recoverRuns loads the run map; what was in progress is aborted now.
func (s *Set) recoverRuns() error {
	return s.scanMeta(tagRun, func(key, value []byte) error {
		e, err := mvcc.DecodeRun(key, value)
		if err != nil {
			return err
		}
		if e.State == mvcc.InProgress {
			e.State = mvcc.Aborted
		}
		s.Runs.Update(e)
		return nil
	})
}

// IngestRun takes a large transaction's run into the store: the map entry is
// durable before the file is there, and the cache forgets the keys after.
func (s *Set) IngestRun(ctx context.Context, e mvcc.RunEntry, files []*store.Run, keys func(func(key []byte) bool)) error {
	if err := s.write(func(b *pebble.Batch) error { return b.Set(mvcc.RunKey(e.First), e.Encode(), nil) }); err != nil {
		return err
	}
	if err := s.SyncLog(); err != nil {
		return err
	}
	s.Runs.Update(e)
	if err := s.Store.IngestRuns(ctx, files); err != nil {
		return err
	}
	keys(func(key []byte) bool {
		s.Find(key).Cache.Forget(key)
		return true
	})
	return nil
}

// IngestLoad takes loaded files into a storage of a transaction in progress.
func (s *Set) IngestLoad(ctx context.Context, files []*store.Run) error {
	// The note that the storage is nobody's must be durable first.
	if err := s.SyncLog(); err != nil {
		return err
	}
	return s.Store.IngestRuns(ctx, files)
}

// AbortRuns says that runs never happened.
func (s *Set) AbortRuns(entries []mvcc.RunEntry) error {
	if len(entries) == 0 {
		return nil
	}
	for i := range entries {
		entries[i].State = mvcc.Aborted
	}
	s.Runs.Update(entries...)
	return s.write(func(b *pebble.Batch) error {
		for _, e := range entries {
			if err := b.Set(mvcc.RunKey(e.First), e.Encode(), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// collectRuns removes map entries that nobody needs, and aborted versions.
func (s *Set) collectRuns(safe kv.Timestamp) error {
	for _, e := range s.Runs.List() {
		switch e.State {
		case mvcc.RunCommitted:
			if e.Commit > safe {
				continue
			}
		case mvcc.Aborted:
			s.mu.Lock()
			i := slices.IndexFunc(s.mu.swept, func(r sweptRun) bool { return r.first == e.First })
			gone := i >= 0 && s.mu.swept[i].at < safe
			if gone {
				s.mu.swept = slices.Delete(s.mu.swept, i, i+1)
			}
			s.mu.Unlock()
			if i < 0 {
				if err := s.sweep(e); err != nil {
					return err
				}
			}
			if !gone {
				continue
			}
		default:
			continue
		}
		if err := s.write(func(b *pebble.Batch) error { return b.Delete(mvcc.RunKey(e.First), nil) }); err != nil {
			return err
		}
		s.Runs.Remove(e.First)
	}
	return nil
}

// sweep removes an aborted run's versions.
func (s *Set) sweep(e mvcc.RunEntry) error {
	spans := e.Spans
	if len(spans) == 0 {
		spans = []kv.Span{{Start: []byte{0, 0, 0, 1}, End: []byte{0xff, 0xff, 0xff, 0xff}}}
	}
	var removed int64
	for _, span := range spans {
		it, err := s.Store.NewIter(&pebble.IterOptions{
			LowerBound:      store.AppendBare(nil, span.Start),
			UpperBound:      store.AppendBare(nil, span.End),
			PointKeyFilters: store.Between(e.First, e.Last+1),
		})
		if err != nil {
			return store.Wrap("sweep run", err)
		}
		b := s.Store.NewBatch()
		for ok := it.First(); ok; ok = it.Next() {
			if ts, kind, v := store.Version(it.Key()); v && kind == store.Provisional && ts >= e.First && ts <= e.Last {
				if err = b.SingleDelete(it.Key(), nil); err != nil {
					break
				}
				removed++
				if b.Len() > vacuumBatch {
					if err = s.removeGarbage(b, &kv.VacuumStats{}); err != nil {
						break
					}
					b.Reset()
				}
			}
		}
		if e := it.Close(); err == nil {
			err = e
		}
		if err == nil {
			err = s.removeGarbage(b, &kv.VacuumStats{})
		}
		s.Discard(b)
		if err != nil {
			return store.Wrap("sweep run", err)
		}
	}
	s.mu.Lock()
	s.mu.swept = append(s.mu.swept, sweptRun{e.First, s.Oracle.NewestApplied()})
	s.mu.Unlock()
	return nil
}
