package ddl

import (
	"fmt"
	"slices"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types/format"
)

// doomed is one object to be dropped: a catalog object, or a foreign key or default
// of a table that stays (class ClassConstraint or ClassAttrdef).
type doomed struct {
	id    desc.ID
	table *desc.Relation // of a foreign key or default
	// by is what is dropped and needs this one gone; zero for what was named.
	by        desc.ID
	automatic bool
}

// dropping collects what goes, each object after what depends on it.
type dropping struct {
	x    *Executor
	list []doomed
	seen map[desc.ID]bool
}

// drop drops objects with what belongs to them, and with CASCADE what needs them.
func (x *Executor) drop(u *logical.Drop) error {
	for _, m := range u.Missing {
		x.notice(pgerr.SuccessfulCompletion, "%s does not exist, skipping", m)
	}
	d := &dropping{x: x, seen: map[desc.ID]bool{}}
	for _, id := range u.Objects {
		if err := d.permitted(id, u); err != nil {
			return err
		}
	}
	return d.run(u)
}

// run drops everything that goes.
func (d *dropping) run(u *logical.Drop) error {
	if err := d.collect(u); err != nil {
		return err
	}
	for _, o := range d.list {
		if err := d.x.dropOne(o); err != nil {
			return err
		}
	}
	return nil
}

// collect finds everything that goes, and reports.
func (d *dropping) collect(u *logical.Drop) error {
	named := map[desc.ID]bool{}
	for _, id := range u.Objects {
		named[id] = true
		if err := d.visit(doomed{id: id}); err != nil {
			return err
		}
	}
	return d.report(u, named)
}

// permitted locks a named object and checks that the user may drop it.
func (d *dropping) permitted(id desc.ID, u *logical.Drop) error {
	x := d.x
	if id.Class == desc.ClassRelation {
		// Readers and writers of an index have a lock on its table alone.
		if r := x.Writer.Snapshot().Relation(id.OID); r != nil && r.Index != nil && !u.Concurrently {
			if err := x.lock(r.Index.Table, kv.AccessExclusive); err != nil {
				return err
			}
		}
		if err := x.lock(id.OID, kv.AccessExclusive); err != nil {
			return err
		}
	}
	snapshot := x.Writer.Snapshot()
	switch o := snapshot.Get(id.Class, id.OID).(type) {
	case *desc.Relation:
		if err := x.owns(o); err != nil {
			return err
		}
		if o.Index == nil {
			return nil
		}
		if t := snapshot.Relation(o.Index.Table); t != nil && !slices.Contains(u.Objects, t.ID()) {
			for _, k := range t.Uniques {
				if k.Index == o.OID {
					return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it", o.Name, k.Name, t.Name).
						WithHint("You can drop constraint %s on table %s instead.", k.Name, t.Name)
				}
			}
		}
	case *desc.Schema:
		if !x.isOwner(o.Owner) {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of schema %s", o.Name)
		}
		if o.OID < desc.FirstUser && o.Name != "public" {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", o.Name)
		}
	}
	return nil
}

// visit adds everything that depends on an object, the newest first, and then it.
func (d *dropping) visit(o doomed) error {
	if d.seen[o.id] {
		return nil
	}
	d.seen[o.id] = true
	switch {
	case o.table != nil:
		d.list = append(d.list, o)
		return d.x.lock(o.table.OID, kv.AccessExclusive)
	case o.id.Class == desc.ClassRelation:
		if err := d.x.lock(o.id.OID, kv.AccessExclusive); err != nil {
			return err
		}
	}
	if d.x.object(o.id) == nil {
		return nil
	}
	var next []doomed
	if r := d.x.Writer.Snapshot().Relation(o.id.OID); o.id.Class == desc.ClassRelation && r != nil && r.Index != nil && d.seen[desc.ID{Class: desc.ClassRelation, OID: r.Index.Table}] {
		d.list = append(d.list, o) // what needs it needs its table
		return nil
	}
	dependents := d.x.Writer.Snapshot().Dependents(o.id)
	for _, dep := range slices.Backward(dependents) {
		if desc.CommentedClass(dep.Class) == 0 {
			dep.Sub = 0
		}
		if other := d.x.object(dep); other != nil && dep != o.id {
			next = append(next, parts(other, o.id)...)
		}
	}
	if o.id.Class == desc.ClassRelation && o.id.Sub != 0 {
		next = append(next, generatedFrom(d.x.Writer.Snapshot().Relation(o.id.OID), o.id)...)
	}
	for _, n := range next {
		if err := d.visit(n); err != nil {
			return err
		}
	}
	d.list = append(d.list, o)
	return nil
}

// generatedFrom are the columns generated from one.
func generatedFrom(r *desc.Relation, column desc.ID) []doomed {
	var list []doomed
	for i := range r.Columns {
		if g := &r.Columns[i]; g.Generated && !g.Dropped && int16(i+1) != column.Sub && mentionsColumn(g.Default, column.Sub) {
			list = append(list, doomed{id: desc.ID{Class: desc.ClassRelation, OID: r.OID, Sub: int16(i + 1)}, by: column})
		}
	}
	return list
}

// object finds an object by its ID, a comment too.
func (x *Executor) object(id desc.ID) desc.Object {
	if of := desc.CommentedClass(id.Class); of != 0 {
		if c := x.Writer.Snapshot().Comment(desc.ID{Class: of, OID: id.OID, Sub: id.Sub}); c != nil {
			return c
		}
		return nil
	}
	return x.Writer.Snapshot().Get(id.Class, id.OID)
}

// forget removes the comment on an object or a part of one.
func (x *Executor) forget(on desc.ID) error {
	if x.Writer.Snapshot().Comment(on) == nil {
		return nil
	}
	return x.Writer.Delete(x.Context, desc.CommentID(on))
}

// parts are what of an object needs another (or one column of it): the whole of it,
// or of a table only foreign keys and defaults.
func parts(other desc.Object, on desc.ID) []doomed {
	whole, automatic := false, false
	r, table := other.(*desc.Relation)
	table = table && r.Kind == desc.Table
	for _, n := range other.Needs() {
		if n.On.Class != on.Class || n.On.OID != on.OID || on.Sub != 0 && n.On.Sub != on.Sub {
			continue
		}
		if n.Deptype() != desc.Normal {
			automatic = true
		}
		whole = whole || !table || on.Class != desc.ClassRelation || automatic
	}
	if whole {
		return []doomed{{id: other.ID(), by: on, automatic: automatic}}
	}
	if !table {
		return nil
	}
	var list []doomed
	for i := range r.ForeignKeys {
		f := &r.ForeignKeys[i]
		if f.Index == on.OID || f.Target == on.OID && (on.Sub == 0 || slices.Contains(f.Keys, on.Sub)) {
			list = append(list, doomed{id: desc.ID{Class: desc.ClassConstraint, OID: f.OID}, table: r, by: on})
		}
	}
	for i := range r.Columns {
		if c := &r.Columns[i]; on.Sub == 0 && slices.Contains(desc.Mentioned(c.Default), on.OID) {
			list = append(list, doomed{id: desc.ID{Class: desc.ClassAttrdef, OID: c.DefaultOID}, table: r, by: on})
		}
	}
	return list
}

// report refuses what RESTRICT forbids and tells what CASCADE takes along.
func (d *dropping) report(u *logical.Drop, named map[desc.ID]bool) error {
	var depends, cascades []string
	for _, o := range slices.Backward(d.list) {
		gone := o.table != nil && d.seen[o.table.ID()] // goes with its table
		if o.automatic || named[o.id] || o.by == (desc.ID{}) || gone || d.belongs(o.id) {
			continue
		}
		depends = append(depends, d.describe(o)+" depends on "+d.describe(doomed{id: o.by}))
		cascades = append(cascades, "drop cascades to "+d.describe(o))
	}
	switch {
	case depends == nil:
		return nil
	case !u.Cascade && len(u.Objects) == 1:
		return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", d.describe(doomed{id: u.Objects[0]})).
			WithDetail("%s", strings.Join(depends, "\n")).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	case !u.Cascade:
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop desired object(s) because other objects depend on them").
			WithDetail("%s", strings.Join(depends, "\n")).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	case len(cascades) == 1:
		d.x.notice(pgerr.SuccessfulCompletion, "%s", cascades[0])
	default:
		e := pgerr.Newf(pgerr.SuccessfulCompletion, "drop cascades to %d other objects", len(cascades))
		if rest := len(cascades) - 100; rest > 0 {
			cascades = append(cascades[:100], fmt.Sprintf("and %d other objects (see server log for list)", rest))
		}
		e.Severity = "NOTICE"
		d.x.Notice(e.WithDetail("%s", strings.Join(cascades, "\n")))
	}
	return nil
}

// belongs tells whether an object goes along with another that goes.
func (d *dropping) belongs(id desc.ID) bool {
	if o := d.x.object(id); o != nil && id.Sub == 0 {
		for _, n := range o.Needs() {
			n.On.Sub = 0
			if n.Deptype() != desc.Normal && d.seen[n.On] {
				return true
			}
		}
	}
	return false
}

// describe names an object as PostgreSQL's messages do.
func (d *dropping) describe(o doomed) string {
	x := d.x
	switch {
	case o.id.Class == desc.ClassConstraint:
		for _, f := range o.table.ForeignKeys {
			if f.OID == o.id.OID {
				return "constraint " + f.Name + " on table " + x.relationName(o.table)
			}
		}
	case o.id.Class == desc.ClassAttrdef:
		for _, c := range o.table.Columns {
			if c.DefaultOID == o.id.OID {
				return "default value for column " + c.Name + " of table " + x.relationName(o.table)
			}
		}
	}
	sub := o.id.Sub
	switch o := x.Writer.Snapshot().Get(o.id.Class, o.id.OID).(type) {
	case *desc.Schema:
		return "schema " + format.QuoteIdent(o.Name)
	case *desc.Relation:
		name := words[o.Kind] + " " + x.relationName(o)
		if sub > 0 {
			return "column " + o.Columns[sub-1].Name + " of " + name
		}
		return name
	case *desc.Extension:
		return "extension " + o.Name
	}
	return "object"
}

// relationName qualifies a relation's name where the search path does not find it.
func (x *Executor) relationName(r *desc.Relation) string {
	if x.SearchPath != nil {
		for _, schema := range x.SearchPath() {
			if found := x.Writer.Snapshot().RelationNamed(schema, r.Name); found != nil {
				if found.OID == r.OID {
					return format.QuoteIdent(r.Name)
				}
				break
			}
		}
	}
	return x.qualified(r)
}

func (x *Executor) dropOne(o doomed) error {
	switch {
	case o.id.Class == desc.ClassRelation && o.id.Sub != 0:
		return x.removeColumn(o.id.OID, o.id.Sub)
	case o.table == nil:
		return x.remove(o.id)
	case x.Writer.Snapshot().Relation(o.table.OID) == nil:
		return nil
	case o.id.Class == desc.ClassConstraint:
		return x.removeForeignKey(o.table.OID, o.id.OID)
	}
	return x.change(o.table.OID, func(r *desc.Relation) {
		for i := range r.Columns {
			if c := &r.Columns[i]; c.DefaultOID == o.id.OID {
				c.Default, c.DefaultOID = "", 0
			}
		}
	})
}
