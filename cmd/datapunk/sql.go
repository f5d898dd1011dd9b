package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/term"
)

const shellHelp = `Statements end with ; at the end of a line.
  \d        list tables
  \d NAME   list the columns of a table
  \q        quit
`

// sql is a small shell, for those without psql.
func sql(args []string) error {
	flags := flag.NewFlagSet("sql", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	url := "postgres://postgres@localhost:5432/postgres?sslmode=prefer"
	switch flags.NArg() {
	case 0:
	case 1:
		url = flags.Arg(0)
	default:
		return errors.New("sql takes one URL")
	}
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return err
	}
	s := &shell{out: os.Stdout}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { fmt.Fprintf(s.out, "%s:  %s\n", n.Severity, n.Message) }
	ctx := context.Background()
	if s.conn, err = pgconn.ConnectConfig(ctx, config); err != nil {
		return err
	}
	defer s.conn.Close(ctx)
	// Ctrl-C stops the statement, not the shell.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for range interrupts {
			s.conn.CancelRequest(ctx)
		}
	}()
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		in := bufio.NewReader(os.Stdin)
		return s.run(ctx, func(string) (string, error) {
			line, err := in.ReadString('\n')
			if err == io.EOF && line != "" {
				err = nil
			}
			return strings.TrimSuffix(line, "\n"), err
		})
	}
	fmt.Printf("datapunk sql, connected to %s. \\? for help, \\q to quit.\n", config.Database)
	return s.run(ctx, func(prompt string) (string, error) {
		// The terminal is raw only while a line is edited, so that output and Ctrl-C
		// work as usual between.
		old, err := term.MakeRaw(int(os.Stdin.Fd()))
		if err != nil {
			return "", err
		}
		defer term.Restore(int(os.Stdin.Fd()), old)
		if s.terminal == nil {
			s.terminal = term.NewTerminal(struct {
				io.Reader
				io.Writer
			}{os.Stdin, os.Stdout}, "")
		}
		s.terminal.SetPrompt(prompt)
		return s.terminal.ReadLine()
	})
}

// shell reads statements and prints what they give.
type shell struct {
	conn     *pgconn.PgConn
	out      io.Writer
	terminal *term.Terminal
}

func (s *shell) run(ctx context.Context, read func(prompt string) (string, error)) error {
	var text strings.Builder
	for {
		prompt := "=> "
		if text.Len() > 0 {
			prompt = "-> "
		}
		line, err := read(prompt)
		if err == io.EOF {
			if strings.TrimSpace(text.String()) != "" {
				s.statement(ctx, text.String())
			}
			return nil
		}
		if err != nil {
			return err
		}
		trimmed := strings.TrimSpace(line)
		if text.Len() == 0 && strings.HasPrefix(trimmed, `\`) {
			if trimmed == `\q` {
				return nil
			}
			s.command(ctx, trimmed)
			continue
		}
		if text.Len() == 0 && trimmed == "" {
			continue
		}
		text.WriteString(line + "\n")
		if strings.HasSuffix(trimmed, ";") {
			s.statement(ctx, text.String())
			text.Reset()
		}
	}
}

func (s *shell) command(ctx context.Context, line string) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSuffix(strings.TrimSpace(rest), ";")
	switch {
	case word == `\d` && rest == "":
		s.statement(ctx, "SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2")
	case word == `\d`:
		s.statement(ctx, "SELECT attname AS column, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null FROM pg_attribute WHERE attrelid = '"+
			strings.ReplaceAll(rest, "'", "''")+"'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum")
	default:
		fmt.Fprint(s.out, shellHelp)
	}
}

func (s *shell) statement(ctx context.Context, text string) {
	results := s.conn.Exec(ctx, text)
	for results.NextResult() {
		r := results.ResultReader()
		var head []string
		for _, f := range r.FieldDescriptions() {
			head = append(head, f.Name)
		}
		var rows [][]string
		for r.NextRow() {
			row := make([]string, len(head))
			for i, v := range r.Values() {
				row[i] = string(v)
			}
			rows = append(rows, row)
		}
		tag, err := r.Close()
		if err != nil {
			break // told below
		}
		if head != nil {
			s.table(head, rows)
		} else {
			fmt.Fprintln(s.out, tag)
		}
	}
	if err := results.Close(); err != nil {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			fmt.Fprintln(s.out, err)
			return
		}
		fmt.Fprintf(s.out, "%s:  %s\n", e.Severity, e.Message)
		for _, part := range [][2]string{{"DETAIL", e.Detail}, {"HINT", e.Hint}} {
			if part[1] != "" {
				fmt.Fprintf(s.out, "%s:  %s\n", part[0], part[1])
			}
		}
	}
}

// table prints rows in columns.
func (s *shell) table(head []string, rows [][]string) {
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, v := range row {
			width[i] = max(width[i], utf8.RuneCountInString(v))
		}
	}
	line := func(row []string) {
		var b strings.Builder
		for i, v := range row {
			if i > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(v + strings.Repeat(" ", width[i]-utf8.RuneCountInString(v)))
		}
		fmt.Fprintln(s.out, strings.TrimRight(b.String(), " "))
	}
	line(head)
	var rule []string
	for _, w := range width {
		rule = append(rule, strings.Repeat("-", w))
	}
	fmt.Fprintln(s.out, strings.Join(rule, "-+-"))
	for _, row := range rows {
		line(row)
	}
	plural := "s"
	if len(rows) == 1 {
		plural = ""
	}
	fmt.Fprintf(s.out, "(%d row%s)\n", len(rows), plural)
}
