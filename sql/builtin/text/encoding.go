package text

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/format"
)

func badEncoding(name string) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// base64Line is how long the lines of base64 are.
const base64Line = 76

func encode(b []byte, name string) (string, error) {
	switch strings.ToLower(name) {
	case "hex":
		return hex.EncodeToString(b), nil
	case "base64":
		s := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		for len(s) > base64Line {
			out.WriteString(s[:base64Line])
			out.WriteByte('\n')
			s = s[base64Line:]
		}
		out.WriteString(s)
		return out.String(), nil
	case "escape":
		var out []byte
		for _, c := range b {
			switch {
			case c == 0 || c >= utf8.RuneSelf:
				out = append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			case c == '\\':
				out = append(out, '\\', '\\')
			default:
				out = append(out, c)
			}
		}
		return string(out), nil
	}
	return "", badEncoding(name)
}

func decode(s, name string) ([]byte, error) {
	switch strings.ToLower(name) {
	case "hex":
		return format.ParseHex(s)
	case "base64":
		return decodeBase64(s)
	case "escape":
		if strings.HasPrefix(s, `\x`) {
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
		return format.ParseBytea(s)
	}
	return nil, badEncoding(name)
}

func decodeBase64(s string) ([]byte, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out []byte
	var bits uint32
	n, end := 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		value := 0
		if c == '=' {
			if end == 0 {
				switch n {
				case 2:
					end = 1
				case 3:
					end = 2
				default:
					return nil, pgerr.New(pgerr.InvalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
				}
			}
		} else if value = strings.IndexByte(alphabet, c); value < 0 {
			size := next(s[i:], false)
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid symbol \"%s\" found while decoding base64 sequence", s[i:i+size])
		}
		bits = bits<<6 | uint32(value)
		if n++; n == 4 {
			out = append(out, byte(bits>>16))
			if end == 0 || end > 1 {
				out = append(out, byte(bits>>8))
			}
			if end == 0 || end > 2 {
				out = append(out, byte(bits))
			}
			bits, n = 0, 0
		}
	}
	if n != 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return out, nil
}

// charset is what the program knows of PostgreSQL's encodings: UTF8, LATIN1 and
// SQL_ASCII.
type charset byte

const (
	utf8Set charset = iota
	latin1
	sqlASCII
)

func findCharset(name, what string) (charset, error) {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 32
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
	switch clean {
	case "utf8", "unicode":
		return utf8Set, nil
	case "latin1", "iso88591":
		return latin1, nil
	case "sqlascii":
		return sqlASCII, nil
	}
	if encodings_[clean] {
		return 0, pgerr.Unsupported("encoding %s", name)
	}
	return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid %s encoding name \"%s\"", what, name)
}

// encodings_ are the names PostgreSQL knows besides.
var encodings_ = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields("eucjp euccn euckr euctw eucjis2004 muleinternal latin2 latin3 latin4 latin5 latin6 latin7 latin8 latin9 latin10 win1256 win1258 win866 win874 koi8r win1251 win1252 iso88595 iso88596 iso88597 iso88598 win1250 win1253 win1254 win1255 win1257 koi8u sjis big5 gbk uhc gb18030 johab shiftjis2004") {
		m[n] = true
	}
	return m
}()

// toUTF8 reads bytes of an encoding as text.
func toUTF8(b []byte, from charset) (string, error) {
	if from == latin1 {
		out := make([]byte, 0, len(b))
		for _, c := range b {
			if c == 0 {
				return "", pgerr.New(pgerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "LATIN1": 0x00`)
			}
			out = utf8.AppendRune(out, rune(c))
		}
		return string(out), nil
	}
	s := string(b)
	return s, format.CheckText(s)
}

// fromUTF8 writes text in an encoding.
func fromUTF8(s string, to charset) ([]byte, error) {
	if to != latin1 {
		return []byte(s), nil
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			var hexes []string
			for _, c := range []byte(string(r)) {
				hexes = append(hexes, "0x"+hex.EncodeToString([]byte{c}))
			}
			return nil, pgerr.Newf(pgerr.UntranslatableCharacter, "character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"", strings.Join(hexes, " "))
		}
		out = append(out, byte(r))
	}
	return out, nil
}

func encodings(t function.Table) {
	t["binary_encode"], t["binary_decode"] = function.Map2E(encode), function.Map2E(decode)
	t["pg_convert_from"] = function.Map2E(func(b []byte, name string) (string, error) {
		set, err := findCharset(name, "source")
		if err != nil {
			return "", err
		}
		return toUTF8(b, set)
	})
	t["pg_convert_to"] = function.Map2E(func(s, name string) ([]byte, error) {
		set, err := findCharset(name, "destination")
		if err != nil {
			return nil, err
		}
		return fromUTF8(s, set)
	})
	t["pg_convert"] = function.Map3E(func(b []byte, from, to string) ([]byte, error) {
		source, err := findCharset(from, "source")
		if err != nil {
			return nil, err
		}
		target, err := findCharset(to, "destination")
		if err != nil {
			return nil, err
		}
		s, err := toUTF8(b, source)
		if err != nil {
			return nil, err
		}
		return fromUTF8(s, target)
	})
	t["length_in_encoding"] = function.Map2E(func(b []byte, name string) (int32, error) {
		set, err := findCharset(name, "")
		if err != nil {
			return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid encoding name \"%s\"", name)
		}
		s, err := toUTF8(b, set)
		return length(s), err
	})
}
