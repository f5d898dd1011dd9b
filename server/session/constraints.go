package session

import (
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/op"
	"datapunk/internal/pgerr"
	"datapunk/sql/logical"
	"datapunk/types"
)

// pending is a check that waits for the end of the transaction.
type pending struct {
	constraint op.Constraint
	run        func() error
}

// timing is what SET CONSTRAINTS said in this transaction. A value is never changed,
// so that a savepoint can keep it.
type timing struct {
	set  bool // ALL
	all  bool // deferred
	each map[types.OID]bool
}

// waits tells whether a constraint's checks wait for the end of the transaction.
func (s *Session) waits(c op.Constraint) bool {
	if !c.Deferrable {
		return false
	}
	if deferred, ok := s.timing.each[c.OID]; ok {
		return deferred
	}
	if s.timing.set {
		return s.timing.all
	}
	return c.Deferred
}

// unchecked refuses to change a table some of whose rows wait to be checked.
func (s *Session) unchecked(change logical.Utility) error {
	var what string
	var tables []types.OID
	switch u := change.(type) {
	case *logical.Alter:
		if u.Bound != nil {
			what, tables = "ALTER TABLE", []types.OID{u.Bound.OID}
		}
	case *logical.Truncate:
		what, tables = "TRUNCATE", u.Tables
	case *logical.CreateIndex:
		what, tables = "CREATE INDEX", []types.OID{u.Table}
	case *logical.Drop:
		what = "DROP TABLE"
		for _, o := range u.Objects {
			if o.Class == desc.ClassRelation {
				tables = append(tables, o.OID)
			}
		}
	}
	for _, p := range s.deferred {
		if p.constraint.Table != 0 && slices.Contains(tables, p.constraint.Table) {
			name := ""
			if snapshot, err := s.snapshot(); err != nil {
				return err
			} else if r := snapshot.Relation(p.constraint.Table); r != nil {
				name = r.Name
			}
			return pgerr.Newf(pgerr.ObjectInUse, "cannot %s \"%s\" because it has pending trigger events", what, name)
		}
	}
	return nil
}

// setConstraints runs SET CONSTRAINTS: the checks that wait no longer are made at the
// end of this statement.
func (s *Session) setConstraints(n *pg.ConstraintsSetStmt) error {
	if !s.block {
		s.notice(&pgerr.Error{Severity: "WARNING", Code: pgerr.NoActiveSqlTransaction, Message: "SET CONSTRAINTS can only be used in transaction blocks"})
	}
	if err := s.begin(); err != nil {
		return err
	}
	if len(n.Constraints) == 0 {
		s.timing = timing{set: true, all: n.Deferred}
	} else {
		snapshot, err := s.snapshot()
		if err != nil {
			return err
		}
		each := maps.Clone(s.timing.each)
		if each == nil {
			each = map[types.OID]bool{}
		}
		for _, c := range n.Constraints {
			list, err := s.deferrable(snapshot, c.GetRangeVar(), n.Deferred)
			if err != nil {
				return err
			}
			for _, oid := range list {
				each[oid] = n.Deferred
			}
		}
		s.timing.each = each
	}
	if n.Deferred {
		return nil
	}
	var still []pending
	for _, p := range s.deferred {
		if s.waits(p.constraint) {
			still = append(still, p)
		} else {
			s.atEnd = append(s.atEnd, p.run)
		}
	}
	s.deferred = still
	return nil
}

// deferrable finds the deferrable constraints of a name, in the first schema of the
// search path that has a constraint of the name.
func (s *Session) deferrable(snapshot catalog.Snapshot, name *pg.RangeVar, deferred bool) ([]types.OID, error) {
	if name.Catalogname != "" && name.Catalogname != s.database.Name {
		return nil, pgerr.Newf(pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", name.Catalogname, name.Schemaname, name.Relname)
	}
	path := s.searchPath(snapshot, true)
	if name.Schemaname != "" {
		schema, ok := snapshot.Find(desc.Lookup{Class: desc.ClassSchema, Name: name.Schemaname}).(*desc.Schema)
		if !ok {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name.Schemaname)
		}
		path = []types.OID{schema.OID}
	}
	for _, schema := range path {
		var list []types.OID
		found, fixed := false, false
		see := func(oid types.OID, is string, deferrable bool) {
			if is != name.Relname {
				return
			}
			found = true
			if deferrable {
				list = append(list, oid)
			} else {
				fixed = true
			}
		}
		for o := range snapshot.All(desc.ClassRelation) {
			r := o.(*desc.Relation)
			if r.Schema != schema {
				continue
			}
			for i := range r.Checks {
				see(r.Checks[i].OID, r.Checks[i].Name, false)
			}
			for i := range r.Uniques {
				see(r.Uniques[i].OID, r.Uniques[i].Name, r.Uniques[i].Deferrable)
			}
			for i := range r.ForeignKeys {
				see(r.ForeignKeys[i].OID, r.ForeignKeys[i].Name, r.ForeignKeys[i].Deferrable)
			}
		}
		if fixed && deferred {
			return nil, pgerr.Newf(pgerr.WrongObjectType, "constraint \"%s\" is not deferrable", name.Relname)
		}
		if found {
			return list, nil
		}
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" does not exist", name.Relname)
}
