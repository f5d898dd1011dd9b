// Package window is the window functions: the manual's section 9.22.
package window

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// Table lists the kernels by signature.
func Table() function.Table {
	rank := func(f func(p *partition, f *function.Frame) int64) function.Impl {
		return impl(func(p *partition, at *function.Frame, out *vector.Vector, i int) error {
			vector.Of[int64](out)[i] = f(p, at)
			return nil
		})
	}
	share := func(f func(p *partition, f *function.Frame) float64) function.Impl {
		return impl(func(p *partition, at *function.Frame, out *vector.Vector, i int) error {
			vector.Of[float64](out)[i] = f(p, at)
			return nil
		})
	}
	t := function.Table{
		"row_number()": rank(func(_ *partition, f *function.Frame) int64 { return int64(f.Row + 1) }),
		"rank()":       rank(func(_ *partition, f *function.Frame) int64 { return int64(f.Peer + 1) }),
		"dense_rank()": rank(func(_ *partition, f *function.Frame) int64 { return int64(f.Group + 1) }),
		"percent_rank()": share(func(p *partition, f *function.Frame) float64 {
			if p.Len() <= 1 {
				return 0
			}
			return float64(f.Peer) / float64(p.Len()-1)
		}),
		"cume_dist()":                share(func(p *partition, f *function.Frame) float64 { return float64(f.PeerEnd) / float64(p.Len()) }),
		"ntile(int4)":                impl(ntile),
		"first_value(anyelement)":    impl(firstValue),
		"last_value(anyelement)":     impl(lastValue),
		"nth_value(anyelement,int4)": impl(nthValue),
	}
	for name, sign := range map[string]int{"lag": -1, "lead": 1} {
		t[name+"(anyelement)"] = impl(offset(sign))
		t[name+"(anyelement,int4)"] = impl(offset(sign))
		t[name+"(anycompatible,int4,anycompatible)"] = impl(offset(sign))
	}
	ranges(t)
	return t
}

// kernel computes the value of one row.
type kernel func(p *partition, f *function.Frame, out *vector.Vector, at int) error

// partition is the rows that a window function sees.
type partition struct{ function.Partition }

// windower calls a kernel for each row.
type windower struct {
	partition
	row kernel
}

func impl(row kernel) function.Impl {
	return function.Impl{Window: func(*function.Call) (function.Windower, error) { return &windower{row: row}, nil }}
}

// Partition begins a partition.
func (w *windower) Partition(p function.Partition) error {
	w.partition = partition{p}
	return nil
}

// Row computes one row.
func (w *windower) Row(f *function.Frame, out *vector.Vector, at int) error {
	return w.row(&w.partition, f, out, at)
}

// value is the first argument at another row.
func (p *partition) value(row int, out *vector.Vector, at int) error {
	args, i, err := p.Args(row)
	if err != nil {
		return err
	}
	out.Set(at, args[0], i)
	return nil
}

// int4 is an argument; ok is false for null.
func int4(v *vector.Vector, i int) (n int32, ok bool) {
	return vector.Of[int32](v)[v.Index(i)], !v.Null(i)
}

func ntile(p *partition, f *function.Frame, out *vector.Vector, at int) error {
	args, i, err := p.Args(0)
	if err != nil {
		return err
	}
	buckets, ok := int4(args[0], i)
	if !ok {
		out.SetNull(at)
		return nil
	}
	if buckets <= 0 {
		return pgerr.New(pgerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
	}
	// The first n mod buckets ones are a row larger.
	size, large := p.Len()/int(buckets), p.Len()%int(buckets)
	var bucket int
	if edge := large * (size + 1); f.Row < edge {
		bucket = f.Row / (size + 1)
	} else {
		bucket = large + (f.Row-edge)/max(size, 1)
	}
	if out.Phys() == types.Int32 {
		vector.Of[int32](out)[at] = int32(bucket + 1)
	} else {
		vector.Of[int64](out)[at] = int64(bucket + 1)
	}
	return nil
}

func firstValue(p *partition, f *function.Frame, out *vector.Vector, at int) error {
	if len(f.Parts) == 0 {
		out.SetNull(at)
		return nil
	}
	return p.value(f.Parts[0][0], out, at)
}

func lastValue(p *partition, f *function.Frame, out *vector.Vector, at int) error {
	if len(f.Parts) == 0 {
		out.SetNull(at)
		return nil
	}
	return p.value(f.Parts[len(f.Parts)-1][1]-1, out, at)
}

func nthValue(p *partition, f *function.Frame, out *vector.Vector, at int) error {
	args, i, err := p.Args(f.Row)
	if err != nil {
		return err
	}
	n, ok := int4(args[1], i)
	if !ok {
		out.SetNull(at)
		return nil
	}
	if n <= 0 {
		return pgerr.New(pgerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
	}
	left := int(n) - 1
	for _, part := range f.Parts {
		if row := part[0] + left; row < part[1] {
			return p.value(row, out, at)
		}
		left -= part[1] - part[0]
	}
	out.SetNull(at)
	return nil
}

// offset is lag (-1) and lead (1): a row so many before or after, or the default.
func offset(sign int) kernel {
	return func(p *partition, f *function.Frame, out *vector.Vector, at int) error {
		args, i, err := p.Args(f.Row)
		if err != nil {
			return err
		}
		by := int32(1)
		if len(args) > 1 {
			n, ok := int4(args[1], i)
			if !ok {
				out.SetNull(at)
				return nil
			}
			by = n
		}
		switch row := f.Row + sign*int(by); {
		case row >= 0 && row < p.Len():
			return p.value(row, out, at)
		case len(args) > 2:
			out.Set(at, args[2], i)
		default:
			out.SetNull(at)
		}
		return nil
	}
}
