package node

import (
	"context"

	"datapunk/catalog/desc"
	"datapunk/catalog/store"
	"datapunk/catalog/system"
	"datapunk/kv"
	"datapunk/types"
)

// bootstrap makes the databases and roles of a new node, as initdb does.
func bootstrap(ctx context.Context, db kv.DB, catalog *store.Store) error {
	s := db.NewSession()
	defer s.Close()
	t := s.Begin(kv.TxnOptions{})
	defer t.Rollback()
	template := []desc.Grant{{Grantor: desc.Superuser, Privileges: desc.Connect},
		{Grantee: desc.Superuser, Grantor: desc.Superuser, Privileges: desc.Create | desc.Temporary | desc.Connect}}
	database := func(oid types.OID, name string) *desc.Database {
		return &desc.Database{OID: oid, Name: name, Owner: desc.Superuser, Collate: "C", Ctype: "C.UTF-8"}
	}
	first, empty := database(desc.TemplateDatabase, "template1"), database(desc.EmptyDatabase, "template0")
	first.Template, empty.Template, empty.NoConnect = true, true, true
	first.Grants, empty.Grants = template, template
	own := func() []desc.Object {
		return []desc.Object{
			&desc.Schema{OID: types.Public, Name: "public", Owner: system.DatabaseOwner,
				Grants: []desc.Grant{{Grantee: system.DatabaseOwner, Grantor: system.DatabaseOwner, Privileges: desc.Usage | desc.Create},
					{Grantor: system.DatabaseOwner, Privileges: desc.Usage}}},
			&desc.Extension{OID: system.PLpgSQL, Name: "plpgsql", Owner: desc.Superuser, Schema: types.PgCatalog, Version: "1.0"},
		}
	}
	shared := []desc.Object{first, empty, database(desc.PostgresDatabase, "postgres"),
		&desc.Role{OID: desc.Superuser, Name: "postgres", Superuser: true, CreateRole: true, CreateDB: true, Login: true, Replication: true, BypassRLS: true}}
	for _, role := range system.PredefinedRoles() {
		shared = append(shared, role)
	}
	objects := map[types.OID][]desc.Object{0: shared, desc.TemplateDatabase: own(), desc.EmptyDatabase: own(), desc.PostgresDatabase: own()}
	if err := catalog.Bootstrap(ctx, t, objects); err != nil {
		return err
	}
	_, err := t.Commit(ctx)
	return err
}
