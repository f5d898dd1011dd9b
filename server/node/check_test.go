package node

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"datapunk/kv"
	"datapunk/kv/txn"
	"datapunk/server/config"
)

// TestCheck spoils a directory in three ways, each of which Check must find.
func TestCheck(t *testing.T) {
	ctx := context.Background()
	o := config.Options{Data: t.TempDir(), Listen: "127.0.0.1:0"}
	n, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, "postgres://postgres@"+n.Addr()+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	storage := map[string]kv.StorageID{}
	for _, sql := range []string{"CREATE TABLE a (id int PRIMARY KEY, b text)", "CREATE INDEX ab ON a (lower(b)) WHERE id > 2",
		"CREATE TABLE c (a_id int REFERENCES a)", "CREATE INDEX ah ON a USING hash (b)",
		"CREATE TABLE d (id int PRIMARY KEY DEFERRABLE, n numeric UNIQUE DEFERRABLE INITIALLY DEFERRED)", "INSERT INTO d SELECT g, g FROM generate_series(1, 9) g",
		"UPDATE d SET id = id + 1, n = n + 1", "INSERT INTO a SELECT g, 'x' || g FROM generate_series(1, 100) g", "INSERT INTO c VALUES (7)"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, _ := conn.Query(ctx, "SELECT relname, relfilenode FROM pg_class WHERE relname IN ('a', 'ab', 'ah', 'c')")
	var name string
	var id uint32
	if _, err := pgx.ForEachRow(rows, []any{&name, &id}, func() error { storage[name] = kv.StorageID(id); return nil }); err != nil {
		t.Fatal(err)
	}
	conn.Close(ctx)
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	faults := func() []string {
		var list []string
		err := Check(ctx, o.Data, func(string, float64) {}, func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) })
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := faults(); list != nil {
		t.Fatalf("faults in a sound directory: %q", list)
	}
	spoil := func(fn func(kv.Txn)) {
		db, err := txn.Open(storeOptions(o, func(error) {}))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := db.NewSession()
		defer s.Close()
		tx := s.Begin(kv.TxnOptions{})
		fn(tx)
		if _, err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	first := func(tx kv.Txn, id kv.StorageID) []byte {
		scan := tx.LatestScan(kv.Span{Start: kv.StoragePrefix(nil, id), End: kv.StoragePrefix(nil, id+1)}, kv.ScanOptions{})
		defer scan.Close()
		var b kv.Batch
		if err := scan.Next(ctx, &b, 10); err != nil || b.Len() == 0 {
			t.Fatalf("storage %d: %d rows, %v", id, b.Len(), err)
		}
		return append([]byte(nil), b.Key(min(6, b.Len()-1))...)
	}
	for _, x := range []struct {
		want string
		fn   func(kv.Txn)
	}{
		{"index public.ah lacks the entry", func(tx kv.Txn) { tx.Delete(first(tx, storage["ah"]), nil) }},
		{"index public.ab lacks the entry", func(tx kv.Txn) { tx.Delete(first(tx, storage["ab"]), nil) }},
		{"violates foreign key constraint", func(tx kv.Txn) { tx.Delete(first(tx, storage["a"]), nil) }},
		{"storage 900 has rows", func(tx kv.Txn) { tx.Put(append(kv.StoragePrefix(nil, 900), 'x'), []byte("y")) }},
	} {
		spoil(x.fn)
		if list := faults(); !strings.Contains(strings.Join(list, "\n"), x.want) {
			t.Errorf("not found: %q, but %q", x.want, list)
		}
	}
}
