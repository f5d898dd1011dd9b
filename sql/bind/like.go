package bind

import (
	"regexp"
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/logical"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// What LIKE copies, beyond names, types and NOT NULL (the grammar's bits).
const (
	likeComments = 1 << iota
	likeCompression
	likeConstraints
	likeDefaults
	likeGenerated
	likeIdentity
	likeIndexes
	likeStatistics
	likeStorage
)

// like copies the columns of another relation into a table being made, and what its
// INCLUDING options name.
func (b *Binder) like(t *logical.CreateTable, n *pg.TableLikeClause) error {
	rel, err := b.Relation(n.Relation)
	if err != nil {
		return err
	}
	if rel.Kind != desc.Table && rel.Kind != desc.ViewKind && rel.Kind != desc.CompositeRel {
		return b.errorf(n.Relation.Location, pgerr.WrongObjectType, "relation \"%s\" is invalid in LIKE clause", rel.Name)
	}
	b.need(rel, desc.Select)
	moved := map[int16]int16{}
	var names []string
	for i := range rel.Columns {
		if c := &rel.Columns[i]; !c.Dropped {
			moved[int16(i+1)] = int16(len(t.Columns) + len(names) + 1)
			names = append(names, c.Name)
		}
	}
	comments := map[desc.ID]string{}
	if n.Options&likeComments != 0 {
		for o := range b.Catalog.All(desc.ClassComment) {
			c := o.(*desc.Comment)
			comments[c.On] = c.Text
		}
	}
	for i := range rel.Columns {
		old := &rel.Columns[i]
		if old.Dropped {
			continue
		}
		for k := range t.Columns {
			if t.Columns[k].Name == old.Name {
				return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", old.Name)
			}
		}
		c := desc.Column{Name: old.Name, Type: old.Type, Mod: old.Mod, Collation: old.Collation, Dims: old.Dims, NotNull: old.NotNull}
		switch {
		case old.Generated:
			if n.Options&likeGenerated != 0 {
				c.Generated, c.Default = true, renumber(old.Default, moved)
			}
		case old.Identity != 0:
			if seq := b.Catalog.Relation(old.Sequence); n.Options&likeIdentity != 0 && seq != nil {
				c.Identity = old.Identity
				t.Serial = append(t.Serial, logical.Serial{Column: len(t.Columns), Def: *seq.Sequence, Identity: true})
			}
		case n.Options&likeDefaults != 0:
			c.Default = old.Default
		}
		if n.Options&likeStorage != 0 {
			c.Storage = old.Storage
		}
		if text, ok := comments[desc.ID{Class: desc.ClassRelation, OID: rel.OID, Sub: int16(i + 1)}]; ok {
			if t.Comments == nil {
				t.Comments = map[int]string{}
			}
			t.Comments[len(t.Columns)] = text
		}
		t.Columns = append(t.Columns, c)
	}
	if n.Options&likeConstraints != 0 {
		for _, k := range rel.Checks {
			c := logical.Constraint{Kind: 'c', Name: k.Name, Expr: renumber(k.Expr, moved)}
			for _, m := range k.Columns {
				c.Mentions = append(c.Mentions, moved[m])
			}
			t.Constraints = append(t.Constraints, c)
		}
	}
	if n.Options&likeIndexes != 0 {
		b.likeIndexes(t, rel, moved)
	}
	return nil
}

func (b *Binder) likeIndexes(t *logical.CreateTable, rel *desc.Relation, moved map[int16]int16) {
	constraint := map[string]bool{}
	for _, u := range rel.Uniques {
		constraint[u.Name] = true
		c := logical.Constraint{Kind: 'u', Deferrable: u.Deferrable, Deferred: u.Deferred}
		if u.Primary {
			c.Kind = 'p'
		}
		for _, n := range u.Columns {
			c.Columns = append(c.Columns, rel.Columns[n-1].Name)
		}
		if x := b.Catalog.Relation(u.Index); x != nil {
			c.NullsEqual = x.Index.NullsEqual
			for _, n := range x.Index.Include {
				c.Include = append(c.Include, rel.Columns[n-1].Name)
			}
		}
		t.Constraints = append(t.Constraints, c)
	}
	for _, oid := range rel.Indexes {
		x := b.Catalog.Relation(oid)
		if x == nil || constraint[x.Name] {
			continue
		}
		def := *x.Index
		def.Keys = append([]desc.IndexKey(nil), def.Keys...)
		for i := range def.Keys {
			k := &def.Keys[i]
			k.Column, k.Expr = moved[k.Column], renumber(k.Expr, moved)
		}
		def.Include = append([]int16(nil), def.Include...)
		for i, n := range def.Include {
			def.Include[i] = moved[n]
		}
		def.Predicate, def.Clustered, def.Replica, def.Invalid = renumber(def.Predicate, moved), false, false, false
		t.Indexes = append(t.Indexes, logical.CreateIndex{Def: def})
	}
}

var columnToken = regexp.MustCompile(`"@c(\d+)"`)

// renumber gives the columns of a stored expression other numbers.
func renumber(stored string, moved map[int16]int16) string {
	return columnToken.ReplaceAllStringFunc(stored, func(s string) string {
		n, _ := strconv.Atoi(s[3 : len(s)-1])
		return `"@c` + strconv.Itoa(int(moved[int16(n)])) + `"`
	})
}
