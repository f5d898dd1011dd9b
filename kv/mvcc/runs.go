package mvcc

import (
	"encoding/binary"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"datapunk/kv"
	"datapunk/kv/store"
)

// RunState is the fate of a run's provisional versions.
type RunState uint8

// The states. A provisional version without an entry is committed at its own
// timestamp: an entry goes when the horizon has passed its commit, or, of an
// aborted run, when its versions are gone.
const (
	InProgress RunState = iota
	Aborted
	RunCommitted
)

// RunEntry says what became of the provisional timestamps First to Last.
type RunEntry struct {
	First, Last kv.Timestamp
	State       RunState
	Commit      kv.Timestamp
	Owner       uint64 // the transaction in this process; 0 after a restart
	Spans       []kv.Span
}

const runTag = 'r'

// RunKey is the entry's key in the store.
func RunKey(first kv.Timestamp) []byte {
	return store.AppendBare(nil, binary.BigEndian.AppendUint64(MetaKey(runTag), uint64(first)))
}

// MetaKey is a key of the node's own storage.
func MetaKey(tag byte) []byte { return append(kv.StoragePrefix(nil, 0), tag) }

const runValueLen = 8 + 1 + 8

// Encode is the entry's value; the commit timestamp is its last 8 bytes.
func (r RunEntry) Encode() []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(r.Last))
	out = append(out, byte(r.State))
	return binary.BigEndian.AppendUint64(out, uint64(r.Commit))
}

// DecodeRun reads an entry.
func DecodeRun(key, value []byte) (RunEntry, error) {
	if len(key) < 8 || len(value) != runValueLen {
		return RunEntry{}, kv.ErrCorrupt
	}
	return RunEntry{
		First:  kv.Timestamp(binary.BigEndian.Uint64(key[len(key)-8:])),
		Last:   kv.Timestamp(binary.BigEndian.Uint64(value)),
		State:  RunState(value[8]),
		Commit: kv.Timestamp(binary.BigEndian.Uint64(value[9:])),
	}, nil
}

// Runs is the run map in memory: an immutable sorted list behind a pointer.
type Runs struct {
	mu   sync.Mutex
	list atomic.Pointer[[]RunEntry]
}

// NewRuns makes an empty map.
func NewRuns() *Runs {
	r := &Runs{}
	r.list.Store(&[]RunEntry{})
	return r
}

// List returns the entries, oldest first; they must not be changed.
func (r *Runs) List() []RunEntry { return *r.list.Load() }

// Update puts entries in, or in place of those with the same First.
func (r *Runs) Update(entries ...RunEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(*r.list.Load())
	for _, e := range entries {
		i := sort.Search(len(list), func(i int) bool { return list[i].First >= e.First })
		if i < len(list) && list[i].First == e.First {
			list[i] = e
		} else {
			list = slices.Insert(list, i, e)
		}
	}
	r.list.Store(&list)
}

// Remove takes an entry out.
func (r *Runs) Remove(first kv.Timestamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*r.list.Load()), func(e RunEntry) bool { return e.First == first })
	r.list.Store(&list)
}

// resolve returns the timestamp at which a version counts. own: the reader's
// own transaction wrote it; ok = false: it is not there. sure = false: its fate
// may change.
func (r *Runs) resolve(ts kv.Timestamp, kind store.Kind, owner uint64) (at kv.Timestamp, own, ok, sure bool) {
	if kind == store.Committed {
		return ts, false, true, true
	}
	list := *r.list.Load()
	i := sort.Search(len(list), func(i int) bool { return list[i].Last >= ts })
	if i == len(list) || list[i].First > ts {
		return ts, false, true, true
	}
	switch e := &list[i]; e.State {
	case RunCommitted:
		return e.Commit, false, true, true
	case InProgress:
		own = owner != 0 && e.Owner == owner
		return 0, own, own, false
	}
	return 0, false, false, true
}

// Fate returns the timestamp at which a version counts, and whether it does:
// RunCommitted for every ordinary one.
func (r *Runs) Fate(ts kv.Timestamp, kind store.Kind) (kv.Timestamp, RunState) {
	at, _, ok, sure := r.resolve(ts, kind, 0)
	switch {
	case ok:
		return at, RunCommitted
	case sure:
		return 0, Aborted
	}
	return 0, InProgress
}
