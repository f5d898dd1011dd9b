// Package pgwire speaks PostgreSQL's protocol, version 3.0, with one client.
//
// A connection is one goroutine: it reads a message from a reused buffer, lets the
// session act, and appends what comes back to a write buffer that goes out in one
// Write when the client waits for it (ReadyForQuery, Flush, or a full buffer). After
// an error in the extended protocol everything up to Sync is skipped.
package pgwire

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"datapunk/internal/pgerr"
	"datapunk/server/auth"
	"datapunk/server/client"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// Session is what a connection asks of the session behind it.
type Session interface {
	Attach(client.Results)
	PID() int32
	Parameters() [][2]string
	Status() byte
	// IdleTimeout is how many ms the client may be silent now, 0 without end.
	IdleTimeout() int64
	// OnTerminate sets what interrupts the waiting for the client; Ended is then why.
	OnTerminate(wake func())
	Ended() error
	Format() *format.Context
	Encoding() *client.Encoding
	Simple(ctx context.Context, sql string) error
	Parse(ctx context.Context, name, sql string, params []types.OID) error
	Bind(ctx context.Context, portal, statement string, formats []int16, values [][]byte) error
	Statement(name string) ([]*types.Type, []client.Column, error)
	Portal(name string) ([]client.Column, error)
	Execute(ctx context.Context, portal string, limit int64) (suspended bool, err error)
	CloseStatement(name string)
	ClosePortal(name string)
	Sync(ctx context.Context) error
	Close()
}

// Backend opens sessions and cancels statements.
type Backend interface {
	Open(user, database string, options map[string]string) (Session, error)
	Cancel(pid int32, secret uint32)
	// Certificate is that for TLS, nil for none.
	Certificate() *tls.Certificate
	// Authenticate begins the conversation by which a client proves that it is a
	// role; nil trusts the connection.
	Authenticate(c net.Conn, user string, cert *tls.Certificate) (*auth.Exchange, error)
	// Secret is the cancel key of a session.
	Secret(pid int32) uint32
}

// The limits on what a client may send.
const (
	maxStartup  = 10000
	startupTime = time.Minute // PostgreSQL's authentication_timeout
	maxMessage  = 1 << 30
	flushAt     = 64 << 10
)

var errMalformed = pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")

// Conn is one connection.
type Conn struct {
	net     net.Conn
	backend Backend
	session Session
	tls     *tls.Certificate // of the secured connection, or nil
	in      *bufio.Reader
	message []byte
	out     []byte
	start   int // of the message being written
	formats map[string][]int16
	current []int16 // result formats of the portal being executed; nil: text
	err     error   // of writing
	binary  []bool
	// copyBinary: the COPY to the client that is under way is in binary format.
	copyBinary bool
	columns    []client.Column
}

// Serve talks to one client until it goes.
func Serve(ctx context.Context, c net.Conn, backend Backend) error {
	conn := &Conn{net: c, backend: backend, in: bufio.NewReaderSize(c, 16<<10), formats: map[string][]int16{}}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(startupTime))
	if err := conn.startup(); err != nil {
		if errors.Is(err, errDone) {
			return nil
		}
		conn.fail(err)
		conn.flush()
		return err
	}
	c.SetReadDeadline(time.Time{})
	defer conn.session.Close()
	conn.session.Attach(conn)
	conn.session.OnTerminate(func() { c.SetReadDeadline(time.Unix(1, 0)) })
	conn.ready()
	for {
		kind, body, err := conn.next()
		if err != nil {
			var e *pgerr.Error
			if errors.As(err, &e) {
				conn.fail(e)
				conn.flush()
			}
			return err
		}
		if kind == 'X' {
			return nil
		}
		if err := conn.dispatch(ctx, kind, body); err != nil {
			return err
		}
		if conn.err != nil {
			return conn.err
		}
		if err := conn.session.Ended(); err != nil {
			return err // a busy session has told its client already
		}
	}
}

// next waits for a message. What ends the waiting from outside is told the client.
func (c *Conn) next() (byte, []byte, error) {
	limit := c.session.IdleTimeout()
	if limit > 0 {
		c.net.SetReadDeadline(time.Now().Add(time.Duration(limit) * time.Millisecond))
		if ended := c.session.Ended(); ended != nil {
			return 0, nil, ended // its interruption has just been overwritten
		}
	}
	kind, body, err := c.read()
	if ended := c.session.Ended(); ended != nil && err != nil {
		return 0, nil, ended
	}
	if limit > 0 {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, nil, fatal(pgerr.IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction timeout")
		}
		c.net.SetReadDeadline(time.Time{})
	}
	return kind, body, err
}

var errDone = errors.New("pgwire: nothing more to say")

// The codes of the startup message.
const (
	protocol3  = 3 << 16
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
)

func fatal(code pgerr.Code, message string, args ...any) *pgerr.Error {
	e := pgerr.Newf(code, message, args...)
	e.Severity = "FATAL"
	return e
}

// startup reads until the session is open.
func (c *Conn) startup() error {
	for {
		var head [4]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return errDone
		}
		n := int(binary.BigEndian.Uint32(head[:]))
		if n < 8 || n > maxStartup {
			return fatal(pgerr.ProtocolViolation, "invalid length of startup packet")
		}
		body := make([]byte, n-4)
		if _, err := io.ReadFull(c.in, body); err != nil {
			return errDone
		}
		code := binary.BigEndian.Uint32(body)
		body = body[4:]
		switch {
		case code == codeSSL:
			if err := c.secure(); err != nil {
				return err
			}
			continue
		case code == codeGSS:
			if _, err := c.net.Write([]byte{'N'}); err != nil {
				return errDone
			}
			continue
		case code == codeCancel:
			if len(body) == 8 {
				c.backend.Cancel(int32(binary.BigEndian.Uint32(body)), binary.BigEndian.Uint32(body[4:]))
			}
			return errDone
		case code>>16 != 3:
			return fatal(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", code>>16, code&0xffff)
		}
		return c.open(code, body)
	}
}

// open reads the startup parameters and opens the session.
func (c *Conn) open(code uint32, body []byte) error {
	options := map[string]string{}
	user, database := "", ""
	var unknown []string
	r := reader{body}
	for len(r.b) > 0 && r.b[0] != 0 {
		name, ok1 := r.string()
		value, ok2 := r.string()
		if !ok1 || !ok2 {
			return fatal(pgerr.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
		}
		switch {
		case name == "user":
			user = value
		case name == "database":
			database = value
		case name == "replication":
			if value != "false" && value != "off" && value != "0" && value != "no" {
				return fatal(pgerr.FeatureNotSupported, "replication connections are not supported")
			}
		case name == "options":
			if err := commandLine(value, options); err != nil {
				return err
			}
		case len(name) > 5 && name[:5] == "_pq_.":
			unknown = append(unknown, name)
		default:
			options[name] = value
		}
	}
	if user == "" {
		return fatal(pgerr.InvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
	}
	if database == "" {
		database = user
	}
	if code != protocol3 || len(unknown) > 0 {
		c.begin('v')
		c.int32(protocol3 & 0xffff)
		c.int32(int32(len(unknown)))
		for _, name := range unknown {
			c.string(name)
		}
		c.end()
	}
	if err := c.authenticate(user); err != nil {
		return err
	}
	s, err := c.backend.Open(user, database, options)
	if err != nil {
		e := pgerr.Of(err)
		e.Severity = "FATAL"
		return e
	}
	c.session = s
	c.begin('R')
	c.int32(authOK)
	c.end()
	for _, p := range s.Parameters() {
		c.Parameter(p[0], p[1])
	}
	c.begin('K')
	c.int32(s.PID())
	c.int32(int32(c.backend.Secret(s.PID())))
	c.end()
	return nil
}

// commandLine reads "-c name=value" and "--name=value" of options.
func commandLine(text string, options map[string]string) error {
	var words []string
	word, inWord := []byte(nil), false
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '\\' && i+1 < len(text):
			i++
			word, inWord = append(word, text[i]), true
		case ch == ' ' || ch == '\t' || ch == '\n':
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = nil, false
		default:
			word, inWord = append(word, ch), true
		}
	}
	if inWord {
		words = append(words, string(word))
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case len(w) > 2 && (w[:2] == "-c" || w[:2] == "--"):
			w = w[2:]
		default:
			return fatal(pgerr.SyntaxError, "invalid command-line argument for server process: %s", w)
		}
		for k := range len(w) {
			if w[k] == '=' {
				options[w[:k]] = w[k+1:]
				break
			}
		}
	}
	return nil
}

// read reads one message into the reused buffer.
func (c *Conn) read() (byte, []byte, error) { return c.readUpTo(maxMessage) }

// readUpTo reads one message of limited length. Memory grows with what has come, not
// with what the length promises.
func (c *Conn) readUpTo(limit int) (byte, []byte, error) {
	kind, err := c.in.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(int32(binary.BigEndian.Uint32(head[:]))) - 4
	if n < 0 || n > limit {
		return 0, nil, fatal(pgerr.ProtocolViolation, "invalid message length")
	}
	if cap(c.message) > 1<<20 && n < 1<<16 {
		c.message = make([]byte, 0, 1<<16)
	}
	c.message = c.message[:0]
	for len(c.message) < n {
		have := len(c.message)
		c.message = slices.Grow(c.message, min(n-have, 1<<20))[:min(n, have+1<<20)]
		if _, err := io.ReadFull(c.in, c.message[have:]); err != nil {
			return 0, nil, err
		}
	}
	return kind, c.message, nil
}

// dispatch acts on one message.
func (c *Conn) dispatch(ctx context.Context, kind byte, body []byte) error {
	r := reader{body}
	switch kind {
	case 'Q':
		sql, ok := r.string()
		if !ok {
			return c.violation("invalid string in message")
		}
		c.current = nil
		text, err := c.session.Encoding().Decode([]byte(sql))
		if err == nil {
			err = c.session.Simple(ctx, string(text))
		}
		if err != nil {
			c.fail(err)
		}
		c.ready()
		return nil
	case 'S':
		if err := c.session.Sync(ctx); err != nil {
			c.fail(err)
		}
		c.ready()
		return nil
	case 'H':
		c.flush()
		return nil
	case 'd', 'c', 'f': // left over from a COPY that failed
		return nil
	case 'P', 'B', 'D', 'E', 'C':
	default:
		return c.violation(fmt.Sprintf("invalid frontend message type %d", kind))
	}
	err := c.extended(ctx, kind, &r)
	if err == nil {
		return nil
	}
	c.fail(err)
	if c.session.Ended() != nil {
		c.flush()
		return err
	}
	// Everything up to Sync is skipped.
	for {
		kind, _, err := c.read()
		if err != nil {
			return err
		}
		switch kind {
		case 'S':
			if err := c.session.Sync(ctx); err != nil {
				c.fail(err)
			}
			c.ready()
			return nil
		case 'X':
			return io.EOF
		}
	}
}

func (c *Conn) violation(message string) error {
	c.fail(fatal(pgerr.ProtocolViolation, "%s", message))
	c.flush()
	return errors.New("pgwire: " + message)
}

// extended acts on one message of the extended protocol.
func (c *Conn) extended(ctx context.Context, kind byte, r *reader) error {
	switch kind {
	case 'P':
		name, ok1 := r.string()
		sql, ok2 := r.string()
		n, ok3 := r.int16()
		if !ok1 || !ok2 || !ok3 {
			return errMalformed
		}
		params := make([]types.OID, n)
		for i := range params {
			v, ok := r.int32()
			if !ok {
				return errMalformed
			}
			params[i] = types.OID(uint32(v))
		}
		text, err := c.session.Encoding().Decode([]byte(sql))
		if err != nil {
			return err
		}
		if err := c.session.Parse(ctx, name, string(text), params); err != nil {
			return err
		}
		c.empty('1')
	case 'B':
		portal, ok1 := r.string()
		statement, ok2 := r.string()
		if !ok1 || !ok2 {
			return errMalformed
		}
		formats, ok := r.int16s()
		if !ok {
			return errMalformed
		}
		n, ok := r.int16()
		if !ok {
			return errMalformed
		}
		values := make([][]byte, n)
		for i := range values {
			size, ok := r.int32()
			if !ok {
				return errMalformed
			}
			if size < 0 {
				continue
			}
			if values[i], ok = r.bytes(int(size)); !ok {
				return errMalformed
			}
		}
		results, ok := r.int16s()
		if !ok {
			return errMalformed
		}
		if err := c.session.Bind(ctx, portal, statement, formats, values); err != nil {
			return err
		}
		c.formats[portal] = results
		c.empty('2')
	case 'D':
		what, ok1 := r.byte()
		name, ok2 := r.string()
		if !ok1 || !ok2 {
			return errMalformed
		}
		var cols []client.Column
		var err error
		if what == 'S' {
			var params []*types.Type
			if params, cols, err = c.session.Statement(name); err != nil {
				return err
			}
			c.begin('t')
			c.int16(int16(len(params)))
			for _, t := range params {
				c.int32(int32(t.OID))
			}
			c.end()
			c.current = nil
		} else {
			if cols, err = c.session.Portal(name); err != nil {
				return err
			}
			c.current = c.formats[name]
		}
		if cols == nil {
			c.empty('n')
		} else {
			c.describe(cols)
		}
	case 'E':
		name, ok1 := r.string()
		limit, ok2 := r.int32()
		if !ok1 || !ok2 {
			return errMalformed
		}
		cols, err := c.session.Portal(name)
		if err != nil {
			return err
		}
		c.current = c.formats[name]
		if err := c.setFormats(cols); err != nil {
			return err
		}
		suspended, err := c.session.Execute(ctx, name, int64(limit))
		if err != nil {
			return err
		}
		if suspended {
			c.empty('s')
		}
	case 'C':
		what, ok1 := r.byte()
		name, ok2 := r.string()
		if !ok1 || !ok2 {
			return errMalformed
		}
		if what == 'S' {
			c.session.CloseStatement(name)
		} else {
			c.session.ClosePortal(name)
		}
		c.empty('3')
	}
	return nil
}

// setFormats finds which columns go out in binary.
func (c *Conn) setFormats(cols []client.Column) error {
	if n := len(c.current); n > 1 && n != len(cols) {
		return pgerr.Newf(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", n, len(cols))
	}
	c.columns = cols
	c.binary = c.binary[:0]
	for i := range cols {
		b := len(c.current) == 1 && c.current[0] == 1 || len(c.current) > 1 && c.current[i] == 1
		c.binary = append(c.binary, b)
	}
	return nil
}

// describe writes RowDescription.
func (c *Conn) describe(cols []client.Column) {
	c.begin('T')
	c.int16(int16(len(cols)))
	for i, col := range cols {
		c.string(col.Name)
		c.int32(int32(col.Table))
		c.int16(col.Number)
		c.int32(int32(col.Type.OID))
		c.int16(col.Type.Len)
		c.int32(col.Mod)
		b := len(c.current) == 1 && c.current[0] == 1 || len(c.current) > 1 && i < len(c.current) && c.current[i] == 1
		if b {
			c.int16(1)
		} else {
			c.int16(0)
		}
	}
	c.end()
}

// Columns begins a result (client.Results).
func (c *Conn) Columns(cols []client.Column) error {
	c.current = nil
	c.describe(cols)
	return c.setFormats(cols)
}

// Batch writes rows, encoded straight into the write buffer.
func (c *Conn) Batch(b *vector.Batch) error {
	ctx, encoding := c.session.Format(), c.session.Encoding()
	for k := range b.Rows() {
		i := b.Row(k)
		c.begin('D')
		c.int16(int16(len(c.columns)))
		for n := range c.columns {
			v := b.Cols[n]
			if v.Null(i) {
				c.int32(-1)
				continue
			}
			at := len(c.out)
			c.int32(0)
			if c.binary[n] {
				out, err := format.AppendBinary(c.out, ctx, v, i)
				if err != nil {
					c.out = c.out[:c.start]
					return err
				}
				c.out = out
			} else {
				c.out = format.AppendText(c.out, ctx, v, i)
				if encoding != nil {
					text, err := encoding.Encode(c.out[at+4:])
					if err != nil {
						c.out = c.out[:c.start]
						return err
					}
					c.out = append(c.out[:at+4], text...)
				}
			}
			binary.BigEndian.PutUint32(c.out[at:], uint32(len(c.out)-at-4))
		}
		c.end()
		if len(c.out) > flushAt {
			c.flush()
			if c.err != nil {
				return c.err
			}
		}
	}
	return nil
}

// Complete ends a statement.
func (c *Conn) Complete(tag string) error {
	c.begin('C')
	c.string(tag)
	c.end()
	return c.err
}

// Empty answers a text without a statement.
func (c *Conn) Empty() error {
	c.empty('I')
	return c.err
}

// Notice sends a NoticeResponse.
func (c *Conn) Notice(e *pgerr.Error) { c.report('N', e) }

// Parameter sends a ParameterStatus.
func (c *Conn) Parameter(name, value string) {
	c.begin('S')
	c.string(name)
	c.string(value)
	c.end()
}

func (c *Conn) fail(err error) { c.report('E', pgerr.Of(err)) }

// report writes an error or notice with all its fields.
func (c *Conn) report(kind byte, e *pgerr.Error) {
	c.begin(kind)
	field := func(letter byte, value string) {
		if value != "" {
			c.out = append(c.out, letter)
			c.string(value)
		}
	}
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	field('S', severity)
	field('V', severity)
	field('C', string(e.Code))
	field('M', e.Message)
	field('D', e.Detail)
	field('H', e.Hint)
	if e.Position > 0 {
		field('P', strconv.Itoa(e.Position))
	}
	if e.InternalPosition > 0 {
		field('p', strconv.Itoa(e.InternalPosition))
	}
	field('q', e.InternalQuery)
	field('W', e.Where)
	field('s', e.Schema)
	field('t', e.Table)
	field('c', e.Column)
	field('d', e.DataType)
	field('n', e.Constraint)
	field('F', e.File)
	if e.Line > 0 {
		field('L', strconv.Itoa(e.Line))
	}
	field('R', e.Routine)
	c.out = append(c.out, 0)
	c.end()
}

// ready ends an exchange.
func (c *Conn) ready() {
	if c.session.Ended() != nil {
		c.flush() // nothing follows a FATAL error
		return
	}
	c.begin('Z')
	c.out = append(c.out, c.session.Status())
	c.end()
	c.flush()
}

func (c *Conn) empty(kind byte) {
	c.begin(kind)
	c.end()
}

func (c *Conn) begin(kind byte) {
	c.start = len(c.out)
	c.out = append(c.out, kind, 0, 0, 0, 0)
}

func (c *Conn) end() { binary.BigEndian.PutUint32(c.out[c.start+1:], uint32(len(c.out)-c.start-1)) }

func (c *Conn) int16(v int16) { c.out = binary.BigEndian.AppendUint16(c.out, uint16(v)) }
func (c *Conn) int32(v int32) { c.out = binary.BigEndian.AppendUint32(c.out, uint32(v)) }

func (c *Conn) string(s string) { c.out = append(append(c.out, s...), 0) }

func (c *Conn) flush() {
	if len(c.out) == 0 || c.err != nil {
		return
	}
	_, c.err = c.net.Write(c.out)
	if c.out = c.out[:0]; cap(c.out) > 1<<20 {
		c.out = nil
	}
}
