package ddl

import (
	"datapunk/executor/table"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types/vector"
)

// entries makes an index's entries of rows, one at a time.
type entries struct {
	index     *table.Index
	keys      []*eval.Eval // of the keys that are expressions
	predicate *eval.Eval   // nil: every row has an entry
}

func (x *Executor) entriesOf(index *table.Index, cols []logical.Col, layout eval.Layout) (*entries, error) {
	e := &entries{index: index, keys: make([]*eval.Eval, len(index.Keys))}
	def := index.Desc.Index
	var err error
	for i, k := range index.Keys {
		if k.Number == 0 {
			if e.keys[i], err = x.compileStored(def.Keys[i].Expr, cols, layout); err != nil {
				return nil, err
			}
		}
	}
	if def.Predicate != "" {
		e.predicate, err = x.compileStored(def.Predicate, cols, layout)
	}
	return e, err
}

// of gives the entry of a row; ok is false if it has none.
func (e *entries) of(cols []*vector.Vector, rowKey []byte) (entry table.Entry, ok bool, err error) {
	one, sel := &vector.Batch{Cols: cols, N: 1}, []int32{0}
	if e.predicate != nil {
		v, err := e.predicate.Run(one, sel)
		if err != nil || v.Null(0) || !vector.Of[bool](v)[v.Index(0)] {
			return entry, false, err
		}
	}
	keys := make([]*vector.Vector, len(e.index.Keys))
	for i, k := range e.index.Keys {
		if k.Number != 0 {
			keys[i] = cols[k.Number-1]
		} else if keys[i], err = e.keys[i].Run(one, sel); err != nil {
			return entry, false, err
		}
	}
	return e.index.Entry(keys, cols, 0, rowKey), true, nil
}

// compileStored compiles a stored expression over a table's columns.
func (x *Executor) compileStored(text string, cols []logical.Col, layout eval.Layout) (*eval.Eval, error) {
	e, err := x.Bind("", x.Writer.Snapshot(), nil, false).Stored(text, cols)
	if err != nil {
		return nil, err
	}
	return eval.Compile(e, layout, &eval.Env{Env: x.Env})
}
