package system

import "datapunk/catalog/desc"

// The kinds of statistics that ANALYZE gathers (pg_statistic.stakindN).
const (
	kindCommon      = 1
	kindHistogram   = 2
	kindCorrelation = 3
)

// statistics is pg_statistic.
func statistics() Table {
	return Table{Name: "pg_statistic", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassStatistics) {
			found := o.(*desc.Statistics)
			rel := s.Relation(found.Relation)
			if rel == nil {
				continue
			}
			for i := range found.Columns {
				if c := &found.Columns[i]; int(c.Column) <= len(rel.Columns) {
					addStatistic(r, found, c, &rel.Columns[c.Column-1])
				}
			}
		}
	}}
}

func addStatistic(r *Rows, found *desc.Statistics, c *desc.ColumnStatistics, col *desc.Column) {
	const slots = 5
	kinds, collations, numbers, values := make([]any, slots), make([]any, slots), make([]any, slots), make([]any, slots)
	for i := range slots {
		kinds[i], collations[i] = 0, 0
	}
	n := 0
	slot := func(kind int, list []float64, bytes []byte) {
		kinds[n], collations[n] = kind, col.Collation
		if list != nil {
			numbers[n] = list
		}
		if bytes != nil {
			values[n] = bytes
		}
		n++
	}
	if c.Common != nil {
		slot(kindCommon, c.Frequencies, c.Common)
	}
	if c.Bounds != nil {
		slot(kindHistogram, nil, c.Bounds)
	}
	if c.Correlation != nil {
		slot(kindCorrelation, []float64{*c.Correlation}, nil)
	}
	row := []any{found.Relation, c.Column, false, c.NullFraction, int(c.Width), c.Distinct}
	row = append(row, kinds...)
	row = append(row, 0, 0, 0, 0, 0) // the operators are those of the type's order
	row = append(row, collations...)
	row = append(row, numbers...)
	r.Add(append(row, values...)...)
}
