package ddl

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

func (x *Executor) createSequence(u *logical.CreateSequence) error {
	schema, err := x.home(u.Schema, u.Temp)
	if err != nil {
		return err
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: schema, Name: u.Name})
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
	owned := u.Owned
	if owned != nil && owned.OID == 0 {
		owned = nil
	}
	q, err := x.sequence(schema, u.Name, u.Def, owned)
	if err == nil && u.Temp {
		err = x.change(q.OID, func(q *desc.Relation) { q.Persistence = desc.Temp })
	}
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

// alterSequence changes a sequence's parameters; RESTART gives it a new cell, so that
// it is undone by a rollback.
func (x *Executor) alterSequence(u *logical.AlterSequence) error {
	if u.Missing != "" {
		x.skip(u.Missing)
		return nil
	}
	if err := x.lock(u.Sequence, kv.ShareRowExclusive); err != nil {
		return err
	}
	r := x.Writer.Snapshot().Relation(u.Sequence)
	if r == nil {
		return pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", u.Sequence)
	}
	if err := x.owns(r); err != nil {
		return err
	}
	r = r.Clone()
	*r.Sequence = u.Def
	if u.Owned != nil {
		if r.Owned = u.Owned; u.Owned.OID == 0 {
			r.Owned = nil
		}
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return err
	}
	if u.Restart == nil {
		return nil
	}
	if *u.Restart < u.Def.Min {
		return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", *u.Restart, u.Def.Min)
	}
	if *u.Restart > u.Def.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", *u.Restart, u.Def.Max)
	}
	storage, err := x.Txn.CreateStorage(x.Context)
	if err != nil {
		return err
	}
	x.Txn.DropStorage(kv.StorageID(r.Storage))
	if err := x.change(r.OID, func(r *desc.Relation) { r.Storage = uint32(storage) }); err != nil {
		return err
	}
	return x.Sequences.Set(r.OID, *u.Restart, false)
}
