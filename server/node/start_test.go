package node

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"datapunk/server/config"
)

// TestStarting: until its directory is open a node answers 57P03, and clients that
// asked for TLS wait; then both get in.
func TestStarting(t *testing.T) {
	ctx := context.Background()
	o := config.Options{Data: t.TempDir(), Listen: "127.0.0.1:0"}
	addresses, port, err := o.Addresses()
	if err != nil {
		t.Fatal(err)
	}
	n := newNode(ctx)
	if err := n.listen(o, addresses, port); err != nil {
		t.Fatal(err)
	}
	url := "postgres://postgres@" + n.Addr() + "/postgres?sslmode="
	var e *pgconn.PgError
	if _, err := pgx.Connect(ctx, url+"disable"); !errors.As(err, &e) || e.Code != "57P03" || e.Severity != "FATAL" {
		t.Fatalf("a node that is starting answered %v", err)
	}
	secured := make(chan error)
	go func() {
		conn, err := pgx.Connect(ctx, url+"require")
		if err == nil {
			conn.Close(ctx)
		}
		secured <- err
	}()
	if err := n.open(ctx, o); err != nil {
		t.Fatal(err)
	}
	close(n.opened)
	if err := <-secured; err != nil {
		t.Error(err)
	}
	conn, err := pgx.Connect(ctx, url+"disable")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(ctx)
	n.tending = func() {}
	if err := n.Stop(); err != nil {
		t.Error(err)
	}
}
