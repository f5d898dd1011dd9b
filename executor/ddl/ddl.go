// Package ddl changes the catalog and what lies behind it: tables, indexes,
// constraints, sequences. A change is part of its transaction like any other: new
// descriptors, new storages, and old ones dropped at the commit.
package ddl

import (
	"context"
	"strconv"
	"strings"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/bind"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"
)

// Executor runs one utility statement.
type Executor struct {
	Context     context.Context
	Txn         kv.Txn
	Writer      catalog.Writer
	Database    types.OID
	User        types.OID
	LockTimeout int64
	Notice      func(*pgerr.Error)
	Bind        func(sql string, snapshot catalog.Snapshot, params []*types.Type, infer bool) *bind.Binder
	Env         *function.Env
	Session     op.Session
	SearchPath  func() []types.OID
}

// Run runs a statement.
func (x *Executor) Run(u logical.Utility) error {
	switch u := u.(type) {
	case *logical.CreateTable:
		return x.createTable(u)
	case *logical.Drop:
		return x.drop(u)
	case *logical.CreateIndex:
		return x.createIndex(u)
	case *logical.CreateSchema:
		return x.createSchema(u)
	case *logical.AddConstraint:
		return x.addConstraints(u)
	case *logical.CreateSequence:
		return x.createSequence(u)
	case *logical.Truncate:
		return x.truncate(u)
	}
	return pgerr.Internal("no executor for %T", u)
}

func (x *Executor) notice(code pgerr.Code, format string, args ...any) {
	e := pgerr.Newf(code, format, args...)
	e.Severity = "NOTICE"
	x.Notice(e)
}

// lock locks an object in a mode.
func (x *Executor) lock(oid types.OID, mode kv.Mode) error {
	object := kv.ObjectID{Database: uint32(x.Database), Class: uint32(desc.ClassRelation), Object: uint32(oid)}
	if err := x.Txn.LockRelation(x.Context, object, mode, kv.Wait{Timeout: x.LockTimeout}); err != nil {
		return err
	}
	return x.Writer.Refresh()
}

// claim locks a name, so that two sessions do not make it at once, and tells
// whether it is taken.
func (x *Executor) claim(l desc.Lookup) (taken bool, err error) {
	key := append(kv.StoragePrefix(nil, 1), 'n')
	key = strconv.AppendUint(key, uint64(x.Database), 10)
	key = append(key, '/')
	key = strconv.AppendUint(key, uint64(l.Class), 10)
	key = append(key, '/')
	key = strconv.AppendUint(key, uint64(l.Namespace), 10)
	key = append(append(key, '/'), l.Name...)
	if err := x.Txn.LockRow(x.Context, key, kv.Exclusive, kv.Wait{Timeout: x.LockTimeout}); err != nil {
		return false, err
	}
	if err := x.Writer.Refresh(); err != nil {
		return false, err
	}
	return x.Writer.Snapshot().Find(l) != nil, nil
}

// mayCreate checks CREATE on a schema.
func (x *Executor) mayCreate(schema types.OID) error {
	snapshot := x.Writer.Snapshot()
	s, role := snapshot.Schema(schema), snapshot.Role(x.User)
	if s == nil || role == nil {
		return pgerr.Internal("schema %d or role %d is gone", schema, x.User)
	}
	if schema == types.PgCatalog || s.Name == "information_schema" {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to create in schema \"%s\"", s.Name)
	}
	if role.Superuser || s.Owner == x.User {
		return nil
	}
	for _, g := range s.Grants {
		if (g.Grantee == 0 || g.Grantee == x.User) && g.Privileges&desc.Create != 0 {
			return nil
		}
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for schema %s", s.Name)
}

func (x *Executor) createSchema(u *logical.CreateSchema) error {
	if strings.HasPrefix(u.Name, "pg_") {
		return pgerr.Newf(pgerr.ReservedName, "unacceptable schema name \"%s\"", u.Name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassSchema, Name: u.Name})
	if err != nil {
		return err
	}
	if taken {
		if u.IfNotExists {
			x.notice(pgerr.DuplicateSchema, "schema \"%s\" already exists, skipping", u.Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateSchema, "schema \"%s\" already exists", u.Name)
	}
	oid, err := x.Writer.NewOID(x.Context)
	if err != nil {
		return err
	}
	return x.Writer.Put(x.Context, &desc.Schema{OID: oid, Name: u.Name, Owner: x.User})
}

func (x *Executor) createSequence(u *logical.CreateSequence) error {
	if err := x.mayCreate(u.Schema); err != nil {
		return err
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: u.Schema, Name: u.Name})
	if err != nil {
		return err
	}
	if taken {
		if u.IfNotExists {
			x.notice(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", u.Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", u.Name)
	}
	_, err = x.sequence(u.Schema, u.Name, u.Def, nil)
	return err
}

// sequence makes a sequence, perhaps owned by a column.
func (x *Executor) sequence(schema types.OID, name string, def desc.SequenceDef, owned *desc.ID) (*desc.Relation, error) {
	r, err := x.relation(schema, name, desc.SequenceKind)
	if err != nil {
		return nil, err
	}
	r.Sequence, r.Owned = &def, owned
	return r, x.Writer.Put(x.Context, r)
}

// relation makes a descriptor with a storage of its own.
func (x *Executor) relation(schema types.OID, name string, kind desc.RelKind) (*desc.Relation, error) {
	oid, err := x.Writer.NewOID(x.Context)
	if err != nil {
		return nil, err
	}
	storage, err := x.Txn.CreateStorage(x.Context)
	if err != nil {
		return nil, err
	}
	return &desc.Relation{OID: oid, Name: name, Schema: schema, Owner: x.User, Kind: kind, Persistence: desc.Permanent, Storage: uint32(storage)}, nil
}

// freeName finds a name not yet taken by a relation: table_column_suffix, cut to 63
// bytes, with a number if need be (PostgreSQL's ChooseRelationName).
func (x *Executor) freeName(schema types.OID, first, second, suffix string, taken func(string) bool) string {
	for n := 0; ; n++ {
		label := suffix
		if n > 0 {
			label += strconv.Itoa(n)
		}
		name := makeName(first, second, label)
		if x.Writer.Snapshot().RelationNamed(schema, name) == nil && (taken == nil || !taken(name)) {
			return name
		}
	}
}

// makeName joins three parts within 63 bytes, shortening the longer of the first two.
func makeName(first, second, label string) string {
	const limit = 63
	over := len(label) + 1
	if second != "" {
		over++
	}
	for len(first)+len(second)+over > limit {
		if len(first) > len(second) {
			first = first[:len(first)-1]
		} else {
			second = second[:len(second)-1]
		}
	}
	name := first
	if second != "" {
		name += "_" + second
	}
	return name + "_" + label
}

func (x *Executor) drop(u *logical.Drop) error {
	for _, m := range u.Missing {
		x.notice(pgerr.SuccessfulCompletion, "%s does not exist, skipping", m)
	}
	gone := map[desc.ID]bool{}
	for _, id := range u.Objects {
		gone[id] = true
	}
	var order []desc.ID
	for _, id := range u.Objects {
		if err := x.collect(id, u, gone, &order); err != nil {
			return err
		}
	}
	for _, id := range order {
		if err := x.remove(id); err != nil {
			return err
		}
	}
	return nil
}

// collect lists an object after everything that needs it.
func (x *Executor) collect(id desc.ID, u *logical.Drop, gone map[desc.ID]bool, order *[]desc.ID) error {
	for _, seen := range *order {
		if seen == id {
			return nil
		}
	}
	if id.Class == desc.ClassRelation {
		if err := x.lock(id.OID, kv.AccessExclusive); err != nil {
			return err
		}
	}
	snapshot := x.Writer.Snapshot()
	object := snapshot.Get(id.Class, id.OID)
	if object == nil {
		return nil
	}
	if rel, ok := object.(*desc.Relation); ok {
		if role := snapshot.Role(x.User); rel.Owner != x.User && (role == nil || !role.Superuser) {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of %s %s", strings.ToLower(u.What), rel.Name)
		}
		if rel.Index != nil && gone[id] {
			if t := snapshot.Relation(rel.Index.Table); t != nil && !gone[t.ID()] {
				for _, k := range t.Uniques {
					if k.Index == rel.OID {
						return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it", rel.Name, k.Name, t.Name).
							WithHint("You can drop constraint %s on table %s instead.", k.Name, t.Name)
					}
				}
			}
		}
	}
	for _, d := range snapshot.Dependents(id) {
		d.Sub = 0
		if d == id || gone[d] {
			if d != id {
				if err := x.collect(d, u, gone, order); err != nil {
					return err
				}
			}
			continue
		}
		other := snapshot.Get(d.Class, d.OID)
		automatic := false
		for _, n := range other.Needs() {
			if n.On.Class == id.Class && n.On.OID == id.OID && n.Deptype() != desc.Normal {
				automatic = true
			}
		}
		// A foreign key from another table is dropped alone, with CASCADE.
		if r, ok := other.(*desc.Relation); ok && !automatic && r.Kind == desc.Table && id.Class == desc.ClassRelation {
			if !u.Cascade {
				return x.stillNeeded(object, other, u)
			}
			if err := x.dropForeignKeys(r, id.OID); err != nil {
				return err
			}
			continue
		}
		if !automatic && !u.Cascade {
			return x.stillNeeded(object, other, u)
		}
		gone[d] = true
		if err := x.collect(d, u, gone, order); err != nil {
			return err
		}
	}
	*order = append(*order, id)
	return nil
}

func (x *Executor) stillNeeded(object, other desc.Object, u *logical.Drop) error {
	a, b := x.describe(object), x.describe(other)
	e := pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", a)
	if r, ok := other.(*desc.Relation); ok && r.Kind == desc.Table {
		for _, f := range r.ForeignKeys {
			if f.Target == object.ID().OID {
				b = "constraint " + f.Name + " on table " + r.Name
			}
		}
	}
	return e.WithDetail("%s depends on %s", b, a).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

func (x *Executor) describe(o desc.Object) string {
	switch o := o.(type) {
	case *desc.Schema:
		return "schema " + o.Name
	case *desc.Relation:
		word := map[desc.RelKind]string{desc.Table: "table", desc.Index: "index", desc.SequenceKind: "sequence", desc.ViewKind: "view"}[o.Kind]
		return word + " " + o.Name
	}
	return "object"
}

// dropForeignKeys takes the foreign keys to a table off another.
func (x *Executor) dropForeignKeys(r *desc.Relation, target types.OID) error {
	if err := x.lock(r.OID, kv.AccessExclusive); err != nil {
		return err
	}
	c := x.Writer.Snapshot().Relation(r.OID).Clone()
	kept := c.ForeignKeys[:0]
	for _, f := range c.ForeignKeys {
		if f.Target != target {
			kept = append(kept, f)
		} else {
			x.notice(pgerr.SuccessfulCompletion, "drop cascades to constraint %s on table %s", f.Name, c.Name)
		}
	}
	c.ForeignKeys = kept
	return x.Writer.Put(x.Context, c)
}

// remove deletes one object and its storage, and takes it off its table.
func (x *Executor) remove(id desc.ID) error {
	snapshot := x.Writer.Snapshot()
	if rel := snapshot.Relation(id.OID); id.Class == desc.ClassRelation && rel != nil {
		clustered := false
		if rel.Index != nil {
			if t := snapshot.Relation(rel.Index.Table); t != nil {
				clustered = t.Primary == rel.OID
				c := t.Clone()
				c.Indexes = without(c.Indexes, rel.OID)
				if err := x.Writer.Put(x.Context, c); err != nil {
					return err
				}
			}
		}
		for _, f := range rel.ForeignKeys {
			if t := snapshot.Relation(f.Target); t != nil && f.Target != rel.OID {
				c := t.Clone()
				c.References = without(c.References, rel.OID)
				if err := x.Writer.Put(x.Context, c); err != nil {
					return err
				}
			}
		}
		if rel.HasStorage() && !clustered {
			x.Txn.DropStorage(kv.StorageID(rel.Storage))
		}
	}
	return x.Writer.Delete(x.Context, id)
}

func without(list []types.OID, oid types.OID) []types.OID {
	out := list[:0]
	for _, o := range list {
		if o != oid {
			out = append(out, o)
		}
	}
	return out
}
