package json

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/jsonb"
	"datapunk/types/vector"
)

// put writes a part of a json: as json, or as text with null for null.
func put(out *vector.Vector, i int, t *jsonb.Tree, asText bool) {
	switch {
	case t == nil || asText && t.Kind == jsonb.Null:
		out.SetNull(i)
	case asText:
		out.SetString(i, t.Value())
	default:
		out.SetString(i, t.Raw)
	}
}

// putB is put for jsonb.
func putB(out *vector.Vector, i int, b []byte, ok, asText bool) {
	switch {
	case !ok:
		out.SetNull(i)
	case asText:
		text, some := jsonb.AsText(nil, b)
		if !some {
			out.SetNull(i)
		} else {
			out.SetBytes(i, text)
		}
	default:
		out.SetBytes(i, b)
	}
}

// child returns an element by index, from the end if negative.
func child(t *jsonb.Tree, n int) *jsonb.Tree {
	if t.Kind != jsonb.Array {
		return nil
	}
	if n < 0 {
		n += len(t.Children)
	}
	if n < 0 || n >= len(t.Children) {
		return nil
	}
	return t.Children[n]
}

// follow walks a path of keys and indexes.
func follow(t *jsonb.Tree, path []*string) *jsonb.Tree {
	for _, step := range path {
		if step == nil {
			return nil
		}
		switch t.Kind {
		case jsonb.Object:
			t = t.Find(*step)
		case jsonb.Array:
			n, ok := jsonb.PathIndex(*step)
			if !ok {
				return nil
			}
			t = child(t, n)
		default:
			return nil
		}
		if t == nil {
			return nil
		}
	}
	return t
}

func fields(t function.Table) {
	for _, asText := range []bool{false, true} {
		suffix := ""
		if asText {
			suffix = "_text"
		}
		t["json_object_field"+suffix] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			tree, err := jsonb.ParseTree(args[0].String(i), true)
			if err != nil {
				return err
			}
			put(out, i, tree.Find(args[1].String(i)), asText)
			return nil
		})
		t["json_array_element"+suffix] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			tree, err := jsonb.ParseTree(args[0].String(i), true)
			if err != nil {
				return err
			}
			put(out, i, child(tree, int(loop.At[int32](args[1], i))), asText)
			return nil
		})
		t["json_extract_path"+suffix] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			path, _, err := texts(args[1], i)
			if err != nil {
				return err
			}
			tree, err := jsonb.ParseTree(args[0].String(i), true)
			if err != nil {
				return err
			}
			put(out, i, follow(tree, path), asText)
			return nil
		})
		t["jsonb_object_field"+suffix] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			b, ok := jsonb.Lookup(args[0].Bytes(i), args[1].String(i))
			putB(out, i, b, ok, asText)
			return nil
		})
		t["jsonb_array_element"+suffix] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			doc, n := args[0].Bytes(i), int(loop.At[int32](args[1], i))
			b, ok := jsonb.Index(doc, n)
			if jsonb.IsScalar(doc) && (n == 0 || n == -1) { // a scalar is an array of one here
				b, ok = doc, true
			}
			putB(out, i, b, ok, asText)
			return nil
		})
		t["jsonb_extract_path"+suffix] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			path, _, err := texts(args[1], i)
			if err != nil {
				return err
			}
			b, ok := args[0].Bytes(i), true
			for _, step := range path {
				if step == nil {
					ok = false
					break
				}
				if b, ok = jsonb.At(b, []string{*step}); !ok {
					break
				}
			}
			putB(out, i, b, ok, asText)
			return nil
		})
	}
}
