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
	rank := func(f func(p *partition, i int) int64) function.Impl {
		return impl(func(p *partition, i, _, _ int, out *vector.Vector, at int) error {
			vector.Of[int64](out)[at] = f(p, i)
			return nil
		})
	}
	share := func(f func(p *partition, i int) float64) function.Impl {
		return impl(func(p *partition, i, _, _ int, out *vector.Vector, at int) error {
			vector.Of[float64](out)[at] = f(p, i)
			return nil
		})
	}
	t := function.Table{
		"row_number()": rank(func(_ *partition, i int) int64 { return int64(i + 1) }),
		"rank()":       rank(func(p *partition, i int) int64 { return int64(p.peers[i] + 1) }),
		"dense_rank()": rank(func(p *partition, i int) int64 { return p.dense(i) }),
		"percent_rank()": share(func(p *partition, i int) float64 {
			if p.n <= 1 {
				return 0
			}
			return float64(p.peers[i]) / float64(p.n-1)
		}),
		"cume_dist()": share(func(p *partition, i int) float64 { return float64(p.peerEnd(i)) / float64(p.n) }),
		"ntile(int4)": impl(ntile),
		"first_value(anyelement)": impl(func(p *partition, _, start, end int, out *vector.Vector, at int) error {
			return p.value(start, start < end, out, at)
		}),
		"last_value(anyelement)": impl(func(p *partition, _, start, end int, out *vector.Vector, at int) error {
			return p.value(end-1, start < end, out, at)
		}),
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

// partition is the rows that a window function sees.
type partition struct {
	n     int
	args  []*vector.Vector
	peers []int32 // first row of each row's peer group
	ranks []int64
	ends  []int32
	row   func(p *partition, i, start, end int, out *vector.Vector, at int) error
}

func impl(row func(p *partition, i, start, end int, out *vector.Vector, at int) error) function.Impl {
	return function.Impl{Window: func(*function.Call) (function.Windower, error) { return &partition{row: row}, nil }}
}

// Partition begins a partition.
func (p *partition) Partition(n int, args []*vector.Vector, peers []int32) error {
	p.n, p.args, p.peers, p.ranks, p.ends = n, args, peers, nil, nil
	return nil
}

// Row computes one row.
func (p *partition) Row(i, start, end int, out *vector.Vector, at int) error {
	return p.row(p, i, start, end, out, at)
}

// dense numbers the peer groups.
func (p *partition) dense(i int) int64 {
	if p.ranks == nil {
		p.ranks = make([]int64, p.n)
		for k := range p.n {
			switch {
			case k == 0:
				p.ranks[k] = 1
			case p.peers[k] == p.peers[k-1]:
				p.ranks[k] = p.ranks[k-1]
			default:
				p.ranks[k] = p.ranks[k-1] + 1
			}
		}
	}
	return p.ranks[i]
}

// peerEnd is the row after the last of a peer group.
func (p *partition) peerEnd(i int) int32 {
	if p.ends == nil {
		p.ends = make([]int32, p.n)
		for k := p.n - 1; k >= 0; k-- {
			if k == p.n-1 || p.peers[k+1] != p.peers[k] {
				p.ends[k] = int32(k + 1)
			} else {
				p.ends[k] = p.ends[k+1]
			}
		}
	}
	return p.ends[i]
}

// value is the first argument at another row, null if there is none.
func (p *partition) value(row int, there bool, out *vector.Vector, at int) error {
	if !there {
		out.SetNull(at)
	} else {
		out.Set(at, p.args[0], row)
	}
	return nil
}

// integer is an int4 argument; ok is false for null.
func (p *partition) integer(arg, i int) (n int32, ok bool) {
	v := p.args[arg]
	return vector.Of[int32](v)[v.Index(i)], !v.Null(i)
}

func ntile(p *partition, i, _, _ int, out *vector.Vector, at int) error {
	buckets, ok := p.integer(0, 0)
	if !ok {
		out.SetNull(at)
		return nil
	}
	if buckets <= 0 {
		return pgerr.New(pgerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
	}
	// The first n mod buckets ones are a row larger.
	size, large := p.n/int(buckets), p.n%int(buckets)
	var bucket int
	if edge := large * (size + 1); i < edge {
		bucket = i / (size + 1)
	} else {
		bucket = large + (i-edge)/max(size, 1)
	}
	if out.Phys() == types.Int32 {
		vector.Of[int32](out)[at] = int32(bucket + 1)
	} else {
		vector.Of[int64](out)[at] = int64(bucket + 1)
	}
	return nil
}

func nthValue(p *partition, i, start, end int, out *vector.Vector, at int) error {
	n, ok := p.integer(1, i)
	if !ok {
		out.SetNull(at)
		return nil
	}
	if n <= 0 {
		return pgerr.New(pgerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
	}
	row := start + int(n) - 1
	return p.value(row, row < end, out, at)
}

// offset is lag (-1) and lead (1): a row so many before or after, or the default.
func offset(sign int) func(p *partition, i, start, end int, out *vector.Vector, at int) error {
	return func(p *partition, i, _, _ int, out *vector.Vector, at int) error {
		by := int32(1)
		if len(p.args) > 1 {
			n, ok := p.integer(1, i)
			if !ok {
				out.SetNull(at)
				return nil
			}
			by = n
		}
		row := int64(i) + int64(sign)*int64(by)
		if row >= 0 && row < int64(p.n) {
			return p.value(int(row), true, out, at)
		}
		if len(p.args) > 2 {
			out.Set(at, p.args[2], i)
		} else {
			out.SetNull(at)
		}
		return nil
	}
}
