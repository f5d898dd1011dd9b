// Package config is the options of a node: from flags to one checked struct.
package config

import (
	"errors"
	"net"
	"os"
	"strings"
)

// Options are what a node is started with.
type Options struct {
	Data   string // directory
	Listen string // HOST:PORT
	Socket string // directory of the unix socket, "" for none
	Cache  int64  // bytes of block cache, 0: the default
	Memory int64  // bytes that statements may use together, 0: half of the machine's

	// SpillRows, if not 0, is how many rows an operator may hold: tests of what happens
	// beyond make it small.
	SpillRows int

	// Password is that of the superuser; with it, every TCP connection needs one.
	Password string
	// TLSCert and TLSKey replace the certificate in the data directory.
	TLSCert, TLSKey string
}

// Defaults are the options without flags.
func Defaults() Options {
	return Options{Data: "./datapunk-data", Listen: "localhost:5432", Socket: "/tmp"}
}

// Addresses are where to listen: localhost is both IPv4 and IPv6.
func (o *Options) Addresses() (list []string, port string, err error) {
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, "", errors.New("--listen wants HOST:PORT, not " + o.Listen)
	}
	if strings.EqualFold(host, "localhost") {
		return []string{"127.0.0.1:" + port, "[::1]:" + port}, port, nil
	}
	if ip := net.ParseIP(host); o.Password == "" && (ip == nil || !ip.IsLoopback()) {
		return nil, "", errors.New("listening beyond loopback needs a password: set DATAPUNK_PASSWORD or --password-file, or use localhost")
	}
	return []string{net.JoinHostPort(host, port)}, port, nil
}

// ReadPassword takes the password from a file, or else from the environment.
func (o *Options) ReadPassword(file, environment string) error {
	if file == "" {
		o.Password = environment
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if o.Password = strings.TrimRight(string(text), "\r\n"); o.Password == "" {
		return errors.New("the password file " + file + " is empty")
	}
	return nil
}
