package client

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"datapunk/internal/pgerr"
	"datapunk/types/format"
)

// Encoding converts between a client's character set and UTF8.
type Encoding struct {
	Name    string // as PostgreSQL spells it
	charset encoding.Encoding
}

// encodings are the single-byte sets of PostgreSQL (manual, 24.3), by names without
// punctuation.
var encodings = map[string]Encoding{
	"LATIN1": {"LATIN1", charmap.ISO8859_1}, "ISO88591": {"LATIN1", charmap.ISO8859_1}, "LATIN2": {"LATIN2", charmap.ISO8859_2},
	"LATIN3": {"LATIN3", charmap.ISO8859_3}, "LATIN4": {"LATIN4", charmap.ISO8859_4}, "LATIN5": {"LATIN5", charmap.ISO8859_9},
	"LATIN6": {"LATIN6", charmap.ISO8859_10}, "LATIN7": {"LATIN7", charmap.ISO8859_13}, "LATIN8": {"LATIN8", charmap.ISO8859_14},
	"LATIN9": {"LATIN9", charmap.ISO8859_15}, "LATIN10": {"LATIN10", charmap.ISO8859_16},
	"WIN1250": {"WIN1250", charmap.Windows1250}, "WIN1251": {"WIN1251", charmap.Windows1251}, "WIN1252": {"WIN1252", charmap.Windows1252},
	"WIN1253": {"WIN1253", charmap.Windows1253}, "WIN1254": {"WIN1254", charmap.Windows1254}, "WIN1255": {"WIN1255", charmap.Windows1255},
	"WIN1256": {"WIN1256", charmap.Windows1256}, "WIN1257": {"WIN1257", charmap.Windows1257}, "WIN1258": {"WIN1258", charmap.Windows1258},
}

// FindEncoding finds a client encoding by name; UTF8 and SQL_ASCII are nil: nothing
// is converted.
func FindEncoding(name string) (canonical string, e *Encoding, ok bool) {
	key := strings.ToUpper(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
			return r
		}
		return -1
	}, name))
	switch key {
	case "UTF8", "UNICODE":
		return "UTF8", nil, true
	case "SQLASCII":
		return "SQL_ASCII", nil, true
	}
	found, ok := encodings[key]
	return found.Name, &found, ok
}

// Decode brings a client's bytes to UTF8.
func (e *Encoding) Decode(b []byte) ([]byte, error) {
	if ascii(b) {
		return b, nil
	}
	if e == nil {
		return b, format.CheckText(b)
	}
	out, err := e.charset.NewDecoder().Bytes(b)
	if err != nil || strings.ContainsRune(string(out), '\ufffd') {
		return nil, pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\"", e.Name)
	}
	return out, nil
}

// Encode brings UTF8 to the client's character set.
func (e *Encoding) Encode(b []byte) ([]byte, error) {
	if e == nil || ascii(b) {
		return b, nil
	}
	out, err := e.charset.NewEncoder().Bytes(b)
	if err != nil {
		return nil, pgerr.Newf(pgerr.UntranslatableCharacter, "character in encoding \"UTF8\" has no equivalent in encoding \"%s\"", e.Name)
	}
	return out, nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
