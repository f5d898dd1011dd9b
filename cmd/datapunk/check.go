package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"golang.org/x/term"

	"datapunk/server/node"
)

// check verifies the directory of a stopped node.
func check(args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("check wants the data directory")
	}
	if _, err := os.Stat(flags.Arg(0)); err != nil {
		return err
	}
	terminal := term.IsTerminal(int(os.Stderr.Fd()))
	step := func(what string, share float64) {
		if !terminal {
			return
		}
		line := what
		if share > 0 {
			line = fmt.Sprintf("%s %3.0f %%", what, share*100)
		}
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line)
	}
	found := 0
	report := func(format string, args ...any) {
		found++
		if terminal {
			fmt.Fprint(os.Stderr, "\r\x1b[K")
		}
		fmt.Printf(format+"\n", args...)
	}
	err := node.Check(context.Background(), flags.Arg(0), step, report)
	if terminal {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	switch {
	case err != nil:
		return err
	case found > 0:
		return fmt.Errorf("%d faults found in %s", found, flags.Arg(0))
	}
	fmt.Println("no faults found in", flags.Arg(0))
	return nil
}
