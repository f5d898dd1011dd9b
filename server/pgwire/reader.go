package pgwire

import (
	"bytes"
	"encoding/binary"
)

// reader takes a message apart; every method says whether there was enough left.
type reader struct{ b []byte }

func (r *reader) byte() (byte, bool) {
	if len(r.b) < 1 {
		return 0, false
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v, true
}

func (r *reader) int16() (int, bool) {
	if len(r.b) < 2 {
		return 0, false
	}
	v := binary.BigEndian.Uint16(r.b)
	r.b = r.b[2:]
	return int(v), true
}

func (r *reader) int32() (int32, bool) {
	if len(r.b) < 4 {
		return 0, false
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return int32(v), true
}

func (r *reader) int16s() ([]int16, bool) {
	n, ok := r.int16()
	if !ok || len(r.b) < 2*n {
		return nil, false
	}
	out := make([]int16, n)
	for i := range out {
		v, _ := r.int16()
		out[i] = int16(v)
	}
	return out, true
}

func (r *reader) bytes(n int) ([]byte, bool) {
	if n < 0 || len(r.b) < n {
		return nil, false
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v, true
}

func (r *reader) string() (string, bool) {
	n := bytes.IndexByte(r.b, 0)
	if n < 0 {
		return "", false
	}
	v := string(r.b[:n])
	r.b = r.b[n+1:]
	return v, true
}
