// Package config is the options of a node: from flags to one checked struct.
package config

import (
	"errors"
	"net"
	"strings"
)

// Options are what a node is started with.
type Options struct {
	Data   string // directory
	Listen string // HOST:PORT
	Socket string // directory of the unix socket, "" for none
	Cache  int64  // bytes of block cache, 0: the default
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
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsLoopback() {
		return nil, "", errors.New("listening beyond loopback needs password authentication, which is not supported yet: use localhost, 127.0.0.1 or ::1")
	}
	return []string{net.JoinHostPort(host, port)}, port, nil
}
