package servertest

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestExplain compares the plans of testdata/plan with those kept beside the
// statements; with -rewrite they are written anew, to be read in the diff.
func TestExplain(t *testing.T) {
	const source, golden = "../../testdata/plan/explain.sql", "../../testdata/plan/explain.out"
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, Start(t))
	var out strings.Builder
	for _, sql := range strings.Split(strings.TrimSpace(string(text)), ";\n") {
		sql = strings.TrimSuffix(sql, ";")
		rows, err := conn.Query(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		out.WriteString(sql + ";\n")
		for rows.Next() {
			out.WriteString("    " + strings.ReplaceAll(string(rows.RawValues()[0]), "\n", "\n    ") + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if *rewrite {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range a {
			if i >= len(b) || a[i] != b[i] {
				t.Fatalf("line %d: %s", i+1, a[i])
			}
		}
		t.Fatal("fewer lines than before")
	}
}
