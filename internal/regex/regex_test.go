package regex

import (
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

func compile(t testing.TB, pattern string, flags Flags) *Regexp {
	t.Helper()
	re, err := Compile(pattern, flags)
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return re
}

// TestLinear runs what takes exponential time where ends are tried one by one (R1).
func TestLinear(t *testing.T) {
	a := strings.Repeat("a", 3000)
	for _, c := range []struct {
		pattern, subject string
		want             bool
	}{
		{`(a+)+b`, a, false},
		{`(a*)*[bc]`, a + "d", false},
		{`^(a|aa)+$`, a + "b", false},
		{`^((a|aa)+)+$`, a, true},
		{`(a?){200}a{200}`, a[:200], true},
		{`^(x|xa|aa|aaaa)*$`, "x" + a, true},
		{`^(x|xa|aa|aaaa)*$`, "x" + a[1:], true},
		{`^(?:(x)|(xa)|(aa)|(aaaa))*?$`, "x" + a[1:], true},
		{`^(.*)(.*)(.*)(.*)$`, a[:1000], true},
		{`^(.*?)(.*?)(.*?)b(.*?)$`, a[:1000] + "b", true},
		{`(?=(a|aa)+b)a`, a[:500], false},
		{`(?<=^(a|aa)+)b`, a + "b", true},
	} {
		re := compile(t, c.pattern, Advanced)
		start := time.Now()
		got, err := re.Matcher(nil).Find(c.subject, 0, make([]int, 2*(re.Groups()+1)))
		if err != nil || got != c.want {
			t.Errorf("%s: %v %v", c.pattern, got, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v", c.pattern, took)
		}
	}
}

// TestTooComplex: patterns that cannot be afforded are refused, quickly.
func TestTooComplex(t *testing.T) {
	for name, pattern := range map[string]string{
		"nested":    strings.Repeat("(", 100_000) + "a" + strings.Repeat(")", 100_000),
		"open":      strings.Repeat("(", 1_000_000),
		"looks":     strings.Repeat("(?=", 100_000) + "a" + strings.Repeat(")", 100_000),
		"groups":    strings.Repeat("(a)", 100_000),
		"bounds":    "(((a{255}){255}){255}){255}",
		"empty":     "((((((){255}){255}){255}){255}){255}){255}",
		"long":      strings.Repeat("a.", 100_000),
		"backrefs":  doubling(40),
		"colorsets": wide(20_000),
	} {
		start := time.Now()
		_, err := Compile(pattern, Advanced)
		if !pgerr.Is(err, pgerr.InvalidRegularExpression) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// doubling is a pattern whose every group is the one before it, twice.
func doubling(n int) string {
	p := "(a)"
	for k := 1; k < n; k++ {
		p += fmt.Sprintf(`(\%d\%d)`, k, k)
	}
	return p
}

// wide is a pattern of many sets, each of which has half of all characters.
func wide(n int) string {
	var b strings.Builder
	for k := range n {
		b.WriteString("[" + string(rune(0x4e00+k)) + "-" + string(rune(0x10000+k)) + "]?")
	}
	return b.String()
}

// TestDeep: what is allowed does not exhaust the stack.
func TestDeep(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat("(", 2000) + "a" + strings.Repeat(")", 2000),
		strings.Repeat("(?:", 7000) + "a" + strings.Repeat(")+", 7000),
		strings.Repeat("(a)", 2000),
		strings.Repeat("(?=a", 50) + strings.Repeat(")", 50) + "a",
	} {
		re := compile(t, pattern, Advanced)
		if _, err := re.Matcher(nil).Find(strings.Repeat("a", 2000), 0, make([]int, 2*(re.Groups()+1))); err != nil {
			t.Error(err)
		}
	}
}

// TestPoll: work that goes on is interrupted (R6).
func TestPoll(t *testing.T) {
	stop := errors.New("stop")
	for _, c := range []struct{ pattern, subject string }{
		{`a+b`, strings.Repeat("a", 1<<20) + "c"}, // one run
		{`[^b]*b[^b]`, strings.Repeat("a", 1<<22) + "b"},
		{`(.)(.*)\1\1c`, strings.Repeat("ab", 4000) + "cd"},
		{`(?=.*bc)a[^a]`, strings.Repeat("a", 1<<17)}, // the same run again and again
		{`(a?b?c?d?e?){20}x[yz]`, strings.Repeat("abcdeedcba", 1<<16) + "xx"},
	} {
		re := compile(t, c.pattern, Advanced)
		asked := 0
		m := re.Matcher(func() error {
			if asked++; asked > 3 {
				return stop
			}
			return nil
		})
		start := time.Now()
		_, err := m.Find(c.subject, 0, make([]int, 2*(re.Groups()+1)))
		if asked <= 3 || err != stop {
			t.Errorf("%s: %d polls, %v", c.pattern, asked, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v", c.pattern, took)
		}
		if found, err := m.Match("nothing"); found || err != nil && err != stop {
			t.Errorf("%s: afterwards %v %v", c.pattern, found, err)
		}
	}
}

// TestAllocations: matching allocates nothing once its states are made (R2).
func TestAllocations(t *testing.T) {
	for _, c := range []struct{ pattern, subject string }{
		{`abc`, "xxabc"}, {`^[a-z]+@[a-z]+\.com$`, "a@b.com"}, {`(\w+) (\d+)`, "ab 12"}, {`(a|b)*c`, "ababc"},
		{`(\w)\1`, "abccd"}, {`(?i)É+(?=x)`, "aééx"}, {`(?<=ab)c`, "abc"}, {`^(?:(\w+),?)*$`, "one,two"}, {`(.*?)b(.*)c`, "aabacc"},
	} {
		re := compile(t, c.pattern, Advanced)
		m := re.Matcher(nil)
		spans := make([]int, 2*(re.Groups()+1))
		run := func() {
			if _, err := m.Match(c.subject); err != nil {
				t.Error(err)
			}
			if found, err := m.Find(c.subject, 0, spans); !found || err != nil {
				t.Errorf("%s: %v %v", c.pattern, found, err)
			}
		}
		run()
		if n := testing.AllocsPerRun(100, run); n > 0 {
			t.Errorf("%s: %v allocations", c.pattern, n)
		}
	}
}

// TestShared: one Regexp serves many matchers at once.
func TestShared(t *testing.T) {
	re := compile(t, `(?i)(\w+)@(\w+)\.(?:com|org)`, Advanced)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			m := re.Matcher(nil)
			spans := make([]int, 6)
			for range 100 {
				if found, err := m.Find("mail Bob@Example.ORG now", 0, spans); !found || err != nil || spans[4] != 9 {
					t.Error(found, err, spans)
				}
			}
		})
	}
	done.Wait()
}

// alike tells how the answers of two matchers with little and much room differ: states
// dropped and made again do not change what matches (R3).
func alike(t *testing.T, pattern, subject string, flags Flags) {
	re, err := Compile(pattern, flags)
	if err != nil {
		return
	}
	plain, err := Compile(pattern, flags|NoGroups)
	if err != nil {
		t.Fatalf("%q: with NoGroups %v", pattern, err)
	}
	budget := 0
	poll := func() error {
		if budget++; budget > 40 {
			return errors.New("enough")
		}
		return nil
	}
	roomy, narrow := re.Matcher(poll), re.Matcher(poll)
	narrow.room = 1
	a, b := make([]int, 2*(re.Groups()+1)), make([]int, 2*(re.Groups()+1))
	for from := 0; from <= len(subject); {
		found, err := roomy.Find(subject, from, a)
		again, err2 := narrow.Find(subject, from, b)
		if err != nil || err2 != nil {
			return
		}
		is, err := plain.Matcher(poll).Find(subject, from, nil)
		if err != nil {
			return
		}
		// Without groups more back references may match.
		if found != again || found != is && !re.backrefs {
			t.Fatalf("%q on %q from %d: %v, with little room %v, without groups %v", pattern, subject, from, found, again, is)
		}
		for k := range a {
			if a[k] != b[k] {
				t.Fatalf("%q on %q from %d: %v, with little room %v", pattern, subject, from, a, b)
			}
			if k%2 == 1 && (a[k] < a[k-1] || a[k] > len(subject) || a[k] >= 0 && a[k-1] < 0) {
				t.Fatalf("%q on %q from %d: %v", pattern, subject, from, a)
			}
		}
		if !found {
			return
		}
		if a[0] < from {
			t.Fatalf("%q on %q from %d: begins at %d", pattern, subject, from, a[0])
		}
		if from = a[1]; a[1] == a[0] && from < len(subject) {
			_, n := utf8.DecodeRuneInString(subject[from:])
			from += n
		} else if a[1] == a[0] {
			return
		}
	}
}

func TestRoom(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	pieces := []string{"a", "b", "[ab]", ".", "(", "(?:", ")", ")", "|", "*", "+?", "{2,3}", "{0,2}?", "(?=", "(?<!", `\1`, `\y`, "^", "$", "é", `\w`, "(?<=a"}
	for range 30_000 {
		var p, s strings.Builder
		for range 1 + r.Intn(10) {
			p.WriteString(pieces[r.Intn(len(pieces))])
		}
		for range r.Intn(12) {
			s.WriteString([]string{"a", "b", "a", "é", "\n"}[r.Intn(5)])
		}
		alike(t, p.String(), s.String(), Advanced)
	}
}

func FuzzRegex(f *testing.F) {
	for _, p := range []string{`(a|b)*?c`, `(\w+)@\1`, `(?i)[[:alpha:]-z]`, `(?b)\(a\)\{2\}`, `[[=a=][.hyphen.]]{2,}`, `(?<!a|b(?=c))\M`, `***=a`, `\uffff\x41\12`} {
		f.Add(p, "abc aab@aab é\n", uint16(Advanced))
	}
	f.Fuzz(func(t *testing.T, pattern, subject string, flags uint16) {
		if len(pattern) > 200 || len(subject) > 200 {
			return
		}
		alike(t, pattern, subject, Flags(flags))
	})
}
