package json

import (
	"strconv"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/jsonb"
	"datapunk/types/vector"
)

func itoa(n int) string { return strconv.Itoa(n) }

// spread returns the arguments as single values; ok is false for VARIADIC null.
func spread(c *function.Call, args []*vector.Vector, i int) (values []*vector.Vector, rows []int, ok bool, err error) {
	if !c.Variadic {
		for k, a := range args {
			values, rows = append(values, Named(c, k, a)), append(rows, i)
		}
		return values, rows, true, nil
	}
	last := args[len(args)-1]
	if last.Null(i) {
		return nil, nil, false, nil
	}
	a, err := array.Decode(last.Bytes(i), last.Type.Root().Elem)
	if err != nil {
		return nil, nil, false, err
	}
	for k := range a.N {
		values, rows = append(values, a.Elems), append(rows, k)
	}
	return values, rows, true, nil
}

// Key is the text of an object's key.
func (w Writer) Key(v *vector.Vector, i int) (string, error) {
	if t := v.Type.Root(); Structured(t) || t == types.JSON || t == types.JSONB {
		return "", pgerr.New(pgerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	}
	return string(format.AppendText(nil, w.context(), v, i)), nil
}

func uneven(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "argument list must have even number of elements").
		WithHint("The arguments of %s() must consist of alternating keys and values.", name)
}

func builders(t function.Table) {
	t["json_build_array"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		values, rows, ok, err := spread(c, args, i)
		if !ok || err != nil {
			out.SetNull(i)
			return err
		}
		dst := []byte{'['}
		for k, v := range values {
			if k > 0 {
				dst = append(dst, ", "...)
			}
			dst = Writer{c.Env}.Append(dst, v, rows[k])
		}
		out.SetBytes(i, append(dst, ']'))
		return nil
	})
	t["json_build_object"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		values, rows, ok, err := spread(c, args, i)
		if !ok || err != nil {
			out.SetNull(i)
			return err
		}
		if len(values)%2 != 0 {
			return uneven("json_build_object")
		}
		w, dst := Writer{c.Env}, []byte{'{'}
		for k := 0; k < len(values); k += 2 {
			if k > 0 {
				dst = append(dst, ", "...)
			}
			if values[k].Null(rows[k]) {
				return pgerr.Newf(pgerr.InvalidParameterValue, "argument %d cannot be null", k+1).WithHint("Object keys should be text.")
			}
			key, err := w.Key(values[k], rows[k])
			if err != nil {
				return err
			}
			dst = append(jsonb.AppendQuoted(dst, key), " : "...)
			dst = w.Append(dst, values[k+1], rows[k+1])
		}
		out.SetBytes(i, append(dst, '}'))
		return nil
	})
	t["jsonb_build_array"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		values, rows, ok, err := spread(c, args, i)
		if !ok || err != nil {
			out.SetNull(i)
			return err
		}
		list := make([][]byte, len(values))
		for k, v := range values {
			if list[k], err = (Writer{c.Env}).Value(v, rows[k]); err != nil {
				return err
			}
		}
		out.SetBytes(i, jsonb.NewArray(list))
		return nil
	})
	t["jsonb_build_object"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		values, rows, ok, err := spread(c, args, i)
		if !ok || err != nil {
			out.SetNull(i)
			return err
		}
		if len(values)%2 != 0 {
			return uneven("jsonb_build_object")
		}
		w := Writer{c.Env}
		var pairs []jsonb.Pair
		for k := 0; k < len(values); k += 2 {
			if values[k].Null(rows[k]) {
				return pgerr.Newf(pgerr.InvalidParameterValue, "argument %d: key must not be null", k+1)
			}
			key, err := w.Key(values[k], rows[k])
			if err != nil {
				return err
			}
			value, err := w.Value(values[k+1], rows[k+1])
			if err != nil {
				return err
			}
			pairs = append(pairs, jsonb.Pair{Key: key, Value: value})
		}
		out.SetBytes(i, jsonb.NewObject(pairs))
		return nil
	})
	constant := func(b []byte) function.Impl {
		return function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
			out.SetBytes(i, b)
			return nil
		})
	}
	t["json_build_array_noargs"], t["json_build_object_noargs"] = constant([]byte("[]")), constant([]byte("{}"))
	t["jsonb_build_array_noargs"], t["jsonb_build_object_noargs"] = constant(jsonb.NewArray(nil)), constant(jsonb.NewObject(nil))
	for _, binary := range []bool{false, true} {
		prefix := "json"
		if binary {
			prefix = "jsonb"
		}
		t[prefix+"_object"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			keys, values, err := pairs(args[0], i)
			if err != nil {
				return err
			}
			return object(keys, values, binary, i, out)
		})
		t[prefix+"_object_two_arg"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			keys, kd, err := texts(args[0], i)
			if err != nil {
				return err
			}
			values, vd, err := texts(args[1], i)
			if err != nil {
				return err
			}
			switch {
			case len(kd) > 1 || len(vd) > 1 || len(kd) != len(vd):
				return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
			case len(keys) != len(values):
				return pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
			}
			return object(keys, values, binary, i, out)
		})
	}
}

// pairs reads an array of alternating keys and values, or of pairs.
func pairs(v *vector.Vector, i int) (keys, values []*string, err error) {
	list, dims, err := texts(v, i)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(dims) == 1 && len(list)%2 != 0:
		return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "array must have even number of elements")
	case len(dims) == 2 && dims[1].Length != 2:
		return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "array must have two columns")
	case len(dims) > 2:
		return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	for k := 0; k < len(list); k += 2 {
		keys, values = append(keys, list[k]), append(values, list[k+1])
	}
	return keys, values, nil
}

func object(keys, values []*string, binary bool, i int, out *vector.Vector) error {
	dst := []byte{'{'}
	var list []jsonb.Pair
	for k, key := range keys {
		if key == nil {
			return pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
		}
		if binary {
			p := jsonb.Pair{Key: *key, Value: jsonb.NullValue}
			if values[k] != nil {
				p.Value = jsonb.NewString(*values[k])
			}
			list = append(list, p)
			continue
		}
		if k > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(jsonb.AppendQuoted(dst, *key), " : "...)
		if values[k] == nil {
			dst = append(dst, "null"...)
		} else {
			dst = jsonb.AppendQuoted(dst, *values[k])
		}
	}
	if binary {
		out.SetBytes(i, jsonb.NewObject(list))
	} else {
		out.SetBytes(i, append(dst, '}'))
	}
	return nil
}
