package regex

// node is one step of cutting a match into groups. A leaf has nothing to cut: its
// DFA has said all. The tree follows the rules of manual 9.7.3.5: where preferences
// meet, the expression is split, and each part has its own.
type node struct {
	op       op
	prefer   prefer
	group    int // the group that the node's match is, or 0
	ref      int // of opBackref: the group
	min, max int // of opBackref and opRepeat
	kids     []*node
	items    []item // the language, to make a fragment of

	id          int   // number of the node's DFA
	entry, exit int32 // the fragment
	low, high   int   // the groups at and below the node are those from low to high-1
}

type op uint8

const (
	opLeaf    op = iota
	opWrap       // one kid, of which the node is another group: ((x))
	opConcat     // two kids
	opAlt        // any number
	opRepeat     // one kid, min to max times
	opBackref    // min to max copies of what the group matched
)

// prefer is a node's preference, and marks that go with it.
type prefer uint8

const (
	longer   prefer = 1 << iota
	shorter         // prefers the shorter match
	mixed           // parts below have different preferences
	captures        // a group here or below
	refers          // a back reference here or below
	referred        // a back reference refers to this node
)

// rising is what a node has of its kids: whatever keeps it from being a leaf.
func (p prefer) rising() prefer {
	up := p & (mixed | captures | refers)
	if p&longer != 0 && p&shorter != 0 {
		up |= mixed
	}
	return up
}

// messy tells whether a node with these marks has something to cut.
func (p prefer) messy() bool { return p&(mixed|captures|refers) != 0 }

// then is the marks of p followed by q: the first preference counts.
func (p prefer) then(q prefer) prefer {
	first := p & (longer | shorter)
	if first == 0 {
		first = q & (longer | shorter)
	}
	return (p | q).rising() | first
}

// maxTree is how deep a tree may be.
const maxTree = 20_000

// planner makes the tree of an expr.
type planner struct {
	groups map[int]*node
	depth  int
	deep   bool
}

// whole is the tree of a whole pattern, or false if it is too deep. Without groups
// only those stay that back references need.
func (t *planner) whole(e *expr, noGroups bool) (*node, bool) {
	t.groups = map[int]*node{}
	root := t.expr(e)
	if t.deep {
		return nil, false
	}
	if noGroups {
		root.forget()
	}
	root.span()
	return root, true
}

// span finds the groups at and below a node, which are consecutive.
func (n *node) span() {
	n.low, n.high = n.group, n.group+1
	if n.group == 0 {
		n.high = 0
	}
	for _, kid := range n.kids {
		kid.span()
		switch {
		case kid.high == 0:
		case n.high == 0:
			n.low, n.high = kid.low, kid.high
		default:
			n.low, n.high = min(n.low, kid.low), max(n.high, kid.high)
		}
	}
}

func leaf(items []item, p prefer) *node { return &node{op: opLeaf, items: items, prefer: p} }

// grouped is an expr as one item.
func grouped(e *expr) []item {
	return []item{{what: itemGroup, sub: e, min: 1, max: 1}}
}

func (t *planner) expr(e *expr) *node {
	n := &node{op: opAlt, prefer: longer, items: grouped(e)}
	for _, branch := range e.branches {
		kid := t.branch(branch)
		n.prefer |= (n.prefer | kid.prefer).rising()
		n.kids = append(n.kids, kid)
	}
	switch {
	case len(n.kids) == 1:
		return n.kids[0]
	case !n.prefer.messy():
		n.op, n.kids = opLeaf, nil
	}
	return n
}

// branch splits a branch at its first atom that is messy, alone or by what came
// before it: prefix, atom and the rest.
func (t *planner) branch(items []item) *node {
	if t.depth++; t.depth > maxTree {
		t.deep = true
	}
	defer func() { t.depth-- }()
	if t.deep {
		return leaf(nil, 0)
	}
	var p prefer // of the items before
	for k := range items {
		it := &items[k]
		if it.constraint() || it.none {
			continue
		}
		atom := t.atom(it)
		sum := p | it.prefer | atom.prefer
		if it.what != itemBackref && atom.group == 0 && !sum.rising().messy() {
			p = sum
			continue
		}
		inner := it.prefer.then(atom.prefer)
		unit := t.quantified(it, atom)
		if k == len(items)-1 {
			if k == 0 {
				return unit
			}
			return &node{op: opConcat, kids: []*node{leaf(items[:k], p), unit}, prefer: p | p.then(unit.prefer), items: items}
		}
		rest := t.branch(items[k+1:])
		inner |= inner.then(rest.prefer)
		n := &node{op: opConcat, prefer: p | p.then(inner), items: items}
		if k == 0 {
			n.kids = []*node{unit, rest}
			return n
		}
		second := &node{op: opConcat, kids: []*node{unit, rest}, prefer: inner, items: items[k:]}
		if unit.op == opLeaf && rest.op == opLeaf && !(unit.prefer | rest.prefer).rising().messy() {
			second = leaf(items[k:], unit.prefer.then(rest.prefer))
		}
		n.kids = []*node{leaf(items[:k], p), second}
		return n
	}
	return leaf(items, p)
}

// atom is the tree of an item without its quantifier.
func (t *planner) atom(it *item) *node {
	one := *it
	one.min, one.max = 1, 1
	switch it.what {
	case itemBackref:
		if n := t.groups[it.group]; n != nil {
			n.prefer |= referred
		}
		return &node{op: opBackref, prefer: refers, ref: it.group, items: []item{one}}
	case itemGroup:
		n := t.expr(it.sub)
		if it.group == 0 {
			return n
		}
		if n.group != 0 {
			n = &node{op: opWrap, prefer: n.prefer &^ referred, kids: []*node{n}, items: n.items}
		}
		n.prefer |= captures
		n.group = it.group
		t.groups[it.group] = n
		return n
	}
	return leaf([]item{one}, 0)
}

// quantified is the tree of an item; atom is that without the quantifier.
func (t *planner) quantified(it *item, atom *node) *node {
	p := it.prefer.then(atom.prefer)
	own := atom.prefer & (longer | shorter | mixed)
	switch {
	case it.what == itemBackref:
		atom.min, atom.max = it.min, it.max
		atom.prefer |= p
		atom.items = []item{*it}
		return atom
	case it.once() && (it.prefer == 0 || own == 0 || it.prefer == own):
		return atom
	case atom.prefer&(captures|refers) == 0:
		return leaf([]item{*it}, p)
	case it.min > 0 && atom.prefer&refers == 0:
		// Only the last copy's groups count: the copies before it are a leaf.
		before := *it
		before.min--
		if before.max < infinite {
			before.max--
		}
		before.none = before.max == 0
		return &node{op: opConcat, kids: []*node{leaf([]item{before}, p&(longer|shorter)), atom}, prefer: p, items: []item{*it}}
	}
	return &node{op: opRepeat, min: it.min, max: it.max, kids: []*node{atom}, prefer: p, items: []item{*it}}
}

// forget takes out the groups that no back reference needs, and the nodes that were
// there for them.
func (n *node) forget() {
	if n.prefer&referred == 0 {
		n.group = 0
		n.prefer &^= captures
	}
	for _, kid := range n.kids {
		kid.forget()
		n.prefer |= kid.prefer & captures
	}
	if n.kids != nil && n.prefer&(captures|refers) == 0 {
		n.op, n.kids = opLeaf, nil
		n.prefer &^= mixed
	}
}
