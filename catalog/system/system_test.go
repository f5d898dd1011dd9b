package system

import (
	"strings"
	"testing"

	"datapunk/catalog/desc"
	"datapunk/catalog/system/views"
	"datapunk/types"
)

// A view written under a name that no relation has would be lost, and the relation
// without rows.
func TestViewNames(t *testing.T) {
	for _, name := range views.Names() {
		schema, view, _ := strings.Cut(name, ".")
		r := loaded().named[view]
		if r == nil || r.Kind != desc.ViewKind || (schema == "pg_catalog") != (r.Schema == types.PgCatalog) {
			t.Errorf("%s is no view of PostgreSQL 15", name)
		}
	}
}

func TestTableNames(t *testing.T) {
	for _, table := range Tables() {
		r := loaded().named[table.Name]
		if r == nil || r.Kind != desc.Table {
			t.Errorf("%s is no table of PostgreSQL 15", table.Name)
			continue
		}
		for column := range table.Find {
			if n, _ := r.Column(column); n == 0 {
				t.Errorf("%s is looked up by %s, which it does not have", table.Name, column)
			}
		}
	}
}

// Lookups go by the indexes' columns; all of them must have a form as a key.
func TestIndexColumns(t *testing.T) {
	for _, r := range Relations() {
		if r.Index == nil {
			continue
		}
		for _, k := range r.Index.Keys {
			switch columnType(k.Type).Phys {
			case types.Bool, types.Int16, types.Int32, types.Int64, types.Float32, types.Bytes:
			default:
				t.Errorf("%s: a key of type %s", r.Name, columnType(k.Type).Name)
			}
		}
	}
}

func TestGrants(t *testing.T) {
	const text = "{postgres=arwdDxt/postgres,=r/postgres}"
	name := func(oid types.OID) string { return "postgres" }
	if got := "{" + strings.Join(aclItems(grants(text), name), ",") + "}"; got != text {
		t.Errorf("%s became %s", text, got)
	}
	if grants(`\N`) != nil {
		t.Error("null grants are something")
	}
	if got := aclRole(`Big "x"`); got != `"Big ""x"""` {
		t.Errorf("a role is quoted as %s", got)
	}
}

func TestOperators(t *testing.T) {
	for _, c := range []struct {
		key, value *types.Type
		operator   types.OID
	}{{types.Int4, types.Int4, 96}, {types.Int8, types.Int4, 416}, {types.Varchar, types.Text, 98}, {types.TextArray, types.TextArray, 1070}} {
		if got := equalOperator(c.key, c.value); got != c.operator {
			t.Errorf("%s = %s is operator %d, want %d", c.key.Name, c.value.Name, got, c.operator)
		}
	}
	if got := OperatorClass(btree, types.Varchar, ""); got != 3126 {
		t.Errorf("varchar is indexed by %d", got)
	}
	if got := OperatorClass(btree, types.Text, "text_pattern_ops"); got != 4217 {
		t.Errorf("text_pattern_ops is %d", got)
	}
}

func TestMentioned(t *testing.T) {
	got := mentioned(`("@c3" > "@c12") AND "@f3"("@c3")`)
	if len(got) != 2 || got[0] != 3 || got[1] != 12 {
		t.Errorf("columns %v", got)
	}
}
