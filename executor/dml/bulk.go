package dml

import (
	"errors"

	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

// bulk writes rows into the storages of a table that nobody else can see yet, sorted
// and past the transaction's buffer. Uniqueness shows when they are sorted.
type bulk struct {
	rows    kv.Load
	indexes []kv.Load
}

// startBulk tells whether the table and its indexes were made by this transaction and
// are empty, and prepares to fill them.
func (w *Writer) startBulk() {
	w.bulk = nil
	fresh := w.env.Txn.Fresh(kv.StorageID(w.Table.Desc.Storage))
	for _, x := range w.Table.Indexes {
		fresh = w.env.Txn.Fresh(kv.StorageID(x.Desc.Storage)) && fresh && x.Later == nil
	}
	if !fresh || len(w.keys) > 0 || len(w.Table.Desc.References) > 0 || w.change.Conflict != nil || len(w.change.Returning) > 0 {
		return
	}
	w.bulk = &bulk{rows: w.env.Txn.NewLoad(kv.StorageID(w.Table.Desc.Storage))}
	for _, x := range w.Table.Indexes {
		w.bulk.indexes = append(w.bulk.indexes, w.env.Txn.NewLoad(kv.StorageID(x.Desc.Storage)))
	}
}

func (w *Writer) load(cols []*vector.Vector, i int, number uint64) error {
	ctx := w.env.Context
	rowKey := w.Table.RowKey(w.key[:0], cols, i, number)
	w.key = rowKey
	w.buffer = w.Table.Codec.Encode(append(append(w.buffer[:0], w.Table.Prefix...), rowKey...),
		rowcodec.Header{XMin: uint32(w.env.Txn.XID()), Number: number}, cols[:len(w.Table.Types)], i)
	n := len(w.Table.Prefix) + len(rowKey)
	if err := w.bulk.rows.Add(ctx, w.buffer[:n], w.buffer[n:], 0); err != nil {
		return err
	}
	for k, x := range w.Table.Indexes {
		keys, applies, err := w.indexKeys(x, cols, i)
		if err != nil {
			return err
		}
		if !applies {
			continue
		}
		e := x.Entry(keys, cols, i, rowKey)
		if err := w.bulk.indexes[k].Add(ctx, e.Key, e.Value, 0); err != nil {
			return err
		}
	}
	return nil
}

// finishBulk puts what was loaded in place.
func (w *Writer) finishBulk() error {
	b := w.bulk
	if b == nil {
		return nil
	}
	w.bulk = nil
	if err := b.rows.Finish(w.env.Context); err != nil {
		b.abandon()
		return w.loadError(err, w.Table.Primary)
	}
	for k, l := range b.indexes {
		if err := l.Finish(w.env.Context); err != nil {
			b.abandon()
			return w.loadError(err, w.Table.Indexes[k])
		}
	}
	return nil
}

func (b *bulk) abandon() {
	b.rows.Abandon()
	for _, l := range b.indexes {
		l.Abandon()
	}
}

// loadError words a key that came twice.
func (w *Writer) loadError(err error, x *table.Index) error {
	var d *kv.DuplicateKeyError
	if x == nil || !errors.As(err, &d) {
		return err
	}
	if values, ok := x.KeyValues(d.Key); ok {
		return w.duplicateOf(x, values, 0)
	}
	e := pgerr.Newf(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", x.Desc.Name).On(w.schemaName(), w.Table.Desc.Name)
	e.Constraint = x.Desc.Name
	return e
}
