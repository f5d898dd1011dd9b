package txn

import (
	"testing"

	"datapunk/kv"
	"datapunk/kv/kvtest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// testLog sends what the store logs to the test.
type testLog struct{ testing.TB }

func (l testLog) Infof(string, ...any)              {}
func (l testLog) Errorf(format string, args ...any) { l.TB.Logf(format, args...) }

func openMem(t testing.TB, change func(*Options)) kv.DB {
	o := Options{Dir: "db", FS: vfs.NewMem(), CacheBytes: 8 << 20, RowCacheBytes: 4 << 20, MemtableBytes: 4 << 20, Logger: testLog{t}}
	if change != nil {
		change(&o)
	}
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestConformance(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"plain":    nil,
		"no cache": func(o *Options) { o.RowCacheBytes = 1 },
		"runs":     func(o *Options) { o.MaxBuffer = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			kvtest.Conformance(t, func(t *testing.T) kv.DB { return openMem(t, change) })
		})
	}
}
