package partition

import (
	"bytes"
	"hash/maphash"
	"sync"

	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2"
)

const (
	cellStripes = 64
	cellsCached = 256 // per stripe
)

// cells are the non-transactional values, with a small cache.
type cells struct {
	seed    maphash.Seed
	stripes [cellStripes]struct {
		sync.Mutex
		known map[string][]byte
	}
}

func (c *cells) init() {
	c.seed = maphash.MakeSeed()
	for i := range c.stripes {
		c.stripes[i].known = map[string][]byte{}
	}
}

func (s *Set) readCell(known map[string][]byte, key []byte) ([]byte, error) {
	if v, ok := known[string(key)]; ok {
		return v, nil
	}
	value, closer, err := s.Store.Get(store.AppendBare(nil, key))
	switch {
	case err == pebble.ErrNotFound:
		return nil, nil
	case err != nil:
		return nil, store.Wrap("read cell", err)
	}
	defer closer.Close()
	return append([]byte{}, value...), nil
}

// ReadCell returns a cell's value, nil if it has none.
func (s *Set) ReadCell(key []byte) ([]byte, error) {
	if err := s.Store.Failed(); err != nil {
		return nil, err
	}
	c := &s.cells.stripes[maphash.Bytes(s.cells.seed, key)%cellStripes]
	c.Lock()
	defer c.Unlock()
	return s.readCell(c.known, key)
}

// UpdateCell changes a cell; it is in the log, but not synced, on return.
func (s *Set) UpdateCell(key []byte, fn func([]byte) ([]byte, error)) error {
	if err := s.Store.Failed(); err != nil {
		return err
	}
	c := &s.cells.stripes[maphash.Bytes(s.cells.seed, key)%cellStripes]
	c.Lock()
	defer c.Unlock()
	old, err := s.readCell(c.known, key)
	if err != nil {
		return err
	}
	fresh, err := fn(old)
	if err != nil {
		return err
	}
	fresh = bytes.Clone(fresh)
	if err := s.write(func(b *pebble.Batch) error { return b.Set(store.AppendBare(nil, key), fresh, nil) }); err != nil {
		return err
	}
	if len(c.known) >= cellsCached {
		clear(c.known)
	}
	c.known[string(key)] = fresh
	return nil
}
