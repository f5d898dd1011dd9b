package agg

import (
	"math"
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
		return &mode{bag: bag{t: c.Args[0]}, equal: kernel.Comparer(c.Args[0], c.Collation)}
	})
	percentile := func(pick picker) function.Impl {
		return agg(func(c *function.Call) function.Aggregator { return &percentiles{bag: bag{t: c.Args[1]}, pick: pick} })
	}
	for _, fraction := range []string{"float8", "_float8"} {
		t["percentile_disc("+fraction+",anyelement)"] = percentile(discrete)
		t["percentile_cont("+fraction+",float8)"] = percentile(continuousFloat)
		t["percentile_cont("+fraction+",interval)"] = percentile(continuousInterval)
	}
}

// mode finds the most frequent value, the first of several.
type mode struct {
	bag
	equal kernel.Compare
}

func (a *mode) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if !args[0].Null(int(i)) {
			a.add(groups[k], args[0], int(i))
		}
	}
	return nil
}

func (a *mode) Merge(other function.Aggregator, from, to int) error {
	a.merge(&other.(*mode).bag, from, to)
	return nil
}

func (a *mode) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		best, most, run := int32(-1), 0, 0
		var head int32
		for k, r := range a.rows[first+i] {
			if k > 0 && a.equal(a.values, int(head), a.values, int(r)) == 0 {
				run++
			} else {
				head, run = r, 1
			}
			if run > most {
				best, most = head, run
			}
		}
		if best < 0 {
			out.SetNull(i)
		} else {
			out.Set(i, a.values, int(best))
		}
	}
	return nil
}

// picker writes the value at a fraction of a group's sorted rows.
type picker func(values *vector.Vector, rows []int32, fraction float64, out *vector.Vector, at int) error

func discrete(values *vector.Vector, rows []int32, fraction float64, out *vector.Vector, at int) error {
	k := max(int(math.Ceil(fraction*float64(len(rows))))-1, 0)
	out.Set(at, values, int(rows[k]))
	return nil
}

// between finds the two rows around a fraction and how far it is between them.
func between(rows []int32, fraction float64) (low, high int, part float64) {
	place := fraction * float64(len(rows)-1)
	first, second := math.Floor(place), math.Ceil(place)
	return int(rows[int(first)]), int(rows[int(second)]), place - first
}

func continuousFloat(values *vector.Vector, rows []int32, fraction float64, out *vector.Vector, at int) error {
	low, high, part := between(rows, fraction)
	v := vector.Of[float64](values)
	r := v[low]
	if low != high {
		r += part * (v[high] - v[low])
	}
	loop.Put(out, at, r)
	return nil
}

func continuousInterval(values *vector.Vector, rows []int32, fraction float64, out *vector.Vector, at int) error {
	low, high, part := between(rows, fraction)
	v := vector.Of[datetime.Interval](values)
	r := v[low]
	if low != high {
		d, err := v[high].Sub(v[low])
		if err != nil {
			return err
		}
		if d, err = d.Mul(part); err != nil {
			return err
		}
		if r, err = d.Add(r); err != nil {
			return err
		}
	}
	loop.Put(out, at, r)
	return nil
}

// percentiles is percentile_disc and percentile_cont of one fraction or an array.
type percentiles struct {
	bag
	pick      picker
	fractions *vector.Vector // of each group
	known     []bool
}

func (a *percentiles) Grow(n int) {
	a.bag.Grow(n)
	a.known = grow(a.known, n)
}

func (a *percentiles) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		g := groups[k]
		a.learn(int(g), args[0], int(i))
		if !args[1].Null(int(i)) {
			a.add(g, args[1], int(i))
		}
	}
	return nil
}

func (a *percentiles) learn(g int, v *vector.Vector, i int) {
	if a.known[g] {
		return
	}
	if a.fractions == nil {
		a.fractions = vector.New(v.Type, 1)
	}
	a.fractions.Grow(g + 1)
	a.fractions.Set(g, v, i)
	a.known[g] = true
}

func (a *percentiles) Merge(other function.Aggregator, from, to int) error {
	o := other.(*percentiles)
	if o.known[from] {
		a.learn(to, o.fractions, from)
	}
	a.merge(&o.bag, from, to)
	return nil
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
		if !a.known[g] || a.fractions.Null(g) {
			out.SetNull(i)
			continue
		}
		if a.fractions.Phys() == types.Float64 {
			f := loop.At[float64](a.fractions, g)
			if err := checkFraction(f); err != nil {
				return err
			}
			if len(a.rows[g]) == 0 {
				out.SetNull(i)
			} else if err := a.pick(a.values, a.rows[g], f, out, i); err != nil {
				return err
			}
			continue
		}
		list, err := array.Decode(a.fractions.Bytes(g), types.Float8)
		if err != nil {
			return err
		}
		if len(a.rows[g]) == 0 {
			out.SetNull(i)
			continue
		}
		elem := out.Type.Root().Elem
		results := vector.New(elem, list.N)
		for k := range list.N {
			if list.Elems.Null(k) {
				results.SetNull(k)
				continue
			}
			f := vector.Of[float64](list.Elems)[k]
			if err := checkFraction(f); err != nil {
				return err
			}
			if err := a.pick(a.values, a.rows[g], f, results, k); err != nil {
				return err
			}
		}
		out.SetBytes(i, array.Append(nil, elem.OID, list.Dims, results, vector.Sequence(nil, list.N)))
	}
	return nil
}
