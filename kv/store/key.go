package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"datapunk/kv"

	"github.com/cockroachdb/pebble/v2"
)

// Kind says what a version's timestamp means.
type Kind byte

// The kinds of versions. Intent is reserved for clusters.
const (
	Committed   Kind = 0 // the timestamp is the commit's
	Provisional Kind = 1 // the timestamp is a run's; the run map knows its fate
	Intent      Kind = 2
)

// A versioned key ends in a suffix of timestamp, kind and the suffix's length;
// an unversioned one in a zero length. The byte before the suffix closes the
// prefix: it is the zero length of the key without its version, so that a
// prefix is itself a valid key.
const (
	// SuffixLen is what a version adds to a key, beside the closing byte.
	SuffixLen  = 8 + 1 + 1
	closeByte  = 0
	maxUserKey = 1 << 20
)

// MaxKey is the longest key a caller may write.
const MaxKey = maxUserKey

// AppendBare appends the key without a version: a bound, a cell, or the place
// before every version of the key.
func AppendBare(dst, user []byte) []byte {
	return append(append(dst, user...), closeByte)
}

// AppendVersion appends the key of one version.
func AppendVersion(dst, user []byte, ts kv.Timestamp, kind Kind) []byte {
	dst = append(append(dst, user...), closeByte)
	dst = binary.BigEndian.AppendUint64(dst, ^uint64(ts))
	return append(dst, byte(kind), SuffixLen)
}

// PatchTimestamp writes a timestamp into the last bytes of a versioned key.
func PatchTimestamp(encoded []byte, ts kv.Timestamp) {
	binary.BigEndian.PutUint64(encoded[len(encoded)-SuffixLen:], ^uint64(ts))
}

// Split returns the length of the key without its version.
func Split(encoded []byte) int {
	n := len(encoded)
	if n == 0 {
		return 0
	}
	if k := int(encoded[n-1]); k == SuffixLen && n >= SuffixLen {
		return n - SuffixLen
	}
	return n
}

// UserKey cuts an encoded key to what the caller wrote.
func UserKey(encoded []byte) []byte {
	n := Split(encoded) - 1
	return encoded[:n:n]
}

// Version returns the timestamp and kind of an encoded key, or ok = false for
// an unversioned one.
func Version(encoded []byte) (ts kv.Timestamp, kind Kind, ok bool) {
	n := len(encoded)
	if n <= SuffixLen || encoded[n-1] != SuffixLen {
		return 0, 0, false
	}
	return kv.Timestamp(^binary.BigEndian.Uint64(encoded[n-SuffixLen:])), Kind(encoded[n-2]), true
}

func compare(a, b []byte) int {
	i, j := Split(a), Split(b)
	if c := bytes.Compare(a[:i], b[:j]); c != 0 {
		return c
	}
	return bytes.Compare(a[i:], b[j:])
}

func separator(dst, a, b []byte) []byte {
	i, j := Split(a), Split(b)
	n := min(i, j)
	p := 0
	for p < n && a[p] == b[p] {
		p++
	}
	// Cut a's key after its first byte that differs and raise that byte; it must
	// stay below b's, and be shorter than a.
	if p < i-1 && p < j-1 && a[p]+1 < b[p] && p+2 < len(a) {
		dst = append(dst, a[:p+1]...)
		dst[len(dst)-1]++
		return append(dst, closeByte)
	}
	return append(dst, a...)
}

func successor(dst, a []byte) []byte {
	n := Split(a) - 1
	for i := 0; i < n; i++ {
		if a[i] != 0xff {
			dst = append(dst, a[:i+1]...)
			dst[len(dst)-1]++
			return append(dst, closeByte)
		}
	}
	return append(dst, a...)
}

// immediateSuccessor: the least key above user is user·00, whose prefix is
// user·00·00, which is the given prefix with a zero appended.
func immediateSuccessor(dst, a []byte) []byte {
	return append(append(dst, a...), closeByte)
}

func abbreviated(key []byte) uint64 {
	key = key[:Split(key)]
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var v uint64
	for _, b := range key {
		v = v<<8 | uint64(b)
	}
	return v << uint(8*(8-len(key)))
}

type formatted []byte

func (f formatted) Format(s fmt.State, _ rune) {
	if len(f) == 0 {
		return
	}
	ts, kind, ok := Version(f)
	fmt.Fprintf(s, "%x", []byte(f[:Split(f)])) // bytes: f itself would come back here
	if ok {
		fmt.Fprintf(s, "@%d/%d", ts, kind)
	}
}

func validateKey(key []byte) error {
	if len(key) == 0 {
		return nil
	}
	switch n := key[len(key)-1]; {
	case n == closeByte:
		return nil
	case n == SuffixLen && len(key) > SuffixLen && key[len(key)-SuffixLen-1] == closeByte:
		return nil
	}
	return fmt.Errorf("%w: key %x has no valid suffix", kv.ErrCorrupt, key)
}

// Comparer orders encoded keys: by the caller's bytes, then the newest version
// first. Its name is on disk; a change of order needs another name.
var Comparer = &pebble.Comparer{
	Name:                 "datapunk.v1",
	Compare:              compare,
	Equal:                bytes.Equal,
	ComparePointSuffixes: bytes.Compare,
	CompareRangeSuffixes: bytes.Compare,
	AbbreviatedKey:       abbreviated,
	Separator:            separator,
	Successor:            successor,
	ImmediateSuccessor:   immediateSuccessor,
	Split:                Split,
	ValidateKey:          validateKey,
	FormatKey:            func(key []byte) fmt.Formatter { return formatted(key) },
}
