package format

import (
	_ "embed"
	"strings"

	"datapunk/types"
)

//go:embed keywords.tsv
var keywordFacts string

// Keyword is one row of pg_get_keywords().
type Keyword struct {
	Word              string
	Category          byte // U unreserved, C column name, T type or function name, R reserved
	BareLabel         bool
	Describe, Labeled string
}

var keywords, keywordList = loadKeywords()

func loadKeywords() (map[string]byte, []Keyword) {
	index := map[string]byte{}
	var list []Keyword
	for _, f := range types.Facts(keywordFacts) {
		index[f[0]] = f[1][0]
		list = append(list, Keyword{f[0], f[1][0], f[2] == "1", f[3], f[4]})
	}
	return index, list
}

// Keywords lists SQL's keywords in order. It must not be changed.
func Keywords() []Keyword { return keywordList }

// QuoteIdent quotes a name if it needs it (quote_ident).
func QuoteIdent(name string) string {
	safe := name != ""
	for i := 0; i < len(name) && safe; i++ {
		c := name[i]
		safe = c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9'
	}
	if safe {
		if category, ok := keywords[name]; !ok || category == 'U' {
			return name
		}
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
