package json

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/jsonb"
	"datapunk/types/vector"
)

func noArray(scalar bool) error {
	if scalar {
		return pgerr.New(pgerr.InvalidParameterValue, "cannot get array length of a scalar")
	}
	return pgerr.New(pgerr.InvalidParameterValue, "cannot get array length of a non-array")
}

// kindName is json_typeof's name of a kind.
func kindName(k jsonb.Kind) string { return jsonb.TypeName([]byte{byte(k)}) }

// stripTree writes a json without the null fields of its objects.
func stripTree(b *strings.Builder, t *jsonb.Tree) {
	switch t.Kind {
	case jsonb.Object:
		b.WriteByte('{')
		first := true
		for _, c := range t.Children {
			if c.Kind == jsonb.Null {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.Write(jsonb.AppendQuoted(nil, c.Key))
			b.WriteByte(':')
			stripTree(b, c)
		}
		b.WriteByte('}')
	case jsonb.Array:
		b.WriteByte('[')
		for k, c := range t.Children {
			if k > 0 {
				b.WriteByte(',')
			}
			stripTree(b, c)
		}
		b.WriteByte(']')
	case jsonb.String:
		b.Write(jsonb.AppendQuoted(nil, t.Text))
	default:
		b.WriteString(t.Raw)
	}
}

// documents adds what looks at a whole value.
func documents(t function.Table) {
	t["json_typeof"] = function.Map1E(func(s string) (string, error) {
		tree, err := jsonb.ParseTree(s, false)
		if err != nil {
			return "", err
		}
		return kindName(tree.Kind), nil
	})
	t["jsonb_typeof"] = function.Map1(func(b []byte) string { return jsonb.TypeName(b) })
	t["json_array_length"] = function.Map1E(func(s string) (int32, error) {
		tree, err := jsonb.ParseTree(s, false)
		if err != nil {
			return 0, err
		}
		if tree.Kind != jsonb.Array {
			return 0, noArray(tree.Kind < jsonb.Array)
		}
		return int32(len(tree.Children)), nil
	})
	t["jsonb_array_length"] = function.Map1E(func(b []byte) (int32, error) {
		if jsonb.KindOf(b) != jsonb.Array {
			return 0, noArray(jsonb.IsScalar(b))
		}
		return int32(jsonb.Len(b)), nil
	})
	t["json_strip_nulls"] = function.Map1E(func(s string) (string, error) {
		tree, err := jsonb.ParseTree(s, true)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		stripTree(&b, tree)
		return b.String(), nil
	})
	t["jsonb_strip_nulls"] = function.Map1(jsonb.StripNulls)
	t["jsonb_pretty"] = function.Map1(func(b []byte) []byte { return jsonb.AppendPretty(nil, b) })
	t["jsonb_contains"] = function.Map2(jsonb.Contains)
	t["jsonb_contained"] = function.Map2(func(a, b []byte) bool { return jsonb.Contains(b, a) })
	t["jsonb_exists"] = function.Map2(func(b []byte, key string) bool { return jsonb.Exists(b, key) })
	exists := func(all bool) function.Impl {
		return function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			keys, _, err := texts(args[1], i)
			if err != nil {
				return err
			}
			found := all
			for _, k := range keys {
				if k != nil && jsonb.Exists(args[0].Bytes(i), *k) != all {
					found = !all
					break
				}
			}
			vector.Of[bool](out)[i] = found
			return nil
		})
	}
	t["jsonb_exists_any"], t["jsonb_exists_all"] = exists(false), exists(true)
}
