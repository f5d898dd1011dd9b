// Package catalog is the door to what everything is: snapshots of descriptors
// at a version, and changes to them.
//
// Invariants:
//
//	C1  A Snapshot never changes. Its version grows with every committed change.
//	C2  A Writer's own changes are seen by its transaction's snapshots at once,
//	    by nobody else before the commit, and never after a rollback.
//	C3  Names are unique within a Lookup's namespace.
//	C4  Nothing is dropped while another object needs it (Dependents).
package catalog

import (
	"context"
	"iter"

	"datapunk/catalog/desc"
	"datapunk/kv"
	"datapunk/types"
)

// Snapshot is the catalog of one database, with the shared objects (roles,
// databases), at one version.
type Snapshot interface {
	Version() uint64
	Database() types.OID

	// Get returns the object of an id (Sub ignored), or nil.
	Get(class, oid types.OID) desc.Object
	// Comment is the comment on an object or column, or nil.
	Comment(on desc.ID) *desc.Comment
	// Find returns the object of a name, or nil.
	Find(desc.Lookup) desc.Object
	// All lists the objects of a class, in order of OID.
	All(class types.OID) iter.Seq[desc.Object]
	// Count is how many objects of a class there are.
	Count(class types.OID) int
	// Dependents lists the objects that need the given one (Sub 0: or any part of it).
	Dependents(desc.ID) []desc.ID

	// Relation, Schema and Role are Get with their class.
	Relation(types.OID) *desc.Relation
	Schema(types.OID) *desc.Schema
	Role(types.OID) *desc.Role
	// RelationNamed finds a relation in a schema.
	RelationNamed(schema types.OID, name string) *desc.Relation
	// Holder is the relation that a constraint or column default belongs to, or nil.
	Holder(types.OID) *desc.Relation
	// Type finds any type: built in, a table's row type, or user-defined.
	Type(types.OID) *types.Type
	TypeNamed(schema types.OID, name string) *types.Type

	// Memo returns what make gave when it was first asked for by the key, for this
	// very state of the catalog: for what is dear to compute from a snapshot.
	Memo(key any, make func() any) any
}

// Store keeps the catalogs of a node.
type Store interface {
	// Latest is the newest committed snapshot of a database; of 0, the shared objects.
	Latest(database types.OID) (Snapshot, error)
	// Version changes with every committed change of any database.
	Version() uint64
	// Begin starts a change set within a transaction, on top of the latest.
	Begin(database types.OID, txn kv.Txn) (Writer, error)
	// Clone copies the objects of one database for CREATE DATABASE, each as renew makes
	// it, which gives relations storages of their own.
	Clone(ctx context.Context, txn kv.Txn, from, to types.OID, renew func(desc.Object) (desc.Object, error)) error
	// Forget removes a dropped database's objects.
	Forget(ctx context.Context, txn kv.Txn, database types.OID) error
}

// Writer is one transaction's change set.
type Writer interface {
	// Snapshot is the latest committed catalog under the transaction's own changes.
	Snapshot() Snapshot
	// Refresh moves the base to the latest committed version.
	Refresh() error
	// Dirty tells whether anything was changed.
	Dirty() bool
	// NewOID allots an OID, unique in the node.
	NewOID(ctx context.Context) (types.OID, error)
	Put(ctx context.Context, object desc.Object) error
	Delete(ctx context.Context, id desc.ID) error
	// Mark and RollbackTo go with the transaction's savepoints.
	Mark() int
	RollbackTo(mark int)
}
