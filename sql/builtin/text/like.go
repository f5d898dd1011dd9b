package text

import (
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

// pattern is a LIKE pattern taken apart. The common shapes are searched for as
// strings, the rest is matched from left to right.
type pattern struct {
	text   string
	parts  []string // literals between the %, when there are no other wildcards
	simple bool
	first  bool // begins with a literal
	last   bool // ends with one
}

func compile(text string) pattern {
	p := pattern{text: text, simple: !strings.ContainsAny(text, `_\`)}
	if p.simple {
		p.first = text == "" || text[0] != '%'
		p.last = text == "" || text[len(text)-1] != '%'
		for _, part := range strings.Split(text, "%") {
			if part != "" {
				p.parts = append(p.parts, part)
			}
		}
	}
	return p
}

func (p *pattern) match(s string, fold, bytewise bool) (bool, error) {
	if !p.simple || fold {
		return like(s, p.text, bytewise)
	}
	parts := p.parts
	if !strings.Contains(p.text, "%") {
		return s == p.text, nil
	}
	if len(parts) > 0 && p.first {
		if !strings.HasPrefix(s, parts[0]) {
			return false, nil
		}
		s, parts = s[len(parts[0]):], parts[1:]
	}
	if len(parts) > 0 && p.last {
		last := parts[len(parts)-1]
		if !strings.HasSuffix(s, last) {
			return false, nil
		}
		s, parts = s[:len(s)-len(last)], parts[:len(parts)-1]
	}
	for _, part := range parts {
		i := strings.Index(s, part)
		if i < 0 {
			return false, nil
		}
		s = s[i+len(part):]
	}
	return true, nil
}

// next is the length of the character at the head of s.
func next(s string, bytewise bool) int {
	if bytewise || s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func badEscape() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
}

// like matches with backtracking to the last % alone, which is enough: a later %
// can take whatever an earlier one could.
func like(s, p string, bytewise bool) (bool, error) {
	var backS, backP string
	back := false
	for {
		switch {
		case p == "":
			if s == "" {
				return true, nil
			}
		case p[0] == '%':
			for p != "" && p[0] == '%' {
				p = p[1:]
			}
			if p == "" {
				return true, nil
			}
			if p == `\` {
				return false, badEscape()
			}
			back, backS, backP = true, s, p
			continue
		case p[0] == '_':
			if s != "" {
				s, p = s[next(s, bytewise):], p[1:]
				continue
			}
		default:
			lit := p
			if p[0] == '\\' {
				if len(p) == 1 {
					if s == "" && !back {
						return false, nil
					}
					return false, badEscape()
				}
				lit = p[1:]
			}
			if s != "" && s[0] == lit[0] {
				s, p = s[1:], lit[1:]
				continue
			}
		}
		if !back || backS == "" {
			return false, nil
		}
		backS = backS[next(backS, bytewise):]
		s, p = backS, backP
	}
}

// foldCase folds as lower() does.
func foldCase(s string) string { return lower(s) }

// likeKernel makes a kernel of LIKE. A constant pattern is taken apart once.
func likeKernel(negate, fold, bytewise bool) function.Impl {
	return function.Impl{CanRaise: true, Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		r := vector.Of[bool](out)
		get := func(v *vector.Vector, i int) pattern {
			text := v.String(i)
			if fold {
				text = foldCase(text)
			}
			return compile(text)
		}
		var p pattern
		if args[1].Const {
			p = get(args[1], 0)
		}
		for _, i := range sel {
			if !args[1].Const {
				p = get(args[1], int(i))
			}
			s := args[0].String(int(i))
			if fold {
				s = foldCase(s)
			}
			ok, err := p.match(s, fold, bytewise)
			if err != nil {
				return &vector.RowError{Row: int(i), Err: err}
			}
			r[i] = ok != negate
		}
		return nil
	}}
}

func likes(t function.Table) {
	for _, prefix := range []string{"text", "name"} {
		t[prefix+"like"], t[prefix+"nlike"] = likeKernel(false, false, false), likeKernel(true, false, false)
		t[prefix+"iclike"], t[prefix+"icnlike"] = likeKernel(false, true, false), likeKernel(true, true, false)
	}
	t["bytealike"], t["byteanlike"] = likeKernel(false, false, true), likeKernel(true, false, true)
	t["like_escape"] = function.Map2E(likeEscape)
	t["like_escape_bytea"] = function.Map2E(likeEscape)
}

// likeEscape rewrites a pattern for the default escape character.
func likeEscape(p, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	if escape == `\` {
		return p, nil
	}
	var b strings.Builder
	if escape == "" {
		return strings.ReplaceAll(p, `\`, `\\`), nil
	}
	after := false
	for len(p) > 0 {
		switch {
		case strings.HasPrefix(p, escape) && !after:
			b.WriteByte('\\')
			after, p = true, p[len(escape):]
			continue
		case p[0] == '\\':
			if !after {
				b.WriteByte('\\')
			}
			b.WriteByte('\\')
		default:
			b.WriteByte(p[0])
		}
		after, p = false, p[1:]
	}
	return b.String(), nil
}
