// Package node is the composition root: the one place where the concrete parts
// meet, and where their order of start and stop is written down.
//
// Start: listeners (57P03 until all is open), store, catalog, functions, engine. Stop:
// listeners, statements (57P01), connections, store.
package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"datapunk/catalog/store"
	"datapunk/catalog/system"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/kv/txn"
	"datapunk/server/auth"
	"datapunk/server/config"
	"datapunk/server/pgwire"
	"datapunk/server/session"
	"datapunk/sql/builtin"
	"datapunk/sql/function"
	"datapunk/types/datetime"
)

// Node is a running node.
type Node struct {
	db        kv.DB
	engine    *session.Engine
	listeners []net.Listener
	socket    string
	failed    chan error
	ctx       context.Context
	opened    chan struct{} // closed when the directory is open
	gone      chan struct{} // closed when the node stops

	certificate *tls.Certificate
	tending     context.CancelFunc
	passwords   bool     // TCP connections need one
	secret      [32]byte // by which verifiers for unknown roles are made up

	mu struct {
		sync.Mutex
		stopping bool
		conns    map[net.Conn]bool
		sessions map[int32]*entry
	}
	wait sync.WaitGroup
}

// entry is a session and its cancel key.
type entry struct {
	session *session.Session
	secret  uint32
}

// Start opens a node's directory and listens.
func Start(ctx context.Context, o config.Options) (*Node, error) {
	addresses, port, err := o.Addresses()
	if err != nil {
		return nil, err
	}
	n := newNode(ctx)
	if err := n.listen(o, addresses, port); err != nil {
		n.closeListeners()
		return nil, err
	}
	if err := n.open(ctx, o); err != nil {
		n.hangUp()
		n.wait.Wait()
		if n.db != nil {
			n.db.Close()
		}
		return nil, err
	}
	close(n.opened)
	tending, cancel := context.WithCancel(ctx)
	n.tending = cancel
	n.wait.Add(1)
	go n.tend(tending)
	return n, nil
}

func newNode(ctx context.Context) *Node {
	n := &Node{failed: make(chan error, 1), ctx: ctx, opened: make(chan struct{}), gone: make(chan struct{})}
	n.mu.conns, n.mu.sessions = map[net.Conn]bool{}, map[int32]*entry{}
	return n
}

// open opens the directory and recovers what is in it.
func (n *Node) open(ctx context.Context, o config.Options) (err error) {
	n.db, err = txn.Open(storeOptions(o, n.fatal))
	switch {
	case errors.Is(err, kv.ErrInUse):
		return fmt.Errorf("the directory %s is used by another node", o.Data)
	case err != nil:
		return err
	}
	if n.engine, err = newEngine(ctx, n.db); err != nil {
		return err
	}
	if err := n.limits(o); err != nil {
		return err
	}
	if err := n.engine.Recover(ctx); err != nil {
		return err
	}
	if err := n.setPassword(ctx, o.Password); err != nil {
		return err
	}
	n.certificate, err = auth.Certificate(o.Data, o.TLSCert, o.TLSKey, time.Now(), rand.Reader)
	return err
}

// fatal takes an error after which nothing can be acknowledged any more.
func (n *Node) fatal(err error) {
	select {
	case n.failed <- err:
	default:
	}
}

// Failed gives the error that ended the node.
func (n *Node) Failed() <-chan error { return n.failed }

// newEngine reads the catalog, or makes that of a new node.
func newEngine(ctx context.Context, db kv.DB) (*session.Engine, error) {
	catalog, err := store.Open(ctx, db, system.Objects(), system.Domains()...)
	if err != nil {
		return nil, err
	}
	if catalog.Empty() {
		if err := bootstrap(ctx, db, catalog); err != nil {
			return nil, err
		}
		if catalog, err = store.Open(ctx, db, system.Objects(), system.Domains()...); err != nil {
			return nil, err
		}
	}
	functions, err := function.New(builtin.Tables()...)
	if err != nil {
		return nil, err
	}
	zone, err := datetime.LoadZone(localZone())
	if err != nil {
		zone = datetime.UTC
	}
	now := func() datetime.Timestamp {
		// µs since 2000-01-01.
		return datetime.Timestamp(time.Now().UnixMicro() - 946684800000000)
	}
	return &session.Engine{Context: ctx, DB: db, Catalog: catalog, Functions: functions, Now: now, Zone: zone, Start: now(), Entropy: rand.Reader,
		Verifier: func(password string) (string, error) { return auth.Verifier(password, rand.Reader) },
		System:   system.New(append(system.Tables(), functionTables(functions)...)...)}, nil
}

// localZone is the system's time zone by name.
func localZone() string {
	if name := os.Getenv("TZ"); name != "" {
		return name
	}
	if target, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
		const dir = "/zoneinfo/"
		for i := 0; i+len(dir) < len(target); i++ {
			if target[i:i+len(dir)] == dir {
				return target[i+len(dir):]
			}
		}
	}
	return "UTC"
}

func (n *Node) listen(o config.Options, addresses []string, port string) error {
	for i, a := range addresses {
		l, err := net.Listen("tcp", a)
		if err != nil {
			if i > 0 && !errors.Is(err, syscall.EADDRINUSE) {
				continue // a machine without IPv6
			}
			if errors.Is(err, syscall.EADDRINUSE) {
				return fmt.Errorf("the address %s is in use", a)
			}
			return err
		}
		n.listeners = append(n.listeners, l)
	}
	if o.Socket == "" {
		n.accept()
		return nil
	}
	path := filepath.Join(o.Socket, ".s.PGSQL."+port)
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("the socket %s is in use", path)
	}
	os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	// Only the user who runs the node may connect.
	if err := os.Chmod(path, 0o700); err != nil {
		l.Close()
		return err
	}
	n.listeners, n.socket = append(n.listeners, l), path
	n.accept()
	return nil
}

// accept serves whoever connects from now on.
func (n *Node) accept() {
	for _, l := range n.listeners {
		n.wait.Add(1)
		go n.acceptAt(l)
	}
}

func (n *Node) acceptAt(l net.Listener) {
	defer n.wait.Done()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		n.mu.Lock()
		if n.mu.stopping {
			n.mu.Unlock()
			c.Close()
			return
		}
		n.mu.conns[c] = true
		n.mu.Unlock()
		if t, ok := c.(*net.TCPConn); ok {
			t.SetNoDelay(true)
		}
		n.wait.Add(1)
		go n.serve(c)
	}
}

func (n *Node) serve(c net.Conn) {
	defer n.wait.Done()
	defer func() {
		n.mu.Lock()
		delete(n.mu.conns, c)
		n.mu.Unlock()
	}()
	defer func() {
		// A fault of ours ends one connection, not the node.
		if fault := recover(); fault != nil {
			log.Printf("internal error: %v\n%s", fault, stack())
			c.Close()
		}
	}()
	pgwire.Serve(n.ctx, c, n)
}

// Open opens a session (pgwire.Backend).
func (n *Node) Open(user, database string, options map[string]string) (pgwire.Session, error) {
	s, err := n.engine.New(user, database, options)
	if err != nil {
		return nil, err
	}
	var secret [4]byte
	rand.Read(secret[:])
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.sessions[s.PID()] = &entry{s, binary.BigEndian.Uint32(secret[:])}
	return &tracked{s, n}, nil
}

// tracked forgets its cancel key when it is closed.
type tracked struct {
	*session.Session
	node *Node
}

func (t *tracked) Close() {
	t.Session.Close()
	t.node.mu.Lock()
	delete(t.node.mu.sessions, t.PID())
	t.node.mu.Unlock()
}

// Secret is a session's cancel key.
func (n *Node) Secret(pid int32) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.mu.sessions[pid]; e != nil {
		return e.secret
	}
	return 0
}

// starting refuses a client until the directory is open.
func (n *Node) starting() error {
	select {
	case <-n.opened:
		return nil
	default:
		return &pgerr.Error{Severity: "FATAL", Code: pgerr.CannotConnectNow, Message: "the database system is starting up"}
	}
}

// Cancel ends a session's statement if the key is right.
func (n *Node) Cancel(pid int32, secret uint32) {
	n.mu.Lock()
	e := n.mu.sessions[pid]
	n.mu.Unlock()
	if e != nil && e.secret == secret {
		n.engine.Cancel(pid)
	}
}

func (n *Node) closeListeners() {
	for _, l := range n.listeners {
		l.Close()
	}
	if n.socket != "" {
		os.Remove(n.socket)
	}
}

// hangUp refuses new clients and ends the present ones' statements and waiting.
func (n *Node) hangUp() {
	n.closeListeners()
	close(n.gone)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.stopping = true
	for _, e := range n.mu.sessions {
		e.session.Terminate()
	}
	for c := range n.mu.conns {
		c.SetReadDeadline(time.Unix(1, 0)) // an idle connection stops reading
	}
}

// Stop ends all connections and closes the store.
func (n *Node) Stop() error {
	n.tending()
	n.hangUp()
	n.wait.Wait()
	return n.db.Close()
}

// Addr is the first address the node listens on, for tests that ask for port 0.
func (n *Node) Addr() string { return n.listeners[0].Addr().String() }
