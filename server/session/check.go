package session

import (
	"context"

	"datapunk/catalog/desc"
)

// Check verifies the tables of the session's database; table is told before each.
func (s *Session) Check(ctx context.Context, table func(name string), report func(format string, args ...any)) error {
	return s.statement(ctx, func(ctx context.Context) error {
		if err := s.begin(); err != nil {
			return err
		}
		defer s.end()
		w, err := s.changes()
		if err != nil {
			return err
		}
		x := s.ddl(ctx, w)
		for o := range w.Snapshot().All(desc.ClassRelation) {
			r := o.(*desc.Relation)
			if r.OID < desc.FirstUser || r.Kind != desc.Table {
				continue
			}
			table(r.Name)
			if err := x.Check(r, report); err != nil {
				return err
			}
		}
		return nil
	})
}
