package servertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"datapunk/server/config"
	"datapunk/server/node"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func clean(t *testing.T, n *node.Node) {
	t.Helper()
	// A statement that was cancelled may still be on its way out.
	for range 200 {
		left, err := n.Temporary().Left()
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 && n.Memory().Used() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	left, _ := n.Temporary().Left()
	t.Errorf("left: files %v, %d bytes", left, n.Memory().Used())
}

const sortBig = "SELECT g FROM generate_series(1, 200000) g ORDER BY -g OFFSET 199999"

// TestLimits: work_mem makes a statement spill, temp_file_limit and the node's memory
// make it fail, and whatever happens nothing is left.
func TestLimits(t *testing.T) {
	n := StartNode(t, config.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", Memory: 4 << 20})
	conn, other := connect(t, URL(n)), connect(t, URL(n))
	ctx := context.Background()
	do := func(sql string) error {
		_, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	fails := func(sql, code, message string) {
		t.Helper()
		var e *pgconn.PgError
		if err := do(sql); !errors.As(err, &e) || e.Code != code || e.Message != message {
			t.Errorf("%s: %v", sql, err)
		}
		clean(t, n)
	}
	if err := do("SET work_mem = '64kB'"); err != nil {
		t.Fatal(err)
	}
	if err := do(sortBig); err != nil {
		t.Fatal(err)
	}
	if n.Temporary().Counts()["sort"] == 0 {
		t.Error("a sort over work_mem did not spill")
	}
	clean(t, n)
	if err := do("SET temp_file_limit = '100kB'"); err != nil {
		t.Fatal(err)
	}
	fails(sortBig, "53400", "temporary file size exceeds temp_file_limit (100kB)")
	if err := do("RESET temp_file_limit; SET work_mem = '1GB'"); err != nil {
		t.Fatal(err)
	}
	fails(sortBig, "53200", "out of memory")
	fails("SELECT count(*) FROM (SELECT g FROM generate_series(1, 500000) g GROUP BY g) s", "53200", "out of memory")
	if _, err := other.Exec(ctx, "SELECT 1"); err != nil {
		t.Errorf("another session was harmed: %v", err)
	}
	if err := do("SET work_mem = '64kB'"); err != nil {
		t.Fatal(err)
	}
	fails("SELECT 1 / (g - 150000) FROM generate_series(1, 200000) g ORDER BY 1", "22012", "division by zero")
	if err := do("SET statement_timeout = 300"); err != nil {
		t.Fatal(err)
	}
	fails("SELECT count(*) FROM generate_series(1, 300000) a JOIN (SELECT b FROM generate_series(1, 3000000) b ORDER BY -b) s ON a = s.b % 7", "57014", "canceling statement due to statement timeout")
	// A cursor keeps its files until it is closed.
	for _, sql := range []string{"SET statement_timeout = 0", "BEGIN", "DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 100000) g ORDER BY -g", "FETCH 10 FROM c"} {
		if err := do(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if left, err := n.Temporary().Left(); len(left) != 1 || err != nil {
		t.Errorf("a cursor over a sort has files %v, %v", left, err)
	}
	if err := do("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	clean(t, n)
}

// TestTemporaryEmptied: what a node that died left is gone after the next start.
func TestTemporaryEmptied(t *testing.T) {
	dir := t.TempDir()
	first, err := node.Start(context.Background(), config.Options{Data: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "temporary", "1.run")
	if err := os.WriteFile(stale, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := StartNode(t, config.Options{Data: dir, Listen: "127.0.0.1:0"})
	if left, err := n.Temporary().Left(); len(left) != 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestExplainUsage: EXPLAIN ANALYZE says what sorts and hash tables needed.
func TestExplainUsage(t *testing.T) {
	conn := connect(t, Start(t))
	ctx := context.Background()
	for _, sql := range []string{"CREATE TABLE t AS SELECT g AS a, g % 20000 AS b FROM generate_series(1, 40000) g", "ANALYZE t", "SET enable_nestloop = off"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ memory, sql, want string }{
		{"64kB", "SELECT * FROM t ORDER BY b", `Sort Method: external merge  Disk: \d+kB`},
		{"64MB", "SELECT * FROM t ORDER BY b", `Sort Method: quicksort  Memory: \d+kB`},
		{"64MB", "SELECT * FROM t ORDER BY b LIMIT 10", `Sort Method: top-N heapsort  Memory: \d+kB`},
		{"64kB", "SELECT * FROM t x JOIN t y ON x.a = y.b", `Buckets: \d+ \(originally 1024\)  Batches: \d\d+ \(originally 1\)  Memory Usage: \d+kB`},
		{"64MB", "SELECT * FROM t x JOIN t y ON x.a = y.b", `Buckets: \d+  Batches: 1  Memory Usage: \d+kB`},
		{"64kB", "SELECT b, count(*) FROM t GROUP BY b", `Batches: \d+  Memory Usage: \d+kB  Disk Usage: \d+kB`},
		{"64MB", "SELECT b, count(*) FROM t GROUP BY b", `Batches: 1  Memory Usage: \d+kB$`},
	} {
		if _, err := conn.Exec(ctx, "SET work_mem = '"+c.memory+"'"); err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(ctx, "EXPLAIN (ANALYZE, COSTS OFF) "+c.sql)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(lines, "\n"); !regexp.MustCompile(`(?m)^ +` + c.want).MatchString(text) {
			t.Errorf("%s with %s:\n%s\nhas no %s", c.sql, c.memory, text, c.want)
		}
	}
}
