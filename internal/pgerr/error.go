// Package pgerr is the error a client sees: PostgreSQL's SQLSTATE, message,
// detail, hint and position.
//
// Three kinds of error exist in the program. The user's are *Error values made
// where the fault is found. The world's (disk, network) are ordinary wrapped
// errors, which the session reports as 58030 or 08006. Ours are assertions
// (Internal), reported as XX000 with the stack in the log, never to the client.
//
// The codes come from codes.txt, one text file; `go generate` writes codes.go.
package pgerr

import (
	"errors"
	"fmt"
)

//go:generate go run gen.go

// Code is a SQLSTATE: five characters (PostgreSQL manual, appendix A).
type Code string

// Class returns the first two characters of the code.
func (c Code) Class() string { return string(c[:2]) }

// Error is one PostgreSQL ErrorResponse or NoticeResponse.
type Error struct {
	Severity string // "" means ERROR
	Code     Code
	Message  string
	Detail   string
	Hint     string
	Position int // 1-based, in characters of the statement; 0 is unknown

	InternalPosition int // as Position, within InternalQuery
	InternalQuery    string
	Where            string // context, one line a level

	Schema, Table, Column, DataType, Constraint string

	File    string // source location, as the protocol's F, L and R fields
	Line    int
	Routine string
}

// New makes an error with a fixed message.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Newf makes an error with a formatted message.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Unsupported says that a feature is not supported (0A000), naming it.
func Unsupported(format string, args ...any) *Error {
	return Newf(FeatureNotSupported, format+" is not supported", args...)
}

// Internal reports a broken invariant of ours (XX000).
func Internal(format string, args ...any) *Error {
	return Newf(InternalError, format, args...)
}

// Error returns severity, message and code in one line.
func (e *Error) Error() string {
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	return severity + ": " + e.Message + " (SQLSTATE " + string(e.Code) + ")"
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = sprintf(format, args)
	return e
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = sprintf(format, args)
	return e
}

// WithWhere adds one line of context below those already there.
func (e *Error) WithWhere(format string, args ...any) *Error {
	line := sprintf(format, args)
	if e.Where != "" {
		line = e.Where + "\n" + line
	}
	e.Where = line
	return e
}

// At sets the position (1-based characters) unless one is set, and returns e.
func (e *Error) At(position int) *Error {
	if e.Position == 0 {
		e.Position = position
	}
	return e
}

// On names the table an error is about, and returns e.
func (e *Error) On(schema, table string) *Error {
	e.Schema, e.Table = schema, table
	return e
}

// Of returns the *Error inside err, or wraps err as an internal error.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: InternalError, Message: err.Error()}
}

// Is tells whether err is an *Error with the code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
