package lock

import (
	"encoding/binary"
	"runtime"
	"testing"

	"datapunk/kv"
)

// TestSize says what a row lock costs, and fails when it grows.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const n, limit = 1_000_000, 260
	tab := table()
	o := tab.NewOwner(1, nil)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var key []byte
	for i := range n {
		key = binary.BigEndian.AppendUint64(kv.StoragePrefix(key[:0], 20), uint64(i))
		if _, err := o.LockRow(t.Context(), key, kv.Exclusive, kv.Wait{}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	per := float64(after.HeapAlloc-before.HeapAlloc) / n
	t.Logf("%.0f bytes a lock", per)
	if per > limit {
		t.Fatalf("a row lock costs %.0f bytes, limit %d", per, limit)
	}
	o.ReleaseAll(0)
}
