package bind

import (
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/format"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// TypeName resolves a type with its modifiers; mod is -1 if there are none.
func (b *Binder) TypeName(n *pg.TypeName) (*types.Type, int32, error) {
	if n.PctType {
		return nil, 0, pgerr.Unsupported("%%TYPE")
	}
	if n.Setof {
		return nil, 0, b.errorf(n.Location, pgerr.InvalidTableDefinition, "type \"%s\" cannot be SETOF here", strings.Join(names(n.Names), "."))
	}
	t, err := b.findType(names(n.Names), n.Location)
	if err != nil {
		return nil, 0, err
	}
	mod := int32(-1)
	switch {
	case len(n.Typmods) == 0:
	case b.stored: // as it is, and not as it is written
		mod = n.Typmods[0].GetAConst().GetIval().GetIval()
	default:
		if mod, err = b.typmod(t, n.Typmods, n.Location); err != nil {
			return nil, 0, err
		}
	}
	if len(n.ArrayBounds) > 0 {
		array := b.Catalog.Type(t.Array)
		if t.Array == 0 || array == nil {
			return nil, 0, b.errorf(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", format.TypeName(t, -1))
		}
		t = array
	}
	return t, mod, nil
}

// findType resolves a type's name along the search path.
func (b *Binder) findType(parts []string, location int32) (*types.Type, error) {
	name := parts[len(parts)-1]
	if b.stored {
		if oid, ok := token(name, 't'); ok {
			if t := b.Catalog.Type(oid); t != nil {
				return t, nil
			}
			return nil, pgerr.Internal("stored expression names type %d, which is gone", oid)
		}
	}
	switch len(parts) {
	case 1:
		for _, schema := range b.SearchPath {
			if t := b.Catalog.TypeNamed(schema, name); t != nil {
				return t, nil
			}
		}
	case 2, 3:
		schema, err := b.schema(parts[len(parts)-2], location)
		if err != nil {
			return nil, err
		}
		if t := b.Catalog.TypeNamed(schema, name); t != nil {
			return t, nil
		}
	}
	return nil, b.errorf(location, pgerr.UndefinedObject, "type \"%s\" does not exist", strings.Join(parts, "."))
}

// typmod turns (10, 2) into a type modifier.
func (b *Binder) typmod(t *types.Type, list []*pg.Node, location int32) (int32, error) {
	args := make([]string, len(list))
	for i, n := range list {
		switch c := n.Node.(type) {
		case *pg.Node_AConst:
			switch v := c.AConst.Val.(type) {
			case *pg.A_Const_Ival:
				args[i] = strconv.Itoa(int(v.Ival.Ival))
			case *pg.A_Const_Fval:
				args[i] = v.Fval.Fval
			case *pg.A_Const_Sval:
				args[i] = v.Sval.Sval
			}
		case *pg.Node_ColumnRef:
			args[i] = names(c.ColumnRef.Fields)[0]
		case *pg.Node_AExpr: // a negative number
			if k := c.AExpr; k.Lexpr == nil && names(k.Name)[0] == "-" {
				args[i] = "-" + strconv.Itoa(int(k.Rexpr.GetAConst().GetIval().GetIval()))
			}
		}
		if args[i] == "" {
			return 0, b.errorf(location, pgerr.SyntaxError, "type modifiers must be simple constants or identifiers")
		}
	}
	mod, err := format.ParseMod(t, args)
	return mod, b.at(err, location)
}

// schema finds a schema by name.
func (b *Binder) schema(name string, location int32) (types.OID, error) {
	oid := b.findSchema(name)
	if oid == 0 {
		return 0, b.errorf(location, pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
	}
	return oid, nil
}

// token reads an OID token of a stored expression: "@" kind number.
func token(name string, kind byte) (types.OID, bool) {
	if len(name) < 3 || name[0] != '@' || name[1] != kind {
		return 0, false
	}
	n, err := strconv.ParseUint(name[2:], 10, 32)
	return types.OID(n), err == nil
}
