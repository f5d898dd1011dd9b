package servertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"datapunk/internal/pgerr"
)

// pending runs a statement and returns once it waits for a lock of another.
func pending(t *testing.T, conn, watch *pgx.Conn, sql string) chan error {
	t.Helper()
	ctx := context.Background()
	done := make(chan error, 1)
	pid := conn.PgConn().PID()
	go func() {
		_, err := conn.Exec(ctx, sql)
		done <- err
	}()
	for range 400 {
		var n int
		if err := watch.QueryRow(ctx, "SELECT cardinality(pg_blocking_pids($1))", int32(pid)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return done
		}
		select {
		case err := <-done:
			t.Fatalf("%s did not wait: %v", sql, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not wait", sql)
	return nil
}

// TestIndexConcurrentlyWaits has indexes made and dropped beside transactions that
// began before: writers, and readers of old snapshots.
func TestIndexConcurrentlyWaits(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	a, b, watch := connect(t, url), connect(t, url), connect(t, url)
	run(t, a, "CREATE TABLE t (id int PRIMARY KEY, k int)", "INSERT INTO t SELECT g, g FROM generate_series(1, 1000) g")

	// A writer that does not know the index.
	run(t, b, "BEGIN", "INSERT INTO t VALUES (2000, 7777)")
	done := pending(t, a, watch, "CREATE INDEX CONCURRENTLY tk ON t (k)")
	run(t, watch, "INSERT INTO t VALUES (2001, 7777)") // others go on
	run(t, b, "INSERT INTO t VALUES (2002, 7777)", "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	run(t, watch, "SET enable_seqscan = off")
	count := func(conn *pgx.Conn, sql string) (n int) {
		t.Helper()
		if err := conn.QueryRow(ctx, sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(watch, "SELECT count(*) FROM t WHERE k = 7777"); n != 3 {
		t.Errorf("%d rows by the index, want 3", n)
	}

	// A reader of an old snapshot, which must not use the index without the old entries.
	run(t, b, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1 FROM t LIMIT 1", "SET enable_seqscan = off")
	run(t, watch, "UPDATE t SET k = -k WHERE id <= 10")
	done = pending(t, a, watch, "CREATE INDEX CONCURRENTLY tk2 ON t (abs(k), k)")
	if n := count(b, "SELECT count(*) FROM t WHERE abs(k) = 5 AND k = 5"); n != 1 {
		t.Errorf("the old snapshot has %d rows, want 1", n)
	}
	run(t, b, "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	// A reader that may use an index stops it from going.
	run(t, b, "BEGIN", "SELECT 1 FROM t WHERE k = 3")
	done = pending(t, a, watch, "DROP INDEX CONCURRENTLY tk")
	run(t, watch, "INSERT INTO t VALUES (2003, 3)")
	run(t, b, "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	// Each waits for the other: one gives up.
	run(t, b, "BEGIN", "UPDATE t SET k = 1 WHERE id = 1")
	done = pending(t, a, watch, "CREATE INDEX CONCURRENTLY tk3 ON t (k)")
	_, err := b.Exec(ctx, "LOCK TABLE t")
	if err == nil {
		run(t, b, "ROLLBACK")
		err = <-done
	} else {
		run(t, b, "ROLLBACK")
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if code(err) != string(pgerr.TRDeadlockDetected) {
		t.Errorf("got %v, want a deadlock", err)
	}

	// lock_timeout counts, and leaves the index invalid.
	run(t, b, "BEGIN", "UPDATE t SET k = 1 WHERE id = 1")
	run(t, a, "SET lock_timeout = 50")
	if _, err := a.Exec(ctx, "CREATE INDEX CONCURRENTLY tk4 ON t (k)"); code(err) != string(pgerr.LockNotAvailable) {
		t.Errorf("got %v, want a lock timeout", err)
	}
	run(t, b, "COMMIT")
	if n := count(watch, "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indexrelid = 'tk4'::regclass"); n != 1 {
		t.Error("tk4 is not there, or valid")
	}
}

// TestIndexInvalidKept writes rows of a unique index that was left invalid, which has
// no entries of the rows that were there: they must not take those of others along.
func TestIndexInvalidKept(t *testing.T) {
	ctx := context.Background()
	conn := connect(t, Start(t))
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, k int, v int)", "INSERT INTO t SELECT g, greatest(g, 2), 0 FROM generate_series(1, 100) g")
	for _, c := range []struct{ sql, code string }{
		{"CREATE UNIQUE INDEX CONCURRENTLY u ON t (k) INCLUDE (v)", "23505"},
		{"INSERT INTO t VALUES (200, 50, 1), (201, 60, 1), (202, 70, 1)", ""},
		{"INSERT INTO t VALUES (300, 50, 1)", "23505"},
		{"DELETE FROM t WHERE id = 50", ""},
		{"INSERT INTO t VALUES (300, 50, 1)", "23505"},
		{"UPDATE t SET k = 1060 WHERE id = 60", ""},
		{"INSERT INTO t VALUES (300, 60, 1)", "23505"},
		{"UPDATE t SET v = 2 WHERE id = 70", "23505"},
		{"DELETE FROM t WHERE id IN (200, 201, 202)", ""},
		{"INSERT INTO t VALUES (300, 50, 1), (301, 60, 1)", ""},
		{"UPDATE t SET v = 2 WHERE id = 70", ""},
		{"INSERT INTO t VALUES (302, 70, 1)", "23505"},
	} {
		if _, err := conn.Exec(ctx, c.sql); code(err) != c.code {
			t.Errorf("%s: %v, want %q", c.sql, err, c.code)
		}
	}
}

// TestIndexConcurrentlyWritten builds unique and other indexes while rows are
// inserted, moved and deleted, and compares them with their table.
func TestIndexConcurrentlyWritten(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	conn := connect(t, url)
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, k int, v int)", "INSERT INTO t SELECT g, g, g FROM generate_series(1, 3000) g")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		c := connect(t, url)
		rng := rand.New(rand.NewPCG(1, uint64(w)))
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				id := rng.IntN(3000) + 1
				sql := [...]string{
					"UPDATE t SET v = v + 1 WHERE id = %[1]d",
					"UPDATE t SET k = %[2]d WHERE id = %[1]d",
					"DELETE FROM t WHERE id = %[1]d",
					"INSERT INTO t VALUES (%[1]d, %[2]d, 0) ON CONFLICT DO NOTHING",
					"BEGIN; DELETE FROM t WHERE id = %[1]d; INSERT INTO t VALUES (%[1]d, %[1]d, 0) ON CONFLICT DO NOTHING; COMMIT",
					"BEGIN; UPDATE t SET k = -k WHERE id = %[1]d; ROLLBACK",
				}[rng.IntN(6)]
				_, err := c.Exec(ctx, fmt.Sprintf(sql, id, rng.IntN(1<<30)+3001))
				if err != nil && code(err) != string(pgerr.UniqueViolation) {
					t.Errorf("%s: %v", sql, err)
					return
				}
				if err != nil {
					_, _ = c.Exec(ctx, "ROLLBACK")
				}
			}
		})
	}
	for i := range 6 {
		run(t, conn, "CREATE INDEX CONCURRENTLY a ON t (v)")
		if _, err := conn.Exec(ctx, "CREATE UNIQUE INDEX CONCURRENTLY b ON t (k) INCLUDE (v)"); err != nil && code(err) != string(pgerr.UniqueViolation) {
			t.Fatal(err)
		}
		if i < 5 {
			run(t, conn, "DROP INDEX CONCURRENTLY a", "DROP INDEX CONCURRENTLY b")
		}
	}
	close(stop)
	wg.Wait()
	for _, sql := range []string{
		"SELECT id, k, v FROM t WHERE v > -1 ORDER BY v, id",
		"SELECT k, v FROM t WHERE k > -2000000000 ORDER BY k, v",
	} {
		var got [2]string
		for i, set := range []string{"off", "on"} {
			run(t, conn, "SET enable_indexscan = "+set, "SET enable_seqscan = "+map[string]string{"on": "off", "off": "on"}[set])
			rows, err := conn.Query(ctx, sql)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				values, err := rows.Values()
				if err != nil {
					t.Fatal(err)
				}
				got[i] += fmt.Sprintln(values...)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		if got[0] != got[1] {
			t.Errorf("%s: an index differs from its table", sql)
		}
	}
}
