package search

import (
	"math"
	"strings"

	"datapunk/catalog/desc"
	"datapunk/planner/cost"
	"datapunk/planner/estimate"
	"datapunk/planner/plan"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// system tells the relations that the catalog computes, with their rows.
func (s *Search) system(rel *desc.Relation) (float64, bool) {
	if s.opts.System == nil {
		return 0, false
	}
	return s.opts.System(rel)
}

// systemScan reads a computed table: by the columns of that of its indexes which
// leaves the fewest rows, or all of it. outer are columns that a nested loop provides.
func (s *Search) systemScan(f *logical.TableRef, conds []expr.Expr, outer map[expr.ColumnID]bool, rows float64) *plan.SystemScan {
	n := &plan.SystemScan{Table: f.Relation, Alias: f.Alias, Filter: conds}
	own, byNumber := map[expr.ColumnID]bool{}, map[int16]logical.Col{}
	for _, c := range f.Cols {
		own[c.ID], byNumber[c.Number] = true, c
		if s.needed[c.ID] {
			n.Out = append(n.Out, column(c))
			n.Numbers = append(n.Numbers, c.Number)
		}
	}
	n.Est = plan.Estimate{Rows: s.selected(rows, conds), Total: rows * cost.SystemRow}
	if s.opts.NoIndexScan {
		return n
	}
	for _, oid := range f.Relation.Indexes {
		index := s.catalog.Relation(oid)
		if index == nil {
			continue
		}
		var columns []int16
		var keys []expr.Expr
		var in expr.Expr
		used, matched := make([]bool, len(conds)), rows
		for _, k := range index.Index.Keys {
			c := byNumber[k.Column]
			key := &expr.Column{Typing: expr.Typing{T: c.Type, M: c.Mod, C: c.Collation}, ID: c.ID, Name: c.Name}
			k.Collation = 0 // the order does not matter
			i, value := findEqual(conds, used, key, own, k)
			if i < 0 {
				i, value = findPattern(conds, key)
			}
			if i < 0 && len(columns) == 0 {
				if i, in = findIn(conds, used, key, own, k); i >= 0 {
					columns = append(columns, k.Column)
					matched = math.Min(matched, 10)
				}
				break
			}
			if i < 0 {
				break
			}
			used[i] = true
			columns, keys = append(columns, k.Column), append(keys, value)
			matched *= estimate.Selectivity(conds[i], s.find)
		}
		if len(columns) == 0 {
			continue
		}
		if index.Index.Unique && len(keys) == len(index.Index.Keys) {
			matched = 1
		}
		matched = math.Max(matched, 1)
		if total := cost.SystemSeek + matched*cost.SystemRow; total < n.Est.Total {
			n.Columns, n.Keys, n.In, n.Est.Total = columns, keys, in, total
		}
	}
	return n
}

// usesOuter tells whether a lookup's keys mention the outer side of a loop.
func (s *Search) usesOuter(n *plan.SystemScan, outer map[expr.ColumnID]bool) bool {
	for _, k := range append([]expr.Expr{n.In}, n.Keys...) {
		if k != nil && mentionsAny(k, outer) {
			return true
		}
	}
	return false
}

// findPattern finds a match with a pattern that only one text meets, such as
// ^(name)$, by which psql looks for relations.
func findPattern(conds []expr.Expr, key expr.Expr) (int, expr.Expr) {
	for i, c := range conds {
		call, ok := c.(*expr.Call)
		if !ok || len(call.Args) != 2 || estimate.Operator(call) != "~" || !sameKey(call.Args[0], key) {
			continue
		}
		pattern := call.Args[1]
		if c, ok := pattern.(*expr.Cast); ok && c.Method == expr.Relabel { // COLLATE
			pattern = c.Arg
		}
		k, ok := pattern.(*expr.Const)
		if !ok || k.Value.Null(0) {
			continue
		}
		text, ok := strings.CutPrefix(k.Value.String(0), "^(")
		if !ok {
			continue
		}
		if text, ok = strings.CutSuffix(text, ")$"); ok && !strings.ContainsAny(text, `\.[]{}()*+?|^$`) {
			return i, &expr.Const{Typing: expr.Of(types.Text), Value: vector.Value(types.Text, text)}
		}
	}
	return -1, nil
}
