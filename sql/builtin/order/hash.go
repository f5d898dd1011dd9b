package order

import (
	"encoding/binary"
	"math/bits"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/builtin/math"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/datetime"
	"datapunk/types/format"
	"datapunk/types/jsonb"
	"datapunk/types/kernel"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// decode reads an oidvector's numbers.
func decode(v *vector.Vector, i int) []int64 {
	a, err := array.Decode(v.Bytes(i), types.Oid)
	if err != nil {
		return nil
	}
	return vector.Of[int64](a.Elems)[:a.N]
}

// hashes adds the hash support functions, with PostgreSQL's numbers.
func hashes(t function.Table) {
	add := func(plain, extended string, f func(c *function.Call, v *vector.Vector, i int, seed uint64, ext bool) (uint64, error)) {
		t[plain] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			h, err := f(c, args[0], i, 0, false)
			loop.Put(out, i, int32(uint32(h)))
			return err
		})
		t[extended] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			h, err := f(c, args[0], i, uint64(loop.At[int64](args[1], i)), true)
			loop.Put(out, i, int64(h))
			return err
		})
	}
	add("hashtid", "hashtidextended", func(_ *function.Call, v *vector.Vector, i int, seed uint64, _ bool) (uint64, error) {
		n := loop.At[int64](v, i)
		b := binary.LittleEndian.AppendUint16(nil, uint16(n>>32))
		b = binary.LittleEndian.AppendUint16(b, uint16(n>>16))
		return loop.HashBytes(binary.LittleEndian.AppendUint16(b, uint16(n)), seed), nil
	})
	add("hashoidvector", "hashoidvectorextended", func(_ *function.Call, v *vector.Vector, i int, seed uint64, _ bool) (uint64, error) {
		var b []byte
		for _, n := range decode(v, i) {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
		return loop.HashBytes(b, seed), nil
	})
	add("hash_array", "hash_array_extended", func(c *function.Call, v *vector.Vector, i int, seed uint64, ext bool) (uint64, error) {
		a, err := array.Decode(v.Bytes(i), v.Type.Root().Elem)
		if err != nil {
			return 0, err
		}
		h := uint64(1)
		for k := range a.N {
			x := uint64(0)
			if !a.Elems.Null(k) {
				if x, err = value(c, a.Elems, k, seed, ext); err != nil {
					return 0, err
				}
			}
			h = h<<5 - h + x
		}
		return h, nil
	})
	add("hash_record", "hash_record_extended", func(c *function.Call, v *vector.Vector, i int, seed uint64, ext bool) (uint64, error) {
		list, err := fields(c, v.Bytes(i))
		if err != nil {
			return 0, err
		}
		h := uint64(0)
		for _, f := range list {
			x := uint64(0)
			if !f.Null(0) {
				if x, err = value(c, f, 0, seed, ext); err != nil {
					return 0, err
				}
			}
			h = h<<5 - h + x
		}
		return h, nil
	})
	add("jsonb_hash", "jsonb_hash_extended", func(_ *function.Call, v *vector.Vector, i int, seed uint64, ext bool) (uint64, error) {
		return document(v.Bytes(i), seed, ext), nil
	})
}

// value hashes a value as its type's hash function does.
func value(c *function.Call, v *vector.Vector, i int, seed uint64, ext bool) (uint64, error) {
	t := v.Type.Root()
	low := func(h uint64) (uint64, error) {
		if !ext {
			h = uint64(uint32(h))
		}
		return h, nil
	}
	switch t.Phys {
	case types.Bool:
		n := uint32(0)
		if loop.At[bool](v, i) {
			n = 1
		}
		return low(loop.HashUint32(n, seed))
	case types.Int16:
		return low(loop.HashUint32(uint32(int32(loop.At[int16](v, i))), seed))
	case types.Int32:
		return low(loop.HashUint32(uint32(loop.At[int32](v, i)), seed))
	case types.Int64:
		if t.Len == 4 {
			return low(loop.HashUint32(uint32(loop.At[int64](v, i)), seed))
		}
		return low(loop.HashInt64(loop.At[int64](v, i), seed))
	case types.Float32:
		return low(loop.HashFloat(float64(loop.At[float32](v, i)), seed))
	case types.Float64:
		return low(loop.HashFloat(loop.At[float64](v, i), seed))
	case types.Numeric:
		return low(math.HashNumeric(loop.At[numeric.Decimal](v, i), seed, ext))
	case types.Interval:
		x := loop.At[datetime.Interval](v, i)
		return low(loop.HashInt64(x.Micros+(int64(x.Months)*30+int64(x.Days))*86400000000, seed))
	case types.TimeTZ:
		x := loop.At[datetime.TimeTZ](v, i)
		return low(loop.HashInt64(x.Micros, seed) ^ loop.HashUint32(uint32(x.Zone), seed))
	}
	switch {
	case t == types.JSONB:
		return low(document(v.Bytes(i), seed, ext))
	case t == types.BPChar:
		return low(loop.HashBytes([]byte(kernel.TrimBlanks(v.String(i))), seed))
	case t == types.JSON || t.IsArray() || t.OID == types.OIDRecord || t.Kind == types.Composite:
		return 0, pgerr.Newf(pgerr.UndefinedFunction, "could not identify a hash function for type %s", format.TypeName(t, -1))
	}
	return low(loop.HashBytes(v.Bytes(i), seed))
}

// document hashes a jsonb: keys and scalars in order, containers marked.
func document(b []byte, seed uint64, ext bool) uint64 {
	h := documentState{seed: seed, ext: ext}
	if !jsonb.IsScalar(b) && jsonb.Len(b) == 0 {
		return seed
	}
	if jsonb.IsScalar(b) {
		h.mark(arrayMark)
		h.scalar(b)
		return h.h
	}
	h.container(b)
	return h.h
}

const (
	arrayMark  = 0x40000000
	objectMark = 0x20000000
)

type documentState struct {
	seed, h uint64
	ext     bool
}

func (s *documentState) mark(bits uint64) {
	if s.ext {
		s.h ^= bits<<32 | bits
	} else {
		s.h ^= bits
	}
}

func (s *documentState) container(b []byte) {
	if jsonb.KindOf(b) == jsonb.Array {
		s.mark(arrayMark)
	} else {
		s.mark(objectMark)
	}
	jsonb.Each(b, func(_ int, key string, v []byte) bool {
		if jsonb.KindOf(b) == jsonb.Object {
			s.add(loop.HashBytes([]byte(key), s.seed))
		}
		if jsonb.IsScalar(v) {
			s.scalar(v)
		} else {
			s.container(v)
		}
		return true
	})
}

func (s *documentState) add(x uint64) {
	if s.ext {
		// Both halves turn by themselves.
		high, low := bits.RotateLeft32(uint32(s.h>>32), 1), bits.RotateLeft32(uint32(s.h), 1)
		s.h = uint64(high)<<32 | uint64(low)
		s.h ^= x
		return
	}
	s.h = uint64(bits.RotateLeft32(uint32(s.h), 1) ^ uint32(x))
}

func (s *documentState) scalar(b []byte) {
	var x uint64
	switch jsonb.KindOf(b) {
	case jsonb.Null:
		x = s.seed + 1
	case jsonb.String:
		x = loop.HashBytes([]byte(jsonb.Text(b)), s.seed)
	case jsonb.Number:
		x = math.HashNumeric(jsonb.Num(b), s.seed, s.ext)
	case jsonb.True:
		x = 2
	case jsonb.False:
		x = 4
	}
	if jsonb.KindOf(b) == jsonb.True || jsonb.KindOf(b) == jsonb.False {
		if s.ext {
			n := uint32(0)
			if jsonb.KindOf(b) == jsonb.True {
				n = 1
			}
			x = loop.HashUint32(n, s.seed)
		}
	}
	s.add(x)
}
