package parser

import (
	"strings"
	"testing"

	"datapunk/internal/pgerr"
)

func TestParseSplits(t *testing.T) {
	sql := " select 1 ; /* c */ select 'a;b' ;"
	statements, err := Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	if len(statements) != 2 || statements[0].Text != "select 1" || !strings.HasSuffix(statements[1].Text, "select 'a;b'") {
		t.Fatalf("got %+v", statements)
	}
	for _, s := range statements {
		if sql[s.Start:s.Start+len(s.Text)] != s.Text {
			t.Errorf("start %d does not point to %q", s.Start, s.Text)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		sql, message string
		code         pgerr.Code
		position     int
	}{
		{"select 1 from from", `syntax error at or near "from"`, "42601", 15},
		{"sélect", `syntax error at or near "sélect"`, "42601", 1},
		{"select 'abc", `unterminated quoted string at or near "'abc"`, "42601", 8},
		{"select 1 +", "syntax error at end of input", "42601", 11},
		{"select 1 limit 1, 2", "LIMIT #,# syntax is not supported", "42601", 10},
	} {
		_, err := Parse(c.sql)
		e := pgerr.Of(err)
		if err == nil || e.Message != c.message || e.Code != c.code || e.Position != c.position {
			t.Errorf("%s: got %v at %d", c.sql, err, e.Position)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, sql := range []string{
		"select 1" + strings.Repeat("+1", 64<<10),
		"select " + strings.Repeat("(", 50000) + "1" + strings.Repeat(")", 50000),
		"select " + strings.Repeat("not ", 50000) + "true",
		"select 1" + strings.Repeat(" union all select 1", 50000),
		"select " + strings.Repeat("case when true then ", 20000) + "1" + strings.Repeat(" end", 20000),
		"select " + strings.Repeat("- ", 50000) + "1",
	} {
		if _, err := Parse(sql); !pgerr.Is(err, pgerr.StatementTooComplex) && !pgerr.Is(err, pgerr.SyntaxError) {
			t.Errorf("%.40s…: %v", sql, err)
		}
	}
	for _, sql := range []string{
		"select * from t where " + strings.Repeat("a = 1 or ", 20000) + "b = 2",
		"insert into t values (1, 'a')" + strings.Repeat(", (2 + 3, 'it''s')", 20000),
		"select '" + strings.Repeat("((((", 5000) + "'",
	} {
		if _, err := Parse(sql); err != nil {
			t.Errorf("%.40s…: %v", sql, err)
		}
	}
}
