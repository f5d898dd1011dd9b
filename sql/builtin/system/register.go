package system

import (
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/array"
	"datapunk/types/collate"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// typeByOID finds any type.
func typeByOID(c *function.Call, oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil || c.Env.Names == nil {
		return t
	}
	return c.Env.Names.TypeByOID(oid)
}

// typeName is format_type: a user's type that is not visible gets its schema.
func typeName(c *function.Call, oid types.OID, mod int32, given bool) string {
	if oid == 0 {
		return "-"
	}
	t := typeByOID(c, oid)
	if t == nil {
		return "???"
	}
	name := format.TypeName(t, mod)
	if given {
		name = format.ColumnTypeName(t, mod)
	}
	elem := t
	if t.IsArray() {
		elem = t.Elem
	}
	if elem.Schema != types.PgCatalog && c.Env.Names != nil {
		if visible, found := c.Env.Names.Visible("type", elem.OID); found && !visible {
			if schema, ok := c.Env.Names.SchemaName(elem.Schema); ok {
				name = format.QuoteIdent(schema) + "." + name
			}
		}
	}
	return name
}

func registers(t function.Table) {
	for _, class := range []string{"regclass", "regcollation", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype"} {
		t["to_"+class] = maybe(func(c *function.Call, args []*vector.Vector, i int) (int64, bool, error) {
			found, err := register(class)(c, args[0].String(i))
			if err != nil {
				switch pgerr.Of(err).Code {
				case pgerr.UndefinedTable, pgerr.UndefinedFunction, pgerr.UndefinedObject, pgerr.UndefinedSchema, pgerr.AmbiguousFunction:
					return 0, false, nil
				}
				return 0, false, err
			}
			return int64(found), true, nil
		})
	}
	t["text_regclass"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		return format.ParseText(c.Env.Format, types.Regclass, -1, args[0].String(i), out, i)
	})
	t["format_type"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		if args[0].Null(i) {
			return "", false, nil
		}
		mod, given := int32(-1), !args[1].Null(i)
		if given {
			mod = loop.At[int32](args[1], i)
		}
		return typeName(c, oid(args[0], i), mod, given), true, nil
	})
	t["oidvectortypes"] = function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		a, err := array.Decode(args[0].Bytes(i), types.Oid)
		if err != nil {
			return err
		}
		list := make([]string, a.N)
		for k := range list {
			list[k] = typeName(c, oid(a.Elems, k), -1, false)
		}
		out.SetString(i, strings.Join(list, ", "))
		return nil
	})
	t["pg_typeof"] = function.Row(func(c *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		loop.Put(out, i, int64(c.Args[0].OID))
		return nil
	})
	t["pg_collation_for"] = maybe(func(c *function.Call, _ []*vector.Vector, _ int) (string, bool, error) {
		t := c.Args[0]
		if !t.Collatable() && t != types.Unknown {
			return "", false, pgerr.Newf(pgerr.DatatypeMismatch, "collations are not supported by type %s", format.TypeName(t, -1))
		}
		for _, k := range collate.All() {
			if types.OID(k.OID) == c.Collation {
				return `"` + k.Name + `"`, true, nil
			}
		}
		return "", false, nil
	})
}
