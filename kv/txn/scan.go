package txn

import (
	"bytes"
	"context"

	"datapunk/kv"
	"datapunk/kv/mvcc"
)

// scanner merges the buffer with the store. If the buffer is empty at the start
// it stays so for this scan: later writes belong to later commands.
type scanner struct {
	t       *txn
	span    kv.Span
	opts    kv.ScanOptions
	snap    kv.Timestamp
	command uint32
	pin     *view
	it      *mvcc.Iter
	err     error
	done    bool

	merge bool
	epoch uint32
	runs  int
	node  int32  // next node of the buffer
	row   bool   // the iterator stands on a row that was not consumed
	end   bool   // the iterator is at its end
	last  []byte // the last key consumed
	began bool
}

func newScanner(t *txn, span kv.Span, opts kv.ScanOptions, snap kv.Timestamp, command uint32) *scanner {
	s := &scanner{t: t, span: span, opts: opts, snap: snap, command: command}
	s.merge = len(t.buf.nodes) > 0 || command == noLimit
	s.err = s.open()
	return s
}

func (s *scanner) open() (err error) {
	sight := mvcc.Sight{Snapshot: s.snap, Command: s.command}
	if s.runs = len(s.t.runs); s.runs > 0 {
		sight.Owner = s.t.owner()
	}
	s.it, err = s.t.s.db.set.Reader.NewIter(s.span, sight, s.opts.Reverse)
	return err
}

func (s *scanner) Next(ctx context.Context, batch *kv.Batch, limit int) error {
	batch.Reset()
	if s.err == nil {
		s.err = ctx.Err()
	}
	if s.err != nil || s.done {
		return s.err
	}
	if s.merge {
		s.err = s.fillMerged(batch, limit)
	} else {
		s.err = s.fill(batch, limit)
	}
	if s.err == nil && batch.Len() == 0 {
		s.done = true
	}
	return s.err
}

// fill is the fast path: the store alone.
func (s *scanner) fill(batch *kv.Batch, limit int) error {
	for range limit {
		ok, err := s.it.Next()
		if err != nil {
			return err
		}
		if !ok {
			s.done = true
			return nil
		}
		key, row := s.it.Row()
		s.emit(batch, key, row.Value, row)
	}
	return nil
}

func (s *scanner) emit(batch *kv.Batch, key, value []byte, row *mvcc.Found) {
	if s.opts.KeysOnly {
		value = nil
	}
	batch.Append(key, value)
	if row == nil || row.Own {
		if s.opts.Versions {
			batch.Versions = append(batch.Versions, 0)
		}
		return
	}
	if s.opts.Versions {
		batch.Versions = append(batch.Versions, row.TS)
	}
	if s.command == noLimit {
		s.t.seen = max(s.t.seen, row.TS)
	}
}

// place finds the buffer's next node behind the last key.
func (s *scanner) place() {
	b := &s.t.buf
	s.epoch = b.epoch
	switch {
	case !s.opts.Reverse && !s.began:
		s.node = b.seekGE(s.span.Start)
	case !s.opts.Reverse:
		s.node = b.seekGE(s.last)
		if s.node != noNode && bytes.Equal(b.key(s.node), s.last) {
			s.node = b.next(s.node)
		}
	case !s.began:
		s.node = b.seekLT(s.span.End)
	default:
		s.node = b.seekLT(s.last)
	}
}

// bufferRow returns the buffer's next key in the span, and what is seen of it.
func (s *scanner) bufferRow() (key []byte, o *op) {
	b := &s.t.buf
	for s.node != noNode {
		key = b.key(s.node)
		if !s.opts.Reverse && s.span.End != nil && bytes.Compare(key, s.span.End) >= 0 ||
			s.opts.Reverse && bytes.Compare(key, s.span.Start) < 0 {
			s.node = noNode
			break
		}
		if o = b.seen(s.node, s.command); o != nil {
			return key, o
		}
		s.step()
	}
	return nil, nil
}

func (s *scanner) step() {
	if s.opts.Reverse {
		s.node = s.t.buf.seekLT(s.t.buf.key(s.node))
	} else {
		s.node = s.t.buf.next(s.node)
	}
}

func (s *scanner) fillMerged(batch *kv.Batch, limit int) error {
	t := s.t
	if s.runs != len(t.runs) {
		if err := s.it.Close(); err != nil {
			return err
		}
		if err := s.open(); err != nil {
			return err
		}
		s.row, s.end = false, false
		if s.began {
			s.it.SeekAfter(s.last)
		}
		s.epoch = t.buf.epoch - 1
	}
	// A key may have been put in since the last fill (LatestScan), so the place
	// is looked up again.
	s.place()
	for batch.Len() < limit {
		if !s.row && !s.end {
			ok, err := s.it.Next()
			if err != nil {
				return err
			}
			s.row, s.end = ok, !ok
		}
		key, o := s.bufferRow()
		var storeKey []byte
		var row *mvcc.Found
		if s.row {
			storeKey, row = s.it.Row()
		}
		cmp := 0
		switch {
		case o == nil && !s.row:
			s.done = batch.Len() == 0
			return nil
		case o == nil:
			cmp = 1
		case !s.row:
			cmp = -1
		default:
			cmp = bytes.Compare(key, storeKey)
			if s.opts.Reverse {
				cmp = -cmp
			}
		}
		s.began = true
		if cmp > 0 {
			s.emit(batch, storeKey, row.Value, row)
			s.last = append(s.last[:0], storeKey...)
			s.row = false
			continue
		}
		if o.flags&mvcc.Deleted == 0 {
			s.emit(batch, key, t.buf.value(o), nil)
		}
		s.last = append(s.last[:0], key...)
		s.step()
		if cmp == 0 {
			s.row = false
		}
	}
	return nil
}

func (s *scanner) Close() {
	if s.it != nil {
		_ = s.it.Close()
		s.it = nil
		s.done = true
	}
	if s.pin != nil {
		s.pin.Close()
		s.pin = nil
	}
}
