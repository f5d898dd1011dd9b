package numeric

import (
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

// Flags of a number template.
const (
	flagZero = 1 << iota
	flagBlank
	flagDecimal
	flagFill
	flagSign // S
	flagMinus
	flagPlus
	flagRoman
	flagMulti
	flagBracket
	flagScience
)

type signPlace uint8

const (
	signNone signPlace = iota
	signBefore
	signAfter
)

// piece is one pattern (id not empty) or one character of a number template.
type piece struct {
	id   string
	text string
}

// template is a parsed number template.
type template struct {
	pieces             []piece
	flags              int
	pre, post, multi   int
	zeroStart, zeroEnd int
	sign               signPlace
	signPre            int // digits before the S
}

func (t *template) has(flag int) bool { return t.flags&flag != 0 }

// numberPatterns, longest first where one is a prefix of another. The lower-case
// ones act alike but for rn and th.
var numberPatterns = []string{",", ".", "0", "9", "B", "C", "D", "EEEE", "FM", "G", "L", "MI", "PL", "PR",
	"RN", "SG", "SP", "S", "TH", "V", "b", "c", "d", "eeee", "fm", "g", "l", "mi", "pl", "pr", "rn", "sg", "sp", "s", "th", "v"}

type parsed struct {
	t   *template
	err error
}

// maxTemplates bounds the cache of parsed templates.
const maxTemplates = 2000

var (
	templates     sync.Map // text to parsed
	templatesKept atomic.Int32
)

// parseTemplate reads a number template; errors are 42601. The result is a copy.
func parseTemplate(f string) (template, error) {
	v, ok := templates.Load(f)
	if !ok {
		t := new(template)
		err := t.parse(f)
		v = parsed{t, err}
		if len(f) < 128 && templatesKept.Add(1) < maxTemplates {
			templates.Store(f, v)
		}
	}
	p := v.(parsed)
	return *p.t, p.err
}

func (t *template) parse(f string) error {
	for f != "" {
		if id := patternAt(f); id != "" {
			f = f[len(id):]
			up := id
			if id != "rn" && id != "th" {
				up = strings.ToUpper(id)
			}
			if err := t.prepare(up); err != nil {
				return err
			}
			t.pieces = append(t.pieces, piece{id: up})
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
				t.pieces = append(t.pieces, piece{text: f[:w]})
				f = f[w:]
			}
			continue
		}
		if f[0] == '\\' && len(f) > 1 && f[1] == '"' {
			f = f[1:]
		}
		_, w := utf8.DecodeRuneInString(f)
		t.pieces = append(t.pieces, piece{text: f[:w]})
		f = f[w:]
	}
	return nil
}

func patternAt(f string) string {
	for _, p := range numberPatterns {
		if strings.HasPrefix(f, p) {
			return p
		}
	}
	return ""
}

// prepare counts one pattern in and checks that it fits those before.
func (t *template) prepare(id string) error {
	bad := func(s string) error { return pgerr.New(pgerr.SyntaxError, s) }
	if t.has(flagScience) && id != "EEEE" {
		return bad("\"EEEE\" must be the last pattern used")
	}
	switch id {
	case "9", "0":
		if t.has(flagBracket) {
			return bad("\"" + id + "\" must be ahead of \"PR\"")
		}
		if id == "9" && t.has(flagMulti) {
			t.multi++
			break
		}
		if id == "0" && !t.has(flagZero) && !t.has(flagDecimal) {
			t.flags |= flagZero
			t.zeroStart = t.pre + 1
		}
		if t.has(flagDecimal) {
			t.post++
		} else {
			t.pre++
		}
		if id == "0" {
			t.zeroEnd = t.pre + t.post
		}
	case "B":
		if t.pre == 0 && t.post == 0 && !t.has(flagZero) {
			t.flags |= flagBlank
		}
	case "D", ".":
		if t.has(flagDecimal) {
			return bad("multiple decimal points")
		}
		if t.has(flagMulti) {
			return bad("cannot use \"V\" and decimal point together")
		}
		t.flags |= flagDecimal
	case "FM":
		t.flags |= flagFill
	case "S":
		if t.has(flagSign) {
			return bad("cannot use \"S\" twice")
		}
		if t.has(flagPlus | flagMinus | flagBracket) {
			return bad("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
		}
		t.flags |= flagSign
		if !t.has(flagDecimal) {
			t.sign, t.signPre = signBefore, t.pre
		} else {
			t.sign = signAfter
		}
	case "MI", "PL", "SG":
		if t.has(flagSign) {
			return bad("cannot use \"S\" and \"" + id + "\" together")
		}
		if id != "PL" {
			t.flags |= flagMinus
		}
		if id != "MI" {
			t.flags |= flagPlus
		}
	case "PR":
		if t.has(flagSign | flagPlus | flagMinus) {
			return bad("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
		}
		t.flags |= flagBracket
	case "RN", "rn":
		t.flags |= flagRoman
	case "V":
		if t.has(flagDecimal) {
			return bad("cannot use \"V\" and decimal point together")
		}
		t.flags |= flagMulti
	case "EEEE":
		if t.has(flagScience) {
			return bad("cannot use \"EEEE\" twice")
		}
		if t.has(flagBlank | flagFill | flagSign | flagBracket | flagMinus | flagPlus | flagRoman | flagMulti) {
			return pgerr.New(pgerr.SyntaxError, "\"EEEE\" is incompatible with other formats").
				WithDetail("%s", "\"EEEE\" may only be used together with digit and decimal point patterns.")
		}
		t.flags |= flagScience
	}
	return nil
}
