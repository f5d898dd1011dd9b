package format

import (
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/jsonb"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// ParseText reads text as a value of type t with modifier mod (-1 none) into row
// i of out.
func ParseText(ctx *Context, t *types.Type, mod int32, text string, out *vector.Vector, i int) error {
	if ctx == nil {
		ctx = defaults
	}
	if t.Kind == types.Domain {
		mod = t.BaseMod
		for t = t.Base; t.Kind == types.Domain; t = t.Base {
			mod = t.BaseMod
		}
	}
	out.Nulls.Clear(i)
	switch t.OID {
	case types.OIDText, types.OIDCstring, types.OIDUnknown, types.OIDRefcursor, types.OIDPgNodeTree, types.OIDAclitem:
		if err := CheckText(text); err != nil {
			return err
		}
		out.SetString(i, text)
		return nil
	case types.OIDInt4:
		n, err := ParseInt(text, 32, "integer")
		vector.Of[int32](out)[i] = int32(n)
		return err
	case types.OIDInt8:
		n, err := ParseInt(text, 64, "bigint")
		vector.Of[int64](out)[i] = n
		return err
	case types.OIDInt2:
		n, err := ParseInt(text, 16, "smallint")
		vector.Of[int16](out)[i] = int16(n)
		return err
	case types.OIDBool:
		b, err := parseBool(text)
		vector.Of[bool](out)[i] = b
		return err
	case types.OIDFloat8:
		f, err := ParseFloat(text, 64, "double precision")
		vector.Of[float64](out)[i] = f
		return err
	case types.OIDFloat4:
		f, err := ParseFloat(text, 32, "real")
		vector.Of[float32](out)[i] = float32(f)
		return err
	case types.OIDNumeric:
		d, err := numeric.Parse(text)
		if err == nil {
			d, err = d.CoerceTypmod(mod)
		}
		vector.Of[numeric.Decimal](out)[i] = d
		return err
	case types.OIDVarchar, types.OIDBPChar:
		if err := CheckText(text); err != nil {
			return err
		}
		fit, err := FitVarchar, error(nil)
		if t.OID == types.OIDBPChar {
			fit = FitChar
		}
		if text, err = fit(text, mod, false); err != nil {
			return err
		}
		out.SetString(i, text)
		return nil
	case types.OIDName:
		if err := CheckText(text); err != nil {
			return err
		}
		out.SetString(i, ClipName(text))
		return nil
	case types.OIDChar:
		var c int16
		if text != "" {
			c = int16(text[0])
		}
		vector.Of[int16](out)[i] = c
		return nil
	case types.OIDBytea:
		b, err := ParseBytea(text)
		if err != nil {
			return err
		}
		out.SetBytes(i, b)
		return nil
	case types.OIDDate:
		d, err := datetime.ParseDate(text, ctx.Datetime)
		vector.Of[datetime.Date](out)[i] = d
		return err
	case types.OIDTime:
		v, err := datetime.ParseTime(text, int(mod), ctx.Datetime)
		vector.Of[datetime.Time](out)[i] = v
		return err
	case types.OIDTimetz:
		v, err := datetime.ParseTimeTZ(text, int(mod), ctx.Datetime)
		vector.Of[datetime.TimeTZ](out)[i] = v
		return err
	case types.OIDTimestamp:
		v, err := datetime.ParseTimestamp(text, int(mod), ctx.Datetime)
		vector.Of[datetime.Timestamp](out)[i] = v
		return err
	case types.OIDTimestamptz:
		v, err := datetime.ParseTimestampTZ(text, int(mod), ctx.Datetime)
		vector.Of[datetime.Timestamp](out)[i] = v
		return err
	case types.OIDInterval:
		v, err := datetime.ParseInterval(text, mod, ctx.Datetime)
		vector.Of[datetime.Interval](out)[i] = v
		return err
	case types.OIDUUID:
		u, err := ParseUUID(text)
		if err != nil {
			return err
		}
		out.SetBytes(i, u[:])
		return nil
	case types.OIDJSON:
		if err := CheckText(text); err != nil {
			return err
		}
		if err := jsonb.Validate(text); err != nil {
			return err
		}
		out.SetString(i, text)
		return nil
	case types.OIDJSONB:
		if err := CheckText(text); err != nil {
			return err
		}
		b, err := jsonb.Parse(text)
		if err != nil {
			return err
		}
		out.SetBytes(i, b)
		return nil
	case types.OIDVoid:
		return nil
	case types.OIDRecord:
		return pgerr.New(pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
	case types.OIDInt2Vector, types.OIDOidVector:
		return parseVector(t, text, out, i)
	}
	switch {
	case t.Phys == types.Int64:
		n, done, err := parseOID(ctx, t, text)
		if done {
			vector.Of[int64](out)[i] = n
			return err
		}
	case t.IsArray():
		return parseArray(ctx, t, mod, text, out, i)
	case t.Kind == types.Composite:
		return parseRecord(ctx, t, text, out, i)
	case t.Kind == types.Pseudo:
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot accept a value of type %s", t.Name)
	}
	return pgerr.Unsupported("type %s", TypeName(t, -1))
}

// CheckText tells whether text may be stored: valid UTF-8 without NUL (22021).
func CheckText[T string | []byte](text T) error {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == 0 || c >= utf8.RuneSelf {
			return checkText(text)
		}
	}
	return nil
}

// checkText names the bytes as PostgreSQL does: as many as the first of them promises.
func checkText[T string | []byte](text T) error {
	for i := 0; i < len(text); {
		c := text[i]
		if c == 0 {
			return badUTF8(string(text[i : i+1]))
		}
		if c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		if r == utf8.RuneError && n <= 1 {
			length := 1
			switch {
			case c >= 0xf0 && c < 0xf8:
				length = 4
			case c >= 0xe0 && c < 0xf0:
				length = 3
			case c >= 0xc0 && c < 0xe0:
				length = 2
			}
			return badUTF8(string(text[i:min(i+length, len(text))]))
		}
		i += n
	}
	return nil
}

func badUTF8(b string) error {
	const hex = "0123456789abcdef"
	s := make([]byte, 0, 24)
	for i := range len(b) {
		if i > 0 {
			s = append(s, ' ')
		}
		s = append(s, '0', 'x', hex[b[i]>>4], hex[b[i]&15])
	}
	return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", s)
}

func syntax(name, text string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", name, text)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
