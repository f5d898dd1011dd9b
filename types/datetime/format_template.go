package datetime

import (
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// nodeKind is what one piece of a template is.
type nodeKind uint8

const (
	nodeAction nodeKind = iota
	nodeChar
	nodeSeparator
	nodeSpace
)

type convention uint8

const (
	conventionNone convention = iota
	conventionGregorian
	conventionISO
)

// pattern is one template pattern. id is its upper-case name; digit says that it
// reads digits.
type pattern struct {
	name  string
	id    string
	digit bool
	conv  convention
}

type node struct {
	kind     nodeKind
	pat      *pattern
	text     string
	fm       bool
	tm       bool
	th       bool
	thUpper  bool
	spelling bool
}

// patterns by first byte, longest names first where one is a prefix of another.
var patterns = func() map[byte][]*pattern {
	m := make(map[byte][]*pattern)
	add := func(names string, digit bool, conv convention) {
		for _, n := range strings.Fields(names) {
			m[n[0]] = append(m[n[0]], &pattern{name: n, id: strings.ToUpper(n), digit: digit, conv: conv})
		}
	}
	both := func(names string, digit bool, conv convention) {
		add(names, digit, conv)
		add(strings.ToLower(names), digit, conv)
	}
	both("A.D. A.M. AD AM B.C. BC", false, conventionNone)
	both("CC", true, conventionNone)
	add("DAY Day day", false, conventionNone)
	both("DDD DD", true, conventionGregorian)
	add("DY Dy dy", false, conventionNone)
	both("D", true, conventionGregorian)
	both("FF1 FF2 FF3 FF4 FF5 FF6", false, conventionNone)
	both("FX", false, conventionNone)
	both("HH24 HH12 HH", true, conventionNone)
	both("IDDD ID IW IYYY IYY IY I", true, conventionISO)
	both("J", true, conventionNone)
	both("MI", true, conventionNone)
	both("MM", true, conventionGregorian)
	add("MONTH MON", false, conventionGregorian)
	add("Month Mon month mon", false, conventionGregorian)
	both("MS", true, conventionNone)
	both("OF", false, conventionNone)
	both("P.M. PM", false, conventionNone)
	both("Q", true, conventionNone)
	both("RM", false, conventionGregorian)
	both("SSSSS SSSS SS", true, conventionNone)
	both("TZH", false, conventionNone)
	both("TZM", true, conventionNone)
	both("TZ", false, conventionNone)
	both("US", true, conventionNone)
	both("WW W", true, conventionGregorian)
	both("Y,YYY YYYY YYY YY Y", true, conventionGregorian)
	return m
}()

// maxTemplates bounds the cache of parsed templates.
const maxTemplates = 2000

var (
	templateCache sync.Map // template to []node
	templatesKept atomic.Int32
)

// parseTemplate splits a template into nodes.
func parseTemplate(f string) []node {
	if v, ok := templateCache.Load(f); ok {
		return v.([]node)
	}
	key := f
	var out []node
	for f != "" {
		var n node
		if len(f) >= 2 {
			switch f[:2] {
			case "FM", "fm":
				n.fm = true
				f = f[2:]
			case "TM", "tm":
				n.tm = true
				f = f[2:]
			}
		}
		if f == "" {
			break
		}
		if p := findPattern(f); p != nil {
			n.pat = p
			f = f[len(p.name):]
			if len(f) >= 2 {
				switch f[:2] {
				case "TH":
					n.th, n.thUpper = true, true
					f = f[2:]
				case "th":
					n.th = true
					f = f[2:]
				case "SP", "sp":
					n.spelling = true
					f = f[2:]
				}
			}
			out = append(out, n)
			continue
		}
		if f[0] == '"' {
			f = f[1:]
			for f != "" {
				if f[0] == '"' {
					f = f[1:]
					break
				}
				if f[0] == '\\' && len(f) > 1 {
					f = f[1:]
				}
				_, w := utf8.DecodeRuneInString(f)
				out = append(out, node{kind: nodeChar, text: f[:w]})
				f = f[w:]
			}
			continue
		}
		if f[0] == '\\' && len(f) > 1 && f[1] == '"' {
			f = f[1:]
		}
		_, w := utf8.DecodeRuneInString(f)
		n = node{kind: nodeChar, text: f[:w]}
		if isPunct(f[0]) {
			n.kind = nodeSeparator
		} else if isSpace(f[0]) {
			n.kind = nodeSpace
		}
		out = append(out, n)
		f = f[w:]
	}
	if len(key) < 128 && templatesKept.Add(1) < maxTemplates {
		templateCache.Store(key, out)
	}
	return out
}

func findPattern(f string) *pattern {
	for _, p := range patterns[f[0]] {
		if strings.HasPrefix(f, p.name) {
			return p
		}
	}
	return nil
}

// inCase gives a name the case in which the pattern is written.
func inCase(pat, name string) string {
	switch {
	case pat == strings.ToUpper(pat):
		return strings.ToUpper(name)
	case pat == strings.ToLower(pat):
		return strings.ToLower(name)
	}
	return name
}

// ordinal is the English ending of a number.
func ordinal(num string, upper bool) string {
	s := "th"
	n := len(num)
	if n < 2 || num[n-2] != '1' {
		switch num[n-1] {
		case '1':
			s = "st"
		case '2':
			s = "nd"
		case '3':
			s = "rd"
		}
	}
	if upper {
		return strings.ToUpper(s)
	}
	return s
}

var romanMonths = [...]string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}
