// Package explain prints plans as PostgreSQL's EXPLAIN does, as text and as JSON, so
// that the tools that read plans can read these (manual, 14.1).
package explain

import (
	"fmt"
	"strings"
	"time"

	"datapunk/internal/budget"
	"datapunk/planner/plan"
	"datapunk/sql/deparse"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types/format"
)

// Options are those of EXPLAIN.
type Options struct {
	Analyze, Verbose, Costs, Timing bool
}

// Actual is what running a node gave, over all its runs.
type Actual struct {
	Loops   int64
	Rows    int64
	Startup time.Duration // until the first row, of the first run
	Total   time.Duration
	Usage   budget.Usage
}

// Property is one line about a node: a condition, a key.
type Property struct {
	Name string
	// Value is what the JSON form prints: a string, a list of strings, a number.
	Value any
	// text is what the text form prints after the name; a property without one is of the
	// JSON form alone, one without a name is a line of the text form alone.
	text string
}

// Node is one node of the printed tree.
type Node struct {
	Type     string // as the text form begins: Seq Scan on t
	Fields   []Property
	Props    []Property
	Est      plan.Estimate
	Actual   *Actual
	Relation string // Parent Relationship of the JSON form
	Label    string // CTE w, SubPlan 1: above the node in the text form
	Children []*Node
}

type maker struct {
	names    deparse.Names
	options  Options
	actual   map[plan.Node]*Actual
	columns  map[expr.ColumnID]string
	several  bool // relations: columns are printed with their table
	p        *plan.Plan
	subplans map[*expr.Subquery]string
	found    []*expr.Subquery // in the expressions of the node being made
}

// Tree makes the printed tree of a plan; actual is nil unless it was run.
func Tree(p *plan.Plan, names deparse.Names, o Options, actual map[plan.Node]*Actual) *Node {
	m := &maker{names: names, options: o, actual: actual, columns: map[expr.ColumnID]string{}, p: p, subplans: map[*expr.Subquery]string{}}
	relations := 0
	count := func(n plan.Node) {
		switch n.(type) {
		case *plan.Scan, *plan.SystemScan, *plan.FunctionScan, *plan.CTEScan:
			relations++
		}
	}
	plan.Walk(p.Root, count)
	for _, s := range p.Subplans {
		plan.Walk(s.Root, count)
	}
	for _, c := range p.CTEs {
		plan.Walk(c.Root, count)
	}
	m.several = relations > 1 || o.Verbose
	var ctes []*Node
	for _, c := range p.CTEs {
		n := m.node(c.Root)
		n.Label, n.Relation = "CTE "+c.Name, "InitPlan"
		ctes = append(ctes, n)
	}
	root := m.node(p.Root)
	root.Children = append(ctes, root.Children...)
	return root
}

func (m *maker) text(e expr.Expr) string {
	return deparse.ShowPlanned(e, m.columns, func(s *expr.Subquery) string {
		name, ok := m.subplans[s]
		if !ok {
			name = fmt.Sprintf("SubPlan %d", len(m.subplans)+1)
			m.subplans[s] = name
			m.found = append(m.found, s)
		}
		switch s.Kind {
		case expr.Any, expr.All:
			return "hashed " + name
		}
		return name
	}, m.names)
}

func (m *maker) texts(list []expr.Expr) []string {
	var out []string
	for _, e := range list {
		out = append(out, m.text(e))
	}
	return out
}

// conds prints conditions as one.
func (m *maker) conds(list []expr.Expr) string { return m.text(expr.Conjoin(list)) }

func (n *Node) add(name string, value string) {
	if value != "" {
		n.Props = append(n.Props, Property{Name: name, Value: value, text: value})
	}
}

func (n *Node) list(name string, values []string) {
	if len(values) > 0 {
		n.Props = append(n.Props, Property{Name: name, Value: values, text: strings.Join(values, ", ")})
	}
}

func (n *Node) field(name, value string) {
	n.Fields = append(n.Fields, Property{Name: name, Value: value})
}

func (m *maker) relation(cols []plan.Column, alias string) {
	for _, c := range cols {
		name := format.QuoteIdent(c.Name)
		if m.several && alias != "" {
			name = format.QuoteIdent(alias) + "." + name
		}
		m.columns[c.ID] = name
	}
}

// node makes the node of an operator. Projections and filters are not shown by
// themselves: a filter is a line of what it filters.
func (m *maker) node(p plan.Node) *Node {
	switch x := p.(type) {
	case *plan.Project:
		if !x.Sets {
			in := m.node(x.Input)
			m.computed(x.Out, x.Exprs)
			in.Children = append(in.Children, m.subnodes()...)
			return in
		}
	case *plan.Filter:
		in := m.node(x.Input)
		in.add("Filter", m.conds(x.Conds))
		in.Children = append(in.Children, m.subnodes()...)
		return in
	}
	n := &Node{Est: *p.Estimate(), Actual: m.actual[p]}
	n.Est.Width = plan.Width(p.Output())
	if m.actual != nil && n.Actual == nil {
		n.Actual = &Actual{}
	}
	for i, in := range p.Inputs() {
		c := m.node(in)
		c.Relation = [...]string{"Outer", "Inner"}[min(i, 1)]
		n.Children = append(n.Children, c)
	}
	m.describe(n, p)
	if n.Actual != nil && n.Actual.Loops > 0 && n.Actual.Usage.Kind != budget.HashJoin {
		n.usage(n.Actual.Usage)
	}
	if m.options.Verbose {
		var out []string
		for _, c := range p.Output() {
			out = append(out, m.columns[c.ID])
		}
		n.Props = append([]Property{{Name: "Output", Value: out, text: strings.Join(out, ", ")}}, n.Props...)
	}
	n.Children = append(n.Children, m.subnodes()...)
	return n
}

// subnodes are the plans of the subqueries met since the last call.
func (m *maker) subnodes() []*Node {
	var out []*Node
	for len(m.found) > 0 {
		s := m.found[0]
		m.found = m.found[1:]
		if p := m.p.Subplans[s]; p != nil {
			later := m.found
			m.found = nil
			n := m.node(p.Root)
			m.found = append(m.found, later...)
			n.Label, n.Relation = m.subplans[s], "SubPlan"
			out = append(out, n)
		}
	}
	return out
}

// computed names the columns of a projection by their expressions.
func (m *maker) computed(cols []plan.Column, exprs []expr.Expr) {
	for i, e := range exprs {
		if e != nil && i < len(cols) {
			if _, known := m.columns[cols[i].ID]; !known {
				m.columns[cols[i].ID] = m.text(e)
			}
		}
	}
}

func (m *maker) describe(n *Node, p plan.Node) {
	switch x := p.(type) {
	case *plan.Result:
		n.Type = "Result"
		m.computed(x.Out, x.Exprs)
	case *plan.Values:
		n.Type = "Values Scan on \"*VALUES*\""
		n.field("Node Type", "Values Scan")
		n.field("Alias", "*VALUES*")
		m.relation(x.Out, "*VALUES*")
	case *plan.Scan:
		m.scan(n, x)
	case *plan.SystemScan:
		m.relation(x.Out, x.Alias)
		m.on(n, "Seq Scan", x.Table.Name, x.Alias)
		if len(x.Filter) > 0 {
			n.add("Filter", m.conds(x.Filter))
		}
	case *plan.Source:
		n.Type = "Foreign Scan"
	case *plan.FunctionScan:
		m.relation(x.Out, x.Alias)
		name := "?"
		if c, ok := x.Calls[0].Expr.(*expr.Call); ok {
			name = c.Func.Name
		}
		n.Type = "Function Scan on " + format.QuoteIdent(name)
		if x.Alias != name {
			n.Type += " " + format.QuoteIdent(x.Alias)
		}
		n.field("Node Type", "Function Scan")
		n.field("Function Name", name)
		n.field("Alias", x.Alias)
		if len(x.Filter) > 0 {
			n.add("Filter", m.conds(x.Filter))
		}
	case *plan.CTEScan:
		m.relation(x.Out, x.Alias)
		n.Type = "CTE Scan on " + format.QuoteIdent(x.CTE.Name)
		if x.Alias != x.CTE.Name {
			n.Type += " " + format.QuoteIdent(x.Alias)
		}
		n.field("Node Type", "CTE Scan")
		n.field("CTE Name", x.CTE.Name)
		n.field("Alias", x.Alias)
	case *plan.WorkTable:
		m.relation(x.Out, x.Alias)
		n.Type = "WorkTable Scan on " + format.QuoteIdent(x.Alias)
		n.field("Node Type", "WorkTable Scan")
	case *plan.Project:
		n.Type = "ProjectSet"
		m.computed(x.Out, x.Exprs)
	case *plan.Limit:
		n.Type = "Limit"
	case *plan.Sort:
		n.Type = "Sort"
		n.list("Sort Key", m.sortKeys(x.Keys))
	case *plan.Unique:
		n.Type = "Unique"
	case *plan.Aggregate:
		m.aggregate(n, x)
	case *plan.Window:
		n.Type = "WindowAgg"
		for i, c := range x.Calls {
			if at := len(x.Out) - len(x.Calls) + i; at >= 0 {
				m.columns[x.Out[at].ID] = c.Func.Name + "(" + strings.Join(m.texts(c.Args), ", ") + ") OVER (?)"
			}
		}
	case *plan.Join:
		m.join(n, x)
	case *plan.Append:
		n.Type = "Append"
		m.passed(x.Out, x.List[0])
	case *plan.SetOp:
		word := [...]string{logical.Union: "Union", logical.Intersect: "Intersect", logical.Except: "Except"}[x.Kind]
		if x.All {
			word += " All"
		}
		n.Type = "HashSetOp " + word
		n.field("Node Type", "SetOp")
		n.field("Strategy", "Hashed")
		n.field("Command", word)
		m.passed(x.Out, x.Left)
	case *plan.Distinct:
		n.Type = "HashAggregate"
		n.field("Node Type", "Aggregate")
		n.field("Strategy", "Hashed")
		m.passed(x.Out, x.Input)
		var keys []string
		for _, c := range x.Input.Output() {
			keys = append(keys, m.columns[c.ID])
		}
		n.list("Group Key", keys)
	case *plan.RecursiveUnion:
		n.Type = "Recursive Union"
		m.passed(x.Out, x.Left)
	case *plan.LockRows:
		n.Type = "LockRows"
	case *plan.Insert:
		m.modify(n, "Insert", x.Change)
	case *plan.Update:
		m.modify(n, "Update", x.Change)
	case *plan.Delete:
		m.modify(n, "Delete", x.Change)
	default:
		n.Type = fmt.Sprintf("%T", p)
	}
	if len(n.Fields) == 0 {
		n.field("Node Type", n.Type)
	}
}

// passed names columns as the input's in the same place.
func (m *maker) passed(cols []plan.Column, in plan.Node) {
	for i, c := range in.Output() {
		if i < len(cols) {
			m.columns[cols[i].ID] = m.columns[c.ID]
		}
	}
}

// on begins a node that reads a relation.
func (m *maker) on(n *Node, kind, relation, alias string) {
	n.Type = kind + " on " + format.QuoteIdent(relation)
	if alias != relation && alias != "" {
		n.Type += " " + format.QuoteIdent(alias)
	}
	n.field("Node Type", strings.SplitN(kind, " using ", 2)[0])
	n.field("Relation Name", relation)
	n.field("Alias", alias)
}

func (m *maker) scan(n *Node, x *plan.Scan) {
	m.relation(x.Out, x.Alias)
	// Index conditions may mention columns that are not read.
	for _, c := range x.Conds {
		expr.Walk(c, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && m.columns[c.ID] == "" {
				m.relation([]plan.Column{{ID: c.ID, Name: c.Name}}, x.Alias)
			}
			return true
		})
	}
	name := x.Table.Name
	if m.options.Verbose {
		name = m.names.Relation(x.Table)
	}
	if x.Index == nil {
		m.on(n, "Seq Scan", name, x.Alias)
	} else {
		kind := "Index Scan"
		if x.IndexOnly && x.Index.OID != x.Table.Primary {
			kind = "Index Only Scan"
		}
		direction := "Forward"
		spelled := kind
		if x.Reverse {
			direction, spelled = "Backward", kind+" Backward"
		}
		m.on(n, spelled+" using "+format.QuoteIdent(x.Index.Name), name, x.Alias)
		n.Fields[0].Value = kind
		n.field("Scan Direction", direction)
		n.field("Index Name", x.Index.Name)
		if len(x.Conds) > 0 {
			n.add("Index Cond", m.conds(x.Conds))
		}
	}
	if len(x.Filter) > 0 {
		n.add("Filter", m.conds(x.Filter))
	}
}

func (m *maker) sortKeys(keys []plan.SortKey) []string {
	var out []string
	for _, k := range keys {
		text := m.text(k.Expr)
		if c, ok := k.Expr.(*expr.Cast); ok && c.Form == expr.AsSQL { // COLLATE stands without parentheses
			text = strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
		}
		switch {
		case k.Desc && !k.NullsFirst:
			text += " DESC NULLS LAST"
		case k.Desc:
			text += " DESC"
		case k.NullsFirst:
			text += " NULLS FIRST"
		}
		out = append(out, text)
	}
	return out
}

func (m *maker) aggregate(n *Node, x *plan.Aggregate) {
	n.Type = "Aggregate"
	strategy := "Plain"
	switch {
	case x.Sets != nil:
		n.Type, strategy = "MixedAggregate", "Mixed"
	case len(x.Keys) > 0:
		n.Type, strategy = "HashAggregate", "Hashed"
	}
	n.field("Node Type", "Aggregate")
	n.field("Strategy", strategy)
	keys := m.texts(x.Keys)
	n.list("Group Key", keys)
	for i, c := range x.Out {
		switch k := i - len(x.Keys); {
		case i < len(x.Keys):
			m.columns[c.ID] = keys[i]
		case k < len(x.Calls):
			m.columns[c.ID] = m.text(x.Calls[k])
		}
	}
}

func (m *maker) join(n *Node, x *plan.Join) {
	kind := [...]string{logical.Inner: "", logical.Left: " Left", logical.Right: " Right", logical.Full: " Full", logical.Semi: " Semi", logical.Anti: " Anti"}[x.Kind]
	keys := func() string {
		var list []expr.Expr
		for i := range x.LeftKeys {
			call := *x.Equals[i]
			call.Args = []expr.Expr{x.LeftKeys[i], x.RightKeys[i]}
			list = append(list, &call)
		}
		return m.conds(list)
	}
	method := "Nested Loop"
	switch x.Method {
	case plan.HashJoin:
		method = "Hash"
		inner := n.Children[1]
		hash := &Node{Type: "Hash", Est: inner.Est, Relation: "Inner", Children: []*Node{inner}}
		hash.field("Node Type", "Hash")
		inner.Relation = "Outer"
		if inner.Actual != nil {
			a := *inner.Actual
			hash.Actual = &a
			if n.Actual != nil && n.Actual.Loops > 0 {
				hash.usage(n.Actual.Usage)
			}
		}
		n.Children[1] = hash
	case plan.MergeJoin:
		method = "Merge"
	}
	n.Type = method + kind
	if x.Method != plan.NestLoop || kind != "" {
		n.Type += " Join"
	}
	word := map[plan.JoinMethod]string{plan.HashJoin: "Hash Join", plan.MergeJoin: "Merge Join", plan.NestLoop: "Nested Loop"}[x.Method]
	n.field("Node Type", word)
	if kind == "" {
		n.field("Join Type", "Inner")
	} else {
		n.field("Join Type", kind[1:])
	}
	switch x.Method {
	case plan.HashJoin:
		n.add("Hash Cond", keys())
	case plan.MergeJoin:
		n.add("Merge Cond", keys())
	}
	if len(x.On) > 0 {
		n.add("Join Filter", m.conds(x.On))
	}
}

func (m *maker) modify(n *Node, operation string, c *logical.Change) {
	t := c.Table
	n.Type = operation + " on " + format.QuoteIdent(t.Relation.Name)
	if t.Alias != t.Relation.Name {
		n.Type += " " + format.QuoteIdent(t.Alias)
	}
	n.field("Node Type", "ModifyTable")
	n.field("Operation", operation)
	n.field("Relation Name", t.Relation.Name)
	n.field("Alias", t.Alias)
	if len(c.Returning) == 0 {
		n.Est.Rows, n.Est.Width = 0, 0
	}
	if k := c.Conflict; k != nil {
		resolution := "NOTHING"
		if k.Update {
			resolution = "UPDATE"
		}
		n.add("Conflict Resolution", resolution)
	}
}
