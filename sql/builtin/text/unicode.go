package text

import (
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"

	"golang.org/x/text/unicode/norm"
)

func form(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid normalization form: %s", name)
}

func unicodes(t function.Table) {
	t["unicode_normalize_func"] = function.Map2E(func(s, name string) (string, error) {
		f, err := form(name)
		if err != nil {
			return "", err
		}
		return f.String(s), nil
	})
	t["unicode_is_normalized"] = function.Map2E(func(s, name string) (bool, error) {
		f, err := form(name)
		if err != nil {
			return false, err
		}
		return f.IsNormalString(s), nil
	})
	t["unistr"] = function.Map1E(unistr)
}

// unistr decodes \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX and \\.
func unistr(s string) (string, error) {
	var b []byte
	high := rune(0)
	invalidPair := func() error { return pgerr.New(pgerr.SyntaxError, "invalid Unicode surrogate pair") }
	for s != "" {
		if s[0] != '\\' {
			if high != 0 {
				return "", invalidPair()
			}
			b, s = append(b, s[0]), s[1:]
			continue
		}
		if len(s) > 1 && s[1] == '\\' {
			if high != 0 {
				return "", invalidPair()
			}
			b, s = append(b, '\\'), s[2:]
			continue
		}
		digits, skip := 4, 1
		if len(s) > 1 {
			switch s[1] {
			case '+':
				digits, skip = 6, 2
			case 'u':
				skip = 2
			case 'U':
				digits, skip = 8, 2
			}
		}
		if len(s) < skip+digits {
			return "", badUnistr()
		}
		var r int64
		for _, c := range []byte(s[skip : skip+digits]) {
			d := strings.IndexByte("0123456789abcdef", c|0x20)
			if d < 0 || c < '0' {
				return "", badUnistr()
			}
			r = r<<4 | int64(d)
		}
		s = s[skip+digits:]
		switch {
		case r == 0 || r > utf8.MaxRune:
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid Unicode code point: %04X", r)
		case high != 0:
			if r < 0xDC00 || r >= 0xE000 {
				return "", invalidPair()
			}
			r, high = 0x10000+(int64(high)-0xD800)<<10+(r-0xDC00), 0
		case r >= 0xDC00 && r < 0xE000:
			return "", invalidPair()
		case r >= 0xD800 && r < 0xDC00:
			high = rune(r)
			continue
		}
		b = utf8.AppendRune(b, rune(r))
	}
	if high != 0 {
		return "", invalidPair()
	}
	return string(b), nil
}

func badUnistr() error {
	return pgerr.New(pgerr.SyntaxError, "invalid Unicode escape").
		WithHint(`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
}
