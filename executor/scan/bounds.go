package scan

import (
	"bytes"
	"math"
	"slices"

	"datapunk/executor/table"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// where tells how a value lies to the range of a key's type.
type where uint8

const (
	within where = iota
	tooSmall
	tooLarge
)

// fit brings an integer to the width of the key's type; others stay.
func fit(v *vector.Vector, t *types.Type) (*vector.Vector, where) {
	t = t.Root()
	if v.Phys() == t.Phys || v.Null(0) {
		return v, within
	}
	var n int64
	k := v.Index(0)
	switch v.Phys() {
	case types.Int16:
		n = int64(vector.Of[int16](v)[k])
	case types.Int32:
		n = int64(vector.Of[int32](v)[k])
	case types.Int64:
		n = vector.Of[int64](v)[k]
	default:
		return v, within
	}
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	switch t.Phys {
	case types.Int16:
		low, high = math.MinInt16, math.MaxInt16
	case types.Int32:
		low, high = math.MinInt32, math.MaxInt32
	}
	switch {
	case n < low:
		return v, tooSmall
	case n > high:
		return v, tooLarge
	}
	switch t.Phys {
	case types.Int16:
		return vector.Value(t, int16(n)), within
	case types.Int32:
		return vector.Value(t, int32(n)), within
	}
	return vector.Value(t, n), within
}

// inForms are the key forms of an array's elements, in key order and each once.
func inForms(v *vector.Vector, c table.KeyColumn, base []byte) ([][]byte, error) {
	a, err := array.Decode(v.Bytes(0), v.Type.Root().Elem)
	if err != nil {
		return nil, err
	}
	var forms [][]byte
	for i := range a.N {
		if a.Elems.Null(i) {
			continue
		}
		e, w := fit(vector.NewConst(a.Elems, i), c.Type)
		if w == within {
			forms = append(forms, keycodec.Append(base[:len(base):len(base)], c.Column, e, 0))
		}
	}
	slices.SortFunc(forms, bytes.Compare)
	return slices.CompactFunc(forms, bytes.Equal), nil
}
