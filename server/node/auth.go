package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/server/auth"
)

// Certificate is that for TLS; a client that asks for it while the node starts waits
// (pgwire.Backend).
func (n *Node) Certificate() *tls.Certificate {
	select {
	case <-n.opened:
		return n.certificate
	case <-n.gone:
		return nil
	}
}

// Authenticate asks for a password on TCP if the node was given one; the unix socket
// trusts root and the user who runs the node (pgwire.Backend).
func (n *Node) Authenticate(c net.Conn, user string, cert *tls.Certificate) (*auth.Exchange, error) {
	if err := n.starting(); err != nil {
		return nil, err
	}
	if u, ok := c.(*net.UnixConn); ok {
		uid, err := peer(u)
		if err != nil || uid != 0 && uid != os.Getuid() {
			return nil, &pgerr.Error{Severity: "FATAL", Code: pgerr.InvalidAuthorizationSpecification, Message: "Peer authentication failed for user \"" + user + "\""}
		}
		return nil, nil
	}
	if !n.passwords {
		return nil, nil
	}
	shared, err := n.engine.Catalog.Latest(0)
	if err != nil {
		return nil, err
	}
	verifier := ""
	if r, ok := shared.Find(desc.Lookup{Class: desc.ClassRole, Name: user}).(*desc.Role); ok {
		if r.ValidUntil == nil || *r.ValidUntil > int64(n.engine.Now()) {
			verifier = r.Password
		}
	}
	return auth.NewExchange(user, verifier, n.secret[:], cert)
}

// peer is the user at the other end of a unix socket.
func peer(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	uid := -1
	var inner error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); inner == nil {
			uid = int(cred.Uid)
		}
	})
	if err == nil {
		err = inner
	}
	return uid, err
}

// setPassword gives the superuser the password the node was started with.
func (n *Node) setPassword(ctx context.Context, password string) error {
	if password == "" {
		return nil
	}
	n.passwords = true
	if _, err := rand.Read(n.secret[:]); err != nil {
		return err
	}
	s := n.db.NewSession()
	defer s.Close()
	return n.engine.SetPassword(ctx, s, password, func(verifier string) bool { return auth.Fits(verifier, password) })
}
