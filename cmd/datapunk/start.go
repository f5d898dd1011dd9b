package main

import (
	"context"
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
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n, err := node.Start(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "datapunk: ready on %s (loopback connections are trusted)\n", options.Listen)
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
