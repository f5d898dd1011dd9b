package agg

import (
	"math"
	"slices"
	"strconv"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/datetime"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Ordered-set aggregates get the direct arguments in front of the aggregated ones,
// and their rows sorted.

func orderedSets(t function.Table) {
	t["mode(anyelement)"] = agg(func(c *function.Call) function.Aggregator {
		return &mode{equal: kernel.Comparer(c.Args[0], c.Collation)}
	})
	percentile := func(p picker) function.Impl {
		return agg(func(c *function.Call) function.Aggregator { return &percentiles{t: c.Args[1], picker: p} })
	}
	for _, fraction := range []string{"float8", "_float8"} {
		t["percentile_disc("+fraction+",anyelement)"] = percentile(picker{ranks: discrete})
		t["percentile_cont("+fraction+",float8)"] = percentile(picker{continuous, betweenFloats})
		t["percentile_cont("+fraction+",interval)"] = percentile(picker{continuous, betweenIntervals})
	}
}

// mode finds the most frequent value, the first of several: equal ones come together.
type mode struct {
	equal kernel.Compare
	state []runs
}

// runs is the value at hand and the one that came most often.
type runs struct {
	value, best *vector.Vector
	n, most     int64
}

func (a *mode) Grow(n int) { a.state = grow(a.state, n) }

func (a *mode) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			continue
		}
		s := &a.state[groups[k]]
		if s.n == 0 || a.equal(s.value, 0, args[0], int(i)) != 0 {
			if s.value == s.best { // or there is none
				s.value = vector.New(args[0].Type, 1)
			}
			s.value.Init(args[0].Type, 1)
			s.value.Set(0, args[0], int(i))
			s.n = 0
		}
		if s.n++; s.n > s.most {
			s.best, s.most = s.value, s.n
		}
	}
	return nil
}

func (a *mode) Merge(other function.Aggregator, from, to int) error {
	if o := other.(*mode).state[from]; o.most > a.state[to].most {
		a.state[to] = o
	}
	return nil
}

func (a *mode) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		if s := &a.state[first+i]; s.most == 0 {
			out.SetNull(i)
		} else {
			out.Set(i, s.best, 0)
		}
	}
	return nil
}

func (a *mode) Size() int { return 256 * len(a.state) }

// picker finds the value at a fraction of sorted rows.
type picker struct {
	// ranks are the rows on both sides of a fraction of n rows, and how far it is from low
	// to high; they may be one.
	ranks func(n int64, fraction float64) (low, high int64, part float64)
	// between writes the value between two rows.
	between func(values *vector.Vector, low, high int, part float64, out *vector.Vector, at int) error
}

func discrete(n int64, fraction float64) (low, high int64, part float64) {
	k := max(int64(math.Ceil(fraction*float64(n)))-1, 0)
	return k, k, 0
}

func continuous(n int64, fraction float64) (low, high int64, part float64) {
	place := fraction * float64(n-1)
	first, second := math.Floor(place), math.Ceil(place)
	return int64(first), int64(second), place - first
}

func betweenFloats(values *vector.Vector, low, high int, part float64, out *vector.Vector, at int) error {
	v := vector.Of[float64](values)
	loop.Put(out, at, v[low]+part*(v[high]-v[low]))
	return nil
}

func betweenIntervals(values *vector.Vector, low, high int, part float64, out *vector.Vector, at int) error {
	v := vector.Of[datetime.Interval](values)
	d, err := v[high].Sub(v[low])
	if err != nil {
		return err
	}
	if d, err = d.Mul(part); err != nil {
		return err
	}
	r, err := d.Add(v[low])
	loop.Put(out, at, r)
	return err
}

// percentiles is percentile_disc and percentile_cont of one fraction or an array. It
// keeps only the rows that it picks.
type percentiles struct {
	picker
	t         *types.Type
	fractions *vector.Vector // of each group
	state     []sample
	values    *vector.Vector
	n         int // of them
}

// sample is the rows kept of a group.
type sample struct {
	rows, seen int64 // that come, and that came
	known      bool  // the fraction
	ranks      []int64
	places     []int32 // in values, of the ranks that came
}

// place is where the row of a rank is kept.
func (s *sample) place(rank int64) int {
	k, _ := slices.BinarySearch(s.ranks, rank)
	return int(s.places[k])
}

func (a *percentiles) Grow(n int) { a.state = grow(a.state, n) }

// Expect says how many rows a group will have.
func (a *percentiles) Expect(group int32, rows int64) { a.state[group].rows = rows }

func (a *percentiles) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		g := int(groups[k])
		s := &a.state[g]
		if !s.known {
			if err := a.learn(g, args[0], int(i)); err != nil {
				return err
			}
		}
		if args[1].Null(int(i)) {
			continue
		}
		if next := len(s.places); next < len(s.ranks) && s.ranks[next] == s.seen {
			a.keep(s, args[1], int(i))
		}
		s.seen++
	}
	return nil
}

// learn takes a group's fractions from row i of v, and finds which rows they need.
func (a *percentiles) learn(g int, v *vector.Vector, i int) error {
	if a.fractions == nil {
		a.fractions = vector.New(v.Type, 1)
	}
	a.fractions.Grow(g + 1)
	a.fractions.Set(g, v, i)
	s := &a.state[g]
	s.known = true
	if v.Null(i) || s.rows == 0 {
		return nil
	}
	list, err := a.list(g)
	if err != nil {
		return err
	}
	for k := range list.N {
		if f := vector.Of[float64](list.Elems)[k]; !list.Elems.Null(k) && checkFraction(f) == nil {
			low, high, _ := a.ranks(s.rows, f)
			s.ranks = append(s.ranks, low, high)
		}
	}
	slices.Sort(s.ranks)
	s.ranks = slices.Compact(s.ranks)
	return nil
}

// list is the fractions of a group: an array, or one.
func (a *percentiles) list(g int) (*array.Array, error) {
	if a.fractions.Phys() == types.Float64 {
		one := vector.New(types.Float8, 1)
		one.Set(0, a.fractions, g)
		return &array.Array{Elems: one, N: 1}, nil
	}
	return array.Decode(a.fractions.Bytes(g), types.Float8)
}

// keep keeps the value of a rank.
func (a *percentiles) keep(s *sample, v *vector.Vector, i int) {
	if a.values == nil {
		a.values = vector.New(a.t, 1)
	}
	a.values.Grow(a.n + 1)
	a.values.Set(a.n, v, i)
	s.places = append(s.places, int32(a.n))
	a.n++
}

func (a *percentiles) Merge(function.Aggregator, int, int) error {
	return pgerr.Internal("a percentile of parts")
}

func checkFraction(f float64) error {
	if !(f >= 0 && f <= 1) {
		return pgerr.Newf(pgerr.NumericValueOutOfRange, "percentile value %s is not between 0 and 1", strconv.FormatFloat(f, 'g', 6, 64))
	}
	return nil
}

func (a *percentiles) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		g := first + i
		s := &a.state[g]
		if !s.known || a.fractions.Null(g) {
			out.SetNull(i)
			continue
		}
		list, err := a.list(g)
		if err != nil {
			return err
		}
		if a.fractions.Phys() == types.Float64 {
			if err := a.pick(s, vector.Of[float64](list.Elems)[0], out, i); err != nil {
				return err
			}
			continue
		}
		if s.rows == 0 {
			out.SetNull(i)
			continue
		}
		elem := out.Type.Root().Elem
		results := vector.New(elem, list.N)
		for k := range list.N {
			if list.Elems.Null(k) {
				results.SetNull(k)
			} else if err := a.pick(s, vector.Of[float64](list.Elems)[k], results, k); err != nil {
				return err
			}
		}
		out.SetBytes(i, array.Append(nil, elem.OID, list.Dims, results, vector.Sequence(nil, list.N)))
	}
	return nil
}

// pick writes the value at a fraction.
func (a *percentiles) pick(s *sample, fraction float64, out *vector.Vector, at int) error {
	if err := checkFraction(fraction); err != nil {
		return err
	}
	if s.rows == 0 {
		out.SetNull(at)
		return nil
	}
	low, high, part := a.ranks(s.rows, fraction)
	if low == high {
		out.Set(at, a.values, s.place(low))
		return nil
	}
	return a.between(a.values, s.place(low), s.place(high), part, out, at)
}

func (a *percentiles) Size() int {
	n := 96*len(a.state) + 64*a.n
	if a.values != nil {
		n += a.values.HeapBytes()
	}
	return n
}
