package ddl

import (
	"bytes"
	"errors"

	"datapunk/catalog/desc"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// An index made CONCURRENTLY (PostgreSQL manual, CREATE INDEX) is first committed as
// invalid: writers keep it, readers do not use it. Once nobody writes without knowing
// it, the entries of the rows that were there are added, each under a share lock of
// its row, in small transactions beside the main one. They wait for no lock, so that
// no writer ever comes into a deadlock by them; what was locked is tried again after
// the main transaction has waited. When no snapshot is older than the last entry, the
// index is valid.
//
// One dropped CONCURRENTLY goes the other way: invalid, when no reader is left off its
// table's list, when no writer is left gone.

// StartIndex makes an index that is invalid and empty; 0 if it is there already and
// that is no error.
func (x *Executor) StartIndex(u *logical.CreateIndex) (types.OID, error) {
	r, name, err := x.newIndex(u, kv.ShareUpdateExclusive)
	if err != nil || r == nil {
		return 0, err
	}
	u.Def.Invalid = true
	return x.addIndex(r.Clone(), name, u.Def, true)
}

// FinishIndex fills the index, in transactions of the session beside, and makes it valid.
func (x *Executor) FinishIndex(index types.OID, beside kv.Session) error {
	rel, err := x.reopen(index, kv.ShareMode)
	if err != nil {
		return err
	}
	f, err := x.newFilling(rel, beside)
	if err != nil {
		return err
	}
	last, err := f.run()
	if err != nil {
		return err
	}
	if err := x.Txn.OutwaitSnapshots(x.Context, last, kv.Wait{Timeout: x.LockTimeout}); err != nil {
		return err
	}
	c := rel.Clone()
	c.Index.Invalid = false
	return x.Writer.Put(x.Context, c)
}

// reopen locks an index that an earlier transaction of the statement has left, and
// its table, once no transaction is left that took a lock on the table which conflicts
// with mode before.
func (x *Executor) reopen(index types.OID, mode kv.Mode) (*desc.Relation, error) {
	gone := pgerr.Newf(pgerr.UndefinedObject, "index with OID %d was dropped meanwhile", index)
	rel := x.Writer.Snapshot().Relation(index)
	if rel == nil {
		return nil, gone
	}
	on := rel.Index.Table
	for _, oid := range []types.OID{on, index} {
		if err := x.lock(oid, kv.ShareUpdateExclusive); err != nil {
			return nil, err
		}
	}
	if err := x.Txn.OutwaitHolders(x.Context, x.lockID(on), mode, kv.Wait{Timeout: x.LockTimeout}); err != nil {
		return nil, err
	}
	if rel = x.Writer.Snapshot().Relation(index); rel == nil {
		return nil, gone
	}
	return rel, nil
}

// filling adds the entries of a table's rows to an index that others write to.
type filling struct {
	x       *Executor
	beside  kv.Session
	to      *desc.Relation
	table   *table.Table
	builder *builder
	cols    []*vector.Vector // one row
	numbers []int16
}

func (x *Executor) newFilling(rel *desc.Relation, beside kv.Session) (*filling, error) {
	snapshot := x.Writer.Snapshot()
	to := snapshot.Relation(rel.Index.Table)
	t, err := table.Open(to, snapshot)
	if err != nil {
		return nil, err
	}
	f := &filling{x: x, beside: beside, to: to, table: t, builder: &builder{rel: rel}}
	for i, typ := range t.Types {
		f.cols, f.numbers = append(f.cols, vector.New(typ, 1)), append(f.numbers, int16(i+1))
	}
	for _, i := range t.Indexes {
		if i.Desc.OID == rel.OID {
			f.builder.index = i
		}
	}
	cols, layout := x.storedColumns(t)
	f.builder.entries, err = x.entriesOf(f.builder.index, cols, layout)
	return f, err
}

// run goes through the table; last is the newest commit of entries.
func (f *filling) run() (last kv.Timestamp, err error) {
	const rows = 512
	var batch kv.Batch
	span := kv.Span{Start: f.table.Prefix, End: keycodec.Successor(f.table.Prefix)}
	for {
		scan := f.x.Txn.LatestScan(span, kv.ScanOptions{KeysOnly: true, Limit: rows})
		err := scan.Next(f.x.Context, &batch, rows)
		scan.Close()
		if err != nil || batch.Len() == 0 {
			return last, err
		}
		keys := make([][]byte, batch.Len())
		for i := range keys {
			keys[i] = bytes.Clone(batch.Key(i))
		}
		span.Start = append(bytes.Clone(keys[len(keys)-1]), 0)
		for len(keys) > 0 {
			var busy []byte
			var ts kv.Timestamp
			if keys, busy, ts, err = f.rows(keys); err != nil {
				return 0, err
			}
			last = max(last, ts)
			if busy != nil {
				if err := f.await(busy); err != nil {
					return 0, err
				}
			}
		}
	}
}

// rows adds the entries of the rows under the keys; left are those that were locked,
// busy the first lock that was not free.
func (f *filling) rows(keys [][]byte) (left [][]byte, busy []byte, ts kv.Timestamp, err error) {
	tx := f.beside.Begin(kv.TxnOptions{Durability: kv.Async}) // the main commit makes it durable
	defer tx.Rollback()
	for _, key := range keys {
		locked, err := f.row(tx, key)
		if err != nil {
			return nil, nil, 0, err
		}
		if locked != nil {
			if left = append(left, key); busy == nil {
				busy = locked
			}
		}
	}
	ts, err = tx.Commit(f.x.Context)
	return left, busy, ts, err
}

// row adds the entry of one row, if it is still there; busy is the lock it lacks.
func (f *filling) row(tx kv.Txn, key []byte) (busy []byte, err error) {
	ctx, skip := f.x.Context, kv.Wait{Policy: kv.Skip}
	if err := tx.LockRow(ctx, key, kv.Share, skip); err != nil {
		return unlessSkipped(key, err)
	}
	row, err := tx.Latest(ctx, key)
	if err != nil || !row.Found {
		return nil, err
	}
	for i, t := range f.table.Types {
		f.cols[i].Init(t, 1)
	}
	if err := f.table.Decode(key, row.Value, f.numbers, f.cols, 0); err != nil {
		return nil, err
	}
	rowKey := key[len(f.table.Prefix):]
	e, applies, err := f.builder.entries.of(f.cols, rowKey)
	if err != nil || !applies {
		return nil, err
	}
	if err := tx.LockRow(ctx, e.Key, kv.Exclusive, skip); err != nil {
		return unlessSkipped(e.Key, err)
	}
	there, err := tx.Latest(ctx, e.Key)
	if err != nil {
		return nil, err
	}
	if there.Found {
		if bytes.Equal(there.Value, e.Value) {
			return nil, nil
		}
		if other, _, ok := table.RowKeyOf(there.Value); !ok {
			return nil, kv.ErrCorrupt
		} else if !bytes.Equal(other, rowKey) {
			return nil, f.builder.duplicate(f.x, &kv.DuplicateKeyError{Key: e.Key}, f.to)
		}
	}
	return nil, tx.Put(e.Key, e.Value)
}

func unlessSkipped(key []byte, err error) ([]byte, error) {
	if errors.Is(err, kv.ErrSkipped) {
		return bytes.Clone(key), nil
	}
	return nil, err
}

// await waits, in the main transaction, until a lock is free.
func (f *filling) await(key []byte) error {
	tx := f.x.Txn
	mark := tx.Savepoint()
	if err := tx.LockRow(f.x.Context, key, kv.Share, kv.Wait{Timeout: f.x.LockTimeout}); err != nil {
		return err
	}
	return tx.RollbackTo(mark)
}

// RetireIndex makes the index that is to be dropped invalid.
func (x *Executor) RetireIndex(u *logical.Drop) error {
	index := x.Writer.Snapshot().Relation(u.Objects[0].OID)
	if err := x.lock(index.Index.Table, kv.ShareUpdateExclusive); err != nil {
		return err
	}
	d := &dropping{x: x, seen: map[desc.ID]bool{}}
	if err := d.permitted(index.ID(), u); err != nil {
		return err
	}
	if err := d.collect(u); err != nil {
		return err
	}
	if index = x.Writer.Snapshot().Relation(index.OID); index == nil {
		return ErrChanged
	}
	c := index.Clone()
	c.Index.Invalid = true
	return x.Writer.Put(x.Context, c)
}

// DetachIndex takes an index that nobody reads off its table, so that nobody writes it.
func (x *Executor) DetachIndex(index types.OID) error {
	rel, err := x.reopen(index, kv.AccessExclusive)
	if err != nil {
		return err
	}
	c := x.Writer.Snapshot().Relation(rel.Index.Table).Clone()
	c.Indexes = without(c.Indexes, index)
	return x.Writer.Put(x.Context, c)
}

// DropDetached drops an index that nobody writes.
func (x *Executor) DropDetached(u *logical.Drop) error {
	if _, err := x.reopen(u.Objects[0].OID, kv.AccessExclusive); err != nil {
		return err
	}
	return (&dropping{x: x, seen: map[desc.ID]bool{}}).run(u)
}
