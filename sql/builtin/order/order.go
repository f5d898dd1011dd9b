// Package order is the comparison operators of the types without a loop of their
// own: arrays, records, jsonb, row and transaction numbers and so on, by the one
// order that sorting, hashing and keys share (types/kernel).
//
// Invariant: an operator here agrees with kernel.Comparer of its type.
package order

import (
	"cmp"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/jsonb"
	"datapunk/types/kernel"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// Table lists the kernels, but for those that the given tables have.
func Table(own ...function.Table) function.Table {
	t := function.Table{}
	numbers(t)
	values(t)
	records(t)
	hashes(t)
	for _, o := range own {
		for key := range o {
			delete(t, key)
		}
	}
	return t
}

// numbers are the types of 64 bits.
func numbers(t function.Table) {
	signed := loop.Values(func(a, b int64) int { return cmp.Compare(a, b) })
	unsigned := loop.Values(func(a, b uint64) int { return cmp.Compare(a, b) })
	for op, suffix := range loop.Suffixes {
		t["oid"+suffix] = loop.Ints[int64, int64](loop.Op(op))
		t["tid"+suffix] = loop.Ints[int64, int64](loop.Op(op))
		t["xid8"+suffix] = loop.Unsigned(loop.Op(op))
		t["pg_lsn_"+suffix] = loop.Unsigned(loop.Op(op))
	}
	t["btoidcmp"], t["bttidcmp"] = loop.Cmp(signed), loop.Cmp(signed)
	t["xid8cmp"], t["pg_lsn_cmp"] = loop.Cmp(unsigned), loop.Cmp(unsigned)
	for _, prefix := range []string{"oid", "tid"} {
		t[prefix+"larger"], t[prefix+"smaller"] = loop.Pick(true, signed), loop.Pick(false, signed)
	}
	for _, prefix := range []string{"xid8_", "pg_lsn_"} {
		t[prefix+"larger"], t[prefix+"smaller"] = loop.Pick(true, unsigned), loop.Pick(false, unsigned)
	}
	t["cideq"] = loop.Ints[int64, int64](loop.EQ)
	t["xideq"], t["xidneq"] = xids(true), xids(false)
}

// xids compares xid with xid or int4, as numbers without sign.
func xids(want bool) function.Impl {
	get := func(v *vector.Vector, i int) uint32 {
		if v.Phys() == types.Int32 {
			return uint32(loop.At[int32](v, i))
		}
		return uint32(loop.At[int64](v, i))
	}
	return function.Impl{Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		r := vector.Of[bool](out)
		for _, i := range sel {
			r[i] = (get(args[0], int(i)) == get(args[1], int(i))) == want
		}
		return nil
	}}
}

// byType orders by the type of the first argument.
func byType(c *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	order, ok := c.State.(kernel.Compare)
	if !ok {
		order = kernel.Comparer(a.Type, c.Collation)
		c.State = order
	}
	return order(a, i, b, j)
}

func values(t function.Table) {
	vectors := func(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
		return compareVectors(a, i, b, j)
	}
	documents := func(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
		return jsonb.Compare(a.Bytes(i), b.Bytes(j))
	}
	loop.All(t, "array_", byType)
	loop.All(t, "jsonb_", documents)
	loop.All(t, "oidvector", vectors)
	t["btarraycmp"], t["jsonb_cmp"], t["btoidvectorcmp"] = loop.Cmp(byType), loop.Cmp(documents), loop.Cmp(vectors)
	t["array_larger"], t["array_smaller"] = loop.Pick(true, byType), loop.Pick(false, byType)
	t["aclitem_eq"] = loop.BytesEqual(loop.EQ)
}

// compareVectors orders oidvectors by length first, as btoidvectorcmp does.
func compareVectors(a *vector.Vector, i int, b *vector.Vector, j int) int {
	x, y := decode(a, i), decode(b, j)
	if c := cmp.Compare(len(x), len(y)); c != 0 {
		return c
	}
	for k := range x {
		if c := cmp.Compare(x[k], y[k]); c != 0 {
			return c
		}
	}
	return 0
}

// fields reads a record.
func fields(c *function.Call, b []byte) ([]*vector.Vector, error) {
	return record.Decode(b, func(oid types.OID) *types.Type {
		if t := types.Builtin(oid); t != nil || c.Env == nil || c.Env.Names == nil {
			return t
		}
		return c.Env.Names.TypeByOID(oid)
	})
}

// compareRecords orders records field by field, nulls last; only records of like
// fields have an order.
func compareRecords(c *function.Call, a, b []byte) (int, error) {
	x, err := fields(c, a)
	if err != nil {
		return 0, err
	}
	y, err := fields(c, b)
	if err != nil {
		return 0, err
	}
	result := 0
	for k := range min(len(x), len(y)) {
		if x[k].Type != y[k].Type {
			return 0, pgerr.Newf(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
				format.TypeName(x[k].Type, -1), format.TypeName(y[k].Type, -1), k+1)
		}
		if result != 0 {
			continue
		}
		switch xn, yn := x[k].Null(0), y[k].Null(0); {
		case xn && yn:
		case xn:
			return 1, nil
		case yn:
			return -1, nil
		default:
			if result = kernel.Comparer(x[k].Type, x[k].Type.Collation)(x[k], 0, y[k], 0); result != 0 {
				return result, nil
			}
		}
	}
	if len(x) != len(y) {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}

func records(t function.Table) {
	for op, suffix := range loop.Suffixes {
		t["record_"+suffix] = function.Map2C(func(c *function.Call, a, b []byte) (bool, error) {
			order, err := compareRecords(c, a, b)
			return loop.Op(op).Holds(order), err
		})
		t["record_image_"+suffix] = loop.Compare(loop.Op(op), loop.Bytewise)
	}
	t["btrecordcmp"] = function.Map2C(func(c *function.Call, a, b []byte) (int32, error) {
		order, err := compareRecords(c, a, b)
		return int32(loop.Sign(order)), err
	})
	t["btrecordimagecmp"] = loop.Cmp(loop.Bytewise)
}
