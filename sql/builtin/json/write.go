package json

import (
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/datetime"
	"datapunk/types/format"
	"datapunk/types/jsonb"
	"datapunk/types/numeric"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// Writer turns values into JSON text as to_json does.
type Writer struct{ Env *function.Env }

func (w Writer) context() *format.Context {
	if w.Env == nil {
		return nil
	}
	return w.Env.Format
}

func (w Writer) typeByOID(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil || w.Env == nil || w.Env.Names == nil {
		return t
	}
	return w.Env.Names.TypeByOID(oid)
}

func (w Writer) zone() *datetime.Zone {
	if c := w.context(); c != nil && c.Datetime != nil && c.Datetime.Zone != nil {
		return c.Datetime.Zone
	}
	return datetime.UTC
}

// Structured tells arrays and records, which are set off by line breaks.
func Structured(t *types.Type) bool {
	t = t.Root()
	return t.IsArray() || t.OID == types.OIDRecord || t.Kind == types.Composite
}

// Append appends row i of v as JSON.
func (w Writer) Append(dst []byte, v *vector.Vector, i int) []byte {
	return w.append(dst, v, i, false)
}

func (w Writer) append(dst []byte, v *vector.Vector, i int, pretty bool) []byte {
	if v.Null(i) {
		return append(dst, "null"...)
	}
	t := v.Type.Root()
	switch t.OID {
	case types.OIDBool:
		if loop.At[bool](v, i) {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case types.OIDInt2, types.OIDInt4, types.OIDInt8:
		return format.AppendText(dst, w.context(), v, i)
	case types.OIDFloat4:
		return w.number(dst, v, i, finite(float64(loop.At[float32](v, i))))
	case types.OIDFloat8:
		return w.number(dst, v, i, finite(loop.At[float64](v, i)))
	case types.OIDNumeric:
		return w.number(dst, v, i, loop.At[numeric.Decimal](v, i).IsFinite())
	case types.OIDJSON:
		return append(dst, v.Bytes(i)...)
	case types.OIDJSONB:
		return jsonb.AppendText(dst, v.Bytes(i))
	case types.OIDDate:
		dst = datetime.AppendJSONDate(append(dst, '"'), loop.At[datetime.Date](v, i))
		return append(dst, '"')
	case types.OIDTimestamp:
		dst = datetime.AppendJSONTimestamp(append(dst, '"'), loop.At[datetime.Timestamp](v, i))
		return append(dst, '"')
	case types.OIDTimestamptz:
		dst = datetime.AppendJSONTimestampTZ(append(dst, '"'), loop.At[datetime.Timestamp](v, i), w.zone())
		return append(dst, '"')
	}
	switch {
	case t.IsArray():
		a, err := array.Decode(v.Bytes(i), t.Elem)
		if err != nil || a.N == 0 {
			return append(dst, "[]"...)
		}
		next := 0
		return w.level(dst, a, 0, &next, pretty)
	case t.OID == types.OIDRecord || t.Kind == types.Composite:
		return w.record(dst, v, i, t, pretty)
	}
	return jsonb.AppendQuoted(dst, string(format.AppendText(nil, w.context(), v, i)))
}

// Named is argument k under the type that the call gives it, which names the fields
// of a record made in the query.
func Named(c *function.Call, k int, v *vector.Vector) *vector.Vector {
	if k >= len(c.Args) || len(c.Args[k].Fields) == 0 || v.Type == c.Args[k] {
		return v
	}
	named := *v
	named.Type = c.Args[k]
	return &named
}

func finite(f float64) bool { return f == f && !math.IsInf(f, 0) }

// number appends a number; one that JSON cannot write becomes a string.
func (w Writer) number(dst []byte, v *vector.Vector, i int, ok bool) []byte {
	if ok {
		return format.AppendText(dst, w.context(), v, i)
	}
	return append(format.AppendText(append(dst, '"'), w.context(), v, i), '"')
}

func (w Writer) level(dst []byte, a *array.Array, d int, next *int, pretty bool) []byte {
	dst = append(dst, '[')
	for k := range a.Dims[d].Length {
		if k > 0 {
			dst = append(dst, ',')
			if pretty {
				dst = append(dst, "\n "...)
			}
		}
		if d+1 < len(a.Dims) {
			dst = w.level(dst, a, d+1, next, false)
		} else {
			dst = w.append(dst, a.Elems, *next, false)
			*next++
		}
	}
	return append(dst, ']')
}

func (w Writer) record(dst []byte, v *vector.Vector, i int, t *types.Type, pretty bool) []byte {
	cols, err := record.Decode(v.Bytes(i), w.typeByOID)
	if err != nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	for k, c := range cols {
		if k > 0 {
			dst = append(dst, ',')
			if pretty {
				dst = append(dst, "\n "...)
			}
		}
		dst = jsonb.AppendQuoted(dst, fieldName(t, k))
		dst = w.append(append(dst, ':'), c, 0, false)
	}
	return append(dst, '}')
}

// fieldName is the name of a record's field k; one without names has f1, f2 ….
func fieldName(t *types.Type, k int) string {
	if k < len(t.Fields) {
		return t.Fields[k].Name
	}
	return "f" + itoa(k+1)
}

// Value turns a value into jsonb as to_jsonb does.
func (w Writer) Value(v *vector.Vector, i int) ([]byte, error) {
	if v.Null(i) {
		return jsonb.NullValue, nil
	}
	t := v.Type.Root()
	switch t.OID {
	case types.OIDJSONB:
		return v.Bytes(i), nil
	case types.OIDJSON:
		return jsonb.Parse(v.String(i))
	case types.OIDBool:
		return jsonb.Bool(loop.At[bool](v, i)), nil
	case types.OIDInt2:
		return jsonb.NewNumber(numeric.FromInt64(int64(loop.At[int16](v, i)))), nil
	case types.OIDInt4:
		return jsonb.NewNumber(numeric.FromInt64(int64(loop.At[int32](v, i)))), nil
	case types.OIDInt8:
		return jsonb.NewNumber(numeric.FromInt64(loop.At[int64](v, i))), nil
	case types.OIDNumeric:
		if d := loop.At[numeric.Decimal](v, i); d.IsFinite() {
			return jsonb.NewNumber(d), nil
		}
	case types.OIDFloat4, types.OIDFloat8, types.OIDDate, types.OIDTimestamp, types.OIDTimestamptz:
		return jsonb.Parse(string(w.Append(nil, v, i)))
	}
	switch {
	case t.IsArray():
		a, err := array.Decode(v.Bytes(i), t.Elem)
		if err != nil {
			return nil, err
		}
		next := 0
		return w.valueLevel(a, 0, &next)
	case t.OID == types.OIDRecord || t.Kind == types.Composite:
		cols, err := record.Decode(v.Bytes(i), w.typeByOID)
		if err != nil {
			return nil, err
		}
		pairs := make([]jsonb.Pair, len(cols))
		for k, c := range cols {
			value, err := w.Value(c, 0)
			if err != nil {
				return nil, err
			}
			pairs[k] = jsonb.Pair{Key: fieldName(t, k), Value: value}
		}
		return jsonb.NewObject(pairs), nil
	}
	return jsonb.NewString(string(format.AppendText(nil, w.context(), v, i))), nil
}

func (w Writer) valueLevel(a *array.Array, d int, next *int) ([]byte, error) {
	if len(a.Dims) == 0 {
		return jsonb.NewArray(nil), nil
	}
	list := make([][]byte, a.Dims[d].Length)
	for k := range list {
		var err error
		if d+1 < len(a.Dims) {
			list[k], err = w.valueLevel(a, d+1, next)
		} else {
			list[k], err = w.Value(a.Elems, *next)
			list[k] = append([]byte(nil), list[k]...)
			*next++
		}
		if err != nil {
			return nil, err
		}
	}
	return jsonb.NewArray(list), nil
}

func writers(t function.Table) {
	write := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		pretty := len(args) > 1 && loop.At[bool](args[1], i)
		out.SetBytes(i, Writer{c.Env}.append(nil, Named(c, 0, args[0]), i, pretty))
		return nil
	})
	for _, key := range []string{"to_json", "row_to_json", "row_to_json_pretty", "array_to_json", "array_to_json_pretty"} {
		t[key] = write
	}
	t["to_jsonb"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		b, err := Writer{c.Env}.Value(Named(c, 0, args[0]), i)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
}
