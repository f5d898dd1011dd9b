package pgwire

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"net"

	"datapunk/internal/pgerr"
)

// The kinds of authentication request.
const (
	authOK           = 0
	authSASL         = 10
	authSASLContinue = 11
	authSASLFinal    = 12
)

// secure answers a request for TLS.
func (c *Conn) secure() error {
	cert := c.backend.Certificate()
	if _, unix := c.net.(*net.UnixConn); cert == nil || unix || c.tls != nil {
		_, err := c.net.Write([]byte{'N'})
		return err
	}
	if c.in.Buffered() > 0 {
		// Sent before the handshake, by whoever is in between.
		return fatal(pgerr.ProtocolViolation, "received unencrypted data after SSL request")
	}
	if _, err := c.net.Write([]byte{'S'}); err != nil {
		return err
	}
	secured := tls.Server(c.net, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
	if err := secured.Handshake(); err != nil {
		return errDone
	}
	c.tls, c.net, c.in = cert, secured, bufio.NewReaderSize(secured, 16<<10)
	return nil
}

// authenticate lets a client prove that it is a role, where that is asked for.
func (c *Conn) authenticate(user string) error {
	x, err := c.backend.Authenticate(c.net, user, c.tls)
	if err != nil || x == nil {
		return err
	}
	c.begin('R')
	c.int32(authSASL)
	for _, m := range x.Mechanisms() {
		c.string(m)
	}
	c.out = append(c.out, 0)
	c.end()
	body, err := c.saslMessage()
	if err != nil {
		return err
	}
	r := reader{body}
	mechanism, ok := r.string()
	if !ok || len(r.b) < 4 {
		return fatal(pgerr.ProtocolViolation, "malformed SCRAM message")
	}
	message := r.b[4:]
	if n := int32(binary.BigEndian.Uint32(r.b)); n >= 0 && int(n) != len(message) {
		return fatal(pgerr.ProtocolViolation, "malformed SCRAM message")
	}
	answer, err := x.Start(mechanism, message)
	if err != nil {
		return wrongPassword(user)
	}
	c.sasl(authSASLContinue, answer)
	if body, err = c.saslMessage(); err != nil {
		return err
	}
	answer, done, err := x.Next(body)
	if err != nil || !done {
		return wrongPassword(user)
	}
	c.sasl(authSASLFinal, answer)
	return nil
}

func (c *Conn) sasl(kind int32, data []byte) {
	c.begin('R')
	c.int32(kind)
	c.out = append(c.out, data...)
	c.end()
}

// saslMessage waits for the client's next message of the conversation.
func (c *Conn) saslMessage() ([]byte, error) {
	if c.flush(); c.err != nil {
		return nil, errDone
	}
	kind, body, err := c.readUpTo(maxStartup)
	if err != nil {
		return nil, errDone
	}
	if kind != 'p' {
		return nil, fatal(pgerr.ProtocolViolation, "expected SASL response, got message type %d", kind)
	}
	return body, nil
}

func wrongPassword(user string) error {
	return fatal(pgerr.InvalidPassword, "password authentication failed for user \"%s\"", user)
}
