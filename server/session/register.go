package session

import (
	"strings"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/sql/parser"
	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// identifiers cuts a qualified name at its dots; unquoted parts become lower case.
func identifiers(text string) ([]string, error) {
	bad := pgerr.New(pgerr.InvalidName, "invalid name syntax")
	const space = " \t\n\r\f\v"
	var parts []string
	for s := text; ; {
		s = strings.TrimLeft(s, space)
		var part string
		if strings.HasPrefix(s, `"`) {
			var b strings.Builder
			for s = s[1:]; ; {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					return nil, bad
				}
				b.WriteString(s[:i])
				if s = s[i+1:]; !strings.HasPrefix(s, `"`) {
					break
				}
				b.WriteByte('"')
				s = s[1:]
			}
			part = b.String()
		} else {
			end := strings.IndexAny(s, "."+space)
			if end < 0 {
				end = len(s)
			}
			part, s = strings.ToLower(s[:end]), s[end:]
		}
		if part == "" {
			return nil, bad
		}
		parts = append(parts, part)
		s = strings.TrimLeft(s, space)
		if s == "" {
			return parts, nil
		}
		if s[0] != '.' {
			return nil, bad
		}
		s = s[1:]
	}
}

// split reads a name with an optional schema; the schema's OID is 0 without one.
func (n names) split(snapshot catalog.Snapshot, text string) (schema types.OID, name string, err error) {
	parts, err := identifiers(text)
	if err != nil {
		return 0, "", err
	}
	switch len(parts) {
	case 1:
		return 0, parts[0], nil
	case 3:
		if parts[0] != n.s.database.Name {
			return 0, "", pgerr.Newf(pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s\"", strings.Join(parts, "."))
		}
		parts = parts[1:]
	case 2:
	default:
		return 0, "", pgerr.Newf(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
	}
	if x := snapshot.Find(desc.Lookup{Class: desc.ClassSchema, Name: parts[0]}); x != nil {
		return x.ID().OID, parts[1], nil
	}
	return 0, "", pgerr.Newf(pgerr.UndefinedSchema, "schema \"%s\" does not exist", parts[0])
}

// relation finds a relation by its name in a text.
func (n names) relation(snapshot catalog.Snapshot, text string) (*desc.Relation, error) {
	schema, name, err := n.split(snapshot, text)
	if err != nil {
		return nil, err
	}
	path := []types.OID{schema}
	if schema == 0 {
		path = n.s.searchPath(snapshot, true)
	}
	for _, s := range path {
		if r := snapshot.RelationNamed(s, name); r != nil {
			return r, nil
		}
	}
	shown := name
	if parts, _ := identifiers(text); len(parts) > 1 {
		shown = strings.Join(parts, ".")
	}
	return nil, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", shown)
}

// RegIn finds what a reg* value names.
func (n names) RegIn(class, text string) (types.OID, error) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return 0, err
	}
	switch class {
	case "regclass":
		r, err := n.relation(snapshot, text)
		if err != nil {
			return 0, err
		}
		return r.OID, nil
	case "regtype":
		t, err := n.typeNamed(snapshot, text)
		if err != nil {
			return 0, err
		}
		return t.OID, nil
	case "regnamespace", "regrole":
		parts, err := identifiers(text)
		if err != nil {
			return 0, err
		}
		if len(parts) != 1 {
			return 0, pgerr.New(pgerr.InvalidName, "invalid name syntax")
		}
		if class == "regrole" {
			if oid, ok := n.RoleOID(parts[0]); ok {
				return oid, nil
			}
			return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", parts[0])
		}
		if x := snapshot.Find(desc.Lookup{Class: desc.ClassSchema, Name: parts[0]}); x != nil {
			return x.ID().OID, nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedSchema, "schema \"%s\" does not exist", parts[0])
	case "regproc":
		schema, name, err := n.split(snapshot, text)
		if err != nil {
			return 0, err
		}
		switch list := n.functions(schema, name); len(list) {
		case 0:
			return 0, pgerr.Newf(pgerr.UndefinedFunction, "function \"%s\" does not exist", text)
		case 1:
			return list[0].OID, nil
		}
		return 0, pgerr.Newf(pgerr.AmbiguousFunction, "more than one function named \"%s\"", text)
	case "regprocedure":
		schema, name, args, err := n.signature(snapshot, text)
		if err != nil {
			return 0, err
		}
	next:
		for _, f := range n.functions(schema, name) {
			if len(f.Args) != len(args) {
				continue
			}
			for i, t := range f.Args {
				if t != args[i] {
					continue next
				}
			}
			return f.OID, nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedFunction, "function \"%s\" does not exist", text)
	case "regoper", "regoperator":
		return n.operatorIn(snapshot, class, text)
	case "regcollation":
		schema, name, err := n.split(snapshot, text)
		if err != nil {
			return 0, err
		}
		if oid, ok := collate.Named(name); ok && (schema == 0 || schema == types.PgCatalog) {
			return types.OID(oid), nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
	case "regconfig", "regdictionary":
		what := searchObjects[class]
		schema, name, err := n.split(snapshot, text)
		if err != nil {
			return 0, err
		}
		batch, rows := n.s.engine.System.Find(snapshot, what.table, nil, []int16{2}, []*vector.Vector{vector.Value(types.Name, name)})
		if len(rows) > 0 && (schema == 0 || schema == types.PgCatalog) {
			return types.OID(vector.Of[int64](batch.Cols[0])[rows[0]]), nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, "%s \"%s\" does not exist", what.word, text)
	}
	return 0, pgerr.Unsupported("type %s", class)
}

// searchObjects are the catalogs of text search.
var searchObjects = map[string]struct {
	table types.OID
	word  string
}{"regconfig": {3602, "text search configuration"}, "regdictionary": {3600, "text search dictionary"}}

// functions lists the functions of a name in a schema (0: wherever the path leads).
func (n names) functions(schema types.OID, name string) []*function.Func {
	if schema != 0 && schema != types.PgCatalog {
		return nil
	}
	return n.s.engine.Functions.Named(name)
}

// typeNamed reads a type's name.
func (n names) typeNamed(snapshot catalog.Snapshot, text string) (*types.Type, error) {
	parsed, err := parser.ParseTypeName(text)
	if err != nil {
		return nil, err
	}
	t, _, err := n.s.binder(text, snapshot, nil, false).TypeName(parsed)
	if err != nil {
		e := pgerr.Of(err)
		e.Position = 0
		return nil, e
	}
	return t, nil
}

// signature takes name(type, …) apart.
func (n names) signature(snapshot catalog.Snapshot, text string) (schema types.OID, name string, args []*types.Type, err error) {
	head, inner, err := parentheses(text)
	if err != nil {
		return 0, "", nil, err
	}
	if schema, name, err = n.split(snapshot, head); err != nil {
		return 0, "", nil, err
	}
	for _, a := range commas(inner) {
		if strings.EqualFold(a, "none") {
			args = append(args, nil)
			continue
		}
		t, err := n.typeNamed(snapshot, a)
		if err != nil {
			return 0, "", nil, err
		}
		args = append(args, t)
	}
	return schema, name, args, nil
}

// parentheses takes name(arguments) apart.
func parentheses(text string) (head, inner string, err error) {
	quoted, open := false, -1
	for i := 0; i < len(text) && open < 0; i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '(' && !quoted:
			open = i
		}
	}
	if open < 0 {
		return "", "", pgerr.New(pgerr.InvalidTextRepresentation, "expected a left parenthesis")
	}
	rest := strings.TrimRight(text[open+1:], " \t\n\r\f\v")
	if !strings.HasSuffix(rest, ")") {
		return "", "", pgerr.New(pgerr.InvalidTextRepresentation, "expected a right parenthesis")
	}
	return text[:open], rest[:len(rest)-1], nil
}

// commas cuts a list of types at the commas outside parentheses and quotes.
func commas(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return function.Commas(text, '"')
}

// operatorIn reads regoper and regoperator.
func (n names) operatorIn(snapshot catalog.Snapshot, class, text string) (types.OID, error) {
	head, args := text, []*types.Type(nil)
	if class == "regoperator" {
		var inner string
		var err error
		if head, inner, err = parentheses(text); err != nil {
			return 0, err
		}
		for _, a := range commas(inner) {
			if strings.EqualFold(a, "none") {
				args = append(args, nil)
				continue
			}
			t, err := n.typeNamed(snapshot, a)
			if err != nil {
				return 0, err
			}
			args = append(args, t)
		}
		switch {
		case len(args) == 1:
			return 0, pgerr.New(pgerr.UndefinedParameter, "missing argument").WithHint("Use NONE to denote the missing argument of a unary operator.")
		case len(args) != 2:
			return 0, pgerr.New(pgerr.TooManyArguments, "too many arguments").WithHint("Provide two argument types for operator.")
		}
	}
	name := strings.TrimSpace(head)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		if _, _, err := n.split(snapshot, name[:i]+".x"); err != nil {
			return 0, err
		}
		name = strings.TrimSpace(name[i+1:])
	}
	list := n.s.engine.Functions.OperatorsNamed(name)
	if class == "regoper" {
		switch len(list) {
		case 0:
			return 0, pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", text)
		case 1:
			return list[0].OID, nil
		}
		return 0, pgerr.Newf(pgerr.AmbiguousFunction, "more than one operator named %s", text)
	}
	for _, o := range list {
		if o.Left == args[0] && o.Right == args[1] {
			return o.OID, nil
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", text)
}

// RegOut prints an object by its name, with its schema where the name alone would not
// be read back.
func (n names) RegOut(class string, oid types.OID) (string, bool) {
	snapshot, err := n.s.snapshot()
	if err != nil {
		return "", false
	}
	switch class {
	case "regclass":
		if rel := snapshot.Relation(oid); rel != nil {
			return n.relationName(rel), true
		}
	case "regtype":
		if t := snapshot.Type(oid); t != nil {
			return n.typeName(t), true
		}
	case "regnamespace":
		name, ok := n.SchemaName(oid)
		return format.QuoteIdent(name), ok
	case "regrole":
		name, ok := n.RoleName(oid)
		return format.QuoteIdent(name), ok
	case "regproc":
		if f := n.s.engine.Functions.Func(oid); f != nil {
			if len(n.s.engine.Functions.Named(f.Name)) > 1 {
				return "pg_catalog." + format.QuoteIdent(f.Name), true
			}
			return format.QuoteIdent(f.Name), true
		}
	case "regprocedure":
		if f := n.s.engine.Functions.Func(oid); f != nil {
			return n.functionName(f), true
		}
	case "regoper":
		if o := n.s.engine.Functions.Operator(oid); o != nil {
			if len(n.s.engine.Functions.OperatorsNamed(o.Name)) > 1 {
				return "pg_catalog." + o.Name, true
			}
			return o.Name, true
		}
	case "regoperator":
		if o := n.s.engine.Functions.Operator(oid); o != nil {
			return o.Name + "(" + n.operand(o.Left) + "," + n.operand(o.Right) + ")", true
		}
	case "regcollation":
		if name := collate.Name(uint32(oid)); name != "" {
			return format.QuoteIdent(name), true
		}
	case "regconfig", "regdictionary":
		if row := n.row(snapshot, searchObjects[class].table, oid); row != nil {
			return format.QuoteIdent(row[1].String(0)), true
		}
	}
	return "", false
}

// relationName is a relation's name, with its schema unless it is found without.
func (n names) relationName(rel *desc.Relation) string {
	if visible, _ := n.Visible("relation", rel.OID); visible {
		return format.QuoteIdent(rel.Name)
	}
	schema, _ := n.SchemaName(rel.Schema)
	return format.QuoteIdent(schema) + "." + format.QuoteIdent(rel.Name)
}

// typeName is a type's name, with its schema unless it is found without.
func (n names) typeName(t *types.Type) string {
	elem := t
	if t.IsArray() {
		elem = t.Elem
	}
	if visible, _ := n.Visible("type", elem.OID); visible || elem.Schema == types.PgCatalog {
		return format.TypeName(t, -1)
	}
	schema, _ := n.SchemaName(elem.Schema)
	return format.QuoteIdent(schema) + "." + format.TypeName(t, -1)
}

func (n names) operand(t *types.Type) string {
	if t == nil {
		return "NONE"
	}
	return n.typeName(t)
}

// functionName is a function's name with the types of its arguments.
func (n names) functionName(f *function.Func) string {
	args := make([]string, len(f.Args))
	for i, t := range f.Args {
		args[i] = n.typeName(t)
	}
	return format.QuoteIdent(f.Name) + "(" + strings.Join(args, ",") + ")"
}
