package format

import (
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/vector"
)

func badArray(text, detail string, args ...any) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", text).WithDetail(detail, args...)
}

// arrayItem is one element of an array's text.
type arrayItem struct {
	text   string
	quoted bool // quoted or escaped: never NULL
}

// arrayState is where the scanner of an array's text is.
type arrayState byte

const (
	noLevel arrayState = iota
	levelStarted
	elemStarted
	quotedStarted
	quotedCompleted
	elemDelimited
	levelCompleted
	levelDelimited
)

// scanArray splits the braces of an array's text.
func scanArray(whole, s string, delim byte) (items []arrayItem, dims []array.Dim, err error) {
	var counts, lasts [array.MaxDims]int
	var buffer []byte
	state, level, ndim, keep, escaped, quotes, empty := noLevel, 0, 0, 0, false, false, true
	for i := range counts {
		counts[i] = 1
	}
	finish := func() {
		if state == elemStarted {
			items = append(items, arrayItem{string(buffer[:keep]), escaped})
		} else if state == quotedCompleted {
			items = append(items, arrayItem{string(buffer), true})
		}
		buffer, keep, escaped = buffer[:0], 0, false
	}
	i := 0
	for {
		if i >= len(s) {
			return nil, nil, badArray(whole, "Unexpected end of input.")
		}
		c := s[i]
		i++
		switch {
		case c == '\\':
			if state != levelStarted && state != elemStarted && state != quotedStarted && state != elemDelimited {
				return nil, nil, badArray(whole, "Unexpected \"%c\" character.", '\\')
			}
			if i >= len(s) {
				return nil, nil, badArray(whole, "Unexpected end of input.")
			}
			if !quotes {
				state = elemStarted
			}
			buffer = append(buffer, s[i])
			keep, escaped, empty = len(buffer), true, false
			i++
		case c == '"':
			empty = false
			if quotes {
				quotes, state = false, quotedCompleted
				continue
			}
			if state != levelStarted && state != elemDelimited {
				return nil, nil, badArray(whole, "Unexpected array element.")
			}
			quotes, state = true, quotedStarted
		case quotes:
			buffer = append(buffer, c)
		case c == '{':
			if state != noLevel && state != levelStarted && state != levelDelimited {
				return nil, nil, badArray(whole, "Unexpected \"%c\" character.", '{')
			}
			if level >= array.MaxDims {
				return nil, nil, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", level+1, array.MaxDims)
			}
			level++
			ndim = max(ndim, level)
			state = levelStarted
		case c == '}':
			if state != elemStarted && state != quotedCompleted && state != levelCompleted && !(level == 1 && state == levelStarted) {
				return nil, nil, badArray(whole, "Unexpected \"%c\" character.", '}')
			}
			finish()
			level--
			if lasts[level] != 0 && counts[level] != lasts[level] {
				return nil, nil, badArray(whole, "Multidimensional arrays must have sub-arrays with matching dimensions.")
			}
			lasts[level], counts[level] = counts[level], 1
			state = levelCompleted
			if level == 0 {
				if trimSpace(s[i:]) != "" {
					return nil, nil, badArray(whole, "Junk after closing right brace.")
				}
				if empty && len(items) == 0 {
					return nil, nil, nil
				}
				for k := range ndim {
					dims = append(dims, array.Dim{Length: int32(lasts[k]), Lower: 1})
				}
				return items, dims, nil
			}
		case c == delim:
			if state != elemStarted && state != quotedCompleted && state != levelCompleted {
				return nil, nil, badArray(whole, "Unexpected \"%c\" character.", c)
			}
			finish()
			counts[level-1]++
			if state == levelCompleted {
				state = levelDelimited
			} else {
				state = elemDelimited
			}
		case isSpace(c):
			if state == elemStarted {
				buffer = append(buffer, c)
			}
		default:
			if state != levelStarted && state != elemStarted && state != elemDelimited {
				return nil, nil, badArray(whole, "Unexpected array element.")
			}
			state, empty = elemStarted, false
			buffer = append(buffer, c)
			keep = len(buffer)
		}
	}
}

// scanBounds reads [l:u]… = in front of an array.
func scanBounds(text, s string) (dims []array.Dim, rest string, err error) {
	number := func() (int32, bool) {
		end := 0
		for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[end] == '-' || s[end] == '+')) {
			end++
		}
		n, err := strconv.ParseInt(s[:end], 10, 32)
		if err != nil {
			return int32(n), false
		}
		s = s[end:]
		return int32(n), true
	}
	for s = trimLeft(s); strings.HasPrefix(s, "["); s = trimLeft(s) {
		if len(dims) >= array.MaxDims {
			return nil, "", pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims)+1, array.MaxDims)
		}
		s = s[1:]
		low, ok := number()
		if !ok {
			return nil, "", badArray(text, "\"[\" must introduce explicitly-specified array dimensions.")
		}
		high := low
		if strings.HasPrefix(s, ":") {
			s = s[1:]
			if high, ok = number(); !ok {
				return nil, "", badArray(text, "Missing array dimension value.")
			}
		} else {
			low = 1
		}
		if !strings.HasPrefix(s, "]") {
			return nil, "", badArray(text, "Missing \"%s\" after array dimensions.", "]")
		}
		s = s[1:]
		if high < low {
			return nil, "", pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		if high == 1<<31-1 {
			return nil, "", pgerr.Newf(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", low)
		}
		dims = append(dims, array.Dim{Length: high - low + 1, Lower: low})
	}
	if len(dims) == 0 {
		if !strings.HasPrefix(s, "{") {
			return nil, "", badArray(text, "Array value must start with \"{\" or dimension information.")
		}
		return nil, s, nil
	}
	if !strings.HasPrefix(s, "=") {
		return nil, "", badArray(text, "Missing \"%s\" after array dimensions.", "=")
	}
	if s = trimLeft(s[1:]); !strings.HasPrefix(s, "{") {
		return nil, "", badArray(text, "Array contents must start with \"{\".")
	}
	return dims, s, nil
}

func trimLeft(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func parseArray(ctx *Context, t *types.Type, mod int32, text string, out *vector.Vector, i int) error {
	bounds, rest, err := scanBounds(text, text)
	if err != nil {
		return err
	}
	elem := t.Elem
	delim := elem.Delim
	if delim == 0 {
		delim = ','
	}
	items, dims, err := scanArray(text, rest, delim)
	if err != nil {
		return err
	}
	if bounds != nil {
		same := len(bounds) == len(dims)
		for k := 0; same && k < len(dims); k++ {
			same = bounds[k].Length == dims[k].Length
		}
		if !same {
			return badArray(text, "Specified array dimensions do not match array contents.")
		}
		dims = bounds
	}
	if _, err := array.Count(dims); err != nil {
		return err
	}
	elems := vector.New(elem, len(items))
	for k, item := range items {
		if !item.quoted && strings.EqualFold(item.text, "null") {
			elems.SetNull(k)
			continue
		}
		if err := ParseText(ctx, elem, mod, item.text, elems, k); err != nil {
			return err
		}
	}
	out.SetBytes(i, array.Append(nil, elem.OID, dims, elems, vector.Sequence(nil, len(items))))
	return nil
}

// appendArray appends an array's text. Without an element type in t it is the one
// that the value names.
func appendArray(dst []byte, ctx *Context, t *types.Type, b []byte) []byte {
	elem := t.Elem
	if oid, _, ok := array.Header(b); ok && elem == nil {
		elem = ctx.typeByOID(oid)
	}
	if elem == nil {
		return dst
	}
	a, err := array.Decode(b, elem)
	if err != nil {
		return dst
	}
	if a.N == 0 {
		return append(dst, "{}"...)
	}
	bounds := false
	for _, d := range a.Dims {
		bounds = bounds || d.Lower != 1
	}
	if bounds {
		for _, d := range a.Dims {
			dst = strconv.AppendInt(append(dst, '['), int64(d.Lower), 10)
			dst = strconv.AppendInt(append(dst, ':'), int64(d.Lower)+int64(d.Length)-1, 10)
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
	}
	delim := elem.Delim
	if delim == 0 {
		delim = ','
	}
	next := 0
	return appendLevel(dst, ctx, a, 0, &next, delim)
}

func appendLevel(dst []byte, ctx *Context, a *array.Array, level int, next *int, delim byte) []byte {
	dst = append(dst, '{')
	for k := range a.Dims[level].Length {
		if k > 0 {
			dst = append(dst, delim)
		}
		if level+1 < len(a.Dims) {
			dst = appendLevel(dst, ctx, a, level+1, next, delim)
			continue
		}
		e := *next
		*next++
		if a.Elems.Null(e) {
			dst = append(dst, "NULL"...)
			continue
		}
		start := len(dst)
		dst = AppendText(dst, ctx, a.Elems, e)
		dst = quoteElement(dst, start, delim)
	}
	return append(dst, '}')
}

// quoteElement puts quotes around dst[start:] if an element needs them.
func quoteElement(dst []byte, start int, delim byte) []byte {
	text := dst[start:]
	need := len(text) == 0 || len(text) == 4 && strings.EqualFold(string(text), "null")
	escapes := 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			escapes++
			need = true
		case c == '{' || c == '}' || c == delim || isSpace(c):
			need = true
		}
	}
	if !need {
		return dst
	}
	return insertQuotes(dst, start, escapes, '\\', '\\')
}

// insertQuotes quotes dst[start:], of which escapes bytes are quotes or
// backslashes, putting quote or slash in front of them.
func insertQuotes(dst []byte, start, escapes int, quote, slash byte) []byte {
	n := len(dst)
	dst = append(dst, make([]byte, escapes+2)...)
	to := len(dst) - 1
	dst[to] = '"'
	for from := n - 1; from >= start; from-- {
		to--
		c := dst[from]
		dst[to] = c
		if c == '"' {
			to--
			dst[to] = quote
		} else if c == '\\' {
			to--
			dst[to] = slash
		}
	}
	dst[start] = '"'
	return dst
}
