package servertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"datapunk/server/config"
)

func run(t *testing.T, conn *pgx.Conn, list ...string) {
	t.Helper()
	for _, sql := range list {
		if _, err := conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestOwnChange: a kept plan must not outlive a catalog change of its own transaction.
func TestOwnChange(t *testing.T) {
	ctx := context.Background()
	conn := connect(t, Start(t))
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)", "CREATE INDEX ti ON t (v)", "INSERT INTO t VALUES (1, 1), (2, 2)")
	count := func() (n int) {
		t.Helper()
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM t WHERE v >= $1", 0).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 2 {
		t.Fatalf("%d rows", n)
	}
	run(t, conn, "BEGIN", "TRUNCATE t", "INSERT INTO t VALUES (5, 5)")
	if n := count(); n != 1 {
		t.Errorf("%d rows after TRUNCATE in this transaction, want 1", n)
	}
	run(t, conn, "DROP INDEX ti")
	if n := count(); n != 1 {
		t.Errorf("%d rows after DROP INDEX in this transaction, want 1", n)
	}
	run(t, conn, "ROLLBACK")
	if n := count(); n != 2 {
		t.Errorf("%d rows after ROLLBACK, want 2", n)
	}
}

// TestDeferredUndone: what ROLLBACK TO undoes needs no check at the commit.
func TestDeferredUndone(t *testing.T) {
	conn := connect(t, Start(t))
	run(t, conn, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
		"BEGIN", "SAVEPOINT s", "INSERT INTO b VALUES (1)", "ROLLBACK TO s", "COMMIT", "BEGIN", "INSERT INTO b VALUES (2)", "INSERT INTO a VALUES (2)", "COMMIT", "BEGIN", "INSERT INTO b VALUES (3)")
	_, err := conn.Exec(context.Background(), "COMMIT")
	if code(err) != "23503" {
		t.Errorf("got %v", err)
	}
}

// TestTerminate ends an idle session with 57P01, and a busy one too.
func TestTerminate(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	boss := connect(t, url)
	for _, busy := range []bool{false, true} {
		victim := connect(t, url)
		var pid int32
		if err := victim.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		if busy {
			go func() {
				_, err := victim.Exec(ctx, "SELECT pg_sleep(60)")
				done <- err
			}()
			time.Sleep(100 * time.Millisecond)
		}
		run(t, boss, "SELECT pg_terminate_backend("+itoa(pid)+")")
		if !busy {
			time.Sleep(100 * time.Millisecond)
			_, err := victim.Exec(ctx, "SELECT 1")
			done <- err
		}
		if err := <-done; err == nil || code(err) != "57P01" && code(err) != "" {
			t.Errorf("busy=%v: got %v", busy, err)
		}
		if _, err := victim.Exec(ctx, "SELECT 1"); err == nil {
			t.Errorf("busy=%v: a terminated session goes on", busy)
		}
	}
}

// TestSettings: settings that can be set must act.
func TestSettings(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	notices := 0
	config.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) { notices++ }
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run(t, conn, "SET client_min_messages = warning", "DROP TABLE IF EXISTS nosuch")
	if notices != 0 {
		t.Errorf("%d notices under client_min_messages = warning", notices)
	}
	run(t, conn, "SET client_min_messages = notice", "DROP TABLE IF EXISTS nosuch")
	if notices != 1 {
		t.Errorf("%d notices, want 1", notices)
	}
	run(t, conn, "SET idle_in_transaction_session_timeout = 100", "BEGIN")
	time.Sleep(400 * time.Millisecond)
	if _, err := conn.Exec(ctx, "SELECT 1"); err == nil {
		t.Error("idle_in_transaction_session_timeout does not act")
	}
	conn = connect(t, url)
	run(t, conn, "SET statement_timeout = 50")
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(30)"); code(err) != "57014" {
		t.Errorf("statement_timeout: %v", err)
	}
}

func itoa(n int32) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

// TestLockRecheck: under READ COMMITTED a row that changed while its lock was awaited
// is looked at again: by FOR UPDATE, UPDATE and DELETE, followed when its key moved,
// and left out when it no longer belongs to the result.
func TestLockRecheck(t *testing.T) {
	ctx := context.Background()
	n := StartNode(t, config.Options{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	url := URL(n)
	first, second := connect(t, url), connect(t, url)
	for _, c := range []struct{ change, wait, want string }{
		{"UPDATE t SET v = 5 WHERE id = 1", "SELECT id, v FROM t WHERE v < 10 ORDER BY id FOR UPDATE", "1=5 2=2"},
		{"UPDATE t SET v = 50 WHERE id = 1", "SELECT id, v FROM t WHERE v < 10 ORDER BY id FOR UPDATE", "2=2"},
		{"UPDATE t SET id = 9 WHERE id = 1", "SELECT id, v FROM t WHERE v < 10 ORDER BY id FOR SHARE", "9=1 2=2"},
		{"DELETE FROM t WHERE id = 1", "SELECT id, v FROM t ORDER BY id FOR UPDATE", "2=2"},
		{"UPDATE t SET v = 5 WHERE id = 1", "UPDATE t SET v = v + 1 WHERE v < 10 RETURNING id, v", "1=6 2=3"},
		{"UPDATE t SET v = 50 WHERE id = 1", "DELETE FROM t WHERE v < 10 RETURNING id, v", "2=2"},
		{"UPDATE t SET v = 5 WHERE id = 1", "SELECT t.id, u.v FROM t JOIN t u ON u.id = t.id WHERE t.v < 10 ORDER BY t.id FOR UPDATE OF u", "1=5 2=2"},
		{"UPDATE t SET id = 9 WHERE id = 1", "UPDATE t SET v = v + 7 WHERE v < 10 RETURNING id, v", "9=8 2=9"},
		{"DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (1, 7), (2, 0) ON CONFLICT (id) DO UPDATE SET v = t.v + 1 RETURNING id, v", "1=7 2=3"},
		{"SELECT FROM t WHERE id = 1 FOR UPDATE; DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (3, 1) ON CONFLICT (v) DO UPDATE SET v = 9 RETURNING id, v", "3=1"},
	} {
		change, later, _ := strings.Cut(c.change, "; ") // while the other waits
		run(t, first, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id int PRIMARY KEY, v int UNIQUE)", "INSERT INTO t VALUES (1, 1), (2, 2)", "BEGIN", change)
		got := make(chan string, 1)
		go func() {
			rows, err := second.Query(ctx, c.wait)
			if err != nil {
				got <- err.Error()
				return
			}
			text := ""
			for rows.Next() {
				var id, v int32
				if err := rows.Scan(&id, &v); err != nil {
					text += err.Error()
				}
				text += " " + itoa(id) + "=" + itoa(v)
			}
			if rows.Err() != nil {
				text += rows.Err().Error()
			}
			got <- text
		}()
		select {
		case text := <-got:
			t.Errorf("%s did not wait: %s", c.wait, text)
			run(t, first, "COMMIT")
			continue
		case <-time.After(60 * time.Millisecond):
		}
		run(t, first, later, "COMMIT")
		if text := <-got; text != " "+c.want {
			t.Errorf("%s, then %s: got%s, want %s", c.change, c.wait, text, c.want)
		}
	}
	o := n.Overtaken()
	rechecked, followed, retried := o.Rechecked.Load(), o.Followed.Load(), o.Retried.Load()
	t.Logf("overtaken: %d rechecked, %d followed, %d retried", rechecked, followed, retried)
	if rechecked == 0 || followed == 0 || retried == 0 {
		t.Error("a case does not come to what it is for any more")
	}
}

// TestQueue: a queue of jobs hands each to one taker, and a taker locks one row only.
func TestQueue(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	conn := connect(t, url)
	run(t, conn, "CREATE TABLE jobs (id int PRIMARY KEY, p int)", "INSERT INTO jobs SELECT g, 10 - g FROM generate_series(1, 9) g")
	for want := int32(9); want > 5; want-- {
		taker := connect(t, url)
		run(t, taker, "BEGIN")
		var id int32
		if err := taker.QueryRow(ctx, "SELECT id FROM jobs ORDER BY p LIMIT 1 FOR UPDATE SKIP LOCKED").Scan(&id); err != nil || id != want {
			t.Fatalf("job %d, want %d, %v", id, want, err)
		}
	}
}

// TestCopyAfterIndex has a COPY wait for CREATE INDEX: it must write entries for the
// index that was not there when it was bound.
func TestCopyAfterIndex(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	a, b := connect(t, url), connect(t, url)
	run(t, a, "CREATE TABLE t (x int)", "BEGIN", "CREATE INDEX tx ON t (x)")
	done := make(chan error)
	go func() {
		_, err := b.PgConn().CopyFrom(ctx, strings.NewReader("1\n2\n3\n"), "COPY t FROM STDIN")
		done <- err
	}()
	waiting := false
	for range 200 {
		var n int
		if err := a.QueryRow(ctx, "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if waiting = n > 0; waiting {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !waiting {
		t.Fatal("COPY does not wait")
	}
	run(t, a, "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var x int
	if err := a.QueryRow(ctx, "SELECT x FROM t WHERE x = 2").Scan(&x); err != nil || x != 2 {
		t.Fatalf("by the index: %d, %v", x, err)
	}
}
