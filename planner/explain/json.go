package explain

import (
	"encoding/json"
	"math"
	"strings"
)

// JSON is a tree in the form of EXPLAIN (FORMAT JSON): the object under "Plan".
func JSON(n *Node, o Options) json.RawMessage {
	var b strings.Builder
	write(&b, n, o, 2)
	return json.RawMessage(b.String())
}

// write prints an object with its keys in PostgreSQL's order, which a map would lose.
func write(b *strings.Builder, n *Node, o Options, depth int) {
	in := strings.Repeat("  ", depth)
	first := true
	put := func(name string, value any) {
		if !first {
			b.WriteString(",")
		}
		first = false
		b.WriteString("\n" + in + `  "` + name + `": `)
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(value) != nil {
			text.WriteString("null")
		}
		b.WriteString(strings.TrimSuffix(text.String(), "\n"))
	}
	b.WriteString("{")
	put(n.Fields[0].Name, n.Fields[0].Value)
	if n.Relation != "" {
		put("Parent Relationship", n.Relation)
	}
	if n.Label != "" {
		put("Subplan Name", n.Label)
	}
	put("Parallel Aware", false)
	put("Async Capable", false)
	for _, f := range n.Fields[1:] {
		put(f.Name, f.Value)
	}
	round := func(x float64) float64 { return math.Round(x*100) / 100 }
	if o.Costs {
		put("Startup Cost", round(n.Est.Startup))
		put("Total Cost", round(n.Est.Total))
		put("Plan Rows", math.Round(n.Est.Rows))
		put("Plan Width", n.Est.Width)
	}
	if a := n.Actual; a != nil {
		loops := float64(max(a.Loops, 1))
		if o.Timing {
			put("Actual Startup Time", math.Round(ms(a.Startup)*1000)/1000)
			put("Actual Total Time", math.Round(ms(a.Total)/loops*1000)/1000)
		}
		put("Actual Rows", perLoop(a.Rows, a.Loops))
		put("Actual Loops", a.Loops)
	}
	for _, p := range n.Props {
		if p.Name != "" {
			put(p.Name, p.Value)
		}
	}
	if len(n.Children) > 0 {
		b.WriteString(",\n" + in + `  "Plans": [`)
		for i, c := range n.Children {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n" + in + "    ")
			write(b, c, o, depth+2)
		}
		b.WriteString("\n" + in + "  ]")
	}
	b.WriteString("\n" + in + "}")
}
