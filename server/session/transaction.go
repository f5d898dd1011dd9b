package session

import (
	"context"
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/internal/pgerr"
	"datapunk/kv"
)

// transaction runs BEGIN, COMMIT and their kin.
func (s *Session) transaction(ctx context.Context, n *pg.TransactionStmt) (string, error) {
	warn := func(code pgerr.Code, message string) {
		s.notice(&pgerr.Error{Severity: "WARNING", Code: code, Message: message})
	}
	switch n.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN, pg.TransactionStmtKind_TRANS_STMT_START:
		tag := "BEGIN"
		if n.Kind == pg.TransactionStmtKind_TRANS_STMT_START {
			tag = "START TRANSACTION"
		}
		if s.block {
			warn(pgerr.ActiveSqlTransaction, "there is already a transaction in progress")
			return tag, s.modes(n.Options)
		}
		if err := s.begin(); err != nil {
			return "", err
		}
		s.block = true
		return tag, s.modes(n.Options)
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
		if !s.block {
			warn(pgerr.NoActiveSqlTransaction, "there is no transaction in progress")
			return "COMMIT", nil
		}
		if s.failed {
			s.closePortals()
			s.end()
			return "ROLLBACK", s.chain(n)
		}
		if err := s.holdCursors(ctx); err != nil {
			s.closePortals()
			s.end()
			return "", err
		}
		s.closePortals()
		if err := s.commit(ctx); err != nil {
			return "", err
		}
		return "COMMIT", s.chain(n)
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		if !s.block {
			warn(pgerr.NoActiveSqlTransaction, "there is no transaction in progress")
			return "ROLLBACK", nil
		}
		s.closePortals()
		s.end()
		return "ROLLBACK", s.chain(n)
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		if !s.block {
			return "", pgerr.New(pgerr.NoActiveSqlTransaction, "SAVEPOINT can only be used in transaction blocks")
		}
		p := savepoint{name: n.SavepointName, mark: s.txn.Savepoint(), deferred: slices.Clip(s.deferred), timing: s.timing, counts: len(s.counts)}
		if s.writer != nil {
			p.writes = s.writer.Mark()
		}
		s.savepoints = append(s.savepoints, p)
		return "SAVEPOINT", nil
	case pg.TransactionStmtKind_TRANS_STMT_RELEASE, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		release := n.Kind == pg.TransactionStmtKind_TRANS_STMT_RELEASE
		if !s.block {
			what := "ROLLBACK TO SAVEPOINT"
			if release {
				what = "RELEASE SAVEPOINT"
			}
			return "", pgerr.Newf(pgerr.NoActiveSqlTransaction, "%s can only be used in transaction blocks", what)
		}
		at := -1
		for i := range s.savepoints {
			if s.savepoints[i].name == n.SavepointName {
				at = i
			}
		}
		if at < 0 {
			return "", pgerr.Newf(pgerr.SEInvalidSpecification, "savepoint \"%s\" does not exist", n.SavepointName)
		}
		if release {
			s.savepoints = s.savepoints[:at]
			return "RELEASE", nil
		}
		p := s.savepoints[at]
		s.closePortalsSince(at)
		if err := s.txn.RollbackTo(p.mark); err != nil {
			return "", err
		}
		if s.writer != nil {
			s.writer.RollbackTo(p.writes)
		}
		s.deferred, s.timing, s.counts = p.deferred, p.timing, s.counts[:p.counts]
		s.savepoints = s.savepoints[:at+1]
		s.failed = false
		return "ROLLBACK", nil
	}
	return "", pgerr.Unsupported("two-phase commit")
}

// chain starts the next transaction of AND CHAIN.
func (s *Session) chain(n *pg.TransactionStmt) error {
	if !n.Chain {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	s.block = true
	return nil
}

// modes applies ISOLATION LEVEL, READ ONLY and the like.
func (s *Session) modes(options []*pg.Node) error {
	for _, o := range options {
		d := o.GetDefElem()
		if err := s.set(d.Defname, constText(d.Arg), true, false); err != nil {
			return err
		}
	}
	return nil
}

// constText is a constant of a SET as text.
func constText(n *pg.Node) string {
	if t := n.GetTypeCast(); t != nil {
		return constText(t.Arg)
	}
	c := n.GetAConst()
	if c == nil {
		if s := n.GetString_(); s != nil {
			return s.Sval
		}
		if i := n.GetInteger(); i != nil {
			return strconv.Itoa(int(i.Ival))
		}
		return ""
	}
	switch v := c.Val.(type) {
	case *pg.A_Const_Ival:
		return strconv.Itoa(int(v.Ival.GetIval()))
	case *pg.A_Const_Fval:
		return v.Fval.Fval
	case *pg.A_Const_Sval:
		return v.Sval.Sval
	case *pg.A_Const_Boolval:
		if v.Boolval.Boolval {
			return "true"
		}
		return "false"
	}
	return ""
}

// isolation sets the open transaction's level.
func (s *Session) isolation(value string) error {
	if s.txn == nil {
		return nil
	}
	o := s.txn.Options()
	switch value {
	case "read committed", "read uncommitted":
		o.Isolation = kv.ReadCommitted
	case "repeatable read":
		o.Isolation = kv.RepeatableRead
	default:
		return pgerr.Unsupported("SERIALIZABLE")
	}
	s.txn.SetOptions(o)
	return nil
}
