package ddl

import (
	"bytes"

	"datapunk/catalog/desc"
	"datapunk/executor/table"
	"datapunk/kv"
	"datapunk/types/keycodec"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

// Check compares a table with its indexes, and its rows with the rows they point to.
// What does not agree is reported, each thing once; an error means that the check could
// not go on.
func (x *Executor) Check(r *desc.Relation, report func(format string, args ...any)) error {
	t, err := table.Open(r, x.Writer.Snapshot())
	if err != nil {
		return err
	}
	checks, err := x.indexChecks(t, report)
	if err != nil {
		return err
	}
	cols := make([]*vector.Vector, len(t.Types))
	numbers := make([]int16, len(t.Types))
	for i, typ := range t.Types {
		cols[i], numbers[i] = vector.New(typ, 1), int16(i+1)
	}
	err = x.scan(t.Prefix, func(key, row []byte) error {
		for i, typ := range t.Types {
			cols[i].Init(typ, 1)
		}
		h, ok := rowcodec.ReadHeader(row)
		if !ok || t.Decode(key, row, numbers, cols, 0) != nil {
			report("table %s: the row at %x cannot be read", x.qualified(r), key)
			return nil
		}
		rowKey := t.RowKey(nil, cols, 0, h.Number)
		if !bytes.Equal(key[len(t.Prefix):], rowKey) {
			report("table %s: the row at %x belongs at %x", x.qualified(r), key[len(t.Prefix):], rowKey)
		}
		for _, c := range checks {
			if err := c.row(x, cols, rowKey); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range checks {
		entries := 0
		if err := x.scan(c.index.Prefix, func([]byte, []byte) error { entries++; return nil }); err != nil {
			return err
		}
		if entries != c.count && !c.reported {
			report("index %s has %d entries, its table %d rows for it", x.qualified(c.index.Desc), entries, c.count)
		}
	}
	for i := range r.ForeignKeys {
		f := &r.ForeignKeys[i]
		target := x.Writer.Snapshot().Relation(f.Target)
		if target == nil {
			report("foreign key %s of %s points to a table that is gone", f.Name, x.qualified(r))
		} else if err := x.validateForeign(r, target, f); err != nil && !f.NotValid {
			report("%v", err)
		}
	}
	return nil
}

// scan reads a storage as it was last committed.
func (x *Executor) scan(prefix []byte, fn func(key, value []byte) error) error {
	scan := x.Txn.LatestScan(kv.Span{Start: prefix, End: keycodec.Successor(prefix)}, kv.ScanOptions{})
	defer scan.Close()
	var batch kv.Batch
	for {
		if err := scan.Next(x.Context, &batch, 1024); err != nil || batch.Len() == 0 {
			return err
		}
		for i := range batch.Len() {
			if err := fn(batch.Key(i), batch.Value(i)); err != nil {
				return err
			}
		}
	}
}

// indexCheck follows one index through the rows of its table.
type indexCheck struct {
	*entries
	count    int // of entries, as there should be
	reported bool
	report   func(format string, args ...any)
}

func (x *Executor) indexChecks(t *table.Table, report func(string, ...any)) ([]*indexCheck, error) {
	cols, layout := x.storedColumns(t)
	var list []*indexCheck
	for _, index := range t.Indexes {
		if index.Desc.Index.Invalid {
			continue
		}
		e, err := x.entriesOf(index, cols, layout)
		if err != nil {
			return nil, err
		}
		c := &indexCheck{entries: e, report: report}
		list = append(list, c)
	}
	return list, nil
}

// row looks for the entry of one row.
func (c *indexCheck) row(x *Executor, cols []*vector.Vector, rowKey []byte) error {
	e, ok, err := c.of(cols, rowKey)
	if err != nil || !ok {
		return err
	}
	c.count++
	latest, err := x.Txn.Latest(x.Context, e.Key)
	if err != nil {
		return err
	}
	if !c.reported && (!latest.Found || !bytes.Equal(latest.Value, e.Value)) {
		c.reported = true
		c.report("index %s lacks the entry of the row at %x of its table, or has another", x.qualified(c.index.Desc), rowKey)
	}
	return nil
}
