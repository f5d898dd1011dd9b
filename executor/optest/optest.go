// Package optest is what tests of operators need: an environment with a memory of a
// given size, inputs of random rows, and outputs as text.
package optest

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/planner/plan"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

// Limits is how much an operator may hold; 0 is no limit.
type Limits struct {
	Bytes int64
	Rows  int
	Node  int64 // of all together
	Files int64 // bytes on disk, 0: no limit
}

// Env is an environment, and the directory of its temporary files. When the test ends,
// nothing may be left of them.
func Env(t testing.TB, l Limits) (*op.Env, *spill.Directory) {
	t.Helper()
	d, err := spill.OpenDirectory(t.TempDir() + "/temporary")
	if err != nil {
		t.Fatal(err)
	}
	if l.Files == 0 {
		l.Files = -1
	}
	account := budget.New(l.Node)
	space := &spill.Space{Memory: account.Child(), WorkMem: l.Bytes, HashMem: l.Bytes, Rows: l.Rows, Files: &spill.Files{Directory: d, Limit: l.Files}}
	t.Cleanup(func() {
		space.Close()
		if left, err := d.Left(); len(left) > 0 || err != nil {
			t.Errorf("temporary files are left: %v %v", left, err)
		}
		if n := account.Used(); n != 0 {
			t.Errorf("%d bytes of memory are left", n)
		}
	})
	return &op.Env{Env: &eval.Env{Env: &function.Env{Context: t.Context()}}, Space: space}, d
}

// Input gives rows kept before, as a plan's node and as its operator.
type Input struct {
	plan.Base
	Rows *vector.Batch
	// Batch is how many rows it gives at once.
	Batch int
	Fail  error // after the rows
	at    int
	out   vector.Batch
}

// Open starts at the first row.
func (i *Input) Open() error {
	i.at = 0
	return nil
}

// Next gives rows.
func (i *Input) Next(budget int) (*vector.Batch, error) {
	n := min(budget, i.Rows.N-i.at, vector.Size)
	if i.Batch > 0 {
		n = min(n, i.Batch)
	}
	if n <= 0 {
		return nil, i.Fail
	}
	sel := make([]int32, n)
	for k := range sel {
		sel[k] = int32(i.at + k)
	}
	i.at += n
	i.out = vector.Batch{Cols: i.Rows.Cols, N: i.Rows.N, Sel: sel}
	return &i.out, nil
}

// Close does nothing.
func (i *Input) Close() {}

// Columns are what random rows have, in this order.
var Columns = []*types.Type{types.Int4, types.Text, types.NumericType, types.Int8}

// Random makes n rows of Columns: the values of the first three are among few, the last
// numbers the rows. first numbers the columns.
func Random(r *rand.Rand, n, few int, first expr.ColumnID) *Input {
	in := &Input{Rows: vector.NewBatch(Columns, max(n, 1)), Batch: 1 + r.IntN(300)}
	for k, t := range Columns {
		in.Out = append(in.Out, plan.Column{ID: first + expr.ColumnID(k), Typing: expr.Typing{T: t, M: -1}, Name: fmt.Sprintf("c%d", k)})
	}
	cols := in.Rows.Cols
	for i := range n {
		for k, c := range cols {
			if k < 3 && r.IntN(12) == 0 {
				c.SetNull(i)
				continue
			}
			v := r.IntN(few)
			switch k {
			case 0:
				vector.Of[int32](c)[i] = int32(v - few/2)
			case 1:
				c.SetString(i, strings.Repeat("é", v%3)+fmt.Sprint("long enough for the heap ", v)[:v%28])
			case 2:
				vector.Of[numeric.Decimal](c)[i] = numeric.FromInt64(int64(v))
			case 3:
				vector.Of[int64](c)[i] = int64(i)
			}
		}
	}
	in.Rows.N = n
	return in
}

// Column is an expression of an input's column.
func (i *Input) Column(k int) expr.Expr {
	c := i.Out[k]
	return &expr.Column{Typing: c.Typing, ID: c.ID, Name: c.Name}
}

// Run opens an operator, reads it to its end with changing budgets, and gives its rows
// as text.
func Run(t testing.TB, o op.Operator, r *rand.Rand) []string {
	t.Helper()
	out, err := Try(o, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Try is Run for what may fail.
func Try(o op.Operator, r *rand.Rand) ([]string, error) {
	defer o.Close()
	if err := o.Open(); err != nil {
		return nil, err
	}
	var out []string
	for {
		budget := vector.Size
		if r.IntN(3) == 0 {
			budget = 1 + r.IntN(20)
		}
		b, err := o.Next(budget)
		if b == nil || err != nil {
			return out, err
		}
		if b.Rows() > budget {
			return nil, fmt.Errorf("%d rows for a budget of %d", b.Rows(), budget)
		}
		for k := range b.Rows() {
			out = append(out, Row(b, b.Row(k)))
		}
	}
}

// Row is a row as text.
func Row(b *vector.Batch, i int) string {
	var s strings.Builder
	for _, c := range b.Cols {
		if c.Null(i) {
			s.WriteString("|NULL")
			continue
		}
		switch j := c.Index(i); c.Phys() {
		case types.Int32:
			fmt.Fprintf(&s, "|%d", vector.Of[int32](c)[j])
		case types.Int64:
			fmt.Fprintf(&s, "|%d", vector.Of[int64](c)[j])
		case types.Numeric:
			fmt.Fprintf(&s, "|%s", vector.Of[numeric.Decimal](c)[j].String())
		case types.Bytes:
			fmt.Fprintf(&s, "|%q", c.String(i))
		default:
			fmt.Fprintf(&s, "|?%d", c.Phys())
		}
	}
	return s.String()
}

// Sorted sorts rows, where their order does not matter.
func Sorted(rows []string) []string {
	sort.Strings(rows)
	return rows
}
