package txn

import (
	"slices"

	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/store"
)

// run is a part of a large transaction that is in the store: the operations
// from position from on.
type run struct {
	from  int
	entry mvcc.RunEntry
}

// spill writes the buffer to runs, cut where savepoints were set, and empties it.
func (t *txn) spill() error {
	start := 0
	for _, m := range t.marks {
		if at := m - t.base; at > start && at < len(t.buf.ops) {
			if err := t.spillPart(start, at); err != nil {
				return err
			}
			start = at
		}
	}
	if err := t.spillPart(start, len(t.buf.ops)); err != nil {
		return err
	}
	t.base += len(t.buf.ops)
	t.buf.reset()
	return nil
}

// spillPart writes the operations from position a to b as one run. The i-th
// operation on a key gets the i-th provisional timestamp.
func (t *txn) spillPart(a, b int) (err error) {
	buf, set := &t.buf, t.s.db.set
	most := 0
	var first, last []byte
	var list []int
	ofNode := func(n int32) []int { // newest first
		list = list[:0]
		for i := buf.nodes[n].newest; i >= int32(a); i = buf.ops[i].older {
			if i < int32(b) {
				list = append(list, int(i))
			}
		}
		return list
	}
	for n := buf.head[0]; n != noNode; n = buf.next(n) {
		if ops := ofNode(n); len(ops) > 0 {
			most = max(most, len(ops))
			if first == nil {
				first = slices.Clone(buf.key(n))
			}
			last = buf.key(n)
		}
	}
	if most == 0 {
		return nil
	}
	ts, err := set.Reserve(most)
	if err != nil {
		return err
	}
	var files []*store.Run
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Abandon()
			}
		}
	}()
	var out *store.Run
	var key, value []byte
	for n := buf.head[0]; n != noNode; n = buf.next(n) {
		ops := ofNode(n)
		if len(ops) == 0 {
			continue
		}
		if out == nil || out.Full() {
			if out != nil {
				if err = out.Finish(); err != nil {
					return err
				}
			}
			if out, err = set.Store.NewRun(); err != nil {
				return err
			}
			files = append(files, out)
		}
		for i, at := range ops {
			o := &buf.ops[at]
			key = store.AppendVersion(key[:0], buf.key(n), ts+kv.Timestamp(len(ops)-1-i), store.Provisional)
			value = mvcc.AppendRunValue(value[:0], o.flags, o.command, buf.value(o))
			if err = out.Set(key, value); err != nil {
				return store.Wrap("write run", err)
			}
		}
	}
	if err = out.Finish(); err != nil {
		return err
	}
	entry := mvcc.RunEntry{First: ts, Last: ts + kv.Timestamp(most-1), State: mvcc.InProgress, Owner: t.owner(),
		Spans: []kv.Span{{Start: first, End: append(slices.Clone(last), 0)}}}
	if err = set.IngestRun(t.s.db.life, entry, files, func(yield func([]byte) bool) {
		for n := buf.head[0]; n != noNode; n = buf.next(n) {
			if len(ofNode(n)) > 0 && !yield(buf.key(n)) {
				return
			}
		}
	}); err != nil {
		return err
	}
	t.runs = append(t.runs, run{from: t.base + a, entry: entry})
	return nil
}
