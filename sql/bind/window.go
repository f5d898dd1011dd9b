package bind

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// namedWindow is one entry of the WINDOW clause.
type namedWindow struct {
	def   *pg.WindowDef
	place int // in the query's windows, plus 1; 0 not bound yet
}

// The bits of WindowDef.frameOptions (PostgreSQL's parsenodes.h).
const (
	frameNonDefault         = 0x00001
	frameRange              = 0x00002
	frameRows               = 0x00004
	frameGroups             = 0x00008
	frameBetween            = 0x00010
	frameStartUnboundedPrec = 0x00020
	frameEndUnboundedPrec   = 0x00040
	frameStartUnboundedFoll = 0x00080
	frameEndUnboundedFoll   = 0x00100
	frameStartCurrent       = 0x00200
	frameEndCurrent         = 0x00400
	frameStartPreceding     = 0x00800
	frameEndPreceding       = 0x01000
	frameStartFollowing     = 0x02000
	frameEndFollowing       = 0x04000
	frameExcludeCurrent     = 0x08000
	frameExcludeGroup       = 0x10000
	frameExcludeTies        = 0x20000
)

// windowCall builds f(…) OVER w.
func (b *Binder) windowCall(s *scope, n *pg.FuncCall, fn *function.Func, args []expr.Expr, typing expr.Typing) (expr.Expr, error) {
	q := s.q
	name := fn.Name
	switch {
	case fn.Kind == function.Scalar:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name)
	case n.AggDistinct:
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case n.AggOrder != nil && !n.AggWithinGroup:
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case n.AggWithinGroup:
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", name)
	case n.AggFilter != nil && fn.Kind == function.Window:
		return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	case fn.Kind == function.Aggregate && len(args) == 0 && !n.AggStar:
		return nil, b.errorf(n.Location, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", name)
	case fn.ReturnsSet:
		return nil, b.errorf(n.Location, pgerr.InvalidFunctionDefinition, "window functions cannot return sets")
	}
	switch q.clause {
	case inTargets, inOrder, inDistinct:
	default:
		return nil, b.errorf(n.Location, pgerr.WindowingError, "window functions are not allowed in %s", clauseNames[q.clause])
	}
	if q.inWindow {
		return nil, b.errorf(n.Location, pgerr.WindowingError, "window function calls cannot be nested")
	}
	for _, a := range args {
		nested := false
		expr.Walk(a, func(e expr.Expr) bool {
			if _, ok := e.(*expr.Window); ok {
				nested = true
			}
			return !nested
		})
		if nested {
			return nil, b.errorf(n.Location, pgerr.WindowingError, "window function calls cannot be nested")
		}
		if hasSet(a) {
			return nil, b.errorf(n.Location, pgerr.FeatureNotSupported, "window function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
		}
	}
	w := &expr.Window{Typing: typing, Func: fn, Args: args, Star: n.AggStar}
	if c, err := b.combine(args, n.Location); err != nil {
		return nil, err
	} else if c != 0 {
		w.C = c
	}
	if n.AggFilter != nil {
		f, err := b.expr(s, n.AggFilter)
		if err != nil {
			return nil, err
		}
		if w.Filter, err = b.toBool(f, "FILTER", n.Location); err != nil {
			return nil, err
		}
	}
	place, err := b.windowPlace(s, n.Over)
	if err != nil {
		return nil, err
	}
	w.Spec = place
	return w, nil
}

// windowPlace finds or makes the window of an OVER clause.
func (b *Binder) windowPlace(s *scope, def *pg.WindowDef) (int, error) {
	if def.Name != "" { // OVER w
		return b.namedWindow(s, def.Name, def.Location)
	}
	spec, err := b.windowSpec(s, def)
	if err != nil {
		return 0, err
	}
	for i := range s.q.out.Windows {
		if sameWindow(&s.q.out.Windows[i], spec) {
			return i, nil
		}
	}
	s.q.out.Windows = append(s.q.out.Windows, *spec)
	return len(s.q.out.Windows) - 1, nil
}

func (b *Binder) namedWindow(s *scope, name string, location int32) (int, error) {
	for i := range s.q.windows {
		w := &s.q.windows[i]
		if w.def.Name != name {
			continue
		}
		if w.place == 0 {
			spec, err := b.windowSpec(s, w.def)
			if err != nil {
				return 0, err
			}
			spec.Name = name
			s.q.out.Windows = append(s.q.out.Windows, *spec)
			w.place = len(s.q.out.Windows)
		}
		return w.place - 1, nil
	}
	return 0, b.errorf(location, pgerr.UndefinedObject, "window \"%s\" does not exist", name)
}

// windowClauses binds the named windows that nothing used, for their errors.
func (b *Binder) windowClauses(s *scope) error {
	seen := map[string]bool{}
	for i := range s.q.windows {
		w := &s.q.windows[i]
		if seen[w.def.Name] {
			return b.errorf(w.def.Location, pgerr.WindowingError, "window \"%s\" is already defined", w.def.Name)
		}
		seen[w.def.Name] = true
		if w.place == 0 {
			if _, err := b.windowSpec(s, w.def); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Binder) windowSpec(s *scope, def *pg.WindowDef) (*logical.WindowSpec, error) {
	q := s.q
	spec := &logical.WindowSpec{Ref: def.Refname}
	var base *logical.WindowSpec
	if def.Refname != "" {
		place, err := b.namedWindow(s, def.Refname, def.Location)
		if err != nil {
			return nil, err
		}
		copied := q.out.Windows[place]
		base = &copied
		if len(def.PartitionClause) > 0 {
			return nil, b.errorf(def.Location, pgerr.WindowingError, "cannot override PARTITION BY clause of window \"%s\"", def.Refname)
		}
		if len(def.OrderClause) > 0 && len(base.Order) > 0 {
			return nil, b.errorf(def.Location, pgerr.WindowingError, "cannot override ORDER BY clause of window \"%s\"", def.Refname)
		}
		if !base.Frame.Default {
			return nil, b.errorf(def.Location, pgerr.WindowingError, "cannot copy window \"%s\" because it has a frame clause", def.Refname)
		}
		spec.Partition, spec.Order = base.Partition, base.Order
	}
	saved, wasIn := q.clause, q.inWindow
	defer func() { q.clause, q.inWindow = saved, wasIn }()
	q.inWindow = true
	q.clause = inWindowPartition
	for _, p := range def.PartitionClause {
		e, err := b.windowExpr(s, p)
		if err != nil {
			return nil, err
		}
		if _, err := b.equality(e.Type(), location(p)); err != nil {
			return nil, err
		}
		spec.Partition = append(spec.Partition, e)
	}
	q.clause = inWindowOrder
	if len(def.OrderClause) > 0 {
		order, err := b.orderList(s, def.OrderClause, inWindowOrder)
		if err != nil {
			return nil, err
		}
		spec.Order = order
	}
	return spec, b.frame(s, def, spec)
}

func (b *Binder) windowExpr(s *scope, n *pg.Node) (expr.Expr, error) {
	e, err := b.expr(s, n)
	if err != nil {
		return nil, err
	}
	return b.resolveUnknown(e)
}

func (b *Binder) frame(s *scope, def *pg.WindowDef, spec *logical.WindowSpec) error {
	o := def.FrameOptions
	f := &spec.Frame
	f.Default = o&frameNonDefault == 0
	switch {
	case o&frameRows != 0:
		f.Mode = logical.RowsMode
	case o&frameGroups != 0:
		f.Mode = logical.Groups
		if len(spec.Order) == 0 {
			return b.errorf(def.Location, pgerr.WindowingError, "GROUPS mode requires an ORDER BY clause")
		}
	}
	bound := func(unboundedPrec, unboundedFoll, current, preceding int32) logical.Bound {
		switch {
		case o&unboundedPrec != 0:
			return logical.UnboundedPreceding
		case o&unboundedFoll != 0:
			return logical.UnboundedFollowing
		case o&current != 0:
			return logical.CurrentRow
		case o&preceding != 0:
			return logical.Preceding
		}
		return logical.Following
	}
	f.Start = bound(frameStartUnboundedPrec, frameStartUnboundedFoll, frameStartCurrent, frameStartPreceding)
	f.End = bound(frameEndUnboundedPrec, frameEndUnboundedFoll, frameEndCurrent, frameEndPreceding)
	switch {
	case o&frameExcludeCurrent != 0:
		f.Exclude = logical.ExcludeCurrent
	case o&frameExcludeGroup != 0:
		f.Exclude = logical.ExcludeGroup
	case o&frameExcludeTies != 0:
		f.Exclude = logical.ExcludeTies
	}
	s.q.clause = inWindowFrame
	offset := func(node *pg.Node, which string) (expr.Expr, types.OID, error) {
		if node == nil {
			return nil, 0, nil
		}
		e, err := b.expr(s, node)
		if err != nil {
			return nil, 0, err
		}
		set := map[expr.ColumnID]bool{}
		expr.Columns(e, set)
		mode := [...]string{logical.Range: "RANGE", logical.RowsMode: "ROWS", logical.Groups: "GROUPS"}[f.Mode]
		for id := range set {
			if b.home[id] == s.q {
				return nil, 0, b.errorf(location(node), pgerr.InvalidColumnReference, "argument of %s must not contain variables", mode)
			}
		}
		if f.Mode != logical.Range {
			if !b.canCoerce(e.Type(), types.Int8, types.Assignment) {
				return nil, 0, b.errorf(location(node), pgerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", mode, b.typeName(e.Type()))
			}
			e, err = b.convert(e, types.Int8, -1, types.Assignment, location(node))
			return e, 0, err
		}
		if len(spec.Order) != 1 {
			return nil, 0, b.errorf(def.Location, pgerr.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
		}
		fn, want, err := b.inRange(spec.Order[0].Expr.Type(), e.Type(), location(node))
		if err != nil {
			return nil, 0, err
		}
		e, err = b.convert(e, want, -1, types.Implicit, location(node))
		return e, fn.OID, err
	}
	var err error
	if f.StartValue, f.StartInRange, err = offset(def.StartOffset, "start"); err != nil {
		return err
	}
	f.EndValue, f.EndInRange, err = offset(def.EndOffset, "end")
	return err
}

// inRange finds the in_range function for a key and an offset type.
func (b *Binder) inRange(key, offset *types.Type, where int32) (*function.Func, *types.Type, error) {
	key = key.Root()
	var any, exact, preferred *function.Func
	for _, fn := range b.Functions.Named("in_range") {
		if fn.Args[0] != key || fn.Args[1] != key {
			continue
		}
		any = fn
		if fn.Args[2] == offset {
			exact = fn
		}
		if offset == types.Unknown && (fn.Args[2] == key || key.Category == 'D' && fn.Args[2] == types.IntervalType) {
			preferred = fn
		}
		if exact == nil && offset != types.Unknown && b.canCoerce(offset, fn.Args[2], types.Implicit) && preferred == nil {
			preferred = fn
		}
	}
	switch {
	case exact != nil:
		return exact, exact.Args[2], nil
	case preferred != nil:
		return preferred, preferred.Args[2], nil
	case any == nil:
		return nil, nil, b.errorf(where, pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", b.typeName(key))
	}
	return nil, nil, b.errorf(where, pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
		b.typeName(key), b.typeName(offset)).WithHint("Cast the offset value to an appropriate type.")
}

func sameWindow(a, w *logical.WindowSpec) bool {
	if len(a.Partition) != len(w.Partition) || len(a.Order) != len(w.Order) || a.Name != "" || a.Ref != w.Ref {
		return false
	}
	for i := range a.Partition {
		if !expr.Equal(a.Partition[i], w.Partition[i]) {
			return false
		}
	}
	for i := range a.Order {
		x, y := a.Order[i], w.Order[i]
		if x.Desc != y.Desc || x.NullsFirst != y.NullsFirst || !expr.Equal(x.Expr, y.Expr) {
			return false
		}
	}
	f, g := a.Frame, w.Frame
	return f.Mode == g.Mode && f.Start == g.Start && f.End == g.End && f.Exclude == g.Exclude && f.Default == g.Default &&
		expr.Equal(f.StartValue, g.StartValue) && expr.Equal(f.EndValue, g.EndValue)
}
