package ddl

import (
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

func (x *Executor) rename(u *logical.Rename) error {
	if u.Missing != "" {
		x.skip(u.Missing)
		return nil
	}
	switch u.Object.Class {
	case desc.ClassSchema:
		return x.renameSchema(u)
	case desc.ClassRelation:
	default:
		return x.renameShared(u)
	}
	if err := x.lock(u.Object.OID, kv.AccessExclusive); err != nil {
		return err
	}
	r := x.Writer.Snapshot().Relation(u.Object.OID)
	if r == nil {
		return pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", u.Object.OID)
	}
	if err := x.owns(r); err != nil {
		return err
	}
	switch u.Part {
	case logical.ColumnPart:
		return x.renameColumn(r, u)
	case logical.ConstraintPart:
		return x.renameConstraint(r, u.Old, u.New)
	}
	if err := x.freeRelation(r.Schema, u.New); err != nil {
		return err
	}
	if err := x.change(r.OID, func(r *desc.Relation) { r.Name = u.New }); err != nil {
		return err
	}
	// A constraint and its index have one name.
	if r.Index != nil {
		t := x.Writer.Snapshot().Relation(r.Index.Table)
		for i := range t.Uniques {
			if t.Uniques[i].Index == r.OID {
				return x.change(t.OID, func(t *desc.Relation) { t.Uniques[i].Name = u.New })
			}
		}
	}
	return nil
}

// freeRelation claims a relation's name in a schema.
func (x *Executor) freeRelation(schema types.OID, name string) error {
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: schema, Name: name})
	if err == nil && taken {
		err = pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	}
	return err
}

func (x *Executor) renameColumn(r *desc.Relation, u *logical.Rename) error {
	n, _ := r.Column(u.Old)
	if n == 0 {
		return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", u.Old)
	}
	if taken, _ := r.Column(u.New); taken != 0 {
		return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", u.New, r.Name)
	}
	if err := x.change(r.OID, func(r *desc.Relation) { r.Columns[n-1].Name = u.New }); err != nil {
		return err
	}
	for _, oid := range r.Indexes {
		for k, key := range x.Writer.Snapshot().Relation(oid).Index.Keys {
			if key.Column == n {
				if err := x.change(oid, func(i *desc.Relation) { i.Index.Keys[k].Name = u.New }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (x *Executor) renameConstraint(r *desc.Relation, old, name string) error {
	if hasConstraint(r, name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", name, r.Name)
	}
	for _, k := range constraintsOf(r) {
		if k.name != old {
			continue
		}
		if k.index != 0 {
			if err := x.freeRelation(r.Schema, name); err != nil {
				return err
			}
			if err := x.change(k.index, func(i *desc.Relation) { i.Name = name }); err != nil {
				return err
			}
		}
		return x.change(r.OID, func(r *desc.Relation) {
			for i := range r.Checks {
				if r.Checks[i].OID == k.oid {
					r.Checks[i].Name = name
				}
			}
			for i := range r.Uniques {
				if r.Uniques[i].OID == k.oid {
					r.Uniques[i].Name = name
				}
			}
			for i := range r.ForeignKeys {
				if r.ForeignKeys[i].OID == k.oid {
					r.ForeignKeys[i].Name = name
				}
			}
		})
	}
	return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", old, r.Name)
}

func (x *Executor) renameSchema(u *logical.Rename) error {
	s := x.Writer.Snapshot().Schema(u.Object.OID)
	if s == nil {
		return pgerr.Internal("schema %d is gone", u.Object.OID)
	}
	if !x.isOwner(s.Owner) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of schema %s", s.Name)
	}
	if strings.HasPrefix(u.New, "pg_") {
		return pgerr.Newf(pgerr.ReservedName, "unacceptable schema name \"%s\"", u.New).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassSchema, Name: u.New})
	if err != nil {
		return err
	}
	if taken {
		return pgerr.Newf(pgerr.DuplicateSchema, "schema \"%s\" already exists", u.New)
	}
	c := *s
	c.Name = u.New
	return x.Writer.Put(x.Context, &c)
}

// renameShared renames a role or a database.
func (x *Executor) renameShared(u *logical.Rename) error {
	snapshot := x.Writer.Snapshot()
	me := snapshot.Role(x.User)
	taken, err := x.claim(desc.Lookup{Class: u.Object.Class, Name: u.New})
	if err != nil {
		return err
	}
	switch o := snapshot.Get(u.Object.Class, u.Object.OID).(type) {
	case *desc.Role:
		switch {
		case o.OID == x.User:
			return pgerr.New(pgerr.FeatureNotSupported, "session user cannot be renamed")
		case strings.HasPrefix(u.New, "pg_"):
			return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", u.New).
				WithDetail("Role names starting with \"pg_\" are reserved.")
		case taken:
			return pgerr.Newf(pgerr.DuplicateObject, "role \"%s\" already exists", u.New)
		case o.Superuser && !me.Superuser:
			return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser to rename superusers")
		case !me.Superuser && !me.CreateRole:
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to rename role")
		}
		c := *o
		c.Name = u.New
		return x.Writer.Put(x.Context, &c)
	case *desc.Database:
		switch {
		case !x.isOwner(o.Owner):
			return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of database %s", o.Name)
		case !me.Superuser && !me.CreateDB:
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to rename database")
		case taken:
			return pgerr.Newf(pgerr.DuplicateDatabase, "database \"%s\" already exists", u.New)
		case o.OID == x.Database:
			return pgerr.New(pgerr.FeatureNotSupported, "current database cannot be renamed")
		}
		c := *o
		c.Name = u.New
		return x.Writer.Put(x.Context, &c)
	}
	return pgerr.Internal("cannot rename object of class %d", u.Object.Class)
}

// setSchema moves a relation with its indexes and owned sequences.
func (x *Executor) setSchema(u *logical.SetSchema) error {
	if u.Missing != "" {
		x.skip(u.Missing)
		return nil
	}
	if err := x.lock(u.Object.OID, kv.AccessExclusive); err != nil {
		return err
	}
	r := x.Writer.Snapshot().Relation(u.Object.OID)
	if err := x.owns(r); err != nil {
		return err
	}
	if r.Schema == u.Schema {
		return nil
	}
	if err := x.mayCreate(u.Schema); err != nil {
		return err
	}
	if r.Kind == desc.SequenceKind && r.Owned != nil {
		t := x.Writer.Snapshot().Relation(r.Owned.OID)
		return pgerr.New(pgerr.FeatureNotSupported, "cannot move an owned sequence into another schema").
			WithDetail("Sequence \"%s\" is linked to table \"%s\".", r.Name, t.Name)
	}
	list := append([]types.OID{r.OID}, r.Indexes...)
	for _, d := range x.Writer.Snapshot().Dependents(r.ID()) {
		if q := x.Writer.Snapshot().Relation(d.OID); d.Class == desc.ClassRelation && q != nil && q.Owned != nil && q.Owned.OID == r.OID {
			list = append(list, q.OID)
		}
	}
	for _, oid := range list {
		o := x.Writer.Snapshot().Relation(oid)
		taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: u.Schema, Name: o.Name})
		if err != nil {
			return err
		}
		if taken {
			return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists in schema \"%s\"", o.Name, x.Writer.Snapshot().Schema(u.Schema).Name)
		}
		if err := x.change(oid, func(r *desc.Relation) { r.Schema = u.Schema }); err != nil {
			return err
		}
	}
	return nil
}
