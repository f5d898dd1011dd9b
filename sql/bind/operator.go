package bind

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// operatorName takes apart [schema.]op; a stored expression's schema is a token of
// the operator itself.
func (b *Binder) operatorName(list []*pg.Node, location int32) (string, *function.Operator, error) {
	parts := names(list)
	name := parts[len(parts)-1]
	if len(parts) == 1 {
		return name, nil, nil
	}
	if b.stored {
		if oid, ok := token(parts[0], 'o'); ok {
			return name, b.Functions.Operator(oid), nil
		}
	}
	if schema, err := b.schema(parts[len(parts)-2], location); err != nil {
		return "", nil, err
	} else if schema != types.PgCatalog {
		return "", nil, b.errorf(location, pgerr.UndefinedFunction, "operator does not exist: %s", strings.Join(parts, "."))
	}
	return name, nil, nil
}

// findOperator chooses the operator for two operands; left is nil for a prefix
// operator.
func (b *Binder) findOperator(name string, left, right *types.Type, location int32) (*function.Operator, error) {
	// An exact match, an unknown side taking the other's type.
	l, r := left, right
	if left != nil {
		if l == types.Unknown && r != types.Unknown {
			l = r
		} else if r == types.Unknown && l != types.Unknown {
			r = l
		}
	}
	if op := b.Functions.FindOperator(name, l, r); op != nil {
		return op, nil
	}
	if left != nil && (l.Kind == types.Domain || r.Kind == types.Domain) && (left == types.Unknown || right == types.Unknown) {
		if op := b.Functions.FindOperator(name, l.Root(), r.Root()); op != nil {
			return op, nil
		}
	}
	all := b.Functions.OperatorsNamed(name)
	var list []candidate
	for i, op := range all {
		switch {
		case left == nil && op.Left == nil && op.Right != nil:
			list = append(list, candidate{args: []*types.Type{op.Right}, index: i})
		case left != nil && op.Left != nil && op.Right != nil:
			list = append(list, candidate{args: []*types.Type{op.Left, op.Right}, index: i})
		}
	}
	actual := []*types.Type{right}
	if left != nil {
		actual = []*types.Type{left, right}
	}
	fit := b.fitting(list, actual)
	if len(fit) == 1 {
		return all[fit[0].index], nil
	}
	if len(fit) > 1 {
		if c := b.best(fit, actual); c != nil {
			return all[c.index], nil
		}
		e := b.errorf(location, pgerr.AmbiguousFunction, "operator is not unique: %s", b.operatorText(name, left, right))
		return nil, e.WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	e := b.errorf(location, pgerr.UndefinedFunction, "operator does not exist: %s", b.operatorText(name, left, right))
	if left == nil {
		return nil, e.WithHint("No operator matches the given name and argument type. You might need to add an explicit type cast.")
	}
	return nil, e.WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}

func (b *Binder) operatorText(name string, left, right *types.Type) string {
	if left == nil {
		return name + " " + b.typeName(right)
	}
	return b.typeName(left) + " " + name + " " + b.typeName(right)
}

// operate builds the call of an operator; left is nil for a prefix operator.
func (b *Binder) operate(q *query, name string, fixed *function.Operator, left, right expr.Expr, location int32) (*expr.Call, error) {
	op := fixed
	if op == nil {
		var lt *types.Type
		if left != nil {
			lt = left.Type()
		}
		var err error
		if op, err = b.findOperator(name, lt, right.Type(), location); err != nil {
			return nil, err
		}
	}
	if op.Func == nil {
		return nil, b.errorf(location, pgerr.UndefinedFunction, "operator is only a shell: %s", name)
	}
	if op.Func.Impl == nil {
		var lt *types.Type
		if left != nil {
			lt = op.Left
		}
		return nil, b.at(pgerr.Unsupported("operator %s", b.operatorText(name, lt, op.Right)), location)
	}
	args := []expr.Expr{right}
	declared := []*types.Type{op.Right}
	if left != nil {
		args, declared = []expr.Expr{left, right}, []*types.Type{op.Left, op.Right}
	}
	actual := make([]*types.Type, len(args))
	for i, a := range args {
		actual[i] = a.Type()
	}
	want, result, err := b.unify(declared, actual, op.Result)
	if err != nil {
		return nil, b.at(err, location)
	}
	for i := range args {
		if args[i], err = b.convert(args[i], want[i], -1, types.Implicit, location); err != nil {
			return nil, err
		}
	}
	call := &expr.Call{Typing: expr.Of(result), Func: op.Func, Args: args, Operator: op.OID, Form: expr.AsOperator}
	if err := b.collate(call, location); err != nil {
		return nil, err
	}
	b.noteCall(q, op.Func)
	return call, nil
}

// noteCall remembers what calling a function means for the query.
func (b *Binder) noteCall(q *query, fn *function.Func) {
	if fn.Volatility == function.Volatile {
		for p := q; p != nil; p = p.parent {
			p.volatile = true
		}
	}
	if fn.ReturnsSet {
		q.srf = true
	}
}

// collate derives a call's collation from its arguments (manual, 24.2): an
// explicit one wins, two different implicit ones are indeterminate, which is an
// error only where a collation is needed; the call then has none and compares by
// the default.
func (b *Binder) collate(call *expr.Call, location int32) error {
	c, err := b.combine(call.Args, location)
	if err != nil {
		return err
	}
	if c == 0 {
		return nil
	}
	call.C = c
	return nil
}

// combine finds the collation of operands that are compared or joined.
func (b *Binder) combine(args []expr.Expr, location int32) (types.OID, error) {
	var implicit, explicit types.OID
	for _, a := range args {
		c := a.Collation()
		if c == 0 {
			continue
		}
		if isExplicitCollation(a) {
			if explicit != 0 && explicit != c {
				return 0, b.errorf(location, pgerr.CollationMismatch, "collation mismatch between explicit collations \"%s\" and \"%s\"",
					b.collationName(explicit), b.collationName(c))
			}
			explicit = c
			continue
		}
		switch {
		case implicit == 0 || implicit == types.DefaultCollation:
			implicit = c
		case c != types.DefaultCollation && c != implicit:
			// A conflict of implicit collations: left to the default here.
			implicit = types.DefaultCollation
		}
	}
	if explicit != 0 {
		return explicit, nil
	}
	return implicit, nil
}

// isExplicitCollation tells whether e's collation was written with COLLATE, at
// the top or in an argument.
func isExplicitCollation(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Cast); ok && c.Form == expr.AsSQL {
			found = true
		}
		_, sub := e.(*expr.Subquery)
		return !found && !sub
	})
	return found
}
