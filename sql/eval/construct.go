package eval

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/format"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// evalAll computes every operand and returns the rows that all of them are good for.
func evalAll(args []step, b *vector.Batch, sel []int32) ([]*vector.Vector, *vector.RowError, []int32, error) {
	vals := make([]*vector.Vector, len(args))
	var failed *vector.RowError
	for i, a := range args {
		if a == nil {
			continue
		}
		v, err := upTo(a, b, &sel, &failed)
		if err != nil {
			return nil, nil, nil, err
		}
		vals[i] = v
	}
	return vals, failed, sel, nil
}

// arrayOf is ARRAY[…].
type arrayOf struct {
	args   []step
	t      *types.Type
	nested bool
	out    vector.Vector
}

func (s *arrayOf) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	vals, failed, sel, err := evalAll(s.args, b, sel)
	if err != nil {
		return nil, err
	}
	s.out.Init(s.t, rowsFor(b, sel))
	elem := s.t.Root().Elem
	parts := vector.New(elem, len(vals))
	for _, i := range sel {
		if s.nested {
			value, err := nest(elem, vals, int(i))
			if err != nil {
				return &s.out, &vector.RowError{Row: int(i), Err: err}
			}
			s.out.SetBytes(int(i), value)
			continue
		}
		parts.Init(elem, len(vals))
		for k, v := range vals {
			parts.Set(k, v, int(i))
		}
		s.out.SetBytes(int(i), array.FromVector(elem.OID, parts, len(vals)))
	}
	return result(&s.out, failed)
}

// nest joins arrays of equal shape into one of a dimension more.
func nest(elem *types.Type, vals []*vector.Vector, i int) ([]byte, error) {
	var dims []array.Dim
	var all *vector.Vector
	n := 0
	for k, v := range vals {
		if v.Null(i) {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
		}
		a, err := array.Decode(v.Bytes(i), elem)
		if err != nil {
			return nil, err
		}
		if k == 0 {
			dims = append([]array.Dim{{Length: int32(len(vals)), Lower: 1}}, a.Dims...)
			all = vector.New(elem, a.N*len(vals))
		}
		same := len(dims) == len(a.Dims)+1
		for d := 0; same && d < len(a.Dims); d++ {
			same = dims[d+1] == a.Dims[d]
		}
		if !same {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
		}
		for e := range a.N {
			all.Set(n, a.Elems, e)
			n++
		}
	}
	if _, err := array.Count(dims); err != nil {
		return nil, err
	}
	if n == 0 {
		dims = nil
	}
	return array.Append(nil, elem.OID, dims, all, vector.Sequence(nil, n)), nil
}

// row is ROW(…).
type row struct {
	args []step
	t    *types.Type
	out  vector.Vector
}

func (s *row) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	vals, failed, sel, err := evalAll(s.args, b, sel)
	if err != nil {
		return nil, err
	}
	s.out.Init(s.t, rowsFor(b, sel))
	for _, i := range sel {
		s.out.SetBytes(int(i), record.Append(nil, vals, int(i)))
	}
	return result(&s.out, failed)
}

// field is (row).name.
type field struct {
	arg   step
	index int
	t     *types.Type
	env   *Env
	out   vector.Vector
}

func (s *field) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.arg, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.out.Init(s.t, rowsFor(b, sel))
	for _, i := range sel {
		if v.Null(int(i)) {
			s.out.SetNull(int(i))
			continue
		}
		fields, err := record.Decode(v.Bytes(int(i)), s.env.typeByOID)
		if err != nil {
			return nil, err
		}
		if s.index >= len(fields) || fields[s.index].Phys() != s.t.Phys {
			return nil, pgerr.New(pgerr.DatatypeMismatch, "record has another row type than expected")
		}
		s.out.Set(int(i), fields[s.index], 0)
	}
	return result(&s.out, failed)
}

// subscript is a[i], a[i:j], or with assign the array with that part replaced.
type subscript struct {
	arg          step
	lower, upper []step
	assign       step
	slice        bool
	t            *types.Type // of the result
	arrayType    *types.Type
	out          vector.Vector
}

func (c *compiler) subscript(n *expr.Subscript) (step, error) {
	s := &subscript{slice: n.Slice, t: n.T, arrayType: n.Arg.Type().Root()}
	var err error
	if s.arg, err = c.compile(n.Arg); err != nil {
		return nil, err
	}
	if s.lower, err = c.compileAll(n.Lower); err != nil {
		return nil, err
	}
	if s.upper, err = c.compileAll(n.Upper); err != nil {
		return nil, err
	}
	if n.Assign != nil {
		if s.assign, err = c.compile(n.Assign); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *subscript) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.arg, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	lower, f, sel, err := evalAll(s.lower, b, sel)
	if err != nil {
		return nil, err
	}
	failed = first(failed, f)
	upper, f, sel, err := evalAll(s.upper, b, sel)
	if err != nil {
		return nil, err
	}
	failed = first(failed, f)
	var value *vector.Vector
	if s.assign != nil {
		if value, err = upTo(s.assign, b, &sel, &failed); err != nil {
			return nil, err
		}
	}
	s.out.Init(s.t, rowsFor(b, sel))
	for _, i := range sel {
		if err := s.one(v, lower, upper, value, int(i)); err != nil {
			return &s.out, &vector.RowError{Row: int(i), Err: err}
		}
	}
	return result(&s.out, failed)
}

func first(a, b *vector.RowError) *vector.RowError {
	if a == nil || b != nil && b.Row < a.Row {
		return b
	}
	return a
}

func (s *subscript) one(v *vector.Vector, lower, upper []*vector.Vector, value *vector.Vector, i int) error {
	elem := s.arrayType.Elem
	low, high := make([]int32, len(upper)), make([]int32, len(upper))
	hasLow, hasHigh := make([]bool, len(upper)), make([]bool, len(upper))
	for k := range upper {
		if u := upper[k]; u != nil {
			if u.Null(i) {
				return s.nullSubscript(v, i, value)
			}
			high[k], hasHigh[k] = vector.Of[int32](u)[u.Index(i)], true
		}
		if l := lower[k]; l != nil {
			if l.Null(i) {
				return s.nullSubscript(v, i, value)
			}
			low[k], hasLow[k] = vector.Of[int32](l)[l.Index(i)], true
		}
	}
	if value != nil {
		return s.store(v, value, low, high, hasLow, hasHigh, i)
	}
	if v.Null(i) {
		s.out.SetNull(i)
		return nil
	}
	if s.arrayType == types.Name {
		return s.letter(v.Bytes(i), high[0], i)
	}
	a, err := array.Decode(v.Bytes(i), elem)
	if err != nil {
		return err
	}
	if !s.slice {
		if k := a.At(high); k >= 0 && !a.Elems.Null(k) {
			s.out.Set(i, a.Elems, k)
		} else {
			s.out.SetNull(i)
		}
		return nil
	}
	out := a.Slice(low, high, hasLow, hasHigh)
	s.out.SetBytes(i, out.Bytes())
	return nil
}

// letter gives one byte of a name, which has 64 of them, zero past its end.
func (s *subscript) letter(name []byte, at int32, i int) error {
	const length = 64
	switch {
	case at < 0 || at >= length:
		s.out.SetNull(i)
	case int(at) < len(name):
		vector.Of[int16](&s.out)[i] = int16(name[at])
	default:
		vector.Of[int16](&s.out)[i] = 0
	}
	return nil
}

func (s *subscript) nullSubscript(v *vector.Vector, i int, value *vector.Vector) error {
	if value != nil {
		return pgerr.New(pgerr.NullValueNotAllowed, "array subscript in assignment must not be null")
	}
	s.out.SetNull(i)
	return nil
}

func (s *subscript) store(v, value *vector.Vector, low, high []int32, hasLow, hasHigh []bool, i int) error {
	elem := s.arrayType.Elem
	a := &array.Array{Elem: elem.OID, Elems: vector.New(elem, 0)}
	if !v.Null(i) {
		var err error
		if a, err = array.Decode(v.Bytes(i), elem); err != nil {
			return err
		}
	}
	var out *array.Array
	var err error
	if s.slice {
		if value.Null(i) {
			s.out.SetBytes(i, a.Bytes())
			return nil
		}
		src, e := array.Decode(value.Bytes(i), elem)
		if e != nil {
			return e
		}
		out, err = a.SetSlice(elem, low, high, hasLow, hasHigh, src)
	} else {
		out, err = a.SetElement(elem, high, value, i)
	}
	if err != nil {
		return err
	}
	s.out.SetBytes(i, out.Bytes())
	return nil
}

// cast is a conversion without a function.
type cast struct {
	arg    step
	method expr.CastMethod
	t      *types.Type
	mod    int32
	elem   step
	value  *caseValue
	env    *Env
	from   *types.Type
	out    vector.Vector
	buffer []byte
}

func (c *compiler) cast(n *expr.Cast) (step, error) {
	arg, err := c.compile(n.Arg)
	if err != nil {
		return nil, err
	}
	s := &cast{arg: arg, method: n.Method, t: n.T, mod: n.M, env: c.env, from: n.Arg.Type()}
	if n.Method == expr.Relabel && n.Arg.Type().Phys == n.T.Phys && n.Arg.Type() == n.T {
		return arg, nil
	}
	if n.Method == expr.ByElement {
		s.value = &caseValue{}
		saved := c.value
		c.value = s.value
		s.elem, err = c.compile(n.Elem)
		c.value = saved
	}
	return s, err
}

func (s *cast) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.arg, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	if s.method == expr.Relabel && v != nil && v.Phys() == s.t.Phys {
		relabelled := *v
		relabelled.Type = s.t
		return result(&relabelled, failed)
	}
	s.out.Init(s.t, rowsFor(b, sel))
	if len(sel) > 0 && v.Const {
		sel = sel[:1]
		defer func() {
			// The one row computed stands for all.
			if sel[0] != 0 {
				s.out.Set(0, &s.out, int(sel[0]))
			}
			s.out.Const = true
		}()
	}
	for _, i := range sel {
		if v.Null(int(i)) {
			s.out.SetNull(int(i))
			continue
		}
		if err := s.one(v, int(i)); err != nil {
			return &s.out, &vector.RowError{Row: int(i), Err: err}
		}
	}
	return result(&s.out, failed)
}

func (s *cast) one(v *vector.Vector, i int) error {
	switch s.method {
	case expr.Relabel: // between layouts that hold the same number (int4 and oid)
		relayout(&s.out, i, v)
	case expr.ByIO:
		s.buffer = format.AppendText(s.buffer[:0], s.env.Format, v, i)
		return format.ParseText(s.env.Format, s.t, s.mod, string(s.buffer), &s.out, i)
	case expr.ByElement:
		a, err := array.Decode(v.Bytes(i), s.from.Root().Elem)
		if err != nil {
			return err
		}
		target := s.t.Root().Elem
		out := &array.Array{Dims: a.Dims, Elem: target.OID, N: a.N, Elems: vector.New(target, a.N)}
		if a.N > 0 {
			s.value.v = a.Elems
			batch := vector.Batch{N: a.N}
			r, err := s.elem.eval(&batch, vector.Sequence(nil, a.N))
			if err != nil {
				return plainError(err)
			}
			for k := range a.N {
				out.Elems.Set(k, r, k)
			}
		}
		s.out.SetBytes(i, out.Bytes())
	case expr.ToRow:
		fields, err := record.Decode(v.Bytes(i), s.env.typeByOID)
		if err != nil {
			return err
		}
		if len(fields) != len(s.t.Root().Fields) {
			return pgerr.Newf(pgerr.CannotCoerce, "cannot cast type record to %s", s.t.Name)
		}
		for k, f := range s.t.Root().Fields {
			if fields[k].Type != f.Type {
				if fields[k].Null(0) {
					fields[k] = vector.NullConst(f.Type)
					continue
				}
				text := format.AppendText(nil, s.env.Format, fields[k], 0)
				fields[k] = vector.New(f.Type, 1)
				if err := format.ParseText(s.env.Format, f.Type, f.Mod, string(text), fields[k], 0); err != nil {
					return err
				}
			}
		}
		s.out.SetBytes(i, record.Append(nil, fields, 0))
	default:
		return pgerr.Unsupported("domain types")
	}
	return nil
}

// relayout copies an integer between widths; oid and its kin are unsigned.
func relayout(out *vector.Vector, i int, v *vector.Vector) {
	var n int64
	k := v.Index(i)
	switch v.Phys() {
	case types.Int16:
		n = int64(vector.Of[int16](v)[k])
	case types.Int32:
		n = int64(uint32(vector.Of[int32](v)[k]))
	case types.Int64:
		n = vector.Of[int64](v)[k]
	}
	switch out.Phys() {
	case types.Int16:
		vector.Of[int16](out)[i] = int16(n)
	case types.Int32:
		vector.Of[int32](out)[i] = int32(n)
	case types.Int64:
		vector.Of[int64](out)[i] = n
	}
}
