package text

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
)

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// maxText is the longest value PostgreSQL allocates, in bytes.
const maxText = 1<<30 - 1

func tooLong() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

// isASCII tells whether characters are bytes.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// offset is the byte offset of character n, at most the length.
func offset(s string, n int) int {
	if n <= 0 {
		return 0
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

// length counts characters.
func length(s string) int32 {
	if isASCII(s) {
		return int32(len(s))
	}
	return int32(utf8.RuneCountInString(s))
}

func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return strings.Map(unicode.ToLower, s)
		}
	}
	return s
}

func upper(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'a' && c <= 'z' {
			return strings.Map(unicode.ToUpper, s)
		}
	}
	return s
}

func initcap(s string) string {
	start := true
	return strings.Map(func(r rune) rune {
		out := unicode.ToLower(r)
		if start {
			out = unicode.ToUpper(r)
		}
		start = !unicode.IsLetter(r) && !unicode.IsDigit(r)
		return out
	}, s)
}

// substring takes count characters from the 1-based start; count below 0 with
// limited is an error.
func substring(s string, start, count int32, limited bool) (string, error) {
	from, to := int64(start), int64(math.MaxInt32)
	if limited {
		if to = from + int64(count); count < 0 && to < from {
			return "", pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
		}
	}
	if from < 1 {
		from = 1
	}
	if to <= from {
		return "", nil
	}
	low := offset(s, int(from-1))
	return s[low : low+offset(s[low:], int(min(to-from, math.MaxInt32)))], nil
}

func overlay(s, with string, start, count int32) (string, error) {
	if start <= 0 {
		return "", pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
	}
	end := int64(start) + int64(count)
	if end > math.MaxInt32 || end < math.MinInt32 {
		return "", pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
	}
	head, err := substring(s, 1, start-1, true)
	if err != nil {
		return "", err
	}
	tail, err := substring(s, int32(end), 0, false)
	return head + with + tail, err
}

func position(s, sub string) int32 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return length(s[:i]) + 1
}

func repeat(s string, n int32) (string, error) {
	if n <= 0 || s == "" {
		return "", nil
	}
	if int64(len(s))*int64(n) > maxText-4 {
		return "", tooLong()
	}
	return strings.Repeat(s, int(n)), nil
}

func left(s string, n int32) string {
	if n < 0 {
		n += length(s)
	}
	return s[:offset(s, int(n))]
}

func right(s string, n int32) string {
	if n < 0 {
		n = -n
	} else {
		n = length(s) - n
	}
	return s[offset(s, int(n)):]
}

func reverse(s string) string {
	b := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		n := 1
		if s[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRuneInString(s[i:])
		}
		at -= n
		copy(b[at:], s[i:i+n])
		i += n
	}
	return string(b)
}

// pad fills s up to n characters, at its left or right.
func pad(s string, n int32, fill string, atLeft bool) (string, error) {
	n = max(n, 0)
	have := length(s)
	if have >= n {
		return s[:offset(s, int(n))], nil
	}
	if fill == "" {
		return s, nil
	}
	need := int(n - have)
	if int64(need)*4+int64(len(s)) > maxText {
		return "", tooLong()
	}
	var b strings.Builder
	if !atLeft {
		b.WriteString(s)
	}
	for unit := int(length(fill)); need >= unit; need -= unit {
		b.WriteString(fill)
	}
	b.WriteString(fill[:offset(fill, need)])
	if atLeft {
		b.WriteString(s)
	}
	return b.String(), nil
}

func translate(s, from, to string) string {
	if from == "" {
		return s
	}
	target := []rune(to)
	table := map[rune]rune{}
	for i, r := range []rune(from) {
		if _, twice := table[r]; twice {
			continue
		}
		if i < len(target) {
			table[r] = target[i]
		} else {
			table[r] = -1
		}
	}
	return strings.Map(func(r rune) rune {
		if out, ok := table[r]; ok {
			return out
		}
		return r
	}, s)
}

func replace(s, from, to string) string {
	if from == "" {
		return s
	}
	return strings.ReplaceAll(s, from, to)
}

func ascii(s string) int32 {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func chr(n int32) (string, error) {
	switch {
	case n < 0:
		return "", pgerr.New(pgerr.InvalidParameterValue, "character number must be positive")
	case n == 0:
		return "", pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case n > unicode.MaxRune:
		return "", pgerr.Newf(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case n >= 0xD800 && n < 0xE000:
		return "", pgerr.Newf(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return string(rune(n)), nil
}

func splitPart(s, sep string, n int32) (string, error) {
	if n == 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	}
	if s == "" {
		return "", nil
	}
	if sep == "" {
		if n == 1 || n == -1 {
			return s, nil
		}
		return "", nil
	}
	parts := strings.Split(s, sep)
	at := int(n) - 1
	if n < 0 {
		at = len(parts) + int(n)
	}
	if at < 0 || at >= len(parts) {
		return "", nil
	}
	return parts[at], nil
}

func strings_(t function.Table) {
	t["textlen"] = function.Map1(length)
	t["bpcharlen"] = function.Map1(func(s string) int32 { return length(strings.TrimRight(s, " ")) })
	t["textoctetlen"] = function.Map1(func(s string) int32 { return int32(len(s)) })
	t["bpcharoctetlen"], t["byteaoctetlen"] = t["textoctetlen"], t["textoctetlen"]
	t["bit_length(text)"] = function.Map1(func(s string) int32 { return int32(8 * len(s)) })
	t["bit_length(bytea)"] = t["bit_length(text)"]
	t["lower"], t["upper"], t["initcap"] = function.Map1(lower), function.Map1(upper), function.Map1(initcap)
	t["text_substr"] = function.Map3E(func(s string, from, n int32) (string, error) { return substring(s, from, n, true) })
	t["text_substr_no_len"] = function.Map2E(func(s string, from int32) (string, error) { return substring(s, from, 0, false) })
	t["textoverlay"] = function.Map4C(func(_ *function.Call, s, with string, from, n int32) (string, error) {
		return overlay(s, with, from, n)
	})
	t["textoverlay_no_len"] = function.Map3E(func(s, with string, from int32) (string, error) { return overlay(s, with, from, length(with)) })
	t["textpos"] = function.Map2(position)
	t["repeat"] = function.Map2E(repeat)
	t["text_left"], t["text_right"] = function.Map2(left), function.Map2(right)
	t["text_reverse"] = function.Map1(reverse)
	t["text_starts_with"] = function.Map2(strings.HasPrefix)
	t["lpad"] = function.Map3E(func(s string, n int32, fill string) (string, error) { return pad(s, n, fill, true) })
	t["rpad"] = function.Map3E(func(s string, n int32, fill string) (string, error) { return pad(s, n, fill, false) })
	t["lpad(text,int4)"] = function.Map2E(func(s string, n int32) (string, error) { return pad(s, n, " ", true) })
	t["rpad(text,int4)"] = function.Map2E(func(s string, n int32) (string, error) { return pad(s, n, " ", false) })
	t["translate"] = function.Map3E(func(s, from, to string) (string, error) { return translate(s, from, to), nil })
	t["replace_text"] = function.Map3E(func(s, from, to string) (string, error) { return replace(s, from, to), nil })
	t["ascii"], t["chr"] = function.Map1(ascii), function.Map1E(chr)
	t["split_part"] = function.Map3E(splitPart)
	t["to_hex32"] = function.Map1(func(n int32) string { return strconv.FormatUint(uint64(uint32(n)), 16) })
	t["to_hex64"] = function.Map1(func(n int64) string { return strconv.FormatUint(uint64(n), 16) })
}
