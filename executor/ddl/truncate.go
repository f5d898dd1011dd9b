package ddl

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

// truncate gives tables new, empty storages.
func (x *Executor) truncate(u *logical.Truncate) error {
	chosen := map[types.OID]bool{}
	list := append([]types.OID(nil), u.Tables...)
	for _, oid := range list {
		chosen[oid] = true
	}
	for i := 0; i < len(list); i++ {
		if err := x.lock(list[i], kv.AccessExclusive); err != nil {
			return err
		}
		rel := x.Writer.Snapshot().Relation(list[i])
		if rel == nil {
			return pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", list[i])
		}
		if err := x.mayTruncate(rel); err != nil {
			return err
		}
		for _, oid := range rel.References {
			if chosen[oid] {
				continue
			}
			child := x.Writer.Snapshot().Relation(oid)
			if child == nil {
				continue
			}
			if !u.Cascade {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table \"%s\" references \"%s\".", child.Name, rel.Name).
					WithHint("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", child.Name)
			}
			x.notice(pgerr.SuccessfulCompletion, "truncate cascades to table \"%s\"", child.Name)
			chosen[oid] = true
			list = append(list, oid)
		}
	}
	for _, oid := range list {
		if err := x.Empty(oid); err != nil {
			return err
		}
		if u.Restart {
			if err := x.restart(oid); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *Executor) mayTruncate(rel *desc.Relation) error {
	role := x.Writer.Snapshot().Role(x.User)
	if role != nil && (role.Superuser || rel.Owner == role.OID) {
		return nil
	}
	for _, g := range rel.Grants {
		if (g.Grantee == 0 || g.Grantee == x.User) && g.Privileges&desc.Truncate != 0 {
			return nil
		}
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for table %s", rel.Name)
}

// Empty swaps the storages of a table and its indexes.
func (x *Executor) Empty(oid types.OID) error {
	rel := x.Writer.Snapshot().Relation(oid).Clone()
	swap := func(r *desc.Relation) error {
		x.Txn.DropStorage(kv.StorageID(r.Storage))
		storage, err := x.Txn.CreateStorage(x.Context)
		if err != nil {
			return err
		}
		r.Storage = uint32(storage)
		return x.Writer.Put(x.Context, r)
	}
	if err := swap(rel); err != nil {
		return err
	}
	for _, i := range rel.Indexes {
		index := x.Writer.Snapshot().Relation(i).Clone()
		if i == rel.Primary {
			index.Storage = rel.Storage
			if err := x.Writer.Put(x.Context, index); err != nil {
				return err
			}
			continue
		}
		if err := swap(index); err != nil {
			return err
		}
	}
	return nil
}

// restart gives the sequences that a table owns a new start.
func (x *Executor) restart(oid types.OID) error {
	for o := range x.Writer.Snapshot().All(desc.ClassRelation) {
		r := o.(*desc.Relation)
		if r.Sequence == nil || r.Owned == nil || r.Owned.OID != oid {
			continue
		}
		c := r.Clone()
		storage, err := x.Txn.CreateStorage(x.Context)
		if err != nil {
			return err
		}
		x.Txn.DropStorage(kv.StorageID(c.Storage))
		c.Storage = uint32(storage)
		if err := x.Writer.Put(x.Context, c); err != nil {
			return err
		}
	}
	return nil
}
