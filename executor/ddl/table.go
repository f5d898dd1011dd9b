package ddl

import (
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

func (x *Executor) createTable(u *logical.CreateTable) error {
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
	r, err := x.relation(schema, u.Name, desc.Table)
	if err != nil {
		return err
	}
	r.Columns, r.Options = u.Columns, u.Options
	if u.Unlogged {
		r.Persistence = desc.Unlogged
	}
	if u.Temp {
		r.Persistence, r.OnCommit = desc.Temp, u.OnCommit
	}
	for _, oid := range []*types.OID{&r.RowType, &r.RowArray} {
		if *oid, err = x.Writer.NewOID(x.Context); err != nil {
			return err
		}
	}
	for i := range r.Columns {
		if r.Columns[i].Default != "" {
			if r.Columns[i].DefaultOID, err = x.Writer.NewOID(x.Context); err != nil {
				return err
			}
		}
	}
	for i := range u.Serial {
		if err := x.serial(r, u.Serial[i].Column+1, &u.Serial[i]); err != nil {
			return err
		}
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return err
	}
	if err := x.constraints(r.OID, u.Constraints, true); err != nil {
		return err
	}
	for place, text := range u.Comments {
		if err := x.Writer.Put(x.Context, &desc.Comment{On: desc.ID{Class: desc.ClassRelation, OID: r.OID, Sub: int16(place + 1)}, Text: text}); err != nil {
			return err
		}
	}
	for i := range u.Indexes {
		index := &u.Indexes[i]
		index.Table, index.Def.Table = r.OID, r.OID
		if err := x.createIndex(index); err != nil {
			return err
		}
	}
	return nil
}

// nextvalOf is the stored default of a serial column: nextval(sequence), brought to
// the column's type by the assignment.
func nextvalOf(sequence, column types.OID) string {
	const nextval = "1574" // pg_proc
	return `"@f` + nextval + `"(CAST('` + strconv.FormatUint(uint64(sequence), 10) + `' AS "@t2205"))`
}

// constraints adds constraints to a table; fresh tells that it is empty.
func (x *Executor) constraints(table types.OID, list []logical.Constraint, fresh bool) error {
	// The primary key first: it decides where the rows lie.
	for _, kind := range "pucf" {
		for i := range list {
			if list[i].Kind != byte(kind) {
				continue
			}
			if err := x.constraint(table, &list[i], fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *Executor) constraint(table types.OID, c *logical.Constraint, fresh bool) error {
	r := x.Writer.Snapshot().Relation(table).Clone()
	if c.Name != "" && hasConstraint(r, c.Name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", c.Name, r.Name)
	}
	numbers, err := columnNumbers(r, c.Columns, c.Kind)
	if err != nil {
		return err
	}
	oid, err := x.Writer.NewOID(x.Context)
	if err != nil {
		return err
	}
	switch c.Kind {
	case 'p', 'u':
		return x.uniqueConstraint(r, c, numbers, oid, fresh)
	case 'c':
		name := c.Name
		if name == "" {
			part := ""
			if len(c.Mentions) == 1 {
				part = r.Columns[c.Mentions[0]-1].Name
			}
			name = freeConstraint(r, r.Name, part, "check")
		}
		r.Checks = append(r.Checks, desc.Check{OID: oid, Name: name, Expr: c.Expr, Columns: c.Mentions, NotValid: c.NotValid})
		if err := x.Writer.Put(x.Context, r); err != nil {
			return err
		}
		if !fresh && !c.NotValid {
			return x.validateCheck(r, &r.Checks[len(r.Checks)-1])
		}
		return nil
	}
	return x.foreignConstraint(r, c, numbers, oid, fresh)
}

func hasConstraint(r *desc.Relation, name string) bool {
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			return true
		}
	}
	for i := range r.Uniques {
		if r.Uniques[i].Name == name {
			return true
		}
	}
	for i := range r.ForeignKeys {
		if r.ForeignKeys[i].Name == name {
			return true
		}
	}
	return false
}

func freeConstraint(r *desc.Relation, first, second, suffix string) string {
	for n := 0; ; n++ {
		label := suffix
		if n > 0 {
			label += strconv.Itoa(n)
		}
		if name := makeName(first, second, label); !hasConstraint(r, name) {
			return name
		}
	}
}

func columnNumbers(r *desc.Relation, list []string, kind byte) ([]int16, error) {
	var out []int16
	for _, name := range list {
		n, _ := r.Column(name)
		if n == 0 {
			if kind == 'f' {
				return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" referenced in foreign key constraint does not exist", name)
			}
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" named in key does not exist", name)
		}
		for _, m := range out {
			if m == n && kind != 'c' {
				what := map[byte]string{'p': "primary key", 'u': "unique", 'f': "foreign key"}[kind]
				return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" appears twice in %s constraint", name, what)
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// uniqueConstraint makes the index of PRIMARY KEY or UNIQUE.
func (x *Executor) uniqueConstraint(r *desc.Relation, c *logical.Constraint, numbers []int16, oid types.OID, fresh bool) error {
	primary := c.Kind == 'p'
	if primary {
		for _, u := range r.Uniques {
			if u.Primary {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", r.Name)
			}
		}
	}
	if c.Index != 0 {
		return x.usingIndex(r, c, numbers, oid)
	}
	name := c.Name
	if name == "" {
		if primary {
			name = x.freeName(r.Schema, r.Name, "", "pkey", nil)
		} else {
			name = x.freeName(r.Schema, r.Name, strings.Join(c.Columns, "_"), "key", nil)
		}
	} else if x.Writer.Snapshot().RelationNamed(r.Schema, name) != nil {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	}
	def := desc.IndexDef{Table: r.OID, Method: "btree", Unique: true, Primary: primary, Immediate: !c.Deferrable, NullsEqual: c.NullsEqual}
	for _, n := range numbers {
		col := &r.Columns[n-1]
		if primary {
			col.NotNull = true
		}
		def.Keys = append(def.Keys, desc.IndexKey{Column: n, Name: col.Name, Type: col.Type, Mod: col.Mod, Collation: col.Collation})
	}
	for _, name := range c.Include {
		n, _ := r.Column(name)
		if n == 0 {
			return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" named in key does not exist", name)
		}
		def.Include = append(def.Include, n)
	}
	index, err := x.addIndex(r, name, def, fresh)
	if err != nil {
		return err
	}
	r = x.Writer.Snapshot().Relation(r.OID).Clone()
	r.Uniques = append(r.Uniques, desc.Unique{OID: oid, Name: name, Index: index, Primary: primary, Deferrable: c.Deferrable, Deferred: c.Deferred, Columns: numbers})
	return x.Writer.Put(x.Context, r)
}

// usingIndex makes a unique index the keeper of a constraint. It is built again if its
// entries look otherwise for the constraint.
func (x *Executor) usingIndex(r *desc.Relation, c *logical.Constraint, numbers []int16, oid types.OID) error {
	index := x.Writer.Snapshot().Relation(c.Index).Clone()
	def := *index.Index
	def.Primary, def.Immediate = c.Kind == 'p', !c.Deferrable
	if c.Name != "" && c.Name != index.Name {
		x.notice(pgerr.SuccessfulCompletion, "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", index.Name, c.Name)
		if x.Writer.Snapshot().RelationNamed(r.Schema, c.Name) != nil {
			return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", c.Name)
		}
		index.Name = c.Name
	}
	old := r.Clone()
	index.Index = &def
	rebuilt := c.Deferrable || def.Primary
	if rebuilt {
		x.Txn.DropStorage(kv.StorageID(index.Storage))
	}
	if c.Deferrable {
		storage, err := x.Txn.CreateStorage(x.Context)
		if err != nil {
			return err
		}
		index.Storage = uint32(storage)
	}
	if def.Primary {
		for _, n := range numbers {
			r.Columns[n-1].NotNull = true
		}
		if !c.Deferrable {
			r.Primary = index.OID
		}
	}
	r.Uniques = append(r.Uniques, desc.Unique{OID: oid, Name: index.Name, Index: index.OID, Primary: def.Primary, Deferrable: c.Deferrable, Deferred: c.Deferred, Columns: numbers})
	if err := x.Writer.Put(x.Context, index); err != nil {
		return err
	}
	switch {
	case r.Primary == index.OID:
		return x.rewrite(old, r, nil)
	case !rebuilt:
		return x.Writer.Put(x.Context, r)
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return err
	}
	return x.fill(old, r, false, []types.OID{index.OID}, nil)
}

// foreignConstraint adds a foreign key.
func (x *Executor) foreignConstraint(r *desc.Relation, c *logical.Constraint, numbers []int16, oid types.OID, fresh bool) error {
	target := r
	if c.Target != 0 && c.Target != r.OID {
		if err := x.lock(c.Target, kv.ShareRowExclusive); err != nil {
			return err
		}
		target = x.Writer.Snapshot().Relation(c.Target)
	}
	keys, index, err := referenced(x, target, c)
	if err != nil {
		return err
	}
	if len(keys) != len(numbers) {
		return pgerr.New(pgerr.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
	}
	name := c.Name
	if name == "" {
		name = freeConstraint(r, r.Name, strings.Join(c.Columns, "_"), "fkey")
	}
	f := desc.ForeignKey{OID: oid, Name: name, Columns: numbers, Target: target.OID, Keys: keys, Index: index, Match: c.Match, OnUpdate: c.OnUpdate,
		OnDelete: c.OnDelete, Deferrable: c.Deferrable, Deferred: c.Deferred, NotValid: c.NotValid}
	snapshot := x.Writer.Snapshot()
	for i := range numbers {
		from, to := snapshot.Type(r.Columns[numbers[i]-1].Type), snapshot.Type(target.Columns[keys[i]-1].Type)
		if !comparable(from, to) {
			return pgerr.Newf(pgerr.DatatypeMismatch, "foreign key constraint \"%s\" cannot be implemented", name).
				WithDetail("Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", r.Columns[numbers[i]-1].Name, target.Columns[keys[i]-1].Name, x.typeName(from), x.typeName(to))
		}
	}
	r.ForeignKeys = append(r.ForeignKeys, f)
	if target.OID == r.OID {
		r.References = append(without(r.References, r.OID), r.OID)
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return err
	}
	if target.OID != r.OID {
		t := snapshot.Relation(target.OID).Clone()
		t.References = append(without(t.References, r.OID), r.OID)
		if err := x.Writer.Put(x.Context, t); err != nil {
			return err
		}
	}
	if fresh || c.NotValid {
		return nil
	}
	return x.validateForeign(r, target, &f)
}

// comparable tells whether a foreign key can compare two types: the same family.
func comparable(a, b *types.Type) bool {
	a, b = a.Root(), b.Root()
	return a == b || a.Category == b.Category
}

// referenced finds the unique index that a foreign key points to.
func referenced(x *Executor, target *desc.Relation, c *logical.Constraint) ([]int16, types.OID, error) {
	if len(c.Keys) == 0 {
		for _, u := range target.Uniques {
			if u.Primary && u.Deferrable {
				return nil, 0, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot use a deferrable primary key for referenced table \"%s\"", target.Name)
			}
			if u.Primary {
				return u.Columns, u.Index, nil
			}
		}
		return nil, 0, pgerr.Newf(pgerr.UndefinedObject, "there is no primary key for referenced table \"%s\"", target.Name)
	}
	keys, err := columnNumbers(target, c.Keys, 'f')
	if err != nil {
		return nil, 0, err
	}
	deferrable := false
next:
	for _, oid := range target.Indexes {
		i := x.Writer.Snapshot().Relation(oid)
		if i == nil || !i.Index.Unique || i.Index.Invalid || i.Index.Predicate != "" || len(i.Index.Keys) != len(keys) {
			continue
		}
		for _, k := range i.Index.Keys {
			found := false
			for _, n := range keys {
				found = found || n == k.Column
			}
			if !found {
				continue next
			}
		}
		if !i.Index.Immediate {
			deferrable = true
			continue
		}
		return keys, oid, nil
	}
	if deferrable {
		return nil, 0, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot use a deferrable unique constraint for referenced table \"%s\"", target.Name)
	}
	return nil, 0, pgerr.Newf(pgerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table \"%s\"", target.Name)
}
