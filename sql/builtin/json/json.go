// Package json is the kernels of json and jsonb: the manual's section 9.16 but for
// jsonpath and SQL/JSON.
//
// A json value is its text: what is taken out of it is shown as it was written. A
// jsonb value is package types/jsonb's form and is worked on where it lies.
//
// Invariant: whatever a kernel here writes as json is valid JSON.
package json

import (
	"datapunk/sql/function"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{}
	writers(t)
	builders(t)
	fields(t)
	documents(t)
	edits(t)
	casts(t)
	sets(t)
	records(t)
	return t
}

// texts reads a text array; null elements are nil.
func texts(v *vector.Vector, i int) ([]*string, []array.Dim, error) {
	a, err := array.Decode(v.Bytes(i), v.Type.Root().Elem)
	if err != nil {
		return nil, nil, err
	}
	list := make([]*string, a.N)
	for k := range list {
		if !a.Elems.Null(k) {
			s := string(a.Elems.Bytes(k))
			list[k] = &s
		}
	}
	return list, a.Dims, nil
}
