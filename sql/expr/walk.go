package expr

// Children calls fn on each direct operand of e. Subqueries' plans are not
// entered; their tests are.
func Children(e Expr, fn func(Expr)) {
	Map(e, func(child Expr) Expr {
		fn(child)
		return child
	})
}

// Walk calls fn on e and everything below it, parents first; fn returns false
// to leave a node's operands out.
func Walk(e Expr, fn func(Expr) bool) {
	if e == nil || !fn(e) {
		return
	}
	Children(e, func(child Expr) { Walk(child, fn) })
}

// Map returns e with each direct operand replaced by fn's answer; e itself if
// nothing changed.
func Map(e Expr, fn func(Expr) Expr) Expr {
	switch n := e.(type) {
	case *Call:
		if args, changed := mapList(n.Args, fn); changed {
			c := *n
			c.Args = args
			return &c
		}
	case *Cast:
		arg := fn(n.Arg)
		if arg != n.Arg {
			c := *n
			c.Arg = arg
			return &c
		}
	case *And:
		if args, changed := mapList(n.Args, fn); changed {
			return &And{n.Typing, args}
		}
	case *Or:
		if args, changed := mapList(n.Args, fn); changed {
			return &Or{n.Typing, args}
		}
	case *Not:
		if arg := fn(n.Arg); arg != n.Arg {
			return &Not{n.Typing, arg}
		}
	case *IsNull:
		if arg := fn(n.Arg); arg != n.Arg {
			c := *n
			c.Arg = arg
			return &c
		}
	case *BoolTest:
		if arg := fn(n.Arg); arg != n.Arg {
			c := *n
			c.Arg = arg
			return &c
		}
	case *Case:
		c := *n
		changed := false
		if n.Arg != nil {
			c.Arg = fn(n.Arg)
			changed = c.Arg != n.Arg
		}
		c.Whens = make([]When, len(n.Whens))
		for i, w := range n.Whens {
			c.Whens[i] = When{fn(w.Cond), fn(w.Result)}
			changed = changed || c.Whens[i] != w
		}
		if c.Else = fn(n.Else); c.Else != n.Else {
			changed = true
		}
		if changed {
			return &c
		}
	case *Coalesce:
		if args, changed := mapList(n.Args, fn); changed {
			return &Coalesce{n.Typing, args}
		}
	case *MinMax:
		if args, changed := mapList(n.Args, fn); changed {
			c := *n
			c.Args = args
			return &c
		}
	case *NullIf:
		if call := mapCall(n.Call, fn); call != n.Call {
			return &NullIf{n.Typing, call}
		}
	case *Distinct:
		if call := mapCall(n.Call, fn); call != n.Call {
			return &Distinct{n.Typing, call, n.Not}
		}
	case *AnyAll:
		call, array := mapCall(n.Call, fn), fn(n.Array)
		if call != n.Call || array != n.Array {
			return &AnyAll{n.Typing, call, n.All, array}
		}
	case *Array:
		if elems, changed := mapList(n.Elems, fn); changed {
			return &Array{n.Typing, elems, n.Nested}
		}
	case *Subscript:
		c := *n
		var l, u bool
		c.Arg = fn(n.Arg)
		c.Lower, l = mapList(n.Lower, fn)
		c.Upper, u = mapList(n.Upper, fn)
		if n.Assign != nil {
			c.Assign = fn(n.Assign)
		}
		if l || u || c.Arg != n.Arg || c.Assign != n.Assign {
			return &c
		}
	case *Row:
		if fields, changed := mapList(n.Fields, fn); changed {
			c := *n
			c.Fields = fields
			return &c
		}
	case *Field:
		if arg := fn(n.Arg); arg != n.Arg {
			c := *n
			c.Arg = arg
			return &c
		}
	case *RowCompare:
		c := *n
		changed := false
		c.Calls, c.Equals = make([]*Call, len(n.Calls)), make([]*Call, len(n.Equals))
		for i := range n.Calls {
			c.Calls[i], c.Equals[i] = mapCall(n.Calls[i], fn), mapCall(n.Equals[i], fn)
			changed = changed || c.Calls[i] != n.Calls[i] || c.Equals[i] != n.Equals[i]
		}
		if changed {
			return &c
		}
	case *Subquery:
		tests, changed := mapList(n.Tests, fn)
		left, also := mapList(n.Left, fn)
		if changed || also {
			c := *n
			c.Tests, c.Left = tests, left
			return &c
		}
	case *Aggregate:
		c := *n
		var a, d, o bool
		c.Args, a = mapList(n.Args, fn)
		c.Direct, d = mapList(n.Direct, fn)
		c.Order, o = mapOrder(n.Order, fn)
		if n.Filter != nil {
			c.Filter = fn(n.Filter)
		}
		if a || d || o || c.Filter != n.Filter {
			return &c
		}
	case *Window:
		c := *n
		var a bool
		c.Args, a = mapList(n.Args, fn)
		if n.Filter != nil {
			c.Filter = fn(n.Filter)
		}
		if a || c.Filter != n.Filter {
			return &c
		}
	case *Grouping:
		if args, changed := mapList(n.Args, fn); changed {
			return &Grouping{n.Typing, args}
		}
	}
	return e
}

// Rewrite replaces nodes bottom up: fn sees each node with its operands done.
func Rewrite(e Expr, fn func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	return fn(Map(e, func(child Expr) Expr { return Rewrite(child, fn) }))
}

// RewriteDown replaces nodes top down: where fn returns a node, it stands and is
// not entered; where it returns nil, the operands are seen.
func RewriteDown(e Expr, fn func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	if r := fn(e); r != nil {
		return r
	}
	return Map(e, func(child Expr) Expr { return RewriteDown(child, fn) })
}

func mapList(list []Expr, fn func(Expr) Expr) ([]Expr, bool) {
	var out []Expr
	for i, e := range list {
		if e == nil {
			continue
		}
		if r := fn(e); r != e {
			if out == nil {
				out = append([]Expr(nil), list...)
			}
			out[i] = r
		}
	}
	if out == nil {
		return list, false
	}
	return out, true
}

func mapCall(c *Call, fn func(Expr) Expr) *Call {
	args, changed := mapList(c.Args, fn)
	if !changed {
		return c
	}
	d := *c
	d.Args = args
	return &d
}

func mapOrder(list []Order, fn func(Expr) Expr) ([]Order, bool) {
	var out []Order
	for i, o := range list {
		if r := fn(o.Expr); r != o.Expr {
			if out == nil {
				out = append([]Order(nil), list...)
			}
			out[i].Expr = r
		}
	}
	if out == nil {
		return list, false
	}
	return out, true
}

// Columns adds the columns that e mentions to set, outer references of
// subqueries included.
func Columns(e Expr, set map[ColumnID]bool) {
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Column:
			set[e.ID] = true
		case *Subquery:
			for _, id := range e.Outer {
				set[id] = true
			}
		}
		return true
	})
}
