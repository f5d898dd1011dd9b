package ddl

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types/format"
)

// createView makes a view; with OR REPLACE one that is there gets another query,
// whose first columns must be the same.
func (x *Executor) createView(u *logical.CreateView) error {
	schema, err := x.home(u.Schema, u.Temp)
	if err != nil {
		return err
	}
	for _, n := range u.Needs {
		if n.On.Class == desc.ClassRelation && n.On.OID >= desc.FirstUser {
			if err := x.lock(n.On.OID, kv.AccessShare); err != nil {
				return err
			}
			if x.Writer.Snapshot().Relation(n.On.OID) == nil {
				return ErrChanged
			}
		}
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: schema, Name: u.Name})
	if err != nil {
		return err
	}
	if taken {
		old := x.Writer.Snapshot().RelationNamed(schema, u.Name)
		if !u.Replace {
			return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", u.Name)
		}
		return x.replaceView(old, u)
	}
	r := &desc.Relation{Name: u.Name, Schema: schema, Owner: x.User, Kind: desc.ViewKind, Persistence: desc.Permanent}
	if u.Temp {
		r.Persistence = desc.Temp
	}
	if r.OID, err = x.Writer.NewOID(x.Context); err != nil {
		return err
	}
	if r.RowType, err = x.Writer.NewOID(x.Context); err != nil {
		return err
	}
	if r.RowArray, err = x.Writer.NewOID(x.Context); err != nil {
		return err
	}
	view := &desc.ViewDef{Query: u.Query}
	if view.RuleOID, err = x.Writer.NewOID(x.Context); err != nil {
		return err
	}
	r.View, r.Columns, r.Options, r.Depends = view, u.Columns, u.Options, u.Needs
	return x.Writer.Put(x.Context, r)
}

func (x *Executor) replaceView(old *desc.Relation, u *logical.CreateView) error {
	if old.Kind != desc.ViewKind {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a view", old.Name)
	}
	if err := x.lock(old.OID, kv.AccessExclusive); err != nil {
		return err
	}
	if err := x.owns(old); err != nil {
		return err
	}
	if len(u.Columns) < len(old.Columns) {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i := range old.Columns {
		a, b := &old.Columns[i], &u.Columns[i]
		if a.Name != b.Name {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"", a.Name, b.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if a.Type != b.Type || a.Mod != b.Mod {
			s := x.Writer.Snapshot()
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s", a.Name,
				format.TypeName(s.Type(a.Type), a.Mod), format.TypeName(s.Type(b.Type), b.Mod))
		}
	}
	return x.change(old.OID, func(r *desc.Relation) {
		columns := u.Columns
		for i := range r.Columns {
			columns[i].Default, columns[i].DefaultOID = r.Columns[i].Default, r.Columns[i].DefaultOID
		}
		r.View.Query, r.Columns, r.Options, r.Depends = u.Query, columns, u.Options, u.Needs
	})
}
