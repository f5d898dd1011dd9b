package setting

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed facts/settings.tsv
var facts string

// Description is what pg_settings says about a setting.
type Description struct{ Category, Short, Extra string }

var descriptions = sync.OnceValue(func() map[string]Description {
	m := map[string]Description{}
	for _, line := range strings.Split(facts, "\n") {
		if f := strings.Split(line, "\t"); len(f) == 4 && line[0] != '#' {
			m[f[0]] = Description{f[1], f[2], strings.TrimPrefix(f[3], `\N`)}
		}
	}
	return m
})

// Describe is what pg_settings says about a setting of PostgreSQL's.
func Describe(name string) Description { return descriptions()[name] }
