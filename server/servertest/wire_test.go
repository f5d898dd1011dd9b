package servertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// TestExtended goes through the extended protocol with binary values both ways.
func TestExtended(t *testing.T) {
	ctx := context.Background()
	conn := connect(t, Start(t))
	if _, err := conn.Exec(ctx, "CREATE TABLE t (id int PRIMARY KEY, big int8, f float8, s text, b bool)"); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := conn.Exec(ctx, "INSERT INTO t VALUES ($1, $2, $3, $4, $5)", i, int64(i)<<40, float64(i)/4, fmt.Sprint("s", i), i%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(ctx, "SELECT * FROM t WHERE id > $1 AND b = $2 ORDER BY id", 3, true)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
		var id int
		var big int64
		var f float64
		var s string
		var b bool
		err := r.Scan(&id, &big, &f, &s, &b)
		return fmt.Sprint(id, " ", big, " ", f, " ", s, " ", b), err
	})
	if want := "[4 4398046511104 1 s4 true 6 6597069766656 1.5 s6 true 8 8796093022208 2 s8 true]"; err != nil || fmt.Sprint(got) != want {
		t.Fatalf("got %v, %v", got, err)
	}
	// A pipeline whose middle fails: what follows up to Sync is skipped and rolled back.
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO t (id) VALUES (100)")
	batch.Queue("INSERT INTO t (id) VALUES (1)")
	batch.Queue("INSERT INTO t (id) VALUES (101)")
	err = conn.SendBatch(ctx, batch).Close()
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "23505" {
		t.Fatalf("got %v", err)
	}
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM t WHERE id >= 100").Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d rows of a failed pipeline stayed, %v", n, err)
	}
}

// TestCopy loads and unloads rows, and reports the line of a bad one.
func TestCopy(t *testing.T) {
	ctx := context.Background()
	conn := connect(t, Start(t))
	if _, err := conn.Exec(ctx, "CREATE TABLE t (id int PRIMARY KEY, s text)"); err != nil {
		t.Fatal(err)
	}
	text := "1\tone\n2\t\\N\n3\ta\\tb\\\\c\\nd\n"
	tag, err := conn.PgConn().CopyFrom(ctx, strings.NewReader(text), "COPY t FROM STDIN")
	if err != nil || tag.RowsAffected() != 3 {
		t.Fatalf("%v, %v", tag, err)
	}
	var out strings.Builder
	if _, err := conn.PgConn().CopyTo(ctx, &out, "COPY (SELECT * FROM t ORDER BY id) TO STDOUT"); err != nil || out.String() != text {
		t.Fatalf("got %q, %v", out.String(), err)
	}
	_, err = conn.PgConn().CopyFrom(ctx, strings.NewReader("4\tx\nfive\ty\n"), "COPY t FROM STDIN")
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "22P02" || e.Where != `COPY t, line 2, column id: "five"` {
		t.Fatalf("got %v, where %q", err, e.Where)
	}
	out.Reset()
	if _, err := conn.PgConn().CopyTo(ctx, &out, "COPY t TO STDOUT (FORMAT csv, HEADER)"); err != nil || out.String() != "id,s\n1,one\n2,\n3,\"a\tb\\c\nd\"\n" {
		t.Fatalf("got %q, %v", out.String(), err)
	}
}

// TestCancel ends a statement from outside.
func TestCancel(t *testing.T) {
	ctx := context.Background()
	conn := connect(t, Start(t))
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(ctx, "SELECT pg_sleep(60)")
		done <- err
	}()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if err := conn.PgConn().CancelRequest(ctx); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			var e *pgconn.PgError
			if !errors.As(err, &e) || e.Code != "57014" {
				t.Fatalf("got %v", err)
			}
			return
		case <-time.After(20 * time.Millisecond):
			if time.Now().After(deadline) {
				t.Fatal("not cancelled within 10 s")
			}
		}
	}
}

// TestRestart finds committed rows after a stop, and nothing of an open transaction.
func TestRestart(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	t.Run("first", func(t *testing.T) {
		url := StartAt(t, dir)
		conn := connect(t, url)
		for _, sql := range []string{"CREATE TABLE t (id int PRIMARY KEY, s text)", "CREATE INDEX ON t (s)", "INSERT INTO t VALUES (1, 'one'), (2, 'two')"} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
		open := connect(t, url)
		if _, err := open.Exec(ctx, "BEGIN; INSERT INTO t VALUES (3, 'three')"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("second", func(t *testing.T) {
		conn := connect(t, StartAt(t, dir))
		var n, id int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&n); err != nil || n != 2 {
			t.Fatalf("%d rows, %v", n, err)
		}
		if err := conn.QueryRow(ctx, "SELECT id FROM t WHERE s = 'two'").Scan(&id); err != nil || id != 2 {
			t.Fatalf("id %d, %v", id, err)
		}
	})
}

// TestBank moves money between accounts from several connections: every reader sees
// the same sum, at both isolation levels, and updates of one row wait and recheck.
func TestBank(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	conn := connect(t, url)
	const accounts, clients, rounds = 5, 4, 50
	if _, err := conn.Exec(ctx, "CREATE TABLE a (id int PRIMARY KEY, v int NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	for i := range accounts {
		if _, err := conn.Exec(ctx, "INSERT INTO a VALUES ($1, 100)", i); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	conflicts := make([]int, clients)
	for c := range clients {
		mine := connect(t, url)
		level := []string{"READ COMMITTED", "REPEATABLE READ"}[c%2]
		wait.Add(1)
		go func() {
			defer wait.Done()
			for r := range rounds {
				from, to := (c+r)%accounts, (c+2*r+1)%accounts
				err := func() error {
					if _, err := mine.Exec(ctx, "BEGIN ISOLATION LEVEL "+level); err != nil {
						return err
					}
					if _, err := mine.Exec(ctx, "UPDATE a SET v = v - 1 WHERE id = $1", min(from, to)); err != nil {
						return err
					}
					if _, err := mine.Exec(ctx, "UPDATE a SET v = v + 1 WHERE id = $1", max(from, to)); err != nil {
						return err
					}
					var sum int
					if err := mine.QueryRow(ctx, "SELECT sum(v) FROM a").Scan(&sum); err != nil {
						return err
					}
					if sum != accounts*100 {
						t.Errorf("%s sees the sum %d", level, sum)
					}
					_, err := mine.Exec(ctx, "COMMIT")
					return err
				}()
				var e *pgconn.PgError
				switch {
				case err == nil:
				case errors.As(err, &e) && e.Code == "40001" && level == "REPEATABLE READ":
					conflicts[c]++
					if _, err := mine.Exec(ctx, "ROLLBACK"); err != nil {
						t.Error(err)
					}
				default:
					t.Errorf("%s: %v", level, err)
					return
				}
			}
		}()
	}
	wait.Wait()
	var sum int
	if err := conn.QueryRow(ctx, "SELECT sum(v) FROM a").Scan(&sum); err != nil || sum != accounts*100 {
		t.Fatalf("sum %d, %v", sum, err)
	}
	t.Logf("write conflicts a client: %v", conflicts)
}
