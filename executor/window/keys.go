package window

import (
	"datapunk/sql/expr"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// keys are neighbouring columns that are equal, or not, in two rows.
type keys struct {
	first   int
	compare []kernel.Compare
}

func newKeys(first int, list []expr.Expr) keys {
	k := keys{first: first}
	for _, e := range list {
		k.compare = append(k.compare, kernel.Comparer(e.Type(), e.Collation()))
	}
	return k
}

// same tells whether row i of a and row j of b are equal; two nulls are.
func (k *keys) same(a []*vector.Vector, i int, b []*vector.Vector, j int) bool {
	for n, compare := range k.compare {
		x, y := a[k.first+n], b[k.first+n]
		xn, yn := x.Null(i), y.Null(j)
		if xn != yn || !xn && compare(x, i, y, j) != 0 {
			return false
		}
	}
	return true
}
