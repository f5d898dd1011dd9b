package session

import (
	"context"

	"datapunk/catalog"
	"datapunk/executor/ddl"
	"datapunk/sql/logical"
)

// createConcurrently runs CREATE INDEX CONCURRENTLY. An error after the first commit
// leaves the index invalid, as in PostgreSQL.
func (s *Session) createConcurrently(ctx context.Context, w catalog.Writer, u *logical.CreateIndex) error {
	index, err := s.ddl(ctx, w).StartIndex(u)
	if err != nil || index == 0 {
		return err
	}
	beside := s.engine.DB.NewSession()
	defer beside.Close()
	return s.next(ctx, func(x *ddl.Executor) error { return x.FinishIndex(index, beside) })
}

// dropConcurrently runs DROP INDEX CONCURRENTLY.
func (s *Session) dropConcurrently(ctx context.Context, w catalog.Writer, u *logical.Drop) error {
	if err := s.ddl(ctx, w).RetireIndex(u); err != nil {
		return err
	}
	if err := s.next(ctx, func(x *ddl.Executor) error { return x.DetachIndex(u.Objects[0].OID) }); err != nil {
		return err
	}
	return s.next(ctx, func(x *ddl.Executor) error { return x.DropDetached(u) })
}

// next commits what a statement has done and goes on in a new transaction.
func (s *Session) next(ctx context.Context, run func(*ddl.Executor) error) error {
	if err := s.commit(ctx); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	w, err := s.changes()
	if err != nil {
		return err
	}
	return run(s.ddl(ctx, w))
}
