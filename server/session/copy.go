package session

import (
	"context"
	"fmt"
	"io"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/executor/utility"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/server/setting"
	"datapunk/sql/expr"
	"datapunk/sql/logical"
	"datapunk/sql/parser"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// copyStmt runs COPY to and from the client.
func (s *Session) copyStmt(ctx context.Context, sql string, st *parser.Statement) (string, error) {
	n := st.Node.GetCopyStmt()
	if n.Filename != "" || n.IsProgram {
		return "", pgerr.Unsupported("COPY with a server file or program")
	}
	f, err := copyOptions(n.Options)
	if err != nil {
		return "", err
	}
	if n.IsFrom {
		return s.copyFrom(ctx, sql, n, f)
	}
	return s.copyTo(ctx, sql, n, f)
}

// copyOptions reads the options in old and new spelling.
func copyOptions(options []*pg.Node) (*utility.CopyFormat, error) {
	f := &utility.CopyFormat{Delimiter: '\t', Null: `\N`, Quote: '"', Escape: '"'}
	given := map[string]bool{}
	for _, o := range options {
		d := o.GetDefElem()
		name, value := d.Defname, constText(d.Arg)
		if given[name] {
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options")
		}
		given[name] = true
		one := func(what string) (byte, error) {
			if len(value) != 1 {
				return 0, pgerr.Newf(pgerr.FeatureNotSupported, "COPY %s must be a single one-byte character", what)
			}
			return value[0], nil
		}
		var err error
		switch name {
		case "format":
			switch value {
			case "csv":
				f.CSV = true
			case "text":
			case "binary":
				return nil, pgerr.Unsupported("COPY in binary format")
			default:
				return nil, pgerr.Newf(pgerr.InvalidParameterValue, "COPY format \"%s\" not recognized", value)
			}
		case "delimiter":
			f.Delimiter, err = one("delimiter")
		case "null":
			f.Null = value
		case "header":
			ok := true
			f.Header = true
			if value != "" {
				if f.Header, ok = setting.ParseBool(value); !ok {
					return nil, pgerr.Unsupported("HEADER %s", value)
				}
			}
		case "quote":
			f.Quote, err = one("quote")
		case "escape":
			f.Escape, err = one("escape")
		case "freeze":
		case "encoding":
			if v := strings.ToUpper(strings.ReplaceAll(value, "-", "")); v != "UTF8" {
				return nil, pgerr.Unsupported("COPY with encoding %s", value)
			}
		case "force_quote", "force_null", "force_not_null":
			return nil, pgerr.Unsupported("COPY option %s", strings.ToUpper(name))
		default:
			return nil, pgerr.Newf(pgerr.SyntaxError, "option \"%s\" not recognized", name)
		}
		if err != nil {
			return nil, err
		}
	}
	if f.CSV {
		if !given["delimiter"] {
			f.Delimiter = ','
		}
		if !given["null"] {
			f.Null = ""
		}
		if !given["escape"] {
			f.Escape = f.Quote
		}
	}
	return f, nil
}

// copyFrom inserts the rows that the client sends.
func (s *Session) copyFrom(ctx context.Context, sql string, n *pg.CopyStmt, f *utility.CopyFormat) (string, error) {
	if err := s.begin(); err != nil {
		return "", err
	}
	if s.txn.Options().ReadOnly {
		return "", pgerr.New(pgerr.ReadOnlySqlTransaction, "cannot execute COPY FROM in a read-only transaction")
	}
	var query *logical.Query
	var cols []logical.Col
	snapshot, err := s.locked(ctx, func(snapshot catalog.Snapshot) (uses []logical.Use, err error) {
		if query, cols, err = s.binder(sql, snapshot, nil, false).CopyFrom(n); err != nil {
			return nil, err
		}
		return query.Uses, nil
	})
	if err != nil {
		return "", err
	}
	if err := s.privileges(snapshot, query.Uses); err != nil {
		return "", err
	}
	p, err := s.planner(snapshot).Plan(query)
	if err != nil {
		return "", err
	}
	insert := p.Root.(*plan.Insert)
	rows := &plan.Source{}
	for _, c := range cols {
		rows.Out = append(rows.Out, plan.Column{ID: c.ID, Typing: expr.Typing{T: c.Type, M: c.Mod, C: c.Collation}, Name: c.Name})
	}
	insert.Input = rows
	source, err := s.results.CopyIn(len(cols))
	if err != nil {
		return "", err
	}
	in := &copyRows{session: s, reader: utility.NewCopyReader(source, *f), cols: cols, table: query.Change.Table.Relation.Name}
	rows.Rows = in
	x, err := s.execute(ctx, snapshot, p, nil)
	if err != nil {
		return "", err
	}
	defer x.close()
	if _, err = x.fetch(0, func(*vector.Batch) error { return nil }); err != nil {
		e := translate(ctx, err).(*pgerr.Error)
		if in.reader.Line > 0 && e.Where == "" {
			e.WithWhere("COPY %s, line %d", in.table, in.reader.Line)
		}
		// What the client still sends is read and forgotten.
		for {
			if _, err := source.Next(); err != nil {
				break
			}
		}
		return "", e
	}
	return fmt.Sprintf("COPY %d", x.env.Changed), nil
}

// copyRows turns lines into batches.
type copyRows struct {
	session *Session
	reader  *utility.CopyReader
	cols    []logical.Col
	table   string
	batch   *vector.Batch
	ended   bool
}

// Next reads up to max lines (plan.Rows).
func (c *copyRows) Next(max int) (*vector.Batch, error) {
	if c.ended {
		return nil, nil
	}
	if c.batch == nil {
		c.batch = &vector.Batch{}
		for _, col := range c.cols {
			c.batch.Cols = append(c.batch.Cols, vector.New(col.Type, max))
		}
	}
	for i, col := range c.cols {
		c.batch.Cols[i].Init(col.Type, max)
	}
	c.batch.N = 0
	for c.batch.N < max {
		fields, err := c.reader.Next()
		if err == io.EOF {
			c.ended = true
			break
		}
		if err != nil {
			return nil, err
		}
		if err := c.line(fields, c.batch.N); err != nil {
			return nil, err
		}
		c.batch.N++
	}
	if c.batch.N == 0 {
		return nil, nil
	}
	return c.batch, nil
}

func (c *copyRows) line(fields []utility.Field, row int) error {
	where := func(e *pgerr.Error) error {
		return e.WithWhere("COPY %s, line %d: \"%s\"", c.table, c.reader.Line, short(c.reader.Raw()))
	}
	if len(fields) > len(c.cols) {
		return where(pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column"))
	}
	for i, col := range c.cols {
		if i >= len(fields) {
			return where(pgerr.Newf(pgerr.BadCopyFileFormat, "missing data for column \"%s\"", col.Name))
		}
		v := c.batch.Cols[i]
		if fields[i].Null {
			v.SetNull(row)
			continue
		}
		if err := format.ParseText(&c.session.format, col.Type, col.Mod, string(fields[i].Text), v, row); err != nil {
			return pgerr.Of(err).WithWhere("COPY %s, line %d, column %s: \"%s\"", c.table, c.reader.Line, col.Name, short(fields[i].Text))
		}
	}
	return nil
}

// short cuts a value for an error message, as PostgreSQL does past 100 bytes.
func short(b []byte) string {
	if len(b) <= 100 {
		return string(b)
	}
	cut := 100
	for cut > 0 && b[cut]&0xc0 == 0x80 {
		cut--
	}
	return string(b[:cut]) + "..."
}

func (s *Session) copyTo(ctx context.Context, sql string, n *pg.CopyStmt, f *utility.CopyFormat) (string, error) {
	if err := s.begin(); err != nil {
		return "", err
	}
	var query *logical.Query
	snapshot, err := s.locked(ctx, func(snapshot catalog.Snapshot) (uses []logical.Use, err error) {
		if query, err = s.binder(sql, snapshot, nil, false).CopyTo(n); err != nil {
			return nil, err
		}
		return query.Uses, nil
	})
	if err != nil {
		return "", err
	}
	x, err := s.plan(ctx, snapshot, query, nil)
	if err != nil {
		return "", err
	}
	defer x.close()
	if err := s.results.CopyOut(len(x.columns)); err != nil {
		return "", err
	}
	var line []byte
	if f.Header {
		for i, c := range x.columns {
			if i > 0 {
				line = append(line, f.Delimiter)
			}
			line = f.AppendField(line, []byte(c.Name), i, false)
		}
		if err := s.results.CopyData(append(line, '\n')); err != nil {
			return "", err
		}
	}
	var text []byte
	_, err = x.fetch(0, func(b *vector.Batch) error {
		for k := range b.Rows() {
			r := b.Row(k)
			line = line[:0]
			for i := range x.columns {
				if i > 0 {
					line = append(line, f.Delimiter)
				}
				if b.Cols[i].Null(r) {
					line = append(line, f.Null...)
					continue
				}
				text = format.AppendText(text[:0], &s.format, b.Cols[i], r)
				line = f.AppendField(line, text, i, len(x.columns) == 1)
			}
			if err := s.results.CopyData(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := s.results.CopyDone(); err != nil {
		return "", err
	}
	return fmt.Sprintf("COPY %d", x.rows), nil
}
