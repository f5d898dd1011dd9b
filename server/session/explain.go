package session

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/planner/explain"
	"datapunk/planner/plan"
	"datapunk/server/client"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

// explainOptions are those of EXPLAIN, with what they imply.
type explainOptions struct {
	explain.Options
	summary bool
	json    bool
}

func readExplain(options []*pg.Node) (explainOptions, error) {
	o := explainOptions{Options: explain.Options{Costs: true}}
	timing, summary := (*bool)(nil), (*bool)(nil)
	var only string
	for _, n := range options {
		d := n.GetDefElem()
		text := constText(d.Arg)
		on := d.Arg == nil || text != "false" && text != "off" && text != "0"
		switch d.Defname {
		case "analyze":
			o.Analyze = on
		case "verbose":
			o.Verbose = on
		case "costs":
			o.Costs = on
		case "timing":
			timing = &on
			only = "TIMING"
		case "summary":
			summary = &on
		case "buffers", "settings", "wal", "generic_plan", "memory":
			if on {
				return o, pgerr.Unsupported("EXPLAIN option %s", strings.ToUpper(d.Defname))
			}
		case "format":
			switch strings.ToLower(text) {
			case "text":
			case "json":
				o.json = true
			case "xml", "yaml":
				return o, pgerr.Unsupported("EXPLAIN format %s", strings.ToUpper(text))
			default:
				return o, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": \"%s\"", text)
			}
		default:
			return o, pgerr.Newf(pgerr.SyntaxError, "unrecognized EXPLAIN option \"%s\"", d.Defname)
		}
	}
	if only != "" && *timing && !o.Analyze {
		return o, pgerr.Newf(pgerr.InvalidParameterValue, "EXPLAIN option %s requires ANALYZE", only)
	}
	o.Timing, o.summary = o.Analyze, o.Analyze
	if timing != nil {
		o.Timing = *timing
	}
	if summary != nil {
		o.summary = *summary
	}
	return o, nil
}

// explainColumn is the result column of EXPLAIN.
func explainColumn(n *pg.ExplainStmt) client.Column {
	c := client.Column{Name: "QUERY PLAN", Type: types.Text, Mod: -1}
	if o, err := readExplain(n.Options); err == nil && o.json {
		c.Type = types.JSON
	}
	return c
}

// explain runs EXPLAIN.
func (s *Session) explain(ctx context.Context, sql string, n *pg.ExplainStmt) error {
	o, err := readExplain(n.Options)
	if err != nil {
		return err
	}
	node, params := n.Query, []*vector.Vector(nil)
	var paramTypes []*types.Type
	switch q := node.Node.(type) {
	case *pg.Node_ExecuteStmt:
		p, values, err := s.executing(ctx, sql, q.ExecuteStmt)
		if err != nil {
			return err
		}
		node, params, paramTypes, sql = p.statement.Node, values, p.Params, p.sql
	case *pg.Node_DeclareCursorStmt:
		node = q.DeclareCursorStmt.Query
	case *pg.Node_CreateTableAsStmt:
		if o.Analyze {
			return pgerr.Unsupported("EXPLAIN ANALYZE of CREATE TABLE AS")
		}
		node = q.CreateTableAsStmt.Query
	}
	if !isQuery(node) {
		return pgerr.Unsupported("EXPLAIN of this statement")
	}
	var actual map[plan.Node]*explain.Actual
	if o.Analyze {
		actual = map[plan.Node]*explain.Actual{}
		s.wrap = func(n plan.Node, in op.Operator) op.Operator {
			a := actual[n]
			if a == nil {
				a = &explain.Actual{}
				actual[n] = a
			}
			return &measured{in: in, actual: a, now: s.engine.Now, timing: o.Timing}
		}
		defer func() { s.wrap = nil }()
	}
	start := s.engine.Now()
	x, err := s.prepare(ctx, sql, node, paramTypes, params)
	if err != nil {
		return err
	}
	defer x.close()
	planning, running := s.engine.Now()-start, datetime.Timestamp(0)
	if o.Analyze {
		start = s.engine.Now()
		if _, err := x.fetch(0, func(*vector.Batch) error { return nil }); err != nil {
			return err
		}
		running = s.engine.Now() - start
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return err
	}
	tree := explain.Tree(x.plan, shown{s, snapshot}, o.Options, actual)
	var lines []string
	if o.json {
		lines = []string{explainJSON(tree, o, float64(planning)/1000, float64(running)/1000)}
	} else {
		lines = explain.Text(tree, o.Options)
		if o.summary {
			lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", float64(planning)/1000))
		}
		if o.summary && o.Analyze {
			lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", float64(running)/1000))
		}
	}
	column := explainColumn(n)
	if err := s.results.Columns([]client.Column{column}); err != nil {
		return err
	}
	v := vector.New(column.Type, len(lines))
	for i, l := range lines {
		v.SetString(i, l)
	}
	return s.results.Batch(&vector.Batch{N: len(lines), Cols: []*vector.Vector{v}})
}

func explainJSON(tree *explain.Node, o explainOptions, planning, running float64) string {
	var b strings.Builder
	b.WriteString("[\n  {\n    \"Plan\": ")
	b.WriteString(string(explain.JSON(tree, o.Options)))
	number := func(name string, value float64) {
		text, _ := json.Marshal(value)
		b.WriteString(",\n    \"" + name + "\": " + string(text))
	}
	if o.summary {
		number("Planning Time", planning)
	}
	if o.Analyze {
		b.WriteString(",\n    \"Triggers\": [\n    ]")
	}
	if o.summary && o.Analyze {
		number("Execution Time", running)
	}
	b.WriteString("\n  }\n]")
	return b.String()
}

// measured counts and times an operator.
type measured struct {
	in     op.Operator
	actual *explain.Actual
	now    func() datetime.Timestamp
	timing bool
	any    bool
}

func (m *measured) clock() datetime.Timestamp {
	if m.timing {
		return m.now()
	}
	return 0
}

func (m *measured) spent(since datetime.Timestamp) time.Duration {
	return time.Duration(m.clock()-since) * time.Microsecond
}

// Open begins a run.
func (m *measured) Open() error {
	m.actual.Loops++
	m.any = false
	t := m.clock()
	err := m.in.Open()
	m.actual.Total += m.spent(t)
	m.used()
	return err
}

// Next counts rows.
func (m *measured) Next(budget int) (*vector.Batch, error) {
	t := m.clock()
	b, err := m.in.Next(budget)
	m.actual.Total += m.spent(t)
	if b != nil {
		if !m.any && m.actual.Loops == 1 {
			m.actual.Startup = m.actual.Total
		}
		m.any = true
		m.actual.Rows += int64(b.Rows())
	}
	m.used()
	return b, err
}

// used notes what the run needed so far, of several runs that which needed most.
func (m *measured) used() {
	if r, ok := m.in.(op.Reporter); ok {
		if u := r.Usage(); u.Memory+u.Disk >= m.actual.Usage.Memory+m.actual.Usage.Disk {
			m.actual.Usage = u
		}
	}
}

// Close ends a run.
func (m *measured) Close() { m.in.Close() }
