package explain

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Text prints a tree as lines.
func Text(root *Node, o Options) []string {
	t := &text{options: o}
	t.node(root, 0, true)
	return t.lines
}

type text struct {
	options Options
	lines   []string
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// perLoop is an average over a node's runs.
func perLoop(total int64, loops int64) float64 {
	if loops == 0 {
		return 0
	}
	return math.Round(float64(total) / float64(loops))
}

func (t *text) node(n *Node, indent int, root bool) {
	if n.Label != "" {
		t.lines = append(t.lines, strings.Repeat(" ", indent)+n.Label)
		indent += 2
	}
	head := strings.Repeat(" ", indent)
	if !root {
		head += "->  "
		indent += 4
	}
	line := head + n.Type
	if t.options.Costs {
		line += fmt.Sprintf("  (cost=%.2f..%.2f rows=%.0f width=%d)", n.Est.Startup, n.Est.Total, n.Est.Rows, n.Est.Width)
	}
	if a := n.Actual; a != nil {
		switch {
		case a.Loops == 0:
			line += " (never executed)"
		case t.options.Timing:
			line += fmt.Sprintf(" (actual time=%.3f..%.3f rows=%.0f loops=%d)", ms(a.Startup), ms(a.Total)/float64(a.Loops), perLoop(a.Rows, a.Loops), a.Loops)
		default:
			line += fmt.Sprintf(" (actual rows=%.0f loops=%d)", perLoop(a.Rows, a.Loops), a.Loops)
		}
	}
	t.lines = append(t.lines, line)
	for _, p := range n.Props {
		switch {
		case p.Name == "":
			t.lines = append(t.lines, strings.Repeat(" ", indent+2)+p.text)
		case p.text != "":
			t.lines = append(t.lines, strings.Repeat(" ", indent+2)+p.Name+": "+p.text)
		}
	}
	for _, c := range n.Children {
		t.node(c, indent+2, false)
	}
}
