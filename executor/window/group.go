package window

import "datapunk/executor/spill"

// group walks over the peer groups of a partition.
type group struct {
	w          *Window
	keys       *keys
	head, look *spill.Cursor // on the group's first row, and on the row looked at
	number     int
	first, end int
}

func newGroup(w *Window, k *keys) *group {
	return &group{w: w, keys: k, head: w.cursor(), look: w.cursor()}
}

// begin goes before the first group.
func (g *group) begin() { g.number, g.first, g.end = -1, 0, 0 }

// next goes to the next group, false if there is none.
func (g *group) next() (bool, error) {
	n := g.w.rows.Len()
	if g.end == n {
		return false, nil
	}
	g.number++
	g.first = g.end
	if len(g.keys.compare) == 0 {
		g.end = n
		return true, nil
	}
	i, err := g.head.At(g.first)
	if err != nil {
		return false, err
	}
	for g.end++; g.end < n; g.end++ {
		j, err := g.look.At(g.end)
		if err != nil {
			return false, err
		}
		if !g.keys.same(g.head.Block.Cols, i, g.look.Block.Cols, j) {
			break
		}
	}
	return true, nil
}

// to goes on to a group that is not before this one, and tells whether there is one.
func (g *group) to(number int) (bool, error) {
	for g.number < number {
		if more, err := g.next(); !more || err != nil {
			return false, err
		}
	}
	return true, nil
}
