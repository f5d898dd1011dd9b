package hash

import (
	"cmp"
	"slices"
	"sort"

	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Levels keeps the keys of tables that were full in runs on disk, to be looked up at any
// time: a recursive UNION must know at once whether it has given a row.
//
//	table full ──▶ Put ──▶ run ──▶ merged with the one before it while that is not
//	                               twice as long: so there are few
//
// A run is sorted by hash. Where each stretch of its rows begins is in memory, so that a
// lookup reads a block or two of each run; those of many rows go through the runs in
// order.
type Levels struct {
	space   *spill.Space
	kind    spill.Kind
	memory  *spill.Memory
	columns []*types.Type // the hash, then the keys
	compare []kernel.Compare
	list    []*level
	order   []int32
	found   []bool
}

// level is one run.
type level struct {
	run    *spill.Run
	reader *spill.Reader
	block  *vector.Batch
	first  int      // row of the block
	starts []uint64 // hash of every stretch'th row
}

// stretch is how many rows one hash in memory stands for.
const stretch = 64

// NewLevels makes one for keys of the given types.
func NewLevels(space *spill.Space, kind spill.Kind, memory *spill.Memory, keys []*types.Type, collations []types.OID) *Levels {
	l := &Levels{space: space, kind: kind, memory: memory, columns: append([]*types.Type{types.Int8}, keys...)}
	for i, k := range keys {
		l.compare = append(l.compare, kernel.Comparer(k, collations[i]))
	}
	return l
}

// Empty tells whether no key is here.
func (l *Levels) Empty() bool { return len(l.list) == 0 }

// Size is about the bytes held.
func (l *Levels) Size() int64 {
	n := int64(0)
	for _, v := range l.list {
		n += l.memory.Block() + 8*int64(len(v.starts))
	}
	return n
}

// PutBytes is what Put needs for each row of a table.
const PutBytes = 8 + 4

// Put copies the keys of a table, none of which is here.
func (l *Levels) Put(t *Table) error {
	hashes := vector.New(types.Int8, t.Len())
	copy(vector.Of[uint64](hashes), t.hashes)
	l.order = l.order[:0]
	for i := range t.Len() {
		l.order = append(l.order, int32(i))
	}
	slices.SortFunc(l.order, func(a, b int32) int { return cmp.Compare(t.hashes[a], t.hashes[b]) })
	w, err := l.writer()
	if err != nil {
		return err
	}
	if err := w.add(append([]*vector.Vector{hashes}, t.Keys.Cols...), l.order); err != nil {
		return err
	}
	if err := l.finish(w); err != nil {
		return err
	}
	for n := len(l.list); n > 1 && l.list[n-2].run.Rows < 2*l.list[n-1].run.Rows; n = len(l.list) {
		if err := l.merge(l.list[n-2], l.list[n-1]); err != nil {
			return err
		}
	}
	return nil
}

// merge makes one run of the last two.
func (l *Levels) merge(a, b *level) error {
	w, err := l.writer()
	if err != nil {
		return err
	}
	sides := [2]*vector.Batch{}
	at := [2]int{}
	readers := [2]*spill.Reader{a.run.NewReader(), b.run.NewReader()}
	next := func(k int) (err error) {
		at[k] = 0
		sides[k], err = readers[k].Next()
		return err
	}
	if err := next(0); err != nil {
		return err
	}
	if err := next(1); err != nil {
		return err
	}
	var rows []int32
	for sides[0] != nil || sides[1] != nil {
		k, bound := 0, false // of side k all rows up to the other one's hash
		var limit uint64
		if sides[0] != nil && sides[1] != nil {
			x, y := hashAt(sides[0], at[0]), hashAt(sides[1], at[1])
			bound, limit = true, y
			if y < x {
				k, limit = 1, x
			}
		} else if sides[0] == nil {
			k = 1
		}
		from := sides[k]
		for rows = rows[:0]; at[k] < from.N && (!bound || hashAt(from, at[k]) <= limit); at[k]++ {
			rows = append(rows, int32(at[k]))
		}
		if err := w.add(from.Cols, rows); err != nil {
			return err
		}
		if at[k] == from.N {
			if err := next(k); err != nil {
				return err
			}
		}
	}
	a.run.Release()
	b.run.Release()
	l.list = l.list[:len(l.list)-2]
	return l.finish(w)
}

func hashAt(b *vector.Batch, i int) uint64 { return vector.Of[uint64](b.Cols[0])[i] }

// levelWriter writes a run in the order of hashes.
type levelWriter struct {
	to     *spill.Writer
	rows   int
	starts []uint64
}

func (l *Levels) writer() (*levelWriter, error) {
	f, err := l.space.Create(l.kind)
	if err != nil {
		return nil, err
	}
	return &levelWriter{to: f.NewWriter(l.columns, l.memory)}, nil
}

func (w *levelWriter) add(cols []*vector.Vector, sel []int32) error {
	for i := (stretch - w.rows%stretch) % stretch; i < len(sel); i += stretch {
		w.starts = append(w.starts, vector.Of[uint64](cols[0])[sel[i]])
	}
	w.rows += len(sel)
	return w.to.Add(cols, sel)
}

// finish adds a run to the levels.
func (l *Levels) finish(w *levelWriter) error {
	run, err := w.to.Finish()
	if err != nil {
		return err
	}
	l.list = append(l.list, &level{run: run, reader: run.NewReader(), starts: w.starts})
	return nil
}

// Missing appends to out the rows of sel whose keys are not here; hashes are by row.
func (l *Levels) Missing(keys []*vector.Vector, hashes []uint64, sel, out []int32) ([]int32, error) {
	l.order, l.found = l.order[:0], l.found[:0]
	for k := range sel {
		l.order, l.found = append(l.order, int32(k)), append(l.found, false)
	}
	slices.SortFunc(l.order, func(a, b int32) int { return cmp.Compare(hashes[sel[a]], hashes[sel[b]]) })
	for _, v := range l.list {
		for _, k := range l.order {
			if l.found[k] {
				continue
			}
			var err error
			if l.found[k], err = l.has(v, keys, int(sel[k]), hashes[sel[k]]); err != nil {
				return nil, err
			}
		}
	}
	for k, i := range sel {
		if !l.found[k] {
			out = append(out, i)
		}
	}
	return out, nil
}

// has looks for row i of keys in a level.
func (l *Levels) has(v *level, keys []*vector.Vector, i int, hash uint64) (bool, error) {
	place := sort.Search(len(v.starts), func(k int) bool { return v.starts[k] >= hash })
	for row := max(place-1, 0) * stretch; row < int(v.run.Rows); row++ {
		if v.block == nil || row < v.first || row >= v.first+v.block.N {
			v.first = v.reader.Seek(row)
			var err error
			if v.block, err = v.reader.Next(); err != nil {
				return false, err
			}
		}
		at := row - v.first
		switch h := hashAt(v.block, at); {
		case h > hash:
			return false, nil
		case h == hash && same(l.compare, keys, i, v.block.Cols[1:], at):
			return true, nil
		}
	}
	return false, nil
}

// Close forgets the keys.
func (l *Levels) Close() {
	for _, v := range l.list {
		v.run.Release()
	}
	l.list = nil
}
