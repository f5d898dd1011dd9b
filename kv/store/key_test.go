package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"datapunk/kv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// FuzzKeys checks the comparer's laws on any two keys.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x05a"), []byte("\x00\x00\x00\x05b"), uint64(1), uint64(2), true, false)
	f.Add([]byte("a\x00"), []byte("a"), uint64(0), ^uint64(0), true, true)
	f.Add([]byte("a\xff\xff"), []byte("b"), uint64(10), uint64(10), false, false)
	f.Add([]byte{}, []byte{10}, uint64(10), uint64(1)<<63, true, true)
	f.Add([]byte{0}, []byte{0, 0}, uint64(0), uint64(0), false, true)
	f.Fuzz(func(t *testing.T, ua, ub []byte, ta, tb uint64, va, vb bool) {
		enc := func(u []byte, ts uint64, versioned bool) []byte {
			if versioned {
				return AppendVersion(nil, u, kv.Timestamp(ts), Kind(ts%2))
			}
			return AppendBare(nil, u)
		}
		a, b := enc(ua, ta, va), enc(ub, tb, vb)
		if !bytes.Equal(UserKey(a), ua) {
			t.Fatalf("user key of %x is %x", a, UserKey(a))
		}
		if err := validateKey(a); err != nil {
			t.Fatal(err)
		}
		if ts, kind, ok := Version(a); ok != va || va && (uint64(ts) != ta || kind != Kind(ta%2)) {
			t.Fatalf("version of %x is %d/%d/%v", a, ts, kind, ok)
		}
		if va {
			p := bytes.Clone(a)
			PatchTimestamp(p, kv.Timestamp(tb))
			if ts, _, _ := Version(p); uint64(ts) != tb {
				t.Fatal("patch")
			}
		}
		want := bytes.Compare(ua, ub)
		if want == 0 {
			switch {
			case va && vb && ta != tb:
				want = 1
				if ta > tb {
					want = -1
				}
			case va != vb:
				want = -1
				if va {
					want = 1
				}
			}
		}
		c := Comparer
		if got := c.Compare(a, b); sign(got) != want {
			t.Fatalf("compare %x %x is %d, want %d", a, b, got, want)
		}
		if c.Equal(a, b) != (want == 0) {
			t.Fatal("equal")
		}
		pa, pb := c.Split.Prefix(a), c.Split.Prefix(b)
		if c.Split(pa) != len(pa) {
			t.Fatal("a prefix has a suffix")
		}
		if va && c.Compare(pa, a) >= 0 {
			t.Fatal("a prefix does not come before its versions")
		}
		if x, y := c.AbbreviatedKey(a), c.AbbreviatedKey(b); x < y && want >= 0 || x > y && want <= 0 {
			t.Fatalf("abbreviated %x %x", x, y)
		}
		if want < 0 {
			s := c.Separator(nil, a, b)
			if c.Compare(a, s) > 0 || c.Compare(s, b) >= 0 || validateKey(s) != nil || len(s) > len(a) {
				t.Fatalf("separator of %x and %x is %x", a, b, s)
			}
		}
		s := c.Successor(nil, a)
		if c.Compare(a, s) > 0 || validateKey(s) != nil {
			t.Fatalf("successor of %x is %x", a, s)
		}
		i := c.ImmediateSuccessor(nil, pa)
		if c.Compare(a, i) >= 0 || c.Split(i) != len(i) {
			t.Fatalf("immediate successor of %x is %x", pa, i)
		}
		// Nothing lies between: whatever is above pa is not below i.
		if c.Compare(pa, pb) < 0 && c.Compare(pb, i) < 0 {
			t.Fatalf("%x lies between %x and its successor %x", pb, pa, i)
		}
	})
}

func TestDirectories(t *testing.T) {
	fs := vfs.NewMem()
	open := func(dir string) (*Store, error) { return Open(Options{Dir: dir, FS: fs, Memtable: 64 << 10}) }
	write := func(name, text string) {
		f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte(text))
		_ = f.Close()
	}
	want := func(err error, target error) {
		t.Helper()
		if !errors.Is(err, target) {
			t.Fatalf("got %v, want %v", err, target)
		}
	}
	s, err := open("a")
	if err != nil {
		t.Fatal(err)
	}
	_, err = open("a")
	want(err, kv.ErrInUse)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = open("a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	write("a/FORMAT", "datapunk kv 2\n")
	_, err = open("a")
	want(err, kv.ErrFormat)
	_, err = open("a") // the lock was given back
	want(err, kv.ErrFormat)
	_ = fs.MkdirAll("pg", 0o700)
	write("pg/PG_VERSION", "15\n")
	_, err = open("pg")
	want(err, kv.ErrPostgresDirectory)
	_ = fs.MkdirAll("other", 0o700)
	write("other/thesis.tex", "")
	_, err = open("other")
	want(err, kv.ErrFormat)
}

func TestBetween(t *testing.T) {
	s, err := Open(Options{Dir: "a", FS: vfs.NewMem(), Memtable: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 20_000 {
		key := AppendVersion(nil, []byte{0, 0, 0, 9, byte(i >> 16), byte(i >> 8), byte(i)}, kv.Timestamp(1000+i), Committed)
		if err := s.DB.Set(key, make([]byte, 100), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	it, err := s.NewIter(&pebble.IterOptions{PointKeyFilters: Between(5000, 5010)})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	met, right := 0, 0
	for ok := it.First(); ok; ok = it.Next() {
		met++
		if ts, _, _ := Version(it.Key()); ts >= 5000 && ts < 5010 {
			right++
		}
	}
	if right != 10 || met > 2000 {
		t.Fatalf("met %d keys, %d of them in the interval", met, right)
	}
}

func TestFormatKey(t *testing.T) {
	for key, want := range map[string]string{
		string(AppendVersion(nil, []byte{1, 2}, 7, Provisional)): "010200@7/1",
		string(AppendBare(nil, []byte{1})):                       "0100",
		"":                                                       "",
	} {
		if got := fmt.Sprintf("%s", Comparer.FormatKey([]byte(key))); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
