package format

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

// nameLength is the longest name, in bytes.
const nameLength = 63

// ClipName cuts a name to 63 bytes between characters.
func ClipName(s string) string {
	if len(s) <= nameLength {
		return s
	}
	n := nameLength
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// header is what a length modifier counts besides characters.
const header = 4

// cut returns where the first n characters of s end.
func cut(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	at := 0
	for at < len(s) && n > 0 {
		if s[at] < utf8.RuneSelf {
			at++
		} else {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
		}
		n--
	}
	return at
}

// FitVarchar makes s a varchar with the modifier: too long a value is an error
// (22001) unless only blanks are lost or the cast is explicit.
func FitVarchar(s string, mod int32, explicit bool) (string, error) {
	if mod < header {
		return s, nil
	}
	n := int(mod - header)
	at := cut(s, n)
	if at < len(s) && !explicit && strings.TrimLeft(s[at:], " ") != "" {
		return "", pgerr.Newf(pgerr.StringDataRightTruncation, "value too long for type character varying(%d)", n)
	}
	return s[:at], nil
}

// FitChar makes s a char(n) with the modifier, padding with blanks.
func FitChar(s string, mod int32, explicit bool) (string, error) {
	if mod < header {
		return s, nil
	}
	n := int(mod - header)
	at := cut(s, n)
	if at < len(s) {
		if !explicit && strings.TrimLeft(s[at:], " ") != "" {
			return "", pgerr.Newf(pgerr.StringDataRightTruncation, "value too long for type character(%d)", n)
		}
		return s[:at], nil
	}
	if length := utf8.RuneCountInString(s); length < n {
		return s + strings.Repeat(" ", n-length), nil
	}
	return s, nil
}

// ParseBytea reads either form of bytea.
func ParseBytea(s string) ([]byte, error) {
	if strings.HasPrefix(s, `\x`) {
		return ParseHex(s[2:])
	}
	if strings.IndexByte(s, '\\') < 0 {
		return []byte(s), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && octal(s[i+2]) && octal(s[i+3]):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		default:
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return out, nil
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

// ParseHex reads pairs of hexadecimal digits with white space between them.
func ParseHex(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		high, err := hexValue(s, i)
		if err != nil {
			return nil, err
		}
		if i+1 >= len(s) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		low, err := hexValue(s, i+1)
		if err != nil {
			return nil, err
		}
		out = append(out, high<<4|low)
		i += 2
	}
	return out, nil
}

func hexValue(s string, i int) (byte, error) {
	switch c := s[i]; {
	case c >= '0' && c <= '9':
		return c - '0', nil
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, nil
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, nil
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[i:i+n])
}

// AppendBytea appends bytes in the hex form, or the escape form.
func AppendBytea(dst, b []byte, escape bool) []byte {
	if !escape {
		return hex.AppendEncode(append(dst, `\x`...), b)
	}
	for _, c := range b {
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// ParseUUID reads a uuid: 32 digits, hyphens after any four, braces around.
func ParseUUID(text string) (u [16]byte, err error) {
	s := text
	braces := strings.HasPrefix(s, "{")
	if braces {
		s = s[1:]
	}
	for k := range u {
		if len(s) < 2 {
			return u, syntax("uuid", text)
		}
		high, e1 := hexValue(s, 0)
		low, e2 := hexValue(s, 1)
		if e1 != nil || e2 != nil {
			return u, syntax("uuid", text)
		}
		u[k], s = high<<4|low, s[2:]
		if k%2 == 1 && k < 15 && s != "" && s[0] == '-' {
			s = s[1:]
		}
	}
	if braces && !strings.HasPrefix(s, "}") {
		return u, syntax("uuid", text)
	}
	if braces {
		s = s[1:]
	}
	if s != "" {
		return u, syntax("uuid", text)
	}
	return u, nil
}

// AppendUUID appends the 16 bytes b with hyphens.
func AppendUUID(dst, b []byte) []byte {
	for k, c := range b {
		if k == 4 || k == 6 || k == 8 || k == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

const hexDigits = "0123456789abcdef"
