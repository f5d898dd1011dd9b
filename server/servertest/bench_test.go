package servertest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// talker is a client that costs next to nothing: it writes messages made before and
// reads until ReadyForQuery.
type talker struct {
	net.Conn
	buffer []byte
}

func message(kind byte, body ...any) []byte {
	var b bytes.Buffer
	for _, x := range body {
		switch x := x.(type) {
		case string:
			b.WriteString(x)
			b.WriteByte(0)
		default:
			binary.Write(&b, binary.BigEndian, x)
		}
	}
	head := []byte{kind}
	if kind == 0 {
		head = nil
	}
	return append(binary.BigEndian.AppendUint32(head, uint32(b.Len()+4)), b.Bytes()...)
}

func talk(t testing.TB, address string) *talker {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	k := &talker{Conn: c, buffer: make([]byte, 1<<16)}
	k.say(t, message(0, int32(196608), "user", "postgres", "database", "postgres", byte(0)))
	return k
}

// say sends messages and waits for ReadyForQuery.
func (k *talker) say(t testing.TB, text []byte) {
	if _, err := k.Write(text); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; {
		m, err := k.Read(k.buffer[n:])
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		n += m
		if n >= 6 && k.buffer[n-6] == 'Z' {
			if i := bytes.IndexByte(k.buffer[:1], 'E'); i == 0 {
				t.Fatalf("%q", k.buffer[:n])
			}
			return
		}
	}
}

func accounts(b *testing.B) string {
	address := Start(b)
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range []string{"CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))",
		"INSERT INTO accounts SELECT g, 1, 0, 'x' FROM generate_series(1, 100000) g"} {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			b.Fatal(err)
		}
	}
	return address
}

// BenchmarkPoint is pgbench's select-only statement, in the three ways it can be sent.
func BenchmarkPoint(b *testing.B) {
	address := accounts(b)
	key := func(i int) string { return fmt.Sprint(i*7919%100000 + 1) }
	const sql = "SELECT abalance FROM accounts WHERE aid = "
	b.Run("simple", func(b *testing.B) {
		k := talk(b, address)
		b.ReportAllocs()
		for i := range b.N {
			k.say(b, message('Q', sql+key(i)+";"))
		}
	})
	execute := func(name string, i int) []byte {
		v := key(i)
		m := message('B', "", name, int16(0), int16(1), int32(len(v)))
		m = append(m, v...)
		m = append(m, 0, 0)
		binary.BigEndian.PutUint32(m[1:], uint32(len(m)-1))
		m = append(m, message('D', byte('P'), "")...)
		m = append(m, message('E', "", int32(0))...)
		return append(m, message('S')...)
	}
	b.Run("extended", func(b *testing.B) {
		k := talk(b, address)
		b.ReportAllocs()
		for i := range b.N {
			k.say(b, append(message('P', "", sql+"$1;", int16(0)), execute("", i)...))
		}
	})
	b.Run("prepared", func(b *testing.B) {
		k := talk(b, address)
		k.say(b, append(message('P', "s", sql+"$1;", int16(0)), message('S')...))
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			k.say(b, execute("s", i))
		}
	})
}

// bulkRows is how many rows the bulk benchmarks handle at a time.
const bulkRows = 200_000

// BenchmarkBulk is what a restore does, a statement each.
func BenchmarkBulk(b *testing.B) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, Start(b))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(ctx)
	var text bytes.Buffer
	for i := range bulkRows {
		fmt.Fprintf(&text, "%d\t%d\t0\t%s\n", i+1, i/1000, "                                                                                    ")
	}
	exec := func(b *testing.B, sql string) {
		if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	const table = "CREATE TABLE bulk (aid int NOT NULL, bid int, abalance int, filler char(84))"
	timed := func(name, before, sql string, copy bool) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for range b.N {
				b.StopTimer()
				exec(b, "DROP TABLE IF EXISTS bulk")
				for _, s := range strings.Split(before, ";") {
					exec(b, s)
				}
				b.StartTimer()
				if !copy {
					exec(b, sql)
				} else if _, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(text.Bytes()), sql); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				exec(b, "COMMIT")
			}
		})
	}
	source := fmt.Sprintf("INSERT INTO bulk SELECT g, g / 1000, 0, '' FROM generate_series(1, %d) g", bulkRows)
	timed("copy-new", "BEGIN;"+table, "COPY bulk FROM STDIN", true)
	timed("copy", table, "COPY bulk FROM STDIN", true)
	timed("copy-key", table+";ALTER TABLE bulk ADD PRIMARY KEY (aid)", "COPY bulk FROM STDIN", true)
	timed("insert-select", table+";ALTER TABLE bulk ADD PRIMARY KEY (aid)", source, false)
	timed("primary-key", table+";"+source, "ALTER TABLE bulk ADD PRIMARY KEY (aid)", false)
	timed("index", table+";"+source, "CREATE INDEX ON bulk (bid)", false)
}
