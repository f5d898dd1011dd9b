package keycodec

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

var fuzzed = []*types.Type{
	types.BoolType, types.Int2, types.Int4, types.Int8, types.Float8, types.Text,
	types.BPChar, types.Bytea, types.Xid8, types.Int4Array, types.TextArray,
}

// value makes a value of a type from any bytes.
func value(t *types.Type, b []byte) *vector.Vector {
	v := vector.New(t, 1)
	if len(b) == 0 {
		v.SetNull(0)
		return v
	}
	word := binary.LittleEndian.Uint64(append(bytes.Clone(b), make([]byte, 8)...))
	switch t.Phys {
	case types.Bool:
		vector.Of[bool](v)[0] = word&1 != 0
	case types.Int16:
		vector.Of[int16](v)[0] = int16(word)
	case types.Int32:
		vector.Of[int32](v)[0] = int32(word)
	case types.Int64:
		vector.Of[int64](v)[0] = int64(word)
	case types.Float64:
		vector.Of[float64](v)[0] = math.Float64frombits(word)
	default:
		if !t.IsArray() {
			v.SetBytes(0, b)
			break
		}
		parts := bytes.Split(b, []byte{','})
		elems := vector.New(t.Elem, len(parts))
		for i, p := range parts {
			one := value(t.Elem, p)
			switch {
			case one.Null(0):
				elems.SetNull(i)
			case t.Elem.Phys == types.Bytes:
				elems.SetBytes(i, p)
			default:
				vector.Of[int32](elems)[i] = vector.Of[int32](one)[0]
			}
		}
		v.SetBytes(0, array.FromVector(t.Elem.OID, elems, len(parts)))
	}
	return v
}

// FuzzKey: the forms of any two values order as the values do and are no prefixes of
// each other, lossless ones give the value back, and no bytes at all make Decode or
// Skip panic or read past their end.
func FuzzKey(f *testing.F) {
	f.Add(uint8(5), []byte("a\x00b"), []byte("a"))
	f.Add(uint8(3), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, []byte{1})
	f.Add(uint8(4), []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, []byte{0})
	f.Add(uint8(10), []byte("a,,b\x00"), []byte("a,"))
	f.Add(uint8(6+32), []byte("a  "), []byte("a"))
	f.Fuzz(func(t *testing.T, kind uint8, a, b []byte) {
		typ := fuzzed[int(kind&31)%len(fuzzed)]
		c := Column{Type: typ, Collation: typ.Collation, Desc: kind&32 != 0, NullsFirst: kind&64 != 0}
		for _, raw := range [][]byte{a, b} {
			if rest, ok := Decode(raw, c, vector.New(typ, 1), 0); ok && len(rest) >= len(raw) {
				t.Fatalf("Decode took nothing of %x", raw)
			}
			if rest, ok := Skip(raw, c); ok && len(rest) >= len(raw) {
				t.Fatalf("Skip took nothing of %x", raw)
			}
		}
		x, y := value(typ, a), value(typ, b)
		fx, fy := Append(nil, c, x, 0), Append(nil, c, y, 0)
		for _, p := range []struct {
			v    *vector.Vector
			form []byte
		}{{x, fx}, {y, fy}} {
			if rest, ok := Skip(p.form, c); !ok || len(rest) != 0 {
				t.Fatalf("%s: Skip leaves %d bytes of %x", typ.Name, len(rest), p.form)
			}
			if Lossy(c) {
				continue
			}
			out := vector.New(typ, 1)
			if rest, ok := Decode(p.form, c, out, 0); !ok || len(rest) != 0 || !bytes.Equal(Append(nil, c, out, 0), p.form) {
				t.Fatalf("%s: %x does not give its value back", typ.Name, p.form)
			}
		}
		want := 0
		switch xn, yn := x.Null(0), y.Null(0); {
		case xn && yn:
		case xn != yn:
			if want = 1; xn == c.NullsFirst {
				want = -1
			}
		default:
			if want = sign(kernel.Comparer(typ, typ.Collation)(x, 0, y, 0)); c.Desc {
				want = -want
			}
		}
		if got := bytes.Compare(fx, fy); got != want {
			t.Fatalf("%s: %x and %x compare %d, want %d", typ.Name, fx, fy, got, want)
		}
		if want != 0 && (bytes.HasPrefix(fx, fy) || bytes.HasPrefix(fy, fx)) {
			t.Fatalf("%s: one of %x and %x is the other's prefix", typ.Name, fx, fy)
		}
	})
}
