package system

import (
	"slices"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// class is a kind of object that privileges are on.
type class struct {
	name       string // of Names.Has and of the function
	privileges []string
	find       func(c *function.Call, name string) (types.OID, error)
}

var classes = []class{
	{"table", []string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "RULE"}, register("regclass")},
	{"sequence", []string{"USAGE", "SELECT", "UPDATE"}, register("regclass")},
	{"any_column", []string{"SELECT", "INSERT", "UPDATE", "REFERENCES"}, register("regclass")},
	{"column", []string{"SELECT", "INSERT", "UPDATE", "REFERENCES"}, register("regclass")},
	{"database", []string{"CREATE", "TEMPORARY", "TEMP", "CONNECT"}, named("database", pgerr.UndefinedDatabase, "SELECT oid::int8 FROM pg_catalog.pg_database WHERE datname = $1")},
	{"function", []string{"EXECUTE"}, register("regprocedure")},
	{"foreign_data_wrapper", []string{"USAGE"}, named("foreign-data wrapper", pgerr.UndefinedObject, "SELECT oid::int8 FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwname = $1")},
	{"language", []string{"USAGE"}, named("language", pgerr.UndefinedObject, "SELECT oid::int8 FROM pg_catalog.pg_language WHERE lanname = $1")},
	{"schema", []string{"CREATE", "USAGE"}, schema},
	{"server", []string{"USAGE"}, named("server", pgerr.UndefinedObject, "SELECT oid::int8 FROM pg_catalog.pg_foreign_server WHERE srvname = $1")},
	{"tablespace", []string{"CREATE"}, named("tablespace", pgerr.UndefinedObject, "SELECT oid::int8 FROM pg_catalog.pg_tablespace WHERE spcname = $1")},
	{"type", []string{"USAGE"}, register("regtype")},
}

// register finds an object as a reg* type reads it.
func register(class string) func(c *function.Call, name string) (types.OID, error) {
	return func(c *function.Call, name string) (types.OID, error) { return c.Env.Format.Names.RegIn(class, name) }
}

// schema finds a schema by its bare name.
func schema(c *function.Call, name string) (types.OID, error) {
	n, ok, err := lookup(c, "SELECT oid::int8 FROM pg_catalog.pg_namespace WHERE nspname = $1", textParam(name))
	if err == nil && !ok {
		err = pgerr.Newf(pgerr.UndefinedSchema, "schema \"%s\" does not exist", name)
	}
	return types.OID(n), err
}

// named finds an object by its bare name in a catalog.
func named(what string, code pgerr.Code, sql string) func(c *function.Call, name string) (types.OID, error) {
	return func(c *function.Call, name string) (types.OID, error) {
		if what == "database" && name == c.Env.Names.Database() {
			return c.Env.Names.DatabaseOID(), nil
		}
		n, ok, err := lookup(c, sql, textParam(name))
		if err == nil && !ok {
			err = pgerr.Newf(code, "%s \"%s\" does not exist", what, name)
		}
		return types.OID(n), err
	}
}

// role reads the first argument of a form with a role.
func role(c *function.Call, v *vector.Vector, i int) (types.OID, error) {
	if v.Phys() == types.Int64 {
		return oid(v, i), nil
	}
	name := v.String(i)
	if name == "public" {
		return 0, nil
	}
	if r, ok := c.Env.Names.RoleOID(name); ok {
		return r, nil
	}
	return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
}

const grantOption = " WITH GRANT OPTION"

// wanted reads a list of privileges.
func wanted(text string, valid []string, option string) ([]string, error) {
	var list []string
	for _, part := range strings.Split(text, ",") {
		p := strings.ToUpper(strings.Trim(part, " \t\n\r\f\v"))
		if bare := strings.TrimSuffix(p, option); !slices.Contains(valid, bare) {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.Trim(part, " \t\n\r\f\v"))
		}
		list = append(list, p)
	}
	return list, nil
}

// has tells whether the role has any of the privileges; found is false for an
// object that is not there.
func has(c *function.Call, who types.OID, class string, object types.OID, column int16, list []string) (result, found bool, err error) {
	for _, p := range list {
		if strings.HasPrefix(p, "TEMP") && !strings.HasPrefix(p, "TEMPORARY") {
			p = "TEMPORARY" + p[4:]
		}
		ok, there, err := c.Env.Names.Has(who, class, object, column, p)
		if err != nil || !there {
			return false, there, err
		}
		if ok {
			return true, true, nil
		}
	}
	return false, true, nil
}

func privileges(t function.Table) {
	for _, k := range classes {
		run := maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
			who := c.Env.Names.CurrentUserOID()
			fixed := 2
			if k.name == "column" {
				fixed = 3
			}
			if len(args) > fixed {
				var err error
				if who, err = role(c, args[0], i); err != nil {
					return false, false, err
				}
				args = args[1:]
			}
			object, err := object(c, k, args[0], i)
			if err != nil {
				return false, false, err
			}
			list, err := wanted(args[len(args)-1].String(i), k.privileges, grantOption)
			if err != nil {
				return false, false, err
			}
			column := int16(0)
			if k.name == "column" {
				var ok bool
				if column, ok, err = attribute(c, object, args[1], i); !ok || err != nil {
					return false, false, err
				}
			}
			return has(c, who, k.name, object, column, list)
		})
		forms := []string{"name_name", "name_id", "id_name", "id_id", "name", "id"}
		if k.name == "column" {
			forms = nil
			for _, f := range []string{"name_name", "name_id", "id_name", "id_id", "name", "id"} {
				forms = append(forms, f+"_name", f+"_attnum")
			}
		}
		for _, f := range forms {
			t["has_"+k.name+"_privilege_"+f] = run
		}
	}
	parameter := maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
		who := c.Env.Names.CurrentUserOID()
		if len(args) > 2 {
			var err error
			if who, err = role(c, args[0], i); err != nil {
				return false, false, err
			}
			args = args[1:]
		}
		list, err := wanted(args[1].String(i), []string{"SET", "ALTER SYSTEM"}, grantOption)
		if err != nil {
			return false, false, err
		}
		return has(c, who, "parameter "+args[0].String(i), 0, 0, list)
	})
	for _, f := range []string{"name_name", "id_name", "name"} {
		t["has_parameter_privilege_"+f] = parameter
	}
	member := maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
		who := c.Env.Names.CurrentUserOID()
		var err error
		if len(args) > 2 {
			if who, err = role(c, args[0], i); err != nil {
				return false, false, err
			}
			args = args[1:]
		}
		of, err := role(c, args[0], i)
		if err != nil {
			return false, false, err
		}
		text := strings.ReplaceAll(strings.ToUpper(args[1].String(i)), "ADMIN OPTION", "GRANT OPTION")
		list, err := wanted(text, []string{"USAGE", "MEMBER"}, grantOption)
		if err != nil {
			return false, false, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", args[1].String(i))
		}
		return has(c, who, "role", of, 0, list)
	})
	for _, f := range []string{"name_name", "name_id", "id_name", "id_id", "name", "id"} {
		t["pg_has_role_"+f] = member
	}
}

// object reads an object given by number or name.
func object(c *function.Call, k class, v *vector.Vector, i int) (types.OID, error) {
	if v.Phys() == types.Int64 {
		return oid(v, i), nil
	}
	return k.find(c, v.String(i))
}

// attribute reads a column given by number or name; ok is false where there is none.
func attribute(c *function.Call, relation types.OID, v *vector.Vector, i int) (n int16, ok bool, err error) {
	if v.Phys() == types.Int16 {
		return loop.At[int16](v, i), true, nil
	}
	name := v.String(i)
	err = c.Env.Runner.Query("SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attname = $2 AND NOT attisdropped",
		[]*vector.Vector{oidParam(relation), textParam(name)}, func(row []*vector.Vector, r int) error {
			n, ok = loop.At[int16](row[0], r), true
			return nil
		})
	if err != nil || ok {
		return n, ok, err
	}
	shown, there := "", false
	if c.Env.Format.Names != nil {
		shown, there = c.Env.Format.Names.RegOut("regclass", relation)
	}
	if !there {
		return 0, false, nil
	}
	return 0, false, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, shown)
}
