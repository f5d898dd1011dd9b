package jsonb

import (
	"datapunk/internal/pgerr"
	"datapunk/types/numeric"
)

// maxString is the longest string or key of a jsonb, in bytes.
const maxString = 0x0FFFFFFF

// Parse reads JSON text with jsonb_in's errors.
func Parse(text string) ([]byte, error) {
	b := builder{}
	if err := read(text, true, &b); err != nil {
		return nil, err
	}
	if b.err != nil {
		return nil, b.err
	}
	return b.last, nil
}

// builder makes values from the bottom up.
type builder struct {
	stack []frame
	last  []byte
	err   error
}

type frame struct {
	pairs []Pair
	elems [][]byte
	isObj bool
	name  string
}

func (b *builder) put(v []byte) {
	if len(b.stack) == 0 {
		b.last = v
		return
	}
	f := &b.stack[len(b.stack)-1]
	if f.isObj {
		f.pairs = append(f.pairs, Pair{f.name, v})
	} else {
		f.elems = append(f.elems, v)
	}
}

func (b *builder) scalar(k token, text, value string, _, _ int) error {
	switch k {
	case tokString:
		if len(value) > maxString {
			return tooLong()
		}
		b.put(NewString(value))
	case tokNumber:
		d, err := numeric.Parse(text)
		if err != nil {
			return err
		}
		b.put(NewNumber(d))
	case tokTrue:
		b.put(TrueValue)
	case tokFalse:
		b.put(FalseValue)
	default:
		b.put(NullValue)
	}
	return nil
}

func tooLong() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "string too long to represent as jsonb string").
		WithDetail("Due to an implementation restriction, jsonb strings cannot exceed %d bytes.", maxString)
}

func (b *builder) beginArray()  { b.stack = append(b.stack, frame{}) }
func (b *builder) beginObject() { b.stack = append(b.stack, frame{isObj: true}) }

func (b *builder) key(name string) {
	if len(name) > maxString && b.err == nil {
		b.err = tooLong()
	}
	b.stack[len(b.stack)-1].name = name
}

func (b *builder) pop() frame {
	f := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	return f
}

func (b *builder) endArray(_, _ int)  { b.put(NewArray(b.pop().elems)) }
func (b *builder) endObject(_, _ int) { b.put(NewObject(b.pop().pairs)) }

// Tree is JSON text taken apart, for functions of json, which keep the text as
// it was written.
type Tree struct {
	Kind     Kind
	Key      string // of a pair
	Text     string // decoded content of a string
	Raw      string // the value as written
	Children []*Tree
}

// ParseTree reads JSON text; with escapes, \u escapes are decoded and checked.
func ParseTree(text string, escapes bool) (*Tree, error) {
	b := treeBuilder{text: text}
	if err := read(text, escapes, &b); err != nil {
		return nil, err
	}
	return b.last, nil
}

type treeBuilder struct {
	text  string
	stack []*Tree
	names []string
	last  *Tree
}

func (b *treeBuilder) put(t *Tree) {
	if len(b.stack) == 0 {
		b.last = t
		return
	}
	parent := b.stack[len(b.stack)-1]
	if parent.Kind == Object {
		t.Key = b.names[len(b.stack)-1]
	}
	parent.Children = append(parent.Children, t)
}

func (b *treeBuilder) scalar(k token, text, value string, start, stop int) error {
	t := &Tree{Raw: b.text[start:stop]}
	switch k {
	case tokString:
		t.Kind, t.Text = String, value
	case tokNumber:
		t.Kind = Number
	case tokTrue:
		t.Kind = True
	case tokFalse:
		t.Kind = False
	}
	b.put(t)
	return nil
}

func (b *treeBuilder) begin(k Kind) {
	b.stack = append(b.stack, &Tree{Kind: k})
	b.names = append(b.names, "")
}
func (b *treeBuilder) beginArray()     { b.begin(Array) }
func (b *treeBuilder) beginObject()    { b.begin(Object) }
func (b *treeBuilder) key(name string) { b.names[len(b.names)-1] = name }
func (b *treeBuilder) end(start, stop int) {
	t := b.stack[len(b.stack)-1]
	t.Raw = b.text[start:stop]
	b.stack, b.names = b.stack[:len(b.stack)-1], b.names[:len(b.names)-1]
	b.put(t)
}
func (b *treeBuilder) endArray(start, stop int)  { b.end(start, stop) }
func (b *treeBuilder) endObject(start, stop int) { b.end(start, stop) }

// Find returns the last child with a key.
func (t *Tree) Find(key string) *Tree {
	if t.Kind != Object {
		return nil
	}
	for i := len(t.Children) - 1; i >= 0; i-- {
		if t.Children[i].Key == key {
			return t.Children[i]
		}
	}
	return nil
}

// Value is a string's content, or the text as written.
func (t *Tree) Value() string {
	if t.Kind == String {
		return t.Text
	}
	return t.Raw
}
