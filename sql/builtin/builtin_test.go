package builtin

import (
	"testing"

	"datapunk/sql/function"
)

// TestRegistry joins all kernels with the facts: a kernel that belongs to no
// function, or two for one, is an error.
func TestRegistry(t *testing.T) {
	r, err := function.New(Tables()...)
	if err != nil {
		t.Fatal(err)
	}
	with := 0
	for _, f := range r.Funcs() {
		if f.Impl != nil {
			with++
		}
	}
	if with < 300 {
		t.Errorf("only %d functions have kernels", with)
	}
	t.Logf("%d of %d functions have kernels", with, len(r.Funcs()))
}
