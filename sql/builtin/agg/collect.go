package agg

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

func collections(t function.Table) {
	t["string_agg(text,text)"] = agg(func(*function.Call) function.Aggregator { return &stringAgg{} })
	t["string_agg(bytea,bytea)"] = t["string_agg(text,text)"]
	t["array_agg(anynonarray)"] = agg(func(c *function.Call) function.Aggregator {
		return &arrayAgg{bag: bag{t: c.Args[0]}, elem: elemType(c)}
	})
	t["array_agg(anyarray)"] = agg(func(c *function.Call) function.Aggregator { return &nestAgg{elem: elemType(c)} })
}

// stringAgg joins strings, each after its own delimiter.
type stringAgg struct {
	text  [][]byte
	first [][]byte // delimiter of the first value, for Merge
	some  []bool
}

func (a *stringAgg) Grow(n int) {
	a.text, a.first, a.some = grow(a.text, n), grow(a.first, n), grow(a.some, n)
}

func (a *stringAgg) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			continue
		}
		g := groups[k]
		var delimiter []byte
		if !args[1].Null(int(i)) {
			delimiter = args[1].Bytes(int(i))
		}
		if a.some[g] {
			a.text[g] = append(a.text[g], delimiter...)
		} else {
			a.some[g], a.first[g] = true, append([]byte(nil), delimiter...)
		}
		a.text[g] = append(a.text[g], args[0].Bytes(int(i))...)
	}
	return nil
}

func (a *stringAgg) Merge(other function.Aggregator, from, to int) error {
	o := other.(*stringAgg)
	if !o.some[from] {
		return nil
	}
	if a.some[to] {
		a.text[to] = append(a.text[to], o.first[from]...)
	} else {
		a.some[to], a.first[to] = true, o.first[from]
	}
	a.text[to] = append(a.text[to], o.text[from]...)
	return nil
}

func (a *stringAgg) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		if !a.some[first+i] {
			out.SetNull(i)
		} else {
			out.SetBytes(i, a.text[first+i])
		}
	}
	return nil
}

func (a *stringAgg) Size() int {
	n := 0
	for _, t := range a.text {
		n += 56 + cap(t)
	}
	return n
}

// bag keeps the values of every group in the order they come.
type bag struct {
	t      *types.Type
	values *vector.Vector
	n      int
	rows   [][]int32
}

func (b *bag) Grow(n int) { b.rows = grow(b.rows, n) }

func (b *bag) add(group int32, v *vector.Vector, row int) {
	if b.values == nil {
		b.values = vector.New(b.t, 64)
	}
	b.values.Grow(b.n + 1)
	b.values.Set(b.n, v, row)
	b.rows[group] = append(b.rows[group], int32(b.n))
	b.n++
}

func (b *bag) merge(o *bag, from, to int) {
	for _, r := range o.rows[from] {
		b.add(int32(to), o.values, int(r))
	}
}

func (b *bag) Size() int {
	n := 28*b.n + 24*len(b.rows)
	if b.values != nil {
		n += b.values.HeapBytes()
	}
	return n
}

// arrayAgg gathers values into arrays, nulls included.
type arrayAgg struct {
	bag
	elem *types.Type
}

func (a *arrayAgg) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		a.add(groups[k], args[0], int(i))
	}
	return nil
}

func (a *arrayAgg) Merge(other function.Aggregator, from, to int) error {
	a.merge(&other.(*arrayAgg).bag, from, to)
	return nil
}

func (a *arrayAgg) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		rows := a.rows[first+i]
		if len(rows) == 0 {
			out.SetNull(i)
			continue
		}
		out.SetBytes(i, array.Append(nil, a.elem.OID, []array.Dim{{Length: int32(len(rows)), Lower: 1}}, a.values, rows))
	}
	return nil
}

// nestAgg gathers arrays of one shape into an array of a dimension more.
type nestAgg struct {
	elem  *types.Type
	parts [][]*array.Array
	size  int
}

func (a *nestAgg) Grow(n int) { a.parts = grow(a.parts, n) }

func (a *nestAgg) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			return pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
		}
		x, err := array.Decode(args[0].Bytes(int(i)), a.elem)
		if err != nil {
			return err
		}
		if err := a.put(int(groups[k]), x); err != nil {
			return err
		}
	}
	return nil
}

func (a *nestAgg) put(g int, x *array.Array) error {
	if len(x.Dims) == 0 && len(a.parts[g]) == 0 {
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
	}
	if len(x.Dims) >= array.MaxDims {
		return pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(x.Dims)+1, array.MaxDims)
	}
	if len(a.parts[g]) > 0 {
		dims := a.parts[g][0].Dims
		same := len(dims) == len(x.Dims)
		for d := 0; same && d < len(dims); d++ {
			same = dims[d] == x.Dims[d]
		}
		if !same {
			return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
		}
	}
	a.parts[g] = append(a.parts[g], x)
	a.size += 64 + 16*x.N
	return nil
}

func (a *nestAgg) Merge(other function.Aggregator, from, to int) error {
	for _, x := range other.(*nestAgg).parts[from] {
		if err := a.put(to, x); err != nil {
			return err
		}
	}
	return nil
}

func (a *nestAgg) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		parts := a.parts[first+i]
		if len(parts) == 0 {
			out.SetNull(i)
			continue
		}
		dims := append([]array.Dim{{Length: int32(len(parts)), Lower: 1}}, parts[0].Dims...)
		total, err := array.Count(dims)
		if err != nil {
			return err
		}
		all := vector.New(a.elem, total)
		at := 0
		for _, p := range parts {
			for e := range p.N {
				all.Set(at, p.Elems, e)
				at++
			}
		}
		out.SetBytes(i, array.Append(nil, a.elem.OID, dims, all, vector.Sequence(nil, total)))
	}
	return nil
}

func (a *nestAgg) Size() int { return a.size }
