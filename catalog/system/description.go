package system

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"

	"datapunk/catalog/desc"
	"datapunk/types"
)

//go:embed facts/pg_description.tsv.gz
var descriptionFacts []byte

// builtinComments are the comments on PostgreSQL's own objects.
var builtinComments = sync.OnceValue(func() map[desc.ID]string {
	z, err := gzip.NewReader(bytes.NewReader(descriptionFacts))
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	m := map[desc.ID]string{}
	for _, f := range types.Facts(string(text)) {
		m[desc.ID{Class: oids(f, 1), OID: oids(f, 0), Sub: int16(number(f[2]))}] = unescape.Replace(f[3])
	}
	return m
})

// unescape reads COPY's text form, as far as the facts use it.
var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")

// Comment is the comment on one of PostgreSQL's own objects.
func Comment(id desc.ID) (string, bool) {
	text, ok := builtinComments()[id]
	return text, ok
}

// descriptions is pg_description.
func descriptions() Table {
	return Table{Name: "pg_description",
		Fill: func(r *Rows, s *Source) {
			for id, text := range builtinComments() {
				r.Add(id.OID, id.Class, id.Sub, text)
			}
			for o := range s.All(desc.ClassComment) {
				c := o.(*desc.Comment)
				r.Add(c.On.OID, c.On.Class, c.On.Sub, c.Text)
			}
		}}
}

// The comments on the databases that a new node has.
var databaseComments = map[types.OID]string{desc.TemplateDatabase: "default template for new databases",
	desc.EmptyDatabase: "unmodifiable empty database", desc.PostgresDatabase: "default administrative connection database"}

// DatabaseComment is the comment on a database that a new node has.
func DatabaseComment(oid types.OID) (string, bool) {
	text, ok := databaseComments[oid]
	return text, ok
}

// shdescriptions is pg_shdescription.
func shdescriptions() Table {
	return Table{Name: "pg_shdescription", Fill: func(r *Rows, s *Source) {
		own := map[types.OID]bool{}
		for o := range s.All(desc.ClassSharedComment) {
			c := o.(*desc.Comment)
			r.Add(c.On.OID, c.On.Class, c.Text)
			own[c.On.OID] = true
		}
		for _, oid := range sorted(databaseComments) {
			if !own[oid] && s.Get(desc.ClassDatabase, oid) != nil {
				r.Add(oid, desc.ClassDatabase, databaseComments[oid])
			}
		}
	}}
}
