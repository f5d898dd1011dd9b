package regex

// expr is an expression as it was written: branches, of which one is to match.
type expr struct{ branches [][]item }

// item is an atom or a constraint with its quantifier.
type item struct {
	what     what
	set      int    // of itemSet, itemBefore and itemAfter: number in the table of sets
	edge     bool   // of itemBefore and itemAfter: the end of the subject is in the set
	sub      *expr  // of itemGroup and itemLook; of itemBackref, what it refers to
	group    int    // of itemGroup: its number if it captures; of itemBackref: what it refers to
	look     uint8  // of itemLook: lookBehind, lookNegative
	min, max int    // of atoms
	prefer   prefer // of atoms: what the quantifier asks for
	none     bool   // an atom that is to match zero times
}

type what uint8

const (
	itemSet     what = iota // one character of a set
	itemGroup               // (…) and (?:…)
	itemBackref             // what a group matched
	itemBefore              // the character before the position is in the set
	itemAfter               // the character after it is
	itemEdge                // of a word: \y
	itemNotEdge             // \Y
	itemStart               // of a word: \m
	itemEnd                 // of a word: \M
	itemLook
)

// infinite is the max of an item without an upper bound.
const infinite = maxBound + 1

// maxBound is the largest number in a bound.
const maxBound = 255

func (it *item) constraint() bool { return it.what >= itemBefore }

// once tells whether the item is an atom that matches exactly one time.
func (it *item) once() bool { return !it.none && it.min == 1 && it.max == 1 }
