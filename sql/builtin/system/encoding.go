package system

import (
	"strings"

	"datapunk/sql/function"
)

// encodingNames are PostgreSQL's encodings by number; encodingWidths the most bytes
// of a character in each.
var (
	encodingNames  = strings.Fields("SQL_ASCII EUC_JP EUC_CN EUC_KR EUC_TW EUC_JIS_2004 UTF8 MULE_INTERNAL LATIN1 LATIN2 LATIN3 LATIN4 LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874 KOI8R WIN1251 WIN1252 ISO_8859_5 ISO_8859_6 ISO_8859_7 ISO_8859_8 WIN1250 WIN1253 WIN1254 WIN1255 WIN1257 KOI8U SJIS BIG5 GBK UHC GB18030 JOHAB SHIFT_JIS_2004")
	encodingWidths = "133343441111111111111111111111111112222432"
)

// bare is an encoding's name without case and punctuation.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 32
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

var encodingAliases = map[string]string{"unicode": "utf8", "iso88591": "latin1", "iso88592": "latin2", "iso88593": "latin3",
	"iso88594": "latin4", "iso88599": "latin5", "iso885910": "latin6", "iso885913": "latin7", "iso885914": "latin8",
	"iso885915": "latin9", "iso885916": "latin10", "windows1252": "win1252", "windows1251": "win1251", "windows1250": "win1250",
	"win": "win1251", "alt": "win866", "abc": "win1258", "tcvn": "win1258", "koi8": "koi8r", "shiftjis": "sjis", "windows949": "uhc",
	"windows950": "big5", "windows936": "gbk", "windows932": "sjis", "mskanji": "sjis"}

func encodings(t function.Table) {
	t["getdatabaseencoding"] = value(func(*function.Call) string { return "UTF8" })
	t["pg_client_encoding"] = function.Map0C(func(c *function.Call) (string, error) {
		v, _, err := c.Env.Settings.Get("client_encoding", false)
		return v, err
	})
	t["PG_encoding_to_char"] = function.Map1(func(n int32) string {
		if n < 0 || int(n) >= len(encodingNames) {
			return ""
		}
		return encodingNames[n]
	})
	t["PG_char_to_encoding"] = function.Map1(func(name string) int32 {
		name = bare(name)
		if a, ok := encodingAliases[name]; ok {
			name = a
		}
		for k, n := range encodingNames {
			if bare(n) == name {
				return int32(k)
			}
		}
		return -1
	})
	t["pg_encoding_max_length_sql"] = function.Map1(func(n int32) int32 {
		if n < 0 || int(n) >= len(encodingWidths) {
			return 0
		}
		return int32(encodingWidths[n] - '0')
	})
}
