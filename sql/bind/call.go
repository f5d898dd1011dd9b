package bind

import (
	"datapunk/types/format"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// call binds f(…): a function, an aggregate, a window function, a cast in
// functional notation, or a field of a row.
func (b *Binder) call(s *scope, n *pg.FuncCall) (expr.Expr, error) {
	parts := names(n.Funcname)
	if b.stored && len(parts) == 1 {
		if e, ok, err := b.storedCast(s, parts[0], n); ok || err != nil {
			return e, err
		}
	}
	q := s.q
	noted := len(b.noted)
	var args []expr.Expr
	var argNames []string
	for _, a := range n.Args {
		name := ""
		if named := a.GetNamedArgExpr(); named != nil {
			name, a = named.Name, named.Arg
		} else if len(argNames) > 0 && argNames[len(argNames)-1] != "" {
			return nil, b.errorf(n.Location, pgerr.SyntaxError, "positional argument cannot follow named argument")
		}
		e, err := b.expr(s, a)
		if err != nil {
			return nil, err
		}
		args, argNames = append(args, e), append(argNames, name)
	}
	// WITHIN GROUP: the sort keys are the aggregated arguments.
	var within []expr.Order
	direct := len(args)
	if n.AggWithinGroup {
		var err error
		if within, err = b.orderList(s, n.AggOrder, inOrder); err != nil {
			return nil, err
		}
		for _, o := range within {
			args, argNames = append(args, o.Expr), append(argNames, "")
		}
	}
	// f(row) may mean a field.
	if len(parts) == 1 && len(args) == 1 && !n.AggStar && !n.AggDistinct && n.Over == nil && n.AggOrder == nil && n.AggFilter == nil {
		if t := args[0].Type(); t.Kind == types.Composite {
			for i, f := range t.Fields {
				if f.Name == parts[0] {
					return &expr.Field{Typing: expr.Typing{T: f.Type, M: f.Mod, C: f.Type.Collation}, Arg: args[0], Index: i, Name: f.Name}, nil
				}
			}
		}
	}
	fn, fit, err := b.findFunction(s, parts, args, argNames, n, direct)
	if err != nil {
		return nil, err
	}
	if fn == nil { // a cast in functional notation
		t, err := b.findType(parts, n.Location)
		if err != nil {
			return nil, err
		}
		return b.coerce(args[0], t, -1, types.Explicit, n.Location)
	}
	args, declared, variadic, err := b.arrange(fn, fit, args, n)
	if err != nil {
		return nil, err
	}
	actual := make([]*types.Type, len(args))
	for i, a := range args {
		actual[i] = a.Type()
	}
	want, result, err := b.unify(declared, actual, fn.Return)
	if err != nil {
		return nil, b.at(err, n.Location)
	}
	for i := range args {
		if i < len(want) && want[i] != types.Any {
			if args[i], err = b.convert(args[i], want[i], -1, types.Implicit, n.Location); err != nil {
				return nil, err
			}
		}
	}
	if fit.spread && want[len(want)-1] != types.Any {
		args, err = b.gather(fn, args, want, fit.extra, n.Location)
		if err != nil {
			return nil, err
		}
	}
	if err := b.supported(fn); err != nil {
		return nil, b.at(err, n.Location)
	}
	b.noteCall(q, fn)
	typing := expr.Of(result)
	switch {
	case n.Over != nil:
		return b.windowCall(s, n, fn, args, typing)
	case fn.Kind == function.Aggregate:
		return b.aggregateCall(s, n, fn, args, typing, within, variadic, noted)
	}
	name := fn.Name
	switch {
	case fn.Kind == function.Window:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "window function %s requires an OVER clause", name)
	case n.AggStar:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", name, name)
	case n.AggDistinct:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "DISTINCT specified, but %s is not an aggregate function", name)
	case n.AggWithinGroup:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "WITHIN GROUP specified, but %s is not an aggregate function", name)
	case n.AggOrder != nil:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "ORDER BY specified, but %s is not an aggregate function", name)
	case n.AggFilter != nil:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "FILTER specified, but %s is not an aggregate function", name)
	case fn.Kind == function.Procedure:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "%s is a procedure", name).WithHint("To call a procedure, use CALL.")
	}
	if fn.ReturnsSet {
		if err := b.checkSet(q, n.Location); err != nil {
			return nil, err
		}
	}
	call := &expr.Call{Typing: typing, Func: fn, Args: args, Variadic: variadic, Position: b.position(n.Location)}
	if n.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX {
		call.Form = expr.AsSQL
	}
	if b.stored {
		b.storedForm(call, parts[0])
	}
	if err := b.collate(call, n.Location); err != nil {
		return nil, err
	}
	return call, nil
}

// findFunction chooses among the functions of a name; nil without error means
// that the name is a type's and the call a cast.
func (b *Binder) findFunction(s *scope, parts []string, args []expr.Expr, argNames []string, n *pg.FuncCall, direct int) (*function.Func, candidate, error) {
	name := parts[len(parts)-1]
	var all []*function.Func
	switch {
	case b.stored && len(parts) == 1:
		if oid, _, ok := callToken(name); ok {
			fn := b.Functions.Func(oid)
			if fn == nil {
				return nil, candidate{}, pgerr.Internal("stored expression calls function %d, which is gone", oid)
			}
			all = []*function.Func{fn}
		}
	case len(parts) > 1:
		schema, err := b.schema(parts[len(parts)-2], n.Location)
		if err != nil {
			return nil, candidate{}, err
		}
		all = b.Functions.NamedIn(schema, name)
	}
	if all == nil && len(parts) == 1 {
		for _, schema := range b.SearchPath {
			if all = b.Functions.NamedIn(schema, name); all != nil {
				break
			}
		}
	}
	actual := make([]*types.Type, len(args))
	for i, a := range args {
		actual[i] = a.Type()
	}
	var list []candidate
	for i, fn := range all {
		if c, ok := applicable(fn, argNames, n.FuncVariadic); ok {
			c.index = i
			list = append(list, c)
		}
	}
	list = preferPlain(list)
	// An exact match.
	for _, c := range list {
		exact := c.order == nil
		for i := range c.args {
			exact = exact && c.args[i] == actual[c.argument(i)]
		}
		if exact {
			return all[c.index], c, nil
		}
	}
	// A cast in functional notation.
	if len(args) == 1 && argNames[0] == "" && !n.AggStar && !n.AggDistinct && n.Over == nil && n.AggOrder == nil {
		if t, err := b.findType(parts, n.Location); err == nil && !t.IsArray() {
			source := actual[0]
			cast := source == types.Unknown
			if !cast {
				p, _ := b.findPath(source, t, types.Explicit)
				cast = p == relabel || (p == byIO && !(source.Kind == types.Composite || source == types.Record) || t.Category != 'S' && p == byIO)
			}
			if cast {
				return nil, candidate{}, nil
			}
		}
	}
	fit := b.fitting(list, actual)
	if len(fit) == 1 {
		return all[fit[0].index], fit[0], nil
	}
	text := b.callText(parts, actual, argNames, n.AggStar, n.AggOrder != nil && n.AggWithinGroup, direct)
	if len(fit) > 1 {
		if c := b.best(fit, actual); c != nil {
			return all[c.index], *c, nil
		}
		return nil, candidate{}, b.errorf(n.Location, pgerr.AmbiguousFunction, "function %s is not unique", text).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	e := b.errorf(n.Location, pgerr.UndefinedFunction, "function %s does not exist", text)
	if n.AggWithinGroup || len(n.AggOrder) > 0 && len(list) > 0 {
		return nil, candidate{}, e.WithHint("No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.")
	}
	return nil, candidate{}, e.WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// applicable tells whether a function can take so many arguments, and how.
func applicable(fn *function.Func, argNames []string, variadicCall bool) (candidate, bool) {
	n := len(argNames)
	positional := 0
	for positional < n && argNames[positional] == "" {
		positional++
	}
	if positional < n { // named notation
		if fn.Variadic != nil && !variadicCall {
			return candidate{}, false
		}
		order := make([]int, len(fn.Args))
		for i := range order {
			order[i] = -1
			if i < positional {
				order[i] = i
			}
		}
		for i := positional; i < n; i++ {
			p := inputNamed(fn, argNames[i])
			if p < 0 || p >= len(order) || order[p] >= 0 {
				return candidate{}, false
			}
			order[p] = i
		}
		c := candidate{}
		for p, a := range order {
			if a < 0 {
				if p < len(fn.Args)-len(fn.Defaults) {
					return candidate{}, false
				}
				c.fill++
				continue
			}
			c.args = append(c.args, fn.Args[p])
			c.order = append(c.order, a)
		}
		if len(c.args) != n {
			return candidate{}, false
		}
		// The parameters given, in order of parameters; arrange puts defaults between.
		return c, true
	}
	switch {
	case n == len(fn.Args) && (fn.Variadic == nil || variadicCall || fn.Variadic == types.Any):
		if variadicCall && fn.Variadic == nil {
			return candidate{}, false
		}
		return candidate{args: fn.Args, spread: fn.Variadic == types.Any && !variadicCall, extra: 1}, true
	case fn.Variadic != nil && !variadicCall && n >= len(fn.Args):
		args := append([]*types.Type(nil), fn.Args[:len(fn.Args)-1]...)
		extra := n - len(args)
		for range extra {
			args = append(args, fn.Variadic)
		}
		return candidate{args: args, spread: true, extra: extra}, true
	case n < len(fn.Args) && n >= len(fn.Args)-len(fn.Defaults):
		return candidate{args: fn.Args[:n], fill: len(fn.Args) - n}, true
	}
	return candidate{}, false
}

// inputNamed is the place of an input parameter by name, or -1.
func inputNamed(fn *function.Func, name string) int {
	place := 0
	for i, n := range fn.ArgNames {
		mode := byte('i')
		if fn.Modes != "" {
			mode = fn.Modes[i]
		}
		if mode == 'o' || mode == 't' {
			continue
		}
		if n == name {
			return place
		}
		place++
	}
	return -1
}

// preferPlain drops variadic candidates where one without spreading has the same
// argument types.
func preferPlain(list []candidate) []candidate {
	var kept []candidate
next:
	for i, c := range list {
		if c.spread {
			for k, d := range list {
				if k != i && !d.spread && sameTypes(c.args, d.args) {
					continue next
				}
			}
		}
		kept = append(kept, c)
	}
	return kept
}

func sameTypes(a, c []*types.Type) bool {
	if len(a) != len(c) {
		return false
	}
	for i := range a {
		if a[i] != c[i] {
			return false
		}
	}
	return true
}

// arrange puts the arguments in the order of the parameters and adds defaults.
func (b *Binder) arrange(fn *function.Func, c candidate, args []expr.Expr, n *pg.FuncCall) ([]expr.Expr, []*types.Type, bool, error) {
	declared := c.args
	if c.order != nil || c.fill > 0 {
		given := make([]expr.Expr, len(fn.Args))
		if c.order == nil {
			copy(given, args)
		} else {
			for i, a := range c.order {
				for p := range fn.Args {
					if given[p] == nil && fn.Args[p] == c.args[i] && b.paramIs(fn, p, c, i, n) {
						given[p] = args[a]
						break
					}
				}
			}
		}
		for p := range given {
			if given[p] != nil {
				continue
			}
			text := fn.Defaults[p-(len(fn.Args)-len(fn.Defaults))]
			e, err := b.systemExpr(text)
			if err != nil {
				return nil, nil, false, err
			}
			given[p] = e
		}
		args, declared = given, fn.Args
	}
	return args, declared, n.FuncVariadic, nil
}

// paramIs tells whether the i-th given argument of named notation belongs to
// parameter p.
func (b *Binder) paramIs(fn *function.Func, p int, c candidate, i int, n *pg.FuncCall) bool {
	a := c.order[i]
	if named := n.Args[a].GetNamedArgExpr(); named != nil {
		return inputNamed(fn, named.Name) == p
	}
	return a == p
}

// gather makes an array of the spread arguments of a variadic function.
func (b *Binder) gather(fn *function.Func, args []expr.Expr, want []*types.Type, extra int, location int32) ([]expr.Expr, error) {
	fixed := len(args) - extra
	elem := want[fixed]
	array := b.Catalog.Type(elem.Array)
	if array == nil {
		return nil, b.errorf(location, pgerr.UndefinedObject, "could not find array type for data type %s", b.typeName(elem))
	}
	a := &expr.Array{Typing: expr.Of(array), Elems: args[fixed:]}
	c, err := b.combine(a.Elems, location)
	if err != nil {
		return nil, err
	}
	if c != 0 {
		a.C = c
	}
	return append(args[:fixed:fixed], a), nil
}

// callText prints a call as errors do: name(types).
func (b *Binder) callText(parts []string, args []*types.Type, argNames []string, star, within bool, direct int) string {
	var list []string
	if star {
		list = append(list, "*")
	}
	for i, t := range args {
		text := b.typeName(t)
		if argNames[i] != "" {
			text = format.QuoteIdent(argNames[i]) + " => " + text
		}
		list = append(list, text)
	}
	return strings.Join(parts, ".") + "(" + strings.Join(list, ", ") + ")"
}

// checkSet refuses set-returning functions where they may not stand.
func (b *Binder) checkSet(q *query, location int32) error {
	switch q.clause {
	case inTargets, inFunctionFrom, inOrder, inGroup, inDistinct, inReturning, inInsertTarget:
		if q.clause == inReturning {
			break
		}
		return nil
	case inValues:
		if q.out.Command == 0 {
			return b.errorf(location, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", clauseNames[q.clause])
		}
	}
	return b.errorf(location, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", clauseNames[q.clause])
}

// aggregateCall builds an aggregate; noted is how many outer columns were noted before
// its arguments.
func (b *Binder) aggregateCall(s *scope, n *pg.FuncCall, fn *function.Func, args []expr.Expr, typing expr.Typing, within []expr.Order, variadic bool, noted int) (expr.Expr, error) {
	q := s.q
	name := fn.Name
	switch {
	case len(args) == 0 && !n.AggStar:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", name)
	case n.AggDistinct && n.AggWithinGroup:
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "cannot use DISTINCT with WITHIN GROUP")
	case fn.Agg.Kind != 'n' && !n.AggWithinGroup:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", name)
	case fn.Agg.Kind == 'n' && n.AggWithinGroup:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
	}
	if q.inAgg {
		return nil, b.errorf(n.Location, pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
	agg := &expr.Aggregate{Typing: typing, Func: fn, Args: args, Star: n.AggStar, Distinct: n.AggDistinct, Variadic: variadic, Position: n.Location + 1}
	if fn.Agg.Kind != 'n' {
		agg.Direct, agg.Args = args[:len(n.Args)], args[len(n.Args):]
		agg.Order = within
		for i := range agg.Order {
			agg.Order[i].Expr = agg.Args[i]
			less, equal, err := b.ordering(agg.Args[i].Type(), agg.Order[i].Desc, n.Location)
			if err != nil {
				return nil, err
			}
			agg.Order[i].Less, agg.Order[i].Equal = less, equal
		}
	} else if len(n.AggOrder) > 0 {
		order, err := b.orderList(s, n.AggOrder, inOrder)
		if err != nil {
			return nil, err
		}
		agg.Order = order
		if n.AggDistinct {
			for k, o := range order {
				found := false
				for _, a := range args {
					// An implicit cast of the argument is looked through.
					bare := a
					if c, ok := a.(*expr.Cast); ok && c.Form == expr.Implied && c.Method == expr.Relabel {
						bare = c.Arg
					}
					if expr.Equal(o.Expr, a) || expr.Equal(o.Expr, bare) {
						found, order[k].Expr = true, a
						break
					}
				}
				if !found {
					return nil, b.errorf(n.Location, pgerr.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
				}
			}
		}
	}
	if n.AggFilter != nil {
		saved := q.clause
		q.clause = inFilter
		f, err := b.expr(s, n.AggFilter)
		q.clause = saved
		if err != nil {
			return nil, err
		}
		if agg.Filter, err = b.toBool(f, "FILTER", n.Location); err != nil {
			return nil, err
		}
	}
	if n.AggDistinct {
		for _, a := range agg.Args {
			if _, _, err := b.ordering(a.Type(), false, n.Location); err != nil {
				return nil, b.errorf(n.Location, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", b.typeName(a.Type()))
			}
		}
	}
	c, err := b.combine(args, n.Location)
	if err != nil {
		return nil, err
	}
	if c != 0 {
		agg.C = c
	}
	// The aggregate belongs to the innermost query whose columns it mentions.
	owner := q
	if columns := b.queriesOf(append(append([]expr.Expr(nil), agg.Args...), agg.Filter)); len(columns) > 0 {
		owner = nil
		for _, c := range columns {
			if owner == nil || c.depth > owner.depth {
				owner = c
			}
		}
	}
	var nested *expr.Aggregate
	for _, a := range append(agg.Args[:len(agg.Args):len(agg.Args)], agg.Filter) {
		expr.Walk(a, func(e expr.Expr) bool {
			inner, ok := e.(*expr.Aggregate)
			if c, is := e.(*expr.Column); is {
				inner = owner.outward(c.ID)
				ok = inner != nil
			} else {
				ok = ok && owner == q
			}
			if ok && nested == nil {
				nested = inner
			}
			return true
		})
	}
	if nested != nil {
		return nil, b.errorf(nested.Position-1, pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
	for _, a := range agg.Args {
		w := false
		expr.Walk(a, func(e expr.Expr) bool {
			if _, ok := e.(*expr.Window); ok {
				w = true
			}
			return true
		})
		if w {
			return nil, b.errorf(n.Location, pgerr.GroupingError, "aggregate function calls cannot contain window function calls")
		}
		if hasSet(a) {
			return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
		}
	}
	if err := b.checkAggregate(owner, n.Location, "aggregate functions"); err != nil {
		return nil, err
	}
	owner.aggregates = true
	if owner != q {
		return b.outward(s, owner, agg, noted), nil
	}
	return agg, nil
}

// outward makes an aggregate of a query around s a column of it. Only the owner needs
// the columns of the aggregate's arguments.
func (b *Binder) outward(s *scope, owner *query, agg *expr.Aggregate, noted int) expr.Expr {
	kept := b.noted[:noted]
	for _, n := range b.noted[noted:] {
		if n.q.depth > owner.depth {
			delete(n.q.outer, n.id)
			delete(b.outerAt, n.id)
		} else {
			kept = append(kept, n)
		}
	}
	b.noted = kept
	var id expr.ColumnID
	for _, o := range owner.out.Outward {
		if expr.Equal(o.Aggregate, agg) {
			id = o.ID
		}
	}
	if id == 0 {
		id = b.newColumn(owner)
		owner.out.Outward = append(owner.out.Outward, logical.Outward{ID: id, Aggregate: agg})
	}
	c := &expr.Column{Typing: agg.Typing, ID: id, Name: agg.Func.Name}
	b.noteOuter(c, s)
	return c
}

// checkAggregate refuses aggregates where they may not stand.
func (b *Binder) checkAggregate(q *query, location int32, what string) error {
	switch q.clause {
	case inTargets, inHaving, inOrder, inDistinct, inWindowPartition, inWindowOrder, inWindowFrame:
		return nil
	case inFrom:
		return b.errorf(location, pgerr.GroupingError, "%s are not allowed in FROM clause of their own query level", what)
	}
	return b.errorf(location, pgerr.GroupingError, "%s are not allowed in %s", what, clauseNames[q.clause])
}

// queriesOf lists the queries whose columns the expressions mention.
func (b *Binder) queriesOf(list []expr.Expr) []*query {
	var out []*query
	for _, e := range list {
		set := map[expr.ColumnID]bool{}
		expr.Columns(e, set)
		for id := range set {
			if q := b.home[id]; q != nil {
				out = append(out, q)
			}
		}
	}
	return out
}

func (b *Binder) position(location int32) int {
	if b.stored || b.viewDepth > 0 || location < 0 {
		return 0
	}
	return int(location) + 1
}

// callToken reads the token of a stored function call and the form it tells.
func callToken(name string) (types.OID, expr.Form, bool) {
	for kind, form := range map[byte]expr.Form{'f': expr.AsCall, 'x': expr.AsCast, 'i': expr.Implied, 'q': expr.AsSQL} {
		if oid, ok := token(name, kind); ok {
			return oid, form, true
		}
	}
	return 0, 0, false
}

// storedForm gives a call back the form, and a cast the typmod, it was stored with.
func (b *Binder) storedForm(call *expr.Call, name string) {
	_, form, ok := callToken(name)
	if !ok {
		return
	}
	call.Form = form
	if (form == expr.AsCast || form == expr.Implied) && len(call.Args) > 1 {
		if c, ok := call.Args[1].(*expr.Const); ok && c.T == types.Int4 && !c.Value.Null(0) {
			call.M = vector.Of[int32](c.Value)[0]
		}
	}
}

// storedCast binds a cast of a stored expression, "@e25"(x) or "@j25"(x, typmod).
func (b *Binder) storedCast(s *scope, name string, n *pg.FuncCall) (expr.Expr, bool, error) {
	form := expr.AsCast
	oid, ok := token(name, 'e')
	if !ok {
		if oid, ok = token(name, 'j'); !ok {
			return nil, false, nil
		}
		form = expr.Implied
	}
	t := b.Catalog.Type(oid)
	if t == nil || len(n.Args) == 0 {
		return nil, true, pgerr.Internal("stored expression names type %d, which is gone", oid)
	}
	e, err := b.expr(s, n.Args[0])
	if err != nil {
		return nil, true, err
	}
	mod := int32(-1)
	if len(n.Args) == 2 {
		mod = n.Args[1].GetAConst().GetIval().GetIval()
	}
	out, err := b.coerce(e, t, mod, types.Explicit, -1)
	if err != nil {
		return nil, true, err
	}
	switch c := out.(type) {
	case *expr.Cast:
		c.Form, c.Explicit = form, form == expr.AsCast
		if mod >= 0 {
			c.M = mod
		}
	case *expr.Call:
		c.Form = form
	}
	if out == e && mod >= 0 {
		out = retyped(e, mod)
	}
	return out, true, nil
}
