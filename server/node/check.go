package node

import (
	"context"
	"encoding/binary"
	"fmt"

	"datapunk/catalog/desc"
	"datapunk/kv"
	"datapunk/kv/txn"
	"datapunk/server/config"
)

// Check verifies the directory of a stopped node: checksums and key order of all files,
// every index against its table, foreign keys, and that each storage belongs to an
// object of a catalog. step tells what is being done and how far it is, 0 to 1; report
// is called for each thing that is wrong.
func Check(ctx context.Context, data string, step func(what string, share float64), report func(format string, args ...any)) error {
	o := config.Defaults()
	o.Data = data
	var failed error
	db, err := txn.Open(storeOptions(o, func(err error) { failed = err }))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Verify(ctx, func(share float64) { step("reading", share) }); err != nil {
		report("%v", err)
	}
	engine, err := newEngine(ctx, db)
	if err != nil {
		return err
	}
	shared, err := engine.Catalog.Latest(0)
	if err != nil {
		return err
	}
	known := map[kv.StorageID]string{}
	for o := range shared.All(desc.ClassDatabase) {
		d := o.(*desc.Database)
		own, err := engine.Catalog.Latest(d.OID)
		if err != nil {
			return err
		}
		for o := range own.All(desc.ClassRelation) {
			if r := o.(*desc.Relation); r.OID >= desc.FirstUser && r.HasStorage() {
				known[kv.StorageID(r.Storage)] = r.Name
			}
		}
		if d.NoConnect {
			continue
		}
		s, err := engine.New(shared.Role(desc.Superuser).Name, d.Name, nil)
		if err != nil {
			return fmt.Errorf("database %s: %w", d.Name, err)
		}
		err = s.Check(ctx, func(table string) { step("checking "+d.Name+"."+table, 0) },
			func(format string, args ...any) { report("database "+d.Name+": "+format, args...) })
		s.Close()
		if err != nil {
			return err
		}
	}
	step("looking for strays", 0)
	if err := strays(ctx, db, known, report); err != nil {
		return err
	}
	return failed
}

// strays finds storages that no object has, by a seek to the end of each.
func strays(ctx context.Context, db kv.DB, known map[kv.StorageID]string, report func(format string, args ...any)) error {
	s := db.NewSession()
	defer s.Close()
	t := s.Begin(kv.TxnOptions{ReadOnly: true})
	defer t.Rollback()
	for next := kv.FirstStorage; next != 0; {
		scan := t.LatestScan(kv.Span{Start: kv.StoragePrefix(nil, next)}, kv.ScanOptions{Limit: 1})
		var b kv.Batch
		err := scan.Next(ctx, &b, 1)
		scan.Close()
		if err != nil {
			return err
		}
		if b.Len() == 0 || len(b.Key(0)) < 4 {
			return nil
		}
		id := kv.StorageID(binary.BigEndian.Uint32(b.Key(0)))
		if _, ok := known[id]; !ok {
			report("storage %d has rows and belongs to no object", id)
		}
		next = id + 1
	}
	return nil
}
