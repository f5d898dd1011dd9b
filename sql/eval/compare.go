package eval

import (
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

type minMax struct {
	args    []step
	less    kernel.Compare
	t       *types.Type
	greater bool
	out     vector.Vector
}

func newMinMax(n *expr.MinMax, args []step) step {
	return &minMax{args: args, t: n.T, greater: n.Greatest, less: kernel.Comparer(n.T, n.C)}
}

func (s *minMax) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	s.out.Init(s.t, rowsFor(b, sel))
	for _, i := range sel {
		s.out.SetNull(int(i))
	}
	var failed *vector.RowError
	for _, a := range s.args {
		v, err := upTo(a, b, &sel, &failed)
		if err != nil {
			return nil, err
		}
		for _, i := range sel {
			k := int(i)
			if v.Null(k) {
				continue
			}
			if s.out.Nulls.Get(k) {
				s.out.Set(k, v, k)
				continue
			}
			if c := s.less(v, k, &s.out, k); c < 0 && !s.greater || c > 0 && s.greater {
				s.out.Set(k, v, k)
			}
		}
	}
	return result(&s.out, failed)
}

// nullIf is a value that becomes null where it equals another.
type nullIf struct {
	left, equal step
	t           *types.Type
	out         vector.Vector
	hold        *held
}

// held passes a vector computed before to a step that stands for it.
type held struct{ v *vector.Vector }

func (s *held) eval(*vector.Batch, []int32) (*vector.Vector, error) { return s.v, nil }

func (c *compiler) nullIf(n *expr.NullIf) (step, error) {
	left, err := c.compile(n.Call.Args[0])
	if err != nil {
		return nil, err
	}
	equal, err := c.call(n.Call)
	if err != nil {
		return nil, err
	}
	hold := &held{}
	equal.(*call).args[0] = hold
	return &nullIf{left: left, equal: equal, t: n.T, hold: hold}, nil
}

func (s *nullIf) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.left, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.hold.v = v
	same, err := upTo(s.equal, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.out.Init(s.t, rowsFor(b, sel))
	for _, i := range sel {
		k := same.Index(int(i))
		if !same.Nulls.Get(k) && vector.Of[bool](same)[k] {
			s.out.SetNull(int(i))
		} else {
			s.out.Set(int(i), v, int(i))
		}
	}
	return result(&s.out, failed)
}

// distinct is IS [NOT] DISTINCT FROM.
type distinct struct {
	args  [2]step
	equal step
	holds [2]*held
	not   bool
	out   vector.Vector
	sel   []int32
}

func (c *compiler) distinct(n *expr.Distinct) (step, error) {
	s := &distinct{not: n.Not}
	equal, err := c.call(n.Call)
	if err != nil {
		return nil, err
	}
	for i := range 2 {
		if s.args[i], err = c.compile(n.Call.Args[i]); err != nil {
			return nil, err
		}
		s.holds[i] = &held{}
		equal.(*call).args[i] = s.holds[i]
	}
	s.equal = equal
	return s, nil
}

func (s *distinct) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	for i, a := range s.args {
		v, err := upTo(a, b, &sel, &failed)
		if err != nil {
			return nil, err
		}
		s.holds[i].v = v
	}
	s.out.Init(types.BoolType, rowsFor(b, sel))
	values := vector.Of[bool](&s.out)
	x, y := s.holds[0].v, s.holds[1].v
	s.sel = s.sel[:0]
	for _, i := range sel {
		switch xn, yn := x.Null(int(i)), y.Null(int(i)); {
		case xn && yn:
			values[i] = s.not
		case xn || yn:
			values[i] = !s.not
		default:
			s.sel = append(s.sel, i)
		}
	}
	if len(s.sel) == 0 {
		return result(&s.out, failed)
	}
	v, err := upTo(s.equal, b, &s.sel, &failed)
	if err != nil {
		return nil, err
	}
	for _, i := range s.sel {
		values[i] = vector.Of[bool](v)[v.Index(int(i))] == s.not
	}
	return result(&s.out, failed)
}

// anyAll is x op ANY (array). The array of a batch is usually one constant, which
// is taken apart once.
type anyAll struct {
	left  step
	array step
	op    *call
	hold  *held
	value *caseValue
	all   bool
	elem  *types.Type
	out   vector.Vector
	from  *vector.Vector // the constant array that items come from
	items *array.Array
	open  []int32
}

func (c *compiler) anyAll(n *expr.AnyAll) (step, error) {
	s := &anyAll{all: n.All, value: &caseValue{}, hold: &held{}, elem: n.Array.Type().Root().Elem}
	var err error
	if s.left, err = c.compile(n.Call.Args[0]); err != nil {
		return nil, err
	}
	if s.array, err = c.compile(n.Array); err != nil {
		return nil, err
	}
	saved := c.value
	c.value = s.value
	op, err := c.call(n.Call)
	c.value = saved
	if err != nil {
		return nil, err
	}
	s.op = op.(*call)
	s.op.args[0] = s.hold
	return s, nil
}

func (s *anyAll) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	left, err := upTo(s.left, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	arrays, err := upTo(s.array, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.out.Init(types.BoolType, rowsFor(b, sel))
	if len(sel) == 0 {
		return result(&s.out, failed)
	}
	s.hold.v = left
	if arrays.Const {
		if arrays.Null(0) {
			for _, i := range sel {
				s.out.SetNull(int(i))
			}
			return result(&s.out, failed)
		}
		if s.from != arrays {
			if s.items, err = array.Decode(arrays.Bytes(0), s.elem); err != nil {
				return nil, err
			}
			if c, isConst := s.array.(*constant); isConst {
				s.from = c.v
			}
		}
		failed, err = s.test(b, sel, s.items, failed)
		if err != nil {
			return nil, err
		}
		return result(&s.out, failed)
	}
	for k, i := range sel {
		if arrays.Null(int(i)) {
			s.out.SetNull(int(i))
			continue
		}
		items, err := array.Decode(arrays.Bytes(int(i)), s.elem)
		if err != nil {
			return nil, err
		}
		f, err := s.test(b, sel[k:k+1], items, nil)
		if err != nil {
			return nil, err
		}
		if f != nil {
			return &s.out, f
		}
	}
	return result(&s.out, failed)
}

// test compares rows with the items until each is decided.
func (s *anyAll) test(b *vector.Batch, sel []int32, items *array.Array, failed *vector.RowError) (*vector.RowError, error) {
	values := vector.Of[bool](&s.out)
	for _, i := range sel {
		values[i] = s.all
	}
	open := append(s.open[:0], sel...)
	for k := 0; k < items.N && len(open) > 0; k++ {
		s.value.v = vector.NewConst(items.Elems, k)
		v, err := upTo(s.op, b, &open, &failed)
		if err != nil {
			return nil, err
		}
		kept := open[:0]
		for _, i := range open {
			j := v.Index(int(i))
			switch {
			case v.Nulls.Get(j):
				s.out.SetNull(int(i))
				kept = append(kept, i)
			case vector.Of[bool](v)[j] != s.all:
				values[i] = !s.all
				s.out.Nulls.Clear(int(i))
			default:
				kept = append(kept, i)
			}
		}
		open = kept
	}
	s.open = open[:0]
	return failed, nil
}

// rowCompare is (a, b) < (c, d): the first pair that is not equal decides.
type rowCompare struct {
	strict, equal []step
	out           vector.Vector
}

func (c *compiler) rowCompare(n *expr.RowCompare) (step, error) {
	s := &rowCompare{}
	for i := range n.Calls {
		x, err := c.call(n.Calls[i])
		if err != nil {
			return nil, err
		}
		y, err := c.call(n.Equals[i])
		if err != nil {
			return nil, err
		}
		s.strict, s.equal = append(s.strict, x), append(s.equal, y)
	}
	return s, nil
}

func (s *rowCompare) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	s.out.Init(types.BoolType, rowsFor(b, sel))
	values := vector.Of[bool](&s.out)
	open := append([]int32(nil), sel...)
	var failed *vector.RowError
	for k := range s.strict {
		if len(open) == 0 {
			break
		}
		last := k == len(s.strict)-1
		v, err := upTo(s.strict[k], b, &open, &failed)
		if err != nil {
			return nil, err
		}
		e := v
		if !last {
			if e, err = upTo(s.equal[k], b, &open, &failed); err != nil {
				return nil, err
			}
		}
		kept := open[:0]
		for _, i := range open {
			j := v.Index(int(i))
			if v.Nulls.Get(j) {
				s.out.SetNull(int(i))
				continue
			}
			values[i] = vector.Of[bool](v)[j]
			if !last && vector.Of[bool](e)[e.Index(int(i))] {
				kept = append(kept, i)
			}
		}
		open = kept
	}
	return result(&s.out, failed)
}
