package ddl

import (
	"slices"
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// addColumn adds a column. A default that is the same for all rows is kept beside the
// column for the rows there are; any other is computed for each of them.
func (x *Executor) addColumn(r *desc.Relation, a *logical.AddColumn) error {
	if n, _ := r.Column(a.Column.Name); n != 0 {
		if a.IfNotExists {
			x.notice(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists, skipping", a.Column.Name, r.Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", a.Column.Name, r.Name)
	}
	if len(r.Columns) >= 1600 {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most 1600 columns")
	}
	old, c := r, a.Column
	r = r.Clone()
	r.Columns = append(r.Columns, c)
	col := &r.Columns[len(r.Columns)-1]
	var err error
	if a.Serial != nil {
		if err := x.serial(r, len(r.Columns), a.Serial); err != nil {
			return err
		}
	}
	if col.Default != "" && col.DefaultOID == 0 {
		if col.DefaultOID, err = x.Writer.NewOID(x.Context); err != nil {
			return err
		}
	}
	number := int16(len(r.Columns))
	switch {
	case a.Volatile:
		given := col.Default
		if a.Serial != nil && a.Serial.Identity {
			given = nextvalOf(col.Sequence, col.Type)
		}
		if err := x.rewrite(old, r, map[int16]string{number: given}); err != nil {
			return err
		}
	default:
		if col.Default != "" {
			if err := x.missing(col); err != nil {
				return err
			}
		}
		if col.NotNull && col.Missing == nil {
			empty, err := x.isEmpty(old)
			if err != nil {
				return err
			}
			if !empty {
				return containsNull(col, r)
			}
		}
		if err := x.Writer.Put(x.Context, r); err != nil {
			return err
		}
	}
	return x.constraints(r.OID, a.Constraints, false)
}

// missing computes the value that rows older than the column have.
func (x *Executor) missing(col *desc.Column) error {
	e, err := x.Bind("", x.Writer.Snapshot(), nil, false).Stored(col.Default, nil)
	if err != nil {
		return err
	}
	compiled, err := eval.Compile(e, nil, &eval.Env{Env: x.Env})
	if err != nil {
		return err
	}
	v, err := compiled.Value()
	if err != nil {
		return err
	}
	col.HasMissing = true
	if !v.Null(0) {
		col.Missing = vector.AppendDatum(nil, v, v.Index(0))
	}
	return nil
}

func containsNull(c *desc.Column, r *desc.Relation) error {
	e := pgerr.Newf(pgerr.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", c.Name, r.Name)
	e.Table, e.Column = r.Name, c.Name
	return e
}

func (x *Executor) isEmpty(r *desc.Relation) (bool, error) {
	prefix := kv.StoragePrefix(nil, kv.StorageID(r.Storage))
	scan := x.Txn.LatestScan(kv.Span{Start: prefix, End: kv.StoragePrefix(nil, kv.StorageID(r.Storage+1))}, kv.ScanOptions{})
	defer scan.Close()
	var rows kv.Batch
	err := scan.Next(x.Context, &rows, 1)
	return rows.Len() == 0, err
}

// serial makes the sequence of a serial or identity column.
func (x *Executor) serial(r *desc.Relation, number int, s *logical.Serial) error {
	c := &r.Columns[number-1]
	name := s.Name
	if name == "" {
		name = x.freeName(r.Schema, r.Name, c.Name, "seq", nil)
	} else if x.Writer.Snapshot().RelationNamed(r.Schema, name) != nil {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	}
	q, err := x.sequence(r.Schema, name, s.Def, &desc.ID{Class: desc.ClassRelation, OID: r.OID, Sub: int16(number)})
	if err != nil {
		return err
	}
	if err := x.change(q.OID, func(q *desc.Relation) { q.Owner, q.Persistence = r.Owner, r.Persistence }); err != nil {
		return err
	}
	if s.Identity {
		c.Sequence = q.OID
		return nil
	}
	c.Default = nextvalOf(q.OID, c.Type)
	c.DefaultOID, err = x.Writer.NewOID(x.Context)
	return err
}

// dropColumn drops a column with what is made of it alone: indexes, constraints, its
// sequence; what else needs it goes with CASCADE only.
func (x *Executor) dropColumn(r *desc.Relation, a *logical.DropColumn) error {
	n, _ := r.Column(a.Name)
	if n == 0 {
		if a.IfExists {
			x.notice(pgerr.SuccessfulCompletion, "column \"%s\" of relation \"%s\" does not exist, skipping", a.Name, r.Name)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a.Name, r.Name)
	}
	d := &dropping{x: x, seen: map[desc.ID]bool{}}
	id := desc.ID{Class: desc.ClassRelation, OID: r.OID, Sub: n}
	return d.run(&logical.Drop{What: "COLUMN", Objects: []desc.ID{id}, Cascade: a.Cascade})
}

// removeColumn marks a column dropped, after what is made of it is gone.
func (x *Executor) removeColumn(table types.OID, n int16) error {
	snapshot := x.Writer.Snapshot()
	r := snapshot.Relation(table)
	if r == nil || r.Columns[n-1].Dropped {
		return nil
	}
	// Constraints of the table itself.
	for _, k := range constraintsOf(r) {
		if slices.Contains(k.columns, n) {
			if err := x.dropConstraint(x.Writer.Snapshot().Relation(r.OID), &logical.DropConstraint{Name: k.name, Cascade: true}); err != nil {
				return err
			}
		}
	}
	r = x.Writer.Snapshot().Relation(r.OID)
	for _, oid := range slices.Clone(r.Indexes) {
		if i := snapshot.Relation(oid); i != nil && indexMentions(i.Index, n) {
			if err := x.remove(i.ID()); err != nil {
				return err
			}
		}
	}
	if err := x.forget(desc.ID{Class: desc.ClassRelation, OID: r.OID, Sub: n}); err != nil {
		return err
	}
	return x.change(r.OID, func(r *desc.Relation) {
		c := &r.Columns[n-1]
		*c = desc.Column{Name: "........pg.dropped." + strconv.Itoa(int(n)) + "........", Type: c.Type, Mod: c.Mod, Dropped: true}
	})
}

func stillNeeds(what, detail string) error {
	return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", what).
		WithDetail("%s", detail).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

// mentionsColumn tells whether a stored expression mentions a column.
func mentionsColumn(stored string, n int16) bool {
	return strings.Contains(stored, `"@c`+strconv.Itoa(int(n))+`"`)
}

func needsColumn(v *desc.Relation, table types.OID, n int16) bool {
	for _, d := range v.Depends {
		if d.On.OID == table && d.On.Sub == n {
			return true
		}
	}
	return false
}

func indexMentions(x *desc.IndexDef, n int16) bool {
	for _, k := range x.Keys {
		if k.Column == n || k.Column == 0 && mentionsColumn(k.Expr, n) {
			return true
		}
	}
	return slices.Contains(x.Include, n) || mentionsColumn(x.Predicate, n)
}

func (x *Executor) setType(r *desc.Relation, a *logical.SetType) error {
	snapshot, c := x.Writer.Snapshot(), r.Columns[a.Column-1]
	for _, d := range snapshot.Dependents(desc.ID{Class: desc.ClassRelation, OID: r.OID}) {
		if v := snapshot.Relation(d.OID); d.Class == desc.ClassRelation && v != nil && v.View != nil && needsColumn(v, r.OID, a.Column) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on view %s depends on column \"%s\"", v.Name, c.Name)
		}
	}
	for i := range r.Columns {
		if g := &r.Columns[i]; g.Generated && !g.Dropped && int16(i+1) != a.Column && mentionsColumn(g.Default, a.Column) {
			return pgerr.New(pgerr.SyntaxError, "cannot alter type of a column used by a generated column").
				WithDetail("Column \"%s\" is used by generated column \"%s\".", c.Name, g.Name)
		}
	}
	old := r
	r = r.Clone()
	col := &r.Columns[a.Column-1]
	from := col.Type
	col.Type, col.Mod, col.Collation = a.Type, a.Mod, a.Collation
	if a.Default != "" {
		col.Default = a.Default
	}
	col.HasMissing, col.Missing = false, nil
	if err := x.retype(old, r, a); err != nil {
		return err
	}
	if a.Using == "" && from == a.Type {
		return x.Writer.Put(x.Context, r)
	}
	if err := x.rewrite(old, r, map[int16]string{a.Column: a.Using}); err != nil {
		return err
	}
	r = x.Writer.Snapshot().Relation(r.OID)
	for i := range r.Checks {
		if slices.Contains(r.Checks[i].Columns, a.Column) {
			if err := x.validateCheck(r, &r.Checks[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// retype gives the new type of a column to r's checks and index keys; expressions over
// the column are bound anew.
func (x *Executor) retype(old, r *desc.Relation, a *logical.SetType) error {
	binder := x.Bind("", x.Writer.Snapshot(), nil, false)
	var err error
	for i := range r.Checks {
		if k := &r.Checks[i]; mentionsColumn(k.Expr, a.Column) {
			if k.Expr, _, _, err = binder.Retyped(k.Expr, old, r, true); err != nil {
				return err
			}
		}
	}
	for _, oid := range r.Indexes {
		index := x.Writer.Snapshot().Relation(oid)
		if index == nil || !indexMentions(index.Index, a.Column) {
			continue
		}
		def := *index.Index
		def.Keys = slices.Clone(def.Keys)
		for k := range def.Keys {
			key := &def.Keys[k]
			switch {
			case key.Column == a.Column:
				if key.Type, key.Mod = a.Type, a.Mod; a.Collation == 0 || key.Collation == old.Columns[a.Column-1].Collation {
					key.Collation = a.Collation
				}
			case key.Column == 0 && mentionsColumn(key.Expr, a.Column):
				var e expr.Expr
				if key.Expr, e, key.Column, err = binder.Retyped(key.Expr, old, r, false); err != nil {
					return err
				}
				if key.Column != 0 {
					key.Expr = ""
				}
				if key.Type, key.Mod = e.Type().OID, e.Mod(); key.Collation == 0 || e.Collation() == 0 {
					key.Collation = e.Collation() // or else its own, or the one it was given
				}
			default:
				continue
			}
			if err := keycodec.Supported(x.Writer.Snapshot().Type(key.Type)); err != nil {
				return err
			}
		}
		if mentionsColumn(def.Predicate, a.Column) {
			if def.Predicate, _, _, err = binder.Retyped(def.Predicate, old, r, true); err != nil {
				return err
			}
		}
		if err := x.change(oid, func(i *desc.Relation) { i.Index = &def }); err != nil {
			return err
		}
	}
	return nil
}

func (x *Executor) setDefault(r *desc.Relation, a *logical.SetDefault) error {
	oid := types.OID(0)
	if a.Default != "" {
		var err error
		if oid, err = x.Writer.NewOID(x.Context); err != nil {
			return err
		}
	}
	return x.change(r.OID, func(r *desc.Relation) {
		r.Columns[a.Column-1].Default, r.Columns[a.Column-1].DefaultOID = a.Default, oid
	})
}

func (x *Executor) setNotNull(r *desc.Relation, a *logical.SetNotNull) error {
	c := &r.Columns[a.Column-1]
	if !a.NotNull {
		for _, u := range r.Uniques {
			if u.Primary && slices.Contains(u.Columns, a.Column) {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" is in a primary key", c.Name)
			}
		}
		return x.change(r.OID, func(r *desc.Relation) { r.Columns[a.Column-1].NotNull = false })
	}
	if err := x.noNulls(r, a.Column); err != nil {
		return err
	}
	return x.change(r.OID, func(r *desc.Relation) { r.Columns[a.Column-1].NotNull = true })
}

// noNulls reads a column and fails at a null.
func (x *Executor) noNulls(r *desc.Relation, n int16) error {
	return x.eachRow(r, func(values []*vector.Vector) error {
		if values[n-1].Null(0) {
			return containsNull(&r.Columns[n-1], r)
		}
		return nil
	})
}

func (x *Executor) setIdentity(r *desc.Relation, a *logical.SetIdentity) error {
	c := r.Columns[a.Column-1]
	switch {
	case a.Add:
		changed := r.Clone()
		changed.Columns[a.Column-1].Identity = a.Kind
		if err := x.serial(changed, int(a.Column), &logical.Serial{Def: *a.Def, Identity: true, Name: a.Name}); err != nil {
			return err
		}
		return x.Writer.Put(x.Context, changed)
	case a.Kind == 0:
		if err := x.change(r.OID, func(r *desc.Relation) {
			r.Columns[a.Column-1].Identity, r.Columns[a.Column-1].Sequence = 0, 0
		}); err != nil {
			return err
		}
		return x.remove(desc.ID{Class: desc.ClassRelation, OID: c.Sequence})
	}
	if a.Def != nil || a.Restart != nil {
		u := &logical.AlterSequence{Sequence: c.Sequence, Def: *x.Writer.Snapshot().Relation(c.Sequence).Sequence, Restart: a.Restart}
		if a.Def != nil {
			u.Def = *a.Def
		}
		if err := x.alterSequence(u); err != nil {
			return err
		}
	}
	return x.change(r.OID, func(r *desc.Relation) { r.Columns[a.Column-1].Identity = a.Kind })
}
