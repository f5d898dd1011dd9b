package txn

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"datapunk/kv"
	"datapunk/kv/kvtest"
)

func openDir(b testing.TB, change func(*Options)) kv.DB {
	o := Options{Dir: b.TempDir(), CacheBytes: 192 << 20, RowCacheBytes: 128 << 20, Logger: testLog{b}}
	if change != nil {
		change(&o)
	}
	db, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

func rowKey(dst []byte, i int) []byte {
	return binary.BigEndian.AppendUint64(kv.StoragePrefix(dst[:0], 20), uint64(i))
}

func fillRows(b testing.TB, db kv.DB, n int) {
	s := db.NewSession()
	defer s.Close()
	value := make([]byte, 100)
	for i := 0; i < n; {
		tx := s.Begin(kv.TxnOptions{Durability: kv.Async})
		for range 10_000 {
			if i == n {
				break
			}
			if err := tx.Put(rowKey(nil, i), value); err != nil {
				b.Fatal(err)
			}
			i++
		}
		if _, err := tx.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetHit(b *testing.B) {
	db := openDir(b, nil)
	fillRows(b, db, 10_000)
	s := db.NewSession()
	defer s.Close()
	tx := s.Begin(kv.TxnOptions{})
	v, _ := tx.View(b.Context())
	var key []byte
	for i := range 10_000 {
		key = rowKey(key, i)
		_, _, _ = v.Get(b.Context(), key)
	}
	ctx := b.Context()
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		key = rowKey(key, i*7919%10_000)
		if _, found, err := v.Get(ctx, key); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkGetMiss(b *testing.B) {
	db := openDir(b, func(o *Options) { o.RowCacheBytes = 1 })
	const n = 200_000
	fillRows(b, db, n)
	if err := db.(*DB).store.Compact(b.Context(), []byte{0, 0}, []byte{0xff, 0}, false); err != nil {
		b.Fatal(err)
	}
	s := db.NewSession()
	defer s.Close()
	tx := s.Begin(kv.TxnOptions{})
	v, _ := tx.View(b.Context())
	ctx := b.Context()
	var key []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key = rowKey(key, i*7919%n)
		if _, found, err := v.Get(ctx, key); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	for _, compact := range []bool{true, false} {
		b.Run(fmt.Sprint("compact=", compact), func(b *testing.B) {
			db := openDir(b, nil)
			const n = 500_000
			fillRows(b, db, n)
			if compact {
				if err := db.(*DB).store.Compact(b.Context(), []byte{0, 0}, []byte{0xff, 0}, false); err != nil {
					b.Fatal(err)
				}
			}
			s := db.NewSession()
			defer s.Close()
			tx := s.Begin(kv.TxnOptions{})
			v, _ := tx.View(b.Context())
			var batch kv.Batch
			rows := 0
			for b.Loop() {
				sc := v.Scan(kvtest.Whole(20), kv.ScanOptions{})
				for {
					if err := sc.Next(b.Context(), &batch, 1024); err != nil {
						b.Fatal(err)
					}
					if batch.Len() == 0 {
						break
					}
					rows += batch.Len()
				}
				sc.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
		})
	}
}

func BenchmarkBeginViewClose(b *testing.B) {
	db := openDir(b, nil)
	s := db.NewSession()
	defer s.Close()
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		tx := s.Begin(kv.TxnOptions{})
		v, err := tx.View(ctx)
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
		if _, err := tx.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocks(b *testing.B) {
	db := openDir(b, nil)
	s := db.NewSession()
	defer s.Close()
	ctx := b.Context()
	b.ReportAllocs()
	key := rowKey(nil, 1)
	for b.Loop() {
		tx := s.Begin(kv.TxnOptions{})
		_ = tx.LockRelation(ctx, kv.ObjectID{Database: 1, Class: 1259, Object: 3}, kv.RowExclusive, kv.Wait{})
		_ = tx.LockRow(ctx, key, kv.NoKeyExclusive, kv.Wait{})
		tx.Rollback()
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, clients := range []int{1, 8, 32} {
		for _, hot := range []bool{false, true} {
			b.Run(fmt.Sprint("clients=", clients, "/hot=", hot), func(b *testing.B) {
				db := openDir(b, nil)
				fillRows(b, db, 100_000)
				before := db.Metrics()
				ctx := b.Context()
				var next atomic.Int64
				b.ResetTimer()
				var wg sync.WaitGroup
				for c := range clients {
					wg.Go(func() {
						s := db.NewSession()
						defer s.Close()
						value := make([]byte, 100)
						var key []byte
						for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
							tx := s.Begin(kv.TxnOptions{})
							row := int(i*7919+int64(c)) % 100_000
							if hot {
								row = 1
							}
							for j := range 3 {
								key = rowKey(key, (row+j*31)%100_000)
								if err := tx.LockRow(ctx, key, kv.NoKeyExclusive, kv.Wait{}); err != nil {
									if hot {
										b.Error(err)
									}
									tx.Rollback()
									break
								}
								v, _ := tx.View(ctx)
								_, _, _ = v.Get(ctx, key)
								v.Close()
								_ = tx.Put(key, value)
								tx.NextCommand()
							}
							if _, err := tx.Commit(ctx); err != nil && hot {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				after := db.Metrics()
				b.ReportMetric(float64(after.Commits-before.Commits)/float64(max(after.Syncs-before.Syncs, 1)), "commits/sync")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			})
		}
	}
}

func BenchmarkOpenClose(b *testing.B) {
	for b.Loop() {
		db := openMem(b, func(o *Options) { o.MemtableBytes, o.CacheBytes, o.RowCacheBytes = 0, 0, 0 })
		_ = db.Close()
	}
}

// BenchmarkBulk inserts rows in one transaction: through the buffer, through
// runs, and through a load.
func BenchmarkBulk(b *testing.B) {
	const n = 300_000
	for _, kind := range []string{"buffer", "runs", "load"} {
		b.Run(kind, func(b *testing.B) {
			db := openDir(b, func(o *Options) {
				if kind == "runs" {
					o.MaxBuffer = 16 << 20
				} else {
					o.MaxBuffer = 1 << 30
				}
			})
			s := db.NewSession()
			defer s.Close()
			value := make([]byte, 100)
			var key []byte
			for b.Loop() {
				tx := s.Begin(kv.TxnOptions{})
				id, err := tx.CreateStorage(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				l := tx.NewLoad(id)
				for i := range n {
					key = binary.BigEndian.AppendUint64(kv.StoragePrefix(key[:0], id), uint64(i))
					if kind == "load" {
						err = l.Add(b.Context(), key, value, 0)
					} else {
						err = tx.Put(key, value)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if kind == "load" {
					if err := l.Finish(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := tx.Commit(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

// BenchmarkShortScan reads ten rows by a span, as an index lookup does.
func BenchmarkShortScan(b *testing.B) {
	db := openDir(b, nil)
	const n = 200_000
	fillRows(b, db, n)
	if err := db.(*DB).store.Compact(b.Context(), []byte{0, 0}, []byte{0xff, 0}, false); err != nil {
		b.Fatal(err)
	}
	s := db.NewSession()
	defer s.Close()
	tx := s.Begin(kv.TxnOptions{})
	v, _ := tx.View(b.Context())
	var batch kv.Batch
	var from, to []byte
	ctx := b.Context()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i * 7919 % (n - 10)
		from, to = rowKey(from, at), rowKey(to, at+10)
		sc := v.Scan(kv.Span{Start: from, End: to}, kv.ScanOptions{})
		if err := sc.Next(ctx, &batch, 100); err != nil || batch.Len() != 10 {
			b.Fatal(err, batch.Len())
		}
		sc.Close()
	}
}
