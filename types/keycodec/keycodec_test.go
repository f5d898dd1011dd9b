package keycodec

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/kernel"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// fill gives random values of a type, extremes among them.
func fill(r *rand.Rand, t *types.Type, n int) *vector.Vector {
	v := vector.New(t, n)
	texts := []string{"", "a", "a ", "ab", "b", "\x00", "a\x00", "a\x00b", "\xff", "ä", "aaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaab"}
	for i := range n {
		switch t.Phys {
		case types.Bool:
			vector.Of[bool](v)[i] = r.IntN(2) == 0
		case types.Int16:
			vector.Of[int16](v)[i] = int16(r.Uint32())
		case types.Int32:
			vector.Of[int32](v)[i] = int32(r.Uint32() >> r.IntN(32) * uint32(1-2*r.IntN(2)))
		case types.Int64:
			vector.Of[int64](v)[i] = []int64{0, -1, 1, math.MinInt64, math.MaxInt64, int64(r.Uint64())}[r.IntN(6)]
		case types.Float64:
			vector.Of[float64](v)[i] = []float64{0, math.Copysign(0, -1), 1.5, -1.5, math.Inf(1), math.Inf(-1), math.NaN(), r.NormFloat64()}[r.IntN(8)]
		case types.Numeric:
			d, err := numeric.Parse([]string{"0", "0.00", "1", "1.0", "-1", "NaN", "Infinity", "-Infinity", "1e30", "123456789012345678901234567890.5"}[r.IntN(10)])
			if err != nil {
				panic(err)
			}
			vector.Of[numeric.Decimal](v)[i] = d
		case types.Bytes:
			if t.IsArray() {
				size := r.IntN(4)
				v.SetBytes(i, array.FromVector(t.Elem.OID, fill(r, t.Elem, size), size))
				break
			}
			v.SetString(i, texts[r.IntN(len(texts))])
		}
		if r.IntN(8) == 0 {
			v.SetNull(i)
		}
	}
	return v
}

// TestOrder: forms compare as values do, equal values have equal forms, no form is a
// prefix of another, and lossless ones give the value back.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range []*types.Type{types.BoolType, types.Int2, types.Int4, types.Int8, types.Float8, types.NumericType, types.Text, types.BPChar, types.Bytea, types.Xid8, types.Int4Array, types.TextArray} {
		for _, c := range []Column{{Type: typ, Collation: typ.Collation}, {Type: typ, Collation: typ.Collation, Desc: true, NullsFirst: true}} {
			const n = 120
			v := fill(r, typ, n)
			compare := kernel.Comparer(typ, typ.Collation)
			forms := make([][]byte, n)
			for i := range n {
				forms[i] = Append(nil, c, v, i)
				if rest, ok := Skip(append(forms[i][:len(forms[i]):len(forms[i])], 9), c); !ok || len(rest) != 1 {
					t.Fatalf("%s: Skip left %d bytes of %x", typ.Name, len(rest), forms[i])
				}
				if Lossy(c) {
					continue
				}
				out := vector.New(typ, 1)
				rest, ok := Decode(forms[i], c, out, 0)
				if !ok || len(rest) != 0 || out.Null(0) != v.Null(i) || !v.Null(i) && compare(out, 0, v, i) != 0 {
					t.Fatalf("%s: %x does not give its value back", typ.Name, forms[i])
				}
			}
			for i := range n {
				for j := range n {
					want := 0
					switch xn, yn := v.Null(i), v.Null(j); {
					case xn && yn:
					case xn:
						if want = 1; c.NullsFirst {
							want = -1
						}
					case yn:
						if want = -1; c.NullsFirst {
							want = 1
						}
					default:
						if want = compare(v, i, v, j); c.Desc {
							want = -want
						}
					}
					if got := bytes.Compare(forms[i], forms[j]); sign(got) != sign(want) {
						t.Fatalf("%s desc=%v: %x and %x compare %d, want %d", typ.Name, c.Desc, forms[i], forms[j], got, want)
					}
					if want != 0 && bytes.HasPrefix(forms[i], forms[j]) {
						t.Fatalf("%s: %x is a prefix of %x", typ.Name, forms[j], forms[i])
					}
				}
			}
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
