package text

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// share gives a kernel that copies bytes as they are.
func share(f func(s string) string) function.Impl { return function.Map1(f) }

func casts(t function.Table) {
	same := func(s string) string { return s }
	t["text_name"], t["bpchar_name"] = share(format.ClipName), share(func(s string) string { return format.ClipName(kernel.TrimBlanks(s)) })
	t["name_text"], t["name_bpchar"] = share(same), share(same)
	t["rtrim1"] = share(kernel.TrimBlanks)
	t["booltext"] = function.Map1(func(b bool) string {
		if b {
			return "true"
		}
		return "false"
	})
	fit := func(f func(s string, mod int32, explicit bool) (string, error)) function.Impl {
		return function.Map3E(f)
	}
	t["varchar"], t["bpchar"] = fit(format.FitVarchar), fit(format.FitChar)
	t["char_text"] = function.Map1(charText)
	t["char_bpchar"] = function.Map1(charText)
	t["text_char"] = function.Map1(func(s string) int16 {
		if s == "" {
			return 0
		}
		return int16(s[0])
	})
	t["nameconcatoid"] = function.Map2(func(name string, oid int64) string {
		suffix := "_" + formatInt(oid)
		for len(name)+len(suffix) > 63 {
			name = format.ClipName(name[:len(name)-1])
			if n := 63 - len(suffix); len(name) > n {
				name = name[:n]
			}
		}
		return name + suffix
	})
	t["textcat"] = concat()
	t["byteacat"] = concat()
	t["anytextcat(anynonarray,text)"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		b := appendCast(nil, c, args[0], i)
		out.SetBytes(i, append(b, args[1].Bytes(i)...))
		return nil
	})
	t["textanycat(text,anynonarray)"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		b := append([]byte(nil), args[0].Bytes(i)...)
		out.SetBytes(i, appendCast(b, c, args[1], i))
		return nil
	})
}

// charText is the text of a "char".
func charText(c int16) string {
	if c == 0 {
		return ""
	}
	return string([]byte{byte(c)})
}

// concat joins two byte strings through one buffer.
func concat() function.Impl {
	return function.Impl{Eval: func(_ *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		var buffer []byte
		for _, i := range sel {
			buffer = append(append(buffer[:0], args[0].Bytes(int(i))...), args[1].Bytes(int(i))...)
			out.SetBytes(int(i), buffer)
		}
		return nil
	}}
}

// appendCast appends a value as its cast to text gives it, which is not always what
// its output function prints.
func appendCast(dst []byte, c *function.Call, v *vector.Vector, i int) []byte {
	switch v.Type.Root().OID {
	case types.OIDBool:
		if loop.At[bool](v, i) {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case types.OIDBPChar:
		return append(dst, kernel.TrimBlanks(v.String(i))...)
	}
	return format.AppendText(dst, c.Env.Format, v, i)
}
