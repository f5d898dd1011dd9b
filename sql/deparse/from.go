package deparse

import (
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types/format"
)

// nameFrom gives every FROM item of a query an alias that no query around uses, and
// every column the text by which it prints.
func (p *printer) nameFrom(q *logical.Query) {
	using := map[string]bool{}
	for _, f := range q.From {
		noteUsing(f, using)
	}
	for _, f := range q.From {
		p.nameItem(f, using)
	}
}

func noteUsing(f logical.FromItem, using map[string]bool) {
	if j, ok := f.(*logical.Join); ok {
		for _, n := range j.Using {
			using[n] = true
		}
		noteUsing(j.Left, using)
		noteUsing(j.Right, using)
	}
}

// unique finds a name that is free: x, x_1, x_2 …
func (p *printer) unique(name string) string {
	if name == "" {
		return ""
	}
	free := name
	for i := 1; p.used[free]; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	p.used[free] = true
	return free
}

func (p *printer) nameItem(f logical.FromItem, using map[string]bool) {
	switch n := f.(type) {
	case *logical.TableRef:
		p.noteSource(n.Relation, n.Cols)
		p.nameCols(f, p.storedAlias(n.Alias, n.Aliased), n.Cols, func(c logical.Col) string {
			if c.Number > 0 && !n.ColAlias && !p.stored() && !using[c.Name] {
				return n.Relation.Columns[c.Number-1].Name // today's name
			}
			return c.Name
		})
	case *logical.SubqueryRef:
		if n.View == nil {
			p.nameCols(f, n.Alias, n.Cols, nil)
			return
		}
		p.noteSource(n.View, n.Cols)
		p.nameCols(f, p.storedAlias(n.Alias, n.Aliased), n.Cols, func(c logical.Col) string {
			if !n.ColAlias && !p.stored() && !using[c.Name] {
				return n.View.Columns[c.Number-1].Name
			}
			return c.Name
		})
	case *logical.CTERef:
		p.nameCols(f, n.Alias, n.Cols, nil)
	case *logical.FunctionRef:
		p.nameCols(f, n.Alias, n.Cols, nil)
	case *logical.ValuesRef:
		p.nameCols(f, n.Alias, n.Cols, nil)
	case *logical.Join:
		p.nameItem(n.Left, using)
		p.nameItem(n.Right, using)
		for i, m := range n.Merged {
			if _, plain := m.Expr.(*expr.Column); !plain {
				p.merged[m.Expr] = format.QuoteIdent(n.Using[i])
			}
		}
		if n.Alias != "" {
			p.nameCols(f, n.Alias, n.Cols, nil)
			for i, m := range n.Merged {
				if _, plain := m.Expr.(*expr.Column); !plain {
					p.merged[m.Expr] = format.QuoteIdent(p.alias[f]) + "." + format.QuoteIdent(n.Cols[i].Name)
				}
			}
		}
	}
}

// storedAlias marks the name of a relation that the query gave none: it prints as the
// relation is called by then.
func (p *printer) storedAlias(alias string, aliased bool) string {
	if p.stored() && !aliased {
		return "@n=" + alias
	}
	return alias
}

func (p *printer) noteSource(rel *desc.Relation, cols []logical.Col) {
	for _, c := range cols {
		if c.Number > 0 {
			p.sources[c.ID] = desc.ID{Class: desc.ClassRelation, OID: rel.OID, Sub: c.Number}
		}
	}
}

func (p *printer) nameCols(f logical.FromItem, alias string, cols []logical.Col, today func(logical.Col) string) {
	alias = p.unique(alias)
	p.alias[f] = alias
	for _, c := range cols {
		name := c.Name
		if today != nil {
			name = today(c)
		}
		p.bareNames[c.ID] = name
		p.columns[c.ID] = format.QuoteIdent(name)
		if alias != "" {
			p.columns[c.ID] = format.QuoteIdent(alias) + "." + p.columns[c.ID]
		}
	}
}

func (p *printer) from(q *logical.Query) {
	for i, f := range q.From {
		if i == 0 {
			p.keyword(" FROM ", -step, step, 2)
			p.fromItem(f)
			continue
		}
		p.write(", ")
		text := p.apart(func() { p.fromItem(f) })
		if p.indent && (len(text) == 0 || text[0] != '\n') {
			p.keyword("", -step, step, itemStep)
		}
		p.write(text)
	}
}

func (p *printer) colNames(cols []logical.Col) {
	p.write("(")
	n := 0
	for _, c := range cols {
		if c.Hidden {
			continue
		}
		if n++; n > 1 {
			p.write(", ")
		}
		p.write(format.QuoteIdent(c.Name))
	}
	p.write(")")
}

func (p *printer) fromItem(f logical.FromItem) {
	alias := format.QuoteIdent(p.alias[f])
	switch n := f.(type) {
	case *logical.TableRef:
		if n.Only {
			p.write("ONLY ")
		}
		p.relation(n.Relation, n.Cols, alias, n.Aliased || p.alias[f] != n.Relation.Name, n.ColAlias)
	case *logical.SubqueryRef:
		if n.View != nil {
			p.relation(n.View, n.Cols, alias, n.Aliased || p.alias[f] != n.View.Name, n.ColAlias)
			return
		}
		if n.Lateral {
			p.write("LATERAL ")
		}
		p.write("(")
		p.nested(n.Query, nil, true)
		p.write(")")
		if n.Alias != "" {
			p.write(" ", alias)
			if n.ColAlias || renamed(n) {
				p.colNames(n.Cols)
			}
		}
	case *logical.CTERef:
		p.write(format.QuoteIdent(n.CTE.Name))
		if p.alias[f] != n.CTE.Name {
			p.write(" ", alias)
		}
		for i, c := range n.Cols {
			if i < len(n.CTE.Cols) && c.Name != n.CTE.Cols[i].Name {
				if p.alias[f] == n.CTE.Name {
					p.write(" ", alias)
				}
				p.colNames(n.Cols)
				break
			}
		}
	case *logical.FunctionRef:
		p.functionRef(n, alias)
	case *logical.ValuesRef:
		p.write("( VALUES ")
		p.rows(n.Rows)
		p.write(") ", alias)
		p.colNames(n.Cols)
	case *logical.Join:
		p.join(n, alias)
	}
}

// renamed tells whether a subquery's column aliases differ from its targets.
func renamed(n *logical.SubqueryRef) bool {
	i := 0
	for _, t := range n.Query.Targets {
		if t.Junk {
			continue
		}
		if i < len(n.Cols) && n.Cols[i].Name != t.Name {
			return true
		}
		i++
	}
	return false
}

// relation prints a table or view by name. In stored form its alias lists the
// columns by number, "@c" those named by the table and "@a" those by the query.
func (p *printer) relation(rel *desc.Relation, cols []logical.Col, alias string, aliased, colAlias bool) {
	if p.stored() {
		p.need(rel.ID())
		p.write(token('r', rel.OID), " ", alias, "(")
		kind := "@c"
		if colAlias {
			kind = "@a"
		}
		n := 0
		for _, c := range cols {
			if c.Number <= 0 {
				continue
			}
			if n++; n > 1 {
				p.write(", ")
			}
			p.write(`"`, kind, number(int(c.Number)), "=", quoted(c.Name), `"`)
		}
		p.write(")")
		return
	}
	p.write(p.names.Relation(rel))
	// A column that USING names keeps the name it had.
	for _, c := range cols {
		colAlias = colAlias || c.Number > 0 && p.bareNames[c.ID] != rel.Columns[c.Number-1].Name
	}
	if aliased || colAlias {
		p.write(" ", alias)
	}
	if colAlias {
		p.colNames(cols)
	}
}

// quoted doubles the quotes of a name.
func quoted(name string) string {
	out := ""
	for _, r := range name {
		if r == '"' {
			out += `"`
		}
		out += string(r)
	}
	return out
}

func (p *printer) functionRef(n *logical.FunctionRef, alias string) {
	if n.Lateral {
		p.write("LATERAL ")
	}
	if n.RowsFrom {
		p.write("ROWS FROM(")
	}
	at := 0
	for i, c := range n.Calls {
		if i > 0 {
			p.write(", ")
		}
		p.expr(c.Expr, true)
		if c.Defined && n.RowsFrom {
			p.write(" AS ")
			p.definitions(n.Cols[at : at+c.Columns])
		}
		at += c.Columns
	}
	if n.RowsFrom {
		p.write(")")
	}
	if n.Ordinality {
		p.write(" WITH ORDINALITY")
	}
	p.write(" ", alias)
	if len(n.Calls) == 1 && n.Calls[0].Defined && !n.RowsFrom {
		p.definitions(n.Cols)
	} else {
		p.colNames(n.Cols)
	}
}

// definitions prints a column definition list.
func (p *printer) definitions(cols []logical.Col) {
	p.write("(")
	for i, c := range cols {
		if i > 0 {
			p.write(", ")
		}
		p.write(format.QuoteIdent(c.Name), " ", p.typeName(c.Type, c.Mod))
	}
	p.write(")")
}

func (p *printer) join(n *logical.Join, alias string) {
	paren := !p.pretty || n.Alias != ""
	if paren {
		p.write("(")
	}
	p.fromItem(n.Left)
	word := [...]string{logical.Inner: " JOIN ", logical.Left: " LEFT JOIN ", logical.Right: " RIGHT JOIN ", logical.Full: " FULL JOIN "}[n.Kind]
	if n.Cross || n.Kind == logical.Inner && n.On == nil {
		word = " CROSS JOIN "
	}
	p.keyword(word, -step, step, joinStep)
	right, nested := n.Right.(*logical.Join)
	nested = nested && p.pretty && right.Alias == ""
	if nested {
		p.write("(")
	}
	p.fromItem(n.Right)
	if nested {
		p.write(")")
	}
	switch {
	case len(n.Using) > 0:
		p.write(" USING (")
		for i, name := range n.Using {
			if i > 0 {
				p.write(", ")
			}
			p.write(format.QuoteIdent(name))
		}
		p.write(")")
		if n.UsingAlias != "" {
			p.write(" AS ", format.QuoteIdent(n.UsingAlias))
		}
	case n.On != nil:
		p.write(" ON ")
		p.open()
		p.expr(n.On, false)
		p.close()
	case n.Kind != logical.Inner:
		p.write(" ON TRUE")
	}
	if paren {
		p.write(")")
	}
	if n.Alias != "" {
		p.write(" ", alias)
		p.colNames(n.Cols)
	}
}
