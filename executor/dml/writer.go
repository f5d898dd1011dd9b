// Package dml changes rows: INSERT, UPDATE, DELETE, with constraints, indexes and
// foreign keys.
//
// Locking (kv.I3): a row is written under the lock of its primary entry's key; a
// unique index entry under that of its key; a row that a foreign key points to is
// locked KeyShare by its referenced key, against deletion. Uniqueness is decided
// by a current read under the lock, so that it holds at every isolation level.
package dml

import (
	"bytes"
	"context"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

// Catalog is what changes need to know.
type Catalog interface {
	table.Catalog
	Schema(types.OID) *desc.Schema
}

// Writer puts rows of one table into storage.
type Writer struct {
	env     *op.Env
	catalog Catalog
	Table   *table.Table
	exprs   map[types.OID]*indexExprs
	layout  eval.Layout // of the new row's columns
	checks  []*eval.Eval
	change  *logical.Change
	gen     []*eval.Eval
	keys    []*foreignKey
	numbers uint64 // next row number allotted
	left    uint64
	buffer  []byte
	key     []byte
	bulk    *bulk // of an INSERT into a table made by the transaction, or nil
}

type indexExprs struct {
	keys      []*eval.Eval
	predicate *eval.Eval
}

// NewWriter opens a table for writing. cols are the columns by which expressions
// see the row.
func NewWriter(env *op.Env, catalog Catalog, change *logical.Change, cols []logical.Col, indexes []plan.IndexExprs) (*Writer, error) {
	t, err := table.Open(change.Table.Relation, catalog)
	if err != nil {
		return nil, err
	}
	w := &Writer{env: env, catalog: catalog, Table: t, exprs: map[types.OID]*indexExprs{}, layout: eval.Layout{}, change: change}
	for _, c := range cols {
		if c.Number > 0 {
			w.layout[c.ID] = int(c.Number) - 1
		}
	}
	for _, x := range indexes {
		e := &indexExprs{keys: make([]*eval.Eval, len(x.Keys))}
		if e.keys, err = op.Compile(x.Keys, w.layout, env); err != nil {
			return nil, err
		}
		if x.Predicate != nil {
			if e.predicate, err = eval.Compile(x.Predicate, w.layout, env.Env); err != nil {
				return nil, err
			}
		}
		w.exprs[x.Index] = e
	}
	for _, c := range change.Checks {
		e, err := eval.Compile(c.Expr, w.layout, env.Env)
		if err != nil {
			return nil, err
		}
		w.checks = append(w.checks, e)
	}
	for _, g := range change.Generated {
		e, err := eval.Compile(g.Expr, w.layout, env.Env)
		if err != nil {
			return nil, err
		}
		w.gen = append(w.gen, e)
	}
	for i := range t.Desc.ForeignKeys {
		k, err := newForeignKey(env, catalog, t, &t.Desc.ForeignKeys[i])
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, k)
	}
	return w, nil
}

// number allots a row number.
func (w *Writer) number() (uint64, error) {
	if w.left == 0 {
		const block = 64
		first, err := w.env.Session.NextRow(w.env.Context, w.Table.Desc.Storage, block)
		if err != nil {
			return 0, err
		}
		w.numbers, w.left = first, block
	}
	n := w.numbers
	w.numbers++
	w.left--
	return n, nil
}

// complete computes generated columns and checks NOT NULL and CHECK for row i; cols
// are by column number and written for generated ones.
func (w *Writer) complete(cols []*vector.Vector, i int) error {
	b := &vector.Batch{Cols: cols, N: i + 1}
	sel := []int32{int32(i)}
	for k, g := range w.gen {
		v, err := g.Run(b, sel)
		if err != nil {
			return plain(err)
		}
		place := w.change.Generated[k].Column - 1
		cols[place].Grow(i + 1)
		cols[place].Set(i, v, i)
	}
	rel := w.Table.Desc
	for k := range rel.Columns {
		if c := &rel.Columns[k]; c.NotNull && !c.Dropped && cols[k].Null(i) {
			e := pgerr.Newf(pgerr.NotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint", c.Name, rel.Name).
				WithDetail("Failing row contains %s.", w.rowText(cols, i)).On(w.schemaName(), rel.Name)
			e.Column = c.Name
			return e
		}
	}
	for k, c := range w.checks {
		v, err := c.Run(b, sel)
		if err != nil {
			return plain(err)
		}
		if j := v.Index(i); !v.Nulls.Get(j) && !vector.Of[bool](v)[j] {
			e := pgerr.Newf(pgerr.CheckViolation, "new row for relation \"%s\" violates check constraint \"%s\"", rel.Name, w.change.Checks[k].Name).
				WithDetail("Failing row contains %s.", w.rowText(cols, i)).On(w.schemaName(), rel.Name)
			e.Constraint = w.change.Checks[k].Name
			return e
		}
	}
	return nil
}

func (w *Writer) schemaName() string {
	if s := w.catalog.Schema(w.Table.Desc.Schema); s != nil {
		return s.Name
	}
	return ""
}

// rowText prints a row as errors do: (1, abc, null), long values cut at 64 bytes.
func (w *Writer) rowText(cols []*vector.Vector, i int) string {
	var parts []string
	for k := range w.Table.Desc.Columns {
		if w.Table.Desc.Columns[k].Dropped {
			continue
		}
		if cols[k].Null(i) {
			parts = append(parts, "null")
			continue
		}
		text := format.AppendText(nil, w.env.Format, cols[k], i)
		if len(text) > 64 {
			cut := 64
			for cut > 0 && text[cut]&0xc0 == 0x80 {
				cut--
			}
			text = append(text[:cut:cut], "..."...)
		}
		parts = append(parts, string(text))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func plain(err error) error {
	if re, ok := err.(*vector.RowError); ok {
		return re.Err
	}
	return err
}

// indexKeys computes an index's key columns of row i; applies is false if its
// predicate leaves the row out.
func (w *Writer) indexKeys(x *table.Index, cols []*vector.Vector, i int) (keys []*vector.Vector, applies bool, err error) {
	e := w.exprs[x.Desc.OID]
	b := &vector.Batch{Cols: cols, N: i + 1}
	sel := []int32{int32(i)}
	if e != nil && e.predicate != nil {
		v, err := e.predicate.Run(b, sel)
		if err != nil {
			return nil, false, plain(err)
		}
		if j := v.Index(i); v.Nulls.Get(j) || !vector.Of[bool](v)[j] {
			return nil, false, nil
		}
	}
	keys = make([]*vector.Vector, len(x.Keys))
	for k, c := range x.Keys {
		if c.Number != 0 {
			keys[k] = cols[c.Number-1]
			continue
		}
		v, err := e.keys[k].Run(b, sel)
		if err != nil {
			return nil, false, plain(err)
		}
		keys[k] = v
	}
	return keys, true, nil
}

// conflict is a unique index that a new row collides with.
type conflict struct {
	index *table.Index // nil: the primary key
	key   []byte       // of the row it collides with
}

// insert writes row i. With arbiters (ON CONFLICT), a collision with one of them is
// returned instead of raised; nil arbiters with any = true means all.
func (w *Writer) insert(cols []*vector.Vector, i int, arbiters map[types.OID]bool, any bool) (*conflict, error) {
	number, err := w.number()
	if err != nil {
		return nil, err
	}
	if w.bulk != nil {
		return nil, w.load(cols, i, number)
	}
	return w.put(cols, i, number, arbiters, any)
}

func (w *Writer) put(cols []*vector.Vector, i int, number uint64, arbiters map[types.OID]bool, any bool) (*conflict, error) {
	ctx := w.env.Context
	wait := kv.Wait{Timeout: w.env.LockTimeout}
	rowKey := w.Table.RowKey(nil, cols, i, number)
	key := append(append([]byte(nil), w.Table.Prefix...), rowKey...)
	if err := w.env.Txn.LockRow(ctx, key, kv.Exclusive, wait); err != nil {
		return nil, err
	}
	if w.Table.Primary != nil {
		latest, err := w.env.Txn.Latest(ctx, key)
		if err != nil {
			return nil, err
		}
		if latest.Found {
			oid := w.Table.Primary.Desc.OID
			if any || arbiters[oid] {
				return &conflict{nil, key}, nil
			}
			return nil, w.duplicate(w.Table.Primary, cols, cols, i)
		}
	}
	if any || len(arbiters) > 0 {
		for _, x := range w.Table.Indexes {
			if x.Later != nil && (any || arbiters[x.Desc.OID]) {
				e := pgerr.New(pgerr.ObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters").
					On(w.schemaName(), w.Table.Desc.Name)
				e.Constraint = x.Desc.Name
				return nil, e
			}
		}
	}
	entries := make([]table.Entry, 0, len(w.Table.Indexes))
	for _, x := range w.Table.Indexes {
		keys, applies, err := w.indexKeys(x, cols, i)
		if err != nil {
			return nil, err
		}
		if !applies {
			continue
		}
		e := x.Entry(keys, cols, i, rowKey)
		if c, err := w.unique(ctx, x, e, keys, cols, i, wait, arbiters, any); c != nil || err != nil {
			return c, err
		}
		entries = append(entries, e)
	}
	for _, k := range w.keys {
		if err := k.check(cols, i); err != nil {
			return nil, err
		}
	}
	w.buffer = w.Table.Codec.Encode(w.buffer[:0], rowcodec.Header{XMin: uint32(w.env.Txn.XID()), Number: number}, cols[:len(w.Table.Types)], i)
	if err := w.env.Txn.Put(key, w.buffer); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := w.env.Txn.Put(e.Key, e.Value); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// unique locks a unique entry's key and looks whether it is taken.
func (w *Writer) unique(ctx context.Context, x *table.Index, e table.Entry, keys, cols []*vector.Vector, i int, wait kv.Wait, arbiters map[types.OID]bool, any bool) (*conflict, error) {
	if !x.Unique || e.HasNull && !x.Desc.Index.NullsEqual {
		// Entries of their own row need no lock: nobody else writes them.
		if err := w.later(x, e, keys, i); err != nil {
			return nil, err
		}
		return nil, w.env.Txn.LockRow(ctx, e.Key, kv.Exclusive, wait)
	}
	if err := w.env.Txn.LockRow(ctx, e.Key, kv.Exclusive, wait); err != nil {
		return nil, err
	}
	latest, err := w.env.Txn.Latest(ctx, e.Key)
	if err != nil || !latest.Found {
		return nil, err
	}
	other, _, ok := table.RowKeyOf(latest.Value)
	if !ok {
		return nil, kv.ErrCorrupt
	}
	if any || arbiters[x.Desc.OID] {
		return &conflict{x, append(append([]byte(nil), w.Table.Prefix...), other...)}, nil
	}
	return nil, w.duplicate(x, keys, cols, i)
}

// duplicate is the error of a unique violation.
func (w *Writer) duplicate(x *table.Index, keys, cols []*vector.Vector, i int) error {
	vals := keys
	if x == w.Table.Primary {
		vals = make([]*vector.Vector, len(x.Keys))
		for k, c := range x.Keys {
			vals[k] = cols[c.Number-1]
		}
	}
	return w.duplicateOf(x, vals, i)
}

// duplicateOf is the error of a unique index, by the values of its key.
func (w *Writer) duplicateOf(x *table.Index, vals []*vector.Vector, i int) error {
	e := pgerr.Newf(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", x.Desc.Name).
		WithDetail("Key (%s)=(%s) already exists.", w.keyNames(x), w.valueText(vals, i)).On(w.schemaName(), w.Table.Desc.Name)
	e.Constraint = x.Desc.Name
	return e
}

func (w *Writer) keyNames(x *table.Index) string {
	var parts []string
	for k, c := range x.Keys {
		if c.Number != 0 {
			parts = append(parts, format.QuoteIdent(w.Table.Desc.Columns[c.Number-1].Name))
		} else {
			parts = append(parts, keyText(w.env.Names, x.Desc, k))
		}
	}
	return strings.Join(parts, ", ")
}

// keyText prints an expression that is an index key as PostgreSQL's errors do.
func keyText(names function.Names, index *desc.Relation, k int) string {
	text, ok, err := names.Definition("index", index.OID, k+1, true)
	if err != nil || !ok {
		return index.Index.Keys[k].Name
	}
	return text
}

func (w *Writer) valueText(vals []*vector.Vector, i int) string { return valueText(w.env, vals, i) }

func valueText(env *op.Env, vals []*vector.Vector, i int) string {
	var parts []string
	for _, v := range vals {
		if v.Null(i) {
			parts = append(parts, "null")
		} else {
			parts = append(parts, string(format.AppendText(nil, env.Format, v, i)))
		}
	}
	return strings.Join(parts, ", ")
}

// remove deletes row i (old values) that lies under key; moved, if not nil, is
// where it lives on.
func (w *Writer) remove(key []byte, old []*vector.Vector, i int, moved []byte) error {
	rowKey := key[len(w.Table.Prefix):]
	for _, x := range w.Table.Indexes {
		keys, applies, err := w.indexKeys(x, old, i)
		if err != nil {
			return err
		}
		if !applies {
			continue
		}
		if err := w.removeEntry(x, x.Entry(keys, old, i, rowKey), rowKey); err != nil {
			return err
		}
	}
	return w.env.Txn.Delete(key, moved)
}

// removeEntry deletes a row's entry. A unique index that is being built may not have
// it yet, and under its key have that of another row.
func (w *Writer) removeEntry(x *table.Index, e table.Entry, rowKey []byte) error {
	ctx := w.env.Context
	if err := w.env.Txn.LockRow(ctx, e.Key, kv.Exclusive, kv.Wait{Timeout: w.env.LockTimeout}); err != nil {
		return err
	}
	if x.Unique && x.Desc.Index.Invalid {
		latest, err := w.env.Txn.Latest(ctx, e.Key)
		if err != nil || !latest.Found {
			return err
		}
		if other, _, ok := table.RowKeyOf(latest.Value); !ok {
			return kv.ErrCorrupt
		} else if !bytes.Equal(other, rowKey) {
			return nil
		}
	}
	return w.env.Txn.Delete(e.Key, nil)
}

// replace writes row i of cols over the row old under key.
func (w *Writer) replace(key []byte, old, cols []*vector.Vector, i int, number uint64) error {
	ctx := w.env.Context
	wait := kv.Wait{Timeout: w.env.LockTimeout}
	rowKey := key[len(w.Table.Prefix):]
	newKey := w.Table.RowKey(nil, cols, i, number)
	if !bytes.Equal(rowKey, newKey) {
		full := append(append([]byte(nil), w.Table.Prefix...), newKey...)
		if err := w.remove(key, old, i, full); err != nil {
			return err
		}
		_, err := w.put(cols, i, number, nil, false)
		return err
	}
	for _, x := range w.Table.Indexes {
		was, wasIn, err := w.indexKeys(x, old, i)
		if err != nil {
			return err
		}
		var oldEntry table.Entry
		if wasIn {
			oldEntry = x.Entry(was, old, i, rowKey)
		}
		is, isIn, err := w.indexKeys(x, cols, i)
		if err != nil {
			return err
		}
		var entry table.Entry
		if isIn {
			entry = x.Entry(is, cols, i, rowKey)
		}
		same := wasIn && isIn && bytes.Equal(oldEntry.Key, entry.Key)
		if same && bytes.Equal(oldEntry.Value, entry.Value) {
			continue
		}
		same = same && !(x.Unique && x.Desc.Index.Invalid) // the key may be another row's
		if wasIn && !same {
			if err := w.removeEntry(x, oldEntry, rowKey); err != nil {
				return err
			}
		}
		if isIn {
			if same {
				if err := w.env.Txn.LockRow(ctx, entry.Key, kv.Exclusive, wait); err != nil {
					return err
				}
			} else if _, err := w.unique(ctx, x, entry, is, cols, i, wait, nil, false); err != nil {
				return err
			}
			if err := w.env.Txn.Put(entry.Key, entry.Value); err != nil {
				return err
			}
		}
	}
	for _, k := range w.keys {
		if k.changed(old, cols, i) {
			if err := k.check(cols, i); err != nil {
				return err
			}
		}
	}
	w.buffer = w.Table.Codec.Encode(w.buffer[:0], rowcodec.Header{XMin: uint32(w.env.Txn.XID()), Number: number}, cols[:len(w.Table.Types)], i)
	return w.env.Txn.Put(key, w.buffer)
}

// sameDatum compares two values as they lie.
func sameDatum(a *vector.Vector, i int, b *vector.Vector, j int) bool {
	an, bn := a.Null(i), b.Null(j)
	if an || bn {
		return an && bn
	}
	return bytes.Equal(vector.AppendDatum(nil, a, i), vector.AppendDatum(nil, b, j))
}
