package session

import (
	"context"
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/catalog/stat"
	"datapunk/executor/table"
	"datapunk/executor/utility"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types"
	"datapunk/types/array"
)

// decodeStatistics turns stored statistics into those the planner reads.
func decodeStatistics(snapshot catalog.Snapshot, stored *desc.Statistics) *stat.Table {
	out := &stat.Table{Rows: stored.Rows, Columns: map[int16]*stat.Column{}}
	rel := snapshot.Relation(stored.Relation)
	if rel == nil {
		return out
	}
	for _, k := range stored.Columns {
		if int(k.Column) > len(rel.Columns) || rel.Columns[k.Column-1].Dropped {
			continue
		}
		t := snapshot.Type(rel.Columns[k.Column-1].Type)
		c := &stat.Column{NullFraction: k.NullFraction, Width: k.Width, Distinct: k.Distinct, Frequencies: k.Frequencies}
		if k.Correlation != nil {
			c.Correlation = *k.Correlation
		}
		// Values of a type that the column no longer has are of no use.
		if elem, _, ok := array.Header(k.Common); ok && elem == t.OID {
			if a, err := array.Decode(k.Common, t); err == nil {
				c.Common, c.N = a.Elems, a.N
			}
		}
		if elem, _, ok := array.Header(k.Bounds); ok && elem == t.OID {
			if a, err := array.Decode(k.Bounds, t); err == nil {
				c.Bounds, c.B = a.Elems, a.N
			}
		}
		out.Columns[k.Column] = c
	}
	return out
}

// vacuumStmt runs VACUUM and ANALYZE: of the tables named, or of all that are the user's.
func (s *Session) vacuumStmt(ctx context.Context, sql string, n *pg.VacuumStmt) (string, error) {
	tag, analyze := "ANALYZE", true
	if n.IsVacuumcmd {
		tag, analyze = "VACUUM", false
		if s.block || s.several {
			return "", pgerr.New(pgerr.ActiveSqlTransaction, "VACUUM cannot run inside a transaction block")
		}
	}
	for _, o := range n.Options {
		d := o.GetDefElem()
		text := constText(d.Arg)
		if d.Defname == "analyze" {
			analyze = d.Arg == nil || text != "false" && text != "off" && text != "0"
		}
	}
	if err := s.begin(); err != nil {
		return "", err
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return "", err
	}
	var list []*desc.Relation
	b := s.binder(sql, snapshot, nil, false)
	for _, r := range n.Rels {
		v := r.GetVacuumRelation()
		rel, err := b.Relation(v.Relation)
		if err != nil {
			pgerr.Of(err).Position = 0
			return "", err
		}
		for _, c := range v.VaCols {
			if number, _ := rel.Column(c.GetString_().GetSval()); number == 0 {
				return "", pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", c.GetString_().GetSval(), rel.Name)
			}
		}
		list = append(list, rel)
	}
	if len(n.Rels) == 0 {
		for o := range snapshot.All(desc.ClassRelation) {
			if r := o.(*desc.Relation); r.OID >= desc.FirstUser && r.Kind == desc.Table && s.mayVacuum(snapshot, r) {
				list = append(list, r)
			}
		}
	}
	for _, rel := range list {
		switch {
		case rel.Kind != desc.Table:
			s.warn("skipping \"%s\" --- cannot %s non-tables or special system tables", rel.Name, map[bool]string{true: "vacuum", false: "analyze"}[n.IsVacuumcmd])
			continue
		case !s.mayVacuum(snapshot, rel):
			s.warn("permission denied to %s \"%s\", skipping it", map[bool]string{true: "vacuum", false: "analyze"}[n.IsVacuumcmd], rel.Name)
			continue
		case rel.OID < desc.FirstUser:
			continue
		}
		if n.IsVacuumcmd {
			if err := s.vacuumTable(ctx, snapshot, rel); err != nil {
				return "", err
			}
		}
		if analyze {
			if err := s.analyzeTable(ctx, rel); err != nil {
				return "", err
			}
		}
	}
	return tag, nil
}

func (s *Session) warn(format string, args ...any) {
	e := pgerr.Newf(pgerr.Warning, format, args...)
	e.Severity = "WARNING"
	s.notice(e)
}

// mayVacuum tells the owner of a table and of the database.
func (s *Session) mayVacuum(snapshot catalog.Snapshot, r *desc.Relation) bool {
	return privilege.Inherits(snapshot, s.user.OID, r.Owner) || privilege.Inherits(snapshot, s.user.OID, s.database.Owner)
}

// vacuumTable removes the versions of a table's rows that nobody can see any more.
func (s *Session) vacuumTable(ctx context.Context, snapshot catalog.Snapshot, rel *desc.Relation) error {
	storages := []uint32{rel.Storage}
	for _, oid := range rel.Indexes {
		if x := snapshot.Relation(oid); x != nil && x.Storage != rel.Storage {
			storages = append(storages, x.Storage)
		}
	}
	for _, storage := range storages {
		span := kv.Span{Start: kv.StoragePrefix(nil, kv.StorageID(storage)), End: kv.StoragePrefix(nil, kv.StorageID(storage+1))}
		if _, err := s.engine.DB.Vacuum(ctx, span); err != nil {
			return err
		}
	}
	return nil
}

// analyzeTable gathers a table's statistics and stores them.
func (s *Session) analyzeTable(ctx context.Context, rel *desc.Relation) error {
	object := kv.ObjectID{Database: uint32(s.database.OID), Class: uint32(desc.ClassRelation), Object: uint32(rel.OID)}
	if err := s.txn.LockRelation(ctx, object, kv.ShareUpdateExclusive, kv.Wait{Timeout: s.current().lockTimeout}); err != nil {
		return err
	}
	w, err := s.changes()
	if err != nil {
		return err
	}
	if rel = w.Snapshot().Relation(rel.OID); rel == nil {
		return nil // dropped while its lock was awaited
	}
	t, err := table.Open(rel, w.Snapshot())
	if err != nil {
		return err
	}
	found, err := utility.Analyze(ctx, s.txn, t, s.random)
	if err != nil {
		return err
	}
	if err := w.Put(ctx, found); err != nil {
		return err
	}
	s.txn.OnCommit(func(kv.Timestamp) { s.engine.counts.analyzed(rel.Storage, int64(found.Rows)) })
	return nil
}

// Stale lists the tables of a database that have changed much since their statistics
// were gathered.
func (e *Engine) Stale(database types.OID) (list []*desc.Relation) {
	snapshot, err := e.Catalog.Latest(database)
	if err != nil {
		return nil // dropped
	}
	for o := range snapshot.All(desc.ClassRelation) {
		r := o.(*desc.Relation)
		if r.OID >= desc.FirstUser && r.Kind == desc.Table && r.Persistence != desc.Temp && e.counts.stale(r.Storage) {
			list = append(list, r)
		}
	}
	return list
}

// Tend gathers the statistics of the stale tables of the session's database, each in a
// transaction of its own.
func (s *Session) Tend(ctx context.Context) error {
	for _, r := range s.engine.Stale(s.database.OID) {
		err := s.statement(ctx, func(ctx context.Context) error {
			if err := s.begin(); err != nil {
				return err
			}
			defer s.end()
			if err := s.analyzeTable(ctx, r); err != nil {
				return err
			}
			return s.commit(ctx)
		})
		var e *pgerr.Error
		if errors.As(err, &e) && e.Code == pgerr.LockNotAvailable {
			continue // in use: next time
		}
		if err != nil {
			return err
		}
	}
	return nil
}
