package txn

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"datapunk/kv"
	"datapunk/kv/mvcc"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// load is kv.Load: rows are sorted in memory, spilled in sorted files when there
// are many, merged, and ingested.
type load struct {
	t     *txn
	id    kv.StorageID
	at    kv.Timestamp // of rows without a version
	data  []byte
	rows  []loadRow
	files []string
	over  bool
	err   error
}

type loadRow struct {
	from, keyLen, valueLen int
	version                kv.Timestamp
}

const (
	loadBuffer   = 64 << 20
	loadRowBytes = 32
	spillBuffer  = 256 << 10
)

// NewLoad fills a storage that this transaction created.
func (t *txn) NewLoad(id kv.StorageID) kv.Load {
	l := &load{t: t, id: id}
	t.Fresh(id)
	// A timestamp that this transaction's next view sees; nobody else can name
	// the storage before the commit.
	if l.at = t.fixed; l.at == 0 {
		l.at = t.s.db.set.Oracle.Visible()
	}
	switch {
	case !slices.Contains(t.created(0), id):
		l.err = errors.New("kv: load of a storage that the transaction did not create")
	case t.writable() != nil:
		l.err = t.writable()
	}
	t.loads = append(t.loads, l)
	return l
}

func (t *txn) abandonLoads(ids []kv.StorageID) {
	t.loads = slices.DeleteFunc(t.loads, func(l *load) bool {
		if !slices.Contains(ids, l.id) {
			return false
		}
		l.Abandon()
		return true
	})
}

func (l *load) Add(ctx context.Context, key, value []byte, version kv.Timestamp) error {
	if l.err == nil && l.over {
		l.err = kv.ErrClosed
	}
	if l.err != nil {
		return l.err
	}
	if version == 0 {
		version = l.at
	}
	l.rows = append(l.rows, loadRow{len(l.data), len(key), len(value), version})
	l.data = append(append(l.data, key...), value...)
	if len(l.data)+len(l.rows)*loadRowBytes > loadBuffer {
		if l.err = ctx.Err(); l.err == nil {
			l.err = l.spill()
		}
	}
	return l.err
}

func (l *load) key(r loadRow) []byte   { return l.data[r.from : r.from+r.keyLen] }
func (l *load) value(r loadRow) []byte { return l.data[r.from+r.keyLen:][:r.valueLen] }

func (l *load) sort() {
	less := func(a, b loadRow) int { return bytes.Compare(l.key(a), l.key(b)) }
	if !slices.IsSortedFunc(l.rows, less) {
		slices.SortFunc(l.rows, less)
	}
}

func (l *load) spill() (err error) {
	l.sort()
	file, path, err := l.t.s.db.store.Spill()
	if err != nil {
		return store.Wrap("spill load", err)
	}
	l.files = append(l.files, path)
	w := bufio.NewWriterSize(file, spillBuffer)
	var head []byte
	for _, r := range l.rows {
		head = binary.AppendUvarint(head[:0], uint64(r.keyLen))
		head = binary.AppendUvarint(head, uint64(r.valueLen))
		head = binary.AppendUvarint(head, uint64(r.version))
		_, _ = w.Write(head)
		_, _ = w.Write(l.data[r.from : r.from+r.keyLen+r.valueLen])
	}
	err = errors.Join(w.Flush(), file.Close())
	l.rows, l.data = l.rows[:0], l.data[:0]
	return store.Wrap("spill load", err)
}

// source is one sorted input of the merge.
type source struct {
	file    vfs.File
	r       *bufio.Reader
	key     []byte
	value   []byte
	version kv.Timestamp
	memory  *load
	next    int
}

func (s *source) advance() (bool, error) {
	if s.memory != nil {
		if s.next == len(s.memory.rows) {
			return false, nil
		}
		r := s.memory.rows[s.next]
		s.next++
		s.key, s.value, s.version = s.memory.key(r), s.memory.value(r), r.version
		return true, nil
	}
	k, err := binary.ReadUvarint(s.r)
	if err == io.EOF {
		return false, nil
	}
	v, err2 := binary.ReadUvarint(s.r)
	ts, err3 := binary.ReadUvarint(s.r)
	if err := errors.Join(err, err2, err3); err != nil {
		return false, err
	}
	s.key = slices.Grow(s.key[:0], int(k))[:k]
	s.value = slices.Grow(s.value[:0], int(v))[:v]
	s.version = kv.Timestamp(ts)
	_, err = io.ReadFull(s.r, s.key)
	if err == nil {
		_, err = io.ReadFull(s.r, s.value)
	}
	return true, err
}

type sources []*source

func (s sources) Len() int           { return len(s) }
func (s sources) Less(i, j int) bool { return bytes.Compare(s[i].key, s[j].key) < 0 }
func (s sources) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *sources) Push(x any)        { *s = append(*s, x.(*source)) }
func (s *sources) Pop() any {
	old := *s
	x := old[len(old)-1]
	*s = old[:len(old)-1]
	return x
}

func (l *load) Finish(ctx context.Context) error {
	if l.err == nil && l.over {
		l.err = kv.ErrClosed
	}
	if l.err == nil {
		l.err = l.finish(ctx)
	}
	err := l.err
	l.Abandon()
	return err
}

func (l *load) finish(ctx context.Context) (err error) {
	st := l.t.s.db.store
	l.sort()
	var in sources
	all := []*source{{memory: l}}
	for _, path := range l.files {
		file, err := st.OpenSpill(path)
		if err != nil {
			return store.Wrap("merge load", err)
		}
		all = append(all, &source{file: file, r: bufio.NewReaderSize(file, spillBuffer)})
	}
	defer func() {
		for _, s := range all {
			if s.file != nil {
				_ = s.file.Close()
			}
		}
	}()
	for _, s := range all {
		ok, err := s.advance()
		if err != nil {
			return store.Wrap("merge load", err)
		}
		if ok {
			in = append(in, s)
		}
	}
	heap.Init(&in)
	var runs []*store.Run
	defer func() {
		if err != nil {
			for _, r := range runs {
				r.Abandon()
			}
		}
	}()
	var out *store.Run
	var last, key, value []byte
	for n := 0; len(in) > 0; n++ {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		s := in[0]
		if n > 0 && bytes.Equal(s.key, last) {
			return &kv.DuplicateKeyError{Key: slices.Clone(s.key)}
		}
		last = append(last[:0], s.key...)
		if out == nil || out.Full() {
			if out != nil {
				if err = out.Finish(); err != nil {
					return err
				}
			}
			if out, err = st.NewRun(); err != nil {
				return err
			}
			runs = append(runs, out)
		}
		key = store.AppendVersion(key[:0], s.key, s.version, store.Committed)
		value = mvcc.AppendValue(value[:0], 0, s.value)
		if err = out.Set(key, value); err != nil {
			return store.Wrap("write run", err)
		}
		ok, err := s.advance()
		if err != nil {
			return store.Wrap("merge load", err)
		}
		if ok {
			heap.Fix(&in, 0)
		} else {
			heap.Pop(&in)
		}
	}
	if out == nil {
		return nil
	}
	if err = out.Finish(); err != nil {
		return err
	}
	return l.t.s.db.set.IngestLoad(ctx, runs)
}

func (l *load) Abandon() {
	l.over = true
	l.rows, l.data = nil, nil
	for _, path := range l.files {
		l.t.s.db.store.RemoveSpill(path)
	}
	l.files = nil
}
