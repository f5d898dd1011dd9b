package node

import (
	"strings"

	"datapunk/catalog/desc"
	"datapunk/catalog/system"
	"datapunk/sql/function"
	"datapunk/types"
)

// functionTables are the tables of the catalog that are read off the registry of
// functions: pg_proc, pg_operator, pg_aggregate.
func functionTables(functions *function.Registry) []system.Table {
	return []system.Table{
		{Name: "pg_proc", Fill: func(r *system.Rows, s *system.Source) {
			for _, f := range functions.Funcs() {
				addFunction(r, s, f)
			}
		}, Find: map[string]func(*system.Rows, *system.Source, system.Key){
			"oid": func(r *system.Rows, s *system.Source, key system.Key) {
				if f := functions.Func(key.OID()); f != nil {
					addFunction(r, s, f)
				}
			},
			"proname": func(r *system.Rows, s *system.Source, key system.Key) {
				for _, f := range functions.Named(key.Text) {
					addFunction(r, s, f)
				}
			}}},
		{Name: "pg_operator", Fill: func(r *system.Rows, _ *system.Source) {
			for _, o := range functions.Operators() {
				kind, left := byte('b'), types.OID(0)
				if o.Left == nil {
					kind = 'l'
				} else {
					left = o.Left.OID
				}
				code := types.OID(0)
				if o.Func != nil {
					code = o.Func.OID
				}
				r.Add(o.OID, o.Name, types.PgCatalog, desc.Superuser, kind, o.CanMerge, o.CanHash, left, typeOID(o.Right), typeOID(o.Result),
					o.Commutator, o.Negator, code, o.Restrict, o.Join)
			}
		}},
		{Name: "pg_aggregate", Fill: func(r *system.Rows, s *system.Source) {
			for _, f := range functions.Funcs() {
				if f.Agg != nil {
					values := make([]any, len(f.Agg.Row))
					for i, field := range f.Agg.Row {
						values[i] = system.Value(r.Type(i), field, s)
					}
					r.Add(values...)
				}
			}
		}},
	}
}

func typeOID(t *types.Type) types.OID {
	if t == nil {
		return 0
	}
	return t.OID
}

func typeOIDs(list []*types.Type) []types.OID {
	oids := make([]types.OID, len(list))
	for i, t := range list {
		oids[i] = typeOID(t)
	}
	return oids
}

// addFunction adds a row of pg_proc.
func addFunction(r *system.Rows, s *system.Source, f *function.Func) {
	var all, modes, names, defaults, body any
	if f.AllArgs != nil {
		all = typeOIDs(f.AllArgs)
	}
	if f.Modes != "" {
		modes = strings.Split(f.Modes, "")
	}
	if f.ArgNames != nil {
		names = f.ArgNames
	}
	if len(f.Defaults) > 0 {
		defaults = strings.Join(f.Defaults, ", ")
	}
	if f.SQLBody {
		body = ""
	}
	r.Add(f.OID, f.Name, f.Schema, f.Owner, f.Language, f.Cost, f.Rows, typeOID(f.Variadic), f.Support, byte(f.Kind), false, f.Leakproof, f.Strict,
		f.ReturnsSet, byte(f.Volatility), f.Parallel, len(f.Args), len(f.Defaults), typeOID(f.Return), typeOIDs(f.Args), all, modes, names, defaults, nil,
		f.Source, nil, body, nil, system.FunctionGrants(s, f.OID))
}
