package bind

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// path is how one type becomes another (PostgreSQL's find_coercion_pathway).
type path uint8

const (
	noPath path = iota
	relabel
	byFunction
	byIO
	byElement
)

// contextRank orders the cast contexts.
func contextRank(c types.CastContext) int {
	switch c {
	case types.Implicit:
		return 0
	case types.Assignment:
		return 1
	}
	return 2
}

// findPath looks for a cast from source to target that the context allows.
func (b *Binder) findPath(source, target *types.Type, context types.CastContext) (path, *function.Func) {
	source, target = source.Root(), target.Root()
	if source == target {
		return relabel, nil
	}
	if c := types.FindCast(source.OID, target.OID); c != nil {
		if contextRank(context) < contextRank(c.Context) {
			return noPath, nil
		}
		switch c.Method {
		case types.ByFunction:
			return byFunction, b.Functions.Func(c.Func)
		case types.ByIO:
			return byIO, nil
		}
		return relabel, nil
	}
	if target.IsArray() && source.IsArray() && !target.IsVector() {
		p, fn := b.findPath(source.Elem, target.Elem, context)
		switch p {
		case noPath:
		case byIO:
			return byIO, nil
		default:
			return byElement, fn
		}
	}
	if context != types.Implicit && target.Category == 'S' && (source.Kind != types.Pseudo || source == types.AnyArray) {
		return byIO, nil
	}
	if context == types.Explicit && source.Category == 'S' && target.Kind != types.Pseudo {
		return byIO, nil
	}
	// Enumerations and composites reach text through their I/O functions, and
	// records are compared as they are.
	if source.Kind == types.Composite && target == types.Record {
		return relabel, nil
	}
	return noPath, nil
}

// canCoerce tells whether values of one type may stand where another is wanted.
func (b *Binder) canCoerce(source, target *types.Type, context types.CastContext) bool {
	switch {
	case source == target, target == types.Any, source == types.Unknown, target.Polymorphic():
		return true
	case source == types.Record && target.Kind == types.Composite, source.Kind == types.Composite && target == types.Record:
		return true
	}
	p, _ := b.findPath(source, target, context)
	return p != noPath
}

// Coerce converts e to a type and typmod, or fails with PostgreSQL's 42804/42846.
// A nil result without error does not occur.
func (b *Binder) coerce(e expr.Expr, target *types.Type, mod int32, context types.CastContext, location int32) (expr.Expr, error) {
	if !b.canCoerce(e.Type(), target, context) {
		return nil, b.errorf(location, pgerr.CannotCoerce, "cannot cast type %s to %s", b.typeName(e.Type()), b.typeName(target))
	}
	r, err := b.convert(e, target, mod, context, location)
	if err != nil {
		return nil, err
	}
	out, err := b.applyMod(r, target, mod, context)
	if err == nil && out != r && r != e {
		hide(r) // one cast was written: x::varchar(5)
	}
	return out, err
}

// hide makes the cast to a type, below that to its typmod, one that is not printed.
func hide(e expr.Expr) {
	switch c := e.(type) {
	case *expr.Cast:
		c.Form = expr.Implied
	case *expr.Call:
		if c.Form == expr.AsCast {
			c.Form = expr.Implied
		}
	}
}

// convert does the cast to the type; only interval looks at the typmod here.
func (b *Binder) convert(e expr.Expr, target *types.Type, mod int32, context types.CastContext, location int32) (expr.Expr, error) {
	source := e.Type()
	if source == target {
		return e, nil
	}
	if target == types.Any || target.Polymorphic() {
		// The value stays as it is; a domain over an array is seen as its array.
		if (target == types.AnyArray || target == types.AnyCompatibleArray) && source.Kind == types.Domain {
			return &expr.Cast{Typing: expr.Of(source.Root()), Arg: e, Method: expr.Relabel, Form: expr.Implied}, nil
		}
		return e, nil
	}
	if source == types.Unknown {
		switch n := e.(type) {
		case *expr.Const:
			return b.readLiteral(n, target, mod, location)
		case *expr.Param:
			return b.typeParam(n, target, location)
		}
		// Text of unknown origin, such as a column of a subquery.
		return &expr.Cast{Typing: expr.Of(target), Arg: e, Method: expr.ByIO, Form: formOf(context)}, nil
	}
	if p, ok := e.(*expr.Param); ok && p.N <= len(b.params) && b.params[p.N-1] == types.Unknown {
		return b.typeParam(p, target, location)
	}
	typing := expr.Of(target)
	if typing.C != 0 && e.Collation() != 0 {
		typing.C = e.Collation()
	}
	if target.Kind == types.Domain {
		base, err := b.coerce(e, target.Base, target.BaseMod, context, location)
		if err != nil {
			return nil, err
		}
		return &expr.Cast{Typing: typing, Arg: base, Method: expr.ToDomain, Explicit: context == types.Explicit, Form: formOf(context)}, nil
	}
	p, fn := b.findPath(source, target, context)
	switch p {
	case relabel:
		if source.Kind == types.Domain && source.Root() == target {
			return &expr.Cast{Typing: typing, Arg: e, Method: expr.Relabel, Explicit: context == types.Explicit, Form: formOf(context)}, nil
		}
		if target == types.Record {
			return e, nil
		}
		return &expr.Cast{Typing: typing, Arg: e, Method: expr.Relabel, Explicit: context == types.Explicit, Form: formOf(context)}, nil
	case byFunction:
		return b.castCall(fn, e, typing, mod, context)
	case byIO:
		return &expr.Cast{Typing: typing, Arg: e, Method: expr.ByIO, Explicit: context == types.Explicit, Form: formOf(context)}, nil
	case byElement:
		value := &expr.CaseValue{Typing: expr.Of(source.Root().Elem)}
		elem, err := b.coerce(value, target.Elem, mod, context, location)
		if err != nil {
			return nil, err
		}
		return &expr.Cast{Typing: expr.Typing{T: target, M: mod, C: typing.C}, Arg: e, Method: expr.ByElement, Elem: elem,
			Explicit: context == types.Explicit, Form: formOf(context)}, nil
	}
	if source == types.Record || source.Kind == types.Composite {
		if r, ok := e.(*expr.Row); ok && target.Kind == types.Composite {
			return b.rowToComposite(r, target, context, location)
		}
		return &expr.Cast{Typing: typing, Arg: e, Method: expr.ToRow, Explicit: context == types.Explicit, Form: formOf(context)}, nil
	}
	return nil, pgerr.Internal("no conversion from %s to %s", source.Name, target.Name)
}

// rowToComposite gives each field of ROW(…) the attribute's type.
func (b *Binder) rowToComposite(r *expr.Row, target *types.Type, context types.CastContext, location int32) (expr.Expr, error) {
	if len(r.Fields) != len(target.Fields) {
		e := b.errorf(location, pgerr.CannotCoerce, "cannot cast type record to %s", b.typeName(target))
		if len(r.Fields) < len(target.Fields) {
			return nil, e.WithDetail("Input has too few columns.")
		}
		return nil, e.WithDetail("Input has too many columns.")
	}
	out := &expr.Row{Typing: expr.Of(target), Form: formOf(context)}
	for i, f := range r.Fields {
		c, err := b.coerce(f, target.Fields[i].Type, target.Fields[i].Mod, context, location)
		if err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, c)
		out.Names = append(out.Names, target.Fields[i].Name)
	}
	return out, nil
}

// castCall calls a cast function, which may take a typmod and whether the cast is
// explicit as well.
func (b *Binder) castCall(fn *function.Func, e expr.Expr, typing expr.Typing, mod int32, context types.CastContext) (expr.Expr, error) {
	if err := b.supported(fn); err != nil {
		return nil, err
	}
	arg := e
	if want := fn.Args[0]; arg.Type() != want {
		var err error
		if arg, err = b.convert(arg, want, -1, types.Implicit, -1); err != nil {
			return nil, err
		}
	}
	args := []expr.Expr{arg}
	if len(fn.Args) > 1 {
		args = append(args, expr.NewConst(types.Int4, mod))
	}
	if len(fn.Args) > 2 {
		args = append(args, expr.NewConst(types.BoolType, context == types.Explicit))
	}
	if len(fn.Args) > 1 {
		typing.M = mod
	}
	return &expr.Call{Typing: typing, Func: fn, Args: args, Form: formOf(context)}, nil
}

// applyMod brings a value to a typmod (PostgreSQL's coerce_type_typmod).
func (b *Binder) applyMod(e expr.Expr, target *types.Type, mod int32, context types.CastContext) (expr.Expr, error) {
	if mod < 0 || e.Mod() == mod || target.Kind == types.Domain {
		return e, nil
	}
	elem := target
	if target.IsArray() {
		elem = target.Elem
	}
	c := types.FindCast(elem.OID, elem.OID)
	if c == nil {
		return retyped(e, mod), nil
	}
	fn := b.Functions.Func(c.Func)
	if target.IsArray() {
		value := &expr.CaseValue{Typing: expr.Of(elem)}
		call, err := b.castCall(fn, value, expr.Typing{T: elem, M: mod, C: e.Collation()}, mod, context)
		if err != nil {
			return nil, err
		}
		return &expr.Cast{Typing: expr.Typing{T: target, M: mod, C: e.Collation()}, Arg: e, Method: expr.ByElement, Elem: call,
			Explicit: context == types.Explicit, Form: formOf(context)}, nil
	}
	return b.castCall(fn, e, expr.Typing{T: target, M: mod, C: e.Collation()}, mod, context)
}

// retyped returns e with another typmod, for types whose typmod changes nothing.
func retyped(e expr.Expr, mod int32) expr.Expr {
	return &expr.Cast{Typing: expr.Typing{T: e.Type(), M: mod, C: e.Collation()}, Arg: e, Method: expr.Relabel, Form: expr.Implied}
}

// readLiteral reads an untyped literal as a type.
func (b *Binder) readLiteral(c *expr.Const, target *types.Type, mod int32, location int32) (expr.Expr, error) {
	if target.Kind == types.Domain {
		base, err := b.coerce(c, target.Base, target.BaseMod, types.Explicit, location)
		if err != nil {
			return nil, err
		}
		return &expr.Cast{Typing: expr.Of(target), Arg: base, Method: expr.ToDomain, Form: expr.Implied}, nil
	}
	typing := expr.Of(target)
	if c.Value.Null(0) {
		return &expr.Const{Typing: typing, Value: vector.NullConst(target), Token: c.Token}, nil
	}
	if target.Kind == types.Pseudo && target != types.Cstring && target != types.Record && target != types.VoidType {
		return nil, b.errorf(location, pgerr.FeatureNotSupported, "cannot accept a value of type %s", target.Name)
	}
	if target != types.IntervalType {
		mod = -1
	} else {
		typing.M = mod
	}
	v := vector.New(target, 1)
	if err := format.ParseText(b.Format, target, mod, c.Value.String(0), v, 0); err != nil {
		return nil, b.at(err, location)
	}
	v.Const = true
	return &expr.Const{Typing: typing, Value: v, Token: c.Token}, nil
}

// typeParam decides a parameter's type by its first typed use.
func (b *Binder) typeParam(p *expr.Param, target *types.Type, location int32) (expr.Expr, error) {
	have := b.params[p.N-1]
	switch {
	case have == nil || have == types.Unknown:
		b.params[p.N-1] = target
	case have != target:
		return nil, b.errorf(location, pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", p.N).
			WithDetail("%s versus %s", b.typeName(have), b.typeName(target))
	}
	return &expr.Param{Typing: expr.Of(target), N: p.N}, nil
}

// formOf is how a cast of a context prints.
func formOf(context types.CastContext) expr.Form {
	if context == types.Explicit {
		return expr.AsCast
	}
	return expr.Implied
}

// commonType picks the type of UNION, CASE, VALUES, ARRAY and the like (manual,
// 10.5). what names the construct in errors; "" returns nil instead of an error.
func (b *Binder) commonType(list []expr.Expr, what string, locations []int32) (*types.Type, error) {
	var best *types.Type
	for i, e := range list {
		t := e.Type()
		if t == types.Unknown || t == best {
			continue
		}
		if best == nil {
			best = t
			continue
		}
		root, old := t.Root(), best.Root()
		switch {
		case best == t:
		case root.Category != old.Category:
			if what == "" {
				return nil, nil
			}
			location := int32(-1)
			if i < len(locations) {
				location = locations[i]
			}
			return nil, b.errorf(location, pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched", what, b.typeName(best), b.typeName(t))
		case !old.Preferred && b.canCoerce(best, t, types.Implicit) && !b.canCoerce(t, best, types.Implicit):
			best = t
		}
	}
	if best == nil {
		best = types.Text
	}
	for _, e := range list {
		if e.Type() != best { // a domain only where all are of it
			return best.Root(), nil
		}
	}
	return best, nil
}

// commonMod is the typmod that all have, else -1.
func commonMod(list []expr.Expr, t *types.Type) int32 {
	mod := int32(-1)
	for i, e := range list {
		if e.Type() != t || (i > 0 && e.Mod() != mod) {
			return -1
		}
		mod = e.Mod()
	}
	return mod
}

// toCommon coerces every expression to their common type.
func (b *Binder) toCommon(list []expr.Expr, what string, locations []int32) (*types.Type, error) {
	t, err := b.commonType(list, what, locations)
	if err != nil {
		return nil, err
	}
	for i, e := range list {
		location := int32(-1)
		if i < len(locations) {
			location = locations[i]
		}
		if e.Type() != t && !b.canCoerce(e.Type(), t, types.Implicit) {
			return nil, b.errorf(location, pgerr.CannotCoerce, "%s could not convert type %s to %s", what, b.typeName(e.Type()), b.typeName(t))
		}
		if list[i], err = b.convert(e, t, -1, types.Implicit, location); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// toBool makes a condition of e.
func (b *Binder) toBool(e expr.Expr, what string, location int32) (expr.Expr, error) {
	if e.Type() != types.BoolType {
		if !b.canCoerce(e.Type(), types.BoolType, types.Assignment) {
			return nil, b.errorf(location, pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, b.typeName(e.Type()))
		}
		var err error
		if e, err = b.convert(e, types.BoolType, -1, types.Assignment, location); err != nil {
			return nil, err
		}
	}
	if returnsSet(e) {
		return nil, b.errorf(location, pgerr.DatatypeMismatch, "argument of %s must not return a set", what)
	}
	return e, nil
}

// toText resolves what is still unknown at the end of a target list.
func (b *Binder) resolveUnknown(e expr.Expr) (expr.Expr, error) {
	if e.Type() != types.Unknown {
		return e, nil
	}
	return b.convert(e, types.Text, -1, types.Implicit, -1)
}

func returnsSet(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	return ok && c.Func.ReturnsSet
}

// hasSet tells whether a set-returning call occurs anywhere in e.
func hasSet(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		found = found || returnsSet(e)
		return !found
	})
	return found
}

// typeName prints a type as errors do.
func (b *Binder) typeName(t *types.Type) string {
	return b.typeNameMod(t, -1)
}

func (b *Binder) typeNameMod(t *types.Type, mod int32) string {
	if t.OID < 16384 {
		return format.TypeName(t, mod)
	}
	base, suffix := t, ""
	if t.IsArray() {
		base, suffix = t.Elem, "[]"
	}
	name := format.QuoteIdent(base.Name)
	for _, schema := range b.SearchPath {
		if found := b.Catalog.TypeNamed(schema, base.Name); found != nil {
			if found == base {
				return name + suffix
			}
			break
		}
	}
	if s := b.Catalog.Schema(base.Schema); s != nil {
		name = format.QuoteIdent(s.Name) + "." + name
	}
	return name + suffix
}

// supported refuses a function that is known by name only.
func (b *Binder) supported(fn *function.Func) error {
	if fn.Impl == nil {
		return pgerr.Unsupported("function %s(%s)", fn.Name, b.typeList(fn.Args))
	}
	return nil
}

func (b *Binder) typeList(list []*types.Type) string {
	parts := make([]string, len(list))
	for i, t := range list {
		parts[i] = b.typeName(t)
	}
	return strings.Join(parts, ", ")
}
