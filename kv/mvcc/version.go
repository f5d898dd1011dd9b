package mvcc

import (
	"encoding/binary"

	"datapunk/kv"
)

// Flags are the first byte of a stored value.
type Flags uint8

// The flags. A value with Deleted is a tombstone; with Moved its payload is the
// key the row lives on under; with HasCommand four bytes of command precede the
// payload (in runs only).
const (
	Deleted    Flags = 1 << 0
	Moved      Flags = 1 << 1
	HasCommand Flags = 1 << 4
	// unresolved marks, in the cache, a version whose stored key is provisional.
	unresolved Flags = 1 << 7
)

// AppendValue appends a stored value.
func AppendValue(dst []byte, f Flags, payload []byte) []byte {
	return append(append(dst, byte(f)), payload...)
}

// AppendRunValue appends a stored value of a run, with its command.
func AppendRunValue(dst []byte, f Flags, command uint32, payload []byte) []byte {
	dst = append(dst, byte(f|HasCommand))
	dst = binary.BigEndian.AppendUint32(dst, command)
	return append(dst, payload...)
}

// ParseValue takes a stored value apart.
func ParseValue(stored []byte) (f Flags, command uint32, payload []byte, err error) {
	if len(stored) == 0 {
		return 0, 0, nil, kv.ErrCorrupt
	}
	f, payload = Flags(stored[0]), stored[1:]
	if f&HasCommand != 0 {
		if len(payload) < 4 {
			return 0, 0, nil, kv.ErrCorrupt
		}
		command, payload = binary.BigEndian.Uint32(payload), payload[4:]
	}
	return f, command, payload, nil
}
