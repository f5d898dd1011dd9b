package agg

import (
	"math"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// line is the sums that all regression functions come from.
type line struct{ n, sx, sxx, sy, syy, sxy float64 }

func regressions(t function.Table) {
	add := func(name string, f func(s *line) (float64, bool)) {
		t[name+"(float8,float8)"] = agg(func(*function.Call) function.Aggregator { return &regression{f: f} })
	}
	some := func(f func(s *line) float64) func(s *line) (float64, bool) {
		return func(s *line) (float64, bool) { return f(s), s.n >= 1 }
	}
	add("regr_count", func(s *line) (float64, bool) { return s.n, true })
	add("regr_sxx", some(func(s *line) float64 { return s.sxx }))
	add("regr_syy", some(func(s *line) float64 { return s.syy }))
	add("regr_sxy", some(func(s *line) float64 { return s.sxy }))
	add("regr_avgx", some(func(s *line) float64 { return s.sx / s.n }))
	add("regr_avgy", some(func(s *line) float64 { return s.sy / s.n }))
	add("covar_pop", some(func(s *line) float64 { return s.sxy / s.n }))
	add("covar_samp", func(s *line) (float64, bool) { return s.sxy / (s.n - 1), s.n >= 2 })
	add("corr", func(s *line) (float64, bool) {
		return s.sxy / math.Sqrt(s.sxx*s.syy), s.n >= 1 && s.sxx != 0 && s.syy != 0
	})
	add("regr_r2", func(s *line) (float64, bool) {
		if s.n < 1 || s.sxx == 0 {
			return 0, false
		}
		if s.syy == 0 {
			return 1, true
		}
		return s.sxy * s.sxy / (s.sxx * s.syy), true
	})
	add("regr_slope", func(s *line) (float64, bool) { return s.sxy / s.sxx, s.n >= 1 && s.sxx != 0 })
	add("regr_intercept", func(s *line) (float64, bool) {
		return (s.sy - s.sx*s.sxy/s.sxx) / s.n, s.n >= 1 && s.sxx != 0
	})
}

// regression fits Y (the first argument) to X.
type regression struct {
	f     func(s *line) (float64, bool)
	state []line
}

func (a *regression) Grow(n int) { a.state = grow(a.state, n) }

func (a *regression) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) || args[1].Null(int(i)) {
			continue
		}
		y, x := loop.At[float64](args[0], int(i)), loop.At[float64](args[1], int(i))
		s := &a.state[groups[k]]
		old := *s
		s.n++
		s.sx += x
		s.sy += y
		if s.n > 1 {
			dx, dy, scale := x*s.n-s.sx, y*s.n-s.sy, 1/(s.n*(s.n-1))
			s.sxx += dx * dx * scale
			s.syy += dy * dy * scale
			s.sxy += dx * dy * scale
			if inf(s.sx) || inf(s.sxx) || inf(s.sy) || inf(s.syy) || inf(s.sxy) {
				if (inf(s.sx) || inf(s.sxx)) && !inf(old.sx) && !inf(x) || (inf(s.sy) || inf(s.syy)) && !inf(old.sy) && !inf(y) ||
					inf(s.sxy) && !inf(old.sx) && !inf(x) && !inf(old.sy) && !inf(y) {
					return loop.Overflow()
				}
				for _, p := range []*float64{&s.sxx, &s.syy, &s.sxy} {
					if inf(*p) {
						*p = math.NaN()
					}
				}
			}
			continue
		}
		if x-x != 0 {
			s.sxx, s.sxy = math.NaN(), math.NaN()
		}
		if y-y != 0 {
			s.syy, s.sxy = math.NaN(), math.NaN()
		}
	}
	return nil
}

func inf(f float64) bool { return math.IsInf(f, 0) }

func (a *regression) Merge(other function.Aggregator, from, to int) error {
	s, o := &a.state[to], &other.(*regression).state[from]
	switch {
	case o.n == 0:
	case s.n == 0:
		*s = *o
	default:
		n := s.n + o.n
		dx, dy := s.sx/s.n-o.sx/o.n, s.sy/s.n-o.sy/o.n
		weight := s.n * o.n / n
		*s = line{n: n, sx: s.sx + o.sx, sy: s.sy + o.sy, sxx: s.sxx + o.sxx + weight*dx*dx,
			syy: s.syy + o.syy + weight*dy*dy, sxy: s.sxy + o.sxy + weight*dx*dy}
	}
	return nil
}

func (a *regression) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		r, ok := a.f(&a.state[first+i])
		switch {
		case !ok:
			out.SetNull(i)
		case out.Phys() == types.Int64:
			loop.Put(out, i, int64(r))
		default:
			loop.Put(out, i, r)
		}
	}
	return nil
}

func (a *regression) Size() int { return 48 * len(a.state) }
