package servertest

import (
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// FuzzWire: whatever a client sends after (or instead of) its startup message, the
// server ends the connection or waits for more; it does not crash, does not hang
// when the client has hung up, and serves the next client.
func FuzzWire(f *testing.F) {
	address := Start(f)
	u, err := url.Parse(address)
	if err != nil {
		f.Fatal(err)
	}
	start := message(0, int32(196608), "user", "postgres", "database", "postgres", byte(0))
	join := func(messages ...[]byte) (all []byte) {
		for _, m := range messages {
			all = append(all, m...)
		}
		return all
	}
	sync := message('S')
	f.Add(true, message('Q', "SELECT 1, 'a'; SELECT 1/0"))
	f.Add(true, join(
		message('P', "s", "SELECT $1::int4 + 1", int16(0)),
		message('D', byte('S'), "s"),
		message('B', "p", "s", int16(1), int16(1), int16(1), int32(4), int32(41), int16(1), int16(1)),
		message('D', byte('P'), "p"), message('E', "p", int32(1)), message('C', byte('S'), "s"), message('H'), sync))
	f.Add(true, join(
		message('Q', "CREATE TEMP TABLE t (a int, b text); COPY t FROM STDIN"),
		message('d', []byte("1\tx\n2\t")), message('d', []byte("\\N\n")), message('c'), message('f', "no")))
	f.Add(true, join(message('Q', "CREATE TEMP TABLE t (a int); COPY t FROM STDIN BINARY"),
		message('d', []byte("PGCOPY\n\xff\r\n\x00"), int32(0), int32(0), int16(1), int32(4), int32(7), int16(-1)), message('c')))
	f.Add(true, join(message('F', int32(1), int16(0), int16(0), int16(0)), sync, message('X')))
	f.Add(true, message('Q', "BEGIN; DECLARE c CURSOR FOR SELECT generate_series(1, 10); FETCH 3 FROM c; ROLLBACK"))
	f.Add(true, []byte{'Q', 0xff, 0xff, 0xff, 0xff})
	f.Add(true, []byte{'B', 0, 0, 0, 5, 0})
	f.Add(false, start)
	f.Add(false, message(0, int32(80877103)))
	f.Add(false, message(0, int32(80877102), int32(1), int32(2)))
	f.Add(false, message(0, int32(3<<16|2), "user", "postgres", "_pq_.x", "1", byte(0)))
	f.Add(false, []byte{0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0})

	f.Fuzz(func(t *testing.T, started bool, sent []byte) {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal("the server is gone: ", err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if started {
			c.Write(start)
		}
		go func() {
			c.Write(sent)
			c.(*net.TCPConn).CloseWrite()
		}()
		if _, err := io.Copy(io.Discard, c); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatal("the server keeps a connection whose client has hung up")
			}
		}
	})
}
