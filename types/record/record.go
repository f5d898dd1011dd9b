// Package record is row values as bytes: what ROW(…), a composite column and
// t.* as one value hold.
//
// A record is
//
//	| field count u16 | null bitmap, whole bytes | field count × type OID u32 | datums of the fields that are not null |
//
// little-endian; datums are vector.AppendDatum's.
package record

import (
	"encoding/binary"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/vector"
)

// Append appends the record of row i of the columns.
func Append(dst []byte, cols []*vector.Vector, i int) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(cols)))
	nulls := len(dst)
	dst = append(dst, make([]byte, (len(cols)+7)/8)...)
	for k, c := range cols {
		if c.Null(i) {
			dst[nulls+k/8] |= 1 << (k % 8)
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(c.Type.OID))
	}
	for _, c := range cols {
		if !c.Null(i) {
			dst = vector.AppendDatum(dst, c, i)
		}
	}
	return dst
}

// Types reads the fields' types.
func Types(b []byte) ([]types.OID, bool) {
	if len(b) < 2 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	at := 2 + (n+7)/8
	if len(b) < at+4*n {
		return nil, false
	}
	out := make([]types.OID, n)
	for i := range out {
		out[i] = types.OID(binary.LittleEndian.Uint32(b[at+4*i:]))
	}
	return out, true
}

// Decode reads a record into vectors of one row; find gives the type of an OID.
func Decode(b []byte, find func(types.OID) *types.Type) ([]*vector.Vector, error) {
	corrupt := func() ([]*vector.Vector, error) {
		return nil, pgerr.New(pgerr.DataCorrupted, "record value is corrupt")
	}
	oids, ok := Types(b)
	if !ok {
		return corrupt()
	}
	n := len(oids)
	rest := b[2+(n+7)/8+4*n:]
	cols := make([]*vector.Vector, n)
	for i, oid := range oids {
		t := find(oid)
		if t == nil {
			return corrupt()
		}
		cols[i] = vector.New(t, 1)
		if b[2+i/8]&(1<<(i%8)) != 0 {
			cols[i].SetNull(0)
			continue
		}
		if rest, ok = cols[i].DecodeDatum(0, rest); !ok {
			return corrupt()
		}
	}
	return cols, nil
}
