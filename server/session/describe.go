package session

import (
	"fmt"
	"strings"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// objects tells what objects are called (function.Objects): pg_describe_object in
// words, pg_identify_object in parts.
type objects struct{ s *Session }

// called is what is known of one object.
type called struct {
	words                        string // "table t"
	kind, schema, name, identity string
}

// Describe is pg_describe_object.
func (o objects) Describe(class, object types.OID, sub int32) (string, bool, error) {
	c, err := o.find(class, object, sub)
	if c == nil || err != nil {
		return "", false, err
	}
	return c.words, true, nil
}

// Identify is pg_identify_object.
func (o objects) Identify(class, object types.OID, sub int32) (kind, schema, name, identity string, ok bool, err error) {
	c, err := o.find(class, object, sub)
	if c == nil || err != nil {
		return "", "", "", "", false, err
	}
	return c.kind, c.schema, c.name, c.identity, true, nil
}

// kindWords are the words for the kinds of relation.
var kindWords = map[desc.RelKind]string{desc.Table: "table", desc.Index: "index", desc.SequenceKind: "sequence", desc.ViewKind: "view",
	desc.MatView: "materialized view", desc.CompositeRel: "composite type"}

func (o objects) find(class, object types.OID, sub int32) (*called, error) {
	snapshot, err := o.s.snapshot()
	if err != nil {
		return nil, err
	}
	n := names(o)
	plain := func(word, name string) *called {
		return &called{words: word + " " + name, kind: word, name: format.QuoteIdent(name), identity: format.QuoteIdent(name)}
	}
	inSchema := func(word, shown string, schema types.OID, name string) *called {
		s, _ := n.SchemaName(schema)
		return &called{word + " " + shown, word, format.QuoteIdent(s), format.QuoteIdent(name), format.QuoteIdent(s) + "." + format.QuoteIdent(name)}
	}
	switch class {
	case desc.ClassRelation:
		rel := snapshot.Relation(object)
		if rel == nil {
			return nil, nil
		}
		c := inSchema(kindWords[rel.Kind], n.relationName(rel), rel.Schema, rel.Name)
		if sub == 0 {
			return c, nil
		}
		if int(sub) > len(rel.Columns) || sub < 0 || rel.Columns[sub-1].Dropped {
			return nil, nil
		}
		column := rel.Columns[sub-1].Name
		return &called{"column " + column + " of " + c.words, c.kind + " column", c.schema, c.name, c.identity + "." + format.QuoteIdent(column)}, nil
	case desc.ClassType:
		if t := snapshot.Type(object); t != nil {
			c := inSchema("type", n.typeName(t), t.Schema, t.Name)
			c.identity = n.typeName(t)
			if t.Schema != types.PgCatalog && !strings.Contains(c.identity, ".") {
				c.identity = c.schema + "." + c.identity
			}
			return c, nil
		}
	case desc.ClassProc:
		if f := o.s.engine.Functions.Func(object); f != nil {
			word := map[function.Kind]string{function.Aggregate: "aggregate", function.Procedure: "procedure"}[f.Kind]
			if word == "" {
				word = "function"
			}
			args := make([]string, len(f.Args))
			for i, t := range f.Args {
				args[i] = n.qualifiedType(t)
			}
			return &called{"function " + n.functionName(f), word, "pg_catalog", "", "pg_catalog." + format.QuoteIdent(f.Name) + "(" + strings.Join(args, ",") + ")"}, nil
		}
	case desc.ClassOperator:
		if op := o.s.engine.Functions.Operator(object); op != nil {
			text := op.Name + "(" + n.operand(op.Left) + "," + n.operand(op.Right) + ")"
			full := op.Name + "(" + n.qualifiedType(op.Left) + "," + n.qualifiedType(op.Right) + ")"
			return &called{"operator " + text, "operator", "pg_catalog", "", "pg_catalog." + full}, nil
		}
	case desc.ClassSchema:
		if x := snapshot.Schema(object); x != nil {
			return plain("schema", x.Name), nil
		}
	case desc.ClassRole:
		if r := snapshot.Role(object); r != nil {
			return plain("role", r.Name), nil
		}
	case desc.ClassDatabase:
		if d, ok := snapshot.Get(desc.ClassDatabase, object).(*desc.Database); ok {
			return plain("database", d.Name), nil
		}
	case desc.ClassExtension:
		if e, ok := snapshot.Get(desc.ClassExtension, object).(*desc.Extension); ok {
			return plain("extension", e.Name), nil
		}
	case desc.ClassCollation:
		if name := collate.Name(uint32(object)); name != "" {
			return inSchema("collation", format.QuoteIdent(name), types.PgCatalog, name), nil
		}
	case desc.ClassConstraint, desc.ClassAttrdef, desc.ClassRewrite, classTrigger:
		return o.part(snapshot, class, object), nil
	case 2605: // pg_cast
		for _, c := range types.Casts() {
			if c.OID == object {
				from, to := n.typeName(types.Builtin(c.Source)), n.typeName(types.Builtin(c.Target))
				return &called{"cast from " + from + " to " + to, "cast", "", "", "(" + from + " AS " + to + ")"}, nil
			}
		}
	default:
		return o.catalogued(snapshot, class, object)
	}
	return nil, nil
}

// qualifiedType is a type's name with its schema, but for those that SQL itself names.
func (n names) qualifiedType(t *types.Type) string {
	if t == nil {
		return "NONE"
	}
	elem := t
	if t.IsArray() {
		elem = t.Elem
	}
	if name := format.TypeName(t, -1); elem.Schema == types.PgCatalog && format.TypeName(elem, -1) == format.QuoteIdent(elem.Name) {
		return "pg_catalog." + name
	}
	return n.typeName(t)
}

const classTrigger types.OID = 2620

// part finds what belongs to a relation: constraint, default, rule, trigger.
func (o objects) part(snapshot catalog.Snapshot, class, object types.OID) *called {
	table := map[types.OID]int{desc.ClassConstraint: 7, desc.ClassAttrdef: 1, desc.ClassRewrite: 2, classTrigger: 1}[class]
	n := names(o)
	row := n.row(snapshot, class, object)
	if row == nil {
		return nil
	}
	rel := snapshot.Relation(types.OID(vector.Of[int64](row[table])[0]))
	if rel == nil {
		return nil
	}
	schema, _ := n.SchemaName(rel.Schema)
	of := kindWords[rel.Kind] + " " + n.relationName(rel)
	full := format.QuoteIdent(schema) + "." + format.QuoteIdent(rel.Name)
	switch class {
	case desc.ClassConstraint:
		name := row[1].String(0)
		return &called{"constraint " + name + " on " + of, "table constraint", format.QuoteIdent(schema), "", format.QuoteIdent(name) + " on " + full}
	case desc.ClassRewrite:
		name := row[1].String(0)
		return &called{"rule " + name + " on " + of, "rule", "", "", format.QuoteIdent(name) + " on " + full}
	case classTrigger:
		name := row[3].String(0)
		return &called{"trigger " + name + " on " + of, "trigger", "", "", format.QuoteIdent(name) + " on " + full}
	}
	column := rel.Columns[vector.Of[int16](row[2])[0]-1].Name
	return &called{"default value for column " + column + " of " + of, "default value", "", "", "for " + full + "." + format.QuoteIdent(column)}
}

// namedCatalogs are the catalogs whose second column is the name.
var namedCatalogs = map[types.OID]struct {
	word     string
	inSchema bool
}{desc.ClassLanguage: {"language", false}, desc.ClassTablespace: {"tablespace", false}, 2607: {"conversion", true}, 2601: {"access method", false},
	3600: {"text search dictionary", true}, 3601: {"text search parser", true}, 3602: {"text search configuration", true}, 3764: {"text search template", true}}

// catalogued finds a row of one of the catalogs of facts.
func (o objects) catalogued(snapshot catalog.Snapshot, class, object types.OID) (*called, error) {
	n := names(o)
	if k, ok := namedCatalogs[class]; ok {
		row := n.row(snapshot, class, object)
		if row == nil {
			return nil, nil
		}
		c := &called{words: k.word + " " + row[1].String(0), kind: k.word, name: format.QuoteIdent(row[1].String(0)), identity: format.QuoteIdent(row[1].String(0))}
		if k.inSchema {
			c.schema, c.identity = "pg_catalog", "pg_catalog."+c.identity
		}
		return c, nil
	}
	const opclass, opfamily, accessMethod types.OID = 2616, 2753, 2601
	if class == opclass || class == opfamily {
		row := n.row(snapshot, class, object)
		if row == nil {
			return nil, nil
		}
		word := "operator class"
		if class == opfamily {
			word = "operator family"
		}
		am, name := "", row[2].String(0)
		if m := n.row(snapshot, accessMethod, types.OID(vector.Of[int64](row[1])[row[1].Index(0)])); m != nil {
			am = m[1].String(0)
		}
		return &called{fmt.Sprintf("%s %s for access method %s", word, name, am), word, "pg_catalog", name,
			"pg_catalog." + format.QuoteIdent(name) + " USING " + am}, nil
	}
	if rel := snapshot.Relation(class); rel == nil || class >= desc.FirstUser {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "unsupported object class %d", class)
	}
	return nil, nil
}
