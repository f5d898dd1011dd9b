package ddl

import (
	"bytes"
	"errors"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/catalog/system"
	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/keycodec"
	"datapunk/types/rowcodec"
	"datapunk/types/vector"
)

func (x *Executor) createIndex(u *logical.CreateIndex) error {
	r, name, err := x.newIndex(u, kv.ShareMode)
	if err != nil || r == nil {
		return err
	}
	_, err = x.addIndex(r.Clone(), name, u.Def, false)
	return err
}

// newIndex locks the table of an index to be made and claims its name; no table if
// there is such a name already and that is no error.
func (x *Executor) newIndex(u *logical.CreateIndex, mode kv.Mode) (r *desc.Relation, name string, err error) {
	if err := x.lock(u.Table, mode); err != nil {
		return nil, "", err
	}
	r = x.Writer.Snapshot().Relation(u.Table)
	if r == nil || u.Bound != nil && r != u.Bound {
		return nil, "", ErrChanged
	}
	if role := x.Writer.Snapshot().Role(x.User); r.Owner != x.User && (role == nil || !role.Superuser) {
		return nil, "", pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of table %s", r.Name)
	}
	name = u.Name
	if name == "" {
		var parts []string
		for _, k := range u.Def.Keys {
			parts = append(parts, k.Name)
		}
		for _, n := range u.Def.Include {
			parts = append(parts, r.Columns[n-1].Name)
		}
		name = x.freeName(r.Schema, r.Name, strings.Join(parts, "_"), "idx", nil)
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: r.Schema, Name: name})
	if err != nil {
		return nil, "", err
	}
	if taken {
		if u.IfNotExists {
			x.notice(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", name)
			return nil, "", nil
		}
		return nil, "", pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	}
	return r, name, nil
}

const hashMethod types.OID = 405 // pg_am

// addIndex makes an index and fills it, unless it is fresh. The primary key of a table, unless it is
// deferrable, becomes the key of its rows: they are written again, with all other indexes, since entries name
// rows by their key.
func (x *Executor) addIndex(r *desc.Relation, name string, def desc.IndexDef, fresh bool) (types.OID, error) {
	for _, k := range def.Keys {
		t := x.Writer.Snapshot().Type(k.Type)
		if def.Method == "hash" && k.OpClass == 0 && system.OperatorClass(hashMethod, t, "") == 0 {
			return 0, pgerr.Newf(pgerr.UndefinedObject, "data type %s has no default operator class for access method \"hash\"", x.typeName(t)).
				WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
		}
		if err := keycodec.Supported(t); err != nil {
			return 0, err
		}
	}
	index, err := x.relation(r.Schema, name, desc.Index)
	if err != nil {
		return 0, err
	}
	index.Index, index.Owner = &def, r.Owner
	if err := x.Writer.Put(x.Context, index); err != nil {
		return 0, err
	}
	if !def.Primary || !def.Immediate {
		r.Indexes = append(r.Indexes, index.OID)
		if err := x.Writer.Put(x.Context, r); err != nil {
			return 0, err
		}
		if fresh {
			return index.OID, nil
		}
		return index.OID, x.fill(r, r, false, []types.OID{index.OID}, nil)
	}
	old := r.Clone()
	r.Indexes, r.Primary = append(r.Indexes, index.OID), index.OID
	if fresh {
		index.Storage = r.Storage
		if err := x.Writer.Put(x.Context, index); err != nil {
			return 0, err
		}
		return index.OID, x.Writer.Put(x.Context, r)
	}
	return index.OID, x.rewrite(old, r, nil)
}

// fill reads the rows of a table as it was and writes the given indexes of it as it
// is, and with rows the rows themselves, with the columns that values names computed
// anew.
func (x *Executor) fill(from, to *desc.Relation, rows bool, indexes []types.OID, values map[int16]string) error {
	snapshot := x.Writer.Snapshot()
	source, err := table.Open(from, snapshot)
	if err != nil {
		return err
	}
	target, err := table.Open(to, snapshot)
	if err != nil {
		return err
	}
	env := &op.Env{Env: &eval.Env{Env: x.Env}, Txn: x.Txn, Session: x.Session}
	cols, layout := x.storedColumns(target)
	builds := make([]*builder, 0, len(indexes))
	defer func() {
		for _, b := range builds {
			b.load.Abandon()
		}
	}()
	if rows {
		b := &builder{rel: to, primary: true, index: target.Primary, load: x.Txn.NewLoad(kv.StorageID(to.Storage))}
		if to.Primary != 0 {
			b.rel = snapshot.Relation(to.Primary)
		}
		builds = append(builds, b)
	}
	for _, oid := range indexes {
		if oid == to.Primary {
			continue
		}
		rel := snapshot.Relation(oid)
		b := &builder{rel: rel, load: x.Txn.NewLoad(kv.StorageID(rel.Storage))}
		builds = append(builds, b)
		for _, i := range target.Indexes {
			if i.Desc.OID == oid {
				b.index = i
			}
		}
		if b.entries, err = x.entriesOf(b.index, cols, layout); err != nil {
			return err
		}
	}
	scan := x.Txn.LatestScan(kv.Span{Start: source.Prefix, End: keycodec.Successor(source.Prefix)}, kv.ScanOptions{Versions: true})
	defer scan.Close()
	var batch kv.Batch
	old := make([]*vector.Vector, len(source.Types))
	numbers := make([]int16, len(source.Types))
	for i, t := range source.Types {
		old[i], numbers[i] = vector.New(t, 1), int16(i+1)
	}
	changed, err := x.converter(source, target, values, env.Env)
	if err != nil {
		return err
	}
	for {
		if err := scan.Next(x.Context, &batch, 512); err != nil {
			return err
		}
		if batch.Len() == 0 {
			break
		}
		for k := range batch.Len() {
			for i, t := range source.Types {
				old[i].Init(t, 1)
			}
			row := batch.Value(k)
			if err := source.Decode(batch.Key(k), row, numbers, old, 0); err != nil {
				return err
			}
			h, _ := rowcodec.ReadHeader(row)
			values, err := changed.row(old, target)
			if err != nil {
				return err
			}
			if len(changed.stored) > 0 {
				row = target.Codec.Encode(nil, h, values, 0)
			}
			for i := range to.Columns {
				if c := &to.Columns[i]; c.NotNull && !c.Dropped && values[i].Null(0) {
					e := pgerr.Newf(pgerr.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", c.Name, to.Name)
					e.Column = c.Name
					return e
				}
			}
			rowKey := target.RowKey(nil, values, 0, h.Number)
			for _, b := range builds {
				if err := b.add(x, target, values, rowKey, row, batch.Versions[k]); err != nil {
					return err
				}
			}
		}
	}
	for _, b := range builds {
		if err := b.load.Finish(x.Context); err != nil {
			if errors.Is(err, kv.ErrDuplicateKey) {
				return b.duplicate(x, err, to)
			}
			return err
		}
		if err := b.distinct(x, to); err != nil {
			return err
		}
	}
	return nil
}

// distinct looks for rows of the same key in a deferrable unique index, which has an
// entry for each.
func (b *builder) distinct(x *Executor, to *desc.Relation) error {
	def := b.rel.Index
	if def == nil || !def.Unique || def.Immediate {
		return nil
	}
	var last, covered []byte
	return x.scan(b.index.Prefix, func(key, value []byte) error {
		rowKey, rest, ok := table.RowKeyOf(value)
		if !ok {
			return kv.ErrCorrupt
		}
		bare := key[:len(key)-len(rowKey)]
		if bytes.Equal(bare, last) && (def.NullsEqual || !b.index.HasNull(bare)) {
			values := make([]*vector.Vector, len(b.index.Keys))
			numbers := make([]int16, len(b.index.Keys))
			for i, k := range b.index.Keys {
				values[i], numbers[i] = vector.New(k.Type, 1), k.Number
			}
			if err := b.index.Covered(last, covered, numbers, values, 0); err != nil {
				return err
			}
			return b.duplicateOf(x, values, to)
		}
		last, covered = append(last[:0], bare...), append(covered[:0], rest...)
		return nil
	})
}

// builder fills one index.
type builder struct {
	rel     *desc.Relation
	index   *table.Index
	primary bool // the rows themselves
	load    kv.Load
	entries *entries // nil if primary
}

func (b *builder) add(x *Executor, t *table.Table, values []*vector.Vector, rowKey, row []byte, version kv.Timestamp) error {
	if b.primary {
		return b.load.Add(x.Context, append(append([]byte(nil), t.Prefix...), rowKey...), row, version)
	}
	e, ok, err := b.entries.of(values, rowKey)
	if err != nil || !ok {
		return err
	}
	return b.load.Add(x.Context, e.Key, e.Value, version)
}

// duplicate is the error of a unique index over rows that are not.
func (b *builder) duplicate(x *Executor, err error, to *desc.Relation) error {
	e := pgerr.Newf(pgerr.UniqueViolation, "could not create unique index \"%s\"", b.rel.Name)
	e.Constraint = b.rel.Name
	var d *kv.DuplicateKeyError
	if !errors.As(err, &d) {
		return e
	}
	values, ok := b.index.KeyValues(d.Key)
	if !ok {
		return e
	}
	return b.duplicateOf(x, values, to)
}

// duplicateOf is the error with the values of the key.
func (b *builder) duplicateOf(x *Executor, values []*vector.Vector, to *desc.Relation) error {
	e := pgerr.Newf(pgerr.UniqueViolation, "could not create unique index \"%s\"", b.rel.Name)
	e.Constraint = b.rel.Name
	var names, texts []string
	for i, k := range b.index.Keys {
		name := ""
		if k.Number != 0 {
			name = format.QuoteIdent(to.Columns[k.Number-1].Name)
		} else if text, ok, err := x.Env.Names.Definition("index", b.rel.OID, i+1, true); err == nil && ok {
			name = text
		}
		names = append(names, name)
		if values[i].Null(0) {
			texts = append(texts, "null")
		} else {
			texts = append(texts, string(format.AppendText(nil, x.Env.Format, values[i], 0)))
		}
	}
	e.WithDetail("Key (%s)=(%s) is duplicated.", strings.Join(names, ", "), strings.Join(texts, ", "))
	return e
}
