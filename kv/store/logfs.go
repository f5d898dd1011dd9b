package store

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fs wraps the file system given to Pebble, for two ends.
//
// Logs: a sync of blocks that were written before changes no metadata and takes
// half the time of one after an append. So a log is a spare file, filled with
// zeros ahead by a goroutine, or a recycled one that is large enough.
//
// Errors: after a failed sync nobody knows what is on disk; fail is called and
// the store stops.
type fs struct {
	vfs.FS
	fail  func(error)
	syncs atomic.Int64 // of logs
	limit int64        // spare logs grow up to this size

	wake chan struct{}
	done chan struct{}
	mu   struct {
		sync.Mutex
		dir    string
		next   int
		want   int64
		spares []spare
		closed bool
	}
}

type spare struct {
	name string
	size int64
}

const (
	spareCount    = 2
	spareGrowth   = 4       // faster than the memtables', so that spares are ahead
	firstLogBytes = 1 << 20 // Pebble's first memtable has 256 KB, then it doubles
	zeroChunk     = 256 << 10
	sparePrefix   = "spare-"
	logSuffix     = ".log"
)

func newFS(base vfs.FS, walDir string, limit int64, fail func(error)) *fs {
	f := &fs{FS: base, fail: fail, limit: limit, wake: make(chan struct{}, 1), done: make(chan struct{})}
	f.mu.dir = walDir
	f.mu.want = min(firstLogBytes, limit)
	return f
}

// start removes old spares and begins to make new ones.
func (f *fs) start() {
	if names, err := f.FS.List(f.mu.dir); err == nil {
		for _, name := range names {
			if strings.HasPrefix(name, sparePrefix) {
				_ = f.FS.Remove(f.FS.PathJoin(f.mu.dir, name))
			}
		}
	}
	go f.fill()
}

func (f *fs) stop() {
	f.mu.Lock()
	was := f.mu.closed
	f.mu.closed = true
	f.mu.Unlock()
	if was {
		return
	}
	close(f.wake)
	<-f.done
	for _, s := range f.mu.spares {
		_ = f.FS.Remove(s.name)
	}
}

// fill keeps spareCount spare logs of the wanted size; smaller ones grow.
func (f *fs) fill() {
	defer close(f.done)
	for range f.wake {
		for f.fillOne() {
		}
	}
}

// fillOne makes or grows one spare; false if there is nothing to do, or no room:
// then logs are appended to.
func (f *fs) fillOne() bool {
	f.mu.Lock()
	if f.mu.closed {
		f.mu.Unlock()
		return false
	}
	size := f.mu.want
	var s spare
	for i, have := range f.mu.spares {
		if have.size < size {
			s = have
			f.mu.spares = append(f.mu.spares[:i], f.mu.spares[i+1:]...)
			break
		}
	}
	if s.name == "" {
		if len(f.mu.spares) >= spareCount {
			f.mu.Unlock()
			return false
		}
		f.mu.next++
		s.name = f.FS.PathJoin(f.mu.dir, sparePrefix+itoa(f.mu.next))
	}
	f.mu.Unlock()
	if err := f.zero(s.name, size); err != nil {
		_ = f.FS.Remove(s.name)
		return false
	}
	f.mu.Lock()
	f.mu.spares = append(f.mu.spares, spare{s.name, size})
	f.mu.Unlock()
	return true
}

func (f *fs) zero(name string, size int64) error {
	file, err := f.FS.Create(name, "pebble-wal")
	if err != nil {
		return err
	}
	buf := make([]byte, zeroChunk)
	for n := int64(0); n < size && err == nil; n += zeroChunk {
		_, err = file.Write(buf)
	}
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	return err
}

// takeSpare moves a spare to the name and raises the wanted size.
func (f *fs) takeSpare(name string, category vfs.DiskWriteCategory) vfs.File {
	f.mu.Lock()
	var s spare
	if n := len(f.mu.spares); n > 0 {
		s = f.mu.spares[0]
		f.mu.spares = f.mu.spares[1:]
	}
	if f.mu.want < f.limit {
		f.mu.want = min(f.mu.want*spareGrowth, f.limit)
	}
	if !f.mu.closed {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
	f.mu.Unlock()
	if s.name == "" {
		s.name = f.FS.PathJoin(f.mu.dir, sparePrefix+"first")
		if f.zero(s.name, min(firstLogBytes, f.limit)) != nil {
			_ = f.FS.Remove(s.name)
			return nil
		}
	}
	file, err := f.FS.ReuseForWrite(s.name, name, category)
	if err != nil {
		return nil
	}
	return file
}

func (f *fs) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasSuffix(name, logSuffix) {
		if file := f.takeSpare(name, category); file != nil {
			return &watched{File: file, fs: f, log: true}, nil
		}
	}
	file, err := f.FS.Create(name, category)
	if err != nil {
		return nil, err
	}
	return &watched{File: file, fs: f, log: strings.HasSuffix(name, logSuffix)}, nil
}

func (f *fs) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	info, err := f.FS.Stat(oldname)
	f.mu.Lock()
	want := f.mu.want
	f.mu.Unlock()
	if err == nil && info.Size() < want {
		if file := f.takeSpare(newname, category); file != nil {
			_ = f.FS.Remove(oldname)
			return &watched{File: file, fs: f, log: true}, nil
		}
	}
	file, err := f.FS.ReuseForWrite(oldname, newname, category)
	if err != nil {
		return nil, err
	}
	return &watched{File: file, fs: f, log: true}, nil
}

func (f *fs) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	file, err := f.FS.OpenReadWrite(name, category, opts...)
	if err != nil {
		return nil, err
	}
	return &watched{File: file, fs: f}, nil
}

func (f *fs) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &watched{File: file, fs: f}, nil
}

func (f *fs) Unwrap() vfs.FS { return f.FS }

// watched reports failed syncs and counts those of logs.
type watched struct {
	vfs.File
	fs  *fs
	log bool
}

func (w *watched) check(err error) error {
	if err != nil {
		w.fs.fail(err)
	}
	return err
}

func (w *watched) Sync() error {
	if w.log {
		w.fs.syncs.Add(1)
	}
	return w.check(w.File.Sync())
}

func (w *watched) SyncData() error {
	if w.log {
		w.fs.syncs.Add(1)
	}
	return w.check(w.File.SyncData())
}

func (w *watched) SyncTo(length int64) (bool, error) {
	full, err := w.File.SyncTo(length)
	return full, w.check(err)
}

// Preallocate does nothing for a log: its blocks are there.
func (w *watched) Preallocate(offset, length int64) error {
	if w.log {
		return nil
	}
	return w.File.Preallocate(offset, length)
}

func itoa(n int) string {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(b[i:])
		}
	}
}
