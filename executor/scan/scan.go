// Package scan has the leaves: base tables by storage order and by index, the
// catalog's own tables, VALUES, function calls and rows kept before.
package scan

import (
	"bytes"

	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/kv"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/types"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// Table reads a base table.
type Table struct {
	env    *op.Env
	node   *plan.Scan
	table  *table.Table
	index  *table.Index // nil: the rows themselves
	keys   []*eval.Eval
	low    *eval.Eval
	high   *eval.Eval
	in     *eval.Eval
	filter []*eval.Eval

	spans   []kv.Span
	scanner kv.Scanner
	rows    kv.Batch
	batch   *vector.Batch
	sel     []int32
	key     []byte
	held    error
	point   []byte // the one key, of a lookup by primary key
	form    []byte // of the key that is looked for in a hash index
	last    []byte // key of the last row read, if they were asked for singly
}

// Current is the key of the last row given, of one that was asked for alone.
func (s *Table) Current() []byte { return s.last }

// NewTable opens a scan node.
func NewTable(env *op.Env, node *plan.Scan, catalog table.Catalog) (*Table, error) {
	t, err := table.Open(node.Table, catalog)
	if err != nil {
		return nil, err
	}
	s := &Table{env: env, node: node, table: t}
	if node.Index != nil {
		if node.Index.OID == node.Table.Primary {
			s.index = nil
		} else {
			for _, x := range t.Indexes {
				if x.Desc.OID == node.Index.OID {
					s.index = x
				}
			}
		}
	}
	// Bounds are over outer columns only.
	if s.keys, err = op.Compile(node.Keys, nil, env); err != nil {
		return nil, err
	}
	for _, b := range []struct {
		from *plan.Bound
		to   **eval.Eval
	}{{node.Low, &s.low}, {node.High, &s.high}} {
		if b.from != nil {
			if *b.to, err = eval.Compile(b.from.Expr, nil, env.Env); err != nil {
				return nil, err
			}
		}
	}
	if node.In != nil {
		if s.in, err = eval.Compile(node.In, nil, env.Env); err != nil {
			return nil, err
		}
	}
	layout := eval.Layout{}
	var cols []*types.Type
	for i, c := range node.Out {
		layout[c.ID] = i
		cols = append(cols, c.T)
	}
	if s.filter, err = op.Compile(node.Filter, layout, env); err != nil {
		return nil, err
	}
	s.batch = vector.NewBatch(cols, 1)
	return s, nil
}

// keyColumns are the key's columns of what is scanned.
func (s *Table) keyColumns() ([]table.KeyColumn, []byte) {
	if s.index != nil {
		return s.index.Keys, s.index.Prefix
	}
	return s.table.Key, s.table.Prefix
}

// Open computes the bounds.
func (s *Table) Open() error {
	s.Close()
	s.spans, s.point, s.held = s.spans[:0], nil, nil
	cols, prefix := s.keyColumns()
	if s.node.Cursor != "" {
		var err error
		s.point, err = s.env.Session.CurrentRow(s.node.Cursor, s.node.Table.OID, s.node.Table.Name)
		return err
	}
	if s.node.Index == nil {
		s.spans = append(s.spans, kv.Span{Start: prefix, End: keycodec.Successor(prefix)})
		return nil
	}
	key := append(s.key[:0], prefix...)
	for i, k := range s.keys {
		v, err := k.Value()
		if err != nil {
			return err
		}
		v, where := fit(v, cols[i].Type)
		if v.Null(0) || where != within {
			return nil // nothing equals NULL, or a number out of the key's range
		}
		key = keycodec.Append(key, cols[i].Column, v, 0)
	}
	s.key = key
	if s.index != nil && s.index.Hash {
		s.form = append(s.form[:0], key[len(prefix):]...)
		start := s.index.HashKey(nil, s.form)
		s.spans = append(s.spans, kv.Span{Start: start, End: keycodec.Successor(start)})
		return nil
	}
	if s.in != nil {
		return s.openIn(key, cols[len(s.keys)])
	}
	if s.node.Unique && s.index == nil {
		s.point = key
		return nil
	}
	return s.openRange(key, cols)
}

// openRange bounds the next key column by Low and High.
func (s *Table) openRange(key []byte, cols []table.KeyColumn) error {
	span := kv.Span{Start: key, End: keycodec.Successor(key)}
	if s.low != nil || s.high != nil {
		c := cols[len(s.keys)]
		from, to := keycodec.NotNull()
		base := append([]byte(nil), key...)
		span = kv.Span{Start: append(base[:len(base):len(base)], from), End: append(base[:len(base):len(base)], to)}
		// In key order; DESC columns have swapped them in the plan.
		if s.low != nil {
			empty, err := bound(s.low, c, base, s.node.Low.Inclusive, true, &span)
			if err != nil || empty {
				return err
			}
		}
		if s.high != nil {
			empty, err := bound(s.high, c, base, s.node.High.Inclusive, false, &span)
			if err != nil || empty {
				return err
			}
		}
	}
	if span.End == nil || bytes.Compare(span.Start, span.End) < 0 {
		s.spans = append(s.spans, span)
	}
	return nil
}

// bound narrows a span at one end; empty means that nothing can match.
func bound(e *eval.Eval, c table.KeyColumn, base []byte, inclusive, low bool, span *kv.Span) (empty bool, err error) {
	v, err := e.Value()
	if err != nil {
		return false, err
	}
	v, where := fit(v, c.Type)
	if v.Null(0) {
		return true, nil
	}
	above := where == tooLarge
	if c.Desc {
		above = where == tooSmall
	}
	if where != within {
		// Past the key's range: the bound excludes everything or nothing.
		return low == above, nil
	}
	form := keycodec.Append(base[:len(base):len(base)], c.Column, v, 0)
	switch {
	case low && inclusive:
		span.Start = form
	case low:
		span.Start = keycodec.Successor(form)
	case inclusive:
		span.End = keycodec.Successor(form)
	default:
		span.End = form
	}
	return false, nil
}

func (s *Table) openIn(key []byte, c table.KeyColumn) error {
	v, err := s.in.Value()
	if err != nil {
		return err
	}
	if v.Null(0) {
		return nil
	}
	forms, err := inForms(v, c, key)
	if err != nil {
		return err
	}
	for _, f := range forms {
		s.spans = append(s.spans, kv.Span{Start: f, End: keycodec.Successor(f)})
	}
	if s.node.Reverse {
		for i, j := 0, len(s.spans)-1; i < j; i, j = i+1, j-1 {
			s.spans[i], s.spans[j] = s.spans[j], s.spans[i]
		}
	}
	return nil
}

// Next reads, decodes and filters a batch.
func (s *Table) Next(budget int) (*vector.Batch, error) {
	if s.held != nil {
		return nil, s.held
	}
	budget = min(budget, vector.Size)
	ctx := s.env.Context
	if s.point != nil {
		key := s.point
		s.point = nil
		row, found, err := s.env.View.Get(ctx, key)
		if !found && err == nil && s.node.Cursor != "" {
			key, row, found, err = s.moved(key)
		}
		if err != nil || !found {
			return nil, err
		}
		s.last = append(s.last[:0], key...)
		s.reset(1)
		if err := s.decode(key, row, 0); err != nil {
			return nil, err
		}
		s.batch.N = 1
		if s.sel, err = s.filterRows(); err != nil {
			return nil, err
		}
		if len(s.sel) == 0 {
			if s.held != nil {
				return nil, s.held
			}
			return nil, nil
		}
		return s.batch, nil
	}
	for {
		if s.scanner == nil {
			if len(s.spans) == 0 {
				return nil, nil
			}
			s.scanner = s.env.View.Scan(s.spans[0], kv.ScanOptions{Reverse: s.node.Reverse, Limit: budget})
			s.spans = s.spans[1:]
		}
		if err := s.scanner.Next(ctx, &s.rows, budget); err != nil {
			return nil, err
		}
		n := s.rows.Len()
		if n == 0 {
			s.scanner.Close()
			s.scanner = nil
			continue
		}
		s.reset(n)
		kept := 0
		for i := range n {
			key, row := s.rows.Key(i), s.rows.Value(i)
			if s.index != nil {
				rowKey, rest, ok := table.RowKeyOf(row)
				if !ok {
					return nil, kv.ErrCorrupt
				}
				if s.index.Hash && !bytes.Equal(rest, s.form) {
					continue
				}
				if budget == 1 {
					s.last = append(append(s.last[:0], s.table.Prefix...), rowKey...)
				}
				if s.node.IndexOnly && !s.node.RowMark {
					if err := s.index.Covered(key, rest, s.node.Numbers, s.batch.Cols, kept); err != nil {
						return nil, err
					}
					kept++
					continue
				}
				s.key = append(append(s.key[:0], s.table.Prefix...), rowKey...)
				key = s.key
				var found bool
				var err error
				if row, found, err = s.env.View.Get(ctx, key); err != nil {
					return nil, err
				}
				if !found {
					continue
				}
			}
			if budget == 1 {
				s.last = append(s.last[:0], key...)
			}
			if err := s.decode(key, row, kept); err != nil {
				return nil, err
			}
			kept++
		}
		s.batch.N = kept
		if kept == 0 {
			continue
		}
		var err error
		if s.sel, err = s.filterRows(); err != nil {
			return nil, err
		}
		if len(s.sel) > 0 {
			return s.batch, nil
		}
		if s.held != nil {
			return nil, s.held
		}
		if err := s.env.Interrupt(); err != nil {
			return nil, err
		}
	}
}

// moved follows a row whose key has changed since a cursor read it.
func (s *Table) moved(key []byte) (to, row []byte, found bool, err error) {
	for {
		latest, err := s.env.Txn.Latest(s.env.Context, key)
		if err != nil || latest.Found || latest.Moved == nil {
			return nil, nil, false, err
		}
		key = bytes.Clone(latest.Moved)
		if row, found, err = s.env.View.Get(s.env.Context, key); found || err != nil {
			return key, row, found, err
		}
	}
}

func (s *Table) reset(n int) {
	for i, c := range s.node.Out {
		s.batch.Cols[i].Init(c.T, n)
	}
	s.batch.N, s.batch.Sel = 0, nil
}

func (s *Table) decode(key, row []byte, i int) error {
	if err := s.table.Decode(key, row, s.node.Numbers, s.batch.Cols, i); err != nil {
		return err
	}
	if s.node.RowMark {
		s.batch.Cols[len(s.node.Numbers)].SetBytes(i, key)
	}
	return nil
}

// filterRows narrows the batch to the rows that the conditions keep.
func (s *Table) filterRows() ([]int32, error) {
	if len(s.filter) == 0 {
		s.batch.Sel = nil
		return vector.Sequence(s.sel, s.batch.N), nil
	}
	sel, held, err := filter(s.filter, s.batch, s.sel)
	s.held = held
	s.batch.Sel = sel
	return sel, err
}

// filter narrows a batch; an evaluation error is held back behind the rows before it.
func filter(conds []*eval.Eval, b *vector.Batch, buffer []int32) ([]int32, error, error) {
	if cap(buffer) < vector.Size {
		buffer = make([]int32, 0, vector.Size)
	}
	sel, err := eval.Filter(conds, b, vector.Sequence(nil, b.N), buffer)
	if err != nil {
		return op.Cut(sel, err)
	}
	return sel, nil, nil
}

// Close ends the scan.
func (s *Table) Close() {
	if s.scanner != nil {
		s.scanner.Close()
		s.scanner = nil
	}
}
