package servertest

import "testing"

// TestLogicMerged runs the files of TestLogic with merge joins wherever they can be.
func TestLogicMerged(t *testing.T) {
	if *oracle != "" || *rewrite {
		t.Skip("the files belong to TestLogic")
	}
	logic(t, Start(t), map[string]string{"enable_hashjoin": "off", "enable_nestloop": "off"}, anyOrder)
}
