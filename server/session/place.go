package session

import (
	"datapunk/executor/flow"
	"datapunk/executor/op"
	"datapunk/executor/scan"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/logical"
	"datapunk/types"
)

// place is how WHERE CURRENT OF finds the row that a cursor is at: by its row locks, or
// if it has none, by the one table that it reads row for row.
type place struct {
	scans  map[plan.Node]*scan.Table
	scan   *scan.Table
	table  types.OID
	locks  []*flow.LockRows
	locked []*plan.LockRows
	keys   [][]byte // of the rows a SCROLL cursor keeps
}

// follow notes the operators that know which row is the current one.
func (c *cursor) follow(n plan.Node, o op.Operator) op.Operator {
	switch x := o.(type) {
	case *scan.Table:
		if c.place.scans == nil {
			c.place.scans = map[plan.Node]*scan.Table{}
		}
		c.place.scans[n] = x
	case *flow.LockRows:
		c.place.locks, c.place.locked = append(c.place.locks, x), append(c.place.locked, n.(*plan.LockRows))
	}
	return o
}

// simple finds the scan of a plan each of whose rows is a row of it.
func (c *cursor) simple(n plan.Node) {
	for {
		switch x := n.(type) {
		case *plan.Scan:
			c.place.scan, c.place.table = c.place.scans[n], x.Table.OID
			return
		case *plan.Project:
			if x.Sets {
				return
			}
			n = x.Input
		case *plan.Filter:
			n = x.Input
		case *plan.Limit:
			n = x.Input
		default:
			return
		}
	}
}

// CurrentRow finds the row of WHERE CURRENT OF.
func (o operators) CurrentRow(name string, table types.OID, tableName string) ([]byte, error) {
	wrong := func(format string, args ...any) error {
		return pgerr.Newf(pgerr.InvalidCursorState, format, args...)
	}
	q := o.s.portals[name]
	if q == nil {
		return nil, pgerr.Newf(pgerr.InvalidCursorName, "cursor \"%s\" does not exist", name)
	}
	c := q.cursor
	if c == nil && (q.run == nil || q.run.plan.Command != logical.Select) {
		return nil, wrong("cursor \"%s\" is not a SELECT query", name)
	}
	if c == nil {
		return nil, wrong("cursor \"%s\" is not a simply updatable scan of table \"%s\"", name, tableName)
	}
	if q.run == nil {
		return nil, wrong("cursor \"%s\" is held from a previous transaction", name)
	}
	nowhere := c.at == 0 || c.at > c.have
	if len(c.place.locks) > 0 {
		var key []byte
		found := 0
		for i, l := range c.place.locked {
			for k := range l.Locks {
				if l.Locks[k].Table.OID == table {
					found++
					key = c.place.locks[i].Current(k)
				}
			}
		}
		switch {
		case found > 1:
			return nil, wrong("cursor \"%s\" has multiple FOR UPDATE/SHARE references to table \"%s\"", name, tableName)
		case found == 0:
			return nil, wrong("cursor \"%s\" does not have a FOR UPDATE/SHARE reference to table \"%s\"", name, tableName)
		case nowhere:
			return nil, wrong("cursor \"%s\" is not positioned on a row", name)
		}
		return key, nil
	}
	switch {
	case c.place.scan == nil || c.place.table != table:
		return nil, wrong("cursor \"%s\" is not a simply updatable scan of table \"%s\"", name, tableName)
	case nowhere:
		return nil, wrong("cursor \"%s\" is not positioned on a row", name)
	case c.kept != nil:
		return c.place.keys[c.at-1], nil
	}
	return c.place.scan.Current(), nil
}
