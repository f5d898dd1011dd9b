package json

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/jsonb"
	"datapunk/types/vector"
)

func invalid(text string) error { return pgerr.New(pgerr.InvalidParameterValue, text) }

// list is a set made of rows known beforehand.
func list(columns []*types.Type, n int, write func(cols []*vector.Vector, at, k int)) function.Rows {
	done := 0
	return &loop.Lines{Types: columns, Fill: func(cols []*vector.Vector, max int) (int, error) {
		count := min(max, n-done)
		for at := range count {
			write(cols, at, done+at)
		}
		done += count
		return count, nil
	}}
}

func sets(t function.Table) {
	one := []*types.Type{types.Text}
	for _, asText := range []bool{false, true} {
		suffix, textType, binaryType := "", types.JSON, types.JSONB
		if asText {
			suffix, textType, binaryType = "_text", types.Text, types.Text
		}
		t["json_array_elements"+suffix] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
			tree, err := jsonb.ParseTree(args[0].String(0), true)
			if err != nil {
				return nil, err
			}
			switch {
			case tree.Kind == jsonb.Object:
				return nil, invalid("cannot call json_array_elements" + suffix + " on a non-array")
			case tree.Kind != jsonb.Array:
				return nil, invalid("cannot call json_array_elements" + suffix + " on a scalar")
			}
			return list([]*types.Type{textType}, len(tree.Children), func(cols []*vector.Vector, at, k int) {
				put(cols[0], at, tree.Children[k], asText)
			}), nil
		}}
		t["jsonb_array_elements"+suffix] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
			b := args[0].Bytes(0)
			switch {
			case jsonb.IsScalar(b):
				return nil, invalid("cannot extract elements from a scalar")
			case jsonb.KindOf(b) == jsonb.Object:
				return nil, invalid("cannot extract elements from an object")
			}
			elems := jsonb.Elems(b)
			return list([]*types.Type{binaryType}, len(elems), func(cols []*vector.Vector, at, k int) {
				putB(cols[0], at, elems[k], true, asText)
			}), nil
		}}
		t["json_each"+suffix] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
			tree, err := jsonb.ParseTree(args[0].String(0), true)
			if err != nil {
				return nil, err
			}
			switch {
			case tree.Kind == jsonb.Array:
				return nil, invalid("cannot deconstruct an array as an object")
			case tree.Kind != jsonb.Object:
				return nil, invalid("cannot deconstruct a scalar")
			}
			return list([]*types.Type{types.Text, textType}, len(tree.Children), func(cols []*vector.Vector, at, k int) {
				cols[0].SetString(at, tree.Children[k].Key)
				put(cols[1], at, tree.Children[k], asText)
			}), nil
		}}
		t["jsonb_each"+suffix] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
			b := args[0].Bytes(0)
			if jsonb.KindOf(b) != jsonb.Object {
				return nil, invalid("cannot call jsonb_each" + suffix + " on a non-object")
			}
			pairs := jsonb.Pairs(b)
			return list([]*types.Type{types.Text, binaryType}, len(pairs), func(cols []*vector.Vector, at, k int) {
				cols[0].SetString(at, pairs[k].Key)
				putB(cols[1], at, pairs[k].Value, true, asText)
			}), nil
		}}
	}
	t["json_object_keys"] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
		tree, err := jsonb.ParseTree(args[0].String(0), true)
		if err != nil {
			return nil, err
		}
		if err := objectOnly("json_object_keys", tree.Kind); err != nil {
			return nil, err
		}
		return list(one, len(tree.Children), func(cols []*vector.Vector, at, k int) { cols[0].SetString(at, tree.Children[k].Key) }), nil
	}}
	t["jsonb_object_keys"] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
		b := args[0].Bytes(0)
		if err := objectOnly("jsonb_object_keys", jsonb.KindOf(b)); err != nil {
			return nil, err
		}
		pairs := jsonb.Pairs(b)
		return list(one, len(pairs), func(cols []*vector.Vector, at, k int) { cols[0].SetString(at, pairs[k].Key) }), nil
	}}
}

func objectOnly(name string, k jsonb.Kind) error {
	switch {
	case k == jsonb.Array:
		return invalid("cannot call " + name + " on an array")
	case k != jsonb.Object:
		return invalid("cannot call " + name + " on a scalar")
	}
	return nil
}
