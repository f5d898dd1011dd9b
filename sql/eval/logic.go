package eval

import (
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// logic is AND or OR: each operand is computed for the rows that are still open.
type logic struct {
	args []step
	or   bool
	out  vector.Vector
	open []int32
}

func (s *logic) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	s.out.Init(types.BoolType, rowsFor(b, sel))
	values := vector.Of[bool](&s.out)
	for _, i := range sel {
		values[i] = !s.or
	}
	open := append(s.open[:0], sel...)
	var failed *vector.RowError
	for _, a := range s.args {
		if len(open) == 0 {
			break
		}
		v, err := upTo(a, b, &open, &failed)
		if err != nil {
			return nil, err
		}
		kept := open[:0]
		if len(open) > 0 {
			got, mask := vector.Of[bool](v), v.Mask()
			for _, i := range open {
				k := int(i) & mask
				switch {
				case v.Nulls.Get(k):
					s.out.SetNull(int(i))
					kept = append(kept, i)
				case got[k] == s.or: // decided
					values[i] = s.or
					s.out.Nulls.Clear(int(i))
				default:
					kept = append(kept, i)
				}
			}
		}
		open = kept
	}
	s.open = open[:0]
	return result(&s.out, failed)
}

type not struct {
	arg step
	out vector.Vector
}

func (s *not) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.arg, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.out.Init(types.BoolType, rowsFor(b, sel))
	if len(sel) > 0 {
		got, mask, values := vector.Of[bool](v), v.Mask(), vector.Of[bool](&s.out)
		for _, i := range sel {
			k := int(i) & mask
			if values[i] = !got[k]; v.Nulls.Get(k) {
				s.out.SetNull(int(i))
			}
		}
	}
	return result(&s.out, failed)
}

type isNull struct {
	arg step
	not bool
	row bool
	env *Env
	out vector.Vector
}

func (s *isNull) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.arg, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.out.Init(types.BoolType, rowsFor(b, sel))
	values := vector.Of[bool](&s.out)
	for _, i := range sel {
		null := v.Null(int(i))
		if s.row && !null {
			// A row is null if all fields are, and not null if none is.
			fields, err := record.Decode(v.Bytes(int(i)), s.env.typeByOID)
			if err != nil {
				return nil, err
			}
			all, none := true, true
			for _, f := range fields {
				if f.Null(0) {
					none = false
				} else {
					all = false
				}
			}
			values[i] = all && !s.not || none && s.not
			continue
		}
		values[i] = null != s.not
	}
	return result(&s.out, failed)
}

// typeByOID finds a type through the session, or among PostgreSQL's own.
func (e *Env) typeByOID(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil {
		return t
	}
	if e.Env != nil && e.Names != nil {
		return e.Names.TypeByOID(oid)
	}
	return nil
}

type boolTest struct {
	arg  step
	want expr.TruthValue
	not  bool
	out  vector.Vector
}

func (s *boolTest) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	var failed *vector.RowError
	v, err := upTo(s.arg, b, &sel, &failed)
	if err != nil {
		return nil, err
	}
	s.out.Init(types.BoolType, rowsFor(b, sel))
	if len(sel) > 0 {
		got, values := vector.Of[bool](v), vector.Of[bool](&s.out)
		for _, i := range sel {
			k := v.Index(int(i))
			null := v.Nulls.Get(k)
			is := false
			switch s.want {
			case expr.True:
				is = !null && got[k]
			case expr.False:
				is = !null && !got[k]
			case expr.Unknown:
				is = null
			}
			values[i] = is != s.not
		}
	}
	return result(&s.out, failed)
}

// caseValue is the operand that conditions of a CASE compare with, or the element
// of an array cast.
type caseValue struct{ v *vector.Vector }

func (s *caseValue) eval(*vector.Batch, []int32) (*vector.Vector, error) { return s.v, nil }

type caseStep struct {
	arg       step // or nil
	value     *caseValue
	conds     []step
	results   []step
	otherwise step
	t         *types.Type
	out       vector.Vector
	open      []int32
	hit       []int32
}

func (c *compiler) caseExpr(n *expr.Case) (step, error) {
	s := &caseStep{t: n.T, value: &caseValue{}}
	var err error
	if n.Arg != nil {
		if s.arg, err = c.compile(n.Arg); err != nil {
			return nil, err
		}
	}
	saved := c.value
	for _, w := range n.Whens {
		if n.Arg != nil {
			c.value = s.value
		}
		cond, err := c.compile(w.Cond)
		c.value = saved
		if err != nil {
			return nil, err
		}
		r, err := c.compile(w.Result)
		if err != nil {
			return nil, err
		}
		s.conds, s.results = append(s.conds, cond), append(s.results, r)
	}
	s.otherwise, err = c.compile(n.Else)
	return s, err
}

func (s *caseStep) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	s.out.Init(s.t, rowsFor(b, sel))
	open := append(s.open[:0], sel...)
	var failed *vector.RowError
	if s.arg != nil {
		v, err := upTo(s.arg, b, &open, &failed)
		if err != nil {
			return nil, err
		}
		s.value.v = v
	}
	put := func(from step, rows []int32) error {
		if len(rows) == 0 {
			return nil
		}
		v, err := upTo(from, b, &rows, &failed)
		if err != nil {
			return err
		}
		if failed != nil {
			open = before(open, failed.Row)
		}
		for _, i := range rows {
			s.out.Set(int(i), v, int(i))
		}
		return nil
	}
	for k, cond := range s.conds {
		if len(open) == 0 {
			break
		}
		v, err := upTo(cond, b, &open, &failed)
		if err != nil {
			return nil, err
		}
		hit, rest := s.hit[:0], open[:0]
		for _, i := range open {
			if j := v.Index(int(i)); !v.Nulls.Get(j) && vector.Of[bool](v)[j] {
				hit = append(hit, i)
			} else {
				rest = append(rest, i)
			}
		}
		open, s.hit = rest, hit
		if err := put(s.results[k], hit); err != nil {
			return nil, err
		}
	}
	if err := put(s.otherwise, open); err != nil {
		return nil, err
	}
	s.open = open[:0]
	return result(&s.out, failed)
}

type coalesce struct {
	args []step
	t    *types.Type
	out  vector.Vector
	open []int32
}

func (s *coalesce) eval(b *vector.Batch, sel []int32) (*vector.Vector, error) {
	s.out.Init(s.t, rowsFor(b, sel))
	open := append(s.open[:0], sel...)
	var failed *vector.RowError
	for _, a := range s.args {
		if len(open) == 0 {
			break
		}
		v, err := upTo(a, b, &open, &failed)
		if err != nil {
			return nil, err
		}
		rest := open[:0]
		for _, i := range open {
			if v.Null(int(i)) {
				rest = append(rest, i)
			} else {
				s.out.Set(int(i), v, int(i))
			}
		}
		open = rest
	}
	for _, i := range open {
		s.out.SetNull(int(i))
	}
	s.open = open[:0]
	return result(&s.out, failed)
}
