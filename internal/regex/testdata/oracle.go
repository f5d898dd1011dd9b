//go:build ignore

// Oracle prints a script for psql that asks PostgreSQL what random patterns match, for
// TestAsPostgreSQL:
//
//	go run testdata/oracle.go [-n N] [-seed S] | psql -Xqt >testdata/oracle.txt
//
// The database should have the encoding UTF8 and LC_CTYPE C.UTF-8. Each line is flags
// (C among them means collation C), pattern and subject in COPY's text form, the
// character from which a match is looked for, and what there is: t or f for whether the
// pattern matches anywhere, then begin and end of the match and of each group, counted
// in characters from 1, begin 0 for none; or the error.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strings"
)

const script = `SET client_min_messages = warning;
CREATE TEMP TABLE probe (n serial, flags text, pattern text, subject text, start int, groups int);
CREATE FUNCTION pg_temp.ask(f text, p text, s text, at int, g int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
	r := left(regexp_like(s, p, f)::text, 1);
	FOR k IN 0..g LOOP
		r := r || ' ' || regexp_instr(s, p, at, 1, 0, f, k) || ',' || regexp_instr(s, p, at, 1, 1, f, k);
	END LOOP;
	RETURN r;
EXCEPTION WHEN invalid_regular_expression THEN RETURN sqlerrm;
END $$;
CREATE FUNCTION pg_temp.ask_c(f text, p text, s text, at int, g int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
	r := left(regexp_like(s, p COLLATE "C", f)::text, 1);
	FOR k IN 0..g LOOP
		r := r || ' ' || regexp_instr(s, p COLLATE "C", at, 1, 0, f, k) || ',' || regexp_instr(s, p COLLATE "C", at, 1, 1, f, k);
	END LOOP;
	RETURN r;
EXCEPTION WHEN invalid_regular_expression THEN RETURN sqlerrm;
END $$;
COPY probe (flags, pattern, subject, start, groups) FROM STDIN;
`

type gen struct {
	*rand.Rand
	groups int
	closed []int
	looks  int
	basic  bool // basic syntax
	plain  bool // basic or extended: no escapes, no short matches
	dense  bool // one or two letters, many quantifiers
	tight  bool // many constraints
}

func (g *gen) pick(list ...string) string { return list[g.Intn(len(list))] }

func (g *gen) expr(depth int) string {
	n := 1
	if g.Intn(4) == 0 && !g.basic {
		n += 1 + g.Intn(2)
	}
	branches := make([]string, n)
	for i := range branches {
		branches[i] = g.branch(depth)
	}
	return strings.Join(branches, "|")
}

func (g *gen) branch(depth int) string {
	var b strings.Builder
	for range g.Intn(4) + g.Intn(2) {
		if g.Intn(12) == 0 || g.tight && g.Intn(2) == 0 {
			b.WriteString(g.constraint(depth))
			continue
		}
		b.WriteString(g.atom(depth))
		b.WriteString(g.quantifier())
	}
	return b.String()
}

func (g *gen) constraint(depth int) string {
	if g.plain {
		return g.pick("^", "$", "[[:<:]]", "[[:>:]]")
	}
	switch g.Intn(8) {
	case 0, 1:
		if depth > 0 {
			g.looks++
			s := "(?" + g.pick("=", "!", "<=", "<!") + g.expr(depth-1) + ")"
			g.looks--
			return s
		}
	case 2:
		return g.pick("^", "$")
	}
	return g.pick("^", "$", "\\A", "\\Z", "\\m", "\\M", "\\y", "\\Y", "[[:<:]]", "[[:>:]]")
}

func (g *gen) quantifier() string {
	n := 12
	if g.dense {
		n = 5
	}
	short := g.pick("", "?")
	if g.plain {
		short = ""
	}
	switch g.Intn(n) {
	case 0:
		return "*" + short
	case 1:
		if !g.basic {
			return "+" + short
		}
	case 2:
		if !g.basic {
			return "?" + short
		}
	case 3:
		lo := g.Intn(3)
		s := g.pick(fmt.Sprintf("{%d}", lo), fmt.Sprintf("{%d,}", lo), fmt.Sprintf("{%d,%d}", lo, lo+g.Intn(4)))
		if g.basic {
			return "\\{" + s[1:len(s)-1] + "\\}"
		}
		return s + short
	}
	return ""
}

// group is e in parentheses.
func (g *gen) group(e string) string {
	if g.basic {
		return "\\(" + e + "\\)"
	}
	return "(" + e + ")"
}

func (g *gen) atom(depth int) string {
	switch k := g.Intn(20); {
	case k < 4 && depth > 0:
		if g.looks == 0 {
			g.groups++
			n := g.groups
			s := g.group(g.expr(depth - 1))
			g.closed = append(g.closed, n)
			return s
		}
		return "(" + g.expr(depth-1) + ")"
	case k < 6 && depth > 0 && !g.plain:
		return "(?:" + g.expr(depth-1) + ")"
	case k == 6 && len(g.closed) > 0 && g.looks == 0 && (g.basic || !g.plain):
		return fmt.Sprintf("\\%d", g.closed[g.Intn(len(g.closed))])
	case g.dense:
	case k == 7:
		return g.pick(".", "[ab]", "[^a]", "[a-c]", "[^bé]", "[[:alpha:]]", "[\\d_]", "[\\Wa]", "[[.a.]b]", "[[=b=]]",
			"[[:upper:]]", "[[:space:]b]", "[]a]", "[^]b]", "[a-]", "[[.hyphen.]-b]", "[A-Z]", "[^[:alnum:]]", "[^\\D]")
	case k == 8 && !g.plain:
		return g.pick("\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\n", "\\u00e9", "\\x61", ".", "\\141", "\\U000000C9")
	case k == 9:
		return g.pick("A", "é", "1", " ", "É", "B", "ss", ".", "#", "ǆ", "ǅ", "ſ", "K")
	}
	if g.dense {
		return g.pick("a", "a", "a", "b")
	}
	return g.pick("a", "a", "b", "c", "ab", "ba")
}

func (g *gen) subject() string {
	var b strings.Builder
	for range g.Intn(9) {
		switch {
		case g.dense:
			b.WriteString(g.pick("a", "a", "a", "b"))
		case g.Intn(10) == 0:
			b.WriteString(g.pick("\n", " ", "A", "é", "1", "É", "_", "-", "]", "ǆ", "ǅ", "Ǆ", "s", "S", "ſ", "k"))
		default:
			b.WriteString(g.pick("a", "a", "b", "b", "c"))
		}
	}
	return b.String()
}

// garble changes one character, mostly to a fault.
func (g *gen) garble(p string) string {
	r := []rune(p)
	if len(r) == 0 {
		return p
	}
	i := g.Intn(len(r))
	return string(r[:i]) + g.pick("(", ")", "[", "]", "{", "}", "*", "\\", "?", "-", "^", "|", "[:", "(?", "", "{1,", ":]", "[a-",
		"5", "\\9", "\\12", "[[.", "\\x", "\\u12", "\\c", "(?#", "(?<", " ", "#") + string(r[i+1:])
}

// pattern is a pattern of some syntax.
func (g *gen) pattern() string {
	g.groups, g.closed, g.basic, g.plain, g.dense, g.tight = 0, g.closed[:0], false, false, g.Intn(5) == 0, g.Intn(6) == 0
	head := ""
	switch g.Intn(12) {
	case 0:
		head, g.basic, g.plain = "(?b)", true, true
	case 1:
		head, g.plain = "(?e)", true
	case 2:
		head = g.pick("***:", "***=", "(?q)", "(?i)", "(?x)", "(?n)", "(?ic)", "***:(?i)", "(?xb)", "(?t)", "(?iq)", "(?#a)", "***", "(?z)")
	}
	p := g.expr(3)
	if g.Intn(12) == 0 {
		p = g.garble(p)
	}
	return head + p
}

// chosen are cases that chance seldom makes: flags, pattern, subject, start, groups.
var chosen = [][5]string{
	{"", `^(?:(ab)|(a))(b*)\3c`, "abbc", "1", "3"},
	{"", `(?:(a|b)x\1|axb)`, "axb", "1", "1"},
	{"", `(^a)\1`, "aa", "1", "1"},
	{"", `(a(?=b)|b\y)*\1`, "abab", "1", "1"},
	{"n", `a[^x]b`, "a\nb", "1", "0"},
	{"n", `a\Db`, "a\nb", "1", "0"},
	{"w", `a[^x]b`, "a\nb", "1", "0"},
	{"p", `a[^x]b`, "a\nb", "1", "0"},
	{"", `$^`, "", "1", "0"},
	{"", `$^`, "a", "1", "0"},
	{"n", `a$\n^b`, "a\nb", "1", "0"},
	{"n", `$^`, "a\n\nb", "1", "0"},
	{"", `[a ]\M\Yb?|\M\y.`, "a b", "1", "0"},
	{"", `(?:a|b)?$\y`, "xb", "1", "0"},
	{"", `.(?:$|\y)(?:\m|\Y).`, "ab c", "1", "0"},
	{"", `(?=(?:..|.....)(?<=ab)c)`, "xxabcyyyy", "1", "0"},
	{"", `(?<=a(?=b).)(?<!bb)c`, "abbcabc", "1", "0"},
	{"", `a\Y(?!ab|bb)`, "aabbabA", "1", "0"},
	{"", `a$(?!\nc)`, "a\nb", "1", "0"},
	{"n", `a$(?!\nc)`, "a\nca\nb", "1", "0"},
	{"", `(a|b)\1|$`, "abc", "1", "1"},
	{"", `(a?)(\1|b){2,}c`, "bc", "1", "2"},
	{"", `(a?)(?:(\1)|(b)){3}c`, "bc", "1", "3"},
	{"", `(a?)(?:(\1|x)|(b*)){3,4}c`, "bbc", "1", "3"},
	{"", `(a?)((\1|b)b??){3,}?c`, "bbc", "1", "3"},
	{"", `(a?)(\1|b|bb){2,3}?c`, "bbc", "1", "2"},
	{"", `(a?)(\1b??){2,3}c`, "bbc", "1", "2"},
	{"", `(a*)(\1|a){3}$`, "aa", "1", "2"},
	{"", `\777`, "?7", "1", "0"},
	{"", `\400`, " 0", "1", "0"},
	{"", `(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10\1`, "abcdefghijja", "1", "10"},
	{"", `(a)\12`, "a\n", "1", "1"},
	{"", `a\x100000041`, "aA", "1", "0"},
	{"i", `(é)\1`, "éÉ", "1", "1"},
	{"i", `(K)\1`, "kK", "1", "1"},
	{"i", `[\u00e0-\u00e2]`, "Á", "1", "0"},
	{"i", `[[:lower:]]`, "A", "1", "0"},
	{"", `(x|xa|aa|aaaa)*`, "xaaaaaaa", "1", "1"},
	{"", `^(?:(x)|(xa)|(aa)|(aaaa))*?$`, "xaaaaaaa", "1", "4"},
	{"", `(a{1,3}){2,3}`, "aaaaaaaaaa", "1", "1"},
	{"", `(a{1,3}?){2,3}?`, "aaaaaaaaaa", "1", "1"},
	{"", `(a*){3}`, "aa", "1", "1"},
	{"", `(\2a*|(b))+`, "bba", "1", "2"},
	{"", `((a*)(b*)\2){2,4}x`, "aabaaabax", "1", "3"},
	{"", `((a?)(b?)){0,5}`, "abaab", "2", "3"},
	{"", `(a|ab)(c|bcd)(d*)`, "abcd", "1", "3"},
	{"", `(a|ab)(bcd|c)(d|.*)`, "abcd", "1", "3"},
	{"", `XY*([0-9]{1,3})`, "XY1234Z", "1", "1"},
	{"", `XY*?([0-9]{1,3})`, "XY1234Z", "1", "1"},
	{"", `(.*)(\d+)(.*)`, "abc01234xyz", "1", "3"},
	{"", `(.*?)(\d+)(.*)`, "abc01234xyz", "1", "3"},
	{"", `(?:(.*?)(\d+)(.*)){1,1}`, "abc01234xyz", "1", "3"},
	{"x", "a # one\n {2} [ b]\\ ", "aa  ", "1", "0"},
	{"", `(?ix)A b`, "aB", "1", "0"},
	{"", `(?b)^*a\{2\}*$`, "*aaaa", "1", "0"},
	{"", `(?e)a\.\n)`, "a.n)", "1", "0"},
	{"", `(?b)a|b\(*\)`, "a|b*", "1", "1"},
	{"", `(?b)x\(^a$\)\<`, "xa", "1", "1"},
}

var copyText = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\t", "\\t")

func main() {
	n := flag.Int("n", 2500, "how many patterns")
	seed := flag.Int64("seed", 1, "of the generator")
	flag.Parse()
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	fmt.Fprint(w, script)
	for _, c := range chosen {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c[0], copyText.Replace(c[1]), copyText.Replace(c[2]), c[3], c[4])
	}
	g := &gen{Rand: rand.New(rand.NewSource(*seed))}
	for range *n {
		p := g.pattern()
		flags := ""
		if g.Intn(4) == 0 {
			flags = g.pick("i", "n", "p", "w", "in", "x", "C", "iC")
		}
		for range 3 {
			s, at := g.subject(), 1
			if g.Intn(4) == 0 {
				at += g.Intn(len([]rune(s)) + 1)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", flags, copyText.Replace(p), copyText.Replace(s), at, g.groups)
		}
	}
	fmt.Fprintln(w, `\.`)
	fmt.Fprintln(w, `COPY (SELECT flags, pattern, subject, start, r
	FROM (SELECT *, CASE WHEN flags LIKE '%C' THEN pg_temp.ask_c(rtrim(flags, 'C'), pattern, subject, start, groups)
		ELSE pg_temp.ask(flags, pattern, subject, start, groups) END AS r FROM probe) p
	WHERE r NOT LIKE '%too complex' ORDER BY n) TO STDOUT;`)
}
