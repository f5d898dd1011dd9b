package utility

import (
	"fmt"
	"io"
	"testing"
	"unicode/utf8"
)

type pieces struct {
	text []byte
	size int
}

func (p *pieces) Next() ([]byte, error) {
	if len(p.text) == 0 {
		return nil, io.EOF
	}
	piece := p.text[:min(p.size, len(p.text))]
	p.text = p.text[len(piece):]
	return piece, nil
}

// TestPieces: a COPY's lines and fields do not depend on where its pieces end, be it
// within a character, an escape or a quoted field.
func TestPieces(t *testing.T) {
	decode := func(b []byte) ([]byte, error) {
		if !utf8.Valid(b) {
			return nil, fmt.Errorf("%q is not whole", b)
		}
		return b, nil
	}
	read := func(text string, format CopyFormat, size int) string {
		r := NewCopyReader(&pieces{[]byte(text), size}, decode, format)
		out := ""
		for {
			fields, err := r.Next()
			if err == io.EOF {
				return out
			}
			if err != nil {
				return out + err.Error()
			}
			for _, f := range fields {
				out += fmt.Sprintf("%d %q %v|", r.Line, f.Text, f.Null)
			}
		}
	}
	for _, c := range []struct {
		text   string
		format CopyFormat
		want   string
	}{
		{"ä\tb\\\\\n\\N\téé\\\nx\r\n日本\t\\x41\n\\.\nrest", CopyFormat{Delimiter: '\t', Null: `\N`},
			`1 "ä" false|1 "b\\" false|2 "" true|2 "éé\nx" false|3 "日本" false|3 "A" false|`},
		{"ä,\"b\n\"\"ü\"\n,\"\"\n\"x\",ÿ", CopyFormat{CSV: true, Delimiter: ',', Quote: '"', Escape: '"'},
			`1 "ä" false|1 "b\n\"ü" false|2 "" true|2 "" false|3 "x" false|3 "ÿ" false|`},
		{"\"a!\"\n!!\",ö\n", CopyFormat{CSV: true, Delimiter: ',', Quote: '"', Escape: '!'},
			`1 "a\"\n!" false|1 "ö" false|`},
	} {
		for size := 1; size <= len(c.text); size++ {
			if got := read(c.text, c.format, size); got != c.want {
				t.Errorf("in pieces of %d bytes:\n got %s\nwant %s", size, got, c.want)
				break
			}
		}
	}
}
