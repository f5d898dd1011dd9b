package spill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"datapunk/internal/pgerr"
)

// Directory is where a node's temporary files lie.
type Directory struct {
	path   string
	next   atomic.Int64
	counts [kinds]atomic.Int64
	files  atomic.Int64
	bytes  atomic.Int64
}

// Kind is why rows were written.
type Kind uint8

// The kinds.
const (
	Sort Kind = iota
	Join
	Group
	Distinct
	SetOp
	Kept
	Recursion
	Window
	kinds
)

var kindNames = [kinds]string{"sort", "hash join", "hash aggregate", "distinct", "set operation", "kept rows", "recursion", "window"}

func (k Kind) String() string { return kindNames[k] }

// OpenDirectory makes a directory, or empties one: what it holds is of a node that died.
func OpenDirectory(path string) (*Directory, error) {
	if err := os.RemoveAll(path); err != nil {
		return nil, fmt.Errorf("empty %s: %w", path, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	return &Directory{path: path}, nil
}

// Counts tells how often each kind of operator has spilled, by name.
func (d *Directory) Counts() map[string]int64 {
	out := map[string]int64{}
	for k := range d.counts {
		out[Kind(k).String()] = d.counts[k].Load()
	}
	return out
}

// Total is the files made and the bytes written since the start.
func (d *Directory) Total() (files, bytes int64) { return d.files.Load(), d.bytes.Load() }

// Left lists the files there are.
func (d *Directory) Left() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, err
}

// Files is what one session has on disk.
type Files struct {
	Directory *Directory
	Limit     int64 // bytes, below 0: none (temp_file_limit)
	used      atomic.Int64
}

// take counts n more bytes.
func (f *Files) take(n int64) error {
	if used := f.used.Add(n); f.Limit >= 0 && used > f.Limit {
		f.used.Add(-n)
		return pgerr.Newf(pgerr.ConfigurationLimitExceeded, "temporary file size exceeds temp_file_limit (%dkB)", f.Limit>>10)
	}
	f.Directory.bytes.Add(n)
	return nil
}

// create makes a file.
func (d *Directory) create(k Kind) (*os.File, error) {
	d.counts[k].Add(1)
	d.files.Add(1)
	f, err := os.OpenFile(filepath.Join(d.path, fmt.Sprintf("%d.run", d.next.Add(1))), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return f, world("create", "temporary file", err)
}

// world names an error of the disk as PostgreSQL does.
func world(verb, what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return pgerr.Newf(pgerr.DiskFull, "could not %s %s: %s", verb, what, "No space left on device")
	}
	return fmt.Errorf("%s %s: %w", verb, what, err)
}
