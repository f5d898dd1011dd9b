package system

import (
	"datapunk/catalog/desc"
	"datapunk/types"
	"datapunk/types/vector"
)

// The functions of composite types and of arrays (pg_proc).
const (
	recordIn, recordOut, recordRecv, recordSend types.OID = 2290, 2291, 2402, 2403
	arrayIn, arrayOut, arrayRecv, arraySend     types.OID = 750, 751, 2400, 2401
	arrayAnalyze, rangeAnalyze                  types.OID = 3816, 3916
	multirangeAnalyze, textAnalyze              types.OID = 4242, 3688
	arraySubscript                              types.OID = 6179
)

// typesTable is pg_type.
func typesTable() Table {
	return Table{Name: "pg_type",
		Fill: func(r *Rows, s *Source) {
			for _, t := range types.Builtins() {
				addType(r, s, t)
			}
			for _, t := range Domains() {
				addType(r, s, t)
			}
			for o := range s.All(desc.ClassType) {
				if t := s.Type(o.ID().OID); t != nil {
					addType(r, s, t)
				}
			}
			for o := range s.All(desc.ClassRelation) {
				c := o.(*desc.Relation)
				addRowType(r, s, c)
			}
		},
		Find: map[string]func(r *Rows, s *Source, key Key){"oid": func(r *Rows, s *Source, key Key) {
			if t := s.typeOf(key.OID()); t != nil {
				addType(r, s, t)
			}
		}}}
}

func addRowType(r *Rows, s *Source, c *desc.Relation) {
	if c.RowType == 0 {
		return
	}
	row := &types.Type{OID: c.RowType, Name: c.Name, Schema: c.Schema, Owner: c.Owner, Kind: types.Composite, Len: -1, Category: 'C', Delim: ',',
		Align: 'd', Storage: 'x', Array: c.RowArray, Rel: c.OID}
	addType(r, s, row)
	if c.RowArray != 0 {
		name := ArrayName(c.Name)
		addType(r, s, &types.Type{OID: c.RowArray, Name: name, Schema: c.Schema, Owner: c.Owner, Kind: types.Base, Len: -1, Category: 'A', Delim: ',',
			Align: 'd', Storage: 'x', Elem: row})
	}
}

// ArrayName is the name of the array type of a named type.
func ArrayName(name string) string {
	const limit = 63
	if len(name) >= limit {
		name = name[:limit-1]
	}
	return "_" + name
}

func addType(r *Rows, s *Source, t *types.Type) {
	elem, subscript := types.OID(0), t.Subscript
	if t.Elem != nil {
		elem = t.Elem.OID
	}
	in, out, recv, send, analyze := t.Input, t.Output, t.Receive, t.Send, types.OID(0)
	switch {
	case t.Kind == types.Composite:
		in, out, recv, send = recordIn, recordOut, recordRecv, recordSend
	case t.IsArray():
		in, out, recv, send, analyze = orElse(in, arrayIn), orElse(out, arrayOut), orElse(recv, arrayRecv), orElse(send, arraySend), arrayAnalyze
		subscript = orElse(subscript, arraySubscript)
	case t.Kind == types.Range:
		analyze = rangeAnalyze
	case t.Kind == types.Multirange:
		analyze = multirangeAnalyze
	}
	switch t.OID {
	case types.OIDInt2Vector, types.OIDOidVector:
		analyze = 0
	case types.OIDRecordArray:
		analyze = arrayAnalyze
	case types.OIDTsvector:
		analyze = textAnalyze
	}
	base, mod, dims := types.OID(0), int32(-1), 0
	if t.Base != nil {
		base, mod = t.Base.OID, t.BaseMod
	}
	text := orNull(loaded().defaults[t.OID])
	relation, owner := t.Rel, orElse(t.Owner, desc.Superuser)
	r.Add(t.OID, t.Name, t.Schema, owner, t.Len, t.ByVal, byte(t.Kind), t.Category, t.Preferred, true, t.Delim, relation, subscript,
		elem, t.Array, in, out, recv, send, t.ModIn, t.ModOut, analyze, t.Align, t.Storage, t.NotNull, base, mod, dims, t.Collation, text, text, nil)
}

// ranges is pg_range.
func ranges() Table {
	return Table{Name: "pg_range", Fill: func(r *Rows, _ *Source) {
		for _, f := range types.RangeFacts() {
			r.Add(oids(f, 0), oids(f, 1), oids(f, 2), oids(f, 3), oids(f, 4), oids(f, 5), oids(f, 6))
		}
	}}
}

func oids(f []string, i int) types.OID { return types.FactOID(f[i]) }

// casts is pg_cast.
func casts() Table {
	return Table{Name: "pg_cast", Fill: func(r *Rows, _ *Source) {
		for _, c := range types.Casts() {
			r.Add(c.OID, c.Source, c.Target, c.Func, byte(c.Context), byte(c.Method))
		}
	}}
}

// missingValue is attmissingval: an array of the one value.
func missingValue(t *types.Type, datum []byte) any {
	v := vector.New(t, 1)
	if _, ok := v.DecodeDatum(0, datum); !ok {
		return nil
	}
	return list(&types.Type{Elem: t}, v, 1)
}
