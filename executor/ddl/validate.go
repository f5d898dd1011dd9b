package ddl

import (
	"strings"

	"datapunk/catalog/desc"
	"datapunk/executor/table"
	"datapunk/internal/pgerr"
	"datapunk/sql/bind"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// storedColumns are a table's columns as stored expressions of it are bound, and where
// each lies in a row.
func (x *Executor) storedColumns(t *table.Table) ([]logical.Col, eval.Layout) {
	cols, layout := bind.StoredColumns(t.Desc, x.Writer.Snapshot().Type), eval.Layout{}
	for i, c := range cols {
		layout[c.ID] = i
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
	cols, layout := x.storedColumns(t)
	check, err := x.compileStored(c.Expr, cols, layout)
	if err != nil {
		return err
	}
	return x.eachRow(r, func(values []*vector.Vector) error {
		v, err := check.Run(&vector.Batch{Cols: values, N: 1}, []int32{0})
		if err != nil {
			return err
		}
		if !v.Null(0) && !vector.Of[bool](v)[v.Index(0)] {
			e := pgerr.Newf(pgerr.CheckViolation, "check constraint \"%s\" of relation \"%s\" is violated by some row", c.Name, r.Name)
			e.Constraint = c.Name
			return e
		}
		return nil
	})
}
