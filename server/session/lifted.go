package session

import (
	"context"
	"strconv"

	"datapunk/planner/plan"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// A simple-protocol statement is parsed and planned once for all the literals it comes
// with, as if they were parameters, if the plan does not depend on them: rows found by
// a unique key, and plain INSERT.

// lifts are the statements of a session by their text without literals.
type lifts struct {
	scratch parser.Lifted
	known   map[string]*lift
	blocks  map[string][]parser.Statement // BEGIN, COMMIT and their kin, parsed
	parsed  map[string]*Prepared          // unnamed statements of the extended protocol
}

// lift is one of them; without statement, one whose literals have to stay.
type lift struct {
	prepared *Prepared
	negative []bool // the literal's minus sign belongs to it
	epoch    int
	params   []*vector.Vector
}

// maxLifts bounds what a session remembers.
const maxLifts = 512

// lifted finds a text's statement and sets its parameters, or returns nil.
func (s *Session) lifted(sql string) *lift {
	l := &s.lifts.scratch
	if s.failed || !s.current().conforming || !l.Lift(sql) {
		return nil
	}
	found := s.lifts.known[string(l.Key)]
	if found == nil || found.epoch != s.epoch {
		if s.lifts.known == nil || len(s.lifts.known) >= maxLifts {
			s.lifts.known = map[string]*lift{}
		}
		found = s.learn(sql, l)
		s.lifts.known[string(l.Key)] = found
	}
	if found.prepared == nil || !found.set(s, l.Literals) {
		return nil
	}
	return found
}

// learn prepares a lifted statement.
func (s *Session) learn(sql string, l *parser.Lifted) *lift {
	none := &lift{epoch: s.epoch}
	list, err := parser.Parse(sql)
	if err != nil || len(list) != 1 || !isQuery(list[0].Node) {
		return none
	}
	negative, ok := l.Parameterize(&list[0])
	if !ok {
		return none
	}
	p := &Prepared{sql: sql, statement: &list[0]}
	declared := make([]types.OID, len(l.Literals))
	for i, n := range l.Literals {
		switch n.Kind {
		case parser.Int4:
			declared[i] = types.OIDInt4
		case parser.Int8:
			declared[i] = types.OIDInt8
		case parser.Large:
			return none
		}
	}
	// A statement that fails with parameters is run, and fails, as it is.
	if s.analyze(p, declared) != nil {
		return none
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return none
	}
	query, err := s.binder(sql, snapshot, p.Params, false).Query(p.statement.Node)
	if err != nil {
		return none
	}
	made, err := s.planner(snapshot).Plan(query)
	if err != nil || !indifferent(made) {
		return none
	}
	out := &lift{prepared: p, negative: negative, epoch: s.epoch}
	for _, t := range p.Params {
		v := vector.New(t, 1)
		v.Const = true
		out.params = append(out.params, v)
	}
	return out
}

// indifferent tells a plan that is the best one whatever its parameters are.
func indifferent(p *plan.Plan) bool {
	if len(p.Subplans) > 0 || len(p.CTEs) > 0 {
		return false
	}
	var same func(n plan.Node) bool
	same = func(n plan.Node) bool {
		switch x := n.(type) {
		case *plan.Scan:
			return x.Unique && len(x.Keys) > 0 && x.In == nil
		case *plan.SystemScan, *plan.FunctionScan, *plan.CTEScan, *plan.Limit:
			return false
		}
		for _, in := range n.Inputs() {
			if !same(in) {
				return false
			}
		}
		return true
	}
	return same(p.Root)
}

// set reads the literals into the parameters; a value that its type does not take is
// left to the usual way, which words the error.
func (l *lift) set(s *Session, literals []parser.Literal) bool {
	for i, n := range literals {
		v := l.params[i]
		v.Init(v.Type, 1)
		v.Const = true
		if n.Kind == parser.String {
			if format.ParseText(&s.format, v.Type, -1, n.Text, v, 0) != nil {
				return false
			}
			continue
		}
		x, err := strconv.ParseInt(n.Text, 10, 64)
		if err != nil {
			return false
		}
		if l.negative[i] {
			x = -x
		}
		switch v.Type {
		case types.Int4:
			vector.Of[int32](v)[0] = int32(x)
		case types.Int8:
			vector.Of[int64](v)[0] = x
		default:
			return false
		}
	}
	return true
}

// parse parses a text; those that only begin or end a transaction, once.
func (s *Session) parse(sql string) ([]parser.Statement, error) {
	if list, ok := s.lifts.blocks[sql]; ok {
		return list, nil
	}
	list, err := parser.Parse(sql)
	if err == nil && len(list) == 1 && len(sql) <= 32 && list[0].Node.GetTransactionStmt() != nil {
		if s.lifts.blocks == nil || len(s.lifts.blocks) >= maxLifts {
			s.lifts.blocks = map[string][]parser.Statement{}
		}
		s.lifts.blocks[sql] = list
	}
	return list, err
}

// runLifted runs a lifted statement.
func (s *Session) runLifted(ctx context.Context, l *lift) (string, error) {
	x, err := s.reuse(ctx, l.prepared, l.prepared.statement.Node, l.params)
	if err != nil {
		return "", err
	}
	defer x.close()
	return x.answer()
}
