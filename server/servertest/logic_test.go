package servertest

import (
	"context"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	oracle  = flag.String("oracle", "", "URL of a PostgreSQL server to run the files against instead")
	rewrite = flag.Bool("rewrite", false, "write what the server gave into the files")
)

// TestLogic runs every file of testdata/logic, and those beside the kernels of
// sql/builtin, each in a schema of its own.
func TestLogic(t *testing.T) {
	url := *oracle
	if url == "" {
		url = Start(t)
	}
	logic(t, url, nil, asWanted)
}

// asWanted compares what a block gave with what it should give.
func asWanted(b *Block, got []string) bool {
	return strings.Join(got, "\n") == strings.Join(b.Want, "\n")
}

// logic runs all files with settings of a configuration.
func logic(t *testing.T, url string, settings map[string]string, same func(*Block, []string) bool) {
	var files []string
	for _, pattern := range []string{"../../testdata/logic/*/*.slt", "../../sql/builtin/*/testdata/*.slt"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	statements, known := 0, 0
	for _, file := range files {
		folder := filepath.Base(filepath.Dir(file))
		if folder == "testdata" {
			folder = "builtin"
		}
		name := folder + "/" + strings.TrimSuffix(filepath.Base(file), ".slt")
		t.Run(name, func(t *testing.T) {
			blocks, err := ReadLogic(file)
			if err != nil {
				t.Fatal(err)
			}
			known += len(blocks)
			ctx := context.Background()
			config, err := pgconn.ParseConfig(url)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range settings {
				config.RuntimeParams[name] = value
			}
			var notices []string
			config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
				notices = append(notices, n.Severity+": "+n.Message)
			}
			conn, err := pgconn.ConnectConfig(ctx, config)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			schema := strings.NewReplacer("/", "_", "-", "_").Replace(name)
			if _, err := conn.Exec(ctx, "CREATE SCHEMA "+schema+"; SET search_path = "+schema+"; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'").ReadAll(); err != nil {
				t.Fatal(err)
			}
			got := make([][]string, len(blocks))
			for i := range blocks {
				b := &blocks[i]
				got[i] = b.Run(ctx, conn, &notices)
				statements++
				if !*rewrite && !same(b, got[i]) {
					t.Errorf("%s:%d: %s\ngot\n  %s\nwant\n  %s", file, b.Line, b.SQL, strings.Join(got[i], "\n  "), strings.Join(b.Want, "\n  "))
				}
			}
			if *rewrite {
				if err := Rewrite(file, blocks, got); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	// A file has no word to skip a statement with; only one that cannot begin is not run.
	t.Logf("statements: %d run, %d skipped, in %d files", statements, known-statements, len(files))
}
