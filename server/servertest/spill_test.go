package servertest

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"datapunk/server/config"
)

// spillRows is how many rows an operator may hold in the configuration in which
// everything spills.
const spillRows = 2

// TestLogicSpilled runs the files of TestLogic with next to no memory: sorts merge many
// runs, hash tables are divided, kept rows are on disk. Rows whose order the statement
// does not say may come in another one.
func TestLogicSpilled(t *testing.T) {
	if *oracle != "" || *rewrite {
		t.Skip("the files belong to TestLogic")
	}
	n := StartNode(t, config.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", SpillRows: spillRows})
	logic(t, URL(n), map[string]string{"work_mem": "64"}, anyOrder)
	files, bytes := n.Temporary().Total()
	counts := n.Temporary().Counts()
	t.Logf("spilled: %v; %d files, %d bytes", counts, files, bytes)
	some := strings.Contains(flag.Lookup("test.run").Value.String(), "/")
	for kind, times := range counts {
		if times == 0 && !some {
			t.Errorf("no %s spilled: the files do not reach it any more", kind)
		}
	}
	if left, err := n.Temporary().Left(); len(left) > 0 || err != nil {
		t.Errorf("temporary files are left: %v %v", left, err)
	}
	if used := n.Memory().Used(); used != 0 {
		t.Errorf("%d bytes of memory are left", used)
	}
}

// anyOrder compares as asWanted does, but for the order of rows that a statement does not
// say.
func anyOrder(b *Block, got []string) bool {
	ordered := strings.Contains(strings.Join(strings.Fields(strings.ToUpper(b.SQL)), " "), "ORDER BY")
	return asWanted(b, got) || !ordered && slices.Equal(sorted(got), sorted(b.Want))
}

func sorted(rows []string) []string { return slices.Sorted(slices.Values(rows)) }
