package format

import (
	"strconv"

	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/datetime"
	"datapunk/types/jsonb"
	"datapunk/types/numeric"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// AppendText appends the text of row i of v, which must not be null.
func AppendText(dst []byte, ctx *Context, v *vector.Vector, i int) []byte {
	if ctx == nil {
		ctx = defaults
	}
	t := v.Type
	if t.Kind == types.Domain {
		t = t.Root()
	}
	i = v.Index(i)
	switch v.Phys() {
	case types.Bool:
		if vector.Of[bool](v)[i] {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case types.Int16:
		n := vector.Of[int16](v)[i]
		if t.OID == types.OIDChar {
			if n == 0 {
				return dst
			}
			return append(dst, byte(n))
		}
		return strconv.AppendInt(dst, int64(n), 10)
	case types.Int32:
		n := vector.Of[int32](v)[i]
		if t.OID == types.OIDDate {
			return datetime.AppendDate(dst, datetime.Date(n), ctx.Datetime)
		}
		return strconv.AppendInt(dst, int64(n), 10)
	case types.Int64:
		n := vector.Of[int64](v)[i]
		switch t.OID {
		case types.OIDInt8:
			return strconv.AppendInt(dst, n, 10)
		case types.OIDTimestamp:
			return datetime.AppendTimestamp(dst, datetime.Timestamp(n), ctx.Datetime)
		case types.OIDTimestamptz:
			return datetime.AppendTimestampTZ(dst, datetime.Timestamp(n), ctx.Datetime)
		case types.OIDTime:
			return datetime.AppendTime(dst, datetime.Time(n))
		}
		return appendOID(dst, ctx, t, n)
	case types.Float32:
		return AppendFloat(dst, float64(vector.Of[float32](v)[i]), 32, ctx.ExtraFloatDigits)
	case types.Float64:
		return AppendFloat(dst, vector.Of[float64](v)[i], 64, ctx.ExtraFloatDigits)
	case types.Numeric:
		return vector.Of[numeric.Decimal](v)[i].AppendText(dst)
	case types.Interval:
		return datetime.AppendInterval(dst, vector.Of[datetime.Interval](v)[i], ctx.Datetime)
	case types.TimeTZ:
		return datetime.AppendTimeTZ(dst, vector.Of[datetime.TimeTZ](v)[i])
	case types.Void:
		return dst
	}
	b := v.Bytes(i)
	switch t.OID {
	case types.OIDBytea:
		return AppendBytea(dst, b, ctx.ByteaEscape)
	case types.OIDUUID:
		return AppendUUID(dst, b)
	case types.OIDJSONB:
		return jsonb.AppendText(dst, b)
	case types.OIDInt2Vector, types.OIDOidVector:
		a, err := array.Decode(b, t.Elem)
		if err != nil {
			return dst
		}
		for k := range a.N {
			if k > 0 {
				dst = append(dst, ' ')
			}
			dst = AppendText(dst, ctx, a.Elems, k)
		}
		return dst
	}
	switch {
	case t.IsArray(), t.OID == types.OIDAnyArray:
		return appendArray(dst, ctx, t, b)
	case t.OID == types.OIDRecord || t.Kind == types.Composite:
		fields, err := record.Decode(b, ctx.typeByOID)
		if err != nil {
			return dst
		}
		return appendRecord(dst, ctx, fields)
	}
	return append(dst, b...)
}
