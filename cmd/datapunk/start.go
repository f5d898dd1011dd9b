package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"datapunk/server/config"
	"datapunk/server/node"
)

// start runs a node until a signal: SIGTERM and SIGINT shut it down, SIGQUIT ends it
// at once.
func start(args []string) error {
	options := config.Defaults()
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	flags.StringVar(&options.Data, "data", options.Data, "data directory")
	flags.StringVar(&options.Listen, "listen", options.Listen, "HOST:PORT to listen on")
	flags.StringVar(&options.Socket, "socket", options.Socket, "directory of the unix socket; empty for none")
	passwordFile := flags.String("password-file", "", "file with the superuser's password (or DATAPUNK_PASSWORD); TCP connections then need passwords")
	flags.StringVar(&options.TLSCert, "tls-cert", "", "TLS certificate, instead of the self-signed one in the data directory")
	flags.StringVar(&options.TLSKey, "tls-key", "", "its private key")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("start takes no argument %q", flags.Arg(0))
	}
	if err := options.ReadPassword(*passwordFile, os.Getenv("DATAPUNK_PASSWORD")); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n, err := node.Start(ctx, options)
	if err != nil {
		return err
	}
	how := "loopback connections are trusted"
	if options.Password != "" {
		how = "TCP connections need passwords"
	}
	fmt.Fprintf(os.Stderr, "datapunk: ready on %s (%s)\n", options.Listen, how)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	select {
	case s := <-signals:
		if s == syscall.SIGQUIT {
			os.Exit(1)
		}
	case err := <-n.Failed():
		return err
	}
	return n.Stop()
}
