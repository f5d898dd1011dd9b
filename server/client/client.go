// Package client is the letter between a session and the connection it serves:
// plain data, and the interface by which results go out. It exists so that neither
// server/session nor server/pgwire imports the other.
package client

import (
	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/vector"
)

// Column describes one column of a result, as RowDescription does.
type Column struct {
	Name   string
	Table  types.OID // of a plain table column, else 0
	Number int16
	Type   *types.Type
	Mod    int32
}

// Results takes what a statement gives, in order: Columns and Batches of a query,
// then Complete; or one of the others.
type Results interface {
	Columns(cols []Column) error
	Batch(b *vector.Batch) error
	Complete(tag string) error
	Empty() error
	Notice(*pgerr.Error)
	// CopyIn asks the client for the data of a COPY with so many columns; Next of
	// what it returns gives them until io.EOF.
	CopyIn(columns int, binary bool) (CopySource, error)
	// CopyOut begins a COPY to the client; CopyData and CopyDone follow.
	CopyOut(columns int, binary bool) error
	CopyData(data []byte) error
	CopyDone() error
	// Parameter reports a setting that changed.
	Parameter(name, value string)
}

// CopySource is the data of a COPY in pieces of any size; io.EOF ends it.
type CopySource interface {
	Next() ([]byte, error)
}
