package ddl

import (
	"strings"

	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// storedColumns are a table's columns as stored expressions of it are bound, and
// where a batch of all its columns has them.
func storedColumns(t *table.Table) ([]logical.Col, eval.Layout) {
	const first = expr.ColumnID(1 << 20) // past every id that binding allots
	cols, layout := make([]logical.Col, len(t.Types)), eval.Layout{}
	for i := range cols {
		c := &t.Desc.Columns[i]
		cols[i] = logical.Col{ID: first + expr.ColumnID(i), Name: c.Name, Type: t.Types[i], Mod: c.Mod, Collation: c.Collation, Number: int16(i + 1)}
		layout[cols[i].ID] = i
	}
	return cols, layout
}

func (x *Executor) typeName(t *types.Type) string { return format.TypeName(t, -1) }

// qualified prints a relation's full name.
func (x *Executor) qualified(r *desc.Relation) string {
	name := format.QuoteIdent(r.Name)
	if s := x.Writer.Snapshot().Schema(r.Schema); s != nil {
		return format.QuoteIdent(s.Name) + "." + name
	}
	return name
}

// validateForeign looks for rows without the row they point to.
func (x *Executor) validateForeign(r, target *desc.Relation, f *desc.ForeignKey) error {
	var on, null, notNull, cols []string
	for i := range f.Columns {
		c, k := format.QuoteIdent(r.Columns[f.Columns[i]-1].Name), format.QuoteIdent(target.Columns[f.Keys[i]-1].Name)
		on = append(on, "pk."+k+" = fk."+c)
		notNull = append(notNull, "fk."+c+" IS NOT NULL")
		cols = append(cols, "fk."+c)
		if i == 0 {
			null = append(null, "pk."+k+" IS NULL")
		}
	}
	sql := "SELECT " + strings.Join(cols, ", ") + " FROM ONLY " + x.qualified(r) + " fk LEFT JOIN ONLY " + x.qualified(target) + " pk ON " +
		strings.Join(on, " AND ") + " WHERE " + strings.Join(append(null, notNull...), " AND ") + " LIMIT 1"
	return x.Env.Runner.Query(sql, nil, func(row []*vector.Vector, i int) error {
		var names, texts []string
		for k, n := range f.Columns {
			names = append(names, r.Columns[n-1].Name)
			texts = append(texts, string(format.AppendText(nil, x.Env.Format, row[k], i)))
		}
		e := pgerr.Newf(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", r.Name, f.Name).
			WithDetail("Key (%s)=(%s) is not present in table \"%s\".", strings.Join(names, ", "), strings.Join(texts, ", "), target.Name)
		e.Constraint = f.Name
		return e
	})
}

// validateCheck looks for rows that break a new CHECK.
func (x *Executor) validateCheck(r *desc.Relation, c *desc.Check) error {
	t, err := table.Open(r, x.Writer.Snapshot())
	if err != nil {
		return err
	}
	cols, layout := storedColumns(t)
	values := &vector.Batch{N: 1}
	var numbers []int16
	for i, ct := range t.Types {
		values.Cols, numbers = append(values.Cols, vector.New(ct, 1)), append(numbers, int16(i+1))
	}
	e, err := x.Bind("", x.Writer.Snapshot(), nil, false).Stored(c.Expr, cols)
	if err != nil {
		return err
	}
	env := &op.Env{Env: &eval.Env{Env: x.Env}, Txn: x.Txn}
	check, err := eval.Compile(e, layout, env.Env)
	if err != nil {
		return err
	}
	scan := x.Txn.LatestScan(kv.Span{Start: t.Prefix, End: keycodec.Successor(t.Prefix)}, kv.ScanOptions{})
	defer scan.Close()
	var rows kv.Batch
	for {
		if err := scan.Next(x.Context, &rows, 512); err != nil {
			return err
		}
		if rows.Len() == 0 {
			return nil
		}
		for k := range rows.Len() {
			for i := range values.Cols {
				values.Cols[i].Init(t.Types[i], 1)
			}
			if err := t.Decode(rows.Key(k), rows.Value(k), numbers, values.Cols, 0); err != nil {
				return err
			}
			v, err := check.Run(values, []int32{0})
			if err != nil {
				return err
			}
			if !v.Null(0) && !vector.Of[bool](v)[v.Index(0)] {
				e := pgerr.Newf(pgerr.CheckViolation, "check constraint \"%s\" of relation \"%s\" is violated by some row", c.Name, r.Name)
				e.Constraint = c.Name
				return e
			}
		}
	}
}
