package dml

import (
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// foreignKey checks that what a row points to is there.
type foreignKey struct {
	env     *op.Env
	catalog Catalog
	from    *table.Table
	def     *desc.ForeignKey
	target  *desc.Relation
	index   *table.Index // of the target's key
	primary bool
}

func newForeignKey(env *op.Env, catalog Catalog, from *table.Table, def *desc.ForeignKey) (*foreignKey, error) {
	k := &foreignKey{env: env, catalog: catalog, from: from, def: def, target: catalog.Relation(def.Target)}
	if k.target == nil {
		return nil, pgerr.Internal("foreign key %s points to relation %d, which is gone", def.Name, def.Target)
	}
	t, err := table.Open(k.target, catalog)
	if err != nil {
		return nil, err
	}
	if def.Index == k.target.Primary {
		k.index, k.primary = t.Primary, true
		return k, nil
	}
	for _, x := range t.Indexes {
		if x.Desc.OID == def.Index {
			k.index = x
		}
	}
	if k.index == nil {
		return nil, pgerr.Internal("foreign key %s has lost its index", def.Name)
	}
	return k, nil
}

// changed tells whether an update changed a referencing column.
func (k *foreignKey) changed(old, cols []*vector.Vector, i int) bool {
	for _, c := range k.def.Columns {
		if !sameDatum(old[c-1], i, cols[c-1], i) {
			return true
		}
	}
	return false
}

// check verifies one row now, or at the end of the statement or transaction.
func (k *foreignKey) check(cols []*vector.Vector, i int) error {
	nulls := 0
	vals := make([]*vector.Vector, len(k.def.Columns))
	for n, c := range k.def.Columns {
		vals[n] = vector.NewConst(cols[c-1], i)
		if vals[n].Null(0) {
			nulls++
		}
	}
	if nulls > 0 {
		if k.def.Match == 'f' && nulls < len(vals) {
			e := pgerr.Newf(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", k.from.Desc.Name, k.def.Name).
				WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.")
			return k.at(e)
		}
		return nil
	}
	k.env.Session.Deferred(ofForeign(k.def, k.from), k.env, func() error { return k.look(vals) })
	return nil
}

// look finds the referenced key under a KeyShare lock.
func (k *foreignKey) look(vals []*vector.Vector) error {
	key := append([]byte(nil), k.index.Prefix...)
	if k.primary {
		key = kv.StoragePrefix(nil, kv.StorageID(k.target.Storage))
	}
	for _, c := range k.index.Keys {
		for n, number := range k.def.Keys {
			if number != c.Number {
				continue
			}
			v, err := as(k.env, vals[n], c.Type)
			if err != nil {
				return err
			}
			key = keycodec.Append(key, c.Column, v, 0)
		}
	}
	if err := k.env.Txn.LockRow(k.env.Context, key, kv.KeyShare, kv.Wait{Timeout: k.env.LockTimeout}); err != nil {
		return err
	}
	latest, err := k.env.Txn.Latest(k.env.Context, key)
	if err != nil {
		return err
	}
	if latest.Found {
		return nil
	}
	e := pgerr.Newf(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", k.from.Desc.Name, k.def.Name).
		WithDetail("Key (%s)=(%s) is not present in table \"%s\".", columnNames(k.from.Desc, k.def.Columns), valueText(k.env, vals, 0), k.target.Name)
	return k.at(e)
}

func ofForeign(def *desc.ForeignKey, changed *table.Table) op.Constraint {
	return op.Constraint{OID: def.OID, Table: changed.Desc.OID, Deferrable: def.Deferrable, Deferred: def.Deferred}
}

func (k *foreignKey) at(e *pgerr.Error) error {
	if s := k.catalog.Schema(k.from.Desc.Schema); s != nil {
		e.On(s.Name, k.from.Desc.Name)
	}
	e.Constraint = k.def.Name
	return e
}

func columnNames(rel *desc.Relation, numbers []int16) string {
	var parts []string
	for _, n := range numbers {
		parts = append(parts, rel.Columns[n-1].Name) // unquoted, as PostgreSQL prints them here
	}
	return strings.Join(parts, ", ")
}

// as brings a referencing value to the referenced column's type.
func as(env *op.Env, v *vector.Vector, t *types.Type) (*vector.Vector, error) {
	if v.Type.Root().Phys == t.Root().Phys {
		return v, nil
	}
	out := vector.New(t, 1)
	if err := format.ParseText(env.Format, t, -1, string(format.AppendText(nil, env.Format, v, 0)), out, 0); err != nil {
		return nil, err
	}
	out.Const = true
	return out, nil
}

// referenced runs the actions of the foreign keys that point to a row which is
// deleted, or whose key is updated to the values of cols (nil for a deletion).
func (w *Writer) referenced(old, cols []*vector.Vector, i int) error {
	for _, oid := range w.Table.Desc.References {
		child := w.catalog.Relation(oid)
		if child == nil {
			continue
		}
		for f := range child.ForeignKeys {
			def := &child.ForeignKeys[f]
			if def.Target != w.Table.Desc.OID {
				continue
			}
			if err := w.action(child, def, old, cols, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) action(child *desc.Relation, def *desc.ForeignKey, old, cols []*vector.Vector, i int) error {
	changed, null := cols == nil, false
	var vals, fresh []*vector.Vector
	for _, n := range def.Keys {
		null = null || old[n-1].Null(i)
		vals = append(vals, vector.NewConst(old[n-1], i))
		if cols != nil {
			changed = changed || !sameDatum(old[n-1], i, cols[n-1], i)
			fresh = append(fresh, vector.NewConst(cols[n-1], i))
		}
	}
	if !changed || null {
		return nil
	}
	action := def.OnDelete
	if cols != nil {
		action = def.OnUpdate
	}
	if action == 0 {
		action = 'a'
	}
	name := format.QuoteIdent(child.Name)
	if s := w.catalog.Schema(child.Schema); s != nil {
		name = format.QuoteIdent(s.Name) + "." + name
	}
	where, set := make([]string, len(def.Columns)), make([]string, 0, len(def.Columns))
	for k, n := range def.Columns {
		where[k] = format.QuoteIdent(child.Columns[n-1].Name) + " = $" + strconv.Itoa(k+1)
	}
	cond := strings.Join(where, " AND ")
	run := func(sql string, params []*vector.Vector) func() error {
		return func() error {
			return w.env.Runner.Query(sql, params, func([]*vector.Vector, int) error { return nil })
		}
	}
	check := func() error {
		found := false
		err := w.env.Runner.Query("SELECT 1 FROM ONLY "+name+" x WHERE "+cond+" LIMIT 1 FOR KEY SHARE OF x", vals, func([]*vector.Vector, int) error {
			found = true
			return nil
		})
		if err != nil || !found {
			return err
		}
		// NO ACTION allows another row to have taken the key's place.
		if action == 'a' {
			there, err := w.present(def, vals)
			if err != nil || there {
				return err
			}
		}
		e := pgerr.Newf(pgerr.ForeignKeyViolation, "update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"", w.Table.Desc.Name, def.Name, child.Name).
			WithDetail("Key (%s)=(%s) is still referenced from table \"%s\".", columnNames(w.Table.Desc, def.Keys), valueText(w.env, vals, 0), child.Name)
		if s := w.catalog.Schema(child.Schema); s != nil {
			e.On(s.Name, child.Name)
		}
		e.Constraint = def.Name
		return e
	}
	switch action {
	case 'a':
		w.env.Session.Deferred(ofForeign(def, w.Table), w.env, check)
		return nil
	case 'r':
		w.env.Session.Deferred(op.Constraint{}, w.env, check)
		return nil
	case 'c':
		if cols == nil {
			w.env.Session.Deferred(op.Constraint{}, w.env, run("DELETE FROM ONLY "+name+" WHERE "+cond, vals))
			return nil
		}
		for k, n := range def.Columns {
			set = append(set, format.QuoteIdent(child.Columns[n-1].Name)+" = $"+strconv.Itoa(len(vals)+k+1))
		}
		w.env.Session.Deferred(op.Constraint{}, w.env, run("UPDATE ONLY "+name+" SET "+strings.Join(set, ", ")+" WHERE "+cond, append(append([]*vector.Vector(nil), vals...), fresh...)))
		return nil
	}
	value := " = NULL"
	if action == 'd' {
		value = " = DEFAULT"
	}
	targets := def.Columns
	if cols == nil && len(def.SetColumns) > 0 {
		targets = def.SetColumns
	}
	for _, n := range targets {
		set = append(set, format.QuoteIdent(child.Columns[n-1].Name)+value)
	}
	w.env.Session.Deferred(op.Constraint{}, w.env, run("UPDATE ONLY "+name+" SET "+strings.Join(set, ", ")+" WHERE "+cond, vals))
	return nil
}

// present tells whether the referenced key is there (again).
func (w *Writer) present(def *desc.ForeignKey, vals []*vector.Vector) (bool, error) {
	k := &foreignKey{env: w.env, catalog: w.catalog, from: w.Table, def: def, target: w.Table.Desc}
	key := kv.StoragePrefix(nil, kv.StorageID(w.Table.Desc.Storage))
	x := w.Table.Primary
	if def.Index != w.Table.Desc.Primary {
		for _, other := range w.Table.Indexes {
			if other.Desc.OID == def.Index {
				x = other
				key = append([]byte(nil), x.Prefix...)
			}
		}
	}
	for _, c := range x.Keys {
		for n, number := range def.Keys {
			if number == c.Number {
				key = keycodec.Append(key, c.Column, vals[n], 0)
			}
		}
	}
	latest, err := k.env.Txn.Latest(k.env.Context, key)
	return latest.Found, err
}
