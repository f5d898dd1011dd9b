package numeric

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
)

// renderer writes a number by a template.
type renderer struct {
	t        template
	number   string // digits without sign
	at       int    // next byte of number
	sign     byte
	signDone bool
	spaces   int // digits of the template that the number has not
	count    int
	curr     int
	last     int // last byte of number to show in fill mode, or -1
	inNumber bool
	out      []byte
}

func (r *renderer) cur() byte {
	if r.at < len(r.number) {
		return r.number[r.at]
	}
	return 0
}

// ToChar is to_char(numeric, text). Errors: 42601 template, 22003.
func (d Decimal) ToChar(format string) (string, error) {
	if format == "" {
		return "", nil
	}
	t, err := parseTemplate(format)
	if err != nil {
		return "", err
	}
	switch {
	case t.has(flagRoman):
		v, err := d.roundTo(0).Int32()
		if err != nil {
			return "", err
		}
		return t.roman(int64(v)), nil
	case t.has(flagScience):
		return d.science(&t), nil
	}
	if t.has(flagMulti) {
		p, err := Power(FromInt64(10), FromInt64(int64(t.multi)))
		if err != nil {
			return "", err
		}
		if d, err = d.Mul(p); err != nil {
			return "", err
		}
		t.pre += t.multi
	}
	if d, err = d.Round(t.post); err != nil {
		return "", err
	}
	return t.render(d.String())
}

// ToCharInt64 is to_char(bigint, text).
func ToCharInt64(v int64, format string) (string, error) { return toCharInt(v, format, 64) }

// ToCharInt32 is to_char(integer, text).
func ToCharInt32(v int32, format string) (string, error) { return toCharInt(int64(v), format, 32) }

func toCharInt(v int64, format string, size int) (string, error) {
	if format == "" {
		return "", nil
	}
	t, err := parseTemplate(format)
	if err != nil {
		return "", err
	}
	switch {
	case t.has(flagRoman):
		return t.roman(v), nil
	case t.has(flagScience) && size == 32:
		return t.scienceFloat(float64(v)), nil
	case t.has(flagScience):
		return FromInt64(v).science(&t), nil
	}
	d := FromInt64(v)
	if t.has(flagMulti) {
		p := math.Pow(10, float64(t.multi))
		m, err := FromFloat64(p).Int64()
		if size == 32 && err == nil && (m > math.MaxInt32) {
			err = pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
		if err != nil {
			return "", err
		}
		if d, err = d.Mul(FromInt64(m)); err != nil {
			return "", err
		}
		if size == 32 {
			_, err = d.Int32()
		} else {
			_, err = d.Int64()
		}
		if err != nil {
			return "", err
		}
		t.pre += t.multi
	}
	return t.render(d.cutTo(t.post, 0).String())
}

// ToCharFloat64 is to_char(double precision, text).
func ToCharFloat64(v float64, format string) (string, error) { return toCharFloat(v, format, 15) }

// ToCharFloat32 is to_char(real, text).
func ToCharFloat32(v float32, format string) (string, error) {
	return toCharFloat(float64(v), format, 6)
}

func toCharFloat(v float64, format string, digits int) (string, error) {
	if format == "" {
		return "", nil
	}
	t, err := parseTemplate(format)
	if err != nil {
		return "", err
	}
	switch {
	case t.has(flagRoman):
		if n := math.RoundToEven(v); n >= 1 && n <= 3999 {
			return t.roman(int64(n)), nil
		}
		return t.roman(0), nil
	case t.has(flagScience):
		return t.scienceFloat(v), nil
	}
	if t.has(flagMulti) {
		if digits == 6 {
			v = float64(float32(v) * float32(math.Pow(10, float64(t.multi))))
		} else {
			v *= math.Pow(10, float64(t.multi))
		}
		t.pre += t.multi
	}
	n := len(fixedText(math.Abs(v), 0))
	if n >= digits {
		t.post = 0
	} else if n+t.post > digits {
		t.post = digits - n
	}
	return t.render(fixedText(v, t.post))
}

// fixedText is C's %.*f with PostgreSQL's names of the special values.
func fixedText(v float64, post int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'f', post, 64)
}

func (t *template) hashes() string {
	b := []byte(strings.Repeat("#", t.pre+t.post+6))
	b[0] = ' '
	b[t.pre+1] = '.'
	return string(b)
}

func (t *template) scienceFloat(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return t.hashes()
	}
	s := strconv.FormatFloat(v, 'e', t.post, 64)
	if s[0] != '-' {
		s = " " + s
	}
	return s
}

// science rounds the significand to the template's digits; one that rounds up
// to 10 stays so, as in PostgreSQL.
func (d Decimal) science(t *template) string {
	if d.kind != kindFinite {
		return t.hashes()
	}
	e := 0
	if !d.IsZero() {
		e = d.topExponent()
	}
	var p Decimal
	if e >= 0 {
		p = fromOwned(pow10(e), 0)
	} else {
		p = Decimal{lo: 1, scale: uint16(-e)}
	}
	q, _ := quoTo(d, p, t.post, true)
	s := fmt.Sprintf("%se%+03d", q, e)
	if s[0] != '-' {
		s = " " + s
	}
	return s
}

func (t *template) roman(v int64) string {
	num := strings.Repeat("#", 15)
	if v >= 1 && v <= 3999 {
		num = ""
		for _, r := range []struct {
			v int64
			s string
		}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"},
			{10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
			for v >= r.v {
				num += r.s
				v -= r.v
			}
		}
	}
	t.sign, t.signPre, t.pre, t.post = 0, 0, 0, 0
	t.flags = t.flags&flagFill | flagRoman
	r := renderer{t: *t, number: num, last: -1}
	return r.run()
}

// render prints a decimal text whose fraction has t.post digits.
func (t *template) render(s string) (string, error) {
	r := renderer{t: *t, sign: '+', last: -1}
	if s[0] == '-' {
		r.sign = '-'
		s = s[1:]
	}
	pre := len(s)
	if p := strings.IndexByte(s, '.'); p >= 0 {
		pre = p
	}
	if pre < t.pre {
		r.spaces = t.pre - pre
	} else if pre > t.pre {
		b := []byte(strings.Repeat("#", t.pre+t.post+1))
		b[t.pre] = '.'
		s = string(b)
	}
	r.number = s
	for _, p := range t.pieces {
		if c := s[len(s)-1]; (p.id == "TH" || p.id == "th") && r.ordinal() && !isDigit(c) {
			return "", pgerr.Newf(pgerr.InvalidTextRepresentation, "\"%s\" is not a number", s)
		}
	}
	return r.run(), nil
}

func (r *renderer) run() string {
	t := &r.t
	if t.zeroStart > 0 {
		t.zeroStart--
	}
	if t.has(flagPlus | flagMinus) {
		r.signDone = t.has(flagMinus)
	} else {
		if r.sign != '-' && t.has(flagFill) {
			t.flags &^= flagBracket
		}
		r.signDone = r.sign == '+' && t.has(flagFill) && !t.has(flagSign)
		if t.sign == signBefore && t.pre == t.signPre {
			t.sign = signAfter
		}
	}
	r.count = t.post + t.pre - 1
	if t.has(flagFill) && t.has(flagDecimal) {
		r.last = lastRelevant(r.number)
		if r.last >= 0 && t.zeroEnd > r.spaces {
			r.last = max(r.last, min(len(r.number)-1, t.zeroEnd-r.spaces))
		}
	}
	if !r.signDone && r.spaces == 0 {
		r.count++
	}
	fill := t.has(flagFill)
	for _, p := range t.pieces {
		switch p.id {
		case "":
			r.out = append(r.out, p.text...)
		case "9", "0", ".", "D":
			r.digit(p.id)
		case ",", "G":
			if r.inNumber {
				r.out = append(r.out, ',')
			} else if !fill {
				r.out = append(r.out, ' ')
			}
		case "L":
			r.out = append(r.out, ' ')
		case "RN", "rn":
			s := r.number
			if p.id == "rn" {
				s = strings.ToLower(s)
			}
			if !fill {
				s = fmt.Sprintf("%15s", s)
			}
			r.out = append(r.out, s...)
		case "TH", "th":
			if r.ordinal() {
				r.out = append(r.out, ordinal(r.number, p.id == "TH")...)
			}
		case "MI":
			r.signOr('-', fill)
		case "PL":
			r.signOr('+', fill)
		case "SG":
			r.out = append(r.out, r.sign)
		}
	}
	for i, c := range r.out {
		if c == 0 {
			return string(r.out[:i])
		}
	}
	return string(r.out)
}

func (r *renderer) signOr(c byte, fill bool) {
	if r.sign == c {
		r.out = append(r.out, c)
	} else if !fill {
		r.out = append(r.out, ' ')
	}
}

// ordinal tells whether TH shows anything.
func (r *renderer) ordinal() bool {
	return !r.t.has(flagRoman|flagDecimal) && r.number[0] != '#' && r.sign != '-'
}

func lastRelevant(s string) int {
	p := strings.IndexByte(s, '.')
	for i := p + 1; p >= 0 && i < len(s); i++ {
		if s[i] != '0' {
			p = i
		}
	}
	return p
}

func ordinal(num string, upper bool) string {
	s := "th"
	n := len(num)
	if c := num[n-1]; n < 2 || num[n-2] != '1' {
		switch c {
		case '1':
			s = "st"
		case '2':
			s = "nd"
		case '3':
			s = "rd"
		}
	}
	if upper {
		return strings.ToUpper(s)
	}
	return s
}

// leadingZero tells whether the next byte is the 0 before the point of a number
// below 1 that the template shows as a space.
func (r *renderer) leadingZero() bool {
	return !r.t.has(flagZero) && r.at == 0 && r.number[0] == '0' && r.t.post != 0
}

// digit writes what a digit or the point of the template shows.
func (r *renderer) digit(id string) {
	t := &r.t
	if t.has(flagRoman) {
		return
	}
	fill := t.has(flagFill)
	r.inNumber = false
	lastIsPoint := r.last >= 0 && r.number[r.last] == '.'
	if !r.signDone && (r.curr >= r.spaces || t.has(flagZero) && t.zeroStart == r.curr) &&
		(!r.leadingZero() || lastIsPoint) {
		switch {
		case t.has(flagSign):
			if t.sign == signBefore {
				r.out = append(r.out, r.sign)
				r.signDone = true
			}
		case t.has(flagBracket):
			c := byte('<')
			if r.sign == '+' {
				c = ' '
			}
			r.out = append(r.out, c)
			r.signDone = true
		default:
			if r.sign == '-' {
				r.out = append(r.out, '-')
			} else if !fill {
				r.out = append(r.out, ' ')
			}
			r.signDone = true
		}
	}
	switch {
	case r.curr < r.spaces && (t.zeroStart > r.curr || !t.has(flagZero)):
		if !fill {
			r.out = append(r.out, ' ')
		}
	case t.has(flagZero) && r.curr < r.spaces && t.zeroStart <= r.curr:
		r.out = append(r.out, '0')
		r.inNumber = true
	default:
		switch {
		case r.cur() == '.':
			r.out = append(r.out, '.')
		case r.last >= 0 && r.at > r.last && id != "0":
		case r.leadingZero():
			if !fill {
				r.out = append(r.out, ' ')
			} else if lastIsPoint {
				r.out = append(r.out, '0')
			}
		default:
			r.out = append(r.out, r.cur())
			r.inNumber = true
		}
		if r.at < len(r.number) {
			r.at++
		}
	}
	end := r.count
	if r.spaces > 0 {
		end++
	}
	if t.has(flagDecimal) {
		end++
	}
	if r.last >= 0 && r.last == r.at {
		end = r.curr
	}
	if r.curr+1 == end {
		if r.signDone && t.has(flagBracket) {
			c := byte('>')
			if r.sign == '+' {
				c = ' '
			}
			r.out = append(r.out, c)
		} else if t.has(flagSign) && t.sign == signAfter {
			r.out = append(r.out, r.sign)
		}
	}
	r.curr++
}
