package join

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/sql/logical"
	"datapunk/types/vector"
)

// part is a pair of partitions that wait to be joined.
type part struct {
	left, right *spill.Run
	used        uint // bits of the hash that its rows have in common
	stuck       bool // dividing it again would not help
}

func (p *part) release() {
	p.left.Release()
	p.right.Release()
}

// pass is one reading of a left partition.
type pass struct {
	part   *part
	left   *spill.Reader
	first  int // number of the first left row of the batch
	chunks *spill.Reader
	block  *vector.Batch // right rows of a block that did not fit into the last chunk
	at     int
	last   bool          // there are no further chunks
	met    vector.Bitmap // left rows that an earlier chunk has met
}

// divide writes the right rows in memory, and all that next gives, into partitions.
func (h *Hash) divide(used uint, bits uint, next func() (b *vector.Batch, cols, keys []*vector.Vector, sel []int32, err error)) (*spill.Partitions, error) {
	to, err := h.env.Space.NewPartitions(spill.Join, h.right.types, h.memory, used, bits)
	if err != nil {
		return nil, err
	}
	b := &h.build
	keys := b.table.Keys.Cols
	for at := 0; at < b.rows.N; at += vector.Size {
		sel := sequence(at, min(at+vector.Size, b.rows.N))
		if err := to.Add(h.right.row(b.rows.Cols, keys), b.table.Hashes(), sel); err != nil {
			return nil, err
		}
	}
	h.fresh()
	if err := h.memory.Hold(int64(1<<bits) * h.memory.Block()); err != nil {
		return nil, err
	}
	for {
		b, cols, keys, sel, err := next()
		if b == nil || err != nil {
			return to, err
		}
		if err := to.Add(h.right.row(cols, keys), h.build.table.Hash(keys, b.N, sel), sel); err != nil {
			return nil, err
		}
		if err := h.env.Interrupt(); err != nil {
			return nil, err
		}
	}
}

func sequence(from, to int) []int32 {
	out := make([]int32, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, int32(i))
	}
	return out
}

// spill divides both sides: what was built, the batch that did not fit, and the rest.
func (h *Hash) spill(first func() (*vector.Batch, []*vector.Vector, []*vector.Vector, []int32, error)) error {
	h.spilled = true
	est := h.node.Right.Estimate().Rows * float64(rowBytes(h.node.Right.Output()))
	bits := h.memory.Bits(int64(min(est, 1<<50)))
	right, err := h.divide(0, max(bits, h.memory.Bits(0)), first)
	if err != nil {
		return err
	}
	h.right.in.Close()
	left, err := h.env.Space.NewPartitions(spill.Join, h.left.types, h.memory, 0, max(bits, h.memory.Bits(0)))
	if err != nil {
		return err
	}
	if err := h.left.in.Open(); err != nil {
		return err
	}
	outer := h.outer()
	var sel []int32
	err = op.Drain(h.left.in, func(b *vector.Batch) error {
		all := b.Selection(nil)
		keys, err := h.left.keys(b, all)
		if err != nil {
			return err
		}
		sel = sel[:0]
		for _, i := range all {
			if outer || !anyNull(keys, int(i)) {
				sel = append(sel, i)
			}
		}
		if err := left.Add(h.left.row(b.Cols, keys), h.build.table.Hash(keys, b.N, sel), sel); err != nil {
			return err
		}
		return h.env.Interrupt()
	})
	if err != nil {
		return err
	}
	h.left.in.Close()
	return h.queue(left, right, -1)
}

// rowBytes is about what a row needs in memory with its hash entry.
func rowBytes(cols []plan.Column) int { return 32 + plan.Width(cols) }

// outer tells whether left rows without a match are wanted.
func (h *Hash) outer() bool {
	switch h.node.Kind {
	case logical.Left, logical.Full, logical.Anti:
		return true
	}
	return false
}

// queue queues the partitions of both sides; all is how many right rows there were, if
// they were of one partition.
func (h *Hash) queue(left, right *spill.Partitions, all int64) error {
	ls, err := left.Finish()
	if err != nil {
		return err
	}
	rs, err := right.Finish()
	if err != nil {
		return err
	}
	h.disk += left.Size() + right.Size()
	for k := len(ls) - 1; k >= 0; k-- {
		p := &part{left: ls[k], right: rs[k], used: right.Used(), stuck: rs[k].Rows == all}
		if (p.left.Rows == 0 && !h.full) || (p.right.Rows == 0 && !h.outer()) {
			p.release()
			continue
		}
		h.parts = append(h.parts, p)
	}
	h.batches += len(ls) - 1
	return nil
}

// start begins the next pass: the next chunk of the current pair, or the next pair.
// It returns false when there is none.
func (h *Hash) start() (bool, error) {
	h.batch, h.ended = nil, false
	if p := h.pass; p != nil && !p.last {
		h.fresh()
		if err := h.chunk(p); err != nil {
			return false, err
		}
		p.left, p.first = p.part.left.NewReader(), 0
		return true, nil
	}
	if h.pass != nil {
		h.pass.part.release()
		h.pass = nil
	}
	for len(h.parts) > 0 {
		last := len(h.parts) - 1
		p := h.parts[last]
		h.parts = h.parts[:last]
		h.fresh()
		s := &pass{part: p, chunks: p.right.NewReader()}
		h.pass = s
		if err := h.chunk(s); err != nil {
			return false, err
		}
		if !s.last && !p.stuck && spill.CanDivide(p.used) {
			if err := h.again(s); err != nil {
				return false, err
			}
			h.pass = nil
			p.release()
			continue
		}
		if !s.last {
			s.met = vector.Bitmap{}
		}
		s.left = p.left.NewReader()
		return true, nil
	}
	return false, nil
}

// chunk builds of as many right rows as fit, at least one.
func (h *Hash) chunk(s *pass) error {
	for {
		if s.block == nil || s.at >= s.block.N {
			b, err := s.chunks.Next()
			if err != nil {
				return err
			}
			if b == nil {
				s.last = true
				h.built()
				return nil
			}
			s.block, s.at = b, 0
		}
		sel := sequence(s.at, s.at+h.memory.Chunk(s.block.N-s.at))
		if h.build.rows.N > 0 && !h.fits(len(sel)) {
			h.built()
			return nil
		}
		if err := h.add(s.block.Cols, h.right.kept(s.block), s.block.N, sel); err != nil {
			return err
		}
		s.at += len(sel)
	}
}

// again divides a pair whose right part is too large.
func (h *Hash) again(s *pass) error {
	p := s.part
	bits := h.memory.Bits(p.right.Bytes)
	right, err := h.divide(p.used, bits, func() (*vector.Batch, []*vector.Vector, []*vector.Vector, []int32, error) {
		b := s.block
		if s.at >= b.N {
			var err error
			if b, err = s.chunks.Next(); b == nil || err != nil {
				return nil, nil, nil, nil, err
			}
			s.block, s.at = b, 0
		}
		sel := sequence(s.at, b.N)
		s.at = b.N
		keys := h.right.kept(b)
		return b, b.Cols[:h.right.width], keys, sel, nil
	})
	if err != nil {
		return err
	}
	left, err := h.env.Space.NewPartitions(spill.Join, h.left.types, h.memory, p.used, bits)
	if err != nil {
		return err
	}
	for r := p.left.NewReader(); ; {
		b, err := r.Next()
		if err != nil {
			return err
		}
		if b == nil {
			return h.queue(left, right, p.right.Rows)
		}
		sel := vector.Sequence(nil, b.N)
		if err := left.Add(b.Cols, h.build.table.Hash(h.left.kept(b), b.N, sel), sel); err != nil {
			return err
		}
		if err := h.env.Interrupt(); err != nil {
			return err
		}
	}
}
