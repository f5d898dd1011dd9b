package mvcc

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"datapunk/internal/invariant"
	"datapunk/kv"
)

const (
	cacheShards  = 64
	entryBytes   = 160       // estimate: entry, map slot, ring slot
	versionBytes = 64        // estimate: node and slice header
	maxCached    = 128 << 10 // longer values are not cached
)

// Cache keeps short chains of committed versions by key.
//
// Invariants:
//
//	R1  An entry's chain begins with the newest applied version, and has every
//	    version down to its floor; with floor 0 it has all that a view can need.
//	R2  A fill is installed only if no commit entered the shard since before the
//	    fill read the store.
type Cache struct {
	seed   maphash.Seed
	limit  int64 // per shard
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	sync.RWMutex
	entries map[string]*entry
	ring    []*entry
	hand    int
	bytes   int64
	commits uint64
	hits    atomic.Int64
	misses  atomic.Int64
	_       [24]byte
}

type entry struct {
	key   string
	head  *Version // nil: no version at all
	floor kv.Timestamp
	size  int64
	place int
	used  atomic.Bool
}

// Version is one version in a chain; it never changes once it is in.
type Version struct {
	TS    kv.Timestamp
	Flags Flags
	Value []byte
	next  *Version
}

// NewCache makes a cache of about so many bytes.
func NewCache(limit int64) *Cache {
	c := &Cache{seed: maphash.MakeSeed(), limit: limit / cacheShards}
	for i := range c.shards {
		c.shards[i].entries = map[string]*entry{}
	}
	return c
}

func (c *Cache) shard(key []byte) *cacheShard {
	return &c.shards[maphash.Bytes(c.seed, key)%cacheShards]
}

// Get finds the version a snapshot sees. known = false means that the cache
// cannot tell; v = nil with known that there is none.
func (c *Cache) Get(key []byte, snap kv.Timestamp) (v *Version, known bool) {
	s := c.shard(key)
	s.RLock()
	e := s.entries[string(key)]
	if e == nil {
		s.RUnlock()
		return nil, false
	}
	head, floor := e.head, e.floor
	s.RUnlock()
	if !e.used.Load() {
		e.used.Store(true)
	}
	for v = head; v != nil; v = v.next {
		if v.TS <= snap {
			s.hits.Add(1)
			return v, true
		}
		if v.TS <= floor {
			return nil, false // older ones are not here
		}
	}
	if floor != 0 {
		return nil, false
	}
	s.hits.Add(1)
	return nil, true
}

// Begin notes a shard's state before a fill reads the store.
func (c *Cache) Begin(key []byte) uint64 {
	s := c.shard(key)
	s.misses.Add(1)
	s.RLock()
	defer s.RUnlock()
	return s.commits
}

// Fill installs what was read since Begin: versions newest first, complete down
// to floor.
func (c *Cache) Fill(key []byte, begun uint64, versions []Version, floor kv.Timestamp) {
	size := int64(entryBytes + len(key))
	for i := range versions {
		size += versionBytes + int64(len(versions[i].Value))
	}
	if size > maxCached || size > c.limit {
		return
	}
	s := c.shard(key)
	s.Lock()
	defer s.Unlock()
	if s.commits != begun {
		return
	}
	e := s.entries[string(key)]
	if e == nil {
		e = s.add(key)
	}
	var head *Version
	for i := len(versions) - 1; i >= 0; i-- {
		versions[i].next = head
		head = &versions[i]
	}
	e.head, e.floor = head, floor
	s.resize(e, size)
	s.evict(c.limit)
}

func (s *cacheShard) add(key []byte) *entry {
	e := &entry{key: string(key), place: len(s.ring)}
	s.entries[e.key] = e
	s.ring = append(s.ring, e)
	return e
}

func (s *cacheShard) resize(e *entry, size int64) {
	s.bytes += size - e.size
	e.size = size
}

func (s *cacheShard) remove(e *entry) {
	s.bytes -= e.size
	delete(s.entries, e.key)
	last := len(s.ring) - 1
	s.ring[e.place] = s.ring[last]
	s.ring[e.place].place = e.place
	s.ring[last] = nil
	s.ring = s.ring[:last]
}

func (s *cacheShard) evict(limit int64) {
	for s.bytes > limit && len(s.ring) > 1 {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		e := s.ring[s.hand]
		if e.used.Load() {
			e.used.Store(false)
			s.hand++
			continue
		}
		s.remove(e)
	}
}

// Install puts a committed version in front of its key's chain, and cuts the
// chain behind the version that the safe horizon sees. The caller holds the
// commit mutex.
func (c *Cache) Install(key []byte, v *Version, safe kv.Timestamp) {
	s := c.shard(key)
	s.Lock()
	defer s.Unlock()
	s.commits++
	e := s.entries[string(key)]
	if len(v.Value) > maxCached {
		if e != nil {
			s.remove(e)
		}
		return
	}
	if e == nil {
		e = s.add(key)
		e.floor = v.TS
		e.head = v
		s.resize(e, int64(entryBytes+versionBytes+len(key)+len(v.Value)))
		s.evict(c.limit)
		return
	}
	if e.head != nil && e.head.TS >= v.TS {
		return // a fill was faster
	}
	v.next = e.head
	size := int64(entryBytes + len(key))
	for p := v; p != nil; p = p.next {
		size += versionBytes + int64(len(p.Value))
		if invariant.Enabled && p.next != nil {
			invariant.Check(p.TS > p.next.TS, "a chain is not newest first")
		}
		if p.TS <= safe && p.next != nil {
			// A view may be walking the chain, so that p may not be written.
			cut := *p
			cut.next = nil
			e.floor = max(e.floor, p.TS)
			v = replaceTail(v, p, &cut)
			break
		}
	}
	e.head = v
	s.resize(e, size)
	s.evict(c.limit)
}

// replaceTail copies the chain from head up to old, which becomes tail.
func replaceTail(head, old, tail *Version) *Version {
	if head == old {
		return tail
	}
	first := *head
	p := &first
	for q := head.next; q != old; q = q.next {
		n := *q
		p.next = &n
		p = &n
	}
	p.next = tail
	return &first
}

// Garbage calls fn for the stored versions behind the one that the safe horizon
// sees; they may go with the batch that writes a newer one. The caller holds the
// key's row lock.
func (c *Cache) Garbage(key []byte, safe kv.Timestamp, fn func(kv.Timestamp)) {
	s := c.shard(key)
	s.RLock()
	e := s.entries[string(key)]
	if e == nil {
		s.RUnlock()
		return
	}
	v := e.head
	s.RUnlock()
	for ; v != nil; v = v.next {
		if v.TS <= safe {
			for v = v.next; v != nil; v = v.next {
				if v.Flags&unresolved == 0 {
					fn(v.TS)
				}
			}
			return
		}
	}
}

// Forget drops a key and refuses fills that have begun (a run was ingested).
func (c *Cache) Forget(key []byte) {
	s := c.shard(key)
	s.Lock()
	defer s.Unlock()
	s.commits++
	if e := s.entries[string(key)]; e != nil {
		s.remove(e)
	}
}

// ForgetPrefix drops every key that begins so.
func (c *Cache) ForgetPrefix(prefix []byte) {
	for i := range c.shards {
		s := &c.shards[i]
		s.Lock()
		s.commits++
		for i := 0; i < len(s.ring); {
			if e := s.ring[i]; len(e.key) >= len(prefix) && bytes.Equal([]byte(e.key[:len(prefix)]), prefix) {
				s.remove(e)
				continue
			}
			i++
		}
		s.Unlock()
	}
}

// Counts returns hits and misses.
func (c *Cache) Counts() (hits, misses int64) {
	for i := range c.shards {
		hits += c.shards[i].hits.Load()
		misses += c.shards[i].misses.Load()
	}
	return hits, misses
}

// Replaces tells whether an installed version stands before an older one, or is
// a tombstone: whether there is garbage behind it.
func (v *Version) Replaces() bool { return v.Flags&Deleted != 0 || v.next != nil }
