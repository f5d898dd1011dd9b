// Package plan is how a statement is done: the physical plan, immutable data
// that the planner writes and the executor reads.
//
// Invariants:
//
//	L1  A node has no run-time state; any number of executions may share it.
//	L2  A node's expressions mention columns of its inputs' Outputs, or columns of
//	    an outer query or of a nested loop's outer side (parameters), by ColumnID.
//	L3  Output lists the columns in the order in which batches carry them.
package plan

import (
	"datapunk/catalog/desc"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/types"
	"datapunk/types/vector"
)

// Node is one operator.
type Node interface {
	// Output is the columns it gives.
	Output() []Column
	// Estimate is what the planner expects of it.
	Estimate() *Estimate
	// Inputs are the nodes it reads.
	Inputs() []Node
}

// Column is one column of a node's output.
type Column struct {
	ID expr.ColumnID
	expr.Typing
	Name string
}

// Estimate is rows and cost; costs are planner/cost's.
type Estimate struct {
	Rows    float64
	Startup float64
	Total   float64
	Width   int
}

// Base is what every node has.
type Base struct {
	Out []Column
	Est Estimate
}

// Output returns Out.
func (b *Base) Output() []Column { return b.Out }

// Estimate returns Est.
func (b *Base) Estimate() *Estimate { return &b.Est }

// Inputs is empty for leaves.
func (b *Base) Inputs() []Node { return nil }

// Unary is a node with one input.
type Unary struct {
	Base
	Input Node
}

// Inputs is the one input.
func (u *Unary) Inputs() []Node { return []Node{u.Input} }

// Plan is a whole statement.
type Plan struct {
	Root     Node
	Command  logical.Command
	Subplans map[*expr.Subquery]*Subplan
	CTEs     []*CTE           // materialized WITH queries, in order
	Targets  []logical.Target // visible columns of the result
	Uses     []logical.Use
}

// Subplan is a subquery that stays within an expression.
type Subplan struct {
	Root  Node
	Outer []expr.ColumnID // columns that each run is given
}

// CTE is a WITH query that is run once, or once for each row around it on which it
// depends, and kept.
type CTE struct {
	Name    string
	Root    Node
	Outer   []expr.ColumnID // columns that each run is given
	Changes bool            // runs to its end whether or not it is read
}

type (
	// Result gives one row of expressions.
	Result struct {
		Base
		Exprs []expr.Expr
	}

	// Values gives rows of expressions.
	Values struct {
		Base
		Rows [][]expr.Expr
	}

	// Scan reads a table or an index of it.
	Scan struct {
		Base
		Table   *desc.Relation
		Alias   string
		Numbers []int16        // of each output column; negative for system columns
		Index   *desc.Relation // nil: the rows in storage order
		// Keys bound the index's first key columns to equal values; Low and High
		// then bound the next one. All are over outer columns only.
		Keys      []expr.Expr
		Low, High *Bound
		// In, if set, replaces the last of Keys by the elements of an array.
		In        expr.Expr
		Reverse   bool
		IndexOnly bool
		Filter    []expr.Expr
		// Conds are the conditions that Keys, Low and High stand for, for EXPLAIN.
		Conds []expr.Expr
		// Unique: at most one row matches Keys.
		Unique bool
		// Cursor, if set, is the open cursor whose current row alone is read.
		Cursor string
		// RowMark adds the row's key, for locking and changing it, as the last
		// output column (bytea).
		RowMark bool
	}

	// Source gives rows that come from outside, such as COPY's. It is the one node
	// that cannot be encoded.
	Source struct {
		Base
		Rows Rows
	}

	// SystemScan reads a table of the catalog's: all of it, or the rows whose Columns
	// have the values Keys (In: the one column has any of an array's). Filter has
	// every condition, those of the lookup too.
	SystemScan struct {
		Base
		Table   *desc.Relation
		Alias   string
		Numbers []int16
		Columns []int16
		Keys    []expr.Expr
		In      expr.Expr
		Filter  []expr.Expr
	}

	// FunctionScan reads the rows of set-returning (or plain) calls.
	FunctionScan struct {
		Base
		Calls      []logical.FunctionCall
		Alias      string
		Ordinality bool
		Filter     []expr.Expr
	}

	// CTEScan reads a materialized WITH query.
	CTEScan struct {
		Base
		CTE    *CTE
		Source []expr.ColumnID // the CTE's columns, one for each output
		Alias  string
	}

	// WorkTable reads what the last round of a RecursiveUnion gave.
	WorkTable struct {
		Base
		Union *RecursiveUnion
		Alias string
	}

	// Filter keeps the rows for which all conditions are true, tested in order.
	Filter struct {
		Unary
		Conds []expr.Expr
	}

	// Project computes expressions, one for each output column.
	Project struct {
		Unary
		Exprs []expr.Expr
		// Sets: some of Exprs call set-returning functions.
		Sets bool
	}

	// Limit passes a part of the rows on.
	Limit struct {
		Unary
		Count, Offset expr.Expr // bigint, or nil
		// Ties: the sort keys by which further equal rows follow.
		Ties []SortKey
	}

	// Sort orders; with Top, only the first Top rows are wanted.
	Sort struct {
		Unary
		Keys []SortKey
		Top  expr.Expr // bigint over no column, or nil
		Skip expr.Expr // OFFSET, added to Top
	}

	// Unique drops adjacent duplicates of an input sorted by Keys.
	Unique struct {
		Unary
		Keys []expr.ColumnID
	}

	// Aggregate groups and aggregates.
	Aggregate struct {
		Unary
		Keys  []expr.Expr // grouping expressions; the first output columns
		Sets  [][]int     // grouping sets, nil for one set of all
		Calls []*expr.Aggregate
		// Grouping are GROUPING(…) values: for each, the keys it asks for.
		Grouping [][]int
		Extra    []expr.Expr // dependent columns: any value of the group
	}

	// Window computes window functions of one window over a sorted input.
	Window struct {
		Unary
		Partition []expr.Expr
		Order     []expr.Order
		Frame     logical.Frame
		Calls     []*expr.Window
	}

	// Join joins by one of three methods.
	Join struct {
		Base
		Method      JoinMethod
		Kind        logical.JoinKind
		Left, Right Node
		// LeftKeys equal RightKeys (hash and merge joins).
		LeftKeys, RightKeys []expr.Expr
		Equals              []*expr.Call
		// Desc are the keys by which a merge join's inputs descend; where nulls come does
		// not matter to it.
		Desc []bool
		On   []expr.Expr // the other conditions of the join
		// Params are the left columns that the right side of a nested loop mentions.
		Params []expr.ColumnID
	}

	// Append gives the rows of its inputs one after another.
	Append struct {
		Base
		List []Node
	}

	// SetOp is UNION, INTERSECT or EXCEPT by hashing.
	SetOp struct {
		Base
		Kind        logical.SetKind
		All         bool
		Left, Right Node
	}

	// Distinct drops duplicates by hashing.
	Distinct struct{ Unary }

	// RecursiveUnion runs Right over what it gave last until nothing new comes.
	RecursiveUnion struct {
		Base
		All         bool
		Left, Right Node
	}

	// LockRows locks the rows that its input's row marks name.
	LockRows struct {
		Unary
		Locks []RowLock
	}

	// Insert adds rows.
	Insert struct {
		Unary
		Change  *logical.Change
		Indexes []IndexExprs
		// Returning projects the new rows.
		Returning []expr.Expr
	}

	// Update changes the rows that its input's row mark names.
	Update struct {
		Unary
		Change    *logical.Change
		Mark      expr.ColumnID
		Old       []Column // the old row's columns as the input carries them
		Indexes   []IndexExprs
		Returning []expr.Expr
		Recheck   *Recheck
	}

	// Delete removes the rows that its input's row mark names.
	Delete struct {
		Unary
		Change    *logical.Change
		Mark      expr.ColumnID
		Old       []Column
		Indexes   []IndexExprs
		Returning []expr.Expr
		Recheck   *Recheck
	}
)

// Rows provides batches of up to max rows; nil is the end.
type Rows interface {
	Next(max int) (*vector.Batch, error)
}

// Bound is one end of an index range.
type Bound struct {
	Expr      expr.Expr
	Inclusive bool
}

// SortKey is one key of a sort.
type SortKey struct {
	Expr       expr.Expr
	Desc       bool
	NullsFirst bool
}

// RowLock locks the rows of one table.
type RowLock struct {
	Table    *desc.Relation
	Mark     expr.ColumnID
	Strength uint8
	Wait     uint8
	Alias    string
	Recheck  *Recheck
}

// IndexExprs are the expressions of one index, over the columns of the new row
// (INSERT, UPDATE) or the old one (DELETE).
type IndexExprs struct {
	Index     types.OID
	Keys      []expr.Expr // nil for plain columns
	Predicate expr.Expr   // or nil
}

// Recheck is how a row is looked at again that changed while its lock was awaited
// (executor/table.Recheck): the other relations keep the rows that were joined.
type Recheck struct {
	Conds   []expr.Expr // over the joined row
	Columns []Column    // of the relation, read again by Numbers
	Numbers []int16
}

// JoinMethod is how a join is done.
type JoinMethod uint8

// The join methods.
const (
	HashJoin JoinMethod = iota
	NestLoop
	MergeJoin
)

// Inputs are both sides.
func (j *Join) Inputs() []Node { return []Node{j.Left, j.Right} }

// Inputs are all members.
func (a *Append) Inputs() []Node { return a.List }

// Inputs are both sides.
func (s *SetOp) Inputs() []Node { return []Node{s.Left, s.Right} }

// Inputs are both terms.
func (r *RecursiveUnion) Inputs() []Node { return []Node{r.Left, r.Right} }

// Walk calls fn on every node of a tree, parents first.
func Walk(n Node, fn func(Node)) {
	if n == nil {
		return
	}
	fn(n)
	for _, i := range n.Inputs() {
		Walk(i, fn)
	}
}

// Layout maps a node's output columns to their places.
func Layout(cols []Column) map[expr.ColumnID]int {
	m := make(map[expr.ColumnID]int, len(cols))
	for i, c := range cols {
		m[c.ID] = i
	}
	return m
}
