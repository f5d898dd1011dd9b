package pgwire

import (
	"io"

	"datapunk/internal/pgerr"
	"datapunk/server/client"
)

// copyIn reads CopyData messages.
type copyIn struct {
	conn *Conn
	done bool
}

// CopyIn begins a COPY from the client (client.Results).
func (c *Conn) CopyIn(columns int, binary bool) (client.CopySource, error) {
	c.begin('G')
	c.copyHead(columns, binary)
	c.flush()
	return &copyIn{conn: c}, c.err
}

func (c *Conn) copyHead(columns int, binary bool) {
	kind := byte(0)
	if binary {
		kind = 1
	}
	c.copyBinary = binary
	c.out = append(c.out, kind)
	c.int16(int16(columns))
	for range columns {
		c.int16(int16(kind))
	}
	c.end()
}

// Next returns the next piece of data, which lives until the next call.
func (s *copyIn) Next() ([]byte, error) {
	if s.done {
		return nil, io.EOF
	}
	for {
		kind, body, err := s.conn.read()
		if err != nil {
			return nil, fatal(pgerr.ConnectionFailure, "unexpected EOF on client connection with an open transaction")
		}
		switch kind {
		case 'd':
			return body, nil
		case 'c':
			s.done = true
			return nil, io.EOF
		case 'f':
			s.done = true
			r := reader{body}
			reason, _ := r.string()
			return nil, pgerr.Newf(pgerr.QueryCanceled, "COPY from stdin failed: %s", reason)
		case 'H', 'S':
		default:
			return nil, fatal(pgerr.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", kind)
		}
	}
}

// CopyOut begins a COPY to the client.
func (c *Conn) CopyOut(columns int, binary bool) error {
	c.begin('H')
	c.copyHead(columns, binary)
	return c.err
}

// CopyData sends one piece of it.
func (c *Conn) CopyData(data []byte) error {
	if !c.copyBinary {
		var err error
		if data, err = c.session.Encoding().Encode(data); err != nil {
			return err
		}
	}
	c.begin('d')
	c.out = append(c.out, data...)
	c.end()
	if len(c.out) > flushAt {
		c.flush()
	}
	return c.err
}

// CopyDone ends it.
func (c *Conn) CopyDone() error {
	c.empty('c')
	return c.err
}
