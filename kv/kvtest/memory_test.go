package kvtest

import (
	"testing"

	"datapunk/kv"
)

func TestConformance(t *testing.T) {
	Conformance(t, func(*testing.T) kv.DB { return New() })
}
