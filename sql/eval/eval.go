// Package eval computes typed expressions over batches.
//
// Compile turns an expression into a tree of steps, each with a vector of its own
// for results; a step works on the selected rows of a batch at once. The steps are
// state: one Eval belongs to one operator of one execution.
//
// Invariants:
//
//	E1  Only selected rows are computed; what a result vector holds elsewhere is
//	    unspecified.
//	E2  An error belongs to a row (vector.RowError): the result is good for the
//	    selected rows before it. AND, OR, CASE and COALESCE compute an operand only
//	    for the rows that need it, so that an error there is the row's own.
//	E3  An expression that calls a volatile function is computed row by row, its
//	    operands from left to right.
package eval

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// Layout says in which column of a batch a ColumnID is.
type Layout map[expr.ColumnID]int

// Env is what expressions see besides the batch.
type Env struct {
	*function.Env
	// Params are the values of $1, $2 …, as constant vectors.
	Params []*vector.Vector
	// Outer holds the columns of outer rows, as constant vectors.
	Outer map[expr.ColumnID]*vector.Vector
	// Epoch changes whenever Outer does.
	Epoch uint64
	// Subplan opens the plan of a subquery.
	Subplan func(*expr.Subquery) (Subplan, error)
}

// Subplan runs a subquery's plan again and again.
type Subplan interface {
	// Columns are the output columns.
	Columns() []expr.ColumnID
	// Run runs the plan with the Env's Outer values and gives each batch to fn,
	// which returns false to stop.
	Run(fn func(*vector.Batch) (bool, error)) error
}

// Eval computes one expression.
type Eval struct {
	root     step
	volatile bool
	row      [1]int32
	out      vector.Vector
}

// step is one node at run time.
type step interface {
	// eval returns a vector with the selected rows' values. With an error that is
	// a *vector.RowError, rows before the error's are good.
	eval(b *vector.Batch, sel []int32) (*vector.Vector, error)
}

// Compile prepares an expression for batches of a layout.
func Compile(e expr.Expr, layout Layout, env *Env) (*Eval, error) {
	c := &compiler{layout: layout, env: env}
	root, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	return &Eval{root: root, volatile: Volatile(e)}, nil
}

// Volatile tells whether an expression calls a volatile function.
func Volatile(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Func.Volatility == function.Volatile {
			found = true
		}
		return !found
	})
	return found
}

// Run computes the expression for the selected rows.
func (e *Eval) Run(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	if !e.volatile || len(sel) <= 1 {
		return e.root.eval(b, sel)
	}
	for k, i := range sel {
		e.row[0] = i
		v, err := e.root.eval(b, e.row[:])
		if err != nil {
			return &e.out, err
		}
		if k == 0 {
			e.out.Init(v.Type, max(b.N, int(sel[len(sel)-1])+1))
		}
		e.out.Set(int(i), v, int(i))
	}
	return &e.out, nil
}

// Value computes an expression without columns to a constant vector, which the
// caller may keep until the next run.
func (e *Eval) Value() (*vector.Vector, error) {
	v, err := e.root.eval(&oneRow, oneSel)
	if err != nil {
		return nil, plainError(err)
	}
	if v.Const {
		return v, nil
	}
	return vector.NewConst(v, 0), nil
}

var (
	oneRow = vector.Batch{N: 1}
	oneSel = []int32{0}
)

// plainError takes an error off its row.
func plainError(err error) error {
	if e, ok := err.(*vector.RowError); ok {
		return e.Err
	}
	return err
}

// Filter narrows sel to the rows for which all conditions are true, in order, into
// buffer. An error is at the first row that raised one; the rows before it are
// filtered.
func Filter(conds []*Eval, b *vector.Batch, sel []int32, buffer []int32) ([]int32, error) {
	var failed *vector.RowError
	for _, c := range conds {
		if len(sel) == 0 {
			break
		}
		v, err := c.Run(b, sel)
		if err != nil {
			e, ok := err.(*vector.RowError)
			if !ok {
				return nil, err
			}
			failed = e
			sel = before(sel, e.Row)
		}
		sel = whereTrue(v, sel, buffer[:0])
	}
	if failed != nil {
		return sel, failed
	}
	return sel, nil
}

// whereTrue appends the rows of sel whose value is true to out (which may share
// sel's memory).
func whereTrue(v *vector.Vector, sel []int32, out []int32) []int32 {
	if len(sel) == 0 {
		return out
	}
	values, mask := vector.Of[bool](v), v.Mask()
	if len(v.Nulls) == 0 {
		for _, i := range sel {
			if values[int(i)&mask] {
				out = append(out, i)
			}
		}
		return out
	}
	for _, i := range sel {
		if k := int(i) & mask; values[k] && !v.Nulls.Get(k) {
			out = append(out, i)
		}
	}
	return out
}

// before cuts sel at a row.
func before(sel []int32, row int) []int32 {
	for k, i := range sel {
		if int(i) >= row {
			return sel[:k]
		}
	}
	return sel
}

// upTo evaluates s over the selected rows. Where a row fails, the rows from it on
// leave the selection and failed becomes its error: an earlier failure was of a later
// row, which is out already. What it returns as an error is one of no row.
func upTo(s step, b *vector.Batch, sel *[]int32, failed **vector.RowError) (*vector.Vector, error) {
	v, err := s.eval(b, *sel)
	if err == nil {
		return v, nil
	}
	row, ok := err.(*vector.RowError)
	if !ok {
		return nil, err
	}
	*failed, *sel = row, before(*sel, row.Row)
	return v, nil
}

// result joins a vector and an error of rows, if any.
func result(v *vector.Vector, failed *vector.RowError) (*vector.Vector, error) {
	if failed != nil {
		return v, failed
	}
	return v, nil
}

// rows is how many rows a result vector needs.
func rowsFor(b *vector.Batch, sel []int32) int {
	n := b.N
	if len(sel) > 0 {
		n = max(n, int(sel[len(sel)-1])+1)
	}
	return max(n, 1)
}

type compiler struct {
	layout Layout
	env    *Env
	value  *caseValue // the nearest CaseValue
}

func (c *compiler) compileAll(list []expr.Expr) ([]step, error) {
	out := make([]step, len(list))
	for i, e := range list {
		if e == nil {
			continue
		}
		var err error
		if out[i], err = c.compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *compiler) compile(e expr.Expr) (step, error) {
	switch n := e.(type) {
	case *expr.Const:
		return &constant{n.Value}, nil
	case *expr.Column:
		if place, ok := c.layout[n.ID]; ok {
			return &column{place}, nil
		}
		return &outer{c.env, n.ID, n.Name}, nil
	case *expr.Param:
		return &param{c.env, n.N}, nil
	case *expr.Call:
		return c.call(n)
	case *expr.Cast:
		return c.cast(n)
	case *expr.And:
		args, err := c.compileAll(n.Args)
		return &logic{args: args, or: false}, err
	case *expr.Or:
		args, err := c.compileAll(n.Args)
		return &logic{args: args, or: true}, err
	case *expr.Not:
		arg, err := c.compile(n.Arg)
		return &not{arg: arg}, err
	case *expr.IsNull:
		arg, err := c.compile(n.Arg)
		return &isNull{arg: arg, not: n.Not, row: n.Row, env: c.env}, err
	case *expr.BoolTest:
		arg, err := c.compile(n.Arg)
		return &boolTest{arg: arg, want: n.Want, not: n.Not}, err
	case *expr.Case:
		return c.caseExpr(n)
	case *expr.CaseValue:
		if c.value == nil {
			return nil, pgerr.Internal("case value outside of CASE")
		}
		return c.value, nil
	case *expr.Coalesce:
		args, err := c.compileAll(n.Args)
		return &coalesce{args: args, t: n.T}, err
	case *expr.MinMax:
		args, err := c.compileAll(n.Args)
		return newMinMax(n, args), err
	case *expr.NullIf:
		return c.nullIf(n)
	case *expr.Distinct:
		return c.distinct(n)
	case *expr.AnyAll:
		return c.anyAll(n)
	case *expr.Array:
		args, err := c.compileAll(n.Elems)
		return &arrayOf{args: args, t: n.T, nested: n.Nested}, err
	case *expr.Subscript:
		return c.subscript(n)
	case *expr.Row:
		args, err := c.compileAll(n.Fields)
		return &row{args: args, t: n.T}, err
	case *expr.Field:
		arg, err := c.compile(n.Arg)
		return &field{arg: arg, index: n.Index, t: n.T, env: c.env}, err
	case *expr.RowCompare:
		return c.rowCompare(n)
	case *expr.Subquery:
		return c.subquery(n)
	}
	return nil, pgerr.Internal("cannot evaluate %T", e)
}

type constant struct{ v *vector.Vector }

func (s *constant) eval(*vector.Batch, []int32) (*vector.Vector, error) { return s.v, nil }

type column struct{ place int }

func (s *column) eval(b *vector.Batch, _ []int32) (*vector.Vector, error) {
	return b.Cols[s.place], nil
}

type outer struct {
	env  *Env
	id   expr.ColumnID
	name string
}

func (s *outer) eval(*vector.Batch, []int32) (*vector.Vector, error) {
	if v := s.env.Outer[s.id]; v != nil {
		return v, nil
	}
	return nil, pgerr.Internal("column %s (%d) is not at hand", s.name, s.id)
}

type param struct {
	env *Env
	n   int
}

func (s *param) eval(*vector.Batch, []int32) (*vector.Vector, error) {
	if s.n > len(s.env.Params) {
		return nil, pgerr.Newf(pgerr.UndefinedParameter, "there is no parameter $%d", s.n)
	}
	return s.env.Params[s.n-1], nil
}

// call is a function call.
type call struct {
	fn     *function.Func
	run    function.Call
	args   []step
	vals   []*vector.Vector
	out    vector.Vector
	sel    []int32
	env    *Env
	stable bool // constant arguments give a constant result
}

func (c *compiler) call(n *expr.Call) (step, error) {
	if n.Func.Impl == nil || n.Func.Impl.Eval == nil {
		if n.Func.ReturnsSet {
			return nil, pgerr.Newf(pgerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set")
		}
		return nil, pgerr.Unsupported("function %s", n.Func.Name)
	}
	args, err := c.compileAll(n.Args)
	if err != nil {
		return nil, err
	}
	s := &call{fn: n.Func, args: args, vals: make([]*vector.Vector, len(args)), env: c.env, stable: n.Func.Volatility != function.Volatile}
	s.run = function.Call{Func: n.Func, Return: n.T, Mod: n.M, Collation: inputCollation(n), Variadic: n.Variadic, Columns: n.Columns, Env: c.env.Env}
	for _, a := range n.Args {
		s.run.Args = append(s.run.Args, expr.ArgType(a))
	}
	return s, nil
}

// inputCollation is the collation under which a call compares.
func inputCollation(n *expr.Call) types.OID {
	if n.C != 0 {
		return n.C
	}
	for _, a := range n.Args {
		if c := a.Collation(); c != 0 {
			return c
		}
	}
	return 0
}

func (s *call) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	constant := s.stable
	for i, a := range s.args {
		v, err := upTo(a, b, &sel, &failed)
		if err != nil {
			return nil, err
		}
		s.vals[i] = v
		constant = constant && v != nil && v.Const
	}
	if len(sel) == 0 {
		s.out.Init(s.run.Return, rowsFor(b, sel))
		return result(&s.out, failed)
	}
	n := rowsFor(b, sel)
	if constant {
		sel, n = oneSel, 1
	}
	s.out.Init(s.run.Return, n)
	if s.fn.Strict {
		nulls := false
		for _, v := range s.vals {
			if len(v.Nulls) == 0 {
				continue
			}
			if v.Const {
				if v.Nulls.Get(0) {
					for _, i := range sel {
						s.out.SetNull(int(i))
					}
					s.out.Const = constant
					return result(&s.out, failed)
				}
				continue
			}
			if v.Nulls.Any() {
				s.out.Nulls.Or(v.Nulls)
				nulls = true
			}
		}
		if nulls {
			s.sel = s.sel[:0]
			for _, i := range sel {
				if !s.out.Nulls.Get(int(i)) {
					s.sel = append(s.sel, i)
				}
			}
			sel = s.sel
		}
	}
	if err := s.fn.Impl.Eval(&s.run, s.vals, sel, &s.out); err != nil {
		e, ok := err.(*vector.RowError)
		if !ok {
			return nil, err
		}
		if constant {
			e = &vector.RowError{Row: firstRow(b), Err: e.Err}
		}
		return &s.out, e
	}
	s.out.Const = constant
	return result(&s.out, failed)
}

// firstRow is where the error of a constant stands: at the first row that counts.
func firstRow(b *vector.Batch) int {
	if len(b.Sel) > 0 {
		return int(b.Sel[0])
	}
	return 0
}
