package format

import (
	"encoding/binary"
	"math"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/datetime"
	"datapunk/types/jsonb"
	"datapunk/types/numeric"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// jsonbVersion is the first byte of a jsonb on the wire.
const jsonbVersion = 1

// AppendBinary appends the binary form of row i of v, which must not be null.
func AppendBinary(dst []byte, ctx *Context, v *vector.Vector, i int) ([]byte, error) {
	if ctx == nil {
		ctx = defaults
	}
	t := v.Type.Root()
	i = v.Index(i)
	big := binary.BigEndian
	switch v.Phys() {
	case types.Bool:
		if vector.Of[bool](v)[i] {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case types.Int16:
		n := vector.Of[int16](v)[i]
		if t.OID == types.OIDChar {
			return append(dst, byte(n)), nil
		}
		return big.AppendUint16(dst, uint16(n)), nil
	case types.Int32:
		return big.AppendUint32(dst, uint32(vector.Of[int32](v)[i])), nil
	case types.Int64:
		n := vector.Of[int64](v)[i]
		switch {
		case t.OID == types.OIDTid:
			return big.AppendUint16(big.AppendUint32(dst, uint32(n>>16)), uint16(n)), nil
		case t.Len == 4:
			return big.AppendUint32(dst, uint32(n)), nil
		}
		return big.AppendUint64(dst, uint64(n)), nil
	case types.Float32:
		return big.AppendUint32(dst, math.Float32bits(vector.Of[float32](v)[i])), nil
	case types.Float64:
		return big.AppendUint64(dst, math.Float64bits(vector.Of[float64](v)[i])), nil
	case types.Numeric:
		return vector.Of[numeric.Decimal](v)[i].AppendBinary(dst), nil
	case types.Interval:
		x := vector.Of[datetime.Interval](v)[i]
		dst = big.AppendUint64(dst, uint64(x.Micros))
		return big.AppendUint32(big.AppendUint32(dst, uint32(x.Days)), uint32(x.Months)), nil
	case types.TimeTZ:
		x := vector.Of[datetime.TimeTZ](v)[i]
		return big.AppendUint32(big.AppendUint64(dst, uint64(x.Micros)), uint32(x.Zone)), nil
	case types.Void:
		return dst, nil
	}
	b := v.Bytes(i)
	switch {
	case t.OID == types.OIDJSONB:
		return jsonb.AppendText(append(dst, jsonbVersion), b), nil
	case t.OID == types.OIDAclitem:
		return nil, noBinary("output", t)
	case t.IsArray(), t.IsVector(), t.OID == types.OIDAnyArray:
		return appendBinaryArray(dst, ctx, t, b)
	case t.OID == types.OIDRecord || t.Kind == types.Composite:
		fields, err := record.Decode(b, ctx.typeByOID)
		if err != nil {
			return nil, err
		}
		dst = big.AppendUint32(dst, uint32(len(fields)))
		for _, f := range fields {
			dst = big.AppendUint32(dst, uint32(f.Type.OID))
			if dst, err = appendSized(dst, ctx, f, 0); err != nil {
				return nil, err
			}
		}
		return dst, nil
	}
	return append(dst, b...), nil
}

func noBinary(what string, t *types.Type) error {
	return pgerr.Newf(pgerr.UndefinedFunction, "no binary %s function available for type %s", what, TypeName(t, -1))
}

// appendSized appends a value with its length in front, -1 for a null.
func appendSized(dst []byte, ctx *Context, v *vector.Vector, i int) ([]byte, error) {
	if v.Null(i) {
		return append(dst, 0xff, 0xff, 0xff, 0xff), nil
	}
	at := len(dst)
	dst, err := AppendBinary(append(dst, 0, 0, 0, 0), ctx, v, i)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst, nil
}

func appendBinaryArray(dst []byte, ctx *Context, t *types.Type, b []byte) ([]byte, error) {
	elem := t.Elem
	if oid, _, ok := array.Header(b); ok && elem == nil {
		elem = ctx.typeByOID(oid)
	}
	if elem == nil {
		return nil, pgerr.New(pgerr.DataCorrupted, "array value is corrupt")
	}
	a, err := array.Decode(b, elem)
	if err != nil {
		return nil, err
	}
	big := binary.BigEndian
	dst = big.AppendUint32(dst, uint32(len(a.Dims)))
	dst = big.AppendUint32(dst, uint32(b[1]&1))
	dst = big.AppendUint32(dst, uint32(elem.OID))
	for _, d := range a.Dims {
		dst = big.AppendUint32(big.AppendUint32(dst, uint32(d.Length)), uint32(d.Lower))
	}
	for k := range a.N {
		if dst, err = appendSized(dst, ctx, a.Elems, k); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// message reads the fields of a binary value.
type message struct {
	b     []byte
	short bool
}

func (m *message) take(n int) []byte {
	if n < 0 || len(m.b) < n {
		m.short = true
		return make([]byte, max(min(n, 16), 0))
	}
	out := m.b[:n]
	m.b = m.b[n:]
	return out
}

func (m *message) u16() uint16 { return binary.BigEndian.Uint16(m.take(2)) }
func (m *message) u32() uint32 { return binary.BigEndian.Uint32(m.take(4)) }
func (m *message) u64() uint64 { return binary.BigEndian.Uint64(m.take(8)) }

func (m *message) end() error {
	if m.short {
		return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	if len(m.b) > 0 {
		return pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return nil
}

// ParseBinary reads the binary form of a value of type t with modifier mod into
// row i of out.
func ParseBinary(ctx *Context, t *types.Type, mod int32, b []byte, out *vector.Vector, i int) error {
	if ctx == nil {
		ctx = defaults
	}
	for ; t.Kind == types.Domain; t = t.Base {
		mod = t.BaseMod
	}
	out.Nulls.Clear(i)
	m := message{b: b}
	outOfRange := func(what string) error {
		return pgerr.Newf(pgerr.DatetimeValueOutOfRange, "%s out of range", what)
	}
	switch t.Phys {
	case types.Bool:
		vector.Of[bool](out)[i] = m.take(1)[0] != 0
		return m.end()
	case types.Int16:
		if t.OID == types.OIDChar {
			vector.Of[int16](out)[i] = int16(m.take(1)[0])
		} else {
			vector.Of[int16](out)[i] = int16(m.u16())
		}
		return m.end()
	case types.Int32:
		n := int32(m.u32())
		if t.OID == types.OIDDate && !validDate(n) {
			return outOfRange("date")
		}
		vector.Of[int32](out)[i] = n
		return m.end()
	case types.Int64:
		switch {
		case t.OID == types.OIDTid:
			block := int64(m.u32())
			vector.Of[int64](out)[i] = block<<16 | int64(m.u16())
			return m.end()
		case t.Len == 4:
			vector.Of[int64](out)[i] = int64(m.u32())
			return m.end()
		}
		n := int64(m.u64())
		if err := m.end(); err != nil {
			return err
		}
		switch t.OID {
		case types.OIDTime:
			if n < 0 || n > 86400000000 {
				return outOfRange("time")
			}
			n = int64(datetime.Time(n).Round(int(mod)))
		case types.OIDTimestamp, types.OIDTimestamptz:
			if !validTimestamp(n) {
				return outOfRange("timestamp")
			}
			n = int64(datetime.Timestamp(n).Round(int(mod)))
		case types.OIDMoney:
			return pgerr.Unsupported("type money")
		}
		vector.Of[int64](out)[i] = n
		return nil
	case types.Float32:
		vector.Of[float32](out)[i] = math.Float32frombits(m.u32())
		return m.end()
	case types.Float64:
		vector.Of[float64](out)[i] = math.Float64frombits(m.u64())
		return m.end()
	case types.Numeric:
		d, err := numeric.DecodeBinary(b)
		if err == nil {
			d, err = d.CoerceTypmod(mod)
		}
		vector.Of[numeric.Decimal](out)[i] = d
		return err
	case types.Interval:
		v := datetime.Interval{Micros: int64(m.u64()), Days: int32(m.u32()), Months: int32(m.u32())}
		vector.Of[datetime.Interval](out)[i] = v.ApplyTypmod(mod)
		return m.end()
	case types.TimeTZ:
		v := datetime.TimeTZ{Micros: int64(m.u64()), Zone: int32(m.u32())}
		if v.Micros < 0 || v.Micros > 86400000000 {
			return outOfRange("time")
		}
		if v.Zone <= -57600 || v.Zone >= 57600 {
			return pgerr.New(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range")
		}
		v.Micros = int64(datetime.Time(v.Micros).Round(int(mod)))
		vector.Of[datetime.TimeTZ](out)[i] = v
		return m.end()
	case types.Void:
		return nil
	}
	switch {
	case t.OID == types.OIDBytea:
		out.SetBytes(i, b)
		return nil
	case t.OID == types.OIDUUID:
		u := m.take(16)
		if err := m.end(); err != nil {
			return err
		}
		out.SetBytes(i, u)
		return nil
	case t.OID == types.OIDJSONB:
		if version := m.take(1)[0]; version != jsonbVersion && !m.short {
			return pgerr.Newf(pgerr.InternalError, "unsupported jsonb version number %d", version)
		}
		if m.short {
			return m.end()
		}
		return ParseText(ctx, t, mod, string(m.b), out, i)
	case t.OID == types.OIDAclitem:
		return noBinary("input", t)
	case t.IsArray(), t.IsVector():
		return parseBinaryArray(ctx, t, mod, &m, out, i)
	case t.OID == types.OIDRecord:
		return pgerr.New(pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
	case t.Kind == types.Composite:
		return parseBinaryRecord(ctx, t, &m, out, i)
	}
	return ParseText(ctx, t, mod, string(b), out, i)
}

func parseBinaryArray(ctx *Context, t *types.Type, mod int32, m *message, out *vector.Vector, i int) error {
	ndim, flags, oid := int32(m.u32()), m.u32(), types.OID(m.u32())
	switch {
	case m.short:
		return m.end()
	case ndim < 0:
		return pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid number of dimensions: %d", ndim)
	case ndim > array.MaxDims:
		return pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", ndim, array.MaxDims)
	case flags > 1:
		return pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid array flags")
	case oid != t.Elem.OID:
		name := "-"
		if e := ctx.typeByOID(oid); e != nil {
			name = TypeName(e, -1)
		}
		return pgerr.Newf(pgerr.DatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)", oid, name, t.Elem.OID, TypeName(t.Elem, -1))
	}
	var dims []array.Dim
	for range ndim {
		d := array.Dim{Length: int32(m.u32()), Lower: int32(m.u32())}
		if d.Length < 0 {
			return pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 134217727)
		}
		dims = append(dims, d)
	}
	n, err := array.Count(dims)
	if err != nil {
		return err
	}
	if m.short || n > len(m.b)/4 {
		m.short = true
		return m.end()
	}
	elems := vector.New(t.Elem, n)
	for k := range n {
		if err := parseSized(ctx, t.Elem, mod, m, elems, k); err != nil {
			return err
		}
	}
	if err := m.end(); err != nil {
		return err
	}
	out.SetBytes(i, array.Append(nil, t.Elem.OID, dims, elems, vector.Sequence(nil, n)))
	return nil
}

// parseSized reads a value with its length in front.
func parseSized(ctx *Context, t *types.Type, mod int32, m *message, out *vector.Vector, i int) error {
	size := int32(m.u32())
	if m.short {
		return m.end()
	}
	if size == -1 {
		out.SetNull(i)
		return nil
	}
	if size < 0 || int(size) > len(m.b) {
		m.short = true
		return m.end()
	}
	return ParseBinary(ctx, t, mod, m.take(int(size)), out, i)
}

func parseBinaryRecord(ctx *Context, t *types.Type, m *message, out *vector.Vector, i int) error {
	n := int(m.u32())
	if m.short {
		return m.end()
	}
	if n != len(t.Fields) {
		return pgerr.Newf(pgerr.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(t.Fields))
	}
	cols := make([]*vector.Vector, n)
	for k, f := range t.Fields {
		if oid := types.OID(m.u32()); oid != f.Type.OID && !m.short {
			name := "???"
			if e := ctx.typeByOID(oid); e != nil {
				name = TypeName(e, -1)
			}
			return pgerr.Newf(pgerr.DatatypeMismatch, "binary data has type %d (%s) instead of expected %d (%s) in record column %d", oid, name, f.Type.OID, TypeName(f.Type, -1), k+1)
		}
		cols[k] = vector.New(f.Type, 1)
		if err := parseSized(ctx, f.Type, f.Mod, m, cols[k], 0); err != nil {
			return err
		}
	}
	if err := m.end(); err != nil {
		return err
	}
	out.SetBytes(i, record.Append(nil, cols, 0))
	return nil
}

// validDate and validTimestamp bound what types/datetime can hold: 4713 BC to
// 5874897 AD, and 294276 AD.
func validDate(n int32) bool {
	return n >= -2451545 && n < 2147483494-2451545 || !datetime.Date(n).IsFinite()
}

func validTimestamp(n int64) bool {
	return n >= -211813488000000000 && n < 9223371331200000000 || !datetime.Timestamp(n).IsFinite()
}
