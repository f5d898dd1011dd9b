// Package tidy keeps the house rules that no compiler knows.
package tidy

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// sources calls fn for every Go file of the module.
func sources(t *testing.T, fn func(path string, text string)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n++
			fn(filepath.ToSlash(strings.TrimPrefix(path, root+"/")), string(text))
		}
		return nil
	})
	if err != nil || n < 50 {
		t.Fatalf("%d files read, %v", n, err)
	}
}

// drawers are names of things that belong together by accident.
var drawers = map[string]bool{"util": true, "utils": true, "common": true, "misc": true, "helper": true, "helpers": true, "base": true}

func TestNoDrawers(t *testing.T) {
	sources(t, func(path, _ string) {
		for _, part := range strings.Split(strings.TrimSuffix(path, ".go"), "/") {
			if drawers[part] {
				t.Errorf("%s: %q is banned as a name: name the noun, since drawers fill", path, part)
			}
		}
	})
}

func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	sources(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "internal/") || strings.Contains(text, "//go:build ignore") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || f.Doc != nil
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: no package comment: say why it is there and what must hold", dir)
		}
	}
}

// passedIn are what a package takes by constructor, each with the places that may
// reach for it themselves.
var passedIn = []struct {
	banned, instead string
	allowed         []string
}{
	{`context\.(Background|TODO)\(\)`, "take the context", []string{"server/pgwire/"}},
	{`time\.(Now|Sleep)\(`, "take the clock", []string{"server/pgwire/"}},
	{`(?m)^\s*go (func|[a-z])`, "the owner of the loop starts it", []string{"kv/txn/db.go", "kv/store/logfs.go"}},
	{`"crypto/rand"`, "take the source of entropy", nil},
	{`\brand\.(Int|Uint|Float|Perm|Shuffle|Norm|Exp)\w*\(`, "take a seeded generator", nil},
}

// owners make everything that is passed in.
var owners = []string{"cmd/", "server/node/", "server/servertest/", "kv/kvtest/", "internal/clock/", "internal/tidy/"}

func TestPassedIn(t *testing.T) {
	sources(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || under(path, owners) {
			return
		}
		for _, p := range passedIn {
			if found := regexp.MustCompile(p.banned).FindString(text); found != "" && !under(path, p.allowed) {
				t.Errorf("%s: %q is banned here: %s, so that tests can pass their own", path, strings.TrimSpace(found), p.instead)
			}
		}
	})
}

func under(path string, places []string) bool {
	for _, p := range places {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
