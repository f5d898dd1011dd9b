package kvtest

import (
	"context"
	"errors"
	"testing"

	"datapunk/kv"
)

// fixture is one case of the suite: a store, and short names for what the cases do to it.
type fixture struct {
	*testing.T
	ctx    context.Context
	db     kv.DB
	closed bool
}

// Key makes a key of a storage.
func Key(id kv.StorageID, name string) []byte { return append(kv.StoragePrefix(nil, id), name...) }

// Whole is the span of a storage.
func Whole(id kv.StorageID) kv.Span {
	return kv.Span{Start: kv.StoragePrefix(nil, id), End: kv.StoragePrefix(nil, id+1)}
}

func k(name string) []byte { return Key(5, name) }

func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) want(err, target error) {
	f.Helper()
	if !errors.Is(err, target) {
		f.Fatalf("got error %v, want %v", err, target)
	}
}

func (f *fixture) begin(s kv.Session) kv.Txn { return s.Begin(kv.TxnOptions{}) }

func (f *fixture) put(tx kv.Txn, name, value string) {
	f.Helper()
	f.check(tx.LockRow(f.ctx, k(name), kv.Exclusive, kv.Wait{}))
	f.check(tx.Put(k(name), []byte(value)))
}

func (f *fixture) commit(tx kv.Txn) kv.Timestamp {
	f.Helper()
	ts, err := tx.Commit(f.ctx)
	f.check(err)
	return ts
}

// write commits name=value pairs; an empty value deletes.
func (f *fixture) write(pairs ...string) kv.Timestamp {
	f.Helper()
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			f.check(tx.LockRow(f.ctx, k(pairs[i]), kv.Exclusive, kv.Wait{}))
			f.check(tx.Delete(k(pairs[i]), nil))
			continue
		}
		f.put(tx, pairs[i], pairs[i+1])
	}
	return f.commit(tx)
}

func (f *fixture) view(tx kv.Txn) kv.View {
	f.Helper()
	v, err := tx.View(f.ctx)
	f.check(err)
	return v
}

func (f *fixture) get(v kv.View, name string) string {
	f.Helper()
	value, found, err := v.Get(f.ctx, k(name))
	f.check(err)
	if !found {
		return "-"
	}
	return string(value)
}

func (f *fixture) expect(v kv.View, name, value string) {
	f.Helper()
	if got := f.get(v, name); got != value {
		f.Fatalf("%s is %q, want %q", name, got, value)
	}
}

// now reads with a fresh session.
func (f *fixture) now(name, value string) {
	f.Helper()
	s := f.db.NewSession()
	defer s.Close()
	tx := f.begin(s)
	defer tx.Rollback()
	v := f.view(tx)
	defer v.Close()
	f.expect(v, name, value)
}

func (f *fixture) scan(sc kv.Scanner, step int) string {
	f.Helper()
	defer sc.Close()
	var out []byte
	var b kv.Batch
	for {
		f.check(sc.Next(f.ctx, &b, step))
		if b.Len() == 0 {
			return string(out)
		}
		for i := range b.Len() {
			out = append(append(append(append(out, b.Key(i)[4:]...), '='), b.Value(i)...), ' ')
		}
	}
}

func (f *fixture) expectScan(sc kv.Scanner, step int, want string) {
	f.Helper()
	if got := f.scan(sc, step); got != want {
		f.Fatalf("scan gave %q, want %q", got, want)
	}
}
