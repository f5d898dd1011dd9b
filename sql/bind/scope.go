package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// scope is where a column name is looked up: the FROM items of one query, then
// those of the queries around it.
type scope struct {
	parent *scope
	q      *query
	items  []*source
	ctes   []*logical.CTE
	// hidden is a WITH RECURSIVE item that may not be mentioned here.
	noOuter bool
}

// source is one name in FROM and its columns.
type source struct {
	name    string // "" cannot be qualified by
	schema  types.OID
	cols    []logical.Col
	rel     *logical.TableRef
	item    logical.FromItem
	visible bool                        // its columns may be named without the table (not under a JOIN alias)
	named   bool                        // its columns may be named with the table
	lateral bool                        // reachable only from LATERAL items
	reach   bool                        // false: there, but not reachable from here (for the error)
	exprs   map[expr.ColumnID]expr.Expr // merged columns of USING
}

// column finds a column by its unqualified name.
func (b *Binder) column(s *scope, name string, location int32) (expr.Expr, error) {
	for level := s; level != nil; level = level.parent {
		var found expr.Expr
		var unreachable *source
		for _, item := range level.items {
			if !item.visible {
				continue
			}
			for i := range item.cols {
				c := &item.cols[i]
				if c.Name != name || (c.Hidden && c.Number >= 0) {
					continue
				}
				if !item.reach {
					unreachable = item
					continue
				}
				if found != nil {
					if c.Hidden {
						continue // a system column of a second table
					}
					return nil, b.errorf(location, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
				}
				found = b.columnExpr(level, s, item, c)
			}
		}
		if found != nil {
			return found, nil
		}
		if unreachable != nil {
			e := b.errorf(location, pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
			if unreachable.name != "" {
				e.WithDetail("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name, unreachable.name)
			}
			return nil, e
		}
		if level.noOuter {
			break
		}
	}
	return nil, nil
}

// columnExpr makes the reference, and notes it in every query between.
func (b *Binder) columnExpr(level, from *scope, item *source, c *logical.Col) expr.Expr {
	if e, ok := item.exprs[c.ID]; ok {
		b.noteOuter(e, from)
		return e
	}
	switch f := item.item.(type) {
	case *logical.TableRef:
		b.needColumn(f.Relation, c.Number, desc.Select)
	case *logical.SubqueryRef:
		if f.View != nil {
			b.needColumn(f.View, c.Number, desc.Select)
		}
	}
	e := &expr.Column{Typing: expr.Typing{T: c.Type, M: c.Mod, C: c.Collation}, ID: c.ID, Name: c.Name}
	b.noteOuter(e, from)
	return e
}

// noteOuter records the columns of e that belong to queries around from.q.
func (b *Binder) noteOuter(e expr.Expr, from *scope) {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok {
			b.noteColumn(c.ID, from)
		}
		return true
	})
}

func (b *Binder) noteColumn(id expr.ColumnID, from *scope) {
	home := b.home[id]
	for q := from.q; q != nil && q != home; q = q.parent {
		if !q.outer[id] {
			q.outer[id] = true
			b.noted = append(b.noted, note{q, id})
		}
	}
}

// qualified finds t.name (schema may be 0).
func (b *Binder) relation(s *scope, schema types.OID, table string, location int32) (*source, *scope, error) {
	for level := s; level != nil; level = level.parent {
		var found *source
		for _, item := range level.items {
			if !item.named || item.name != table || (schema != 0 && item.schema != schema) {
				continue
			}
			if !item.reach {
				e := b.errorf(location, pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", table)
				e.WithDetail("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", table)
				return nil, nil, e
			}
			if found != nil {
				return nil, nil, b.errorf(location, pgerr.AmbiguousAlias, "table reference \"%s\" is ambiguous", table)
			}
			found = item
		}
		if found != nil {
			return found, level, nil
		}
		if level.noOuter {
			break
		}
	}
	return nil, nil, nil
}

// field finds a column of one source by name.
func (b *Binder) field(s, level *scope, item *source, name string, location int32) (expr.Expr, error) {
	var found *logical.Col
	for i := range item.cols {
		c := &item.cols[i]
		if c.Name == name && !(c.Hidden && c.Number >= 0) {
			if found != nil {
				return nil, b.errorf(location, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
			}
			found = c
		}
	}
	if found == nil {
		return nil, nil
	}
	return b.columnExpr(level, s, item, found), nil
}

// missingTable is the error for a qualified name without its table.
func (b *Binder) missingTable(s *scope, table string, location int32) error {
	// A table whose alias hides its name gets a hint.
	for level := s; level != nil; level = level.parent {
		for _, item := range level.items {
			if item.rel != nil && item.rel.Aliased && item.rel.Relation.Name == table {
				e := b.errorf(location, pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", table)
				return e.WithHint("Perhaps you meant to reference the table alias \"%s\".", item.name)
			}
		}
	}
	return b.errorf(location, pgerr.UndefinedTable, "missing FROM-clause entry for table \"%s\"", table)
}

// missingColumn is the error for an unknown column, with PostgreSQL's hint where a
// similar name is near.
func (b *Binder) missingColumn(s *scope, table, name string, location int32) error {
	var e *pgerr.Error
	if table != "" {
		e = b.errorf(location, pgerr.UndefinedColumn, "column %s.%s does not exist", table, name)
	} else {
		e = b.errorf(location, pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
	}
	best, places := len(name)/2+1, []string(nil)
	for _, item := range s.items {
		if !item.reach || item.name == "" {
			continue
		}
		for _, c := range item.cols {
			if c.Hidden {
				continue
			}
			d := distance(name, c.Name, best+1)
			if table != "" {
				d += distance(table, item.name, 4)
			}
			if table == "" && d == 0 {
				continue
			}
			switch {
			case d < best || (d <= best && places == nil):
				best, places = d, []string{item.name + "." + c.Name}
			case d == best && places != nil:
				places = append(places, item.name+"."+c.Name)
			}
		}
	}
	switch len(places) {
	case 1:
		e.WithHint("Perhaps you meant to reference the column \"%s\".", places[0])
	case 2:
		e.WithHint("Perhaps you meant to reference the column \"%s\" or the column \"%s\".", places[0], places[1])
	}
	return e
}

// distance is the Levenshtein distance of two names, or limit if it is larger.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := last
			if a[i-1] != b[j-1] {
				cost++
			}
			last = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return min(row[len(b)], limit)
}
