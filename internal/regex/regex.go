// Package regex is PostgreSQL's regular expressions (manual 9.7.3): advanced,
// extended and basic syntax, literal strings, embedded options, look-around, back
// references, and preferences for long or short matches.
//
// It exists because no engine of Go's has these semantics. A match is the one that
// begins first; among those its end is the farthest or the nearest, as the
// preference of the whole expression says; only then are the groups cut out of it,
// each part taking what its own preference says, left to right. Backtracking
// engines, and Go's regexp, decide by the order of alternatives instead, which gives
// other matches; they have no back references or take exponential time for the rest.
//
// # Stages
//
//	lex, escape, bracket   pattern → tokens
//	parse                  tokens → expr, the syntax
//	tree                   expr → node, the plan by which a match is cut into groups
//	color                  sets of characters → classes that no set tells apart
//	nfa                    node → instructions; each node is a fragment of the one program
//	dfa                    fragment → states, made while matching
//	find                   where a match begins and ends
//	dissect                where its groups are
//
// A Regexp is the result of compiling and is not changed; a Matcher has the states
// made so far and belongs to one goroutine.
//
// # Invariants
//
//	R1  Without back references every question "does this fragment match from here
//	    to there" is answered by a DFA: time is at most quadratic in the subject for
//	    each node of the tree, never exponential.
//	R2  Matching does not allocate once the states it needs are made.
//	R3  The memory of a Matcher's states is bounded (dfaBytes); states are dropped
//	    and made again beyond that.
//	R4  A fragment is entered at its entry and left at its exit alone, so that a DFA
//	    may run on a part of the program as if it were a program of its own.
//	R5  Positions are offsets in bytes, always between characters.
//	R6  Every loop over the subject asks poll now and then, and ends with its error.
package regex

// Flags say how a pattern is read and what matches.
type Flags uint16

// The flags. Basic syntax is no flag; Advanced syntax is Extended with escapes,
// directors and the rest.
const (
	Extended   Flags = 1 << iota
	advanced         // the features of advanced syntax beyond Extended
	Quote            // the pattern is a literal string
	Fold             // letters match in either case
	Expanded         // white space and comments in the pattern are skipped
	LineStop         // . and [^…] do not match a newline
	LineAnchor       // ^ and $ match at lines too
	NoGroups         // nobody will ask for groups
	ASCII            // only ASCII has letters, digits and case (collation C)

	Advanced = Extended | advanced
	Lines    = LineStop | LineAnchor
)

// Regexp is a compiled pattern. It is not changed, and may be used by many
// matchers at once.
type Regexp struct {
	groups   int  // capturing groups of the pattern
	backrefs bool // the tree has back references
	shortest bool // the whole prefers the shortest match
	anchored bool // a match begins at the start of the subject alone

	literal  string // what the pattern is, if isLit
	isLit    bool
	prefix   string // every match begins with it
	required string // every match contains it

	root   *node
	nodes  int // how many nodes have numbers
	looks  []look
	code   []inst
	colors colors
	kind   []uint16 // of each class: classes of a kind hold for the same iBefore
	kinds  int
	ctype  ctype
	fold   bool // back references match in either case
}

// look is one look-around constraint.
type look struct {
	entry, exit int32 // its fragment
	behind      bool
	negative    bool
}

// Groups is the number of capturing groups in the pattern.
func (re *Regexp) Groups() int { return re.groups }

// Compile reads a pattern. The error is PostgreSQL's, 2201B.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	p, err := parse(pattern, flags)
	if err != nil {
		return nil, err
	}
	re := &Regexp{groups: p.groups, backrefs: p.backrefs, ctype: p.ctype}
	re.facts(p)
	if re.isLit {
		return re, nil
	}
	t := planner{}
	root, ok := t.whole(p.top, p.flags&NoGroups != 0)
	if !ok {
		return nil, tooComplex.err()
	}
	re.root, re.shortest, re.fold = root, root.prefer&shorter != 0, p.flags&Fold != 0
	if f := re.colors.paint(p.sets.list); f != "" {
		return nil, f.err()
	}
	if f := re.assemble(); f != "" {
		return nil, f.err()
	}
	return re, nil
}
