package system

import (
	"fmt"

	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// Rows collects the rows of a table, value by value in the order of its columns.
type Rows struct {
	types []*types.Type
	cols  []*vector.Vector // nil: not asked for
	n     int
}

// newRows begins a table, of some columns by number or (nil) of all.
func newRows(cols []*types.Type, numbers []int16) *Rows {
	r := &Rows{types: cols, cols: make([]*vector.Vector, len(cols))}
	if numbers == nil {
		for i, t := range cols {
			r.cols[i] = vector.New(t, 1)
		}
	}
	for _, n := range numbers {
		if n > 0 && r.cols[n-1] == nil {
			r.cols[n-1] = vector.New(cols[n-1], 1)
		}
	}
	return r
}

func (r *Rows) batch() *vector.Batch { return &vector.Batch{Cols: r.cols, N: r.n} }

// Len is how many rows there are.
func (r *Rows) Len() int { return r.n }

// Add adds a row: nil is null; numbers of any width, texts, bytes ("char"), and lists
// of numbers, OIDs or texts for arrays and vectors.
func (r *Rows) Add(values ...any) {
	if len(values) != len(r.cols) {
		panic(fmt.Sprintf("system: %d values for %d columns", len(values), len(r.cols)))
	}
	for i, value := range values {
		v := r.cols[i]
		if v == nil {
			continue
		}
		if r.n >= v.Cap() {
			v.Grow(r.n + 1)
		}
		r.put(v, r.types[i], value)
	}
	r.n++
}

func (r *Rows) put(v *vector.Vector, t *types.Type, value any) {
	switch x := value.(type) {
	case nil:
		v.SetNull(r.n)
	case bool:
		vector.Of[bool](v)[r.n] = x
	case string:
		v.SetString(r.n, x)
	case []byte:
		v.SetBytes(r.n, x)
	case int:
		r.number(v, int64(x))
	case int16:
		r.number(v, int64(x))
	case int32:
		r.number(v, int64(x))
	case int64:
		r.number(v, x)
	case uint32:
		r.number(v, int64(x))
	case types.OID:
		r.number(v, int64(x))
	case byte:
		r.number(v, int64(x))
	case float32:
		vector.Of[float32](v)[r.n] = x
	case float64:
		if v.Phys() == types.Float32 {
			vector.Of[float32](v)[r.n] = float32(x)
		} else {
			vector.Of[float64](v)[r.n] = x
		}
	case []int16:
		if x == nil {
			v.SetNull(r.n)
			return
		}
		e := vector.New(t.Elem, len(x))
		for i, n := range x {
			vector.Of[int16](e)[i] = n
		}
		v.SetBytes(r.n, list(t, e, len(x)))
	case []float64:
		e := vector.New(t.Elem, len(x))
		for i, n := range x {
			vector.Of[float32](e)[i] = float32(n)
		}
		v.SetBytes(r.n, list(t, e, len(x)))
	case []types.OID:
		if x == nil {
			v.SetNull(r.n)
			return
		}
		e := vector.New(t.Elem, len(x))
		for i, n := range x {
			vector.Of[int64](e)[i] = int64(n)
		}
		v.SetBytes(r.n, list(t, e, len(x)))
	case []string:
		if x == nil {
			v.SetNull(r.n)
			return
		}
		e := vector.New(t.Elem, len(x))
		for i, s := range x {
			if e.Phys() == types.Int16 {
				vector.Of[int16](e)[i] = int16(s[0])
			} else {
				e.SetString(i, s)
			}
		}
		v.SetBytes(r.n, list(t, e, len(x)))
	default:
		panic(fmt.Sprintf("system: value of type %T", value))
	}
}

func (r *Rows) number(v *vector.Vector, n int64) {
	switch v.Phys() {
	case types.Int16:
		vector.Of[int16](v)[r.n] = int16(n)
	case types.Int32:
		vector.Of[int32](v)[r.n] = int32(n)
	case types.Int64:
		vector.Of[int64](v)[r.n] = n
	case types.Float32:
		vector.Of[float32](v)[r.n] = float32(n)
	case types.Float64:
		vector.Of[float64](v)[r.n] = float64(n)
	default:
		panic(fmt.Sprintf("system: number for a column of type %s", v.Type.Name))
	}
}

// list makes an array, or an int2vector or oidvector, whose subscripts begin with 0.
func list(t *types.Type, e *vector.Vector, n int) []byte {
	low := int32(1)
	if t.IsVector() {
		low = 0
	}
	return array.Append(nil, t.Elem.OID, []array.Dim{{Length: int32(n), Lower: low}}, e, vector.Sequence(nil, n))
}

// orNull is a value, or null for the zero value.
func orNull[T comparable](x T) any {
	var zero T
	if x == zero {
		return nil
	}
	return x
}

// orElse is a value, or another for the zero value.
func orElse[T comparable](x, other T) T {
	var zero T
	if x == zero {
		return other
	}
	return x
}

// Type is the type of a column, by place from 0.
func (r *Rows) Type(i int) *types.Type { return r.types[i] }
