// Command datapunk is the database: one binary, one subcommand for each thing to do.
package main

import (
	"fmt"
	"os"

	"datapunk/server/setting"
)

const usage = `usage: datapunk COMMAND [flags]

  start     run a node (--data DIR, --listen HOST:PORT, --socket DIR,
            --password-file FILE, --tls-cert FILE, --tls-key FILE)
  sql       a small SQL shell (sql [URL])
  check     verify the directory of a stopped node (check DIR)
  version   print the version
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "start":
		err = start(os.Args[2:])
	case "sql":
		err = sql(os.Args[2:])
	case "check":
		err = check(os.Args[2:])
	case "version":
		fmt.Printf("datapunk %s (PostgreSQL %s)\n", setting.Product, setting.ServerVersion)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "datapunk:", err)
		os.Exit(1)
	}
}
