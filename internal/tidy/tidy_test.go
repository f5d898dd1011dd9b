// Package tidy keeps the house rules that no compiler knows.
package tidy

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
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

// allowed are the places that may make a root context, read the machine's clock or
// start a goroutine.
var allowed = []string{"cmd/", "server/node/", "server/pgwire/", "server/servertest/", "internal/clock/", "internal/tidy/"}

func TestPassedIn(t *testing.T) {
	sources(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "kv/kvtest/") {
			return
		}
		for _, a := range allowed {
			if strings.HasPrefix(path, a) {
				return
			}
		}
		for _, banned := range []string{"context.Background()", "context.TODO()", "time.Now()", "time.Sleep("} {
			if strings.Contains(text, banned) {
				t.Errorf("%s: %s is banned here: take the context or clock by constructor, so that tests can pass their own", path, banned)
			}
		}
	})
}
