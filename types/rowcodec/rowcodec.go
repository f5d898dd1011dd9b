// Package rowcodec is a table's row as bytes: the value of a primary entry.
//
//	| xmin u32 | row number u64 | columns u16 | null bitmap | fixed part | end offsets u32 … | bytes |
//
// little-endian (docs/format/row.md). columns is how many of the table's columns,
// by number and with dropped ones, the row was written with: a column added later
// is missing. The bitmap has a bit a column. The fixed part has a slot for each
// column of fixed width, null or not, so that a column's place depends on the
// descriptor alone; then for each other column the end of its bytes. Any column
// is read without looking at the others.
package rowcodec

import (
	"encoding/binary"
	"math"

	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// Header is what every row begins with.
type Header struct {
	XMin   uint32 // transaction that wrote it
	Number uint64 // row number: ctid, and the key of a table without primary key
}

const headerSize = 4 + 8 + 2

// Codec knows where the columns of one table lie.
type Codec struct {
	columns []*types.Type
	slots   []int // of a fixed column: offset in the fixed part; of another: ^its place among them
	// fixed[n] and variable[n] are the sizes for rows of the first n columns.
	fixed, variable []int
}

// New makes a codec for columns by number, dropped ones included: they keep their
// place and are null in new rows.
func New(columns []*types.Type) *Codec {
	c := &Codec{columns: columns, slots: make([]int, len(columns)), fixed: make([]int, len(columns)+1), variable: make([]int, len(columns)+1)}
	for i, t := range columns {
		c.fixed[i+1], c.variable[i+1] = c.fixed[i], c.variable[i]
		if w := width(t.Phys); w > 0 {
			c.slots[i] = c.fixed[i]
			c.fixed[i+1] += w
		} else {
			c.slots[i] = ^c.variable[i]
			c.variable[i+1]++
		}
	}
	return c
}

// width is the bytes of a fixed slot, 0 for the others.
func width(p types.Phys) int {
	switch p {
	case types.Bool:
		return 1
	case types.Int16:
		return 2
	case types.Int32, types.Float32:
		return 4
	case types.Int64, types.Float64:
		return 8
	case types.Interval:
		return 16
	case types.TimeTZ:
		return 12
	}
	return 0
}

// Encode appends row i of cols, one vector for each column by number; nil stands
// for null.
func (c *Codec) Encode(dst []byte, h Header, cols []*vector.Vector, i int) []byte {
	n := len(cols)
	dst = binary.LittleEndian.AppendUint32(dst, h.XMin)
	dst = binary.LittleEndian.AppendUint64(dst, h.Number)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
	nulls := len(dst)
	fixed := nulls + (n+7)/8
	ends := fixed + c.fixed[n]
	body := ends + 4*c.variable[n]
	for need := body - len(dst); need > 0; {
		step := min(need, len(zeros))
		dst = append(dst, zeros[:step]...)
		need -= step
	}
	for k, v := range cols {
		slot := c.slots[k]
		null := v == nil || v.Null(i)
		if null {
			dst[nulls+k/8] |= 1 << (k % 8)
		}
		if slot < 0 {
			if !null {
				if v.Phys() == types.Numeric {
					dst = vector.Of[numeric.Decimal](v)[v.Index(i)].AppendStorage(dst)
				} else {
					dst = append(dst, v.Bytes(i)...)
				}
			}
			binary.LittleEndian.PutUint32(dst[ends+4*(^slot):], uint32(len(dst)-body))
			continue
		}
		if null {
			continue
		}
		place, j := dst[fixed+slot:], v.Index(i)
		switch v.Phys() {
		case types.Bool:
			if vector.Of[bool](v)[j] {
				place[0] = 1
			}
		case types.Int16:
			binary.LittleEndian.PutUint16(place, uint16(vector.Of[int16](v)[j]))
		case types.Int32:
			binary.LittleEndian.PutUint32(place, uint32(vector.Of[int32](v)[j]))
		case types.Int64:
			binary.LittleEndian.PutUint64(place, uint64(vector.Of[int64](v)[j]))
		case types.Float32:
			binary.LittleEndian.PutUint32(place, math.Float32bits(vector.Of[float32](v)[j]))
		case types.Float64:
			binary.LittleEndian.PutUint64(place, math.Float64bits(vector.Of[float64](v)[j]))
		case types.Interval:
			x := vector.Of[datetime.Interval](v)[j]
			binary.LittleEndian.PutUint64(place, uint64(x.Micros))
			binary.LittleEndian.PutUint32(place[8:], uint32(x.Days))
			binary.LittleEndian.PutUint32(place[12:], uint32(x.Months))
		case types.TimeTZ:
			x := vector.Of[datetime.TimeTZ](v)[j]
			binary.LittleEndian.PutUint64(place, uint64(x.Micros))
			binary.LittleEndian.PutUint32(place[8:], uint32(x.Zone))
		}
	}
	return dst
}

var zeros [512]byte

// ReadHeader reads a row's header.
func ReadHeader(row []byte) (Header, bool) {
	if len(row) < headerSize {
		return Header{}, false
	}
	return Header{binary.LittleEndian.Uint32(row), binary.LittleEndian.Uint64(row[4:])}, true
}

// Result says what Decode found.
type Result uint8

// The results.
const (
	Value   Result = iota
	Null           // the null bit of the row is set in out
	Missing        // the row is older than the column
	Corrupt
)

// Decode reads column k (from 0) of a row into row i of out. Bytes are copied.
func (c *Codec) Decode(row []byte, k int, out *vector.Vector, i int) Result {
	if len(row) < headerSize {
		return Corrupt
	}
	n := int(binary.LittleEndian.Uint16(row[12:]))
	if k >= n {
		return Missing
	}
	if n > len(c.columns) {
		return Corrupt
	}
	bitmap := headerSize
	fixed := bitmap + (n+7)/8
	ends := fixed + c.fixed[n]
	body := ends + 4*c.variable[n]
	if len(row) < body {
		return Corrupt
	}
	if row[bitmap+k/8]&(1<<(k%8)) != 0 {
		out.SetNull(i)
		return Null
	}
	slot := c.slots[k]
	if slot < 0 {
		place := ^slot
		start := uint32(0)
		if place > 0 {
			start = binary.LittleEndian.Uint32(row[ends+4*place-4:])
		}
		end := binary.LittleEndian.Uint32(row[ends+4*place:])
		if start > end || int(end) > len(row)-body {
			return Corrupt
		}
		b := row[body+int(start) : body+int(end)]
		if out.Phys() == types.Numeric {
			d, _, err := numeric.DecodeStorage(b)
			if err != nil {
				return Corrupt
			}
			vector.Of[numeric.Decimal](out)[i] = d
		} else {
			out.SetBytes(i, b)
		}
		return Value
	}
	place := row[fixed+slot:]
	switch out.Phys() {
	case types.Bool:
		vector.Of[bool](out)[i] = place[0] != 0
	case types.Int16:
		vector.Of[int16](out)[i] = int16(binary.LittleEndian.Uint16(place))
	case types.Int32, types.Float32:
		vector.Of[int32](out)[i] = int32(binary.LittleEndian.Uint32(place))
	case types.Int64, types.Float64:
		vector.Of[int64](out)[i] = int64(binary.LittleEndian.Uint64(place))
	case types.Interval:
		vector.Of[datetime.Interval](out)[i] = datetime.Interval{Micros: int64(binary.LittleEndian.Uint64(place)),
			Days: int32(binary.LittleEndian.Uint32(place[8:])), Months: int32(binary.LittleEndian.Uint32(place[12:]))}
	case types.TimeTZ:
		vector.Of[datetime.TimeTZ](out)[i] = datetime.TimeTZ{Micros: int64(binary.LittleEndian.Uint64(place)),
			Zone: int32(binary.LittleEndian.Uint32(place[8:]))}
	}
	return Value
}
