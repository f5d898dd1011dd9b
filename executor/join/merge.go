package join

import (
	"datapunk/executor/op"
	"datapunk/executor/sort"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// Merge joins inputs that come in the order of their keys, and gives the left rows in the
// order in which they came.
type Merge struct {
	env         *op.Env
	node        *plan.Join
	left, right *cursor
	held        *cursor // the keys of a group that is kept
	on          []*eval.Eval
	outer, full bool // left rows, rows of both sides without a match are wanted
	once        bool // a left row is given once at most
	ends        bool // whether a left row has a match is known after its last pair
	group       group
	ended       bool

	// Pairs found, not yet copied: rows of the left batch and of source, -1 for none.
	pairL, pairR []int32
	source       *vector.Batch
	out          *vector.Batch // pairs copied
	want         int           // pairs
	// With conditions, marks tells of each pair its number in the group, or one of the
	// marks below; hit is whether the current left row has met a match.
	marks           []int32
	hit             bool
	test, pass, sel []int32
	result          vector.Batch
}

// Marks of what is no pair to be tested.
const (
	sure = -1 - iota // a row without a match
	last             // comes after the last pair of a left row, which it has without a match
)

// NewMerge opens a merge join.
func NewMerge(env *op.Env, node *plan.Join, left, right op.Operator) (*Merge, error) {
	m := &Merge{env: env, node: node, full: node.Kind == logical.Full}
	m.outer = m.full || node.Kind == logical.Left || node.Kind == logical.Anti
	m.once = node.Kind == logical.Semi || node.Kind == logical.Anti
	m.ends = len(node.On) > 0 && node.Kind != logical.Inner
	l, err := newSide(env, node.Left, left, node.LeftKeys)
	if err != nil {
		return nil, err
	}
	r, err := newSide(env, node.Right, right, node.RightKeys)
	if err != nil {
		return nil, err
	}
	var leftOrder, rightOrder []sort.Key
	for i, k := range node.LeftKeys {
		desc := node.Desc[i]
		leftOrder = append(leftOrder, sort.NewKey(k.Type(), node.Equals[i].C, desc, desc))
		rightOrder = append(rightOrder, sort.NewKey(node.RightKeys[i].Type(), node.Equals[i].C, desc, desc))
	}
	m.left, m.right, m.held = newCursor(l, leftOrder), newCursor(r, rightOrder), newCursor(nil, rightOrder)
	both := append(append([]plan.Column(nil), node.Left.Output()...), node.Right.Output()...)
	if m.on, err = op.Compile(node.On, plan.Layout(both), env); err != nil {
		return nil, err
	}
	m.out = newBatch(node.Out)
	if len(m.on) > 0 {
		m.out = newBatch(both)
	}
	return m, nil
}

// Open begins anew; an input is opened when its first row is needed.
func (m *Merge) Open() error {
	m.forget()
	m.ended, m.hit = false, false
	var columns []*types.Type
	for _, c := range m.node.Right.Output() {
		columns = append(columns, c.T)
	}
	m.group.kept = m.env.Space.NewRows(spill.Kept, columns)
	m.group.reader = m.group.kept.Cursor()
	return nil
}

// Next gives joined rows.
func (m *Merge) Next(budget int) (*vector.Batch, error) {
	for !m.ended {
		m.want = min(budget, vector.Size)
		for _, c := range m.out.Cols {
			c.Init(c.Type, m.want)
		}
		m.out.N, m.marks = 0, m.marks[:0]
		for m.room() > 0 {
			more, err := m.step()
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
		}
		m.flush()
		out, err := m.settle()
		if out != nil || err != nil {
			return out, err
		}
		if err := m.env.Interrupt(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// step moves one of the sides on. It returns false at the end, and where the conditions
// must be tested first.
func (m *Merge) step() (bool, error) {
	l, r := m.left, m.right
	if err := m.load(l); err != nil {
		return false, err
	}
	if m.group.open {
		if !m.group.leaving && !l.ended && !l.null(l.at) && l.compare(l.at, m.group.key, m.group.at) == 0 {
			return true, m.match()
		}
		return m.leave()
	}
	if !l.ended || m.full {
		if err := m.load(r); err != nil {
			return false, err
		}
	}
	switch {
	case l.ended && (r.ended || !m.full), r.ended && !m.outer:
		m.ended = true
		return false, nil
	case l.ended:
		m.rightAlone(func() bool { return true })
	case r.ended || l.null(l.at):
		m.leftAlone(func() bool { return r.ended || l.null(l.at) })
	case r.null(r.at):
		m.rightAlone(func() bool { return r.null(r.at) })
	default:
		switch c := l.compare(l.at, r, r.at); {
		case c < 0:
			m.leftAlone(func() bool { return !l.null(l.at) && l.compare(l.at, r, r.at) < 0 })
		case c > 0:
			m.rightAlone(func() bool { return !r.null(r.at) && l.compare(l.at, r, r.at) > 0 })
		case m.once && len(m.on) == 0:
			if !m.outer {
				m.emit(l.sel[l.at], -1, sure)
			}
			l.at++
		default:
			return true, m.enter()
		}
	}
	return true, nil
}

// leftAlone passes the left rows of the batch that have no match, as long as they have none.
func (m *Merge) leftAlone(none func() bool) {
	for l := m.left; !l.used() && m.room() > 0 && none(); l.at++ {
		if m.outer {
			m.emit(l.sel[l.at], -1, sure)
		}
	}
}

// rightAlone does so for right rows.
func (m *Merge) rightAlone(none func() bool) {
	r := m.right
	if m.full {
		m.from(r.batch)
	}
	for ; !r.used() && m.room() > 0 && none(); r.at++ {
		if m.full {
			m.emit(-1, r.sel[r.at], sure)
		}
	}
}

// load reads the next rows of a side, if its batch is at its end.
func (m *Merge) load(c *cursor) error {
	for c.used() && !c.ended {
		m.flush()
		if err := m.env.Interrupt(); err != nil {
			return err
		}
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// room is how many more pairs are wanted.
func (m *Merge) room() int { return m.want - m.out.N - len(m.pairL) }

// from says of which batch the right rows are that follow.
func (m *Merge) from(b *vector.Batch) {
	if m.source != b {
		m.flush()
		m.source = b
	}
}

func (m *Merge) emit(left, right, mark int32) {
	m.pairL, m.pairR = append(m.pairL, left), append(m.pairR, right)
	if len(m.on) > 0 {
		m.marks = append(m.marks, mark)
	}
}

// flush copies the pairs found, before the rows that they name go.
func (m *Merge) flush() {
	if len(m.pairL) == 0 {
		return
	}
	for k, c := range m.out.Cols {
		from, place, rows := m.left.batch, k, m.pairL
		if k >= m.left.width {
			from, place, rows = m.source, k-m.left.width, m.pairR
		}
		if from == nil {
			for i := range rows {
				c.SetNull(m.out.N + i)
			}
			continue
		}
		c.Gather(m.out.N, from.Cols[place], rows)
	}
	m.out.N += len(m.pairL)
	m.pairL, m.pairR = m.pairL[:0], m.pairR[:0]
}

// settle tests the conditions for the pairs copied, and gives what is joined.
func (m *Merge) settle() (*vector.Batch, error) {
	if m.out.N == 0 {
		return nil, nil
	}
	if len(m.on) == 0 {
		return m.out, nil
	}
	m.test = m.test[:0]
	for i, mark := range m.marks {
		if mark >= 0 {
			m.test = append(m.test, int32(i))
		}
	}
	pass, err := eval.Filter(m.on, m.out, m.test, m.pass[:0])
	if err != nil {
		if re, ok := err.(*vector.RowError); ok {
			return nil, re.Err
		}
		return nil, err
	}
	m.pass, m.sel = pass, m.sel[:0]
	for i, mark := range m.marks {
		give := mark == sure
		switch {
		case mark == last:
			give, m.hit = m.outer && !m.hit, false
		case len(pass) > 0 && int(pass[0]) == i:
			pass = pass[1:]
			give = !m.once || !m.outer && !m.hit
			m.hit = true
			if m.full {
				m.group.matched.Set(int(mark))
			}
		}
		if give {
			m.sel = append(m.sel, int32(i))
		}
	}
	if m.once && m.hit {
		m.group.next = m.group.n // more matches make no difference
	}
	if len(m.sel) == 0 {
		return nil, nil
	}
	m.result = vector.Batch{Cols: m.out.Cols[:len(m.node.Out)], N: m.out.N, Sel: m.sel}
	return &m.result, nil
}

// Close closes the inputs and forgets the rows.
func (m *Merge) Close() {
	m.left.in.Close()
	m.right.in.Close()
	m.forget()
}

func (m *Merge) forget() {
	if m.group.kept != nil {
		m.group.kept.Close()
	}
	m.group = group{matched: m.group.matched, block: m.group.block}
	m.left.reset()
	m.right.reset()
	m.source, m.pairL, m.pairR = nil, m.pairL[:0], m.pairR[:0]
}
