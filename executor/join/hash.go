package join

import (
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types/vector"
)

// Hash builds a table from the right side and probes it with the left.
type Hash struct {
	env         *op.Env
	node        *plan.Join
	left, right *side
	on          []*eval.Eval
	full        bool
	memory      *spill.Memory
	build       build
	parts       []*part // to be joined, the next one last
	pass        *pass   // nil: the left side itself is read

	batch  *vector.Batch // left rows being probed
	keys   []*vector.Vector
	hashes []uint64
	sel    []int32
	at     int   // next of sel
	chain  int32 // where its chain goes on, -2 at its start
	hit    bool  // the current left row has met a match
	ended  bool  // the left side is at its end
	rest   int   // FULL: next right row without match

	pairL, pairR []int32
	pair, out    *vector.Batch

	spilled          bool
	buckets, batches int
	disk             int64
}

// NewHash opens a hash join.
func NewHash(env *op.Env, node *plan.Join, left, right op.Operator) (*Hash, error) {
	h := &Hash{env: env, node: node, full: node.Kind == logical.Full}
	var err error
	if h.left, err = newSide(env, node.Left, left, node.LeftKeys); err != nil {
		return nil, err
	}
	if h.right, err = newSide(env, node.Right, right, node.RightKeys); err != nil {
		return nil, err
	}
	both := append(append([]plan.Column(nil), node.Left.Output()...), node.Right.Output()...)
	if h.on, err = op.Compile(node.On, plan.Layout(both), env); err != nil {
		return nil, err
	}
	h.pair, h.out = newBatch(both), newBatch(node.Out)
	return h, nil
}

// Open builds the table.
func (h *Hash) Open() error {
	h.forget()
	h.memory = h.env.Space.Hashing()
	h.batch, h.ended, h.spilled, h.batches, h.buckets, h.disk = nil, false, false, 1, 0, 0
	h.fresh()
	if err := h.right.in.Open(); err != nil {
		return err
	}
	var sel []int32
	next := func() (b *vector.Batch, cols, keys []*vector.Vector, rows []int32, err error) {
		if b, err = h.right.in.Next(vector.Size); b == nil || err != nil {
			return nil, nil, nil, nil, err
		}
		all := b.Selection(nil)
		if keys, err = h.right.keys(b, all); err != nil {
			return nil, nil, nil, nil, err
		}
		sel = sel[:0]
		for _, i := range all {
			if h.full || !anyNull(keys, int(i)) {
				sel = append(sel, i)
			}
		}
		return b, b.Cols[:h.right.width], keys, sel, nil
	}
	for {
		b, cols, keys, sel, err := next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		for len(sel) > 0 {
			n := h.memory.Chunk(len(sel))
			if !h.fits(n) {
				given := false
				return h.spill(func() (*vector.Batch, []*vector.Vector, []*vector.Vector, []int32, error) {
					if !given {
						given = true
						return b, cols, keys, sel, nil
					}
					return next()
				})
			}
			if err := h.add(cols, keys, b.N, sel[:n]); err != nil {
				return err
			}
			sel = sel[n:]
		}
	}
	h.right.in.Close()
	h.built()
	return h.left.in.Open()
}

// Next gives joined rows.
func (h *Hash) Next(budget int) (*vector.Batch, error) {
	budget = min(budget, vector.Size)
	for {
		if h.batch == nil {
			if h.ended || h.spilled && h.pass == nil {
				if h.ended {
					if out := h.unmatched(budget); out != nil {
						return out, nil
					}
				}
				more, err := h.start()
				if err != nil {
					return nil, err
				}
				if !more {
					h.ended = true
					h.build.matched = nil
					return nil, nil
				}
			}
			if err := h.read(); err != nil {
				return nil, err
			}
			if h.batch == nil {
				h.ended = true
				continue
			}
			if err := h.env.Interrupt(); err != nil {
				return nil, err
			}
		}
		out, err := h.probe(budget)
		if err != nil {
			return nil, err
		}
		if out != nil {
			return out, nil
		}
	}
}

// read takes the next left rows.
func (h *Hash) read() error {
	var b *vector.Batch
	var err error
	if h.pass != nil {
		b, err = h.pass.left.Next()
	} else {
		b, err = h.left.in.Next(vector.Size)
	}
	if b == nil || err != nil {
		return err
	}
	sel := b.Selection(nil)
	if h.pass != nil {
		h.keys = h.left.kept(b)
	} else if h.keys, err = h.left.keys(b, sel); err != nil {
		return err
	}
	h.batch, h.sel, h.at, h.chain, h.hit = b, sel, 0, -2, false
	h.hashes = append(h.hashes[:0], h.build.table.Hash(h.keys, b.N, sel)...)
	return nil
}

// probe joins left rows until the budget is used or the batch is at its end.
func (h *Hash) probe(budget int) (*vector.Batch, error) {
	h.pairL, h.pairR = h.pairL[:0], h.pairR[:0]
	kind := h.node.Kind
	simple := len(h.on) == 0
	// Of a pair of partitions that is joined in chunks, a left row may have met a match
	// in an earlier one, or may still meet one.
	chunked := h.pass != nil && h.pass.met != nil
	outer := h.outer() && (!chunked || h.pass.last)
	table := h.build.table
	for h.at < len(h.sel) && len(h.pairL) < budget {
		i := h.sel[h.at]
		row := int32(-1)
		if h.chain == -2 {
			h.hit = chunked && h.pass.met.Get(h.pass.first+int(i))
			if h.hit && (kind == logical.Semi || kind == logical.Anti) {
				h.next()
				continue
			}
			if !anyNull(h.keys, int(i)) {
				row = table.First(h.keys, int(i), h.hashes[i])
			}
		} else if h.chain >= 0 {
			row = table.Next(h.keys, int(i), h.hashes[i], h.chain)
		}
		if row >= 0 {
			pass := simple
			if !simple {
				var err error
				if pass, err = h.test(int(i), row); err != nil {
					return nil, err
				}
			}
			h.chain = row
			if !pass {
				continue
			}
			h.hit = true
			if chunked {
				h.pass.met.Set(h.pass.first + int(i))
			}
			switch kind {
			case logical.Semi:
				h.emit(i, row)
				h.next()
			case logical.Anti:
				h.next()
			default:
				if h.build.matched != nil {
					h.build.matched[row] = true
				}
				h.emit(i, row)
			}
			continue
		}
		if !h.hit && outer {
			h.emit(i, -1)
		}
		h.next()
	}
	done := h.at >= len(h.sel)
	n := len(h.pairL)
	if n > 0 {
		for k, c := range h.out.Cols {
			c.Init(h.node.Out[k].T, n)
			if k < h.left.width {
				c.Gather(0, h.batch.Cols[k], h.pairL)
			} else {
				c.Gather(0, h.build.rows.Cols[k-h.left.width], h.pairR)
			}
		}
		h.out.N = n
	}
	if done {
		if h.pass != nil {
			h.pass.first += h.batch.N
		}
		h.batch = nil
	}
	if n == 0 {
		return nil, nil
	}
	return h.out, nil
}

func (h *Hash) emit(left, right int32) {
	h.pairL, h.pairR = append(h.pairL, left), append(h.pairR, right)
}

func (h *Hash) next() {
	h.at++
	h.chain = -2
}

// test evaluates the other conditions for one pair.
func (h *Hash) test(left int, right int32) (bool, error) {
	for k, c := range h.pair.Cols {
		c.Init(c.Type, 1)
		if k < h.left.width {
			c.Set(0, h.batch.Cols[k], left)
		} else {
			c.Set(0, h.build.rows.Cols[k-h.left.width], int(right))
		}
	}
	h.pair.N = 1
	return passes(h.on, h.pair)
}

// unmatched gives a FULL join's right rows that met nothing.
func (h *Hash) unmatched(budget int) *vector.Batch {
	if h.build.matched == nil {
		return nil
	}
	h.pairR = h.pairR[:0]
	for ; h.rest < h.build.rows.N && len(h.pairR) < budget; h.rest++ {
		if !h.build.matched[h.rest] {
			h.pairR = append(h.pairR, int32(h.rest))
		}
	}
	n := len(h.pairR)
	if n == 0 {
		return nil
	}
	for k, c := range h.out.Cols {
		c.Init(h.node.Out[k].T, n)
		if k < h.left.width {
			for r := range n {
				c.SetNull(r)
			}
		} else {
			c.Gather(0, h.build.rows.Cols[k-h.left.width], h.pairR)
		}
	}
	h.out.N = n
	return h.out
}

// Usage tells what the last run needed.
func (h *Hash) Usage() budget.Usage {
	u := budget.Usage{Kind: budget.HashJoin, Disk: h.disk, Buckets: h.buckets, Batches: h.batches}
	if h.memory != nil {
		u.Memory = h.memory.Peak()
	}
	return u
}

// Close closes the inputs and forgets the rows.
func (h *Hash) Close() {
	h.left.in.Close()
	h.right.in.Close()
	h.forget()
}

// forget releases the memory and what is on disk.
func (h *Hash) forget() {
	if h.pass != nil {
		h.pass.part.release()
	}
	for _, p := range h.parts {
		p.release()
	}
	h.parts, h.pass, h.build, h.batch = nil, nil, build{}, nil
	if h.memory != nil {
		h.memory.Close()
	}
}
