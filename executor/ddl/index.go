package ddl

import (
	"errors"
	"strings"

	"datapunk/catalog/desc"
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
	if err := x.lock(u.Table, kv.ShareMode); err != nil {
		return err
	}
	r := x.Writer.Snapshot().Relation(u.Table)
	if role := x.Writer.Snapshot().Role(x.User); r.Owner != x.User && (role == nil || !role.Superuser) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of table %s", r.Name)
	}
	name := u.Name
	if name == "" {
		var parts []string
		for _, k := range u.Def.Keys {
			parts = append(parts, k.Name)
		}
		name = x.freeName(r.Schema, r.Name, strings.Join(parts, "_"), "idx", nil)
	}
	taken, err := x.claim(desc.Lookup{Class: desc.ClassRelation, Namespace: r.Schema, Name: name})
	if err != nil {
		return err
	}
	if taken {
		if u.IfNotExists {
			x.notice(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	}
	_, err = x.addIndex(r.Clone(), name, u.Def, false)
	return err
}

// addIndex makes an index and fills it. The primary key of a table becomes the key
// of its rows: they are written again, with all other indexes, since entries name
// rows by their key.
func (x *Executor) addIndex(r *desc.Relation, name string, def desc.IndexDef, fresh bool) (types.OID, error) {
	for _, k := range def.Keys {
		t := x.Writer.Snapshot().Type(k.Type)
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
	if !def.Primary {
		r.Indexes = append(r.Indexes, index.OID)
		if err := x.Writer.Put(x.Context, r); err != nil {
			return 0, err
		}
		if fresh {
			return index.OID, nil
		}
		return index.OID, x.fill(r, r, []types.OID{index.OID})
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
	// A new storage for the rows and for every other index.
	r.Storage = index.Storage
	x.Txn.DropStorage(kv.StorageID(old.Storage))
	for _, oid := range old.Indexes {
		other := x.Writer.Snapshot().Relation(oid).Clone()
		x.Txn.DropStorage(kv.StorageID(other.Storage))
		storage, err := x.Txn.CreateStorage(x.Context)
		if err != nil {
			return 0, err
		}
		other.Storage = uint32(storage)
		if err := x.Writer.Put(x.Context, other); err != nil {
			return 0, err
		}
	}
	if err := x.Writer.Put(x.Context, r); err != nil {
		return 0, err
	}
	return index.OID, x.fill(old, r, append([]types.OID{index.OID}, old.Indexes...))
}

// fill reads the rows of a table as it was and writes the given indexes of it as it
// is; the primary key among them means the rows themselves.
func (x *Executor) fill(from, to *desc.Relation, indexes []types.OID) error {
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
	cols, layout := storedColumns(target)
	builds := make([]*builder, 0, len(indexes))
	defer func() {
		for _, b := range builds {
			b.load.Abandon()
		}
	}()
	for _, oid := range indexes {
		rel := snapshot.Relation(oid)
		b := &builder{rel: rel, primary: oid == to.Primary, load: x.Txn.NewLoad(kv.StorageID(rel.Storage))}
		builds = append(builds, b)
		if b.primary {
			b.index = target.Primary
			continue
		}
		for _, i := range target.Indexes {
			if i.Desc.OID == oid {
				b.index = i
			}
		}
		binder := x.Bind("", snapshot, nil, false)
		b.keys = make([]*eval.Eval, len(rel.Index.Keys))
		for i, k := range rel.Index.Keys {
			if k.Column == 0 {
				e, err := binder.Stored(k.Expr, cols)
				if err != nil {
					return err
				}
				if b.keys[i], err = eval.Compile(e, layout, env.Env); err != nil {
					return err
				}
			}
		}
		if rel.Index.Predicate != "" {
			e, err := binder.Stored(rel.Index.Predicate, cols)
			if err != nil {
				return err
			}
			if b.predicate, err = eval.Compile(e, layout, env.Env); err != nil {
				return err
			}
		}
	}
	scan := x.Txn.LatestScan(kv.Span{Start: source.Prefix, End: keycodec.Successor(source.Prefix)}, kv.ScanOptions{Versions: true})
	defer scan.Close()
	var rows kv.Batch
	values := make([]*vector.Vector, len(source.Types))
	numbers := make([]int16, len(source.Types))
	for i, t := range source.Types {
		values[i], numbers[i] = vector.New(t, 1), int16(i+1)
	}
	for {
		if err := scan.Next(x.Context, &rows, 512); err != nil {
			return err
		}
		if rows.Len() == 0 {
			break
		}
		for k := range rows.Len() {
			for i, t := range source.Types {
				values[i].Init(t, 1)
			}
			if err := source.Decode(rows.Key(k), rows.Value(k), numbers, values, 0); err != nil {
				return err
			}
			h, _ := rowcodec.ReadHeader(rows.Value(k))
			for i := range to.Columns {
				if c := &to.Columns[i]; c.NotNull && !c.Dropped && values[i].Null(0) {
					e := pgerr.Newf(pgerr.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", c.Name, to.Name)
					e.Column = c.Name
					return e
				}
			}
			rowKey := target.RowKey(nil, values, 0, h.Number)
			for _, b := range builds {
				if err := b.add(x, target, values, rowKey, rows.Value(k), rows.Versions[k]); err != nil {
					return err
				}
			}
		}
	}
	for _, b := range builds {
		if err := b.load.Finish(x.Context); err != nil {
			if errors.Is(err, kv.ErrDuplicateKey) {
				return b.duplicate(x, err, source, values, numbers, to)
			}
			return err
		}
	}
	return nil
}

// builder fills one index.
type builder struct {
	rel       *desc.Relation
	index     *table.Index
	primary   bool
	load      kv.Load
	keys      []*eval.Eval
	predicate *eval.Eval
}

func (b *builder) add(x *Executor, t *table.Table, values []*vector.Vector, rowKey, row []byte, version kv.Timestamp) error {
	if b.primary {
		return b.load.Add(x.Context, append(append([]byte(nil), t.Prefix...), rowKey...), row, version)
	}
	one := &vector.Batch{Cols: values, N: 1}
	sel := []int32{0}
	if b.predicate != nil {
		v, err := b.predicate.Run(one, sel)
		if err != nil {
			return err
		}
		if v.Null(0) || !vector.Of[bool](v)[v.Index(0)] {
			return nil
		}
	}
	keys := make([]*vector.Vector, len(b.index.Keys))
	for i, k := range b.index.Keys {
		if k.Number != 0 {
			keys[i] = values[k.Number-1]
			continue
		}
		v, err := b.keys[i].Run(one, sel)
		if err != nil {
			return err
		}
		keys[i] = v
	}
	e := b.index.Entry(keys, values, 0, rowKey)
	return b.load.Add(x.Context, e.Key, e.Value, version)
}

// duplicate is the error of a unique index over rows that are not.
func (b *builder) duplicate(x *Executor, err error, source *table.Table, values []*vector.Vector, numbers []int16, to *desc.Relation) error {
	e := pgerr.Newf(pgerr.UniqueViolation, "could not create unique index \"%s\"", b.rel.Name)
	e.Constraint = b.rel.Name
	var d *kv.DuplicateKeyError
	if errors.As(err, &d) {
		// Read the key columns back from the key, where they can be.
		rest := d.Key[4:]
		var names, texts []string
		for _, k := range b.index.Keys {
			v := vector.New(k.Type, 1)
			next, ok := keycodec.Decode(rest, k.Column, v, 0)
			if !ok || k.Lossy || v.Null(0) {
				return e
			}
			rest = next
			names = append(names, k.Expr)
			if k.Number != 0 {
				names[len(names)-1] = format.QuoteIdent(to.Columns[k.Number-1].Name)
			}
			texts = append(texts, string(format.AppendText(nil, x.Env.Format, v, 0)))
		}
		e.WithDetail("Key (%s)=(%s) is duplicated.", strings.Join(names, ", "), strings.Join(texts, ", "))
	}
	return e
}
