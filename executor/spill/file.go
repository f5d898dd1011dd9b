package spill

import "os"

// File is one temporary file: blocks, one after another.
type File struct {
	space *Space
	f     *os.File
	size  int64
	runs  int // not released
	buf   []byte
}

// Create makes a file; it is removed when all its runs are released.
func (s *Space) Create(k Kind) (*File, error) {
	f, err := s.Files.Directory.create(k)
	if err != nil {
		return nil, err
	}
	file := &File{space: s, f: f}
	if s.open == nil {
		s.open = map[*File]bool{}
	}
	s.open[file] = true
	return file, nil
}

// Size is the bytes written.
func (f *File) Size() int64 { return f.size }

// append writes a block and says where it lies.
func (f *File) append(b []byte) (int64, error) {
	at := f.size
	if err := f.space.Files.take(int64(len(b))); err != nil {
		return 0, err
	}
	f.size += int64(len(b))
	_, err := f.f.WriteAt(b, at)
	return at, world("write to", "temporary file", err)
}

// read gives n bytes from at, in a buffer that the next read overwrites.
func (f *File) read(at int64, n int) ([]byte, error) {
	if cap(f.buf) < n {
		f.buf = make([]byte, n)
	}
	b := f.buf[:n]
	_, err := f.f.ReadAt(b, at)
	return b, world("read", "temporary file", err)
}

// release forgets a run, and the file with the last one.
func (f *File) release() {
	if f.runs--; f.runs <= 0 {
		f.remove()
	}
}

// remove removes the file; that it may fail does not matter, since the directory is
// emptied at the next start.
func (f *File) remove() {
	if f.f == nil {
		return
	}
	_ = os.Remove(f.f.Name())
	_ = f.f.Close()
	f.f = nil
	f.space.Files.used.Add(-f.size)
	delete(f.space.open, f)
}
