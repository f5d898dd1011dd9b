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
	"datapunk/catalog/privilege"
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
	Sequences   function.Sequences
	Catalog     catalog.Store
	// Verifier turns a password into what is kept of it.
	Verifier func(password string) (string, error)
	// CheckSetting refuses a setting or value that there is not, and gives the name's
	// usual form.
	CheckSetting func(name, value string) (string, error)
	Sessions     Sessions
	// CopySequence copies the state of a sequence's storage to another.
	CopySequence func(from, to uint32) error
	// TempSchema is the session's temporary schema, made when first asked for.
	TempSchema func() (types.OID, error)
}

// Sessions are those of a database, the own one apart.
type Sessions interface {
	// Count waits a while for them to go, and tells how many stay.
	Count(ctx context.Context, database types.OID) (int, error)
	// End tells them to end.
	End(database types.OID)
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
	case *logical.Alter:
		return x.alter(u)
	case *logical.Rename:
		return x.rename(u)
	case *logical.SetSchema:
		return x.setSchema(u)
	case *logical.ChangeOwner:
		return x.changeOwner(u)
	case *logical.CreateView:
		return x.createView(u)
	case *logical.AlterSequence:
		return x.alterSequence(u)
	case *logical.Grant:
		return x.grant(u)
	case *logical.GrantRole:
		return x.grantRole(u)
	case *logical.CreateRole:
		return x.createRole(u)
	case *logical.AlterRole:
		return x.alterRole(u)
	case *logical.Configure:
		return x.configure(u)
	case *logical.DropRole:
		return x.dropRole(u)
	case *logical.DropOwned:
		return x.dropOwned(u)
	case *logical.ReassignOwned:
		return x.reassignOwned(u)
	case *logical.Comment:
		return x.comment(u)
	case *logical.CreateDatabase:
		return x.createDatabase(u)
	case *logical.AlterDatabase:
		return x.alterDatabase(u)
	case *logical.DropDatabase:
		return x.dropDatabase(u)
	case *logical.CreateExtension:
		return x.createExtension(u)
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
	if err := x.Txn.LockRelation(x.Context, x.lockID(oid), mode, kv.Wait{Timeout: x.LockTimeout}); err != nil {
		return err
	}
	return x.Writer.Refresh()
}

// lockID names a relation in locks.
func (x *Executor) lockID(oid types.OID) kv.ObjectID {
	return kv.ObjectID{Database: uint32(x.Database), Class: uint32(desc.ClassRelation), Object: uint32(oid)}
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
	if held, _ := privilege.Held(snapshot, x.User, s.Owner, 'n', s.Grants); held&desc.Create != 0 {
		return nil
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for schema %s", s.Name)
}

func (x *Executor) createSchema(u *logical.CreateSchema) error {
	if strings.HasPrefix(u.Name, "pg_") {
		return pgerr.Newf(pgerr.ReservedName, "unacceptable schema name \"%s\"", u.Name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	d, _ := x.Writer.Snapshot().Get(desc.ClassDatabase, x.Database).(*desc.Database)
	if d != nil {
		if held, _ := privilege.Held(x.Writer.Snapshot(), x.User, d.Owner, 'd', d.Grants); held&desc.Create == 0 {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for database %s", d.Name)
		}
	}
	if err := x.mayGive(u.Owner); err != nil {
		return err
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
	return x.Writer.Put(x.Context, &desc.Schema{OID: oid, Name: u.Name, Owner: u.Owner})
}

// home is the schema something new goes to: the one named, if the user may create in
// it, or the session's temporary one.
func (x *Executor) home(schema types.OID, temp bool) (types.OID, error) {
	if temp {
		return x.TempSchema()
	}
	return schema, x.mayCreate(schema)
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
		for _, k := range constraintsOf(rel) {
			if err := x.forget(desc.ID{Class: desc.ClassConstraint, OID: k.oid}); err != nil {
				return err
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
