package mvcc

import (
	"bytes"

	"datapunk/kv"
	"datapunk/kv/store"

	"github.com/cockroachdb/pebble/v2"
)

// Sight is what a reader may see: commits at or below Snapshot, and its own
// runs' versions of commands below Command.
type Sight struct {
	Snapshot kv.Timestamp
	Owner    uint64
	Command  uint32
}

// All is a snapshot above every commit.
const All = ^kv.Timestamp(0)

// Reader reads versions from the store.
type Reader struct {
	Store *store.Store
	Runs  *Runs
}

// Found is what a point read found.
type Found struct {
	OK      bool // some version is seen, maybe a tombstone
	Flags   Flags
	Value   []byte
	TS      kv.Timestamp
	Own     bool
	Command uint32
}

func (r *Reader) point(key []byte) (*pebble.Iterator, []byte, error) {
	if err := r.Store.Failed(); err != nil {
		return nil, nil, err
	}
	bare := store.AppendBare(make([]byte, 0, len(key)+1), key)
	it, err := r.Store.NewIter(&pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		return nil, nil, store.Wrap("open iterator", err)
	}
	return it, bare, nil
}

// Get reads the version of a key that the sight sees, without the cache.
func (r *Reader) Get(key []byte, sight Sight) (f Found, err error) {
	it, bare, err := r.point(key)
	if err != nil {
		return f, err
	}
	defer func() {
		if e := it.Close(); err == nil {
			err = store.Wrap("read", e)
		}
	}()
	for ok := it.SeekPrefixGE(bare); ok; ok = it.Next() {
		ts, kind, versioned := store.Version(it.Key())
		if !versioned {
			continue
		}
		at, own, seen, _ := r.Runs.resolve(ts, kind, sight.Owner)
		if !seen || (!own && at > sight.Snapshot) {
			continue
		}
		stored, err := it.ValueAndErr()
		if err != nil {
			return f, store.Wrap("read value", err)
		}
		flags, command, payload, err := ParseValue(stored)
		if err != nil {
			return f, err
		}
		if own && command >= sight.Command {
			continue
		}
		return Found{OK: true, Flags: flags, Value: bytes.Clone(payload), TS: at, Own: own, Command: command}, nil
	}
	return f, it.Error()
}

// Chain reads a key's versions, newest first, down to the first that the
// snapshot sees. sure = false: a run's fate is open, so the answer must not be
// kept.
func (r *Reader) Chain(key []byte, snap kv.Timestamp) (chain []Version, floor kv.Timestamp, sure bool, err error) {
	it, bare, err := r.point(key)
	if err != nil {
		return nil, 0, false, err
	}
	defer func() {
		if e := it.Close(); err == nil {
			err = store.Wrap("read", e)
		}
	}()
	sure = true
	for ok := it.SeekPrefixGE(bare); ok; ok = it.Next() {
		ts, kind, versioned := store.Version(it.Key())
		if !versioned {
			continue
		}
		at, _, seen, certain := r.Runs.resolve(ts, kind, 0)
		sure = sure && certain
		if !seen {
			continue
		}
		if n := len(chain); n > 0 && chain[n-1].TS == at {
			continue // an earlier command of the same large transaction
		}
		stored, err := it.ValueAndErr()
		if err != nil {
			return nil, 0, false, store.Wrap("read value", err)
		}
		flags, _, payload, err := ParseValue(stored)
		if err != nil {
			return nil, 0, false, err
		}
		if kind != store.Committed {
			flags |= unresolved
		}
		chain = append(chain, Version{TS: at, Flags: flags &^ HasCommand, Value: append([]byte{}, payload...)})
		if at <= snap {
			return chain, at, sure, nil
		}
	}
	return chain, 0, sure, store.Wrap("read", it.Error())
}

// Iter walks the rows of a span that a sight sees. Key, Value and the rest are
// valid until the next move.
type Iter struct {
	r       *Reader
	it      *pebble.Iterator
	sight   Sight
	reverse bool
	started bool
	placed  bool   // forward: already on the first candidate
	bare    []byte // buffer of seeks
	prefix  []byte // reverse: of the candidate
	found   Found  // reverse: the candidate
	value   []byte

	key []byte
	row Found
}

// nextsBeforeSeek is how many versions are stepped over before a seek is tried.
const nextsBeforeSeek = 4

// NewIter opens an iterator; it stands before the first row.
func (r *Reader) NewIter(span kv.Span, sight Sight, reverse bool) (*Iter, error) {
	if err := r.Store.Failed(); err != nil {
		return nil, err
	}
	opts := pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly}
	if span.Start != nil {
		opts.LowerBound = store.AppendBare(nil, span.Start)
	}
	if span.End != nil {
		opts.UpperBound = store.AppendBare(nil, span.End)
	}
	it, err := r.Store.NewIter(&opts)
	if err != nil {
		return nil, store.Wrap("open iterator", err)
	}
	return &Iter{r: r, it: it, sight: sight, reverse: reverse}, nil
}

// Close closes the iterator.
func (i *Iter) Close() error { return store.Wrap("scan", i.it.Close()) }

// Row returns the key and version the iterator stands on.
func (i *Iter) Row() (key []byte, row *Found) { return i.key, &i.row }

// Next moves to the next row in the iterator's direction.
func (i *Iter) Next() (bool, error) {
	if i.reverse {
		return i.prev()
	}
	var ok bool
	if !i.started {
		i.started = true
		ok = i.it.First()
	} else if i.placed {
		i.placed = false
		ok = i.it.Valid()
	} else {
		ok = i.skip()
	}
	for ok {
		full := i.it.Key()
		ts, kind, versioned := store.Version(full)
		if !versioned {
			ok = i.it.Next()
			continue
		}
		at, own, seen := ts, false, true
		if kind != store.Committed {
			at, own, seen, _ = i.r.Runs.resolve(ts, kind, i.sight.Owner)
		}
		if !seen || (!own && at > i.sight.Snapshot) {
			ok = i.older(full, ts)
			continue
		}
		stored, err := i.it.ValueAndErr()
		if err != nil {
			return false, store.Wrap("read value", err)
		}
		flags, command, payload, err := ParseValue(stored)
		if err != nil {
			return false, err
		}
		if own && command >= i.sight.Command {
			ok = i.it.Next()
			continue
		}
		if flags&Deleted != 0 {
			ok = i.skip()
			continue
		}
		i.key = full[: store.Split(full)-1 : store.Split(full)-1]
		i.row = Found{OK: true, Flags: flags, Value: payload, TS: at, Own: own, Command: command}
		return true, nil
	}
	return false, store.Wrap("scan", i.it.Error())
}

// older moves from a version that is too new to the next one that may be seen.
// The own runs of a reader may be newer than its snapshot.
func (i *Iter) older(full []byte, ts kv.Timestamp) bool {
	if ts <= i.sight.Snapshot || i.sight.Snapshot == All || i.sight.Owner != 0 {
		return i.it.Next()
	}
	i.bare = append(i.bare[:0], full[:store.Split(full)]...)
	n := len(i.bare)
	for range nextsBeforeSeek {
		if !i.it.Next() {
			return false
		}
		k := i.it.Key()
		if store.Split(k) != n || !bytes.Equal(k[:n], i.bare) {
			return true
		}
		if ts, _, _ := store.Version(k); ts <= i.sight.Snapshot {
			return true
		}
	}
	i.bare = store.AppendVersion(i.bare[:0], i.bare[:n-1], i.sight.Snapshot, store.Committed)
	return i.it.SeekGE(i.bare)
}

// skip moves to the first version of the next key.
func (i *Iter) skip() bool {
	full := i.it.Key()
	i.bare = append(i.bare[:0], full[:store.Split(full)]...)
	n := len(i.bare)
	for range nextsBeforeSeek {
		if !i.it.Next() {
			return false
		}
		k := i.it.Key()
		if store.Split(k) != n || !bytes.Equal(k[:n], i.bare) {
			return true
		}
	}
	return i.it.NextPrefix()
}

// prev walks backwards: a key's versions come oldest first, so the last one seen
// before the key changes is the answer.
func (i *Iter) prev() (bool, error) {
	var ok bool
	if !i.started {
		i.started = true
		ok = i.it.Last()
	} else {
		ok = i.it.Valid()
	}
	for ok {
		i.prefix = append(i.prefix[:0], i.it.Key()[:store.Split(i.it.Key())]...)
		n := len(i.prefix)
		i.found = Found{}
		for ok {
			full := i.it.Key()
			if store.Split(full) != n || !bytes.Equal(full[:n], i.prefix) {
				break
			}
			if ts, kind, versioned := store.Version(full); versioned {
				at, own, seen, _ := i.r.Runs.resolve(ts, kind, i.sight.Owner)
				if seen && (own || at <= i.sight.Snapshot) {
					stored, err := i.it.ValueAndErr()
					if err != nil {
						return false, store.Wrap("read value", err)
					}
					flags, command, payload, err := ParseValue(stored)
					if err != nil {
						return false, err
					}
					if !own || command < i.sight.Command {
						i.value = append(i.value[:0], payload...)
						i.found = Found{OK: true, Flags: flags, TS: at, Own: own, Command: command}
					}
				}
			}
			ok = i.it.Prev()
		}
		if i.found.OK && i.found.Flags&Deleted == 0 {
			i.key, i.row = i.prefix[:n-1:n-1], i.found
			i.row.Value = i.value
			return true, nil
		}
	}
	return false, store.Wrap("scan", i.it.Error())
}

// SeekAfter puts the iterator behind a key in its direction, for the next Next.
func (i *Iter) SeekAfter(key []byte) {
	i.bare = store.AppendBare(i.bare[:0], key)
	i.started = true
	if i.reverse {
		i.it.SeekLT(i.bare)
		return
	}
	// The least key above is the key with a zero appended.
	i.bare = append(i.bare, 0)
	i.it.SeekGE(i.bare)
	i.placed = true
}
