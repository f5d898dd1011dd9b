package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
)

// lockTable runs LOCK TABLE.
func (s *Session) lockTable(ctx context.Context, sql string, n *pg.LockStmt) (string, error) {
	if !s.block {
		return "", pgerr.New(pgerr.NoActiveSqlTransaction, "LOCK TABLE can only be used in transaction blocks")
	}
	if err := s.begin(); err != nil {
		return "", err
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return "", err
	}
	b := s.binder(sql, snapshot, nil, false)
	wait := kv.Wait{Timeout: s.current().lockTimeout}
	if n.Nowait {
		wait = kv.Wait{Policy: kv.NoWait}
	}
	for _, r := range n.Relations {
		rel, err := b.Relation(r.GetRangeVar())
		if err != nil {
			pgerr.Of(err).Position = 0
			return "", err
		}
		if rel.Kind != desc.Table && rel.Kind != desc.ViewKind {
			return "", pgerr.Newf(pgerr.WrongObjectType, "cannot lock relation \"%s\"", rel.Name).WithDetail("This operation is not supported for %s.", kindWords[rel.Kind]+"s")
		}
		need := logical.Need{As: s.user.OID, Privilege: desc.Update}
		if kv.Mode(n.Mode) == kv.AccessShare {
			need.Privilege = desc.Select
		}
		if err := s.privileges(snapshot, []logical.Use{{Relation: rel.OID, Needs: []logical.Need{need}}}); err != nil {
			return "", err
		}
		if rel.OID < desc.FirstUser {
			continue
		}
		object := kv.ObjectID{Database: uint32(s.database.OID), Class: uint32(desc.ClassRelation), Object: uint32(rel.OID)}
		if err := s.txn.LockRelation(ctx, object, kv.Mode(n.Mode), wait); err != nil {
			if err == kv.ErrLockNotAvailable {
				err = pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on relation \"%s\"", rel.Name)
			}
			return "", err
		}
	}
	return "LOCK TABLE", nil
}
