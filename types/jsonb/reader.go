package jsonb

import (
	"strconv"

	"datapunk/internal/pgerr"
)

// maxDepth bounds nesting, as the stack does in PostgreSQL.
const maxDepth = 6400

func itoa(n int) string { return strconv.Itoa(n) }

// sink takes what the reader reads. start and stop bound a scalar in the text;
// a container's bounds come with its end.
type sink interface {
	scalar(k token, text, value string, start, stop int) error
	beginArray()
	endArray(start, stop int)
	beginObject()
	key(name string)
	endObject(start, stop int)
}

// reader is the grammar of JSON.
type reader struct {
	lexer
	out   sink // may be nil
	depth int
}

func read(text string, escapes bool, out sink) error {
	r := &reader{lexer: lexer{text: text, kind: tokInvalid, line: 1, escapes: escapes}, out: out}
	if err := r.next(); err != nil {
		return err
	}
	if err := r.value("JSON value"); err != nil {
		return err
	}
	if r.kind != tokEnd {
		return r.expected("end of input")
	}
	return nil
}

// Validate tells whether text is JSON, with json_in's errors.
func Validate(text string) error { return read(text, false, nil) }

func (r *reader) value(what string) error {
	switch r.kind {
	case tokOpenObject:
		return r.object()
	case tokOpenArray:
		return r.array()
	case tokString, tokNumber, tokTrue, tokFalse, tokNull:
		if r.out != nil {
			if err := r.out.scalar(r.kind, r.text[r.start:r.stop], r.lexer.value, r.start, r.stop); err != nil {
				return err
			}
		}
		return r.next()
	}
	return r.expected(what)
}

func (r *reader) enter() error {
	if r.depth++; r.depth > maxDepth {
		return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
	}
	return nil
}

func (r *reader) object() error {
	if err := r.enter(); err != nil {
		return err
	}
	start := r.start
	if r.out != nil {
		r.out.beginObject()
	}
	if err := r.next(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if first && r.kind == tokCloseObject {
			break
		}
		if r.kind != tokString {
			if first {
				return r.expected(`string or "}"`)
			}
			return r.expected("string")
		}
		if r.out != nil {
			name := r.lexer.value
			if !r.escapes {
				name = r.text[r.start+1 : r.stop-1]
			}
			r.out.key(name)
		}
		if err := r.next(); err != nil {
			return err
		}
		if r.kind != tokColon {
			return r.expected(`":"`)
		}
		if err := r.next(); err != nil {
			return err
		}
		if err := r.value("JSON value"); err != nil {
			return err
		}
		if r.kind == tokComma {
			if err := r.next(); err != nil {
				return err
			}
			continue
		}
		if r.kind != tokCloseObject {
			return r.expected(`"," or "}"`)
		}
		break
	}
	r.depth--
	if r.out != nil {
		r.out.endObject(start, r.stop)
	}
	return r.next()
}

func (r *reader) array() error {
	if err := r.enter(); err != nil {
		return err
	}
	start := r.start
	if r.out != nil {
		r.out.beginArray()
	}
	if err := r.next(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if first && r.kind == tokCloseArray {
			break
		}
		what := "JSON value"
		if first {
			what = `array element or "]"`
		}
		if err := r.value(what); err != nil {
			return err
		}
		if r.kind == tokComma {
			if err := r.next(); err != nil {
				return err
			}
			continue
		}
		if r.kind != tokCloseArray {
			return r.expected(`"," or "]"`)
		}
		break
	}
	r.depth--
	if r.out != nil {
		r.out.endArray(start, r.stop)
	}
	return r.next()
}
