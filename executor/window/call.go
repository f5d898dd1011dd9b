package window

import (
	"datapunk/executor/spill"
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

// call is one window function or aggregate, and the partition as it sees it.
type call struct {
	w     *Window
	node  *expr.Window
	first int // column of its first argument
	site  function.Call
	run   function.Windower
	other *spill.Cursor // on rows outside of the current block
}

func newCall(w *Window, n *expr.Window, first int) (*call, error) {
	c := &call{w: w, node: n, first: first}
	c.site = function.Call{Func: n.Func, Return: n.T, Mod: n.M, Collation: n.C, Env: w.env.Env.Env}
	for _, a := range n.Args {
		c.site.Args = append(c.site.Args, a.Type())
	}
	var err error
	switch impl := n.Func.Impl; {
	case impl != nil && impl.Window != nil:
		c.run, err = impl.Window(&c.site)
	case impl != nil && impl.Agg != nil:
		c.run = &aggregate{call: c}
	default:
		err = pgerr.Unsupported("window function %s", n.Func.Name)
	}
	return c, err
}

func (c *call) open(w *Window) {
	c.other = w.cursor()
	if a, ok := c.run.(*aggregate); ok {
		a.entering, a.leaving = w.cursor(), w.cursor()
	}
}

// Len is the number of rows of the partition.
func (c *call) Len() int { return c.w.rows.Len() }

// Args are the arguments of a row.
func (c *call) Args(row int) ([]*vector.Vector, int, error) {
	at := c.w.current
	if row < at.First || row >= at.End {
		at = c.other
	}
	place, err := at.At(row)
	if err != nil {
		return nil, 0, err
	}
	return c.args(at), place, nil
}

// args are the columns of the arguments in a cursor's block.
func (c *call) args(at *spill.Cursor) []*vector.Vector {
	return at.Block.Cols[c.first : c.first+len(c.node.Args)]
}
