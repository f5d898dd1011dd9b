package servertest

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// systemColumns lists every column of pg_catalog and information_schema, as
// catalog/system/facts/columns.tsv does.
const systemColumns = `SELECT c.relname, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attcollation, a.attndims, coalesce(a.attacl::text, '\N')
	FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
	WHERE n.nspname IN ('pg_catalog', 'information_schema') AND relkind IN ('r', 'v') AND attnum > 0 ORDER BY c.oid, attnum`

// systemRelations lists the relations with what of them is the same everywhere.
const systemRelations = `SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltype, coalesce(t.typarray, 0), c.relisshared, coalesce(c.relacl::text, '\N'),
	coalesce(c.reloptions::text, '\N'), coalesce((SELECT r.oid FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename = '_RETURN')::text, '\N')
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace LEFT JOIN pg_type t ON t.oid = c.reltype
	WHERE n.nspname IN ('pg_catalog', 'information_schema') AND relkind IN ('r', 'v') ORDER BY c.oid`

// systemIndexes lists the indexes that are not of TOAST tables.
const systemIndexes = `SELECT i.indexrelid, c.relname, i.indrelid, i.indisunique, i.indisprimary, i.indkey, i.indclass, i.indcollation,
	coalesce((SELECT oid FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u')), 0)
	FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace
	WHERE n.nspname IN ('pg_catalog', 'information_schema') ORDER BY i.indrelid, i.indexrelid`

// rows runs a query and gives its rows, values separated by tabs.
func rows(t *testing.T, conn *pgconn.PgConn, sql string) []string {
	t.Helper()
	results, err := conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var list []string
	for _, row := range results[0].Rows {
		values := make([]string, len(row))
		for i, v := range row {
			values[i] = string(v)
		}
		list = append(list, strings.Join(values, "\t"))
	}
	return list
}

func plainConn(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// same compares two lists and reports the first differences.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d lines, want %d", what, len(got), len(want))
	}
	const few = 5
	shown := 0
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s:\n  %s\nwant\n  %s", what, got[i], want[i])
			if shown++; shown == few {
				return
			}
		}
	}
}

// TestShape holds the catalogs of a node against the facts: which relations, columns
// and indexes there are, of which types and OIDs; and what SELECT * says of them.
func TestShape(t *testing.T) {
	conn := plainConn(t, Start(t))
	for file, sql := range map[string]string{"columns": systemColumns, "relations": systemRelations, "indexes": systemIndexes} {
		text, err := os.ReadFile("../../catalog/system/facts/" + file + ".tsv")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		same(t, file, rows(t, conn, sql), lines[1:])
	}
	// Every relation can be read, and its columns have the types that pg_attribute
	// says, a domain's as its base.
	for _, line := range rows(t, conn, `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
		string_agg(a.attname || ' ' || CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, ',' ORDER BY a.attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		JOIN pg_type t ON t.oid = a.atttypid
		WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') GROUP BY 1`) {
		relation, want, _ := strings.Cut(line, "\t")
		if _, err := conn.Exec(context.Background(), "SELECT * FROM "+relation).ReadAll(); err != nil {
			t.Errorf("%s: %v", relation, err)
			continue
		}
		statement, err := conn.Prepare(context.Background(), "", "SELECT * FROM "+relation, nil)
		if err != nil {
			t.Errorf("%s: %v", relation, err)
			continue
		}
		var got []string
		for _, f := range statement.Fields {
			got = append(got, f.Name+" "+strconv.FormatUint(uint64(f.DataTypeOID), 10))
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s has columns\n  %s\nwant\n  %s", relation, strings.Join(got, ","), want)
		}
	}
}

// TestShapeOracle holds the facts' queries on a node against those on a PostgreSQL, and
// the tables that are the same everywhere row by row.
func TestShapeOracle(t *testing.T) {
	theirs, ours := plainConn(t, postgres(t)), plainConn(t, Start(t))
	for _, sql := range []string{systemColumns, systemRelations, systemIndexes,
		"SELECT * FROM pg_am ORDER BY oid", "SELECT * FROM pg_amop ORDER BY oid", "SELECT * FROM pg_amproc ORDER BY oid", "SELECT * FROM pg_cast ORDER BY oid",
		"SELECT * FROM pg_opclass ORDER BY oid", "SELECT * FROM pg_opfamily ORDER BY oid", "SELECT * FROM pg_operator ORDER BY oid",
		"SELECT * FROM pg_aggregate ORDER BY aggfnoid::oid", "SELECT * FROM pg_conversion ORDER BY oid", "SELECT * FROM pg_range ORDER BY rngtypid",
		"SELECT * FROM pg_ts_config ORDER BY oid", "SELECT * FROM pg_ts_dict ORDER BY oid", "SELECT * FROM pg_ts_parser", "SELECT * FROM pg_ts_template ORDER BY oid",
		"SELECT * FROM pg_ts_config_map ORDER BY 1, 2, 3", "SELECT * FROM pg_description ORDER BY 1, 2, 3", "SELECT * FROM pg_auth_members ORDER BY 1, 2",
		"SELECT * FROM pg_type WHERE typnamespace = 11 AND typrelid = 0 AND oid < 16384 ORDER BY oid",
		"SELECT p.oid, proname, proowner, prolang, procost, prorows, provariadic, prosupport, prokind, proleakproof, proisstrict, proretset, provolatile, proparallel, pronargs, pronargdefaults, prorettype, proargtypes, proallargtypes, proargmodes, proargnames, prosrc, proacl, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid) FROM pg_proc p WHERE pronamespace = 11 AND prolang < 16 ORDER BY p.oid",
	} {
		same(t, sql, rows(t, ours, sql), rows(t, theirs, sql))
	}
}
