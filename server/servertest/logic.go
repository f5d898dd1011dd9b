package servertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// A logic file is statements with what they give, in blocks separated by blank
// lines:
//
//	statement
//	INSERT INTO t VALUES (1)
//	----
//	INSERT 0 1
//
//	query [unordered]
//	SELECT …
//	----
//	a:int4 b:text
//	1|one
//	NULL|''
//
// A statement gives its command tag, notices before it; an error is the line
// `ERROR CODE: message`, with lines `DETAIL: …` and `HINT: …` after it; a query's first
// line is its columns with types. Comments begin with #. The same files run against
// PostgreSQL.

// Block is one statement of a file.
type Block struct {
	Line      int
	Head      string
	SQL       string
	Want      []string
	Unordered bool
}

// ReadLogic takes a file apart.
func ReadLogic(path string) ([]Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []Block
	var block *Block
	var sql []string
	want := false
	flush := func() {
		if block != nil {
			block.SQL = strings.Join(sql, "\n")
			out = append(out, *block)
		}
		block, sql, want = nil, nil, false
	}
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "":
			flush()
		case block == nil && strings.HasPrefix(line, "#"):
		case block == nil:
			f := strings.Fields(line)
			if f[0] != "statement" && f[0] != "query" {
				return nil, fmt.Errorf("%s:%d: %q is neither statement nor query", path, i+1, line)
			}
			block = &Block{Line: i + 1, Head: line, Unordered: len(f) > 1 && f[1] == "unordered"}
		case want:
			block.Want = append(block.Want, line)
		case line == "----":
			want = true
		default:
			sql = append(sql, line)
		}
	}
	flush()
	return out, nil
}

// typeNames prints result types by OID.
var typeNames = map[uint32]string{16: "bool", 17: "bytea", 18: "char", 19: "name", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid", 114: "json",
	700: "float4", 701: "float8", 705: "unknown", 1042: "bpchar", 1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
	1186: "interval", 1266: "timetz", 1700: "numeric", 2249: "record", 2950: "uuid", 3802: "jsonb", 1007: "_int4", 1009: "_text", 1016: "_int8", 2205: "regclass", 2278: "void"}

// Run runs one block on a connection and returns what it gave, in the file's form.
func (b *Block) Run(ctx context.Context, conn *pgconn.PgConn, notices *[]string) []string {
	*notices = nil
	results, err := conn.Exec(ctx, b.SQL).ReadAll()
	var out []string
	for _, r := range results {
		if r.Err != nil {
			continue
		}
		if len(r.FieldDescriptions) > 0 || strings.HasPrefix(b.Head, "query") && r.CommandTag.Select() {
			var head []string
			for _, f := range r.FieldDescriptions {
				name := typeNames[f.DataTypeOID]
				if name == "" {
					name = fmt.Sprint(f.DataTypeOID)
				}
				head = append(head, f.Name+":"+name)
			}
			out = append(out, strings.Join(head, " "))
			var rows []string
			for _, row := range r.Rows {
				var vals []string
				for _, v := range row {
					switch {
					case v == nil:
						vals = append(vals, "NULL")
					case len(v) == 0:
						vals = append(vals, "''")
					default:
						vals = append(vals, strings.ReplaceAll(string(v), "\n", `\n`))
					}
				}
				rows = append(rows, strings.Join(vals, "|"))
			}
			if b.Unordered {
				sort.Strings(rows)
			}
			out = append(out, rows...)
		}
		if !strings.HasPrefix(b.Head, "query") {
			out = append(out, r.CommandTag.String())
		}
	}
	out = append(*notices, out...)
	if err != nil {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			return append(out, "LOST: "+err.Error())
		}
		line := "ERROR " + e.Code + ": " + e.Message
		if e.Position > 0 {
			line += fmt.Sprintf(" at %d", e.Position)
		}
		out = append(out, line)
		if e.Detail != "" {
			out = append(out, "DETAIL: "+strings.ReplaceAll(e.Detail, "\n", `\n`))
		}
		if e.Hint != "" {
			out = append(out, "HINT: "+e.Hint)
		}
	}
	return out
}

// Rewrite prints blocks back with new expectations.
func Rewrite(path string, blocks []Block, got [][]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	var b strings.Builder
	next := 0
	for i := range blocks {
		for ; next < blocks[i].Line-1; next++ {
			if strings.HasPrefix(lines[next], "#") {
				b.WriteString(lines[next] + "\n")
				if next+1 < len(lines) && lines[next+1] == "" {
					b.WriteString("\n")
				}
			}
		}
		b.WriteString(blocks[i].Head + "\n" + blocks[i].SQL + "\n----\n")
		for _, l := range got[i] {
			b.WriteString(l + "\n")
		}
		b.WriteString("\n")
		for next < len(lines) && lines[next] != "" {
			next++
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
