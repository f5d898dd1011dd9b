package setop

import (
	"datapunk/executor/hash"
	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/planner/plan"
	"datapunk/types/vector"
)

// Union tells rows that a recursive UNION has not given from those that it has. When
// there is no memory for more of them they go to disk (hash.Levels).
type Union struct {
	env     *op.Env
	seen    *Seen
	memory  *spill.Memory
	levels  *hash.Levels
	missing []int32
}

// NewUnion makes one for rows of the given columns.
func NewUnion(env *op.Env, cols []plan.Column) *Union { return &Union{env: env, seen: NewSeen(cols)} }

// Reset forgets all rows.
func (u *Union) Reset() {
	u.Close()
	u.seen.Reset()
	u.memory = u.env.Space.Hashing()
	u.levels = hash.NewLevels(u.env.Space, spill.Recursion, u.memory, u.seen.keys, u.seen.collations)
}

// New appends the rows of sel not met before to out.
func (u *Union) New(b *vector.Batch, sel []int32, out []int32) ([]int32, error) {
	keys := b.Cols[:len(u.seen.keys)]
	for len(sel) > 0 {
		n := u.memory.Chunk(len(sel))
		rows := sel[:n]
		sel = sel[n:]
		table := u.seen.table
		if table.Len() > 0 && u.memory.Full(table.Len()+n, table.Grown(n)+hash.PutBytes*int64(table.Len())) {
			if err := u.levels.Put(table); err != nil {
				return nil, err
			}
			u.seen.Reset()
			table = u.seen.table
		}
		if !u.levels.Empty() {
			found, hashes := table.Lookup(keys, b.N, rows, nil)
			u.missing = hash.Missing(found, rows, u.missing[:0])
			var err error
			if rows, err = u.levels.Missing(keys, hashes, u.missing, nil); err != nil {
				return nil, err
			}
		}
		out = u.seen.New(b, rows, out)
	}
	return out, u.memory.Hold(u.seen.table.Size() + u.levels.Size())
}

// Close forgets all rows.
func (u *Union) Close() {
	if u.levels != nil {
		u.levels.Close()
		u.memory.Close()
	}
}
