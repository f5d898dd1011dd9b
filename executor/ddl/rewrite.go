package ddl

import (
	"datapunk/catalog/desc"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/eval"
	"datapunk/types"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// rewrite writes the rows of a table as it was into new storages for the table as it
// shall be, indexes included. values gives, by column number, the stored expression
// of a column's new value over the old row (and, for a generated column, the new).
func (x *Executor) rewrite(old, r *desc.Relation, values map[int16]string) error {
	storage, err := x.Txn.CreateStorage(x.Context)
	if err != nil {
		return err
	}
	r.Storage = uint32(storage)
	x.Txn.DropStorage(kv.StorageID(old.Storage))
	for _, oid := range r.Indexes {
		index := x.Writer.Snapshot().Relation(oid)
		if index == nil {
			return pgerr.Internal("index %d of %s is gone", oid, r.Name)
		}
		index = index.Clone()
		if oid == r.Primary {
			index.Storage = r.Storage
		} else {
			x.Txn.DropStorage(kv.StorageID(index.Storage))
			if storage, err = x.Txn.CreateStorage(x.Context); err != nil {
				return err
			}
			index.Storage, index.Index.Invalid = uint32(storage), false
		}
		if err := x.Writer.Put(x.Context, index); err != nil {
			return err
		}
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return err
	}
	return x.fill(old, r, true, r.Indexes, values)
}

// converter computes the changed columns of a rewritten row.
type converter struct {
	values []*eval.Eval // by column of the new table, nil: as it was
	into   []*vector.Vector
	old    *vector.Batch
	stored map[int16]string
}

func (x *Executor) converter(source, target *table.Table, stored map[int16]string, env *eval.Env) (*converter, error) {
	c := &converter{values: make([]*eval.Eval, len(target.Types)), old: &vector.Batch{N: 1}, stored: stored}
	cols, layout := x.storedColumns(source)
	binder := x.Bind("", x.Writer.Snapshot(), nil, false)
	for n, text := range stored {
		if text == "" {
			continue
		}
		e, err := binder.Stored(text, cols)
		if err != nil {
			return nil, err
		}
		if c.values[n-1], err = eval.Compile(e, layout, env); err != nil {
			return nil, err
		}
	}
	for _, t := range target.Types {
		c.into = append(c.into, vector.New(t, 1))
	}
	return c, nil
}

// row makes the new row's columns out of the old one's.
func (c *converter) row(old []*vector.Vector, target *table.Table) ([]*vector.Vector, error) {
	c.old.Cols = old
	out := make([]*vector.Vector, len(c.values))
	for i, e := range c.values {
		switch {
		case e != nil:
			v, err := e.Run(c.old, []int32{0})
			if err != nil {
				return nil, err
			}
			c.into[i].Init(target.Types[i], 1)
			if v.Null(0) {
				c.into[i].SetNull(0)
			} else {
				c.into[i].Set(0, v, v.Index(0))
			}
			out[i] = c.into[i]
		case i < len(old):
			out[i] = old[i]
		default:
			c.into[i].Init(target.Types[i], 1)
			c.into[i].SetNull(0)
			out[i] = c.into[i]
		}
	}
	return out, nil
}

// eachRow reads every row of a table, all columns by number.
func (x *Executor) eachRow(r *desc.Relation, fn func([]*vector.Vector) error) error {
	t, err := table.Open(r, x.Writer.Snapshot())
	if err != nil {
		return err
	}
	values := make([]*vector.Vector, len(t.Types))
	numbers := make([]int16, len(t.Types))
	for i, typ := range t.Types {
		values[i], numbers[i] = vector.New(typ, 1), int16(i+1)
	}
	scan := x.Txn.LatestScan(kv.Span{Start: t.Prefix, End: keycodec.Successor(t.Prefix)}, kv.ScanOptions{})
	defer scan.Close()
	var rows kv.Batch
	for {
		if err := scan.Next(x.Context, &rows, 512); err != nil {
			return err
		}
		if rows.Len() == 0 {
			return nil
		}
		for k := range rows.Len() {
			for i, typ := range t.Types {
				values[i].Init(typ, 1)
			}
			if err := t.Decode(rows.Key(k), rows.Value(k), numbers, values, 0); err != nil {
				return err
			}
			if err := fn(values); err != nil {
				return err
			}
		}
	}
}

// unkey gives the rows of a table whose primary key is dropped their numbers as keys.
func (x *Executor) unkey(r *desc.Relation, index types.OID) error {
	old := r
	r = r.Clone()
	r.Primary = 0
	r.Indexes = without(r.Indexes, index)
	return x.rewrite(old, r, nil)
}
