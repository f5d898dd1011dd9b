package builtin

import (
	"testing"

	"datapunk/sql/function"
)

// least is how many functions had kernels when the number was last looked at.
const least = 1420

// TestKernels joins facts and kernels: a kernel that belongs to no function, or two
// for one, is an error of function.New. What the kernels give is tested by the files
// under */testdata, which server/servertest runs.
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
	if have < least {
		t.Errorf("%d functions have kernels, fewer than %d", have, least)
	}
}
