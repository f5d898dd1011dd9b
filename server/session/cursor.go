package session

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/vector"
)

// The bits of DECLARE's options (the grammar's).
const (
	cursorBinary = 1 << iota
	cursorScroll
	cursorNoScroll
	cursorInsensitive
	cursorAsensitive
	cursorHold
)

// cursor is what a portal has more if DECLARE made it. One with SCROLL keeps the rows
// it has read; one without reads on, and cannot go back.
type cursor struct {
	options int32
	made    datetime.Timestamp
	kept    *vector.Batch // of SCROLL, and of WITH HOLD after its transaction
	have    int64         // rows read
	at      int64         // current row from 1; 0 before the first, have+1 after the last
	ended   bool          // all rows are read
	place   place
}

func (c *cursor) scroll() bool { return c.options&cursorScroll != 0 }
func (c *cursor) hold() bool   { return c.options&cursorHold != 0 }

// declare runs DECLARE … CURSOR.
func (s *Session) declare(ctx context.Context, sql string, n *pg.DeclareCursorStmt) (string, error) {
	if !s.block && n.Options&cursorHold == 0 {
		return "", pgerr.New(pgerr.NoActiveSqlTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if n.Options&cursorScroll != 0 && n.Options&cursorNoScroll != 0 {
		return "", pgerr.New(pgerr.InvalidCursorDefinition, "cannot specify both SCROLL and NO SCROLL")
	}
	if s.portals[n.Portalname] != nil {
		return "", pgerr.Newf(pgerr.DuplicateCursor, "cursor \"%s\" already exists", n.Portalname)
	}
	if q := n.Query.GetSelectStmt(); q == nil || intoClause(q) != nil {
		return "", pgerr.New(pgerr.InvalidCursorDefinition, "DECLARE CURSOR must not contain data-modifying statements in WITH")
	}
	c := &cursor{options: n.Options, made: s.stmtTime}
	s.wrap = c.follow
	x, err := s.prepare(ctx, sql, n.Query, nil, nil)
	s.wrap = nil
	if err != nil {
		return "", err
	}
	c.simple(x.plan.Root)
	if locksRows(x.plan.Root) && n.Options&(cursorHold|cursorScroll|cursorInsensitive) != 0 {
		x.close()
		what := "SCROLL"
		switch {
		case n.Options&cursorHold != 0:
			what = "WITH HOLD"
		case n.Options&cursorInsensitive != 0:
			what = "INSENSITIVE"
		}
		return "", pgerr.Newf(pgerr.FeatureNotSupported, "DECLARE %s CURSOR ... FOR UPDATE is not supported", what)
	}
	if c.scroll() {
		c.kept = x.empty()
	}
	s.portals[n.Portalname] = &Portal{prepared: &Prepared{sql: sql, statement: &parser.Statement{Node: n.Query}, Columns: x.columns},
		run: x, cursor: c, depth: len(s.savepoints)}
	return "DECLARE CURSOR", nil
}

// locksRows tells a plan with FOR UPDATE or the like.
func locksRows(n plan.Node) bool {
	if _, ok := n.(*plan.LockRows); ok {
		return true
	}
	return slices.ContainsFunc(n.Inputs(), locksRows)
}

// empty makes a batch for kept rows of the result.
func (x *execution) empty() *vector.Batch {
	cols := make([]*types.Type, len(x.columns))
	for i, c := range x.columns {
		cols[i] = c.Type
	}
	return vector.NewBatch(cols, 0)
}

func (s *Session) cursor(name string) (*Portal, error) {
	q := s.portals[name]
	if q == nil {
		return nil, pgerr.Newf(pgerr.InvalidCursorName, "cursor \"%s\" does not exist", name)
	}
	if q.cursor == nil {
		return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", name)
	}
	return q, nil
}

// fetch runs FETCH and MOVE.
func (s *Session) fetch(ctx context.Context, n *pg.FetchStmt) (string, error) {
	q, err := s.cursor(n.Portalname)
	if err != nil {
		return "", err
	}
	out := func(*vector.Batch) error { return nil }
	word := "MOVE "
	if !n.Ismove {
		word, out = "FETCH ", s.results.Batch
		if err := s.results.Columns(q.prepared.Columns); err != nil {
			return "", err
		}
	}
	if q.run != nil {
		q.run.env.Env.Env.Context = ctx
	}
	rows, err := q.move(n.Direction, n.HowMany, out)
	return word + strconv.FormatInt(rows, 10), err
}

// move goes in a direction and gives the rows it passes (of ABSOLUTE and RELATIVE, the
// one it comes to) to out; it returns how many.
func (q *Portal) move(direction pg.FetchDirection, count int64, out func(*vector.Batch) error) (int64, error) {
	c := q.cursor
	switch direction {
	case pg.FetchDirection_FETCH_FORWARD:
	case pg.FetchDirection_FETCH_BACKWARD:
		if count == 0 {
			break
		}
		if count == math.MaxInt64 {
			count = math.MaxInt64 - 1
		}
		count = -count
	case pg.FetchDirection_FETCH_ABSOLUTE:
		target := count
		if count < 0 {
			if err := q.read(math.MaxInt64); err != nil {
				return 0, err
			}
			target = max(c.have+1+count, 0)
		}
		return q.seek(target, out)
	case pg.FetchDirection_FETCH_RELATIVE:
		if count != 0 {
			return q.seek(max(c.at+count, 0), out)
		}
	}
	switch {
	case count == 0: // the current row again
		if c.at == 0 || c.ended && c.at > c.have {
			return 0, nil
		}
		return q.seek(c.at, out)
	case count > 0:
		return q.forward(count, out)
	}
	if !c.scroll() && c.kept == nil {
		return 0, forwardOnly()
	}
	to := max(c.at+count, 0)
	var passed []int32
	for i := c.at - 1; i >= max(to, 1); i-- {
		passed = append(passed, int32(i-1))
	}
	if c.at = to; c.at > 0 && len(passed) == 0 {
		c.at = 0
	}
	return int64(len(passed)), q.give(passed, out)
}

func forwardOnly() error {
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cursor can only scan forward").
		WithHint("Declare it with SCROLL option to enable backward scan.")
}

// read makes sure that a kept cursor has read row n, if there is one.
func (q *Portal) read(n int64) error {
	c := q.cursor
	if c.kept == nil {
		return forwardOnly()
	}
	for !c.ended && c.have < n {
		most := min(n-c.have, 1<<20)
		if c.place.scan != nil {
			most = 1 // to know the key of each
		}
		ended, err := q.run.fetch(most, func(b *vector.Batch) error {
			c.keep(b)
			return nil
		})
		if err != nil {
			return err
		}
		c.ended = ended
	}
	return nil
}

func (c *cursor) keep(b *vector.Batch) {
	rows := b.Selection(nil)
	c.kept.AppendRows(b.Cols, rows)
	c.have += int64(len(rows))
	if c.place.scan != nil {
		c.place.keys = append(c.place.keys, bytes.Clone(c.place.scan.Current()))
	}
}

// forward goes on by up to n rows.
func (q *Portal) forward(n int64, out func(*vector.Batch) error) (int64, error) {
	c := q.cursor
	if c.kept != nil {
		to := c.at + min(n, math.MaxInt64-c.at-1)
		if err := q.read(to); err != nil {
			return 0, err
		}
		var passed []int32
		for i := c.at + 1; i <= min(to, c.have); i++ {
			passed = append(passed, int32(i-1))
		}
		c.at = min(to, c.have+1)
		return int64(len(passed)), q.give(passed, out)
	}
	if c.ended {
		c.at = c.have + 1
		return 0, nil
	}
	limit := n
	if n >= math.MaxInt64-1 {
		limit = 0
	}
	before := c.have
	count := func(b *vector.Batch) error {
		c.have += int64(b.Rows())
		return out(b)
	}
	var ended bool
	var err error
	if c.place.scan != nil && limit > 1 {
		// The last row by itself, to know its key.
		if ended, err = q.run.fetch(limit-1, count); err == nil && !ended {
			ended, err = q.run.fetch(1, count)
		}
	} else {
		ended, err = q.run.fetch(limit, count)
	}
	c.ended = ended
	if c.at = c.have; c.have-before < n {
		c.at++
	}
	return c.have - before, err
}

// seek goes to a row and gives it alone.
func (q *Portal) seek(to int64, out func(*vector.Batch) error) (int64, error) {
	c := q.cursor
	if c.kept == nil {
		if to <= c.at {
			if to == 0 && c.at == 0 {
				return 0, nil
			}
			return 0, forwardOnly()
		}
		if skip := to - c.at - 1; skip > 0 {
			if _, err := q.forward(skip, func(*vector.Batch) error { return nil }); err != nil {
				return 0, err
			}
		}
		return q.forward(1, out)
	}
	if err := q.read(to); err != nil {
		return 0, err
	}
	if c.at = min(to, c.have+1); c.at == 0 || c.at > c.have {
		return 0, nil
	}
	return 1, q.give([]int32{int32(c.at - 1)}, out)
}

// give passes kept rows on.
func (q *Portal) give(rows []int32, out func(*vector.Batch) error) error {
	for len(rows) > 0 {
		n := min(len(rows), vector.Size)
		if err := out(&vector.Batch{Cols: q.cursor.kept.Cols, N: q.cursor.kept.N, Sel: rows[:n:n]}); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// holdCursors reads what the cursors WITH HOLD have left, since their transaction is
// about to end.
func (s *Session) holdCursors(ctx context.Context) error {
	for _, q := range s.portals {
		c := q.cursor
		if c == nil || !c.hold() || q.run == nil {
			continue
		}
		q.run.env.Env.Env.Context = ctx
		if c.kept == nil {
			// Rows already passed stay unread: they count, but cannot be gone back to.
			c.kept = q.run.empty()
			passed := c.have
			c.have, c.at = 0, c.at-passed
		}
		if err := q.read(math.MaxInt64); err != nil {
			return err
		}
		q.run.close()
		q.run = nil
	}
	return nil
}

// closeCursor runs CLOSE.
func (s *Session) closeCursor(n *pg.ClosePortalStmt) (string, error) {
	if n.Portalname == "" {
		for name, q := range s.portals {
			if q.cursor != nil {
				s.closePortal(name)
			}
		}
		return "CLOSE CURSOR ALL", nil
	}
	if s.portals[n.Portalname] == nil {
		return "", pgerr.Newf(pgerr.InvalidCursorName, "cursor \"%s\" does not exist", n.Portalname)
	}
	s.closePortal(n.Portalname)
	return "CLOSE CURSOR", nil
}
