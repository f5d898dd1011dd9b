// Package views is the views of pg_catalog and information_schema: SQL over the
// tables of catalog/system, written from the manual's chapters 37, 53 and 54.
//
// A file holds CREATE VIEW statements. Names are looked up in pg_catalog, then in the
// view's own schema. A view about what does not exist here (replication, say) is not
// written: catalog/system gives it no rows.
package views

import (
	"embed"
	"strings"
	"sync"
)

//go:embed pg_catalog/*.sql information_schema/*.sql
var files embed.FS

// Query is the SELECT of a view, or "".
func Query(schema, view string) string { return load()[schema+"."+view] }

// Names lists what is written, as schema.view.
func Names() []string {
	var list []string
	for name := range load() {
		list = append(list, name)
	}
	return list
}

const create = "CREATE VIEW "

var load = sync.OnceValue(func() map[string]string {
	queries := map[string]string{}
	for _, schema := range []string{"pg_catalog", "information_schema"} {
		entries, err := files.ReadDir(schema)
		if err != nil {
			panic(err)
		}
		for _, e := range entries {
			text, err := files.ReadFile(schema + "/" + e.Name())
			if err != nil {
				panic(err)
			}
			for _, part := range strings.Split("\n"+string(text), "\n"+create)[1:] {
				name, query, _ := strings.Cut(part, " AS\n")
				end := strings.LastIndex(query, ";")
				queries[schema+"."+name] = query[:end]
			}
		}
	}
	return queries
})
