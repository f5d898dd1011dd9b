package session

import (
	"strings"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/bind"
	"datapunk/sql/deparse"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/format"
)

// shown are the names of a snapshot as the session's search path shows them.
type shown struct {
	s        *Session
	snapshot catalog.Snapshot
}

func (n shown) Relation(r *desc.Relation) string {
	for _, schema := range n.s.searchPath(n.snapshot, true) {
		if found := n.snapshot.RelationNamed(schema, r.Name); found != nil {
			if found.OID == r.OID {
				return format.QuoteIdent(r.Name)
			}
			break
		}
	}
	return n.qualified(r)
}

func (n shown) qualified(r *desc.Relation) string {
	if schema := n.snapshot.Schema(r.Schema); schema != nil {
		return format.QuoteIdent(schema.Name) + "." + format.QuoteIdent(r.Name)
	}
	return format.QuoteIdent(r.Name)
}

func (n shown) Type(t *types.Type, mod int32) string { return format.TypeName(t, mod) }
func (n shown) Format() *format.Context              { return &n.s.format }

func (n shown) Operator(oid types.OID) string {
	if op := n.s.engine.Functions.Operator(oid); op != nil {
		return op.Name
	}
	return "?"
}

// Definition prints an object as pg_get_*def do.
func (n names) Definition(class string, object types.OID, column int, pretty bool) (string, bool, error) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return "", false, err
	}
	d := definer{shown{n.s, snapshot}, pretty}
	switch class {
	case "view":
		if r := snapshot.Relation(object); r != nil && r.View != nil {
			text, err := d.view(r)
			return text + ";", true, err
		}
	case "rule":
		for o := range snapshot.All(desc.ClassRelation) {
			if r := o.(*desc.Relation); r.View != nil && r.View.RuleOID == object {
				text, err := d.view(r)
				return "CREATE RULE \"_RETURN\" AS\n    ON SELECT TO " + d.qualified(r) + " DO INSTEAD " + text + ";", true, err
			}
		}
	case "index":
		if r := snapshot.Relation(object); r != nil && r.Index != nil {
			text, err := d.index(r, column)
			return text, true, err
		}
	case "constraint":
		if r := snapshot.Holder(object); r != nil {
			return d.constraint(r, object)
		}
	}
	return "", false, nil
}

// Expression prints a stored expression over a relation's columns (pg_get_expr).
func (n names) Expression(text string, relation types.OID, pretty bool) (string, error) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return "", err
	}
	d := definer{shown{n.s, snapshot}, pretty}
	r := snapshot.Relation(relation)
	if relation != 0 && r == nil {
		return "", nil
	}
	out, err := d.expression(r, text)
	return out.text, err
}

// definer prints definitions over one snapshot.
type definer struct {
	shown
	pretty bool
}

func (d definer) view(r *desc.Relation) (string, error) {
	q, err := d.s.binder(r.View.Query, d.snapshot, nil, false).View(r)
	if err != nil {
		return "", err
	}
	var columns []string
	for i := range r.Columns {
		columns = append(columns, r.Columns[i].Name)
	}
	return deparse.ShowQuery(q, columns, d.shown, d.pretty)
}

// printed is a stored expression as it is shown.
type printed struct {
	text      string
	call      bool // a bare function call
	collation types.OID
}

// expression prints a stored expression over a relation's columns.
func (d definer) expression(r *desc.Relation, text string) (out printed, err error) {
	var cols []logical.Col
	if r != nil {
		cols = bind.StoredColumns(r, d.snapshot.Type)
	}
	e, err := d.s.binder("", d.snapshot, nil, false).Stored(text, cols)
	if err != nil {
		return out, err
	}
	out.collation = e.Collation()
	switch n := e.(type) {
	case *expr.Call:
		out.call = n.Operator == 0 && n.Form != expr.AsCast && n.Form != expr.Implied
	case *expr.Coalesce, *expr.MinMax, *expr.NullIf:
		out.call = true
	}
	out.text, err = deparse.Show(e, func(id expr.ColumnID) string {
		if len(cols) == 0 {
			return ""
		}
		return cols[id-cols[0].ID].Name
	}, d.shown, d.pretty, false)
	return out, err
}

func (d definer) index(r *desc.Relation, column int) (string, error) {
	t, x := d.snapshot.Relation(r.Index.Table), r.Index
	if t == nil {
		return "", nil
	}
	// key prints a key column and gives the collation that goes without saying.
	key := func(k desc.IndexKey) (string, types.OID, error) {
		if k.Column > 0 {
			c := &t.Columns[k.Column-1]
			return format.QuoteIdent(c.Name), c.Collation, nil
		}
		e, err := d.expression(t, k.Expr)
		if !e.call {
			e.text = "(" + e.text + ")"
		}
		return e.text, e.collation, err
	}
	if column > 0 {
		switch {
		case column <= len(x.Keys):
			text, _, err := key(x.Keys[column-1])
			return text, err
		case column <= len(x.Keys)+len(x.Include):
			return format.QuoteIdent(t.Columns[x.Include[column-len(x.Keys)-1]-1].Name), nil
		}
		return "", nil
	}
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	on := d.qualified(t)
	if d.pretty {
		on = d.Relation(t)
	}
	b.WriteString("INDEX " + format.QuoteIdent(r.Name) + " ON " + on + " USING " + x.Method + " (")
	for i, k := range x.Keys {
		if i > 0 {
			b.WriteString(", ")
		}
		text, usual, err := key(k)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		if k.Collation != 0 && k.Collation != usual {
			b.WriteString(" COLLATE " + format.QuoteIdent(collate.Name(uint32(k.Collation))))
		}
		if k.OpClass != 0 && k.OpClassName != "" {
			b.WriteString(" " + format.QuoteIdent(k.OpClassName))
		}
		switch {
		case k.Desc && !k.NullsFirst:
			b.WriteString(" DESC NULLS LAST")
		case k.Desc:
			b.WriteString(" DESC")
		case k.NullsFirst:
			b.WriteString(" NULLS FIRST")
		}
	}
	b.WriteString(")")
	if len(x.Include) > 0 {
		b.WriteString(" INCLUDE (" + columnNames(t, x.Include) + ")")
	}
	if x.NullsEqual {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	if len(r.Options) > 0 {
		b.WriteString(" WITH (" + options(r.Options) + ")")
	}
	if x.Predicate != "" {
		e, err := d.expression(t, x.Predicate)
		if err != nil {
			return "", err
		}
		b.WriteString(" WHERE " + e.text)
	}
	return b.String(), nil
}

// options prints reloptions within WITH (…).
func options(list []string) string {
	var parts []string
	for _, o := range list {
		name, value, _ := strings.Cut(o, "=")
		parts = append(parts, format.QuoteIdent(name)+"='"+strings.ReplaceAll(value, "'", "''")+"'")
	}
	return strings.Join(parts, ", ")
}

func columnNames(t *desc.Relation, numbers []int16) string {
	var list []string
	for _, n := range numbers {
		list = append(list, format.QuoteIdent(t.Columns[n-1].Name))
	}
	return strings.Join(list, ", ")
}

func (d definer) constraint(r *desc.Relation, oid types.OID) (string, bool, error) {
	for _, c := range r.Checks {
		if c.OID != oid {
			continue
		}
		e, err := d.expression(r, c.Expr)
		out := "CHECK (" + e.text + ")"
		if c.NoInherit {
			out += " NO INHERIT"
		}
		if c.NotValid {
			out += " NOT VALID"
		}
		return out, true, err
	}
	for _, u := range r.Uniques {
		if u.OID != oid {
			continue
		}
		out := "UNIQUE "
		if u.Primary {
			out = "PRIMARY KEY "
		}
		x := d.snapshot.Relation(u.Index)
		if x == nil {
			return "", false, pgerr.Internal("constraint %s has no index", u.Name)
		}
		if x.Index.NullsEqual {
			out += "NULLS NOT DISTINCT "
		}
		out += "(" + columnNames(r, u.Columns) + ")"
		if len(x.Index.Include) > 0 {
			out += " INCLUDE (" + columnNames(r, x.Index.Include) + ")"
		}
		return out + deferral(u.Deferrable, u.Deferred), true, nil
	}
	for i := range r.ForeignKeys {
		if f := &r.ForeignKeys[i]; f.OID == oid {
			return d.foreignKey(r, f), true, nil
		}
	}
	return "", false, nil
}

func deferral(deferrable, deferred bool) string {
	out := ""
	if deferrable {
		out = " DEFERRABLE"
	}
	if deferred {
		out += " INITIALLY DEFERRED"
	}
	return out
}

func (d definer) foreignKey(r *desc.Relation, f *desc.ForeignKey) string {
	target := d.snapshot.Relation(f.Target)
	if target == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("FOREIGN KEY (" + columnNames(r, f.Columns) + ") REFERENCES " + d.Relation(target) + "(" + columnNames(target, f.Keys) + ")")
	if f.Match == 'f' {
		b.WriteString(" MATCH FULL")
	}
	action := func(when string, a byte) {
		if word := map[byte]string{'r': "RESTRICT", 'c': "CASCADE", 'n': "SET NULL", 'd': "SET DEFAULT"}[a]; word != "" {
			b.WriteString(when + word)
		}
	}
	action(" ON UPDATE ", f.OnUpdate)
	action(" ON DELETE ", f.OnDelete)
	if len(f.SetColumns) > 0 {
		b.WriteString(" (" + columnNames(r, f.SetColumns) + ")")
	}
	b.WriteString(deferral(f.Deferrable, f.Deferred))
	if f.NotValid {
		b.WriteString(" NOT VALID")
	}
	return b.String()
}
