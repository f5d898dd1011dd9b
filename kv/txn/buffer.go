package txn

import (
	"bytes"

	"datapunk/kv/mvcc"
)

// buffer is a transaction's writes: a log of operations by command, and a
// skip list of their keys. It is reused by the session's next transaction, so
// nothing of it may be handed out without a copy.
//
// Invariants: a node in the list has at least one operation; the operations of a
// node are chained newest first, with commands that never rise.
type buffer struct {
	ops   []op
	nodes []node
	tower []int32 // links of nodes: nodes[i].tower is where its levels begin
	data  []byte
	head  [maxHeight]int32
	seed  uint32
	epoch uint32 // raised when nodes vanish
}

type op struct {
	node    int32
	older   int32 // of the same key, -1 is none
	command uint32
	flags   mvcc.Flags
	from    int
	len     int
}

type node struct {
	newest int32
	tower  int32
	height int32
	from   int
	len    int
}

const (
	maxHeight = 14
	noNode    = int32(-1)
)

func (b *buffer) reset() {
	b.ops, b.nodes, b.tower, b.data = b.ops[:0], b.nodes[:0], b.tower[:0], b.data[:0]
	if cap(b.data) > keepBuffer {
		*b = buffer{epoch: b.epoch}
	}
	for i := range b.head {
		b.head[i] = noNode
	}
	if b.seed == 0 {
		b.seed = 0x9e3779b9
	}
	b.epoch++
}

func (b *buffer) size() int {
	return len(b.data) + len(b.ops)*48 + len(b.nodes)*40 + len(b.tower)*4
}

func (b *buffer) key(n int32) []byte {
	x := &b.nodes[n]
	return b.data[x.from : x.from+x.len : x.from+x.len]
}

func (b *buffer) value(o *op) []byte { return b.data[o.from : o.from+o.len : o.from+o.len] }

func (b *buffer) link(n int32, level int) *int32 {
	if n == noNode {
		return &b.head[level]
	}
	return &b.tower[int(b.nodes[n].tower)+level]
}

// before finds, at every level, the last node below the key; prev may be nil.
func (b *buffer) before(key []byte, prev *[maxHeight]int32) int32 {
	at := noNode
	for level := maxHeight - 1; level >= 0; level-- {
		for {
			next := *b.link(at, level)
			if next == noNode || bytes.Compare(b.key(next), key) >= 0 {
				break
			}
			at = next
		}
		if prev != nil {
			prev[level] = at
		}
	}
	return at
}

// find returns the key's node or noNode.
func (b *buffer) find(key []byte) int32 {
	n := *b.link(b.before(key, nil), 0)
	if n != noNode && bytes.Equal(b.key(n), key) {
		return n
	}
	return noNode
}

func (b *buffer) seekGE(key []byte) int32 { return *b.link(b.before(key, nil), 0) }
func (b *buffer) next(n int32) int32      { return *b.link(n, 0) }

// seekLT returns the last node below the key, or the last of all for nil.
func (b *buffer) seekLT(key []byte) int32 {
	if key != nil {
		return b.before(key, nil)
	}
	at := noNode
	for level := maxHeight - 1; level >= 0; level-- {
		for next := *b.link(at, level); next != noNode; next = *b.link(at, level) {
			at = next
		}
	}
	return at
}

func (b *buffer) height() int {
	b.seed ^= b.seed << 13
	b.seed ^= b.seed >> 17
	b.seed ^= b.seed << 5
	h := 1
	for x := b.seed; h < maxHeight && x&3 == 0; x >>= 2 {
		h++
	}
	return h
}

func (b *buffer) put(key []byte, f mvcc.Flags, payload []byte, command uint32) {
	var prev [maxHeight]int32
	at := b.before(key, &prev)
	n := *b.link(at, 0)
	if n == noNode || !bytes.Equal(b.key(n), key) {
		n = int32(len(b.nodes))
		h := b.height()
		b.nodes = append(b.nodes, node{newest: -1, tower: int32(len(b.tower)), height: int32(h), from: len(b.data), len: len(key)})
		b.data = append(b.data, key...)
		for level := range h {
			l := b.link(prev[level], level)
			b.tower = append(b.tower, *l)
			*b.link(prev[level], level) = n
		}
	}
	x := &b.nodes[n]
	b.ops = append(b.ops, op{node: n, older: x.newest, command: command, flags: f, from: len(b.data), len: len(payload)})
	b.data = append(b.data, payload...)
	x.newest = int32(len(b.ops) - 1)
}

// truncate undoes the operations from position n on.
func (b *buffer) truncate(n int) {
	if n >= len(b.ops) {
		return
	}
	b.epoch++
	for len(b.ops) > n {
		last := len(b.ops) - 1
		o := b.ops[last]
		x := &b.nodes[o.node]
		x.newest = o.older
		b.ops = b.ops[:last]
		b.data = b.data[:o.from]
		if x.newest >= 0 {
			continue
		}
		// The node was made by this operation, so it is the last one.
		key := b.key(o.node)
		var prev [maxHeight]int32
		b.before(key, &prev)
		for level := range int(x.height) {
			*b.link(prev[level], level) = *b.link(o.node, level)
		}
		b.data = b.data[:x.from]
		b.tower = b.tower[:x.tower]
		b.nodes = b.nodes[:o.node]
	}
}

// seen returns the newest operation of a node by a command below the given one.
func (b *buffer) seen(n int32, command uint32) *op {
	for i := b.nodes[n].newest; i >= 0; i = b.ops[i].older {
		if b.ops[i].command < command {
			return &b.ops[i]
		}
	}
	return nil
}
