package vector

import (
	"encoding/binary"
	"math"

	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
)

// AppendDatum appends the self-delimiting bytes of row i, which must not be
// null: the form in which arrays, records, plans and spilled runs hold a value.
// Fixed-width values are little-endian; bytes have a uvarint length in front.
func AppendDatum(dst []byte, v *Vector, i int) []byte {
	i = v.Index(i)
	switch v.phys {
	case types.Bool:
		if Of[bool](v)[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case types.Int16:
		return binary.LittleEndian.AppendUint16(dst, uint16(Of[int16](v)[i]))
	case types.Int32:
		return binary.LittleEndian.AppendUint32(dst, uint32(Of[int32](v)[i]))
	case types.Int64:
		return binary.LittleEndian.AppendUint64(dst, uint64(Of[int64](v)[i]))
	case types.Float32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(Of[float32](v)[i]))
	case types.Float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(Of[float64](v)[i]))
	case types.Numeric:
		return Of[numeric.Decimal](v)[i].AppendStorage(dst)
	case types.Interval:
		x := Of[datetime.Interval](v)[i]
		dst = binary.LittleEndian.AppendUint64(dst, uint64(x.Micros))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x.Days))
		return binary.LittleEndian.AppendUint32(dst, uint32(x.Months))
	case types.TimeTZ:
		x := Of[datetime.TimeTZ](v)[i]
		dst = binary.LittleEndian.AppendUint64(dst, uint64(x.Micros))
		return binary.LittleEndian.AppendUint32(dst, uint32(x.Zone))
	case types.Bytes:
		b := v.Bytes(i)
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		return append(dst, b...)
	}
	return dst
}

// DecodeDatum reads into row i what AppendDatum wrote and returns the rest, or
// false if the bytes are cut short. Bytes are copied.
func (v *Vector) DecodeDatum(i int, src []byte) (rest []byte, ok bool) {
	width := fixedWidth(v.phys)
	if len(src) < width {
		return nil, false
	}
	switch v.phys {
	case types.Bool:
		Of[bool](v)[i] = src[0] != 0
	case types.Int16:
		Of[int16](v)[i] = int16(binary.LittleEndian.Uint16(src))
	case types.Int32, types.Float32:
		Of[int32](v)[i] = int32(binary.LittleEndian.Uint32(src))
	case types.Int64, types.Float64:
		Of[int64](v)[i] = int64(binary.LittleEndian.Uint64(src))
	case types.Numeric:
		d, n, err := numeric.DecodeStorage(src)
		if err != nil {
			return nil, false
		}
		Of[numeric.Decimal](v)[i], width = d, n
	case types.Interval:
		Of[datetime.Interval](v)[i] = datetime.Interval{Micros: int64(binary.LittleEndian.Uint64(src)),
			Days: int32(binary.LittleEndian.Uint32(src[8:])), Months: int32(binary.LittleEndian.Uint32(src[12:]))}
	case types.TimeTZ:
		Of[datetime.TimeTZ](v)[i] = datetime.TimeTZ{Micros: int64(binary.LittleEndian.Uint64(src)),
			Zone: int32(binary.LittleEndian.Uint32(src[8:]))}
	case types.Bytes:
		length, n := binary.Uvarint(src)
		if n <= 0 || uint64(len(src)-n) < length {
			return nil, false
		}
		v.SetBytes(i, src[n:n+int(length)])
		width = n + int(length)
	}
	return src[width:], true
}

// fixedWidth is the bytes of a fixed datum, 0 for the others.
func fixedWidth(p types.Phys) int {
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
