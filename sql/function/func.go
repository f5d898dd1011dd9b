// Package function says what a function is and which ones there are.
//
// The facts of PostgreSQL's own functions, operators and aggregates are data:
// facts/proc.tsv, operator.tsv and aggregate.tsv hold pg_proc, pg_operator and
// pg_aggregate of PostgreSQL 15, which pg_catalog shows too. What a function
// does is a Kernel in one of the tables of sql/builtin, keyed by the
// function's pg_proc.prosrc (by signature, such as sum(int4), for aggregates,
// window functions and those that PostgreSQL writes in SQL); server/node puts facts and kernels together in a Registry. A function
// without a kernel is known by name and refused with 0A000 when it is planned.
//
// Functions reach the session only through Env.
package function

import (
	"datapunk/types"
	"datapunk/types/vector"
)

// Volatility is pg_proc.provolatile.
type Volatility byte

// The volatilities.
const (
	Immutable Volatility = 'i'
	Stable    Volatility = 's'
	Volatile  Volatility = 'v'
)

// Kind is pg_proc.prokind.
type Kind byte

// The kinds of function.
const (
	Scalar    Kind = 'f'
	Aggregate Kind = 'a'
	Window    Kind = 'w'
	Procedure Kind = 'p'
)

// Func describes one function; see pg_proc in the PostgreSQL manual (53.39). It
// is not changed after it is published.
type Func struct {
	OID        types.OID
	Name       string
	Schema     types.OID
	Owner      types.OID
	Language   types.OID
	Kind       Kind
	Args       []*types.Type // input arguments
	Return     *types.Type
	ReturnsSet bool
	Variadic   *types.Type // element type of a VARIADIC last argument, or nil
	AllArgs    []*types.Type
	Modes      string   // one of i o b v t for each of AllArgs, or ""
	ArgNames   []string // for each of AllArgs (or Args), or nil
	Defaults   []string // SQL of the last len(Defaults) arguments' defaults
	Strict     bool
	Leakproof  bool
	Volatility Volatility
	Parallel   byte
	Cost       float32
	Rows       float32
	Support    types.OID
	Source     string // pg_proc.prosrc
	Impl       *Impl  // nil: known by name only
	Agg        *AggFacts
	SQLBody    bool
}

// Impl is what a function does: exactly one of the four.
type Impl struct {
	Eval     Kernel
	CanRaise bool // Eval may return an error for some arguments
	Set      SetKernel
	Agg      NewAggregator
	Window   NewWindower
}

// Table is kernels by pg_proc.prosrc, or by signature such as "sum(int4)" for
// aggregates, window functions and SQL-language functions. A variadic function's
// trailing arguments come as one array, unless it takes "any".
type Table map[string]Impl

// Call is one call site at run time. Kernels may keep what they prepared (a
// compiled pattern, say) in State; a call site is used by one goroutine.
type Call struct {
	Func      *Func
	Args      []*types.Type // as called, polymorphism resolved
	Return    *types.Type
	Mod       int32 // typmod asked of the result, -1 none
	Collation types.OID
	// Variadic: the last argument was given as an array with VARIADIC.
	Variadic bool
	// Order is how WITHIN GROUP sorts the aggregated arguments; nil means ascending.
	Order []Order
	// Columns are those of a record result, from a column definition list.
	Columns []types.Field
	Env     *Env
	State   any
}

// Order is the direction of one sort key.
type Order struct{ Desc, NullsFirst bool }

// Kernel computes rows sel of out, which is flat, has room, and has the
// arguments' null bits set already if the function is strict (sel then has no
// such rows). An error at a row is a *vector.RowError, rows before it being done.
type Kernel func(c *Call, args []*vector.Vector, sel []int32, out *vector.Vector) error

// SetKernel starts a set-returning call for one row of arguments (constants).
type SetKernel func(c *Call, args []*vector.Vector) (Rows, error)

// Rows produces a set. Next fills at most max rows of out from row 0 (one
// vector, or one for each column of a composite result) and returns how many; 0
// is the end.
type Rows interface {
	Next(out []*vector.Vector, max int) (int, error)
}

// NewAggregator makes the state of one aggregate for any number of groups.
type NewAggregator func(c *Call) (Aggregator, error)

// Aggregator accumulates groups, numbered from 0.
type Aggregator interface {
	// Grow makes room for groups 0 to n-1; new ones are empty.
	Grow(n int)
	// Add adds rows sel of args; row sel[k] belongs to group groups[k]. Rows come
	// in the order in which SQL says they are to be aggregated.
	Add(groups []int32, args []*vector.Vector, sel []int32) error
	// Merge adds another aggregator's group from to group to.
	Merge(other Aggregator, from, to int) error
	// Result writes groups first to first+n-1 to rows 0 to n-1 of out.
	Result(first, n int, out *vector.Vector) error
	// Size estimates the bytes held.
	Size() int
}

// Retractor is an Aggregator that can take rows out again, for moving window
// frames.
type Retractor interface {
	Aggregator
	Remove(group int32, args []*vector.Vector, row int32) error
}

// Expecter is an Aggregator of sorted rows that picks some of them, and so is told first
// how many there are.
type Expecter interface {
	Aggregator
	// Expect says how many rows without a null a group is going to get.
	Expect(group int32, rows int64)
}

// NewWindower makes the state of one window function call.
type NewWindower func(c *Call) (Windower, error)

// Windower computes one window function over one partition at a time.
type Windower interface {
	// Partition begins a partition.
	Partition(p Partition) error
	// Row writes the value of f's row to out at; all rows come, in order.
	Row(f *Frame, out *vector.Vector, at int) error
}

// Partition is the rows of a partition, of which only a few may be in memory.
type Partition interface {
	Len() int
	// Args are vectors with the arguments of a row, which is at place there; they live
	// until the next call.
	Args(row int) (args []*vector.Vector, place int, err error)
}

// Frame is what a window function may see from one row: numbers of rows in the
// partition, an end being that of the row after the last.
type Frame struct {
	Row           int
	Group         int // number of its peer group
	Peer, PeerEnd int // of that group
	Start, End    int
	// Parts are the rows of the frame without those that EXCLUDE leaves out.
	Parts [][2]int
}
