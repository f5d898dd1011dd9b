package session

import (
	"slices"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/types"
	"datapunk/types/vector"
)

// tables gives scans the relations that are computed: the catalog's own tables, and
// the one row of a sequence (scan.Provider).
type tables struct {
	s        *Session
	snapshot catalog.Snapshot
}

// rows tells these relations, and about how many rows they have.
func (t tables) rows(rel *desc.Relation) (float64, bool) {
	switch {
	case rel.Kind == desc.SequenceKind:
		return 1, true
	case rel.OID < desc.FirstUser && rel.Kind == desc.Table:
		return t.s.engine.System.Estimate(t.snapshot, rel.OID), true
	}
	return 0, false
}

// Rows gives a whole table.
func (t tables) Rows(rel *desc.Relation, numbers []int16, env *op.Env) (*vector.Batch, error) {
	if rel.Kind == desc.SequenceKind {
		return t.sequence(rel)
	}
	return t.live(rel, numbers, t.s.engine.System.Rows(t.snapshot, rel.OID), nil), nil
}

// Find looks rows up.
func (t tables) Find(rel *desc.Relation, numbers, columns []int16, keys []*vector.Vector, env *op.Env) (*vector.Batch, []int32, error) {
	if isLive(rel, numbers) {
		numbers = append(slices.Clone(numbers), 1, relpages, reltuples)
	}
	batch, rows := t.s.engine.System.Find(t.snapshot, rel.OID, numbers, columns, keys)
	return t.live(rel, numbers, batch, rows), rows, nil
}

// sequence is a sequence's state.
func (t tables) sequence(rel *desc.Relation) (*vector.Batch, error) {
	last, called, err := sequences{t.s}.state(rel)
	if err != nil {
		return nil, err
	}
	return &vector.Batch{N: 1, Cols: []*vector.Vector{vector.Value(types.Int8, last), vector.Value(types.Int8, int64(0)), vector.Value(types.BoolType, called)}}, nil
}

// The columns of pg_class that change without the catalog's version.
const (
	relpages  = 10
	reltuples = 11
)

// pageSize is PostgreSQL's, by which sizes are told in pages.
const pageSize = 8192

// isLive tells whether such columns are asked for.
func isLive(rel *desc.Relation, numbers []int16) bool {
	return rel.OID == desc.ClassRelation && (slices.Contains(numbers, relpages) || slices.Contains(numbers, reltuples))
}

// live puts the columns in place that no snapshot knows.
func (t tables) live(rel *desc.Relation, numbers []int16, batch *vector.Batch, rows []int32) *vector.Batch {
	if !isLive(rel, numbers) {
		return batch
	}
	out := &vector.Batch{N: batch.N, Cols: slices.Clone(batch.Cols)}
	pages, tuples := vector.New(types.Int4, batch.N), vector.New(types.Float4, batch.N)
	out.Cols[relpages-1], out.Cols[reltuples-1] = pages, tuples
	if rows == nil {
		rows = vector.Sequence(nil, batch.N)
	}
	for _, i := range rows {
		pages.Set(int(i), batch.Cols[relpages-1], int(i))
		tuples.Set(int(i), batch.Cols[reltuples-1], int(i))
		r := t.snapshot.Relation(types.OID(vector.Of[int64](batch.Cols[0])[i]))
		if r == nil || r.OID < desc.FirstUser || r.Storage == 0 {
			continue
		}
		table := r
		if r.Index != nil {
			table = t.snapshot.Relation(r.Index.Table)
		}
		if table == nil || r.Kind == desc.SequenceKind {
			continue
		}
		n := statistics{t.s.engine, t.snapshot}.Rows(table.OID)
		vector.Of[float32](tuples)[i] = float32(n)
		vector.Of[int32](pages)[i] = int32((t.s.engine.storageSize(r.Storage) + pageSize - 1) / pageSize)
	}
	return out
}
