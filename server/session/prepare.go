package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/internal/pgerr"
	"datapunk/sql/eval"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/vector"
)

// prepareStatement runs PREPARE; EXECUTE and the protocol's messages share the names.
func (s *Session) prepareStatement(sql string, n *pg.PrepareStmt) (string, error) {
	if s.statements[n.Name] != nil {
		return "", pgerr.Newf(pgerr.DuplicatePstatement, "prepared statement \"%s\" already exists", n.Name)
	}
	if !isQuery(n.Query) {
		return "", pgerr.Unsupported("PREPARE of this statement")
	}
	if err := s.begin(); err != nil {
		return "", err
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return "", err
	}
	b := s.binder(sql, snapshot, nil, false)
	var declared []types.OID
	for _, a := range n.Argtypes {
		t, _, err := b.TypeName(a.GetTypeName())
		if err != nil {
			return "", err
		}
		declared = append(declared, t.OID)
	}
	p := &Prepared{sql: sql, statement: &parser.Statement{Node: n.Query}, made: s.stmtTime, fromSQL: true}
	if err := s.analyze(p, declared); err != nil {
		return "", err
	}
	s.statements[n.Name] = p
	return "PREPARE", nil
}

// executing finds the statement of EXECUTE and computes its parameters.
func (s *Session) executing(ctx context.Context, sql string, n *pg.ExecuteStmt) (*Prepared, []*vector.Vector, error) {
	p := s.statements[n.Name]
	if p == nil {
		return nil, nil, pgerr.Newf(pgerr.InvalidSqlStatementName, "prepared statement \"%s\" does not exist", n.Name)
	}
	if len(n.Params) != len(p.Params) {
		return nil, nil, pgerr.Newf(pgerr.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", n.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.Params), len(n.Params))
	}
	if err := s.begin(); err != nil {
		return nil, nil, err
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return nil, nil, err
	}
	env := s.env
	env.Context = ctx
	var params []*vector.Vector
	for i, a := range n.Params {
		e, err := s.binder(sql, snapshot, nil, false).Parameter(a, i+1, p.Params[i])
		if err != nil {
			return nil, nil, err
		}
		compiled, err := eval.Compile(e, nil, &eval.Env{Env: &env})
		if err != nil {
			return nil, nil, err
		}
		v, err := compiled.Value()
		if err != nil {
			return nil, nil, err
		}
		one := vector.New(p.Params[i], 1)
		one.Const = true
		if v.Null(0) {
			one.SetNull(0)
		} else {
			one.Set(0, v, v.Index(0))
		}
		params = append(params, one)
	}
	return p, params, nil
}

// executeStatement runs EXECUTE.
func (s *Session) executeStatement(ctx context.Context, sql string, n *pg.ExecuteStmt) (string, error) {
	p, params, err := s.executing(ctx, sql, n)
	if err != nil {
		return "", err
	}
	p.runs++
	if p.statement == nil {
		return "", pgerr.Unsupported("EXECUTE of an empty statement")
	}
	if !isQuery(p.statement.Node) {
		return s.run(ctx, p.sql, p.statement)
	}
	x, err := s.reuse(ctx, p, p.statement.Node, params)
	if err != nil {
		return "", err
	}
	defer x.close()
	return x.answer()
}
