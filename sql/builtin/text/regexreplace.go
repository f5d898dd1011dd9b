package text

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/internal/regex"
	"datapunk/types/vector"
)

// replaceFlags is regexp_replace(text, pattern, replacement [, flags]).
func replaceFlags(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	text := flagsOf(args, 3, i)
	flags, global, err := options(text)
	if err != nil {
		// Somebody may have meant the number of a character.
		if e, ok := err.(*pgerr.Error); ok && text[0] >= '0' && text[0] <= '9' {
			return e.WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
		}
		return err
	}
	nth := int32(1)
	if global {
		nth = 0
	}
	return p.replace(args, i, flags, 1, nth, out)
}

// replaceExtended is regexp_replace(text, pattern, replacement, start [, n [, flags]]).
func replaceExtended(p *patterns, args []*vector.Vector, i int, out *vector.Vector) error {
	start, err := parameter(args, 3, i, "start", 1, 1)
	if err != nil {
		return err
	}
	nth, err := parameter(args, 4, i, "n", 1, 0)
	if err != nil {
		return err
	}
	flags, _, err := options(flagsOf(args, 5, i))
	if err != nil {
		return err
	}
	return p.replace(args, i, flags, start, nth, out)
}

// references is the highest group that a replacement refers to, -1 if it has no
// backslash at all.
func references(replacement string) int {
	most := -1
	for {
		k := strings.IndexByte(replacement, '\\')
		if k < 0 {
			return most
		}
		most = max(most, 0)
		if k+1 == len(replacement) {
			return most
		}
		if c := replacement[k+1]; c >= '1' && c <= '9' {
			most = max(most, int(c-'0'))
		}
		replacement = replacement[k+2:]
	}
}

// replace replaces match nth from a character on, or all with 0.
func (p *patterns) replace(args []*vector.Vector, i int, flags regex.Flags, start, nth int32, out *vector.Vector) error {
	text, replacement := args[0].String(i), args[2].String(i)
	most := references(replacement)
	if most <= 0 {
		flags |= regex.NoGroups
	}
	m, err := p.matcher(args[1].String(i), flags)
	if err != nil {
		return err
	}
	found := matches{matcher: m, text: text, next: from(text, start), spans: p.room(max(most, 0))}
	copied, b := 0, p.buffer[:0]
	for n := int32(1); ; n++ {
		more, err := found.find()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if nth > 0 && n != nth {
			continue
		}
		b = append(b, text[copied:found.spans[0]]...)
		if most < 0 {
			b = append(b, replacement...)
		} else {
			b = appendReplacement(b, replacement, text, found.spans)
		}
		copied = found.spans[1]
		if len(b) > maxText {
			return tooLong()
		}
		if nth > 0 {
			break
		}
	}
	b = append(b, text[copied:]...)
	p.buffer = b
	out.SetBytes(i, b)
	return nil
}

// appendReplacement appends a replacement with \1 to \9, \& and \\ filled in. Other
// backslashes stand for themselves.
func appendReplacement(b []byte, replacement, text string, spans []int) []byte {
	for {
		k := strings.IndexByte(replacement, '\\')
		if k < 0 || k+1 == len(replacement) {
			return append(b, replacement...)
		}
		b = append(b, replacement[:k]...)
		group := -1
		switch c := replacement[k+1]; {
		case c >= '1' && c <= '9':
			group = int(c - '0')
		case c == '&':
			group = 0
		case c == '\\':
			b = append(b, '\\')
		default:
			b = append(b, '\\')
			replacement = replacement[k+1:]
			continue
		}
		if group >= 0 && 2*group < len(spans) && spans[2*group] >= 0 {
			b = append(b, text[spans[2*group]:spans[2*group+1]]...)
		}
		replacement = replacement[k+2:]
	}
}
