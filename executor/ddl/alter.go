package ddl

import (
	"errors"
	"slices"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

// ErrChanged says that the relation was changed between binding and locking: the
// statement is to be bound again.
var ErrChanged = errors.New("ddl: relation changed")

// alter runs the actions of ALTER TABLE and its kin.
func (x *Executor) alter(u *logical.Alter) error {
	if u.Missing != "" {
		x.skip(u.Missing)
		return nil
	}
	mode := kv.ShareUpdateExclusive
	for _, a := range u.Actions {
		mode = max(mode, strength(a))
	}
	if err := x.lock(u.Bound.OID, mode); err != nil {
		return err
	}
	r := x.Writer.Snapshot().Relation(u.Bound.OID)
	if r == nil {
		return pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", u.Bound.Name)
	}
	if r != u.Bound {
		return ErrChanged
	}
	if err := x.owns(r); err != nil {
		return err
	}
	for _, a := range u.Actions {
		if err := x.action(r.OID, a); err != nil {
			return err
		}
	}
	return nil
}

// strength is the lock an action needs (PostgreSQL manual, ALTER TABLE).
func strength(a logical.Action) kv.Mode {
	switch a := a.(type) {
	case *logical.SetColumnOption, *logical.ValidateConstraint, *logical.SetOptions, *logical.SetMark:
		return kv.ShareUpdateExclusive
	case *logical.AddConstraintAction:
		if a.Constraint.Kind == 'f' {
			return kv.ShareRowExclusive
		}
	}
	return kv.AccessExclusive
}

func (x *Executor) skip(what string) {
	x.notice(pgerr.SuccessfulCompletion, "%s does not exist, skipping", what)
}

// words are what PostgreSQL calls the kinds of relation.
var words = map[desc.RelKind]string{desc.Table: "table", desc.Index: "index", desc.SequenceKind: "sequence", desc.ViewKind: "view", desc.MatView: "materialized view"}

// owns checks that the user may change a relation.
func (x *Executor) owns(r *desc.Relation) error {
	if x.isOwner(r.Owner) {
		return nil
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of %s %s", words[r.Kind], r.Name)
}

// isOwner tells whether the user is the owner, has its privileges, or is a superuser.
func (x *Executor) isOwner(owner types.OID) bool {
	return privilege.Inherits(x.Writer.Snapshot(), x.User, owner)
}

// change replaces a relation by a changed copy.
func (x *Executor) change(oid types.OID, fn func(*desc.Relation)) error {
	r := x.Writer.Snapshot().Relation(oid).Clone()
	fn(r)
	return x.Writer.Put(x.Context, r)
}

func (x *Executor) action(oid types.OID, a logical.Action) error {
	r := x.Writer.Snapshot().Relation(oid)
	switch a := a.(type) {
	case *logical.AddColumn:
		return x.addColumn(r, a)
	case *logical.DropColumn:
		return x.dropColumn(r, a)
	case *logical.SetType:
		return x.setType(r, a)
	case *logical.SetDefault:
		return x.setDefault(r, a)
	case *logical.SetNotNull:
		return x.setNotNull(r, a)
	case *logical.DropExpression:
		c := &r.Columns[a.Column-1]
		if !c.Generated {
			if a.IfExists {
				x.notice(pgerr.SuccessfulCompletion, "column \"%s\" of relation \"%s\" is not a stored generated column, skipping", c.Name, r.Name)
				return nil
			}
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not a stored generated column", c.Name, r.Name)
		}
		return x.change(oid, func(r *desc.Relation) {
			c := &r.Columns[a.Column-1]
			c.Generated, c.Default, c.DefaultOID = false, "", 0
		})
	case *logical.SetIdentity:
		return x.setIdentity(r, a)
	case *logical.SetColumnOption:
		return x.change(oid, func(r *desc.Relation) {
			c := &r.Columns[a.Column-1]
			if a.Statistics != nil {
				if c.Statistics = a.Statistics; *a.Statistics < 0 {
					c.Statistics = nil
				}
			}
			if a.Storage != 0 {
				c.Storage = a.Storage
			}
		})
	case *logical.AddConstraintAction:
		return x.constraints(oid, []logical.Constraint{a.Constraint}, false)
	case *logical.DropConstraint:
		return x.dropConstraint(r, a)
	case *logical.ValidateConstraint:
		return x.validate(r, a.Name)
	case *logical.AlterConstraint:
		for i := range r.ForeignKeys {
			if r.ForeignKeys[i].Name == a.Name {
				return x.change(oid, func(r *desc.Relation) {
					r.ForeignKeys[i].Deferrable, r.ForeignKeys[i].Deferred = a.Deferrable || a.Deferred, a.Deferred
				})
			}
		}
		if hasConstraint(r, a.Name) {
			return pgerr.Newf(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key constraint", a.Name, r.Name)
		}
		return noConstraint(a.Name, r)
	case *logical.SetOptions:
		return x.change(oid, func(r *desc.Relation) {
			for _, o := range a.Options {
				name, _, _ := strings.Cut(o, "=")
				r.Options = slices.DeleteFunc(r.Options, func(old string) bool { return strings.HasPrefix(old, name+"=") })
				if !a.Reset {
					r.Options = append(r.Options, o)
				}
			}
		})
	case *logical.SetMark:
		return x.setMark(r, a)
	case *logical.OwnerAction:
		return x.setOwner(r, a.Owner)
	case *logical.NoAction:
		return nil
	}
	return pgerr.Internal("no executor for %T", a)
}

func noConstraint(name string, r *desc.Relation) error {
	return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", name, r.Name)
}

func (x *Executor) setMark(r *desc.Relation, a *logical.SetMark) error {
	if a.Clustered != nil || a.ReplicaBy != 0 {
		for _, oid := range r.Indexes {
			index := x.Writer.Snapshot().Relation(oid)
			if index == nil {
				continue
			}
			if oid == a.ReplicaBy && !index.Index.Unique {
				return pgerr.Newf(pgerr.WrongObjectType, "cannot use non-unique index \"%s\" as replica identity", index.Name)
			}
			err := x.change(oid, func(i *desc.Relation) {
				if a.Clustered != nil {
					i.Index.Clustered = oid == *a.Clustered
				}
				if a.ReplicaBy != 0 {
					i.Index.Replica = oid == a.ReplicaBy
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return x.change(r.OID, func(r *desc.Relation) {
		if a.Replica != 0 {
			r.Replica = a.Replica
		}
		if a.Persistence != 0 {
			r.Persistence = a.Persistence
		}
	})
}

// setOwner gives a relation, its indexes and its sequences to another role.
func (x *Executor) setOwner(r *desc.Relation, owner types.OID) error {
	if err := x.mayGive(owner); err != nil {
		return err
	}
	snapshot := x.Writer.Snapshot()
	if r.Kind == desc.SequenceKind && r.Owned != nil {
		if t := snapshot.Relation(r.Owned.OID); t != nil && t.Owner != owner {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot change owner of sequence \"%s\"", r.Name).
				WithDetail("Sequence \"%s\" is linked to table \"%s\".", r.Name, t.Name)
		}
	}
	list := append([]types.OID{r.OID}, r.Indexes...)
	for _, d := range snapshot.Dependents(desc.ID{Class: desc.ClassRelation, OID: r.OID}) {
		if q := snapshot.Relation(d.OID); d.Class == desc.ClassRelation && q != nil && q.Owned != nil && q.Owned.OID == r.OID {
			list = append(list, q.OID)
		}
	}
	for _, oid := range list {
		if err := x.change(oid, func(c *desc.Relation) {
			c.Grants = reowned(c.Grants, c.Owner, owner)
			c.Owner = owner
		}); err != nil {
			return err
		}
	}
	return nil
}

// reowned hands the old owner's grants over with the object.
func reowned(list []desc.Grant, from, to types.OID) []desc.Grant {
	list = slices.Clone(list)
	for i := range list {
		if list[i].Grantee == from {
			list[i].Grantee = to
		}
		if list[i].Grantor == from {
			list[i].Grantor = to
		}
	}
	return list
}

// mayGive checks that the user could be the new owner itself.
func (x *Executor) mayGive(owner types.OID) error {
	if privilege.Member(x.Writer.Snapshot(), x.User, owner) {
		return nil
	}
	name := ""
	if r := x.Writer.Snapshot().Role(owner); r != nil {
		name = r.Name
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be member of role \"%s\"", name)
}

func (x *Executor) changeOwner(u *logical.ChangeOwner) error {
	snapshot := x.Writer.Snapshot()
	var changed desc.Object
	var owner types.OID
	var what, name string
	switch o := snapshot.Get(u.Object.Class, u.Object.OID).(type) {
	case *desc.Schema:
		c := *o
		owner, what, name = o.Owner, "schema", o.Name
		c.Owner, c.Grants, changed = u.Owner, reowned(o.Grants, o.Owner, u.Owner), &c
	case *desc.Database:
		c := *o
		owner, what, name = o.Owner, "database", o.Name
		c.Owner, c.Grants, changed = u.Owner, reowned(o.Grants, o.Owner, u.Owner), &c
	default:
		return pgerr.Internal("cannot give away %T", o)
	}
	if !x.isOwner(owner) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of %s %s", what, name)
	}
	if err := x.mayGive(u.Owner); err != nil {
		return err
	}
	return x.Writer.Put(x.Context, changed)
}
