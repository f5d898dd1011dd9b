package ddl

import (
	"slices"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

// held is one constraint of a relation, of whatever kind.
type held struct {
	kind    byte // p, u, c, f
	oid     types.OID
	name    string
	columns []int16
	index   types.OID
}

func constraintsOf(r *desc.Relation) []held {
	var list []held
	for _, c := range r.Checks {
		list = append(list, held{'c', c.OID, c.Name, c.Columns, 0})
	}
	for _, u := range r.Uniques {
		kind := byte('u')
		if u.Primary {
			kind = 'p'
		}
		list = append(list, held{kind, u.OID, u.Name, u.Columns, u.Index})
	}
	for _, f := range r.ForeignKeys {
		list = append(list, held{'f', f.OID, f.Name, f.Columns, 0})
	}
	return list
}

func (x *Executor) dropConstraint(r *desc.Relation, a *logical.DropConstraint) error {
	for _, k := range constraintsOf(r) {
		if k.name != a.Name {
			continue
		}
		if err := x.forget(desc.ID{Class: desc.ClassConstraint, OID: k.oid}); err != nil {
			return err
		}
		switch k.kind {
		case 'c':
			return x.change(r.OID, func(r *desc.Relation) {
				r.Checks = slices.DeleteFunc(r.Checks, func(c desc.Check) bool { return c.OID == k.oid })
			})
		case 'f':
			return x.removeForeignKey(r.OID, k.oid)
		}
		return x.dropUnique(r, k, a.Cascade)
	}
	if a.IfExists {
		x.notice(pgerr.SuccessfulCompletion, "constraint \"%s\" of relation \"%s\" does not exist, skipping", a.Name, r.Name)
		return nil
	}
	return noConstraint(a.Name, r)
}

// dropUnique drops PRIMARY KEY or UNIQUE with its index; foreign keys to it go with
// CASCADE only.
func (x *Executor) dropUnique(r *desc.Relation, k held, cascade bool) error {
	what := "constraint " + k.name + " on table " + r.Name
	for _, oid := range r.References {
		child := x.Writer.Snapshot().Relation(oid)
		if child == nil {
			continue
		}
		for _, f := range child.ForeignKeys {
			if f.Target != r.OID || f.Index != k.index {
				continue
			}
			if !cascade {
				return stillNeeds(what, "constraint "+f.Name+" on table "+child.Name+" depends on index "+k.name)
			}
			if err := x.lock(child.OID, kv.AccessExclusive); err != nil {
				return err
			}
			x.notice(pgerr.SuccessfulCompletion, "drop cascades to constraint %s on table %s", f.Name, child.Name)
			if err := x.removeForeignKey(child.OID, f.OID); err != nil {
				return err
			}
		}
	}
	if err := x.change(r.OID, func(r *desc.Relation) {
		r.Uniques = slices.DeleteFunc(r.Uniques, func(u desc.Unique) bool { return u.OID == k.oid })
	}); err != nil {
		return err
	}
	r = x.Writer.Snapshot().Relation(r.OID)
	if r.Primary == k.index {
		if err := x.unkey(r, k.index); err != nil {
			return err
		}
		// Its storage was the rows' own, which the rewrite has dropped.
		return x.Writer.Delete(x.Context, desc.ID{Class: desc.ClassRelation, OID: k.index})
	}
	return x.remove(desc.ID{Class: desc.ClassRelation, OID: k.index})
}

// removeForeignKey takes a foreign key off its table, and the table off the list of
// those that refer to the target if it was the last.
func (x *Executor) removeForeignKey(table, oid types.OID) error {
	r := x.Writer.Snapshot().Relation(table).Clone()
	target, others := types.OID(0), false
	for _, f := range r.ForeignKeys {
		if f.OID == oid {
			target = f.Target
		}
	}
	r.ForeignKeys = slices.DeleteFunc(r.ForeignKeys, func(f desc.ForeignKey) bool { return f.OID == oid })
	for _, f := range r.ForeignKeys {
		others = others || f.Target == target
	}
	if !others && target == r.OID {
		r.References = without(r.References, r.OID)
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return err
	}
	if t := x.Writer.Snapshot().Relation(target); t != nil && !others && target != r.OID {
		return x.change(target, func(t *desc.Relation) { t.References = without(t.References, r.OID) })
	}
	return nil
}

// validate checks the rows there are against a NOT VALID constraint.
func (x *Executor) validate(r *desc.Relation, name string) error {
	for i := range r.Checks {
		if r.Checks[i].Name != name {
			continue
		}
		if r.Checks[i].NotValid {
			if err := x.validateCheck(r, &r.Checks[i]); err != nil {
				return err
			}
		}
		return x.change(r.OID, func(r *desc.Relation) { r.Checks[i].NotValid = false })
	}
	for i := range r.ForeignKeys {
		f := &r.ForeignKeys[i]
		if f.Name != name {
			continue
		}
		if f.NotValid {
			if err := x.validateForeign(r, x.Writer.Snapshot().Relation(f.Target), f); err != nil {
				return err
			}
		}
		return x.change(r.OID, func(r *desc.Relation) { r.ForeignKeys[i].NotValid = false })
	}
	if hasConstraint(r, name) {
		return pgerr.Newf(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", name, r.Name)
	}
	return noConstraint(name, r)
}
