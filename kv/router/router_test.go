package router

import (
	"bytes"
	"testing"
)

func TestSplit(t *testing.T) {
	one := New("a")
	if one.Find(nil) != "a" || one.Find([]byte("zzz")) != "a" {
		t.Fatal("one part")
	}
	two, ok := one.Split([]byte("m"), "l", "r")
	if !ok || two.Len() != 2 || one.Len() != 1 {
		t.Fatal("split")
	}
	three, ok := two.Split([]byte("t"), "r1", "r2")
	if !ok {
		t.Fatal("split")
	}
	for key, want := range map[string]string{"": "l", "lzz": "l", "m": "r1", "m\x00": "r1", "s": "r1", "t": "r2", "z": "r2"} {
		if got := three.Find([]byte(key)); got != want {
			t.Fatalf("%q is in %q, want %q", key, got, want)
		}
	}
	if _, ok := three.Split([]byte("m"), "x", "y"); ok {
		t.Fatal("split where a part begins")
	}
	start, end := three.Range([]byte("n"))
	if !bytes.Equal(start, []byte("m")) || !bytes.Equal(end, []byte("t")) {
		t.Fatalf("range %q %q", start, end)
	}
}
