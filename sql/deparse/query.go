package deparse

import (
	"maps"

	"datapunk/kv"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types/format"
)

// nested prints a query within another, whose aliases it must not repeat.
func (p *printer) nested(q *logical.Query, columns []string, named bool) {
	used, level, windows := maps.Clone(p.used), p.level, p.windows
	p.query(q, columns, named)
	p.used, p.level, p.windows = used, level, windows
}

// query prints a query; columns rename its output, named says whether an output
// column without a name of its own shows "?column?".
func (p *printer) query(q *logical.Query, columns []string, named bool) {
	if q.Command != logical.Select && q.Command != logical.Values {
		p.fail("data-modifying statements")
		return
	}
	p.nameFrom(q)
	for _, o := range q.Outward {
		p.outward[o.ID] = o.Aggregate
	}
	p.with(q)
	if q.SetOp != nil {
		p.setOp(q, columns, named)
	} else {
		p.selectOnly(q, columns, named)
	}
	p.orderBy(q)
	if q.Offset != nil {
		p.keyword(" OFFSET ", -step, step, 0)
		p.expr(q.Offset, false)
	}
	if q.Limit != nil {
		if q.WithTies {
			p.keyword(" FETCH FIRST ", -step, step, 0)
			p.write("(")
			p.expr(q.Limit, false)
			p.write(") ROWS WITH TIES")
		} else {
			p.keyword(" LIMIT ", -step, step, 0)
			if expr.IsNullConst(q.Limit) {
				p.write("ALL")
			} else {
				p.expr(q.Limit, false)
			}
		}
	}
	p.locking(q)
}

func (p *printer) with(q *logical.Query) {
	if len(q.CTEs) == 0 {
		return
	}
	if p.indent {
		p.level += step
		p.write(" ")
	}
	p.write("WITH ")
	for _, c := range q.CTEs {
		if c.Recursive {
			p.write("RECURSIVE ")
			break
		}
	}
	for i, c := range q.CTEs {
		if i > 0 {
			p.write(", ")
		}
		p.ctes[c] = c.Name
		p.write(format.QuoteIdent(c.Name))
		if c.ColAlias {
			p.colNames(c.Cols)
		}
		p.write(" AS ", map[int8]string{1: "MATERIALIZED ", -1: "NOT MATERIALIZED "}[c.Materialized], "(")
		if p.indent {
			p.keyword("", 0, 0, 0)
		}
		p.nested(c.Query, nil, true)
		if p.indent {
			p.keyword("", 0, 0, 0)
		}
		p.write(")")
	}
	if p.indent {
		p.level -= step
		p.keyword("", 0, 0, 0)
	} else {
		p.write(" ")
	}
}

func (p *printer) selectOnly(q *logical.Query, columns []string, named bool) {
	if p.indent {
		p.level += step
		p.write(" ")
	}
	if q.Rows != nil {
		p.values(q, columns)
		return
	}
	p.windows = q.Windows
	p.write("SELECT")
	if q.Distinct || len(q.On) > 0 {
		p.write(" DISTINCT")
		if len(q.On) > 0 {
			p.write(" ON (")
			for i, e := range q.On {
				if i > 0 {
					p.write(", ")
				}
				p.key(ofTarget(q, e))
			}
			p.write(")")
		}
	}
	p.targets(q, columns, named)
	p.from(q)
	if q.Where != nil {
		p.keyword(" WHERE ", -step, step, 1)
		p.expr(q.Where, false)
	}
	p.groupBy(q)
	if q.Having != nil {
		p.keyword(" HAVING ", -step, step, 0)
		p.expr(q.Having, false)
	}
	p.windowClause(q)
}

// ofTarget is the expression of the output column that e names, or e itself.
func ofTarget(q *logical.Query, e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Column); ok {
		for _, t := range q.Targets {
			if t.ID == c.ID {
				return t.Expr
			}
		}
	}
	return e
}

// values prints VALUES, in a SELECT where its columns have other names.
func (p *printer) values(q *logical.Query, columns []string) {
	renamed := false
	for i, name := range columns {
		renamed = renamed || name != "column"+number(i+1)
	}
	if !renamed {
		p.write("VALUES ")
		p.rows(q.Rows)
		return
	}
	p.write("SELECT ")
	for i, name := range columns {
		if i > 0 {
			p.write(", ")
			p.keyword("", -step, step, itemStep)
		}
		p.write(`"*VALUES*".column`, number(i+1), " AS ", format.QuoteIdent(name))
	}
	p.keyword(" FROM ", -step, step, 2)
	p.write("(VALUES ")
	p.rows(q.Rows)
	p.write(`) "*VALUES*"`)
}

func (p *printer) rows(rows [][]expr.Expr) {
	for i, r := range rows {
		if i > 0 {
			p.write(", ")
		}
		p.write("(")
		for k, e := range r {
			if k > 0 {
				p.write(",")
			}
			p.expr(e, false)
		}
		p.write(")")
	}
}

func (p *printer) targets(q *logical.Query, columns []string, named bool) {
	sep, several, n := " ", false, 0
	for _, t := range q.Targets {
		if t.Junk {
			continue
		}
		n++
		p.write(sep)
		sep = ", "
		text := p.apart(func() { p.target(t, n, columns, named) })
		multiline := false
		if p.indent {
			lead := len(text) > 0 && text[0] == '\n'
			if lead {
				p.trim()
			} else if n > 1 {
				p.keyword("", -step, step, itemStep)
			}
			for i := 1; i < len(text); i++ {
				multiline = multiline || text[i] == '\n'
			}
		}
		several = several || multiline
		p.write(text)
	}
}

func (p *printer) target(t logical.Target, n int, columns []string, named bool) {
	name := t.Name
	if n <= len(columns) {
		name = columns[n-1]
	}
	p.expr(t.Expr, true)
	shown := ""
	if c, ok := t.Expr.(*expr.Column); ok && !p.stored() {
		shown = p.bare(c)
	} else if !named && !p.stored() {
		shown = "?column?"
	}
	if name != shown {
		p.write(" AS ", format.QuoteIdent(name))
	}
}

// bare is a column's name as printed, without its table.
func (p *printer) bare(c *expr.Column) string {
	if name, ok := p.bareNames[c.ID]; ok {
		return name
	}
	return c.Name
}

// key prints an expression of ORDER BY or GROUP BY: a call in parentheses, so that it
// cannot be taken for a column's name or number.
func (p *printer) key(e expr.Expr) {
	paren := p.pretty
	switch n := e.(type) {
	case *expr.Column:
		paren = false
	case *expr.Const:
		paren = false
	case *expr.Call:
		paren = paren || n.Operator == 0 && n.Form != expr.AsKeyword
	case *expr.Aggregate, *expr.Window:
		paren = true
	}
	if paren {
		p.write("(")
	}
	p.expr(e, true)
	if paren {
		p.write(")")
	}
}

func (p *printer) groupBy(q *logical.Query) {
	if len(q.GroupBy) == 0 && len(q.Sets) == 0 {
		return
	}
	p.keyword(" GROUP BY ", -step, step, 1)
	if q.Sets == nil {
		for i, e := range q.GroupBy {
			if i > 0 {
				p.write(", ")
			}
			p.key(e)
		}
		return
	}
	p.write("GROUPING SETS (")
	for i, set := range q.Sets {
		if i > 0 {
			p.write(", ")
		}
		p.write("(")
		for k, g := range set {
			if k > 0 {
				p.write(", ")
			}
			p.key(q.GroupBy[g])
		}
		p.write(")")
	}
	p.write(")")
}

func (p *printer) windowClause(q *logical.Query) {
	first := true
	for _, w := range q.Windows {
		if w.Name == "" {
			continue
		}
		if first {
			p.keyword(" WINDOW ", -step, step, 1)
		} else {
			p.write(", ")
		}
		first = false
		p.write(format.QuoteIdent(w.Name), " AS ")
		p.windowSpec(w)
	}
}

func (p *printer) orderBy(q *logical.Query) {
	if len(q.OrderBy) == 0 {
		return
	}
	p.keyword(" ORDER BY ", -step, step, 1)
	for i, s := range q.OrderBy {
		if i > 0 {
			p.write(", ")
		}
		t := q.Targets[s.Target]
		if q.SetOp != nil || p.stored() && !t.Junk {
			place := 0
			for _, x := range q.Targets[:s.Target+1] {
				if !x.Junk {
					place++
				}
			}
			p.write(number(place))
		} else {
			p.key(t.Expr)
		}
		p.direction(s.Desc, s.NullsFirst)
	}
}

func (p *printer) locking(q *logical.Query) {
	for _, l := range q.Locks {
		p.keyword(map[uint8]string{uint8(kv.KeyShare): " FOR KEY SHARE", uint8(kv.Share): " FOR SHARE",
			uint8(kv.NoKeyExclusive): " FOR NO KEY UPDATE", uint8(kv.Exclusive): " FOR UPDATE"}[l.Strength], -step, step, 0)
		for i, t := range l.Tables {
			if i == 0 {
				p.write(" OF ")
			} else {
				p.write(", ")
			}
			p.write(format.QuoteIdent(p.alias[t]))
		}
		switch kv.WaitPolicy(l.Wait) {
		case kv.NoWait:
			p.write(" NOWAIT")
		case kv.Skip:
			p.write(" SKIP LOCKED")
		}
	}
}

// setWords are the set operations' names.
var setWords = [...]string{logical.Union: "UNION ", logical.Intersect: "INTERSECT ", logical.Except: "EXCEPT "}

func (p *printer) setOp(q *logical.Query, columns []string, named bool) {
	op := q.SetOp
	left := op.Left
	inner := left.SetOp != nil && (left.SetOp.Kind != op.Kind || left.SetOp.All != op.All) || wrapped(left)
	indent := 0
	if inner {
		p.write("(")
		indent = step
		p.keyword("", indent, 0, 0)
	}
	p.branch(left, columns, named)
	switch {
	case inner:
		p.keyword(") ", -indent, 0, 0)
	case p.indent:
		p.keyword("", -indent, 0, 0)
	default:
		p.write(" ")
	}
	p.write(setWords[op.Kind])
	if op.All {
		p.write("ALL ")
	}
	right := op.Right
	inner, indent = right.SetOp != nil || wrapped(right), 0
	if inner {
		p.write("(")
		indent = step
	}
	p.keyword("", indent, 0, 0)
	p.branch(right, columns, named)
	if p.indent {
		p.level -= indent
	}
	if inner {
		p.keyword(")", 0, 0, 0)
	}
}

// wrapped tells a side with clauses of its own after the SELECT.
func wrapped(q *logical.Query) bool {
	return len(q.CTEs) > 0 || len(q.OrderBy) > 0 || q.Limit != nil || q.Offset != nil || len(q.Locks) > 0
}

// branch prints one side: a set operation goes on at the same level.
func (p *printer) branch(q *logical.Query, columns []string, named bool) {
	if q.SetOp != nil && !wrapped(q) {
		p.nameFrom(q)
		p.setOp(q, columns, named)
		return
	}
	p.nested(q, columns, named)
}
