package node

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"datapunk/server/config"
)

var writeFormat = flag.Bool("write-format", false, "make the fixture of the format on disk anew, which only a new format version may")

// fixture is a data directory as version 1 of the format writes it. It stays as it is:
// every later version must open it.
const fixture = "testdata/format-1.tar.gz"

// fixtureSQL made it.
var fixtureSQL = []string{
	"CREATE ROLE reader LOGIN",
	"CREATE TABLE types (id int PRIMARY KEY, b bool, s smallint, l bigint, f4 real, f8 double precision, n numeric(30, 10), t text, v varchar(10), c char(5), y bytea, " +
		"d date, ti time, tz timetz, ts timestamp, tt timestamptz, iv interval, u uuid, j json, jb jsonb, a int[], ta text[], o oid, nm name)",
	"INSERT INTO types VALUES (1, true, -7, 9000000000, 1.5, -2.25, 12345678901234567890.0123456789, 'text', 'var', 'ch', '\\x00ff', '2020-02-29', '12:34:56.789', '12:34:56+02', " +
		"'2020-01-02 03:04:05.678901', '2020-01-02 03:04:05+00', '1 year 2 mons 3 days 04:05:06', '00112233-4455-6677-8899-aabbccddeeff', '{\"a\": [1, null]}', '{\"b\": 2.50}', '{{1,2},{3,NULL}}', '{x,NULL}', 42, 'nom')",
	"INSERT INTO types (id) VALUES (2)",
	"CREATE TABLE item (k text COLLATE \"C\", n numeric, z serial, note text DEFAULT 'none', up text GENERATED ALWAYS AS (upper(note)) STORED, PRIMARY KEY (k, n))",
	"INSERT INTO item SELECT 'k' || g % 7, g FROM generate_series(1, 500) g",
	"CREATE INDEX item_note ON item (lower(note), n DESC NULLS LAST) INCLUDE (z) WHERE n > 10",
	"CREATE UNIQUE INDEX item_z ON item (z)",
	"ALTER TABLE item ADD COLUMN late date DEFAULT '2021-01-01'",
	"UPDATE item SET note = 'changed' WHERE n % 10 = 0",
	"DELETE FROM item WHERE n % 9 = 0",
	"CREATE TABLE child (id int GENERATED ALWAYS AS IDENTITY, k text, n numeric, CHECK (n > 0), FOREIGN KEY (k, n) REFERENCES item ON DELETE CASCADE)",
	"INSERT INTO child (k, n) SELECT k, n FROM item WHERE n < 50",
	"CREATE VIEW summary AS SELECT i.k, count(*) AS items, max(c.id) AS last FROM item i LEFT JOIN child c USING (k, n) GROUP BY i.k",
	"COMMENT ON TABLE item IS 'things'",
	"GRANT SELECT ON summary TO reader",
	"ALTER TABLE item RENAME COLUMN note TO remark",
	"ANALYZE",
	"CREATE DATABASE other",
}

// fixtureWant is what it must answer.
var fixtureWant = [][2]string{
	{"SELECT x::text FROM types x WHERE id = 1", `(1,t,-7,9000000000,1.5,-2.25,12345678901234567890.0123456789,text,var,"ch   ","\\x00ff",2020-02-29,12:34:56.789,12:34:56+02,"2020-01-02 03:04:05.678901","2020-01-02 03:04:05+00","1 year 2 mons 3 days 04:05:06",00112233-4455-6677-8899-aabbccddeeff,"{""a"": [1, null]}","{""b"": 2.50}","{{1,2},{3,NULL}}","{x,NULL}",42,nom)`},
	{"SELECT count(*) || ' ' || sum(n) || ' ' || sum(z) || ' ' || count(DISTINCT up) || ' ' || max(late) FROM item", "445 111390 111390 2 2021-01-01"},
	{"SELECT count(*) || ' ' || min(z) FROM item WHERE lower(remark) = 'changed' AND n > 10", "44 20"},
	{"SELECT k || ' ' || items || ' ' || last FROM summary ORDER BY k LIMIT 1", "k0 64 7"},
	{"SELECT nextval('item_z_seq')::text", "501"},
	{"SELECT obj_description('item'::regclass) || ' ' || has_table_privilege('reader', 'summary', 'select')", "things true"},
	{"SELECT n_distinct::text FROM pg_stats WHERE tablename = 'item' AND attname = 'k'", "7"},
	{"SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database", "other postgres template0 template1"},
}

// TestFormat opens the fixture, asks it and checks it.
func TestFormat(t *testing.T) {
	ctx := context.Background()
	o := config.Options{Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0"}
	with := func(fn func(*pgx.Conn)) {
		n, err := Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(ctx, "postgres://postgres@"+n.Addr()+"/postgres?sslmode=disable&timezone=UTC")
		if err != nil {
			t.Fatal(err)
		}
		fn(conn)
		conn.Close(ctx)
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if *writeFormat {
		with(func(conn *pgx.Conn) {
			for _, sql := range fixtureSQL {
				if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
		})
		if err := pack(o.Data, fixture); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(o.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := unpack(fixture, o.Data); err != nil {
		t.Fatal(err)
	}
	with(func(conn *pgx.Conn) {
		for _, q := range fixtureWant {
			var got string
			if err := conn.QueryRow(ctx, q[0]).Scan(&got); err != nil || got != q[1] {
				t.Errorf("%s\n got  %s, %v\n want %s", q[0], got, err, q[1])
			}
		}
	})
	err := Check(ctx, o.Data, func(string, float64) {}, func(format string, args ...any) { t.Errorf(format, args...) })
	if err != nil {
		t.Fatal(err)
	}
}

func pack(dir, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	z := gzip.NewWriter(out)
	w := tar.NewWriter(z)
	err = w.AddFS(os.DirFS(dir))
	return errors.Join(err, w.Close(), z.Close())
}

func unpack(file, dir string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, data, fs.FileMode(h.Mode)|0o600); err != nil {
			return err
		}
	}
}
