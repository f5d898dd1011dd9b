// Package utility has what is neither query nor catalog change: COPY's formats and
// ANALYZE's sample of a table.
package utility

import (
	"bytes"
	"io"

	"datapunk/internal/pgerr"
	"datapunk/types/format"
)

// CopyFormat is the options of a COPY that concern its bytes.
type CopyFormat struct {
	CSV        bool
	Binary     bool
	Delimiter  byte
	Null       string
	Header     bool
	Match      []string // the names that the header must have, or nil
	Quote      byte
	Escape     byte
	ForceQuote map[int]bool // columns; all if ForceAll
	ForceAll   bool
	ForceNull  map[int]bool
	ForceValue map[int]bool // FORCE NOT NULL
}

// Field is one value of a line.
type Field struct {
	Text []byte
	Null bool
}

// CopySource gives the bytes of a COPY FROM in pieces of any size; io.EOF ends it.
type CopySource interface {
	Next() ([]byte, error)
}

// CopyReader cuts a COPY FROM into lines and fields.
type CopyReader struct {
	source CopySource
	decode func([]byte) ([]byte, error)
	format CopyFormat
	buffer []byte
	ended  bool
	done   bool
	Line   int
	text   []byte
	fields []Field
}

// NewCopyReader reads a source in a format; decode brings a line from the client's
// character set, in which ASCII must be ASCII. (A piece of the source may end within a
// character, a line does not.)
func NewCopyReader(source CopySource, decode func([]byte) ([]byte, error), format CopyFormat) *CopyReader {
	return &CopyReader{source: source, decode: decode, format: format}
}

// Raw is the last line as it stood, for error messages; nil if it could not be read.
func (r *CopyReader) Raw() []byte { return r.text }

// Next returns the next line's fields, which live until the next call, or io.EOF.
func (r *CopyReader) Next() ([]Field, error) {
	for {
		if r.done {
			return nil, io.EOF
		}
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		r.Line++
		r.text = nil
		if line, err = r.decode(line); err != nil {
			return nil, err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		r.text = line
		if r.Line == 1 && r.format.Header {
			if err := r.match(line); err != nil {
				return nil, err
			}
			continue
		}
		if !r.format.CSV {
			if string(line) == `\.` {
				r.done = true
				continue
			}
			return r.splitText(line)
		}
		if string(line) == `\.` {
			r.done = true
			continue
		}
		return r.splitCSV(line)
	}
}

// match compares a header with the columns' names.
func (r *CopyReader) match(line []byte) error {
	want := r.format.Match
	if want == nil {
		return nil
	}
	split := r.splitText
	if r.format.CSV {
		split = r.splitCSV
	}
	fields, err := split(line)
	if err != nil {
		return err
	}
	if len(fields) != len(want) {
		return pgerr.Newf(pgerr.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", len(fields), len(want))
	}
	for i, f := range fields {
		switch {
		case f.Null:
			return pgerr.Newf(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, r.format.Null, want[i])
		case string(f.Text) != want[i]:
			return pgerr.Newf(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f.Text, want[i])
		}
	}
	return nil
}

// line returns the next line with its end; in CSV a quoted line end belongs to it.
func (r *CopyReader) line() ([]byte, error) {
	// Where scanning goes on when a piece has come; an escape may end past the last one.
	i, quoted := 0, false
	for {
		for ; i < len(r.buffer); i++ {
			c := r.buffer[i]
			if r.format.CSV {
				if quoted && c == r.format.Escape && r.format.Escape != r.format.Quote {
					i++
					continue
				}
				if c == r.format.Quote {
					quoted = !quoted
				}
			} else if c == '\\' {
				i++ // the next character is part of an escape, a line end too
				continue
			}
			if c == '\n' && !quoted {
				line := r.buffer[:i+1]
				r.buffer = r.buffer[i+1:]
				return line, nil
			}
		}
		if r.ended {
			if len(r.buffer) == 0 {
				return nil, io.EOF
			}
			if quoted {
				return nil, pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
			}
			line := r.buffer
			r.buffer = nil
			return line, nil
		}
		piece, err := r.source.Next()
		if err == io.EOF {
			r.ended = true
			continue
		}
		if err != nil {
			return nil, err
		}
		r.buffer = append(r.buffer, piece...)
	}
}

func (r *CopyReader) splitText(line []byte) ([]Field, error) {
	r.fields = r.fields[:0]
	start := 0
	for i := 0; ; i++ {
		if i < len(line) && line[i] == '\\' {
			i++
			continue
		}
		if i < len(line) && line[i] != r.format.Delimiter {
			continue
		}
		raw := line[start:min(i, len(line))]
		start = i + 1
		if string(raw) == r.format.Null {
			r.fields = append(r.fields, Field{Null: true})
		} else {
			text := unescape(raw)
			if len(text) < len(raw) {
				// Bytes written as numbers are the server's, and text all the same.
				if err := format.CheckText(text); err != nil {
					return nil, err
				}
			}
			r.fields = append(r.fields, Field{Text: text})
		}
		if i >= len(line) {
			return r.fields, nil
		}
	}
}

// unescape reads the backslash sequences of COPY's text format (manual, COPY).
func unescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 >= len(raw) {
			out = append(out, c)
			continue
		}
		i++
		switch c = raw[i]; {
		case c == 'b':
			out = append(out, '\b')
		case c == 'f':
			out = append(out, '\f')
		case c == 'n':
			out = append(out, '\n')
		case c == 'r':
			out = append(out, '\r')
		case c == 't':
			out = append(out, '\t')
		case c == 'v':
			out = append(out, '\v')
		case c >= '0' && c <= '7':
			n := int(c - '0')
			for k := 0; k < 2 && i+1 < len(raw) && raw[i+1] >= '0' && raw[i+1] <= '7'; k++ {
				i++
				n = n*8 + int(raw[i]-'0')
			}
			out = append(out, byte(n))
		case c == 'x' && i+1 < len(raw) && hex(raw[i+1]) >= 0:
			n := 0
			for k := 0; k < 2 && i+1 < len(raw) && hex(raw[i+1]) >= 0; k++ {
				i++
				n = n*16 + hex(raw[i])
			}
			out = append(out, byte(n))
		default:
			out = append(out, c)
		}
	}
	return out
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func (r *CopyReader) splitCSV(line []byte) ([]Field, error) {
	r.fields = r.fields[:0]
	i := 0
	for {
		var text []byte
		wasQuoted, quoted := false, false
		for ; i < len(line); i++ {
			c := line[i]
			if quoted {
				if c == r.format.Escape && i+1 < len(line) && (line[i+1] == r.format.Quote || line[i+1] == r.format.Escape) && !(c == r.format.Quote && line[i+1] != r.format.Quote) {
					i++
					text = append(text, line[i])
					continue
				}
				if c == r.format.Quote {
					quoted = false
					continue
				}
				text = append(text, c)
				continue
			}
			if c == r.format.Delimiter {
				break
			}
			if c == r.format.Quote {
				quoted, wasQuoted = true, true
				continue
			}
			text = append(text, c)
		}
		column := len(r.fields)
		null := string(text) == r.format.Null && (!wasQuoted || r.format.ForceNull[column]) && !r.format.ForceValue[column]
		r.fields = append(r.fields, Field{Text: text, Null: null})
		if i >= len(line) {
			return r.fields, nil
		}
		i++
	}
}

// AppendField appends one value of a COPY TO.
func (f *CopyFormat) AppendField(dst []byte, text []byte, column int, alone bool) []byte {
	if f.CSV {
		quote := f.ForceAll || f.ForceQuote[column] || string(text) == f.Null || alone && string(text) == `\.`
		for _, c := range text {
			quote = quote || c == f.Delimiter || c == f.Quote || c == '\n' || c == '\r'
		}
		if !quote {
			return append(dst, text...)
		}
		dst = append(dst, f.Quote)
		for _, c := range text {
			if c == f.Quote || c == f.Escape {
				dst = append(dst, f.Escape)
			}
			dst = append(dst, c)
		}
		return append(dst, f.Quote)
	}
	for _, c := range text {
		switch c {
		case '\\':
			dst = append(dst, '\\', '\\')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\v':
			dst = append(dst, '\\', 'v')
		default:
			if c == f.Delimiter {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
	}
	return dst
}
