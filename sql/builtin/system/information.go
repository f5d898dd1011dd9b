package system

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// The typmods of sized types are by a header more than the size.
const sizeHeader = 4

// measure is a function of a type and its modifier: what information_schema.columns
// shows of it, for clients that ask for it themselves.
func measure(f func(typ types.OID, mod int32) (int32, bool)) function.Impl {
	return maybe(func(_ *function.Call, args []*vector.Vector, i int) (int32, bool, error) {
		n, ok := f(oid(args[0], i), loop.At[int32](args[1], i))
		return n, ok, nil
	})
}

func length(typ types.OID, mod int32) (int32, bool) {
	switch typ {
	case types.OIDBPChar, types.OIDVarchar:
		return mod - sizeHeader, mod != -1
	case types.OIDBit, types.OIDVarbit:
		return mod, mod != -1
	}
	return 0, false
}

func information(t function.Table) {
	t["_pg_char_max_length(oid,int4)"] = measure(length)
	t["_pg_char_octet_length(oid,int4)"] = measure(func(typ types.OID, mod int32) (int32, bool) {
		const unlimited, widest = 1 << 30, 4
		switch typ {
		case types.OIDText, types.OIDBPChar, types.OIDVarchar:
			if mod == -1 {
				return unlimited, true
			}
			n, ok := length(typ, mod)
			return n * widest, ok
		}
		return 0, false
	})
	precisions := map[types.OID]int32{types.OIDInt2: 16, types.OIDInt4: 32, types.OIDInt8: 64, types.OIDFloat4: 24, types.OIDFloat8: 53}
	t["_pg_numeric_precision(oid,int4)"] = measure(func(typ types.OID, mod int32) (int32, bool) {
		if typ == types.OIDNumeric {
			return (mod - sizeHeader) >> 16 & 0xffff, mod != -1
		}
		n, ok := precisions[typ]
		return n, ok
	})
	t["_pg_numeric_precision_radix(oid,int4)"] = measure(func(typ types.OID, _ int32) (int32, bool) {
		if typ == types.OIDNumeric {
			return 10, true
		}
		_, ok := precisions[typ]
		return 2, ok
	})
	t["_pg_numeric_scale(oid,int4)"] = measure(func(typ types.OID, mod int32) (int32, bool) {
		switch typ {
		case types.OIDInt2, types.OIDInt4, types.OIDInt8:
			return 0, true
		case types.OIDNumeric:
			return (mod - sizeHeader) & 0xffff, mod != -1
		}
		return 0, false
	})
	t["_pg_datetime_precision(oid,int4)"] = measure(func(typ types.OID, mod int32) (int32, bool) {
		const full = 6
		switch typ {
		case types.OIDDate:
			return 0, true
		case types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz:
			if mod < 0 {
				return full, true
			}
			return mod, true
		case types.OIDInterval:
			if mod < 0 || mod&0xffff == 0xffff {
				return full, true
			}
			return mod & 0xffff, true
		}
		return 0, false
	})
	t["_pg_expandarray(anyarray)"] = function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
		elem := args[0].Type.Root().Elem
		a, err := array.Decode(args[0].Bytes(0), elem)
		if err != nil {
			return nil, err
		}
		next := 0
		return &loop.Lines{Types: []*types.Type{elem, types.Int4}, Fill: func(cols []*vector.Vector, max int) (int, error) {
			n := min(max, a.N-next)
			for k := range n {
				cols[0].Set(k, a.Elems, next)
				next++
				loop.Put(cols[1], k, int32(next))
			}
			return n, nil
		}}, nil
	}}
}
