package format

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
)

// ParseInt reads an integer of 16, 32 or 64 bits; name is the type's in errors.
func ParseInt(text string, bits int, name string) (int64, error) {
	s := trimSpace(text)
	digits, negative := s, false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	if digits == "" {
		return 0, syntax(name, text)
	}
	limit := uint64(1)<<(bits-1) - 1
	if negative {
		limit++
	}
	var n uint64
	over := false
	for i := range len(digits) {
		c := digits[i] - '0'
		if c > 9 {
			return 0, syntax(name, text)
		}
		if !over {
			n = n*10 + uint64(c)
			over = n > limit
		}
	}
	if over {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", text, name)
	}
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

// ParseFloat reads a float of 32 or 64 bits; name is the type's in errors.
func ParseFloat(text string, bits int, name string) (float64, error) {
	s := trimSpace(text)
	if s == "" || strings.ContainsRune(s, '_') {
		return 0, syntax(name, text)
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return 0, floatRange(s, name)
		}
		if strings.EqualFold(s, "+nan") || strings.EqualFold(s, "-nan") {
			return math.NaN(), nil
		}
		// C reads 0x10 without an exponent too.
		if lower := strings.ToLower(s); strings.Contains(lower, "0x") && !strings.Contains(lower, "p") {
			if f, err = strconv.ParseFloat(s+"p0", bits); err == nil {
				return f, nil
			}
		}
		return 0, syntax(name, text)
	}
	if f == 0 {
		// A number too small to hold is an error, unlike a zero.
		for i := range len(s) {
			switch c := s[i]; {
			case c == 'e' || c == 'E' || c == 'p' || c == 'P':
				return f, nil
			case c >= '1' && c <= '9':
				return 0, floatRange(s, name)
			}
		}
	}
	return f, nil
}

func floatRange(s, name string) error {
	return pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, name)
}

// AppendFloat appends a float of 32 or 64 bits as PostgreSQL prints it. With digits
// above 0 (extra_float_digits) it is the shortest text that reads back.
func AppendFloat(dst []byte, f float64, bits, digits int) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, '0')
	}
	precision, limit := 15, 15
	if bits == 32 {
		precision, limit = 6, 6
	}
	if digits > 0 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
		exp := exponent(dst[start:])
		if exp >= -4 && exp < limit {
			return strconv.AppendFloat(dst[:start], f, 'f', -1, bits)
		}
		return dst
	}
	precision = max(precision+digits, 1)
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', precision-1, 64)
	exp := exponent(dst[start:])
	if exp >= -4 && exp < precision {
		dst = strconv.AppendFloat(dst[:start], f, 'f', precision-1-exp, 64)
		return trimZeros(dst, start)
	}
	mark := start
	for dst[mark] != 'e' {
		mark++
	}
	tail := string(dst[mark:])
	return append(trimZeros(dst[:mark], start), tail...)
}

// trimZeros drops zeros at the end of a fraction.
func trimZeros(b []byte, start int) []byte {
	point := false
	for _, c := range b[start:] {
		point = point || c == '.'
	}
	if !point {
		return b
	}
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}

// exponent reads the exponent of d.ddde±dd.
func exponent(b []byte) int {
	n, scale := 0, 1
	for i := len(b) - 1; i >= 0; i-- {
		switch c := b[i]; {
		case c == '-':
			return -n
		case c == '+':
			return n
		default:
			n += int(c-'0') * scale
			scale *= 10
		}
	}
	return n
}

func parseBool(text string) (bool, error) {
	s := trimSpace(text)
	lower := strings.ToLower(s)
	is := func(word string, least int) bool { return len(lower) >= least && strings.HasPrefix(word, lower) }
	switch {
	case is("true", 1), is("yes", 1), lower == "on", lower == "1":
		return true, nil
	case is("false", 1), is("no", 1), is("off", 2), lower == "0":
		return false, nil
	}
	return false, syntax("boolean", text)
}
