package servertest

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"datapunk/server/config"
)

func TestPassword(t *testing.T) {
	ctx := context.Background()
	url := StartWith(t, config.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", Password: "geheim"})
	as := func(user, password, options string) (*pgx.Conn, error) {
		return pgx.Connect(ctx, strings.Replace(strings.Replace(url, "postgres@", user+":"+password+"@", 1), "sslmode=disable", options, 1))
	}
	for _, x := range []struct{ user, password, options, code string }{
		{"postgres", "geheim", "sslmode=disable", ""},
		{"postgres", "geheim", "sslmode=require", ""},
		{"postgres", "wrong", "sslmode=disable", "28P01"},
		{"postgres", "", "sslmode=disable", "28P01"},
		{"nobody", "geheim", "sslmode=disable", "28P01"},
	} {
		conn, err := as(x.user, x.password, x.options)
		if code(err) != x.code && !(x.password == "" && err != nil) {
			t.Errorf("%s with %q, %s: %v", x.user, x.password, x.options, err)
		}
		if err == nil {
			conn.Close(ctx)
		}
	}
	conn, err := as("postgres", "geheim", "sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run(t, conn, "CREATE ROLE al LOGIN PASSWORD 'one'", "CREATE ROLE old LOGIN PASSWORD 'x' VALID UNTIL '2001-01-01'")
	var verifier string
	if err := conn.QueryRow(ctx, "SELECT rolpassword FROM pg_authid WHERE rolname = 'al'").Scan(&verifier); err != nil || !strings.HasPrefix(verifier, "SCRAM-SHA-256$4096:") {
		t.Fatalf("kept as %q, %v", verifier, err)
	}
	al, err := as("al", "one", "sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	al.Close(ctx)
	if _, err := as("old", "x", "sslmode=disable"); code(err) != "28P01" {
		t.Errorf("an expired password: %v", err)
	}
	// A verifier made elsewhere is kept as it is.
	run(t, conn, "CREATE ROLE copy LOGIN PASSWORD '"+verifier+"'")
	if c, err := as("copy", "one", "sslmode=disable"); err != nil {
		t.Error(err)
	} else {
		c.Close(ctx)
	}
	run(t, conn, "ALTER ROLE al PASSWORD NULL")
	if _, err := as("al", "one", "sslmode=disable"); code(err) != "28P01" {
		t.Errorf("a password taken away: %v", err)
	}
}
