package system

import (
	"embed"
	"strconv"
	"strings"

	"datapunk/types"
	"datapunk/types/collate"
)

//go:embed facts/*.tsv
var factFiles embed.FS

// fixedNames are the tables whose rows are facts, a column a field.
var fixedNames = []string{"pg_am", "pg_amop", "pg_amproc", "pg_conversion", "pg_init_privs", "pg_language", "pg_opclass", "pg_opfamily",
	"pg_ts_config", "pg_ts_config_map", "pg_ts_dict", "pg_ts_parser", "pg_ts_template",
	"sql_features", "sql_implementation_info", "sql_parts", "sql_sizing"}

func fixed() []Table {
	list := make([]Table, len(fixedNames))
	for i, name := range fixedNames {
		list[i] = Table{Name: name, Fill: func(r *Rows, s *Source) {
			for _, f := range factRows(name) {
				values := make([]any, len(f))
				for k := range f {
					values[k] = Value(r.types[k], f[k], s)
				}
				r.Add(values...)
			}
		}}
	}
	return list
}

// Value reads a field of facts for a column.
func Value(t *types.Type, field string, s *Source) any {
	if field == `\N` {
		return nil
	}
	switch {
	case t.Phys == types.Bool:
		return field == "t"
	case t.OID == types.OIDChar:
		if field == "" {
			return byte(0)
		}
		return field[0]
	case t.OID == types.OIDAclitemArray:
		return aclItems(grants(field), s.roleName)
	case t.Phys == types.Bytes:
		return unescape.Replace(field)
	}
	n, _ := strconv.ParseInt(strings.TrimPrefix(field, "-"), 10, 64)
	if strings.HasPrefix(field, "-") {
		n = -n
	}
	return n
}

// collations is pg_collation.
func collations() Table {
	return Table{Name: "pg_collation", Fill: func(r *Rows, _ *Source) {
		for _, c := range collate.All() {
			r.Add(types.OID(c.OID), c.Name, types.PgCatalog, 10, c.Provider, true, c.Encoding, known(c.Collate), known(c.Ctype), known(c.ICULocale), nil)
		}
	}}
}

// known is a field of facts, or null.
func known(field string) any {
	if field == `\N` {
		return nil
	}
	return field
}
