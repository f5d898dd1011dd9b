package store

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"datapunk/kv"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The file FORMAT holds one line; it is the first thing read and the last
// thing written when a directory is made.
const (
	formatFile    = "FORMAT"
	formatName    = "datapunk kv "
	FormatVersion = 1
)

func exists(fs vfs.FS, path string) bool {
	_, err := fs.Stat(path)
	return err == nil
}

// checkFormat returns whether the directory is new.
func checkFormat(fs vfs.FS, dir string) (fresh bool, err error) {
	if exists(fs, fs.PathJoin(dir, "PG_VERSION")) {
		return false, fmt.Errorf("%w: %s", kv.ErrPostgresDirectory, dir)
	}
	file, err := fs.Open(fs.PathJoin(dir, formatFile))
	if oserror.IsNotExist(err) {
		names, err := fs.List(dir)
		if err != nil {
			return false, fmt.Errorf("list %s: %w", dir, err)
		}
		for _, name := range names {
			if name != "LOCK" && name != "rows" && name != formatFile+".tmp" && !strings.HasPrefix(name, ".") && name != "lost+found" {
				return false, fmt.Errorf("%w: %s has no file %s and is not empty", kv.ErrFormat, dir, formatFile)
			}
		}
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("open %s: %w", formatFile, err)
	}
	text, err := io.ReadAll(io.LimitReader(file, 256))
	if err = errors.Join(err, file.Close()); err != nil {
		return false, fmt.Errorf("read %s: %w", formatFile, err)
	}
	var version int
	if _, err := fmt.Sscanf(string(text), formatName+"%d\n", &version); err != nil || version != FormatVersion {
		return false, fmt.Errorf("%w: %q in %s, this program knows %d", kv.ErrFormat, strings.TrimSpace(string(text)), dir, FormatVersion)
	}
	return false, nil
}

func writeFormat(fs vfs.FS, dir string) error {
	name := fs.PathJoin(dir, formatFile)
	file, err := fs.Create(name+".tmp", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s%d\n", formatName, FormatVersion)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := fs.Rename(name+".tmp", name); err != nil {
		return err
	}
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
