package servertest

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// describedSchema is what psql's commands are tried on.
const describedSchema = `
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL, email text UNIQUE,
  balance numeric(12,2) DEFAULT 0 CHECK (balance >= 0), tags text[], seen timestamptz(3) DEFAULT now(), code char(5), data jsonb);
CREATE TABLE shop.orders (id serial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES shop.customer (id) ON DELETE CASCADE,
  total numeric DEFAULT 1.5, note text, placed timestamp NOT NULL DEFAULT current_timestamp, CONSTRAINT total_positive CHECK (total > 0 AND total < 100000));
CREATE INDEX orders_customer ON shop.orders (customer_id, placed DESC NULLS LAST);
CREATE UNIQUE INDEX orders_note ON shop.orders (lower(note)) WHERE note IS NOT NULL;
CREATE TABLE shop.item (order_id int, line int, qty int NOT NULL DEFAULT 1, twice int GENERATED ALWAYS AS (qty * 2) STORED, PRIMARY KEY (order_id, line),
  FOREIGN KEY (order_id) REFERENCES shop.orders ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED);
CREATE SEQUENCE shop.counter AS int START 5 INCREMENT 2 MINVALUE 1 MAXVALUE 1000 CYCLE;
CREATE VIEW shop.dear AS SELECT o.id, c.name, o.total FROM shop.orders o JOIN shop.customer c ON c.id = o.customer_id WHERE o.total > 10;
CREATE TABLE plain (a smallint, b uuid, c bytea, d time(2), e oid, f real);
COMMENT ON TABLE shop.orders IS 'what was ordered';
COMMENT ON COLUMN shop.orders.note IS 'free text';
COMMENT ON SCHEMA shop IS 'a shop';
CREATE ROLE shop_reader;
GRANT USAGE ON SCHEMA shop TO shop_reader;
GRANT SELECT ON shop.orders TO shop_reader;
GRANT UPDATE (note) ON shop.orders TO shop_reader WITH GRANT OPTION;
`

// described are the commands; sizes are masked.
var described = []string{`\d`, `\d shop.*`, `\d+ shop.*`, `\d plain`, `\d+ plain`, `\d nothing`, `\dt`, `\dt shop.*`, `\dt+ shop.*`, `\di shop.*`, `\di+ shop.*`,
	`\dv shop.*`, `\dv+ shop.*`, `\ds shop.*`, `\ds+ shop.*`, `\dn`, `\dn+`, `\du`, `\du+`, `\dg shop*`, `\l postgres`, `\dp`, `\dp shop.*`, `\z shop.orders`,
	`\df lower`, `\df+ generate_series`, `\dfa`, `\dfw`, `\da sum`, `\dT`, `\dT+ int4`, `\dTS`, `\dC`, `\dC+ int*`, `\do ||`, `\doS+ =`, `\dO`, `\dOS`, `\dcS`,
	`\dD`, `\dx`, `\db`, `\drds`, `\ddp`, `\det`, `\des`, `\dew`, `\deu`, `\dm`, `\dE`, `\dy`, `\dF`, `\dF simple`, `\dFd`, `\dFp`, `\dFt`, `\dL`, `\dLS+`,
	`\dAc btree int*`, `\dAf btree text_pattern*`, `\dAo btree integer_ops`, `\dAp btree integer_ops`, `\dRp`, `\dRs`, `\dX`, `\dP`, `\dd`, `\ddS`, `\dS pg_class`,
	`\d+ pg_catalog.pg_type`, `\d pg_catalog.pg_tables`, `\d information_schema.columns`, `\sf lower(text)`, `\sf+ pg_get_keywords`, `\sv shop.dear`, `\sv+ shop.dear`}

var size = regexp.MustCompile(` *\d+ (bytes|kB|MB)`)

// plainOutput masks sizes, and the widths of tables with them.
func plainOutput(s string) string {
	if !size.MatchString(s) {
		return s
	}
	s = size.ReplaceAllString(s, " SIZE")
	s = regexp.MustCompile(`-+`).ReplaceAllString(s, "-")
	return regexp.MustCompile(` +`).ReplaceAllString(s, " ")
}

// TestPsql runs psql's describing commands against a node and a PostgreSQL.
func TestPsql(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("no psql is installed (apt-get install postgresql-client)")
	}
	urls := []string{Start(t), postgres(t)}
	run := func(url string, args ...string) string {
		out, _ := exec.Command(psql, append([]string{"-X", "-d", url}, args...)...).CombinedOutput()
		return string(out)
	}
	for _, url := range urls {
		if out := run(url, "-q", "-v", "ON_ERROR_STOP=1", "-c", describedSchema); strings.Contains(out, "ERROR") {
			t.Fatalf("%s", out)
		}
	}
	for _, command := range described {
		got, want := plainOutput(run(urls[0], "-c", command)), plainOutput(run(urls[1], "-c", command))
		if got != want {
			t.Errorf("%s:\n%s", command, difference(got, want))
		}
	}
}

// difference shows the lines that are in one text alone.
func difference(got, want string) string {
	count := map[string]int{}
	for _, l := range strings.Split(want, "\n") {
		count[l]++
	}
	var b strings.Builder
	for _, l := range strings.Split(got, "\n") {
		if count[l]--; count[l] < 0 {
			b.WriteString("+ " + l + "\n")
		}
	}
	for _, l := range strings.Split(want, "\n") {
		if count[l] > 0 {
			count[l]--
			b.WriteString("- " + l + "\n")
		}
	}
	return b.String()
}

// TestDump holds pg_dump of a node against that of a PostgreSQL.
func TestDump(t *testing.T) {
	dump, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Skip("no pg_dump is installed (apt-get install postgresql-client)")
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("no psql is installed (apt-get install postgresql-client)")
	}
	var texts []string
	for _, url := range []string{Start(t), postgres(t)} {
		if out, err := exec.Command(psql, "-X", "-q", "-d", url, "-c", describedSchema).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, err := exec.Command(dump, url).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var kept []string
		for _, l := range strings.Split(string(out), "\n") {
			if !strings.HasPrefix(l, `\restrict`) && !strings.HasPrefix(l, `\unrestrict`) && !strings.HasPrefix(l, "-- Dumped from") {
				kept = append(kept, l)
			}
		}
		texts = append(texts, strings.Join(kept, "\n"))
	}
	if texts[0] != texts[1] {
		t.Error(difference(texts[0], texts[1]))
	}
}
