package session

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/executor/utility"
	"datapunk/internal/pgerr"
	"datapunk/planner/plan"
	"datapunk/server/client"
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
	if n.IsProgram {
		return "", pgerr.Unsupported("COPY with a program")
	}
	if n.Filename != "" {
		if err := s.mayUseFile(n); err != nil {
			return "", err
		}
	}
	f, err := copyOptions(n.Options, n.IsFrom)
	if err != nil {
		return "", err
	}
	if n.IsFrom {
		return s.copyFrom(ctx, sql, n, f)
	}
	return s.copyTo(ctx, sql, n, f)
}

// copyFormat is the options of a COPY, those about columns by name still.
type copyFormat struct {
	utility.CopyFormat
	forceQuote, forceNull, forceNotNull []string
	match                               bool
}

// resolve finds the columns that options name; relation is nil for a query.
func (f *copyFormat) resolve(columns []string, relation *desc.Relation) error {
	find := func(list []string, option string) (map[int]bool, error) {
		out := map[int]bool{}
		for _, name := range list {
			i := slices.Index(columns, name)
			if i < 0 && relation == nil {
				return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
			}
			if i < 0 {
				if _, c := relation.Column(name); c == nil {
					return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, relation.Name)
				}
				return nil, pgerr.Newf(pgerr.InvalidColumnReference, "%s column \"%s\" not referenced by COPY", option, name)
			}
			out[i] = true
		}
		return out, nil
	}
	var err error
	if f.ForceQuote, err = find(f.forceQuote, "FORCE_QUOTE"); err != nil {
		return err
	}
	if f.ForceNull, err = find(f.forceNull, "FORCE_NULL"); err != nil {
		return err
	}
	if f.ForceValue, err = find(f.forceNotNull, "FORCE_NOT_NULL"); err != nil {
		return err
	}
	if f.match {
		f.Match = columns
	}
	return nil
}

// copyOptions reads the options in old and new spelling.
func copyOptions(options []*pg.Node, from bool) (*copyFormat, error) {
	f := &copyFormat{CopyFormat: utility.CopyFormat{Delimiter: '\t', Null: `\N`, Quote: '"', Escape: '"'}}
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
				f.Binary = true
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
			if f.match = strings.EqualFold(value, "match"); f.match {
				if !from {
					return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot use \"match\" with HEADER in COPY TO")
				}
			} else if value != "" {
				if f.Header, ok = setting.ParseBool(value); !ok {
					return nil, pgerr.New(pgerr.SyntaxError, "header requires a Boolean value or \"match\"")
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
		case "force_quote":
			if d.Arg.GetAStar() != nil {
				f.ForceAll = true
			} else {
				f.forceQuote = nodeNames(d.Arg)
			}
		case "force_null":
			f.forceNull = nodeNames(d.Arg)
		case "force_not_null":
			f.forceNotNull = nodeNames(d.Arg)
		default:
			return nil, pgerr.Newf(pgerr.SyntaxError, "option \"%s\" not recognized", name)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case f.Binary && given["delimiter"]:
		return nil, pgerr.New(pgerr.SyntaxError, "cannot specify DELIMITER in BINARY mode")
	case f.Binary && given["null"]:
		return nil, pgerr.New(pgerr.SyntaxError, "cannot specify NULL in BINARY mode")
	case f.Binary && given["header"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
	case !f.CSV && given["quote"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY quote available only in CSV mode")
	case !f.CSV && given["escape"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY escape available only in CSV mode")
	case !f.CSV && given["force_quote"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY force quote available only in CSV mode")
	case from && given["force_quote"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY force quote only available using COPY TO")
	case !f.CSV && given["force_not_null"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY force not null available only in CSV mode")
	case !from && given["force_not_null"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY force not null only available using COPY FROM")
	case !f.CSV && given["force_null"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY force null available only in CSV mode")
	case !from && given["force_null"]:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY force null only available using COPY FROM")
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
func (s *Session) copyFrom(ctx context.Context, sql string, n *pg.CopyStmt, f *copyFormat) (string, error) {
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
	var columns []string
	for _, c := range cols {
		columns = append(columns, c.Name)
	}
	if err := f.resolve(columns, snapshot.Relation(query.Uses[0].Relation)); err != nil {
		return "", err
	}
	var source client.CopySource
	if n.Filename != "" {
		file, err := openCopy(n.Filename)
		if err != nil {
			return "", err
		}
		defer file.Close()
		source = file
	} else if source, err = s.results.CopyIn(len(cols), f.Binary); err != nil {
		return "", err
	}
	in := &copyRows{session: s, reader: utility.NewCopyReader(source, s.encoding.Decode, f.CopyFormat), cols: cols, table: query.Change.Table.Relation.Name}
	if f.Binary {
		in.binary = utility.NewBinaryReader(source)
	}
	rows.Rows = in
	x, err := s.execute(ctx, snapshot, p, nil)
	if err != nil {
		return "", err
	}
	defer x.close()
	if _, err = x.fetch(0, func(*vector.Batch) error { return nil }); err != nil {
		e := translate(ctx, err).(*pgerr.Error)
		if line := in.line(); line > 0 && e.Where == "" {
			if raw := in.reader.Raw(); raw != nil && in.splitting {
				e.WithWhere("COPY %s, line %d: \"%s\"", in.table, line, short(raw))
			} else {
				e.WithWhere("COPY %s, line %d", in.table, line)
			}
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
	binary  *utility.BinaryReader // instead, or nil
	cols    []logical.Col
	table   string
	batch   *vector.Batch
	ended   bool
	// splitting: the reader is at a line, and errors are about its text.
	splitting bool
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
		fields, err := c.next()
		if err == io.EOF {
			c.ended = true
			break
		}
		if err != nil {
			return nil, err
		}
		if err := c.row(fields, c.batch.N); err != nil {
			return nil, err
		}
		c.batch.N++
	}
	if c.batch.N == 0 {
		return nil, nil
	}
	return c.batch, nil
}

func (c *copyRows) next() ([]utility.Field, error) {
	if c.binary != nil {
		return c.binary.Next(len(c.cols))
	}
	c.splitting = true
	fields, err := c.reader.Next()
	if err == nil || err == io.EOF {
		c.splitting = false
	}
	return fields, err
}

// line is the line, or the row in binary format, that was read last.
func (c *copyRows) line() int {
	if c.binary != nil {
		return c.binary.Row
	}
	return c.reader.Line
}

func (c *copyRows) row(fields []utility.Field, row int) error {
	if c.binary != nil {
		for i, col := range c.cols {
			v := c.batch.Cols[i]
			if fields[i].Null {
				v.SetNull(row)
			} else if err := format.ParseBinary(&c.session.format, col.Type, col.Mod, fields[i].Text, v, row); err != nil {
				return pgerr.Of(err).WithWhere("COPY %s, line %d, column %s", c.table, c.binary.Row, col.Name)
			}
		}
		return nil
	}
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

func (s *Session) copyTo(ctx context.Context, sql string, n *pg.CopyStmt, f *copyFormat) (string, error) {
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
	var columns []string
	for _, c := range x.columns {
		columns = append(columns, c.Name)
	}
	var relation *desc.Relation
	if n.Relation != nil {
		relation = snapshot.Relation(query.Uses[0].Relation)
	}
	if err := f.resolve(columns, relation); err != nil {
		return "", err
	}
	var out copySink = s.results
	if n.Filename != "" {
		file, err := s.createCopy(n.Filename)
		if err != nil {
			return "", err
		}
		defer file.close()
		out = file
	} else if err := s.results.CopyOut(len(x.columns), f.Binary); err != nil {
		return "", err
	}
	if f.Binary {
		return s.copyBinary(x, out)
	}
	var line []byte
	if f.Header {
		for i, c := range x.columns {
			if i > 0 {
				line = append(line, f.Delimiter)
			}
			line = f.AppendField(line, []byte(c.Name), i, false)
		}
		if err := out.CopyData(append(line, '\n')); err != nil {
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
			if err := out.CopyData(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := out.CopyDone(); err != nil {
		return "", err
	}
	return fmt.Sprintf("COPY %d", x.rows), nil
}
