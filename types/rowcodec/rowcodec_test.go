package rowcodec

import (
	"testing"

	"datapunk/types"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

var columns = []*types.Type{types.Int4, types.Text, types.BoolType, types.NumericType, types.Int8, types.Bytea, types.Float8, types.IntervalType}

// row makes values for the first n columns; every third is null.
func row(n, seed int) []*vector.Vector {
	out := make([]*vector.Vector, n)
	for i := range n {
		v := vector.New(columns[i], 1)
		switch {
		case (i+seed)%3 == 0:
			v.SetNull(0)
		case v.Phys() == types.Int32:
			vector.Of[int32](v)[0] = int32(seed - 7)
		case v.Phys() == types.Int64:
			vector.Of[int64](v)[0] = int64(seed) << 40
		case v.Phys() == types.Float64:
			vector.Of[float64](v)[0] = float64(seed) / 4
		case v.Phys() == types.Bool:
			vector.Of[bool](v)[0] = seed%2 == 0
		case v.Phys() == types.Numeric:
			vector.Of[numeric.Decimal](v)[0] = numeric.FromScaled(int64(seed), 2)
		case v.Phys() == types.Bytes:
			v.SetString(0, "some text longer than a view"[:seed%28])
		}
		out[i] = v
	}
	return out
}

// TestRoundTrip: any column is read back by itself, rows of fewer columns too.
func TestRoundTrip(t *testing.T) {
	c := New(columns)
	for seed := range 60 {
		n := 1 + seed%len(columns)
		vals := row(n, seed)
		b := c.Encode([]byte(nil), Header{XMin: uint32(seed), Number: uint64(seed) << 33}, vals, 0)
		if h, ok := ReadHeader(b); !ok || h.XMin != uint32(seed) || h.Number != uint64(seed)<<33 {
			t.Fatalf("header %+v", h)
		}
		for k := len(columns) - 1; k >= 0; k-- {
			out := vector.New(columns[k], 1)
			got := c.Decode(b, k, out, 0)
			switch {
			case k >= n:
				if got != Missing {
					t.Fatalf("column %d of %d: %d", k, n, got)
				}
			case vals[k].Null(0):
				if got != Null || !out.Null(0) {
					t.Fatalf("column %d: %d, want null", k, got)
				}
			default:
				if got != Value || string(vector.AppendDatum(nil, out, 0)) != string(vector.AppendDatum(nil, vals[k], 0)) {
					t.Fatalf("column %d of row %x differs", k, b)
				}
			}
		}
	}
}

// FuzzDecode: no bytes make Decode panic.
func FuzzDecode(f *testing.F) {
	c := New(columns)
	f.Add(c.Encode(nil, Header{}, row(8, 4), 0))
	f.Add(c.Encode(nil, Header{}, row(3, 5), 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		for k, typ := range columns {
			c.Decode(b, k, vector.New(typ, 1), 0)
		}
	})
}
