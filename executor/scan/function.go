package scan

import (
	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// Function reads the rows of calls side by side: each gives its columns until it
// ends, then nulls until the longest has ended.
type Function struct {
	env    *op.Env
	node   *plan.FunctionScan
	calls  []*SetCall
	filter []*eval.Eval
	batch  *vector.Batch
	sel    []int32
	count  int64
	held   error
}

// SetCall is one call in FROM or a select list that gives several rows.
type SetCall struct {
	env     *op.Env
	call    *expr.Call // nil: a plain expression, one row
	plain   *eval.Eval
	args    []*eval.Eval
	run     function.Call
	columns int // of the result as it is used
	record  bool
	rows    function.Rows
	buffer  *vector.Batch
	one     *vector.Vector
	done    bool
}

// NewSetCall prepares a call; columns is how many it gives, types theirs.
func NewSetCall(env *op.Env, e expr.Expr, layout eval.Layout, columns []*types.Type) (*SetCall, error) {
	s := &SetCall{env: env, columns: len(columns), buffer: vector.NewBatch(columns, vector.Size)}
	call, ok := e.(*expr.Call)
	if !ok || !call.Func.ReturnsSet {
		var err error
		s.plain, err = eval.Compile(e, layout, env.Env)
		s.record = e.Type() == types.Record || e.Type().Kind == types.Composite
		return s, err
	}
	if call.Func.Impl == nil || call.Func.Impl.Set == nil {
		return nil, pgerr.Unsupported("function %s", call.Func.Name)
	}
	s.call = call
	var err error
	if s.args, err = op.Compile(call.Args, layout, env); err != nil {
		return nil, err
	}
	s.run = function.Call{Func: call.Func, Return: call.T, Mod: call.M, Collation: call.C, Variadic: call.Variadic, Columns: call.Columns, Env: env.Env.Env}
	for _, a := range call.Args {
		s.run.Args = append(s.run.Args, a.Type())
	}
	return s, nil
}

// Start begins the set for row i of a batch (nil for none).
func (s *SetCall) Start(b *vector.Batch, i int32) error {
	s.rows, s.done, s.one = nil, false, nil
	at := func(e *eval.Eval) (*vector.Vector, error) {
		if b == nil {
			return e.Value()
		}
		v, err := e.Run(b, []int32{i})
		if err != nil {
			if re, ok := err.(*vector.RowError); ok {
				return nil, re.Err
			}
			return nil, err
		}
		return vector.NewConst(v, int(i)), nil
	}
	if s.plain != nil {
		v, err := at(s.plain)
		s.one = v
		return err
	}
	args := make([]*vector.Vector, len(s.args))
	for k, a := range s.args {
		v, err := at(a)
		if err != nil {
			return err
		}
		if args[k] = v; v.Null(0) && s.call.Func.Strict {
			s.done = true
			return nil
		}
	}
	rows, err := s.call.Func.Impl.Set(&s.run, args)
	s.rows = rows
	s.done = rows == nil
	return err
}

// Fill writes up to max rows to the buffer from row 0.
func (s *SetCall) Fill(max int) (*vector.Batch, error) {
	for _, c := range s.buffer.Cols {
		c.Init(c.Type, max)
	}
	s.buffer.N = 0
	if s.done {
		return s.buffer, nil
	}
	if s.one != nil {
		v := s.one
		s.one, s.done = nil, true
		s.buffer.N = 1
		if s.record && (s.columns > 1 || s.buffer.Cols[0].Type != v.Type) {
			return s.buffer, s.spread(v, 0)
		}
		s.buffer.Cols[0].Set(0, v, 0)
		return s.buffer, nil
	}
	if s.plain != nil {
		s.done = true
		return s.buffer, nil
	}
	n, err := s.rows.Next(s.buffer.Cols, max)
	s.buffer.N = n
	s.done = n == 0
	return s.buffer, err
}

// spread writes a record's fields to the columns.
func (s *SetCall) spread(v *vector.Vector, row int) error {
	if v.Null(0) {
		for _, c := range s.buffer.Cols {
			c.SetNull(row)
		}
		return nil
	}
	fields, err := record.Decode(v.Bytes(0), func(oid types.OID) *types.Type {
		if t := types.Builtin(oid); t != nil {
			return t
		}
		return s.env.Names.TypeByOID(oid)
	})
	if err != nil {
		return err
	}
	for k, c := range s.buffer.Cols {
		if k >= len(fields) || fields[k].Phys() != c.Phys() {
			return pgerr.New(pgerr.DatatypeMismatch, "function return row and query-specified return row do not match")
		}
		c.Set(row, fields[k], 0)
	}
	return nil
}

// NewFunction opens a function scan.
func NewFunction(env *op.Env, node *plan.FunctionScan) (*Function, error) {
	f := &Function{env: env, node: node, batch: newBatch(node.Out, vector.Size)}
	at := 0
	layout := eval.Layout{}
	for i, c := range node.Out {
		layout[c.ID] = i
	}
	for _, c := range node.Calls {
		var cols []*types.Type
		for _, k := range node.Out[at : at+c.Columns] {
			cols = append(cols, k.T)
		}
		at += c.Columns
		call, err := NewSetCall(env, c.Expr, nil, cols)
		if err != nil {
			return nil, err
		}
		f.calls = append(f.calls, call)
	}
	var err error
	f.filter, err = op.Compile(node.Filter, layout, env)
	return f, err
}

// Open starts every call.
func (f *Function) Open() error {
	f.count, f.held = 0, nil
	for _, c := range f.calls {
		if err := c.Start(nil, 0); err != nil {
			return err
		}
	}
	return nil
}

// Next gives the next rows of all calls.
func (f *Function) Next(budget int) (*vector.Batch, error) {
	if f.held != nil {
		return nil, f.held
	}
	budget = min(budget, vector.Size)
	for {
		n := 0
		parts := make([]*vector.Batch, len(f.calls))
		if len(f.calls) == 1 {
			p, err := f.calls[0].Fill(budget)
			if err != nil {
				return nil, err
			}
			parts[0], n = p, p.N
		} else {
			for i, c := range f.calls {
				p, err := f.fillFully(c, budget)
				if err != nil {
					return nil, err
				}
				parts[i] = p
				n = max(n, p.N)
			}
		}
		if n == 0 {
			return nil, nil
		}
		at := 0
		for i, c := range f.calls {
			for k := range c.columns {
				out := f.batch.Cols[at]
				out.Init(f.node.Out[at].T, n)
				for r := range n {
					if r < parts[i].N {
						out.Set(r, parts[i].Cols[k], r)
					} else {
						out.SetNull(r)
					}
				}
				at++
			}
		}
		if f.node.Ordinality {
			out := f.batch.Cols[at]
			out.Init(f.node.Out[at].T, n)
			for r := range n {
				f.count++
				vector.Of[int64](out)[r] = f.count
			}
		}
		f.batch.N, f.batch.Sel = n, nil
		if len(f.filter) == 0 {
			return f.batch, nil
		}
		sel, held, err := filter(f.filter, f.batch, f.sel)
		if err != nil {
			return nil, err
		}
		f.sel, f.held, f.batch.Sel = sel, held, sel
		if len(sel) > 0 {
			return f.batch, nil
		}
		if held != nil {
			return nil, held
		}
		if err := f.env.Interrupt(); err != nil {
			return nil, err
		}
	}
}

// fillFully gets exactly max rows unless the call ends, so that several stay in
// step.
func (f *Function) fillFully(c *SetCall, max int) (*vector.Batch, error) {
	out := vector.NewBatch(nil, 0)
	for _, v := range c.buffer.Cols {
		out.Cols = append(out.Cols, vector.New(v.Type, max))
	}
	for out.N < max {
		p, err := c.Fill(max - out.N)
		if err != nil {
			return nil, err
		}
		if p.N == 0 {
			break
		}
		out.AppendRows(p.Cols, vector.Sequence(nil, p.N))
	}
	return out, nil
}

// Close does nothing.
func (f *Function) Close() {}
