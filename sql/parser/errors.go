package parser

import (
	"errors"
	"strings"

	raw "github.com/pganalyze/pg_query_go/v6/parser"

	"datapunk/internal/pgerr"
)

// messages gives the SQLSTATE and hint of the scanner's and grammar's messages,
// by how they begin; what is not listed is a syntax error (42601).
// Source: PostgreSQL's scan.l, gram.y and parser.c.
var messages = []struct {
	prefix string
	code   pgerr.Code
	hint   string
}{
	{"invalid Unicode escape character", pgerr.SyntaxError, ""},
	{"invalid Unicode escape value", pgerr.SyntaxError, ""},
	{"invalid Unicode escape", pgerr.InvalidEscapeSequence, `Unicode escapes must be \uXXXX or \UXXXXXXXX.`},
	{"invalid Unicode surrogate pair", pgerr.SyntaxError, ""},
	{"unsafe use of string constant with Unicode escapes", pgerr.FeatureNotSupported, ""},
	{"unsafe use of \\' in a string literal", pgerr.NonstandardUseOfEscapeCharacter, `Use '' to write quotes in strings. \' is insecure in client-only encodings.`},
	{"invalid byte sequence for encoding", pgerr.CharacterNotInRepertoire, ""},
	{"type modifier cannot have parameter name", pgerr.SyntaxError, ""},
	{"CREATE ASSERTION is not yet implemented", pgerr.FeatureNotSupported, ""},
	{"CREATE EXTENSION ... FROM is no longer supported", pgerr.FeatureNotSupported, ""},
	{"WITH CHECK OPTION not supported on recursive views", pgerr.FeatureNotSupported, ""},
	{"UNENCRYPTED PASSWORD is no longer supported", pgerr.FeatureNotSupported, "Remove UNENCRYPTED to store the password in encrypted form instead."},
	{"MATCH PARTIAL not yet implemented", pgerr.FeatureNotSupported, ""},
	{"current database cannot be changed", pgerr.FeatureNotSupported, ""},
	{"OLD TABLE and NEW TABLE", pgerr.FeatureNotSupported, ""},
	{"frame", pgerr.WindowingError, ""},
	{"interval precision specified twice", pgerr.SyntaxError, ""},
	{"LIMIT #,# syntax is not supported", pgerr.SyntaxError, "Use separate LIMIT and OFFSET clauses."},
	{"precision for type float must be", pgerr.InvalidParameterValue, ""},
	{"out of memory", pgerr.OutOfMemory, ""},
}

// translate turns the library's error into PostgreSQL's.
func translate(err error) error {
	var e *raw.Error
	if !errors.As(err, &e) {
		return pgerr.Internal("parser: %v", err)
	}
	result := &pgerr.Error{Code: pgerr.SyntaxError, Message: e.Message, Position: e.Cursorpos,
		File: e.Filename, Line: e.Lineno, Routine: e.Funcname}
	for _, m := range messages {
		if strings.HasPrefix(e.Message, m.prefix) {
			result.Code, result.Hint = m.code, m.hint
			break
		}
	}
	return result
}
