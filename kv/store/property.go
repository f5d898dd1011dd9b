package store

import (
	"datapunk/kv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

const propertyName = "datapunk.ts"

// interval records which timestamps a block holds, so that a reader of
// "what changed since T" skips the blocks that are older.
type interval struct{}

func (interval) MapPointKey(key pebble.InternalKey, _ []byte) (sstable.BlockInterval, error) {
	ts, _, ok := Version(key.UserKey)
	if !ok {
		return sstable.BlockInterval{}, nil
	}
	return sstable.BlockInterval{Lower: uint64(ts), Upper: uint64(ts) + 1}, nil
}

func (interval) MapRangeKeys(sstable.Span) (sstable.BlockInterval, error) {
	return sstable.BlockInterval{}, nil
}

func newCollector() pebble.BlockPropertyCollector {
	return sstable.NewBlockIntervalCollector(propertyName, interval{}, nil)
}

// Between makes an iterator skip blocks without a version in [from, to). It
// may still meet others: the caller looks at each key. It must not be used where
// a skipped deletion could bring a key back.
func Between(from, to kv.Timestamp) []pebble.BlockPropertyFilter {
	return []pebble.BlockPropertyFilter{sstable.NewBlockIntervalFilter(propertyName, uint64(from), uint64(to), nil)}
}
