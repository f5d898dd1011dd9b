// Package logical is what a statement means: a bound query, close to how it was
// written, in which every name is resolved and every expression typed.
//
// It is PostgreSQL's Query rather than an algebra: target list, FROM items,
// conditions, grouping. That is the form from which a view is printed back
// (sql/deparse) and from which the planner makes its algebra. Queries are
// immutable once bound.
package logical

import (
	"datapunk/catalog/desc"
	"datapunk/sql/expr"
	"datapunk/types"
)

// Command is what a query does.
type Command uint8

// The commands.
const (
	Select Command = iota
	Insert
	Update
	Delete
	Values // VALUES lists alone
)

// Query is one SELECT, VALUES, INSERT, UPDATE or DELETE.
type Query struct {
	Command Command
	Targets []Target // output columns, then hidden ones that ORDER BY needs (Junk)

	From    []FromItem // comma-separated; joins are items
	Where   expr.Expr
	GroupBy []expr.Expr // distinct grouping expressions
	Sets    [][]int     // grouping sets over GroupBy, nil for plain GROUP BY
	Grouped bool        // has GROUP BY, HAVING or aggregates
	// Dependent are columns that a grouped primary key determines.
	Dependent []expr.Expr
	Having    expr.Expr
	// Outward are aggregates of this query that stand in its subqueries, which see
	// each as a column.
	Outward  []Outward
	Windows  []WindowSpec
	Distinct bool
	On       []expr.Expr // DISTINCT ON
	OrderBy  []Sort
	Limit    expr.Expr
	Offset   expr.Expr
	WithTies bool
	Locks    []Locking

	SetOp *SetOp // of UNION, INTERSECT, EXCEPT; Targets then name its columns
	CTEs  []*CTE
	Rows  [][]expr.Expr // of VALUES

	Change *Change // of INSERT, UPDATE, DELETE

	SetReturning bool // a target calls a set-returning function
	Aggregates   bool
	Volatile     bool
	// Outer lists the columns of enclosing queries that this one mentions.
	Outer []expr.ColumnID
	// Uses lists the relations the query reads or writes, views included, with
	// the lock each needs.
	Uses []Use
}

// Outward is an aggregate that subqueries see as a column of its query.
type Outward struct {
	ID        expr.ColumnID
	Aggregate *expr.Aggregate
}

// Use is one relation a query depends on.
type Use struct {
	Relation types.OID
	Mode     uint8 // kv.Mode
	Needs    []Need
}

// Need is a privilege that a role must hold on a relation when the query runs:
// the session's user, or the owner of the view that reads it.
type Need struct {
	As        types.OID
	Privilege desc.Privilege
	// Columns are what of it would do on these columns alone.
	Columns []ColumnNeed
}

// ColumnNeed is the privileges needed on one column.
type ColumnNeed struct {
	Column    int16
	Privilege desc.Privilege
}

// Target is one output column.
type Target struct {
	ID   expr.ColumnID // by which outer queries and ORDER BY name it
	Name string
	Expr expr.Expr
	Junk bool // not part of the result
	// Where it came from, for RowDescription: a table's column, or 0.
	Table  types.OID
	Column int16
}

// Sort is one key of an ORDER BY: a target, by place.
type Sort struct {
	Target     int
	Desc       bool
	NullsFirst bool
	Operator   types.OID // < or > of the type
}

// WindowSpec is one window definition.
type WindowSpec struct {
	Name      string
	Ref       string // copied from this window
	Partition []expr.Expr
	Order     []expr.Order
	Frame     Frame
}

// Frame is a window frame.
type Frame struct {
	Mode       FrameMode
	Start, End Bound
	StartValue expr.Expr // offset, or nil
	EndValue   expr.Expr
	// InRange is the in_range support function for RANGE with an offset.
	StartInRange, EndInRange types.OID
	Exclude                  Exclusion
	Default                  bool // no frame was written
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// The frame modes.
const (
	Range FrameMode = iota
	RowsMode
	Groups
)

// Bound is one end of a frame.
type Bound uint8

// The bounds.
const (
	UnboundedPreceding Bound = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Exclusion is EXCLUDE of a frame.
type Exclusion uint8

// The exclusions.
const (
	ExcludeNone Exclusion = iota
	ExcludeCurrent
	ExcludeGroup
	ExcludeTies
)

// Locking is FOR UPDATE and its kin.
type Locking struct {
	Strength uint8 // kv.Strength
	Wait     uint8 // kv.WaitPolicy
	Tables   []*TableRef
}

// FromItem is a source of rows: *TableRef, *SubqueryRef, *CTERef, *FunctionRef,
// *ValuesRef or *Join.
type FromItem interface{ fromItem() }

// Col is one column a FROM item offers.
type Col struct {
	ID        expr.ColumnID
	Name      string
	Type      *types.Type
	Mod       int32
	Collation types.OID
	Number    int16 // in a table
	Hidden    bool  // a system column, or dropped: not part of *
}

// TableRef is a base relation.
type TableRef struct {
	Relation *desc.Relation
	Alias    string
	Aliased  bool // an alias was written
	Cols     []Col
	ColAlias bool // column aliases were written
	Target   bool // of the change
	Only     bool
}

// SubqueryRef is a subquery in FROM, or a view.
type SubqueryRef struct {
	Query    *Query
	Alias    string
	Cols     []Col
	Lateral  bool
	View     *desc.Relation // or nil
	Aliased  bool           // an alias was written
	ColAlias bool           // column aliases were written
	Barrier  bool           // security_barrier
}

// CTERef reads a WITH query.
type CTERef struct {
	CTE       *CTE
	Alias     string
	Cols      []Col
	Recursive bool // the reference within its own recursive term
}

// CTE is one WITH query.
type CTE struct {
	Name         string
	Query        *Query
	Cols         []Col
	Recursive    bool // refers to itself
	Materialized int8 // 1 MATERIALIZED, -1 NOT MATERIALIZED
	References   int
	Changes      bool // INSERT, UPDATE, DELETE
	ColAlias     bool
}

// FunctionRef is functions in FROM: one, or several of ROWS FROM.
type FunctionRef struct {
	Calls      []FunctionCall
	Alias      string
	Aliased    bool
	Cols       []Col
	Ordinality bool
	Lateral    bool
	RowsFrom   bool
}

// FunctionCall is one function of a FunctionRef and how many columns it gives.
type FunctionCall struct {
	Expr    expr.Expr
	Columns int
	// Defined lists the types of a column definition list.
	Defined bool
}

// ValuesRef is VALUES in FROM.
type ValuesRef struct {
	Rows    [][]expr.Expr
	Alias   string
	Cols    []Col
	Lateral bool
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The join kinds.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi // planner only
	Anti // planner only
)

// Join joins two items.
type Join struct {
	Kind        JoinKind
	Left, Right FromItem
	On          expr.Expr // USING and NATURAL included
	Using       []string
	Natural     bool
	Cross       bool
	Alias       string
	UsingAlias  string
	// Merged are the columns of USING, made from both sides; the rest follow.
	Merged []MergedCol
	Cols   []Col
}

// MergedCol is one column of USING.
type MergedCol struct {
	ID   expr.ColumnID
	Expr expr.Expr // left, right, or COALESCE of both
}

func (*TableRef) fromItem()    {}
func (*SubqueryRef) fromItem() {}
func (*CTERef) fromItem()      {}
func (*FunctionRef) fromItem() {}
func (*ValuesRef) fromItem()   {}
func (*Join) fromItem()        {}

// SetKind is UNION, INTERSECT or EXCEPT.
type SetKind uint8

// The set operations.
const (
	Union SetKind = iota
	Intersect
	Except
)

// SetOp is one set operation; its sides are queries.
type SetOp struct {
	Kind        SetKind
	All         bool
	Left, Right *Query
}

// Change is what INSERT, UPDATE or DELETE does.
type Change struct {
	Table      *TableRef
	Columns    []int16     // assigned, in order of Values (INSERT: of the source's columns)
	Values     []expr.Expr // of UPDATE; nil for INSERT
	Source     *Query      // of INSERT: SELECT or VALUES
	Overriding byte        // 0, 's' SYSTEM VALUE, 'u' USER VALUE
	// Full gives for every live column of the table the value it gets in an
	// inserted row: over the source's target columns, defaults filled in.
	Full      []Assign
	Conflict  *Conflict
	Returning []Target
	Checks    []CheckExpr
	Generated []Assign // stored generated columns, over the new row
	// NewRow are the columns by which Checks, Generated and Returning see the
	// new row; OldRow of UPDATE and DELETE is Table.Cols.
	NewRow []Col
}

// Assign gives one column its value.
type Assign struct {
	Column int16
	Expr   expr.Expr
}

// CheckExpr is one CHECK constraint over the new row.
type CheckExpr struct {
	Name string
	Expr expr.Expr
}

// Conflict is ON CONFLICT.
type Conflict struct {
	Update     bool        // DO UPDATE, else DO NOTHING
	Indexes    []types.OID // arbiters; empty: any
	Set        []Assign    // over Table.Cols and Excluded
	Where      expr.Expr
	Excluded   *TableRef
	Constraint string
}
