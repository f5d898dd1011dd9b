package json

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/jsonb"
	"datapunk/types/vector"
)

// path reads a path for a change.
func path(v *vector.Vector, i int) ([]jsonb.PathStep, error) {
	list, dims, err := texts(v, i)
	if err != nil {
		return nil, err
	}
	if len(dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	steps := make([]jsonb.PathStep, len(list))
	for k, s := range list {
		if s == nil {
			steps[k].Null = true
		} else {
			steps[k].Text = *s
		}
	}
	return steps, nil
}

func change(args []*vector.Vector, i int, value []byte, op jsonb.Op, out *vector.Vector) error {
	steps, err := path(args[1], i)
	if err != nil {
		return err
	}
	b, err := jsonb.SetPath(args[0].Bytes(i), steps, value, op)
	if err == nil {
		out.SetBytes(i, b)
	}
	return err
}

func choose(yes bool, a, b jsonb.Op) jsonb.Op {
	if yes {
		return a
	}
	return b
}

func edits(t function.Table) {
	t["jsonb_concat"] = function.Map2(jsonb.Concat)
	t["jsonb_delete"] = function.Map2E(func(b []byte, key string) ([]byte, error) { return jsonb.DeleteKeys(b, []string{key}) })
	t["jsonb_delete_idx"] = function.Map2E(func(b []byte, n int32) ([]byte, error) { return jsonb.DeleteIndex(b, int(n)) })
	t["jsonb_delete_array"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		list, dims, err := texts(args[1], i)
		if err != nil {
			return err
		}
		if len(dims) > 1 {
			return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		}
		var keys []string
		for _, s := range list {
			if s != nil {
				keys = append(keys, *s)
			}
		}
		b, err := jsonb.DeleteKeys(args[0].Bytes(i), keys)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
	t["jsonb_delete_path"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		return change(args, i, nil, jsonb.Remove, out)
	})
	t["jsonb_set"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		return change(args, i, args[2].Bytes(i), choose(loop.At[bool](args[3], i), jsonb.Create, jsonb.Replace), out)
	})
	t["jsonb_insert"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		return change(args, i, args[2].Bytes(i), choose(loop.At[bool](args[3], i), jsonb.InsertAfter, jsonb.InsertBefore), out)
	})
	t["jsonb_set_lax"] = function.Row(setLax)
}

// setLax is jsonb_set with a choice of what an SQL null does.
func setLax(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
	if args[0].Null(i) || args[1].Null(i) || args[3].Null(i) {
		out.SetNull(i)
		return nil
	}
	bad := pgerr.New(pgerr.InvalidParameterValue, `null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"`)
	if args[4].Null(i) {
		return bad
	}
	op := choose(loop.At[bool](args[3], i), jsonb.Create, jsonb.Replace)
	if !args[2].Null(i) {
		return change(args, i, args[2].Bytes(i), op, out)
	}
	switch args[4].String(i) {
	case "raise_exception":
		return pgerr.New(pgerr.NullValueNotAllowed, "JSON value must not be null").
			WithDetail(`Exception was raised because null_value_treatment is "raise_exception".`).
			WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
	case "use_json_null":
		return change(args, i, jsonb.NullValue, op, out)
	case "delete_key":
		return change(args, i, nil, jsonb.Remove, out)
	case "return_target":
		out.SetBytes(i, args[0].Bytes(i))
		return nil
	}
	return bad
}
