package system

import (
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// unit is one of pg_size_pretty; a size below limit is shown in it, halves rounded
// up if round.
type unit struct {
	name  string
	limit int64
	round bool
	bits  uint
}

var units = []unit{{"bytes", 10 * 1024, false, 0}, {"kB", 20*1024 - 1, true, 10}, {"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30}, {"TB", 20*1024 - 1, true, 40}, {"PB", 20*1024 - 1, true, 50}}

// shift is by how many bits the next unit divides: one less where it rounds.
func shift(k int) uint {
	bits := units[k+1].bits - units[k].bits
	if units[k+1].round {
		bits--
	}
	if units[k].round {
		bits++
	}
	return bits
}

func pretty(size int64) string {
	for k, u := range units {
		abs := uint64(size)
		if size < 0 {
			abs = -abs
		}
		if k == len(units)-1 || abs < uint64(u.limit) {
			if u.round {
				if size < 0 {
					size = (size - 1) / 2
				} else {
					size = (size + 1) / 2
				}
			}
			return number(size) + " " + u.name
		}
		size /= 1 << shift(k)
	}
	return ""
}

func prettyNumeric(d numeric.Decimal) (string, error) {
	for k, u := range units {
		if k == len(units)-1 || d.Abs().Cmp(numeric.FromInt64(u.limit)) < 0 {
			if u.round {
				one := numeric.One
				if d.Sign() < 0 {
					one = one.Neg()
				}
				sum, err := d.Add(one)
				if err != nil {
					return "", err
				}
				if d, err = sum.DivTrunc(numeric.FromInt64(2)); err != nil {
					return "", err
				}
			}
			return d.String() + " " + u.name, nil
		}
		var err error
		if d, err = d.DivTrunc(numeric.FromInt64(1 << shift(k))); err != nil {
			return "", err
		}
	}
	return "", nil
}

// sizeBytes is pg_size_bytes.
func sizeBytes(text string) (int64, error) {
	bad := pgerr.Newf(pgerr.InvalidParameterValue, "invalid size: \"%s\"", text)
	s := strings.Trim(text, " \t\n\r\f\v")
	end := 0
	digits := func() bool {
		from := end
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		return end > from
	}
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	some := digits()
	if end < len(s) && s[end] == '.' {
		end++
		some = digits() || some
	}
	if !some {
		return 0, bad
	}
	if end < len(s) && (s[end] == 'e' || s[end] == 'E') {
		mark := end
		end++
		if end < len(s) && (s[end] == '-' || s[end] == '+') {
			end++
		}
		if !digits() {
			end = mark
		}
	}
	d, err := numeric.Parse(s[:end])
	if err != nil {
		return 0, err
	}
	if name := strings.TrimLeft(s[end:], " \t\n\r\f\v"); name != "" {
		found := false
		for _, u := range units {
			if strings.EqualFold(u.name, name) {
				if d, err = d.Mul(numeric.FromInt64(1 << u.bits)); err != nil {
					return 0, err
				}
				found = true
			}
		}
		if !found {
			return 0, bad.WithDetail("Invalid size unit: \"%s\".", name).
				WithHint(`Valid units are "bytes", "kB", "MB", "GB", "TB", and "PB".`)
		}
	}
	return d.Int64()
}

func sizes(t function.Table) {
	t["pg_size_pretty"] = function.Map1(pretty)
	t["pg_size_pretty_numeric"] = function.Map1E(prettyNumeric)
	t["pg_size_bytes"] = function.Map1E(sizeBytes)
	size := func(class string) function.Impl {
		return maybe(func(c *function.Call, args []*vector.Vector, i int) (int64, bool, error) {
			n, ok := c.Env.Names.Size(class, oid(args[0], i))
			return n, ok, nil
		})
	}
	t["pg_relation_size(regclass)"] = size("relation")
	t["pg_relation_size"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (int64, bool, error) {
		n, ok := c.Env.Names.Size("relation", oid(args[0], i))
		switch args[1].String(i) {
		case "main":
			return n, ok, nil
		case "fsm", "vm", "init":
			return 0, ok, nil
		}
		return 0, false, pgerr.New(pgerr.InvalidParameterValue, "invalid fork name").
			WithHint(`Valid fork names are "main", "fsm", "vm", and "init".`)
	})
	t["pg_table_size"], t["pg_indexes_size"], t["pg_total_relation_size"] = size("table"), size("indexes"), size("total")
	t["pg_database_size_oid"], t["pg_tablespace_size_oid"] = size("database"), size("tablespace")
	for _, class := range classes {
		if class.name != "database" && class.name != "tablespace" {
			continue
		}
		t["pg_"+class.name+"_size_name"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (int64, bool, error) {
			object, err := class.find(c, args[0].String(i))
			if err != nil {
				return 0, false, err
			}
			n, ok := c.Env.Names.Size(class.name, object)
			return n, ok, nil
		})
	}
	t["pg_column_size"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		loop.Put(out, i, columnSize(args[0], i))
		return nil
	})
	t["pg_column_compression"] = function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		out.SetNull(i)
		return nil
	})
	t["pg_tablespace_location"] = function.Map1(func(int64) string { return "" })
	relation := func(f func(c *function.Call, relation types.OID) string) function.Impl {
		return maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
			_, ok := c.Env.Names.Size("relation", oid(args[0], i))
			return f(c, oid(args[0], i)), ok, nil
		})
	}
	t["pg_relation_filepath"] = relation(func(c *function.Call, relation types.OID) string {
		return "base/" + number(int64(c.Env.Names.DatabaseOID())) + "/" + number(int64(relation))
	})
	t["pg_relation_filenode"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (int64, bool, error) {
		_, ok := c.Env.Names.Size("relation", oid(args[0], i))
		return loop.At[int64](args[0], i), ok, nil
	})
}

// columnSize is how many bytes PostgreSQL keeps a value in.
func columnSize(v *vector.Vector, i int) int32 {
	t := v.Type.Root()
	if t.Len > 0 {
		return int32(t.Len)
	}
	const header = 4
	switch v.Phys() {
	case types.Numeric:
		// | header | scale and sign u16 | weight in it or u16 | digits of base 10000 |
		b := loop.At[numeric.Decimal](v, i).AppendBinary(nil)
		return int32(header + 2 + len(b) - 8)
	case types.Bytes:
		n := len(v.Bytes(i))
		if t.Len == -2 {
			return int32(n + 1)
		}
		return int32(header + n)
	}
	return 0
}
