package parser

import (
	"math"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Lifted is a statement's text with its literals taken out: statements that differ in
// them alone have one Key, and can share a parse and a plan.
type Lifted struct {
	Key      []byte
	Literals []Literal
}

// Literal is one literal of the text: a decimal integer, or a quoted string.
type Literal struct {
	Start int    // byte offset
	Text  string // digits, or the string without quotes
	Kind  LiteralKind
	// minus is the offset of a minus sign right before an integer, -1 if none; the
	// grammar may have made it part of the constant.
	minus int
}

// LiteralKind is what the grammar takes a literal for.
type LiteralKind byte

// The kinds, by the letter that stands for each in a Key: an integer of 4 or 8 bytes, a
// larger one, a string of a type yet to be found.
const (
	Int4   LiteralKind = '4'
	Int8   LiteralKind = '8'
	Large  LiteralKind = 'n'
	String LiteralKind = 's'
)

// Lift takes the literals out of a text, reusing l. It refuses (false) whatever a
// plain scan could take wrongly: several statements, comments, dollar quotes, strings
// with a prefix or a backslash, numbers that are no decimal integers. Only SELECT,
// INSERT, UPDATE and DELETE are lifted.
func (l *Lifted) Lift(sql string) bool {
	l.Key, l.Literals = l.Key[:0], l.Literals[:0]
	if !liftable(sql) || len(sql) > 4096 {
		return false
	}
	minus := -1
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			l.Key = append(l.Key, c)
			i++
			continue
		case isIdentifier(c):
			start := i
			for i < len(sql) && (isIdentifier(sql[i]) || sql[i] >= '0' && sql[i] <= '9') {
				i++
			}
			if i < len(sql) && sql[i] == '\'' { // E'', U&'', B'', X'', N''
				return false
			}
			l.Key = append(l.Key, sql[start:i]...)
		case c >= '0' && c <= '9':
			start := i
			for i < len(sql) && sql[i] >= '0' && sql[i] <= '9' {
				i++
			}
			if i < len(sql) && (isIdentifier(sql[i]) || sql[i] == '.') || start > 0 && sql[start-1] == '.' {
				return false
			}
			n := Literal{Start: start, Text: sql[start:i], Kind: integerKind(sql[start:i]), minus: minus}
			l.Literals = append(l.Literals, n)
			l.Key = append(l.Key, '#', byte(n.Kind))
		case c == '\'':
			end := strings.IndexByte(sql[i+1:], '\'')
			if end < 0 {
				return false
			}
			text := sql[i+1 : i+1+end]
			if strings.IndexByte(text, '\\') >= 0 || i+2+end < len(sql) && sql[i+2+end] == '\'' {
				return false
			}
			l.Literals = append(l.Literals, Literal{Start: i, Text: text, Kind: String, minus: -1})
			l.Key = append(l.Key, '#', byte(String))
			i += end + 2
			// 'a' 'b' on two lines is one string.
			rest := strings.TrimLeft(sql[i:], " \n\t\r")
			if rest != "" && rest[0] == '\'' {
				return false
			}
		case c == '"':
			end := strings.IndexByte(sql[i+1:], '"')
			if end < 0 {
				return false
			}
			l.Key = append(l.Key, sql[i:i+end+2]...)
			i += end + 2
		case c == ';':
			return len(l.Literals) > 0 && strings.Trim(sql[i+1:], " \n\t\r;") == ""
		case c == '$' || c == '#' || c == '-' && i+1 < len(sql) && sql[i+1] == '-' || c == '/' && i+1 < len(sql) && sql[i+1] == '*':
			return false
		default:
			l.Key = append(l.Key, c)
			i++
			if c == '-' {
				minus = i - 1
				continue
			}
		}
		minus = -1
	}
	return len(l.Literals) > 0
}

// liftable tells by its first word a statement whose literals may be lifted.
func liftable(sql string) bool {
	sql = strings.TrimLeft(sql, " \n\t\r")
	for _, word := range []string{"select", "update", "insert", "delete"} {
		if len(sql) > len(word) && strings.EqualFold(sql[:len(word)], word) {
			return true
		}
	}
	return false
}

func isIdentifier(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// integerKind is how large an integer literal is.
func integerKind(digits string) LiteralKind {
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil:
		return Large
	case n > math.MaxInt32:
		return Int8
	}
	return Int4
}

// Parameterize puts parameters in place of a statement's literals, $1 for the first,
// and tells which of the integers include the minus sign before them. It refuses
// (ok false) a statement with a literal that is more than an operand or a value to
// store: a type's length, ORDER BY 1, a named column.
func (l *Lifted) Parameterize(s *Statement) (negative []bool, ok bool) {
	p := &parameters{at: map[int32]int{}, negative: make([]bool, len(l.Literals)), found: make([]bool, len(l.Literals))}
	for i, n := range l.Literals {
		p.at[int32(n.Start)] = i
		if n.minus >= 0 {
			p.at[int32(n.minus)] = i
		}
	}
	p.starts = l.Literals
	p.walk(s.Node.ProtoReflect(), false)
	for _, f := range p.found {
		if !f {
			return nil, false
		}
	}
	return p.negative, !p.refused
}

type parameters struct {
	at       map[int32]int
	starts   []Literal
	negative []bool
	found    []bool
	refused  bool
}

// operands are the fields under which a constant is an operand or a stored value.
var operands = map[protoreflect.FullName]bool{
	"pg_query.A_Expr.lexpr": true, "pg_query.A_Expr.rexpr": true, "pg_query.List.items": true, "pg_query.SelectStmt.values_lists": true,
}

// walk goes down the tree; operand tells that a constant right here may be a parameter.
func (p *parameters) walk(m protoreflect.Message, operand bool) {
	if n, ok := m.Interface().(*pg.Node); ok {
		if c := n.GetAConst(); c != nil {
			if i, known := p.at[c.Location]; known {
				if !operand || p.found[i] {
					p.refused = true
					return
				}
				p.found[i] = true
				p.negative[i] = int(c.Location) != p.starts[i].Start
				n.Node = &pg.Node_ParamRef{ParamRef: &pg.ParamRef{Number: int32(i + 1), Location: c.Location}}
			}
			return
		}
		if n.GetTypeCast() != nil || n.GetFuncCall() != nil || n.GetSortBy() != nil || n.GetTypeName() != nil {
			operand = false
		}
	}
	update := false
	if s, ok := m.Interface().(*pg.UpdateStmt); ok {
		update = len(s.TargetList) > 0
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() == nil {
			return !p.refused
		}
		inner := operand && f.ContainingOneof() != nil || operands[f.FullName()]
		if r, ok := m.Interface().(*pg.ResTarget); ok && f.Name() == "val" && r.Name != "" {
			inner = operand
		}
		if update && f.Name() == "target_list" {
			inner = true
		}
		if f.IsList() {
			list := v.List()
			for i := range list.Len() {
				p.walk(list.Get(i).Message(), inner)
			}
		} else {
			p.walk(v.Message(), inner)
		}
		return !p.refused
	})
}
