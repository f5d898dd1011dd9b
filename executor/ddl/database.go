package ddl

import (
	"bytes"
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

func plural(n int) string { return strconv.Itoa(n) + " objects" }

func oidText(oid types.OID) string { return strconv.FormatUint(uint64(oid), 10) }

// createDatabase copies a template: descriptors, and the rows of what tables it has.
func (x *Executor) createDatabase(u *logical.CreateDatabase) error {
	me := x.me()
	if !me.Superuser && !me.CreateDB {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to create database")
	}
	if err := x.mayGive(u.Database.Owner); err != nil {
		return err
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassDatabase, Name: u.Database.Name})
	if err != nil {
		return err
	}
	if taken {
		return pgerr.Newf(pgerr.DuplicateDatabase, "database \"%s\" already exists", u.Database.Name)
	}
	template, ok := x.Writer.Snapshot().Get(desc.ClassDatabase, u.Template).(*desc.Database)
	if !ok {
		return pgerr.Internal("template %d is gone", u.Template)
	}
	if !template.Template && !x.isOwner(template.Owner) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to copy database \"%s\"", template.Name)
	}
	if err := x.unused(template, "source database"); err != nil {
		return err
	}
	d := u.Database
	if d.OID, err = x.Writer.NewOID(x.Context); err != nil {
		return err
	}
	if err := x.Writer.Put(x.Context, &d); err != nil {
		return err
	}
	// Indexes that are a table's own rows share its storage.
	storages := map[uint32]uint32{}
	return x.Catalog.Clone(x.Context, x.Txn, u.Template, d.OID, func(o desc.Object) (desc.Object, error) {
		r, ok := o.(*desc.Relation)
		if !ok || !r.HasStorage() {
			return o, nil
		}
		c := r.Clone()
		if storages[r.Storage] == 0 {
			made, err := x.Txn.CreateStorage(x.Context)
			if err != nil {
				return nil, err
			}
			storages[r.Storage] = uint32(made)
			if r.Sequence != nil {
				err = x.CopySequence(r.Storage, uint32(made))
			} else {
				err = x.copyStorage(kv.StorageID(r.Storage), made)
			}
			if err != nil {
				return nil, err
			}
		}
		c.Storage = storages[r.Storage]
		return c, nil
	})
}

// unused makes sure that no other session uses a database.
func (x *Executor) unused(d *desc.Database, what string) error {
	others, err := x.Sessions.Count(x.Context, d.OID)
	if err != nil || others == 0 {
		return err
	}
	e := pgerr.Newf(pgerr.ObjectInUse, "%s \"%s\" is being accessed by other users", what, d.Name)
	if others == 1 {
		return e.WithDetail("There is 1 other session using the database.")
	}
	return e.WithDetail("There are %d other sessions using the database.", others)
}

// copyStorage copies all entries of a storage into a new one.
func (x *Executor) copyStorage(from, to kv.StorageID) error {
	old, prefix := kv.StoragePrefix(nil, from), kv.StoragePrefix(nil, to)
	load := x.Txn.NewLoad(to)
	defer load.Abandon()
	scan := x.Txn.LatestScan(kv.Span{Start: old, End: kv.StoragePrefix(nil, from+1)}, kv.ScanOptions{Versions: true})
	defer scan.Close()
	var batch kv.Batch
	for {
		if err := scan.Next(x.Context, &batch, 1024); err != nil {
			return err
		}
		if batch.Len() == 0 {
			return load.Finish(x.Context)
		}
		for i := range batch.Len() {
			key := append(bytes.Clone(prefix), batch.Key(i)[len(old):]...)
			if err := load.Add(x.Context, key, batch.Value(i), batch.Versions[i]); err != nil {
				return err
			}
		}
	}
}

func (x *Executor) alterDatabase(u *logical.AlterDatabase) error {
	d := *x.Writer.Snapshot().Get(desc.ClassDatabase, u.Database).(*desc.Database)
	if !x.isOwner(d.Owner) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of database %s", d.Name)
	}
	u.Change(&d)
	if d.NoConnect && d.OID == x.Database {
		return pgerr.New(pgerr.InvalidParameterValue, "cannot disallow connections for current database")
	}
	return x.Writer.Put(x.Context, &d)
}

func (x *Executor) dropDatabase(u *logical.DropDatabase) error {
	if u.Missing != "" {
		x.skip(u.Missing)
		return nil
	}
	d := x.Writer.Snapshot().Get(desc.ClassDatabase, u.Database).(*desc.Database)
	switch {
	case !x.isOwner(d.Owner):
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of database %s", d.Name)
	case d.Template:
		return pgerr.New(pgerr.WrongObjectType, "cannot drop a template database")
	case d.OID == x.Database:
		return pgerr.New(pgerr.ObjectInUse, "cannot drop the currently open database")
	}
	if u.Force {
		x.Sessions.End(d.OID)
	}
	if err := x.unused(d, "database"); err != nil {
		return err
	}
	source, err := x.Catalog.Latest(d.OID)
	if err != nil {
		return err
	}
	dropped := map[uint32]bool{}
	for o := range source.All(desc.ClassRelation) {
		if r := o.(*desc.Relation); r.OID >= desc.FirstUser && r.HasStorage() && !dropped[r.Storage] {
			dropped[r.Storage] = true
			x.Txn.DropStorage(kv.StorageID(r.Storage))
		}
	}
	if err := x.Catalog.Forget(x.Context, x.Txn, d.OID); err != nil {
		return err
	}
	if err := x.forget(d.ID()); err != nil {
		return err
	}
	return x.Writer.Delete(x.Context, d.ID())
}

func (x *Executor) createExtension(u *logical.CreateExtension) error {
	if x.Writer.Snapshot().Find(desc.Lookup{Class: desc.ClassExtension, Name: u.Name}) != nil {
		if u.IfNotExists {
			x.notice(pgerr.DuplicateObject, "extension \"%s\" already exists, skipping", u.Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateObject, "extension \"%s\" already exists", u.Name)
	}
	return pgerr.Newf(pgerr.FeatureNotSupported, "extension \"%s\" is not available", u.Name)
}

// comment sets or removes the comment on an object its owner may change.
func (x *Executor) comment(u *logical.Comment) error {
	snapshot := x.Writer.Snapshot()
	owner, what := types.OID(0), ""
	switch u.On.Class {
	case desc.ClassConstraint:
		if r := snapshot.Holder(u.On.OID); r != nil {
			owner, what = r.Owner, "relation "+r.Name
		}
	default:
		switch o := snapshot.Get(u.On.Class, u.On.OID).(type) {
		case *desc.Relation:
			owner, what = o.Owner, words[o.Kind]+" "+o.Name
		case *desc.Schema:
			owner, what = o.Owner, "schema "+o.Name
		case *desc.Database:
			owner, what = o.Owner, "database "+o.Name
		case *desc.Extension:
			owner, what = o.Owner, "extension "+o.Name
		case *desc.Role:
			if me := x.me(); !me.Superuser && !(me.CreateRole && !o.Superuser) {
				return pgerr.Newf(pgerr.InsufficientPrivilege, "must be member of role \"%s\"", o.Name)
			}
			owner = x.User
		}
	}
	if !x.isOwner(owner) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of %s", what)
	}
	c := &desc.Comment{On: u.On}
	if u.Text == nil || *u.Text == "" {
		return x.forget(u.On)
	}
	c.Text = *u.Text
	return x.Writer.Put(x.Context, c)
}
