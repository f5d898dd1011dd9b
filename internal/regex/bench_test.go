package regex

import (
	"strings"
	"testing"
)

// BenchmarkMatch is the operator ~, BenchmarkGroups regexp_match: one subject for each
// operation, states made already.
func BenchmarkMatch(b *testing.B) {
	text := "The quick brown fox jumps over the lazy dog, then writes to jane.doe@example.com about it at length. "
	for _, c := range []struct{ name, pattern, subject string }{
		{"literal", `example`, text},
		{"literalMiss", `zebra`, text},
		{"mail", `^[a-z]+@[a-z]+\.com$`, "someone@example.com"},
		{"mailMiss", `^[a-z]+@[a-z]+\.com$`, text},
		{"words10", `alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|length`, text},
		{"words10Miss", `alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet`, text},
		{"fold", `(?i)EXAMPLE`, text},
		{"prefix", `jane\.[a-z]+@`, text},
		{"nested", `(a+)+b`, strings.Repeat("a", 1000)},
		{"nestedEnd", `(a+)+[bc]`, strings.Repeat("a", 1000)},
		{"word", `\mzombies?\M`, text},
		{"lookahead", `fox(?= jumps)`, text},
		{"lookbehind", `(?<=lazy )dog`, text},
		{"unicode", `[[:alpha:]]+\d`, strings.Repeat("В начале было слово ", 5)},
		{"unicodeRange", `[а-я]+\d`, strings.Repeat("В начале было слово ", 5)},
		{"backref", `(\w)\1m`, text},
	} {
		b.Run(c.name, func(b *testing.B) {
			re, err := Compile(c.pattern, Advanced|NoGroups)
			if err != nil {
				b.Fatal(err)
			}
			m := re.Matcher(nil)
			b.SetBytes(int64(len(c.subject)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Match(c.subject); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGroups(b *testing.B) {
	for _, c := range []struct{ name, pattern, subject string }{
		{"date", `(\d+)-(\d+)-(\d+)`, "released on 2021-09-25 in theatres"},
		{"host", `^https?://(?:www\.)?([^/]+)/.*$`, "https://www.example.org/some/path/to/a/page.html?query=string"},
		{"whole", `[^a-z]+`, "somewords and more"},
		{"repeat", `^(?:(\w+),?)*$`, "one,two,three,four,five"},
		{"short", `<(.*?)>`, "text <b>bold</b> text"},
		{"backref", `(\w+) \1`, "it was the the best of times"},
	} {
		b.Run(c.name, func(b *testing.B) {
			re, err := Compile(c.pattern, Advanced)
			if err != nil {
				b.Fatal(err)
			}
			m := re.Matcher(nil)
			spans := make([]int, 2*(re.Groups()+1))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Find(c.subject, 0, spans); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, c := range []struct{ name, pattern string }{
		{"literal", `example`}, {"mail", `^[a-z]+@[a-z]+\.com$`}, {"word", `\w+\s\w+`}, {"bounds", `(\d{1,3}\.){3}\d{1,3}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				re, err := Compile(c.pattern, Advanced|NoGroups)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := re.Matcher(nil).Match("1.2.3.4 abc"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
