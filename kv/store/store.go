// Package store keeps versioned keys in Pebble: the key's bytes, the options,
// the files beside it, bulk writers, and what happens when a disk fails.
//
// Invariants:
//
//	S1  Every byte string given to Pebble comes from AppendBare or AppendVersion.
//	S2  A versioned key is set once; to remove it is SingleDelete.
//	S3  After the first failed sync or commit no call succeeds, and OnFatal has
//	    been called once.
//
// The bytes are drawn in docs/format/kv.md.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"datapunk/kv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Logger gets what an operator should read.
type Logger interface {
	Infof(format string, args ...any)
	Errorf(format string, args ...any)
}

// Options say where and how large.
type Options struct {
	Dir        string
	FS         vfs.FS
	CacheBytes int64 // block cache
	Memtable   uint64
	Logger     Logger
	OnFatal    func(error)
}

// Store is one directory of Pebble.
type Store struct {
	*pebble.DB
	fs      *fs
	lock    io.Closer
	cache   *pebble.Cache
	opts    *pebble.Options
	tmp     string
	runs    atomic.Int64
	failure atomic.Pointer[error]
	onFatal func(error)
	log     Logger
}

// Options for Pebble; the limits are named here.
const (
	defaultMemtable  = 32 << 20
	blockBytes       = 32 << 10
	indexBlockBytes  = 256 << 10
	bloomBits        = 10
	l0CompactFiles   = 4
	l0StopFiles      = 1000 // never stop under a lock: commits are slowed before
	stopMemtables    = 6
	targetFileBytes  = 8 << 20
	maxOpenFiles     = 1000
	compactions      = 2
	runTargetBytes   = 64 << 20
	minCacheBytes    = 8 << 20
	cachedMemtables  = 3
	lockFile         = "LOCK"
	rowsDir, logsDir = "rows", "wal"
)

// Open opens or makes the directory.
func Open(o Options) (*Store, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Memtable == 0 {
		o.Memtable = defaultMemtable
	}
	s := &Store{onFatal: o.OnFatal, log: o.Logger}
	if !exists(o.FS, o.Dir) {
		if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("make %s: %w", o.Dir, err)
		}
		if err := syncDir(o.FS, o.FS.PathDir(o.Dir)); err != nil {
			return nil, err
		}
	}
	if exists(o.FS, o.FS.PathJoin(o.Dir, "PG_VERSION")) {
		return nil, fmt.Errorf("%w: %s", kv.ErrPostgresDirectory, o.Dir)
	}
	lock, err := o.FS.Lock(o.FS.PathJoin(o.Dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", kv.ErrInUse, o.Dir, err)
	}
	s.lock = lock
	if err := s.open(o); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("open directory %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Store) open(o Options) error {
	fresh, err := checkFormat(o.FS, o.Dir)
	if err != nil {
		return err
	}
	rows := o.FS.PathJoin(o.Dir, rowsDir)
	logs := o.FS.PathJoin(rows, logsDir)
	for _, dir := range []string{rows, logs} {
		if err := o.FS.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make %s: %w", dir, err)
		}
	}
	if err := syncDir(o.FS, o.Dir); err != nil {
		return err
	}
	s.tmp = o.FS.PathJoin(o.Dir, "runs")
	_ = o.FS.RemoveAll(s.tmp)
	s.fs = newFS(o.FS, logs, int64(o.Memtable), s.Fail)
	// Pebble takes its memtables out of the cache.
	s.cache = pebble.NewCache(max(o.CacheBytes, minCacheBytes) + cachedMemtables*int64(o.Memtable))
	s.opts = &pebble.Options{
		FS: s.fs,
		// Relative, so that the directory can be moved.
		WALDir:                      pebble.MakeStoreRelativePath(o.FS, logsDir),
		Cache:                       s.cache,
		Comparer:                    Comparer,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		MemTableSize:                o.Memtable,
		MemTableStopWritesThreshold: stopMemtables,
		L0CompactionThreshold:       l0CompactFiles,
		L0CompactionFileThreshold:   500,
		L0StopWritesThreshold:       l0StopFiles,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                maxOpenFiles,
		CompactionConcurrencyRange:  func() (int, int) { return 1, compactions },
		BlockPropertyCollectors:     []func() pebble.BlockPropertyCollector{newCollector},
		Logger:                      fatalLogger{s},
	}
	s.opts.FlushSplitBytes = targetFileBytes
	for i := range s.opts.Levels {
		l := &s.opts.Levels[i]
		l.BlockSize = blockBytes
		l.IndexBlockSize = indexBlockBytes
		l.FilterPolicy = bloom.FilterPolicy(bloomBits)
		l.FilterType = pebble.TableFilter
	}
	s.opts.TargetFileSizes[0] = targetFileBytes
	s.opts.EnsureDefaults()
	s.fs.start()
	db, err := pebble.Open(rows, s.opts)
	if err != nil {
		s.fs.stop()
		s.cache.Unref()
		if pebble.IsCorruptionError(err) {
			err = errors.Join(kv.ErrCorrupt, err)
		}
		return fmt.Errorf("open %s: %w", rows, err)
	}
	s.DB = db
	if fresh {
		if err := writeFormat(o.FS, o.Dir); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", formatFile, err), s.closeDB())
		}
	}
	return nil
}

func (s *Store) closeDB() error {
	err := s.DB.Close()
	s.fs.stop()
	s.cache.Unref()
	return err
}

// Close closes Pebble and gives the directory back. After a failure Pebble is
// left as it is: it may not be able to close.
func (s *Store) Close() error {
	s.Stop()
	if s.failure.Load() != &errClosing {
		s.fs.stop()
		return errors.Join(s.Failed(), s.lock.Close())
	}
	return errors.Join(s.closeDB(), s.lock.Close())
}

// Stop makes every later call fail, before Close.
func (s *Store) Stop() { s.failure.CompareAndSwap(nil, &errClosing) }

var errClosing = errors.New("closed by its owner")

// Spill makes a temporary file; it is gone after a restart.
func (s *Store) Spill() (file vfs.File, path string, err error) {
	if err := s.fs.MkdirAll(s.tmp, 0o700); err != nil {
		return nil, "", fmt.Errorf("make %s: %w", s.tmp, err)
	}
	path = s.fs.PathJoin(s.tmp, fmt.Sprintf("%d.sort", s.runs.Add(1)))
	file, err = s.fs.FS.Create(path, vfs.WriteCategoryUnspecified)
	return file, path, err
}

// OpenSpill reads a temporary file again.
func (s *Store) OpenSpill(path string) (vfs.File, error) {
	return s.fs.Open(path, vfs.SequentialReadsOption)
}

// RemoveSpill removes one.
func (s *Store) RemoveSpill(path string) { _ = s.fs.Remove(path) }

// Fail stops the store (S3).
func (s *Store) Fail(err error) {
	if s.failure.CompareAndSwap(nil, &err) {
		if s.log != nil {
			s.log.Errorf("store stopped: %v", err)
		}
		if s.onFatal != nil {
			s.onFatal(err)
		}
	}
}

// Failed returns why the store stopped, or nil.
func (s *Store) Failed() error {
	if p := s.failure.Load(); p != nil {
		return fmt.Errorf("%w: %w", kv.ErrClosed, *p)
	}
	return nil
}

// Syncs counts the syncs of logs.
func (s *Store) Syncs() int64 { return s.fs.syncs.Load() }

// Wrap turns an error of Pebble into one of the door's.
func Wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("%s: %w: %w", what, kv.ErrCorrupt, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Behind tells whether compactions are so far behind that commits should wait. The
// memtables count by their bytes: Pebble makes small ones first, and flushes several of
// them together.
func (s *Store) Behind() bool {
	m := s.DB.Metrics()
	return m.Levels[0].Sublevels > 24 || m.Levels[0].TablesCount > 600 || m.MemTable.Size >= (stopMemtables-1)*s.opts.MemTableSize
}

// fatalLogger makes Pebble's fatal errors ours.
type fatalLogger struct{ s *Store }

func (l fatalLogger) Infof(string, ...any) {}

func (l fatalLogger) Errorf(format string, args ...any) {
	if l.s.log != nil {
		l.s.log.Errorf(format, args...)
	}
}

func (l fatalLogger) Fatalf(format string, args ...any) {
	l.s.Fail(fmt.Errorf(format, args...))
}

// A Run is a sorted file on its way into the store.
type Run struct {
	s    *Store
	path string
	w    *sstable.Writer
	size int64
}

// NewRun begins a file; keys must be set in order.
func (s *Store) NewRun() (*Run, error) {
	if err := s.Failed(); err != nil {
		return nil, err
	}
	if err := s.fs.MkdirAll(s.tmp, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", s.tmp, err)
	}
	path := s.fs.PathJoin(s.tmp, fmt.Sprintf("%d.sst", s.runs.Add(1)))
	file, err := s.fs.Create(path, "pebble-ingestion")
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), s.opts.MakeWriterOptions(0, s.DB.TableFormat()))
	return &Run{s: s, path: path, w: w}, nil
}

// Set adds one encoded key.
func (r *Run) Set(key, value []byte) error {
	r.size += int64(len(key) + len(value))
	return r.w.Set(key, value)
}

// Full tells whether the file has reached its target.
func (r *Run) Full() bool { return r.size >= runTargetBytes }

// Finish writes and syncs the file.
func (r *Run) Finish() error { return Wrap("finish run", r.w.Close()) }

// Abandon removes the file.
func (r *Run) Abandon() {
	_ = r.w.Close()
	_ = r.s.fs.Remove(r.path)
}

// IngestRuns takes finished files into the store at once; they are durable when
// it returns.
func (s *Store) IngestRuns(ctx context.Context, runs []*Run) error {
	if len(runs) == 0 {
		return nil
	}
	paths := make([]string, len(runs))
	for i, r := range runs {
		paths[i] = r.path
	}
	return Wrap("ingest runs", s.DB.Ingest(ctx, paths))
}
