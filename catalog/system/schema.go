package system

import (
	"datapunk/catalog/desc"
	"datapunk/types"
)

// namespaces is pg_namespace.
func namespaces() Table {
	add := func(r *Rows, s *Source, n *desc.Schema) { r.Add(n.OID, n.Name, n.Owner, aclOf(s, n.Grants)) }
	return Table{Name: "pg_namespace",
		Fill: func(r *Rows, s *Source) {
			for o := range s.All(desc.ClassSchema) {
				add(r, s, o.(*desc.Schema))
			}
		},
		Find: map[string]func(r *Rows, s *Source, key Key){
			"oid": func(r *Rows, s *Source, key Key) {
				if n := s.Schema(key.OID()); n != nil {
					add(r, s, n)
				}
			},
			"nspname": func(r *Rows, s *Source, key Key) {
				if n, ok := s.Snapshot.Find(desc.Lookup{Class: desc.ClassSchema, Name: key.Text}).(*desc.Schema); ok {
					add(r, s, n)
				}
			}}}
}

// PLpgSQL is the OID of the extension that every database has.
const PLpgSQL types.OID = 13559

// extensions is pg_extension.
func extensions() Table {
	return Table{Name: "pg_extension", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassExtension) {
			e := o.(*desc.Extension)
			r.Add(e.OID, e.Name, e.Owner, e.Schema, e.OID != PLpgSQL, e.Version, nil, nil)
		}
	}}
}
