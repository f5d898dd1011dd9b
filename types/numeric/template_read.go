package numeric

import (
	"strings"
	"unicode/utf8"

	"datapunk/internal/pgerr"
)

// numberReader reads a number by a template.
type numberReader struct {
	t         template
	s         string
	p         int
	sign      byte // ' ' while unknown
	digits    []byte
	pre, post int
	point     bool
}

// at returns the byte at an offset from the position; 0 past the end.
func (r *numberReader) at(off int) byte {
	if i := r.p + off; i < len(r.s) {
		return r.s[i]
	}
	return 0
}

// ToNumber is to_number(text, text); ok is false for SQL null. Errors: 42601
// template, 22P02, 22003, 0A000.
func ToNumber(s, format string) (d Decimal, ok bool, err error) {
	if format == "" {
		return d, false, nil
	}
	t, err := parseTemplate(format)
	if err != nil {
		return d, false, err
	}
	if t.has(flagScience) {
		return d, false, pgerr.New(pgerr.FeatureNotSupported, "\"EEEE\" not supported for input")
	}
	if t.has(flagRoman) {
		return d, false, pgerr.New(pgerr.FeatureNotSupported, "\"RN\" not supported for input")
	}
	r := numberReader{t: t, s: s, sign: ' '}
	r.run()
	text := string(r.sign) + strings.TrimSuffix(string(r.digits), ".")
	if d, err = Parse(text); err != nil {
		return d, false, err
	}
	if d, err = d.ApplyTypmod(t.pre+t.multi+r.post, r.post); err != nil {
		return d, false, err
	}
	if t.has(flagMulti) {
		p, err := Power(FromInt64(10), FromInt64(int64(-t.multi)))
		if err != nil {
			return d, false, err
		}
		if d, err = d.Mul(p); err != nil {
			return d, false, err
		}
	}
	return d, true, nil
}

func (r *numberReader) run() {
	for _, p := range r.t.pieces {
		if r.p >= len(r.s) {
			break
		}
		step := true
		c := r.at(0)
		switch p.id {
		case "":
			_, w := utf8.DecodeRuneInString(r.s[r.p:])
			r.p += w
			step = false
		case "9", "0", ".", "D":
			r.digit(p.id)
		case ",", "G":
			// before any digit too: PostgreSQL never counts as in the number here
			step = !r.t.has(flagFill) && c == ','
		case "L":
			r.skip(1)
			step = false
		case "TH", "th":
			if !r.t.has(flagDecimal) && r.sign != '#' {
				r.skip(2)
			}
			step = false
		case "MI", "PL", "SG":
			switch {
			case c == '-' && p.id != "PL":
				r.sign = '-'
			case c == '+' && p.id != "MI":
				r.sign = '+'
			default:
				r.skip(1)
				step = false
			}
		default:
			step = false
		}
		if step {
			r.p++
		}
	}
}

// skip passes n characters that cannot be part of a number.
func (r *numberReader) skip(n int) {
	for ; n > 0 && r.p < len(r.s); n-- {
		if strings.IndexByte("0123456789.,+-", r.s[r.p]) >= 0 {
			return
		}
		_, w := utf8.DecodeRuneInString(r.s[r.p:])
		r.p += w
	}
}

func (r *numberReader) digit(id string) {
	t := &r.t
	over := func() bool { return r.p >= len(r.s) }
	if r.at(0) == ' ' {
		r.p++
	}
	if over() {
		return
	}
	if r.sign == ' ' && (id == "0" || id == "9") && r.pre+r.post == 0 {
		switch c := r.at(0); {
		case c == '-', c == '<' && t.has(flagBracket) && !(t.has(flagSign) && t.sign == signBefore):
			if !t.has(flagSign) || t.sign == signBefore || c == '-' {
				r.sign = '-'
				r.p++
			}
		case c == '+':
			r.sign = '+'
			r.p++
		}
	}
	if over() {
		return
	}
	read := false
	if c := r.at(0); isDigit(c) {
		if r.point && r.post == t.post {
			return
		}
		r.digits = append(r.digits, c)
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	} else if t.has(flagDecimal) && !r.point && c == '.' {
		r.digits = append(r.digits, '.')
		r.point, read = true, true
	}
	if over() || r.sign != ' ' || r.pre+r.post == 0 {
		return
	}
	if t.has(flagSign) && read && r.p+1 < len(r.s) && !isDigit(r.at(1)) {
		switch c := r.at(1); c {
		case '-', '+':
			r.sign = c
			r.p++
		}
	} else if c := r.at(0); !read && t.has(flagPlus|flagMinus) && (c == '-' || c == '+') {
		// where the sign of MI, PL and SG stands is not known
		r.sign = c
	}
}
