package regex

// facts finds what can be searched for as a string: whether the pattern is one,
// with what every match begins, and what each contains. Searching for a string is
// many times as fast as a DFA.
func (re *Regexp) facts(p *parser) {
	f := factFinder{sets: p.sets.list, whole: true}
	re.anchored = f.anchored(p.top)
	if len(p.top.branches) != 1 {
		return
	}
	f.items(p.top.branches[0])
	f.end()
	re.prefix, re.required = f.prefix, f.longest
	if f.whole && re.groups == 0 {
		re.literal, re.isLit = f.prefix, true
	}
}

// factFinder walks over what every match contains.
type factFinder struct {
	sets    []runeSet
	run     []rune // the string being put together
	first   bool   // run is no longer the first
	whole   bool   // nothing but the first string was seen
	prefix  string
	longest string
}

// end closes the string being put together.
func (f *factFinder) end() {
	s := string(f.run)
	if !f.first {
		f.prefix, f.first = s, true
	}
	if len(s) > len(f.longest) {
		f.longest = s
	}
	f.run = f.run[:0]
}

func (f *factFinder) gap() {
	f.end()
	f.whole = false
}

func (f *factFinder) items(list []item) {
	for k := range list {
		it := &list[k]
		switch {
		case it.none:
		case it.constraint(): // takes no room
			f.whole = false
		case it.what == itemSet:
			r, one := f.sets[it.set].single()
			if !one || r == '\uFFFD' {
				f.gap()
				continue
			}
			for range it.min {
				f.run = append(f.run, r)
			}
			if it.max > it.min {
				f.gap()
			}
		case it.what == itemGroup && it.once() && len(it.sub.branches) == 1:
			f.items(it.sub.branches[0])
		default:
			f.gap()
		}
	}
}

// anchored tells whether a match can begin at the start of the subject alone.
func (f *factFinder) anchored(e *expr) bool {
	for _, branch := range e.branches {
		if !f.anchoredBranch(branch) {
			return false
		}
	}
	return true
}

func (f *factFinder) anchoredBranch(items []item) bool {
	for k := range items {
		it := &items[k]
		switch {
		case it.what == itemBefore && it.edge && len(f.sets[it.set]) == 0:
			return true
		case it.constraint() || it.none:
		default:
			return it.what == itemGroup && it.min > 0 && f.anchored(it.sub)
		}
	}
	return false
}
