package json

import (
	"strconv"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/jsonb"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// document reads a json or jsonb argument as a tree.
func document(v *vector.Vector, i int) (*jsonb.Tree, error) {
	if v.Type.Root() == types.JSONB {
		return jsonb.ParseTree(string(jsonb.AppendText(nil, v.Bytes(i))), true)
	}
	return jsonb.ParseTree(v.String(i), true)
}

// filler fills fields of SQL types from JSON.
type filler struct {
	env  *function.Env
	path []string // keys down to the value, for hints
}

func (f *filler) hint(dims int) string {
	if len(f.path) == 0 {
		return ""
	}
	return "See the value of key \"" + f.path[len(f.path)-1] + "\"."
}

// field writes a JSON value (nil: none) as a value of a type to row i of out.
func (f *filler) field(t *types.Type, mod int32, tree *jsonb.Tree, out *vector.Vector, i int) error {
	if tree == nil || tree.Kind == jsonb.Null {
		if root := t.Root(); tree == nil || root != types.JSON && root != types.JSONB {
			out.SetNull(i)
			return nil
		}
	}
	root := t.Root()
	switch {
	case root == types.JSON:
		out.SetString(i, tree.Raw)
		return nil
	case root == types.JSONB:
		b, err := jsonb.Parse(tree.Raw)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	case root.IsArray() && tree.Kind != jsonb.String:
		return f.array(root, mod, tree, out, i)
	case root.Kind == types.Composite && tree.Kind != jsonb.String:
		b, err := f.record(root.Fields, tree, nil)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	}
	return format.ParseText(f.env.Format, t, mod, tree.Value(), out, i)
}

func (f *filler) expectArray() error {
	e := pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array")
	if h := f.hint(0); h != "" {
		e.Hint = h
	}
	return e
}

func (f *filler) array(t *types.Type, mod int32, tree *jsonb.Tree, out *vector.Vector, i int) error {
	if tree.Kind != jsonb.Array {
		return f.expectArray()
	}
	var leaves []*jsonb.Tree
	// The first element says how deep arrays go.
	depth := 0
	for at := tree; at.Kind == jsonb.Array && depth < array.MaxDims; depth++ {
		if len(at.Children) == 0 {
			depth++
			break
		}
		at = at.Children[0]
	}
	if t.Elem.Root() == types.JSON || t.Elem.Root() == types.JSONB {
		depth = 1
	}
	dims := make([]array.Dim, depth)
	var walk func(at *jsonb.Tree, level int) error
	walk = func(at *jsonb.Tree, level int) error {
		if level == depth {
			leaves = append(leaves, at)
			return nil
		}
		if at.Kind != jsonb.Array {
			return f.expectArray()
		}
		n := int32(len(at.Children))
		if dims[level].Lower == 0 {
			dims[level] = array.Dim{Length: n, Lower: 1}
		} else if dims[level].Length != n {
			return pgerr.New(pgerr.InvalidTextRepresentation, "malformed JSON array").
				WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
		}
		for _, c := range at.Children {
			if err := walk(c, level+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(tree, 0); err != nil {
		return err
	}
	if _, err := array.Count(dims); err != nil {
		return err
	}
	elems := vector.New(t.Elem, len(leaves))
	for k, leaf := range leaves {
		if err := f.field(t.Elem, mod, leaf, elems, k); err != nil {
			return err
		}
	}
	out.SetBytes(i, array.Append(nil, t.Elem.OID, dims, elems, vector.Sequence(nil, len(leaves))))
	return nil
}

// record makes a record of an object; fields that it lacks come from base, if any.
func (f *filler) record(list []types.Field, tree *jsonb.Tree, base []*vector.Vector) ([]byte, error) {
	cols, err := f.columns(list, tree, base)
	if err != nil {
		return nil, err
	}
	return record.Append(nil, cols, 0), nil
}

func (f *filler) columns(list []types.Field, tree *jsonb.Tree, base []*vector.Vector) ([]*vector.Vector, error) {
	switch {
	case tree.Kind == jsonb.Array:
		return nil, invalid("cannot call populate_composite on an array")
	case tree.Kind != jsonb.Object:
		return nil, invalid("cannot call populate_composite on a scalar")
	}
	cols := make([]*vector.Vector, len(list))
	for k, field := range list {
		cols[k] = vector.New(field.Type, 1)
		value := tree.Find(field.Name)
		if value == nil && k < len(base) {
			cols[k] = base[k]
			continue
		}
		f.path = append(f.path, field.Name)
		if err := f.field(field.Type, field.Mod, value, cols[k], 0); err != nil {
			return nil, err
		}
		f.path = f.path[:len(f.path)-1]
	}
	return cols, nil
}

// shape is the fields of a call's result: of the composite, of the list of column
// definitions, or else those of the record to begin with.
func shape(c *function.Call, base []*vector.Vector) ([]types.Field, error) {
	if len(c.Columns) > 0 {
		return c.Columns, nil
	}
	if t := c.Return.Root(); len(t.Fields) > 0 {
		return t.Fields, nil
	}
	if len(base) > 0 {
		fields := make([]types.Field, len(base))
		for k, v := range base {
			fields[k] = types.Field{Name: "f" + strconv.Itoa(k+1), Type: v.Type, Mod: -1}
		}
		return fields, nil
	}
	return nil, pgerr.New(pgerr.FeatureNotSupported, "could not determine row type for result of "+c.Func.Name).
		WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
}

// baseRow reads the record of a populate function's first argument.
func baseRow(c *function.Call, v *vector.Vector, i int) ([]*vector.Vector, error) {
	if v.Null(i) {
		return nil, nil
	}
	return record.Decode(v.Bytes(i), Writer{c.Env}.typeByOID)
}

func records(t function.Table) {
	populate := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[1].Null(i) {
			out.Set(i, args[0], i)
			return nil
		}
		base, err := baseRow(c, args[0], i)
		if err != nil {
			return err
		}
		fields, err := shape(c, base)
		if err != nil {
			return err
		}
		tree, err := document(args[1], i)
		if err != nil {
			return err
		}
		b, err := (&filler{env: c.Env}).record(fields, tree, base)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
	toRecord := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		fields, err := shape(c, nil)
		if err != nil {
			return err
		}
		tree, err := document(args[0], i)
		if err != nil {
			return err
		}
		b, err := (&filler{env: c.Env}).record(fields, tree, nil)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
	for _, prefix := range []string{"json", "jsonb"} {
		t[prefix+"_populate_record"], t[prefix+"_to_record"] = populate, toRecord
		t[prefix+"_populate_recordset"] = recordset(prefix+"_populate_recordset", 1)
		t[prefix+"_to_recordset"] = recordset(prefix+"_to_recordset", 0)
	}
}

// recordset makes a row of each object of an array, which is argument at.
func recordset(name string, at int) function.Impl {
	return function.Impl{Set: func(c *function.Call, args []*vector.Vector) (function.Rows, error) {
		if args[at].Null(0) {
			return nil, nil
		}
		var base []*vector.Vector
		if at == 1 {
			var err error
			if base, err = baseRow(c, args[0], 0); err != nil {
				return nil, err
			}
		}
		fields, err := shape(c, base)
		if err != nil {
			return nil, err
		}
		tree, err := document(args[at], 0)
		if err != nil {
			return nil, err
		}
		switch {
		case tree.Kind == jsonb.Object:
			return nil, invalid("cannot call " + name + " on an object")
		case tree.Kind != jsonb.Array:
			return nil, invalid("cannot call " + name + " on a scalar")
		}
		for _, child := range tree.Children {
			if child.Kind != jsonb.Object {
				return nil, invalid("argument of " + name + " must be an array of objects")
			}
		}
		columns := make([]*types.Type, len(fields))
		for k, field := range fields {
			columns[k] = field.Type
		}
		next := 0
		return &loop.Lines{Types: columns, Fill: func(cols []*vector.Vector, max int) (int, error) {
			n := 0
			for ; n < max && next < len(tree.Children); n++ {
				row, err := (&filler{env: c.Env}).columns(fields, tree.Children[next], base)
				if err != nil {
					return n, err
				}
				next++
				for k, v := range row {
					cols[k].Set(n, v, 0)
				}
			}
			return n, nil
		}}, nil
	}}
}
