// Package servertest is a node inside a test, and the runner of the SQL files under
// testdata/logic (as net/http/httptest is for HTTP).
package servertest

import (
	"context"
	"testing"

	"datapunk/server/config"
	"datapunk/server/node"
)

// Start starts a node on a fresh directory and a free port, stopped when the test
// ends, and returns its URL.
func Start(t testing.TB) string {
	t.Helper()
	return StartAt(t, t.TempDir())
}

// StartAt starts a node on a directory.
func StartAt(t testing.TB, dir string) string {
	t.Helper()
	return StartWith(t, config.Options{Data: dir, Listen: "127.0.0.1:0"})
}

// StartWith starts a node with options of the test's own.
func StartWith(t testing.TB, o config.Options) string {
	t.Helper()
	return URL(StartNode(t, o))
}

// URL is where a node is reached.
func URL(n *node.Node) string {
	return "postgres://postgres@" + n.Addr() + "/postgres?sslmode=disable"
}

// StartNode is StartWith for a test that looks into the node.
func StartNode(t testing.TB, o config.Options) *node.Node {
	t.Helper()
	n, err := node.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	return n
}
