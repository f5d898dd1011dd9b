package text

import (
	"unicode/utf8"

	"datapunk/internal/pgerr"
	"datapunk/internal/regex"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

// flagsOf is the flags argument at place k, "" where the call has none.
func flagsOf(args []*vector.Vector, k, i int) string {
	if k < len(args) {
		return args[k].String(i)
	}
	return ""
}

// matches goes through the matches of a pattern in a text, from left to right. After
// an empty match the search goes on a character later.
type matches struct {
	matcher *regex.Matcher
	text    string
	next    int // where the next search begins; past the text at the end
	spans   []int
	again   bool // not the first search
}

func (m *matches) find() (bool, error) {
	if m.next > len(m.text) {
		return false, nil
	}
	var found bool
	var err error
	if m.again {
		found, err = m.matcher.Next(m.next, m.spans)
	} else {
		found, err = m.matcher.Find(m.text, m.next, m.spans)
		m.again = true
	}
	if err != nil || !found {
		m.next = len(m.text) + 1
		return false, ended(err)
	}
	if m.next = m.spans[1]; m.spans[0] == m.spans[1] {
		m.next = after(m.text, m.next)
	}
	return true, nil
}

// after is the offset behind the character at i, beyond the text at its end.
func after(s string, i int) int {
	if i >= len(s) {
		return i + 1
	}
	return i + next(s[i:], false)
}

func regexLike(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	flags, err := optionsOnce("regexp_like", flagsOf(args, 2, i))
	if err != nil {
		return err
	}
	m, err := p.matcher(args[1].String(i), flags|regex.NoGroups)
	if err != nil {
		return err
	}
	found, err := find(m, args[0].String(i), 0, nil)
	vector.Of[bool](out)[i] = found
	return err
}

// groupsArray is what regexp_match gives: the groups, or the match if there are none.
func groupsArray(text string, spans []int) []byte {
	if len(spans) > 2 {
		spans = spans[2:]
	}
	n := len(spans) / 2
	v := vector.New(types.Text, n)
	for k := range n {
		if from, to := spans[2*k], spans[2*k+1]; from >= 0 {
			v.SetString(k, text[from:to])
		} else {
			v.SetNull(k)
		}
	}
	return array.FromVector(types.OIDText, v, n)
}

func regexMatch(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	flags, global, err := options(flagsOf(args, 2, i))
	if err != nil {
		return err
	}
	if global {
		return notGlobal("regexp_match").WithHint("Use the regexp_matches function instead.")
	}
	m, err := p.matcher(args[1].String(i), flags)
	if err != nil {
		return err
	}
	text, spans := args[0].String(i), p.room(m.Regexp().Groups())
	found, err := find(m, text, 0, spans)
	if err != nil {
		return err
	}
	if !found {
		out.SetNull(i)
		return nil
	}
	out.SetBytes(i, groupsArray(text, spans))
	return nil
}

// matchRows gives the arrays of regexp_matches.
type matchRows struct {
	matches
	once bool
}

func regexMatches(c *function.Call, args []*vector.Vector) (function.Rows, error) {
	p := patternsOf(c)
	flags, global, err := options(flagsOf(args, 2, 0))
	if err != nil {
		return nil, err
	}
	m, err := p.matcher(args[1].String(0), flags)
	if err != nil {
		return nil, err
	}
	return &matchRows{matches{matcher: m, text: args[0].String(0), spans: p.room(m.Regexp().Groups())}, !global}, nil
}

func (m *matchRows) Next(out []*vector.Vector, max int) (int, error) {
	for n := range max {
		found, err := m.find()
		if err != nil || !found {
			return n, stopped(err)
		}
		out[0].SetBytes(n, groupsArray(m.text, m.spans))
		if m.once {
			m.next = len(m.text) + 1
		}
	}
	return max, nil
}

// stopped is an error of find where there is no row.
func stopped(err error) error {
	if e, ok := err.(interrupted); ok {
		return e.error
	}
	return err
}

// splitter gives the pieces of a text between the matches of a pattern. Empty
// matches at either end, or right after another match, do not split.
type splitter struct {
	matches
	from int // where the next piece begins
	last int // where the last match ended
	done bool
}

func newSplitter(p *patterns, name string, args []*vector.Vector, i int) (*splitter, error) {
	flags, err := optionsOnce(name, flagsOf(args, 2, i))
	if err != nil {
		return nil, err
	}
	m, err := p.matcher(args[1].String(i), flags|regex.NoGroups)
	if err != nil {
		return nil, err
	}
	return &splitter{matches: matches{matcher: m, text: args[0].String(i), spans: p.room(0)}}, nil
}

func (s *splitter) piece() (string, error) {
	for {
		found, err := s.find()
		if err != nil {
			return "", err
		}
		if !found {
			s.done = true
			return s.text[s.from:], nil
		}
		real := s.spans[0] < len(s.text) && s.spans[1] > s.last
		s.last = s.spans[1]
		if real {
			piece := s.text[s.from:s.spans[0]]
			s.from = s.spans[1]
			return piece, nil
		}
	}
}

func regexSplit(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	s, err := newSplitter(p, "regexp_split_to_array", args, i)
	if err != nil {
		return err
	}
	v := vector.New(types.Text, 8)
	n := 0
	for ; !s.done; n++ {
		piece, err := s.piece()
		if err != nil {
			return err
		}
		v.Grow(n + 1)
		v.SetString(n, piece)
	}
	out.SetBytes(i, array.FromVector(types.OIDText, v, n))
	return nil
}

func regexSplitRows(c *function.Call, args []*vector.Vector) (function.Rows, error) {
	s, err := newSplitter(patternsOf(c), "regexp_split_to_table", args, 0)
	return s, stopped(err)
}

func (s *splitter) Next(out []*vector.Vector, max int) (int, error) {
	n := 0
	for ; n < max && !s.done; n++ {
		piece, err := s.piece()
		if err != nil {
			return n, stopped(err)
		}
		out[0].SetString(n, piece)
	}
	return n, nil
}

func badParameter(name string, value int32) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, value)
}

// parameter is the number at place k, preset where the call has none. Below least it
// is an error.
func parameter(args []*vector.Vector, k, i int, name string, preset, least int32) (int32, error) {
	if k >= len(args) {
		return preset, nil
	}
	value := loop.At[int32](args[k], i)
	if value < least {
		return 0, badParameter(name, value)
	}
	return value, nil
}

// from is the offset of the 1-based character start, beyond the text if there is none.
func from(s string, start int32) int {
	at := offset(s, int(start-1))
	if at == len(s) && int(start-1) > utf8.RuneCountInString(s) {
		return len(s) + 1
	}
	return at
}

func regexCount(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	start, err := parameter(args, 2, i, "start", 1, 1)
	if err != nil {
		return err
	}
	flags, err := optionsOnce("regexp_count", flagsOf(args, 3, i))
	if err != nil {
		return err
	}
	m, err := p.matcher(args[1].String(i), flags|regex.NoGroups)
	if err != nil {
		return err
	}
	text := args[0].String(i)
	found := matches{matcher: m, text: text, next: from(text, start), spans: p.room(0)}
	for n := int32(0); ; n++ {
		more, err := found.find()
		if err != nil || !more {
			vector.Of[int32](out)[i] = n
			return err
		}
	}
}

// occurrence finds match n of a pattern from a character on, and of it the group
// asked for: where it is, or -1. A pattern without groups is its own first one.
func (p *patterns) occurrence(name string, args []*vector.Vector, i int, start, n, group int32, options string) (low, high int, err error) {
	flags, err := optionsOnce(name, options)
	if err != nil {
		return -1, -1, err
	}
	if group == 0 {
		flags |= regex.NoGroups
	}
	m, err := p.matcher(args[1].String(i), flags)
	if err != nil {
		return -1, -1, err
	}
	groups := m.Regexp().Groups()
	switch {
	case group == 1 && groups == 0:
		group = 0
	case int(group) > groups:
		return -1, -1, nil
	}
	text := args[0].String(i)
	found := matches{matcher: m, text: text, next: from(text, start), spans: p.room(int(group))}
	for range n {
		if more, err := found.find(); err != nil || !more {
			return -1, -1, err
		}
	}
	return found.spans[2*group], found.spans[2*group+1], nil
}

func regexInstr(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	start, err := parameter(args, 2, i, "start", 1, 1)
	if err != nil {
		return err
	}
	n, err := parameter(args, 3, i, "n", 1, 1)
	if err != nil {
		return err
	}
	end, err := parameter(args, 4, i, "endoption", 0, 0)
	if err != nil {
		return err
	}
	if end > 1 {
		return badParameter("endoption", end)
	}
	group, err := parameter(args, 6, i, "subexpr", 0, 0)
	if err != nil {
		return err
	}
	at, high, err := p.occurrence("regexp_instr", args, i, start, n, group, flagsOf(args, 5, i))
	if end == 1 {
		at = high
	}
	r := vector.Of[int32](out)
	r[i] = 0
	if at >= 0 {
		r[i] = int32(utf8.RuneCountInString(args[0].String(i)[:at])) + 1
	}
	return err
}

func regexSubstr(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	start, err := parameter(args, 2, i, "start", 1, 1)
	if err != nil {
		return err
	}
	n, err := parameter(args, 3, i, "n", 1, 1)
	if err != nil {
		return err
	}
	group, err := parameter(args, 5, i, "subexpr", 0, 0)
	if err != nil {
		return err
	}
	low, high, err := p.occurrence("regexp_substr", args, i, start, n, group, flagsOf(args, 4, i))
	if low < 0 {
		out.SetNull(i)
		return err
	}
	out.SetString(i, args[0].String(i)[low:high])
	return err
}

// substringPattern is substring(text FROM pattern): the first group, or the match.
func substringPattern(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	return p.firstGroup(args[0].String(i), args[1].String(i), i, out)
}

func (p *patterns) firstGroup(text, pattern string, i int, out *vector.Vector) error {
	m, err := p.matcher(pattern, regex.Advanced)
	if err != nil {
		return err
	}
	group := min(m.Regexp().Groups(), 1)
	spans := p.room(group)
	found, err := find(m, text, 0, spans)
	if !found || spans[2*group] < 0 {
		out.SetNull(i)
		return err
	}
	out.SetString(i, text[spans[2*group]:spans[2*group+1]])
	return nil
}
