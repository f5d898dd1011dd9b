package dml

import (
	"bytes"

	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/kv"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// later has the entry e of a deferrable unique index checked at the end of the statement
// or transaction. Such an index has an entry for each row, so that rows of one key can
// be there until then. Of two transactions that write a key, the second to check it
// waits for the first, by a lock on the key without a row.
func (w *Writer) later(x *table.Index, e table.Entry, keys []*vector.Vector, i int) error {
	if x.Later == nil || e.HasNull && !x.Desc.Index.NullsEqual {
		return nil
	}
	values := make([]*vector.Vector, len(keys))
	for k := range keys {
		values[k] = vector.NewConst(keys[k], i)
	}
	check := op.Constraint{OID: x.Later.OID, Deferrable: true, Deferred: x.Later.Deferred}
	// As the table stands, only a row of the same key makes the check worth waiting for.
	bare := e.Key[:e.Bare:e.Bare]
	scan := w.env.Txn.LatestScan(kv.Span{Start: bare, End: keycodec.Successor(bare)}, kv.ScanOptions{Limit: 1})
	defer scan.Close()
	var batch kv.Batch
	if err := scan.Next(w.env.Context, &batch, 1); err != nil {
		return err
	}
	if batch.Len() > 0 {
		check.Table = w.Table.Desc.OID
	}
	w.env.Session.Deferred(check, w.env, func() error { return w.alone(x, e, values) })
	return nil
}

// alone tells whether an entry that was written is the only one of its key, if it is
// still there.
func (w *Writer) alone(x *table.Index, e table.Entry, values []*vector.Vector) error {
	ctx, txn := w.env.Context, w.env.Txn
	wait := kv.Wait{Timeout: w.env.LockTimeout}
	mine, err := txn.Latest(ctx, e.Key)
	if err != nil || !mine.Found {
		return err
	}
	bare := e.Key[:e.Bare:e.Bare]
	if err := txn.LockRow(ctx, bare, kv.Exclusive, wait); err != nil {
		return err
	}
	scan := txn.LatestScan(kv.Span{Start: bare, End: keycodec.Successor(bare)}, kv.ScanOptions{})
	defer scan.Close()
	var batch kv.Batch
	for {
		if err := scan.Next(ctx, &batch, 16); err != nil || batch.Len() == 0 {
			return err
		}
		for k := range batch.Len() {
			if bytes.Equal(batch.Key(k), e.Key) {
				continue
			}
			// Whoever is about to delete it holds its lock.
			key := bytes.Clone(batch.Key(k))
			if err := txn.LockRow(ctx, key, kv.Exclusive, wait); err != nil {
				return err
			}
			other, err := txn.Latest(ctx, key)
			if err != nil {
				return err
			}
			if other.Found {
				return w.duplicateOf(x, values, 0)
			}
		}
	}
}
