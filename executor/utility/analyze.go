package utility

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"datapunk/catalog/desc"
	"datapunk/executor/table"
	"datapunk/kv"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/kernel"
	"datapunk/types/keycodec"
	"datapunk/types/vector"
)

// sampleRows is how many rows ANALYZE looks at for a statistics target of 100: enough
// for a histogram of 100 parts to be within a half of their size, whatever the size of
// the table (Chaudhuri, Motwani and Narasayya, 1998; PostgreSQL's 300 × target).
const (
	target     = 100
	sampleRows = 300 * target
	// widest is the longest value kept in statistics.
	widest = 1024
)

// sample is rows taken at random, and where in the table each lay.
type sample struct {
	cols  []*vector.Vector
	place []int64
	rows  int64 // of the whole table
}

// Analyze gathers the statistics of a table's columns from a sample of its rows.
func Analyze(ctx context.Context, txn kv.Txn, t *table.Table, random *rand.Rand) (*desc.Statistics, error) {
	s, err := take(ctx, txn, t, random)
	if err != nil {
		return nil, err
	}
	out := &desc.Statistics{Relation: t.Desc.OID, Rows: float64(s.rows)}
	if len(s.place) == 0 {
		return out, nil
	}
	for i, typ := range t.Types {
		c := &t.Desc.Columns[i]
		if c.Dropped || c.Statistics != nil && *c.Statistics == 0 {
			continue
		}
		k := s.column(s.cols[i], typ, c.Collation)
		k.Column = int16(i + 1)
		out.Columns = append(out.Columns, k)
	}
	return out, nil
}

// take reads a table once and keeps sampleRows of its rows (Vitter's algorithm R).
func take(ctx context.Context, txn kv.Txn, t *table.Table, random *rand.Rand) (*sample, error) {
	s := &sample{}
	numbers := make([]int16, len(t.Types))
	for i, typ := range t.Types {
		s.cols, numbers[i] = append(s.cols, vector.New(typ, 1)), int16(i+1)
	}
	scan := txn.LatestScan(kv.Span{Start: t.Prefix, End: keycodec.Successor(t.Prefix)}, kv.ScanOptions{})
	defer scan.Close()
	var batch kv.Batch
	for {
		if err := scan.Next(ctx, &batch, 1024); err != nil {
			return nil, err
		}
		if batch.Len() == 0 {
			return s, nil
		}
		for i := range batch.Len() {
			at := len(s.place)
			if at == sampleRows {
				if at = int(random.Int64N(s.rows + 1)); at >= sampleRows {
					s.rows++
					continue
				}
			} else {
				s.place = append(s.place, 0)
				for _, c := range s.cols {
					c.Grow(at + 1)
				}
			}
			s.place[at] = s.rows
			s.rows++
			for _, c := range s.cols {
				c.Nulls.Clear(at)
			}
			if err := t.Decode(batch.Key(i), batch.Value(i), numbers, s.cols, at); err != nil {
				return nil, err
			}
		}
	}
}

// group is equal values of a sorted sample.
type group struct{ first, n int }

// column computes one column's statistics (PostgreSQL manual, 76.1 and pg_statistic).
func (s *sample) column(v *vector.Vector, t *types.Type, collation types.OID) desc.ColumnStatistics {
	var out desc.ColumnStatistics
	n := len(s.place)
	var rows []int32
	width := 0.0
	for i := range n {
		if v.Null(i) {
			continue
		}
		size := int(t.Len)
		if t.Phys == types.Bytes {
			size = len(v.Bytes(i))
		}
		width += float64(size)
		if size <= widest {
			rows = append(rows, int32(i))
		}
	}
	present := 0
	for i := range n {
		if !v.Null(i) {
			present++
		}
	}
	out.NullFraction = float64(n-present) / float64(n)
	if present == 0 {
		return out
	}
	out.Width = math.Max(1, math.Round(width/float64(present)))
	if keycodec.Supported(t) != nil {
		return out // of no order: nothing more can be said
	}
	if len(rows) == 0 {
		out.Distinct = -1
		return out
	}
	compare := kernel.Comparer(t, collation)
	slices.SortFunc(rows, func(a, b int32) int {
		if c := compare(v, int(a), v, int(b)); c != 0 {
			return c
		}
		return int(s.place[a] - s.place[b])
	})
	groups := []group{{0, 1}}
	for i := 1; i < len(rows); i++ {
		if compare(v, int(rows[i-1]), v, int(rows[i])) == 0 {
			groups[len(groups)-1].n++
		} else {
			groups = append(groups, group{i, 1})
		}
	}
	out.Distinct = s.distinct(groups, len(rows), present)
	common := mostCommon(groups, len(rows), out.Distinct, float64(s.rows)*(1-out.NullFraction))
	if len(common) > 0 {
		var places []int32
		for _, g := range common {
			places = append(places, rows[g.first])
			out.Frequencies = append(out.Frequencies, float64(g.n)/float64(n))
		}
		out.Common = array.Append(nil, t.OID, []array.Dim{{Length: int32(len(places)), Lower: 1}}, v, places)
	}
	if bounds := histogram(groups, common, rows); bounds != nil {
		out.Bounds = array.Append(nil, t.OID, []array.Dim{{Length: int32(len(bounds)), Lower: 1}}, v, bounds)
	}
	if len(rows) > 1 {
		c := s.correlation(rows)
		out.Correlation = &c
	}
	return out
}

// distinct estimates the number of distinct values in the table from those in the
// sample (Haas and Stokes, 1998, the estimator Duj1); negative as a share of the rows.
func (s *sample) distinct(groups []group, n, present int) float64 {
	once := 0
	for _, g := range groups {
		if g.n == 1 {
			once++
		}
	}
	d, total := float64(len(groups)), float64(s.rows)*float64(present)/float64(len(s.place))
	switch {
	case once == len(groups):
		return -float64(present) / float64(len(s.place))
	case once > 0:
		f, k := float64(once), float64(n)
		d = math.Floor(math.Min(math.Max(k*d/(k-f+f*k/total), d), total) + 0.5)
	}
	if d > 0.1*float64(s.rows) {
		return -d / float64(s.rows)
	}
	return d
}

// mostCommon picks the values worth listing: all, if they are few; else those that are
// clearly more frequent than the rest.
func mostCommon(groups []group, n int, distinct, total float64) []group {
	multiple := 0
	for _, g := range groups {
		if g.n > 1 {
			multiple++
		}
	}
	if multiple == 0 {
		return nil
	}
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b group) int { return b.n - a.n })
	if multiple == len(groups) && distinct > 0 && len(groups) <= target {
		return sorted
	}
	if distinct < 0 {
		distinct *= -total
	}
	least := math.Max(2, 1.25*float64(n)/math.Max(distinct, 1))
	// A value that fills a part of the histogram by itself belongs here.
	least = math.Min(least, math.Max(2, float64(n)/target))
	for i, g := range sorted {
		if i == target || float64(g.n) < least {
			return sorted[:i]
		}
	}
	return sorted
}

// histogram cuts the values that are not common into parts of equal size.
func histogram(groups, common []group, rows []int32) []int32 {
	listed := map[int]bool{}
	for _, g := range common {
		listed[g.first] = true
	}
	var rest []int32
	values := 0
	for _, g := range groups {
		if !listed[g.first] {
			values++
			rest = append(rest, rows[g.first:g.first+g.n]...)
		}
	}
	n := min(values, target+1)
	if n < 2 {
		return nil
	}
	bounds := make([]int32, n)
	for i := range bounds {
		bounds[i] = rest[i*(len(rest)-1)/(n-1)]
	}
	return bounds
}

// correlation is how far the order of the values is that of the rows: the correlation
// coefficient of the ranks.
func (s *sample) correlation(rows []int32) float64 {
	byPlace := slices.Clone(rows)
	slices.SortFunc(byPlace, func(a, b int32) int { return int(s.place[a] - s.place[b]) })
	rank := make(map[int32]int, len(rows))
	for i, r := range byPlace {
		rank[r] = i
	}
	n, xy := float64(len(rows)), 0.0
	for i, r := range rows {
		xy += float64(i) * float64(rank[r])
	}
	x := n * (n - 1) / 2
	xx := (n - 1) * n * (2*n - 1) / 6
	return (n*xy - x*x) / (n*xx - x*x)
}
