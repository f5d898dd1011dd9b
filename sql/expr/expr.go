// Package expr is typed scalar expressions: what is left of a parse tree's
// a_expr once every name, type, cast and function is resolved.
//
// Expressions are immutable and carry no run-time state; sql/eval compiles them.
// A column is named by a ColumnID that is unique within a statement, wherever the
// expression is moved to; a subquery is an opaque reference to a plan of
// sql/logical.
package expr

import (
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// ColumnID names a column within one statement; 0 is none.
type ColumnID int32

// Expr is one node.
type Expr interface {
	Type() *types.Type
	Mod() int32           // typmod, -1 none
	Collation() types.OID // 0 if the type has none
	base() *Typing
}

// Typing is the type of a node; every node embeds it.
type Typing struct {
	T *types.Type
	M int32
	C types.OID
}

// Of makes a Typing without typmod and with the type's own collation.
func Of(t *types.Type) Typing { return Typing{T: t, M: -1, C: t.Collation} }

// Type is the type of the value.
func (t *Typing) Type() *types.Type { return t.T }

// Mod is the typmod, -1 if none.
func (t *Typing) Mod() int32 { return t.M }

// Collation is the collation, 0 if the type has none.
func (t *Typing) Collation() types.OID { return t.C }

func (t *Typing) base() *Typing { return t }

type (
	// Const is a literal: a constant vector of one value, perhaps null.
	Const struct {
		Typing
		Value *vector.Vector
		// Token is the number of the literal lifted out of the statement's text
		// that it stands for, from 1; 0 if none.
		Token int
	}

	// Column is the value of a column of an input, or of an outer query.
	Column struct {
		Typing
		ID       ColumnID
		Name     string
		Position int32 // byte offset in the statement plus 1, for errors; 0 unknown
	}

	// Param is $N of a prepared statement.
	Param struct {
		Typing
		N int // from 1
	}

	// Call calls a function.
	Call struct {
		Typing
		Func     *function.Func
		Args     []Expr
		Operator types.OID // pg_operator, if written as an operator
		Variadic bool      // the last argument is an array given with VARIADIC
		Form     Form      // how it was written, for printing
		Keyword  string    // of AsKeyword: CURRENT_DATE, LOCALTIME(3) …
		// Columns are those of a column definition list, in FROM.
		Columns  []types.Field
		Position int // in the statement, for errors; 0 unknown
	}

	// Cast converts without a function: by relabelling, by text I/O, or
	// element by element.
	Cast struct {
		Typing
		Arg      Expr
		Method   CastMethod
		Elem     Expr // ByElement: the cast of CaseValue to the element type
		Explicit bool
		Form     Form
	}

	// And is true if every argument is; conjuncts run in order.
	And struct {
		Typing
		Args []Expr
	}

	// Or is true if any argument is.
	Or struct {
		Typing
		Args []Expr
	}

	// Not negates.
	Not struct {
		Typing
		Arg Expr
	}

	// IsNull is IS [NOT] NULL; of a row with Row, true if all fields are.
	IsNull struct {
		Typing
		Arg Expr
		Not bool
		Row bool
	}

	// BoolTest is IS [NOT] TRUE, FALSE or UNKNOWN.
	BoolTest struct {
		Typing
		Arg  Expr
		Want TruthValue
		Not  bool
	}

	// Case is CASE; Arg, if there, is what each When compares (through a
	// CaseValue in its condition).
	Case struct {
		Typing
		Arg   Expr
		Whens []When
		Else  Expr // never nil
	}

	// CaseValue stands for the operand of the nearest Case, or the element of the
	// nearest ByElement cast.
	CaseValue struct{ Typing }

	// Coalesce is its first argument that is not null.
	Coalesce struct {
		Typing
		Args []Expr
	}

	// MinMax is GREATEST or LEAST; Less compares two values.
	MinMax struct {
		Typing
		Args     []Expr
		Greatest bool
		Less     *function.Func
	}

	// NullIf is A unless Equal(A, B).
	NullIf struct {
		Typing
		Call *Call // the equality
	}

	// Distinct is IS [NOT] DISTINCT FROM by an equality.
	Distinct struct {
		Typing
		Call *Call
		Not  bool
	}

	// AnyAll is Left op ANY (Array) or ALL.
	AnyAll struct {
		Typing
		Call *Call // op(Left, CaseValue of the element)
		All  bool
		// Array is the second operand.
		Array Expr
	}

	// Array is ARRAY[…]; Nested arrays make it multidimensional.
	Array struct {
		Typing
		Elems  []Expr
		Nested bool
	}

	// Subscript is a[i], a[i:j] and so on; with slices, Upper is the end.
	Subscript struct {
		Typing
		Arg          Expr
		Lower, Upper []Expr // an index is in Upper; nil entries are open ends
		Slice        bool
		Assign       Expr // UPDATE … SET a[i] = Assign
	}

	// Row is ROW(…).
	Row struct {
		Typing
		Fields []Expr
		Names  []string
		Form   Form
	}

	// Field is (row).field.
	Field struct {
		Typing
		Arg   Expr
		Index int // from 0
		Name  string
	}

	// RowCompare compares two rows by btree order; Op is < <= >= or >.
	RowCompare struct {
		Typing
		Op          string
		Left, Right []Expr
		Calls       []*Call // op of each pair
		Equals      []*Call // equality of each pair
	}

	// Subquery is a query in an expression.
	Subquery struct {
		Typing
		Kind  SubqueryKind
		Query any // *logical.Query
		// Tests compare, for Any and All: each sees the outer operand and the
		// subquery's output column as Column.
		Tests []Expr
		Left  []Expr // outer operands of Tests, for printing
		Op    string
		// Outer lists the columns of outer queries that Query mentions.
		Outer []ColumnID
	}

	// Aggregate is an aggregate call; it occurs in target lists, HAVING and ORDER BY
	// of a grouped query, until planning.
	Aggregate struct {
		Typing
		Func     *function.Func
		Direct   []Expr // of an ordered-set aggregate
		Args     []Expr
		Star     bool
		Distinct bool
		Order    []Order
		Filter   Expr // or nil
		Variadic bool
		Position int32
	}

	// Window is a window function call.
	Window struct {
		Typing
		Func   *function.Func
		Args   []Expr
		Star   bool
		Filter Expr
		Spec   int // index into the query's windows
	}

	// Grouping is GROUPING(…): bit i is 1 where argument i is not grouped by.
	Grouping struct {
		Typing
		Args []Expr
	}

	// Default stands for a column's default, in VALUES of an INSERT.
	Default struct{ Typing }

	// CurrentOf is WHERE CURRENT OF cursor.
	CurrentOf struct {
		Typing
		Cursor string
	}
)

// When is one branch of a Case.
type When struct{ Cond, Result Expr }

// Order is one key of an ORDER BY.
type Order struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
	Less       types.OID // pg_operator of the ordering, < or >
	Equal      types.OID
}

// Form is how a node was written, so that it can be printed back.
type Form uint8

// The forms.
const (
	AsCall     Form = iota
	AsOperator      // an operator between or before its operands
	AsCast          // an explicit cast
	Implied         // an implicit cast, not printed
	AsSQL           // special syntax: EXTRACT(… FROM …), SUBSTRING(… FROM …)
	AsKeyword       // CURRENT_DATE and its kin, without parentheses
)

// CastMethod says how a Cast converts.
type CastMethod uint8

// The methods.
const (
	Relabel   CastMethod = iota // same bytes, other type
	ByIO                        // print as text, read as the target
	ByElement                   // array to array, by Elem
	ToDomain                    // check a domain's constraints
	ToRow                       // record to composite
)

// TruthValue is what a BoolTest looks for.
type TruthValue uint8

// The truth values.
const (
	True TruthValue = iota
	False
	Unknown
)

// SubqueryKind is where a subquery stands.
type SubqueryKind uint8

// The kinds of subquery.
const (
	Exists SubqueryKind = iota
	Scalar
	Any
	All
	ArrayOf
	MultiColumn // UPDATE … SET (a, b) = (SELECT …): a record
)

// Bool makes the typing of a truth value.
func Bool() Typing { return Of(types.BoolType) }

// ArgType is the type by which a function sees an argument: that of a row whose
// columns have names carries them as fields (row_to_json, json_agg).
func ArgType(e Expr) *types.Type {
	r, ok := e.(*Row)
	if !ok || r.T != types.Record || len(r.Names) != len(r.Fields) {
		return e.Type()
	}
	t := *types.Record
	for i, f := range r.Fields {
		t.Fields = append(t.Fields, types.Field{Name: r.Names[i], Type: f.Type(), Mod: f.Mod()})
	}
	return &t
}

// NullConst makes a null constant.
func NullConst(t *types.Type) *Const {
	return &Const{Typing: Of(t), Value: vector.NullConst(t)}
}

// NewConst makes a constant of a Go value of the type's layout.
func NewConst[T any](t *types.Type, value T) *Const {
	return &Const{Typing: Of(t), Value: vector.Value(t, value)}
}

// IsNullConst tells a literal null.
func IsNullConst(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.Value.Null(0)
}

// Conjuncts splits a condition at its ANDs; nil has none.
func Conjuncts(e Expr) []Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case *And:
		var list []Expr
		for _, a := range e.Args {
			list = append(list, Conjuncts(a)...)
		}
		return list
	}
	return []Expr{e}
}

// Conjoin is the opposite of Conjuncts.
func Conjoin(list []Expr) Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &And{Typing: Bool(), Args: list}
}
