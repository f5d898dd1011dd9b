package session

import (
	"context"
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/executor/ddl"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/logical"
	"datapunk/types"
)

// A session's temporary relations are in a schema of its own, pg_temp_N, which is made
// with the first of them and dropped with the session; what a crash leaves is dropped
// at the next start.

// temporary finds the session's temporary schema, 0 if there is none.
func (s *Session) temporary(find func(types.OID) *desc.Schema) types.OID {
	if s.tempSchema != 0 && find(s.tempSchema) != nil {
		return s.tempSchema
	}
	return 0
}

// makeTemporary makes sure that the session has a temporary schema.
func (s *Session) makeTemporary(ctx context.Context) (types.OID, error) {
	w, err := s.changes()
	if err != nil {
		return 0, err
	}
	if oid := s.temporary(w.Snapshot().Schema); oid != 0 {
		return oid, nil
	}
	oid, err := w.NewOID(ctx)
	if err != nil {
		return 0, err
	}
	s.tempSchema = oid
	return oid, w.Put(ctx, &desc.Schema{OID: oid, Name: "pg_temp_" + strconv.Itoa(int(s.pid)), Owner: s.user.OID, Temp: true})
}

// endTemporary does what ON COMMIT says of the session's temporary tables.
func (s *Session) endTemporary(ctx context.Context) error {
	if s.tempSchema == 0 {
		return nil
	}
	snapshot, err := s.snapshot()
	if err != nil || snapshot.Schema(s.tempSchema) == nil {
		return err
	}
	var drop []desc.ID
	var empty []types.OID
	for _, id := range snapshot.Dependents(desc.ID{Class: desc.ClassSchema, OID: s.tempSchema}) {
		if r := snapshot.Relation(id.OID); id.Class == desc.ClassRelation && r != nil {
			switch r.OnCommit {
			case 'D':
				drop = append(drop, r.ID())
			case 'd':
				empty = append(empty, r.OID)
			}
		}
	}
	if drop == nil && empty == nil {
		return nil
	}
	w, err := s.changes()
	if err != nil {
		return err
	}
	x := s.ddl(ctx, w)
	x.Notice = func(*pgerr.Error) {}
	if drop != nil {
		if err := x.Run(&logical.Drop{What: "TABLE", Objects: drop, Cascade: true}); err != nil {
			return err
		}
	}
	for _, oid := range empty {
		if err := x.Empty(oid); err != nil {
			return err
		}
	}
	return nil
}

// dropTemporary drops the session's temporary relations.
func (s *Session) dropTemporary(ctx context.Context) error {
	if s.tempSchema == 0 {
		return nil
	}
	schema := s.tempSchema
	s.tempSchema = 0
	if err := s.begin(); err != nil {
		return err
	}
	w, err := s.changes()
	if err != nil {
		return err
	}
	if w.Snapshot().Schema(schema) == nil {
		return nil
	}
	x := s.ddl(ctx, w)
	x.Notice, x.User = func(*pgerr.Error) {}, desc.Superuser
	return x.Run(&logical.Drop{What: "SCHEMA", Objects: []desc.ID{{Class: desc.ClassSchema, OID: schema}}, Cascade: true})
}

// Recover drops the temporary relations that a crash has left.
func (e *Engine) Recover(ctx context.Context) error {
	shared, err := e.Catalog.Latest(0)
	if err != nil {
		return err
	}
	for o := range shared.All(desc.ClassDatabase) {
		if err := e.dropTemporary(ctx, o.ID().OID); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) dropTemporary(ctx context.Context, database types.OID) error {
	k := e.DB.NewSession()
	defer k.Close()
	txn := k.Begin(kv.TxnOptions{})
	defer txn.Rollback()
	w, err := e.Catalog.Begin(database, txn)
	if err != nil {
		return err
	}
	var left []desc.ID
	for o := range w.Snapshot().All(desc.ClassSchema) {
		if o.(*desc.Schema).Temp {
			left = append(left, o.ID())
		}
	}
	if left == nil {
		return nil
	}
	x := &ddl.Executor{Context: ctx, Txn: txn, Writer: w, Database: database, User: desc.Superuser, Notice: func(*pgerr.Error) {}}
	if err := x.Run(&logical.Drop{What: "SCHEMA", Objects: left, Cascade: true}); err != nil {
		return err
	}
	_, err = txn.Commit(ctx)
	return err
}
