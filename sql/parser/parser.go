// Package parser turns SQL text into PostgreSQL's own parse tree.
//
// The grammar is libpg_query's, that is PostgreSQL 17's; its tree (package
// pg_query) is the syntax tree of this program. The library is made for tools, not
// for servers, so this package alone calls it, and makes up for what it lacks:
//
//	P1  Every call swaps file descriptor 2 for the whole process. Calls are
//	    therefore serial, and the log writes to a descriptor of its own.
//	P2  It has no stack guard: deep nesting would overflow the C stack, which Go
//	    cannot survive. Depth is bounded before the call (54001).
//	P3  Its errors carry no SQLSTATE; errors.go finds it.
package parser

import (
	"strings"
	"sync"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	raw "github.com/pganalyze/pg_query_go/v6/parser"
	"google.golang.org/protobuf/proto"

	"datapunk/internal/pgerr"
)

// Statement is one statement of a text.
type Statement struct {
	Node  *pg.Node
	Text  string // the statement alone, without the semicolon and blanks around
	Start int    // byte offset of Text in the whole text
}

// mu makes calls into the library serial (P1).
var mu sync.Mutex

// Parse parses a text of any number of statements.
func Parse(sql string) ([]Statement, error) {
	if err := checkDepth(sql); err != nil {
		return nil, err
	}
	mu.Lock()
	encoded, err := raw.ParseToProtobuf(sql)
	mu.Unlock()
	if err != nil {
		return nil, translate(err)
	}
	tree := &pg.ParseResult{}
	if err := proto.Unmarshal(encoded, tree); err != nil {
		return nil, pgerr.Internal("cannot decode parse tree: %v", err)
	}
	statements := make([]Statement, 0, len(tree.Stmts))
	for _, s := range tree.Stmts {
		start, end := int(s.StmtLocation), len(sql)
		if s.StmtLen > 0 {
			end = start + int(s.StmtLen)
		}
		text := sql[start:end]
		trimmed := strings.TrimLeft(text, " \t\r\n\f\v")
		statements = append(statements, Statement{Node: s.Stmt, Text: strings.TrimRight(trimmed, " \t\r\n\f\v"),
			Start: start + len(text) - len(trimmed)})
	}
	return statements, nil
}

// ParseExpr parses one expression, as stored in descriptors.
func ParseExpr(text string) (*pg.Node, error) {
	statements, err := Parse("SELECT " + text)
	if err != nil {
		return nil, err
	}
	if len(statements) == 1 {
		if s := statements[0].Node.GetSelectStmt(); s != nil && len(s.TargetList) == 1 && len(s.FromClause) == 0 {
			return s.TargetList[0].GetResTarget().GetVal(), nil
		}
	}
	return nil, pgerr.Internal("not one expression: %s", text)
}

// ParseTypeName parses a type's name as in a cast (regtype, to_regtype).
func ParseTypeName(text string) (*pg.TypeName, error) {
	statements, err := Parse("SELECT NULL::" + text)
	if err != nil {
		return nil, err
	}
	if len(statements) == 1 {
		if s := statements[0].Node.GetSelectStmt(); s != nil && len(s.TargetList) == 1 {
			if cast := s.TargetList[0].GetResTarget().GetVal().GetTypeCast(); cast != nil {
				return cast.TypeName, nil
			}
		}
	}
	return nil, pgerr.Newf(pgerr.SyntaxError, "invalid type name \"%s\"", text)
}

// Position turns a byte offset of the parse tree into the 1-based character
// position that errors report.
func Position(sql string, offset int) int {
	if offset < 0 || offset > len(sql) {
		return 0
	}
	return utf8.RuneCountInString(sql[:offset]) + 1
}
