package regex

import "datapunk/internal/pgerr"

// fault is why a pattern cannot be compiled, in PostgreSQL's words.
type fault string

const (
	badDirector fault = "invalid regexp (reg version 0.8)"
	badCollate  fault = "invalid collating element"
	badClass    fault = "invalid character class"
	badEscape   fault = `invalid escape \ sequence`
	badBackref  fault = "invalid backreference number"
	badBracket  fault = "brackets [] not balanced"
	badParen    fault = "parentheses () not balanced"
	badBrace    fault = "braces {} not balanced"
	badBound    fault = "invalid repetition count(s)"
	badRange    fault = "invalid character range"
	badOperand  fault = "quantifier operand invalid"
	badArgument fault = "invalid argument to regex function"
	badOption   fault = "invalid embedded option"
	tooComplex  fault = "regular expression is too complex"
	tooColorful fault = "too many colors"
)

// err is the error a client sees. It is made anew each time, since its receivers
// add to it.
func (f fault) err() error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: "+string(f))
}
