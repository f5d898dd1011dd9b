// Package bind gives a parse tree its meaning: names become descriptors and
// column numbers, operators and calls become functions, and every expression gets
// a type, by PostgreSQL's rules (manual, chapter 10). The result is a
// logical.Query (or a utility statement of sql/logical); no syntax tree goes
// further.
//
// Invariants:
//
//	B1  The binder reads the catalog through one snapshot and changes nothing.
//	B2  Every ColumnID is unique within a statement.
//	B3  Every error of the user's has a SQLSTATE and, where the parse tree gives
//	    one, a position.
package bind

import (
	"datapunk/catalog"
	"datapunk/internal/pgerr"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/format"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Options is what the binder may know of the session.
type Options struct {
	Catalog   catalog.Snapshot
	Functions *function.Registry
	Format    *format.Context
	// SearchPath lists the schemas searched for names, in order, pg_catalog and
	// the temporary schema included.
	SearchPath []types.OID
	// TempSchema is the session's temporary schema, 0 if it has none yet.
	TempSchema types.OID
	User       types.OID
	// Params are the declared types of $1, $2 …; nil entries are inferred.
	Params []*types.Type
	// Infer allows parameters beyond Params.
	Infer bool
	// Fold evaluates an expression without columns, for typmods and the like.
	Fold func(expr.Expr) (*expr.Const, error)
	// Cursor finds an open cursor's table for WHERE CURRENT OF.
	Cursor func(name string) (types.OID, error)
	// Notice passes a notice on.
	Notice func(*pgerr.Error)
}

// Binder binds one statement.
type Binder struct {
	Options
	sql    string // the whole text, for positions
	nextID expr.ColumnID
	// home tells which query a column belongs to.
	home map[expr.ColumnID]*query
	// records are the columns of columns of type record, where they are known.
	records map[expr.ColumnID][]logical.Col
	params  []*types.Type
	// noted are the columns marked as outer ones, in order, to be unmarked.
	noted []note
	// outerAt is where a column was first mentioned as an outer one.
	outerAt map[expr.ColumnID]int32
	// stored: names are OID tokens of a stored expression.
	stored bool
	// domainValue is what VALUE means, within a domain's CHECK.
	domainValue expr.Expr
	viewDepth   int
	uses        map[types.OID]int // index into the outermost query's Uses
	useList     []logical.Use
	// keepUnknown: the query is a side of a set operation, whose literals get
	// their type from the other side.
	keepUnknown int
}

// New makes a binder for a text.
func New(sql string, options Options) *Binder {
	return &Binder{Options: options, sql: sql, home: map[expr.ColumnID]*query{}, outerAt: map[expr.ColumnID]int32{}, records: map[expr.ColumnID][]logical.Col{},
		params: append([]*types.Type(nil), options.Params...), uses: map[types.OID]int{}}
}

// Params returns the parameters' types after binding.
func (b *Binder) ParamTypes() ([]*types.Type, error) {
	for i, t := range b.params {
		if t == nil || t == types.Unknown {
			// As PostgreSQL: an undetermined parameter that is never used in a
			// typed place is an error, unless it was declared unknown and stays text.
			return nil, pgerr.Newf(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	return b.params, nil
}

// Query binds a SELECT, VALUES, INSERT, UPDATE or DELETE.
func (b *Binder) Query(node *pg.Node) (*logical.Query, error) {
	q, err := b.statement(node, nil)
	if err != nil {
		return nil, err
	}
	q.Uses = b.useList
	return q, nil
}

func (b *Binder) statement(node *pg.Node, parent *scope) (*logical.Query, error) {
	switch n := node.Node.(type) {
	case *pg.Node_SelectStmt:
		return b.selectStmt(n.SelectStmt, parent)
	case *pg.Node_InsertStmt:
		return b.insertStmt(n.InsertStmt, parent)
	case *pg.Node_UpdateStmt:
		return b.updateStmt(n.UpdateStmt, parent)
	case *pg.Node_DeleteStmt:
		return b.deleteStmt(n.DeleteStmt, parent)
	case *pg.Node_MergeStmt:
		return nil, pgerr.Unsupported("MERGE")
	}
	return nil, pgerr.Internal("not a query: %T", node.Node)
}

// newColumn allots a column of a query.
func (b *Binder) newColumn(q *query) expr.ColumnID {
	b.nextID++
	b.home[b.nextID] = q
	return b.nextID
}

// at puts the position of a byte offset on an error.
func (b *Binder) at(err error, location int32) error {
	if e, ok := err.(*pgerr.Error); ok && location >= 0 && !b.stored && b.viewDepth == 0 {
		e.At(parser.Position(b.sql, int(location)))
	}
	return err
}

// errorf makes an error at a byte offset.
func (b *Binder) errorf(location int32, code pgerr.Code, format string, args ...any) *pgerr.Error {
	e := pgerr.Newf(code, format, args...)
	b.at(e, location)
	return e
}

// query is the state of one query while it is bound.
type query struct {
	parent *query
	depth  int
	out    *logical.Query
	// clause is what is being bound, as PostgreSQL names it in errors.
	clause      clause
	aggregates  bool // an aggregate of this level was met
	outer       map[expr.ColumnID]bool
	inAgg       bool // within an aggregate's arguments
	inWindow    bool
	keepUnknown bool
	windows     []namedWindow
	srf         bool
	volatile    bool
}

// outward finds the aggregate of the query that its subqueries see as a column.
func (q *query) outward(id expr.ColumnID) *expr.Aggregate {
	for i := range q.out.Outward {
		if q.out.Outward[i].ID == id {
			return q.out.Outward[i].Aggregate
		}
	}
	return nil
}

// note says that a query's outer columns came to include one.
type note struct {
	q  *query
	id expr.ColumnID
}

// clause is a place in a query, for errors about what may stand there.
type clause uint8

const (
	inTargets clause = iota
	inWhere
	inFrom
	inJoin
	inGroup
	inHaving
	inOrder
	inDistinct
	inLimit
	inOffset
	inValues
	inReturning
	inFilter
	inWindowPartition
	inWindowOrder
	inWindowFrame
	inInsertTarget
	inUpdateSource
	inFunctionFrom
	inCheck
	inDefault
	inIndexExpr
	inIndexPredicate
	inGenerated
	inExecuteParam
	inPolicy
	inColumnDef
	inCopyWhere
	inCall
)

// names are PostgreSQL's words for the clauses.
var clauseNames = [...]string{
	inTargets: "SELECT", inWhere: "WHERE", inFrom: "FROM", inJoin: "JOIN conditions", inGroup: "GROUP BY",
	inHaving: "HAVING", inOrder: "ORDER BY", inDistinct: "DISTINCT ON", inLimit: "LIMIT", inOffset: "OFFSET",
	inValues: "VALUES", inReturning: "RETURNING", inFilter: "FILTER", inWindowPartition: "window PARTITION BY",
	inWindowOrder: "window ORDER BY", inWindowFrame: "window frame", inInsertTarget: "INSERT", inUpdateSource: "UPDATE",
	inFunctionFrom: "functions in FROM", inCheck: "check constraints", inDefault: "DEFAULT expressions",
	inIndexExpr: "index expressions", inIndexPredicate: "index predicates", inGenerated: "column generation expressions",
	inExecuteParam: "EXECUTE parameters", inPolicy: "policy expressions", inColumnDef: "DEFAULT expressions",
	inCopyWhere: "COPY FROM WHERE conditions", inCall: "CALL arguments",
}

func (b *Binder) newQuery(parent *scope) *query {
	q := &query{out: &logical.Query{}, outer: map[expr.ColumnID]bool{}}
	if parent != nil {
		q.parent, q.depth = parent.q, parent.q.depth+1
	}
	return q
}

// open begins a statement: a query of its own with the names of its WITH clause.
func (b *Binder) open(parent *scope, with *pg.WithClause) (*scope, error) {
	s := &scope{parent: parent, q: b.newQuery(parent)}
	if parent != nil {
		s.ctes = parent.ctes
	}
	return s, b.with(s, with)
}

// names returns the texts of a list of String nodes.
func names(list []*pg.Node) []string {
	out := make([]string, len(list))
	for i, n := range list {
		if s := n.GetString_(); s != nil {
			out[i] = s.Sval
		}
	}
	return out
}
