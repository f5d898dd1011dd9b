package text

import (
	"errors"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/internal/regex"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/vector"
)

// Regular expressions (manual, 9.7.3). A call keeps the patterns it has met,
// compiled, in its state: one as a rule, some where the pattern is a column.

// maxPatterns is how many compiled patterns a call keeps.
const maxPatterns = 32

// patterns is the state of a call that takes a regular expression.
type patterns struct {
	call   *function.Call
	ascii  regex.Flags // regex.ASCII under a collation that knows no more
	last   *compiled
	known  map[patternKey]*compiled
	order  []patternKey // of known, as a ring
	oldest int

	spans   []int
	buffer  []byte
	similar similarCache
}

type patternKey struct {
	text  string
	flags regex.Flags
}

type compiled struct {
	patternKey
	matcher *regex.Matcher
}

// patternsOf is the state of a call.
func patternsOf(c *function.Call) *patterns {
	if p, ok := c.State.(*patterns); ok {
		return p
	}
	p := &patterns{call: c}
	if asciiOnly(c.Collation) {
		p.ascii = regex.ASCII
	}
	c.State = p
	return p
}

// asciiOnly tells whether a collation knows the letters of ASCII alone.
func asciiOnly(oid types.OID) bool {
	for _, c := range collate.All() {
		if c.OID == uint32(oid) {
			return c.Provider == 'c' && (c.Ctype == "C" || c.Ctype == "POSIX")
		}
	}
	return false
}

// matcher is the compiled form of a pattern.
func (p *patterns) matcher(text string, flags regex.Flags) (*regex.Matcher, error) {
	key := patternKey{text, flags | p.ascii}
	if p.last != nil && p.last.patternKey == key {
		return p.last.matcher, nil
	}
	if have := p.known[key]; have != nil {
		p.last = have
		return have.matcher, nil
	}
	re, err := regex.Compile(text, key.flags)
	if err != nil {
		return nil, err
	}
	key.text = strings.Clone(text)
	p.last = &compiled{key, re.Matcher(p.call.Env.Interrupt)}
	if p.known == nil {
		p.known = map[patternKey]*compiled{}
	}
	if len(p.order) < maxPatterns {
		p.order = append(p.order, key)
	} else {
		delete(p.known, p.order[p.oldest])
		p.order[p.oldest] = key
		p.oldest = (p.oldest + 1) % maxPatterns
	}
	p.known[key] = p.last
	return p.last.matcher, nil
}

// room is spans for the match and n groups.
func (p *patterns) room(n int) []int {
	for len(p.spans) < 2*(n+1) {
		p.spans = append(p.spans, 0)
	}
	return p.spans[:2*(n+1)]
}

// interrupted is an error that ends the statement, whatever the row.
type interrupted struct{ error }

func (e interrupted) Unwrap() error { return e.error }

// ended marks a matcher's error, which is one of Env.Interrupt.
func ended(err error) error {
	if err == nil {
		return nil
	}
	return interrupted{err}
}

// find runs a matcher.
func find(m *regex.Matcher, s string, from int, spans []int) (bool, error) {
	found, err := m.Find(s, from, spans)
	return found, ended(err)
}

// rowError puts an error on its row, unless it ends the statement.
func rowError(row int, err error) error {
	var e interrupted
	if errors.As(err, &e) {
		return e.error
	}
	return &vector.RowError{Row: row, Err: err}
}

// options reads the flags argument of the regexp functions.
func options(text string) (flags regex.Flags, global bool, err error) {
	flags = regex.Advanced
	for _, o := range text {
		switch o {
		case 'g':
			global = true
		case 'b', 'e': // e is meant to be extended syntax, but is basic in PostgreSQL too
			flags &^= regex.Advanced | regex.Quote
		case 'c':
			flags &^= regex.Fold
		case 'i':
			flags |= regex.Fold
		case 'm', 'n':
			flags |= regex.Lines
		case 'p':
			flags = flags&^regex.LineAnchor | regex.LineStop
		case 'q':
			flags = flags&^regex.Advanced | regex.Quote
		case 's':
			flags &^= regex.Lines
		case 't':
			flags &^= regex.Expanded
		case 'w':
			flags = flags&^regex.LineStop | regex.LineAnchor
		case 'x':
			flags |= regex.Expanded
		default:
			return 0, false, pgerr.Newf(pgerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", o)
		}
	}
	return flags, global, nil
}

// notGlobal is the error of a function that finds one match anyway.
func notGlobal(function string) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "%s() does not support the \"global\" option", function)
}

// optionsOnce is options for such a function.
func optionsOnce(function, text string) (regex.Flags, error) {
	flags, global, err := options(text)
	if err == nil && global {
		return 0, notGlobal(function)
	}
	return flags, err
}

// regexOperator is a kernel of ~ and its kin. It allocates nothing for a row.
func regexOperator(flags regex.Flags, negate bool) function.Impl {
	return function.Impl{CanRaise: true, Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		p, r := patternsOf(c), vector.Of[bool](out)
		var m *regex.Matcher
		var err error
		for _, i := range sel {
			if m == nil || !args[1].Const {
				if m, err = p.matcher(args[1].String(int(i)), flags|regex.NoGroups); err != nil {
					return rowError(int(i), err)
				}
			}
			found, err := find(m, args[0].String(int(i)), 0, nil)
			if err != nil {
				return rowError(int(i), err)
			}
			r[i] = found != negate
		}
		return nil
	}}
}

// regexRow is a kernel that does one row at a time.
func regexRow(f func(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error) function.Impl {
	return function.Impl{CanRaise: true, Eval: func(c *function.Call, args []*vector.Vector, sel []int32, out *vector.Vector) error {
		p := patternsOf(c)
		for _, i := range sel {
			if err := f(p, args, int(i), out); err != nil {
				return rowError(int(i), err)
			}
		}
		return nil
	}}
}

func regexes(t function.Table) {
	for _, of := range []string{"text", "name"} { // char(n) has text's
		t[of+"regexeq"], t[of+"regexne"] = regexOperator(regex.Advanced, false), regexOperator(regex.Advanced, true)
		t[of+"icregexeq"], t[of+"icregexne"] = regexOperator(regex.Advanced|regex.Fold, false), regexOperator(regex.Advanced|regex.Fold, true)
	}
	like := regexRow(regexLike)
	t["regexp_like"], t["regexp_like_no_flags"] = like, like
	match := regexRow(regexMatch)
	t["regexp_match"], t["regexp_match_no_flags"] = match, match
	matches := function.Impl{Set: regexMatches}
	t["regexp_matches"], t["regexp_matches_no_flags"] = matches, matches
	toArray, toTable := regexRow(regexSplit), function.Impl{Set: regexSplitRows}
	t["regexp_split_to_array"], t["regexp_split_to_array_no_flags"] = toArray, toArray
	t["regexp_split_to_table"], t["regexp_split_to_table_no_flags"] = toTable, toTable
	count := regexRow(regexCount)
	t["regexp_count"], t["regexp_count_no_flags"], t["regexp_count_no_start"] = count, count, count
	instr := regexRow(regexInstr)
	for _, less := range []string{"", "_no_subexpr", "_no_flags", "_no_endoption", "_no_n", "_no_start"} {
		t["regexp_instr"+less] = instr
	}
	substr := regexRow(regexSubstr)
	for _, less := range []string{"", "_no_subexpr", "_no_flags", "_no_n", "_no_start"} {
		t["regexp_substr"+less] = substr
	}
	t["textregexsubstr"] = regexRow(substringPattern)
	t["textregexreplace_noopt"], t["textregexreplace"] = regexRow(replaceFlags), regexRow(replaceFlags)
	extended := regexRow(replaceExtended)
	t["textregexreplace_extended"], t["textregexreplace_extended_no_flags"], t["textregexreplace_extended_no_n"] = extended, extended, extended
	t["similar_to_escape_1"], t["similar_to_escape_2"] = regexRow(similarToEscape), regexRow(similarToEscape)
	t["similar_escape"] = regexRow(similarEscape)
	t["substring(text,text,text)"] = regexRow(substringSimilar)
}
