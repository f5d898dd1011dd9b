package utility

import (
	"encoding/binary"
	"io"

	"datapunk/internal/pgerr"
)

// binarySignature begins every file in COPY's binary format (manual, COPY, File
// Formats), before flags and the length of a header extension.
const binarySignature = "PGCOPY\n\xff\r\n\x00"

// BinaryReader cuts a COPY FROM in binary format into rows and fields.
type BinaryReader struct {
	source CopySource
	buffer []byte
	fields []Field
	began  bool
	Row    int
}

// NewBinaryReader reads a source.
func NewBinaryReader(source CopySource) *BinaryReader { return &BinaryReader{source: source} }

// need makes sure that n bytes are in the buffer.
func (r *BinaryReader) need(n int, short string) error {
	for len(r.buffer) < n {
		piece, err := r.source.Next()
		if err == io.EOF {
			return pgerr.New(pgerr.BadCopyFileFormat, short)
		}
		if err != nil {
			return err
		}
		r.buffer = append(append(make([]byte, 0, len(r.buffer)+len(piece)), r.buffer...), piece...)
	}
	return nil
}

func (r *BinaryReader) header() error {
	const bad = "COPY file signature not recognized"
	n := len(binarySignature)
	if err := r.need(n, bad); err != nil {
		return err
	}
	if string(r.buffer[:n]) != binarySignature {
		return pgerr.New(pgerr.BadCopyFileFormat, bad)
	}
	if err := r.need(n+8, "invalid COPY file header (missing flags)"); err != nil {
		return err
	}
	flags, extension := binary.BigEndian.Uint32(r.buffer[n:]), int32(binary.BigEndian.Uint32(r.buffer[n+4:]))
	if flags&(1<<16) != 0 {
		return pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (WITH OIDS)")
	}
	if flags>>16 != 0 {
		return pgerr.New(pgerr.BadCopyFileFormat, "unrecognized critical flags in COPY file header")
	}
	if extension < 0 {
		return pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (missing length)")
	}
	if err := r.need(n+8+int(extension), "invalid COPY file header (wrong length)"); err != nil {
		return err
	}
	r.buffer = r.buffer[n+8+int(extension):]
	return nil
}

// Next returns the next row's fields, which live until the next call, or io.EOF.
func (r *BinaryReader) Next(columns int) ([]Field, error) {
	if !r.began {
		r.began = true
		if err := r.header(); err != nil {
			return nil, err
		}
	}
	r.Row++
	const short = "unexpected EOF in COPY data"
	if err := r.need(2, short); err != nil {
		return nil, err
	}
	n := int(int16(binary.BigEndian.Uint16(r.buffer)))
	r.buffer = r.buffer[2:]
	if n == -1 {
		if _, err := r.source.Next(); len(r.buffer) > 0 || err == nil {
			return nil, pgerr.New(pgerr.BadCopyFileFormat, "received copy data after EOF marker")
		}
		return nil, io.EOF
	}
	if n != columns {
		return nil, pgerr.Newf(pgerr.BadCopyFileFormat, "row field count is %d, expected %d", n, columns)
	}
	r.fields = r.fields[:0]
	for range n {
		if err := r.need(4, short); err != nil {
			return nil, err
		}
		size := int(int32(binary.BigEndian.Uint32(r.buffer)))
		r.buffer = r.buffer[4:]
		if size == -1 {
			r.fields = append(r.fields, Field{Null: true})
			continue
		}
		if size < 0 {
			return nil, pgerr.New(pgerr.BadCopyFileFormat, "invalid field size")
		}
		if err := r.need(size, short); err != nil {
			return nil, err
		}
		r.fields = append(r.fields, Field{Text: r.buffer[:size:size]})
		r.buffer = r.buffer[size:]
	}
	return r.fields, nil
}

// AppendBinaryHeader begins a file in binary format.
func AppendBinaryHeader(dst []byte) []byte {
	return append(append(dst, binarySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
}

// AppendBinaryEnd ends it.
func AppendBinaryEnd(dst []byte) []byte { return append(dst, 0xff, 0xff) }
