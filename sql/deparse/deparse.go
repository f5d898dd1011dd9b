// Package deparse prints bound expressions and queries as SQL, in two ways.
//
// Stored form is what the catalog keeps of defaults, CHECKs, index expressions and
// views. Every name in it is an OID token, so that a rename breaks none:
//
//	"@c3"            column 3 of the relation, in an expression
//	"@r16384"        a relation; its alias lists the columns as "@c3=name"
//	OPERATOR("@o96".=)  an operator; the token decides, not the sign
//	"@t23"           a type, "@t1043"(7) with its modifier as a number
//	"@l950"          a collation
//	"@f1299"(…)      a function; "@x…" as explicit cast, "@i…" as implied cast, "@q…" in special syntax
//	"@e25"(x, mod)   an explicit cast without function; "@j…" an implied one
//
// Operators are in parentheses and every cast is written; sql/bind reads the text
// back to the same tree. Shown form is PostgreSQL's own layout, with today's names,
// as pg_get_viewdef and its kin print it: a query read from stored form and shown
// again looks as PostgreSQL would show it.
package deparse

import (
	"strconv"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/format"
)

// Names gives the names of objects for the shown form.
type Names interface {
	// Relation is qualified where the search path does not find it.
	Relation(*desc.Relation) string
	Type(t *types.Type, mod int32) string
	// Operator is the sign alone.
	Operator(types.OID) string
	// Format is how constants print.
	Format() *format.Context
}

// Stored prints an expression in stored form; column gives the number of a column.
func Stored(e expr.Expr, column func(expr.ColumnID) (int16, bool)) (string, error) {
	p := &printer{numbers: column, columns: map[expr.ColumnID]string{}}
	p.expr(e, true)
	return p.out.String(), p.err
}

// StoredQuery prints a query in stored form, and lists the relations and columns it
// needs.
func StoredQuery(q *logical.Query) (string, []desc.Need, error) {
	p := newPrinter(nil, false)
	p.query(q, nil, true)
	return p.out.String(), p.needs, p.err
}

// Show prints an expression over one relation's columns; column names each.
// implicit shows an implied cast around the whole.
func Show(e expr.Expr, column func(expr.ColumnID) string, names Names, pretty, implicit bool) (string, error) {
	p := newPrinter(names, pretty)
	p.named = column
	p.expr(e, implicit)
	return p.out.String(), p.err
}

// ShowQuery prints a view's query; columns are the names of its output.
func ShowQuery(q *logical.Query, columns []string, names Names, pretty bool) (string, error) {
	p := newPrinter(names, pretty)
	p.indent = true
	p.used["old"], p.used["new"] = true, true // the rule's own, as in PostgreSQL
	p.query(q, columns, true)
	return p.out.String(), p.err
}

// ShowPlanned prints an expression of a plan; columns has the text of each column, and
// subplan names a subquery that the plan runs apart.
func ShowPlanned(e expr.Expr, columns map[expr.ColumnID]string, subplan func(*expr.Subquery) string, names Names) string {
	p := newPrinter(names, false)
	p.columns, p.subplan = columns, subplan
	p.expr(e, true)
	return p.out.String()
}

// printer prints in stored form without names, else in shown form.
type printer struct {
	out    strings.Builder
	err    error
	names  Names // nil: stored form
	pretty bool  // leave out parentheses that precedence makes needless
	indent bool  // lay out in lines
	level  int   // indentation

	numbers   func(expr.ColumnID) (int16, bool) // of the one relation, in a stored expression
	named     func(expr.ColumnID) string        // likewise, in a shown one
	bareNames map[expr.ColumnID]string          // each column without its table
	columns   map[expr.ColumnID]string          // how each column of the FROM items around prints
	merged    map[expr.Expr]string              // values of USING columns that are no plain column
	outward   map[expr.ColumnID]*expr.Aggregate // of the queries around
	used      map[string]bool                   // aliases of the queries around
	alias     map[logical.FromItem]string
	ctes      map[*logical.CTE]string
	windows   []logical.WindowSpec        // of the nearest query
	value     []expr.Expr                 // operands of the CASEs around
	sources   map[expr.ColumnID]desc.ID   // the relation\'s column that a column is
	subplan   func(*expr.Subquery) string // of a plan's expressions, else nil
	needs     []desc.Need
}

func newPrinter(names Names, pretty bool) *printer {
	return &printer{names: names, pretty: pretty, bareNames: map[expr.ColumnID]string{}, sources: map[expr.ColumnID]desc.ID{}, columns: map[expr.ColumnID]string{}, merged: map[expr.Expr]string{},
		outward: map[expr.ColumnID]*expr.Aggregate{}, used: map[string]bool{}, alias: map[logical.FromItem]string{}, ctes: map[*logical.CTE]string{}}
}

func (p *printer) stored() bool { return p.names == nil }

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.out.WriteString(s)
	}
}

func (p *printer) fail(what string, args ...any) {
	if p.err == nil {
		p.err = pgerr.Unsupported("storing "+what, args...)
	}
}

func token(kind byte, oid types.OID) string {
	return `"@` + string(kind) + strconv.FormatUint(uint64(oid), 10) + `"`
}

// need notes what a stored query depends on, once.
func (p *printer) need(on desc.ID) {
	for _, n := range p.needs {
		if n.On == on {
			return
		}
	}
	p.needs = append(p.needs, desc.Need{On: on})
}

// literal quotes a string.
func literal(s string) string {
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// The indentations of a query's layout.
const (
	step      = 8
	joinStep  = 4
	itemStep  = 4
	levelsTop = 40
)

// keyword begins a clause: on a line of its own where the layout has lines.
func (p *printer) keyword(word string, before, after, plus int) {
	if !p.indent {
		p.write(word)
		return
	}
	p.level += before
	p.trim()
	n := max(p.level, 0)
	if p.level >= levelsTop {
		n = (levelsTop + (p.level-levelsTop)/(step/2)) % levelsTop
	}
	p.write("\n", strings.Repeat(" ", n+plus), word)
	p.level = max(p.level+after, 0)
}

// trim takes the spaces off the end.
func (p *printer) trim() {
	text := p.out.String()
	if cut := strings.TrimRight(text, " "); len(cut) < len(text) {
		p.out.Reset()
		p.out.WriteString(cut)
	}
}

// apart prints into a buffer of its own.
func (p *printer) apart(fn func()) string {
	saved := p.out
	p.out = strings.Builder{}
	fn()
	text := p.out.String()
	p.out = saved
	return text
}
