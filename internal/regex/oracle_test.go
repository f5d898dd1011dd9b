package regex

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

var oracleFile = flag.String("oracle", "testdata/oracle.txt", "what PostgreSQL said (testdata/oracle.go)")

// TestAsPostgreSQL matches what PostgreSQL 15 matched.
func TestAsPostgreSQL(t *testing.T) {
	f, err := os.Open(*oracleFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	plain := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")
	lines, bad := 0, 0
	for sc.Scan() {
		p := strings.SplitN(sc.Text(), "\t", 5)
		if len(p) != 5 {
			t.Fatalf("%q", sc.Text())
		}
		lines++
		want := plain.Replace(p[4])
		start, _ := strconv.Atoi(p[3])
		got := ask(p[0], plain.Replace(p[1]), plain.Replace(p[2]), start, strings.Count(want, ","))
		if got != want {
			if bad++; bad <= 40 {
				t.Errorf("%s\n got %s\nwant %s", strings.Join(p[:4], "\t"), got, want)
			}
		}
	}
	t.Logf("%d lines, %d differ", lines, bad)
	if lines < 1000 {
		t.Errorf("only %d lines", lines)
	}
}

// ask gives what a line of the file says.
func ask(options, pattern, subject string, start, spans int) string {
	flags := Advanced
	for _, o := range options {
		switch o {
		case 'i':
			flags |= Fold
		case 'n':
			flags |= Lines
		case 'p':
			flags |= LineStop
		case 'w':
			flags |= LineAnchor
		case 'x':
			flags |= Expanded
		case 'C':
			flags |= ASCII
		}
	}
	fail := func(err error) string {
		var e *pgerr.Error
		if errors.As(err, &e) {
			return e.Message
		}
		return "?" + err.Error()
	}
	plain, err := Compile(pattern, flags|NoGroups)
	if err != nil {
		return fail(err)
	}
	is, err := plain.Matcher(nil).Match(subject)
	if err != nil {
		return fail(err)
	}
	out := fmt.Sprint(is)[:1]
	re, err := Compile(pattern, flags)
	if err != nil {
		return fail(err)
	}
	where := make([]int, 2*spans)
	if _, err := re.Matcher(nil).Find(subject, len(string([]rune(subject)[:start-1])), where); err != nil {
		return fail(err)
	}
	if re.Groups() == 0 && spans > 1 { // then regexp_instr takes the whole for the first group
		where[2], where[3] = where[0], where[1]
	}
	place := func(at int) int {
		if at < 0 {
			return 0
		}
		return utf8.RuneCountInString(subject[:at]) + 1
	}
	for k := range spans {
		out += fmt.Sprintf(" %d,%d", place(where[2*k]), place(where[2*k+1]))
	}
	return out
}
