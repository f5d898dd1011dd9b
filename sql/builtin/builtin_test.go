package builtin

import (
	"testing"

	"datapunk/sql/function"
)

func TestKernels(t *testing.T) {
	r, err := function.New(Tables()...)
	if err != nil {
		t.Fatal(err)
	}
	have := 0
	for _, f := range r.Funcs() {
		if f.Impl != nil {
			have++
		}
	}
	t.Logf("%d of %d functions have kernels", have, len(r.Funcs()))
}
