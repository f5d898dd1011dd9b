package session

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog/privilege"
	"datapunk/executor/utility"
	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// The predefined roles that may read and write files (manual, 22.5).
const (
	readServerFiles  types.OID = 4569
	writeServerFiles types.OID = 4570
)

// mayUseFile checks COPY with a file of the server.
func (s *Session) mayUseFile(n *pg.CopyStmt) error {
	if err := s.begin(); err != nil {
		return err
	}
	snapshot, err := s.snapshot()
	if err != nil {
		return err
	}
	role, what, verb := readServerFiles, "pg_read_server_files", "from"
	if !n.IsFrom {
		role, what, verb = writeServerFiles, "pg_write_server_files", "to"
	}
	if !privilege.Inherits(snapshot, s.user.OID, role) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "must be superuser or have privileges of the %s role to COPY %s a file", what, verb).
			WithHint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.")
	}
	if !n.IsFrom && !filepath.IsAbs(n.Filename) {
		return pgerr.New(pgerr.InvalidName, "relative path not allowed for COPY to file")
	}
	return nil
}

func fileError(name, purpose, hint string, err error) error {
	code := pgerr.IoError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = pgerr.UndefinedFile
	case errors.Is(err, fs.ErrPermission):
		code = pgerr.InsufficientPrivilege
	}
	var errno syscall.Errno
	text := err.Error()
	if errors.As(err, &errno) {
		text = strings.ToUpper(errno.Error()[:1]) + errno.Error()[1:]
	}
	return pgerr.Newf(code, "could not open file \"%s\" for %s: %s", name, purpose, text).WithHint("%s", hint)
}

// copyFile is a file of the server as the source of a COPY.
type copyFile struct {
	*os.File
	buffer []byte
}

func openCopy(name string) (*copyFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, "reading", "COPY FROM instructs the PostgreSQL server process to read a file. You may want a client-side facility such as psql's \\copy.", err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is a directory", name)
	}
	return &copyFile{File: file, buffer: make([]byte, 64<<10)}, nil
}

// Next gives the next piece, which lives until the next call.
func (f *copyFile) Next() ([]byte, error) {
	n, err := f.Read(f.buffer)
	if n > 0 {
		return f.buffer[:n], nil
	}
	return nil, err
}

// copySink takes the bytes of a COPY TO.
type copySink interface {
	CopyData([]byte) error
	CopyDone() error
}

// copyOutFile is a file of the server as a sink.
type copyOutFile struct {
	file    *os.File
	out     *bufio.Writer
	session *Session
}

func (s *Session) createCopy(name string) (*copyOutFile, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fileError(name, "writing", "COPY TO instructs the PostgreSQL server process to write a file. You may want a client-side facility such as psql's \\copy.", err)
	}
	return &copyOutFile{file, bufio.NewWriterSize(file, 64<<10), s}, nil
}

// CopyData writes a piece.
func (f *copyOutFile) CopyData(data []byte) error {
	_, err := f.out.Write(data)
	return err
}

// CopyDone ends the file.
func (f *copyOutFile) CopyDone() error { return f.out.Flush() }

func (f *copyOutFile) close() { f.file.Close() }

// copyBinary writes a query's rows in binary format.
func (s *Session) copyBinary(x *execution, out copySink) (string, error) {
	row := utility.AppendBinaryHeader(nil)
	_, err := x.fetch(0, func(b *vector.Batch) error {
		for k := range b.Rows() {
			r := b.Row(k)
			row = append(row, byte(len(x.columns)>>8), byte(len(x.columns)))
			for i := range x.columns {
				if b.Cols[i].Null(r) {
					row = append(row, 0xff, 0xff, 0xff, 0xff)
					continue
				}
				at := len(row)
				var err error
				if row, err = format.AppendBinary(append(row, 0, 0, 0, 0), &s.format, b.Cols[i], r); err != nil {
					return err
				}
				n := len(row) - at - 4
				row[at], row[at+1], row[at+2], row[at+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
			}
			if err := out.CopyData(row); err != nil {
				return err
			}
			row = row[:0]
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := out.CopyData(utility.AppendBinaryEnd(row)); err != nil {
		return "", err
	}
	return fmt.Sprintf("COPY %d", x.rows), out.CopyDone()
}

// nodeNames are the texts of a list of names.
func nodeNames(n *pg.Node) []string {
	var out []string
	for _, item := range n.GetList().GetItems() {
		out = append(out, item.GetString_().GetSval())
	}
	return out
}
