// Package deps keeps the direction of imports: the lattice of docs/ARCHITECTURE.md
// as rules, and a test that the tree follows them.
package deps

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// levels are the folders from low to high: a package imports its own level's folder
// and lower ones only.
var levels = map[string]int{
	"internal": 0, "types": 1, "cluster": 1, "kv": 2, "ingest": 2, "index": 3, "catalog": 3, "sql": 4, "planner": 5,
	"executor": 6, "ext": 7, "server": 8, "cmd": 9,
}

// rules says what a package may import of the module besides internal; a folder
// ending in / stands for all below it. Packages without a rule may import what their
// level allows.
var rules = map[string][]string{
	"kv":             {},
	"kv/store":       {"kv"},
	"kv/mvcc":        {"kv", "kv/store"},
	"kv/lock":        {"kv"},
	"kv/partition":   {"kv", "kv/store", "kv/mvcc", "kv/lock", "kv/router"},
	"kv/router":      {"kv"},
	"kv/txn":         {"kv", "kv/store", "kv/mvcc", "kv/lock", "kv/partition"}, // Open wires them
	"types":          {},
	"types/numeric":  {},
	"types/datetime": {"types/numeric"},
	"types/vector":   {"types", "types/numeric", "types/datetime"},
	"types/array":    {"types", "types/vector"},
	"types/record":   {"types", "types/vector"},
	"types/collate":  {},
	"catalog":        {"catalog/desc", "kv", "types"},
	"catalog/desc":   {"types"},
	"catalog/stat":   {"types", "types/vector"},
	"sql/parser":     {},
	"sql/expr":       {"sql/function", "types", "types/vector"},
	"sql/function":   {"types", "types/vector", "types/format"},
	"planner/plan":   {"sql/expr", "sql/logical", "types", "types/vector", "catalog/desc"},
	"planner/cost":   {},
	"executor/spill": {"types", "types/vector"}, // knows rows, not operators: all of them use it
	"server/setting": {},
	"server/client":  {"types", "types/format", "types/vector"},
	"server/pgwire":  {"server/auth", "server/client", "types", "types/format", "types/vector"},
	"server/config":  {},
}

// foreign says which packages alone may import a library.
var foreign = map[string][]string{
	"github.com/cockroachdb/pebble/v2":    {"kv/"},
	"github.com/pganalyze/pg_query_go/v6": {"sql/", "server/session"},
}

// strangers may not import each other, in either direction.
var strangers = [][2]string{{"index", "catalog"}, {"types", "cluster"}, {"planner", "executor"}}

type pkg struct {
	ImportPath                string
	Imports                   []string
	TestImports, XTestImports []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "datapunk/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func folder(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func matches(list []string, path string) bool {
	for _, rule := range list {
		if rule == path || strings.HasSuffix(rule, "/") && strings.HasPrefix(path+"/", rule) {
			return true
		}
	}
	return false
}

func TestLattice(t *testing.T) {
	pkgs := list(t)
	if len(pkgs) < 20 {
		t.Fatalf("only %d packages listed", len(pkgs))
	}
	for _, p := range pkgs {
		from := strings.TrimPrefix(p.ImportPath, "datapunk/")
		level, known := levels[folder(from)]
		if !known {
			t.Errorf("%s: no such top-level folder in docs/ARCHITECTURE.md", from)
			continue
		}
		for _, i := range append(append([]string(nil), p.TestImports...), p.XTestImports...) {
			if to, ours := strings.CutPrefix(i, "datapunk/"); ours && levels[folder(to)] > level {
				t.Errorf("a test of %s imports %s, which lies higher", from, to)
			}
		}
		for _, i := range p.Imports {
			to, ours := strings.CutPrefix(i, "datapunk/")
			if !ours {
				for lib, users := range foreign {
					if (i == lib || strings.HasPrefix(i, lib+"/")) && !matches(users, from) {
						t.Errorf("%s imports %s, which only %v may", from, lib, users)
					}
				}
				if folder(from) == "internal" && strings.Contains(i, ".") {
					t.Errorf("%s imports %s: internal packages import the standard library alone", from, i)
				}
				continue
			}
			if levels[folder(to)] > level {
				t.Errorf("%s imports %s, which lies higher", from, to)
			}
			for _, s := range strangers {
				a, b := folder(from), folder(to)
				if s == [2]string{a, b} || s == [2]string{b, a} {
					if !(a == "executor" && b == "planner" && (to == "planner/plan" || from == "executor/ddl")) {
						t.Errorf("%s imports %s: %s and %s are strangers", from, to, a, b)
					}
				}
			}
			if rule, ok := rules[from]; ok && folder(to) != "internal" && !matches(rule, to) {
				t.Errorf("%s imports %s, which its rule %v does not allow", from, to, rule)
			}
			if to == "server/session" && !matches([]string{"server/node", "server/api", "server/servertest"}, from) {
				t.Errorf("%s imports server/session: only server/node, api and servertest may", from)
			}
		}
	}
}
