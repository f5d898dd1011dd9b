package servertest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestDeferredUnique: of two transactions that write a key of a deferrable constraint,
// the second to check it waits for the first, and fails if that commits; a key that is
// being deleted is waited for too.
func TestDeferredUnique(t *testing.T) {
	ctx := context.Background()
	url := Start(t)
	a, b := connect(t, url), connect(t, url)
	run(t, a, "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v int UNIQUE DEFERRABLE)", "INSERT INTO t VALUES (1, 1)")
	waiting := func(sql string) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := b.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
			done <- err
		}()
		select {
		case err := <-done:
			t.Fatalf("%s did not wait: %v", sql, err)
		case <-time.After(50 * time.Millisecond):
		}
		return done
	}
	// Both at the commit.
	run(t, a, "BEGIN", "INSERT INTO t VALUES (2, 2)", "SET CONSTRAINTS ALL IMMEDIATE")
	run(t, b, "BEGIN", "INSERT INTO t VALUES (2, 3)")
	done := waiting("COMMIT")
	run(t, a, "COMMIT")
	if err := <-done; code(err) != "23505" {
		t.Errorf("second commit of a key: %v", err)
	}
	// Both at the end of the statement, the first rolled back.
	run(t, a, "BEGIN", "INSERT INTO t VALUES (4, 4)")
	done = waiting("INSERT INTO t VALUES (5, 4)")
	run(t, a, "ROLLBACK")
	if err := <-done; err != nil {
		t.Errorf("key of a transaction rolled back: %v", err)
	}
	// The other row goes away.
	run(t, a, "BEGIN", "DELETE FROM t WHERE id = 5")
	done = waiting("INSERT INTO t VALUES (6, 4)")
	run(t, a, "COMMIT")
	if err := <-done; err != nil {
		t.Errorf("key of a deleted row: %v", err)
	}
	// The other row stays.
	run(t, a, "BEGIN", "DELETE FROM t WHERE id = 6")
	done = waiting("INSERT INTO t VALUES (7, 4)")
	run(t, a, "ROLLBACK")
	if err := <-done; code(err) != "23505" {
		t.Errorf("key of a row that stays: %v", err)
	}
}
