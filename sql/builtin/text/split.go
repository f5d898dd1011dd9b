package text

import (
	"strings"
	"unicode/utf8"

	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// split cuts a text for string_to_array; a null separator gives characters, an
// empty one the whole.
func split(s string, sep *vector.Vector, i int) []string {
	switch {
	case s == "":
		return nil
	case sep.Null(i):
		parts := make([]string, 0, len(s))
		for len(s) > 0 {
			_, n := utf8.DecodeRuneInString(s)
			parts, s = append(parts, s[:n]), s[n:]
		}
		return parts
	case sep.String(i) == "":
		return []string{s}
	}
	return strings.Split(s, sep.String(i))
}

// parts are the pieces as a vector, those equal to the third argument being null.
func parts(args []*vector.Vector, i int) (*vector.Vector, int) {
	list := split(args[0].String(i), args[1], i)
	v := vector.New(types.Text, len(list))
	for k, p := range list {
		if len(args) > 2 && !args[2].Null(i) && args[2].String(i) == p {
			v.SetNull(k)
		} else {
			v.SetString(k, p)
		}
	}
	return v, len(list)
}

func splits(t function.Table) {
	toArray := function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		if args[0].Null(i) {
			out.SetNull(i)
			return nil
		}
		v, n := parts(args, i)
		out.SetBytes(i, array.FromVector(types.OIDText, v, n))
		return nil
	})
	t["text_to_array"], t["text_to_array_null"] = toArray, toArray
	toTable := function.Impl{Set: func(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
		if args[0].Null(0) {
			return nil, nil
		}
		v, n := parts(args, 0)
		return &pieces{v: v, n: n}, nil
	}}
	t["text_to_table"], t["text_to_table_null"] = toTable, toTable
}

// pieces gives the values of a vector as a set.
type pieces struct {
	v     *vector.Vector
	n, at int
}

func (p *pieces) Next(out []*vector.Vector, max int) (int, error) {
	n := min(max, p.n-p.at)
	for k := range n {
		out[0].Set(k, p.v, p.at+k)
	}
	p.at += n
	return n, nil
}
