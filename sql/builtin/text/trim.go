package text

import (
	"strings"

	"datapunk/sql/function"
)

// trim drops characters of set at either end.
func trim(s, set string, atLeft, atRight bool) string {
	if set == "" {
		return s
	}
	if atLeft {
		s = strings.TrimLeft(s, set)
	}
	if atRight {
		s = strings.TrimRight(s, set)
	}
	return s
}

// trimBytes is trim for any bytes.
func trimBytes(b, set []byte, atLeft, atRight bool) []byte {
	in := func(c byte) bool {
		for _, x := range set {
			if x == c {
				return true
			}
		}
		return false
	}
	for atLeft && len(b) > 0 && in(b[0]) {
		b = b[1:]
	}
	for atRight && len(b) > 0 && in(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func trims(t function.Table) {
	t["btrim"] = function.Map2(func(s, set string) string { return trim(s, set, true, true) })
	t["ltrim"] = function.Map2(func(s, set string) string { return trim(s, set, true, false) })
	t["rtrim"] = function.Map2(func(s, set string) string { return trim(s, set, false, true) })
	t["btrim1"] = function.Map1(func(s string) string { return strings.Trim(s, " ") })
	t["ltrim1"] = function.Map1(func(s string) string { return strings.TrimLeft(s, " ") })
	t["byteatrim"] = function.Map2(func(b, set []byte) []byte { return trimBytes(b, set, true, true) })
	t["bytealtrim"] = function.Map2(func(b, set []byte) []byte { return trimBytes(b, set, true, false) })
	t["byteartrim"] = function.Map2(func(b, set []byte) []byte { return trimBytes(b, set, false, true) })
}
