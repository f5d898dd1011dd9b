package system

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// define makes a pg_get_*def kernel; the second argument, if there, says whether
// to print prettily.
func define(class string) function.Impl {
	return maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		pretty := len(args) > 1 && args[1].Phys() == types.Bool && loop.At[bool](args[1], i)
		pretty = pretty || len(args) > 1 && args[1].Phys() == types.Int32
		return c.Env.Names.Definition(class, oid(args[0], i), 0, pretty)
	})
}

func definitions(t function.Table) {
	t["pg_get_viewdef"], t["pg_get_viewdef_ext"], t["pg_get_viewdef_wrap"] = define("view"), define("view"), define("view")
	byName := maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		view, err := register("regclass")(c, args[0].String(i))
		if err != nil {
			return "", false, err
		}
		return c.Env.Names.Definition("view", view, 0, len(args) > 1 && loop.At[bool](args[1], i))
	})
	t["pg_get_viewdef_name"], t["pg_get_viewdef_name_ext"] = byName, byName
	for key, class := range map[string]string{"pg_get_constraintdef": "constraint", "pg_get_constraintdef_ext": "constraint",
		"pg_get_ruledef": "rule", "pg_get_ruledef_ext": "rule", "pg_get_triggerdef": "trigger", "pg_get_triggerdef_ext": "trigger",
		"pg_get_statisticsobjdef":         "statistics",
		"pg_get_statisticsobjdef_columns": "statistics columns", "pg_get_partkeydef": "partition key",
		"pg_get_partition_constraintdef": "partition constraint", "pg_get_indexdef": "index"} {
		t[key] = define(class)
	}
	t["pg_get_indexdef_ext"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return c.Env.Names.Definition("index", oid(args[0], i), int(loop.At[int32](args[1], i)), loop.At[bool](args[2], i))
	})
	expression := maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		s, err := c.Env.Names.Expression(args[0].String(i), oid(args[1], i), len(args) > 2 && loop.At[bool](args[2], i))
		return s, err == nil, err
	})
	t["pg_get_expr"], t["pg_get_expr_ext"] = expression, expression
	t["pg_get_userbyid"] = function.Map1C(func(c *function.Call, role int64) (string, error) {
		if name, ok := c.Env.Names.RoleName(types.OID(role)); ok {
			return name, nil
		}
		return "unknown (OID=" + number(role) + ")", nil
	})
	for key, class := range map[string]string{"table": "relation", "type": "type", "function": "function", "operator": "operator",
		"collation": "collation", "opclass": "opclass", "opfamily": "opfamily", "conversion": "conversion",
		"statistics_obj": "statistics", "ts_config": "ts_config", "ts_dict": "ts_dict", "ts_parser": "ts_parser", "ts_template": "ts_template"} {
		t["pg_"+key+"_is_visible"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
			visible, found := c.Env.Names.Visible(class, oid(args[0], i))
			return visible, found, nil
		})
	}
	updatable := func(c *function.Call, relation types.OID) (bool, error) {
		n, ok, err := lookup(c, "SELECT CASE WHEN relkind IN ('r', 'p') THEN 1 ELSE 0 END::int8 FROM pg_catalog.pg_class WHERE oid = $1", oidParam(relation))
		return ok && n == 1, err
	}
	t["pg_relation_is_updatable"] = function.Map2C(func(c *function.Call, relation int64, _ bool) (int32, error) {
		// UPDATE, INSERT and DELETE, as bits of CmdType.
		const all = 1<<2 | 1<<3 | 1<<4
		if ok, err := updatable(c, types.OID(relation)); !ok || err != nil {
			return 0, err
		}
		return all, nil
	})
	t["pg_column_is_updatable"] = function.Map3C(func(c *function.Call, relation int64, column int16, _ bool) (bool, error) {
		if column <= 0 {
			return false, nil
		}
		return updatable(c, types.OID(relation))
	})
	t["row_security_active"] = function.Map1(func(int64) bool { return false })
	t["row_security_active_name"] = function.Map1C(func(c *function.Call, name string) (bool, error) {
		_, err := register("regclass")(c, name)
		return false, err
	})
}

func descriptions(t function.Table) {
	comment := func(c *function.Call, catalog, object types.OID, sub int32) (string, bool, error) {
		s, ok := c.Env.Names.Comment(catalog, object, sub)
		return s, ok, nil
	}
	byCatalog := maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		catalog, ok, err := lookup(c, "SELECT oid::int8 FROM pg_catalog.pg_class WHERE relnamespace = 11 AND relname = $1", textParam(args[1].String(i)))
		if !ok || err != nil {
			return "", false, err
		}
		return comment(c, types.OID(catalog), oid(args[0], i), 0)
	})
	t["obj_description(oid,name)"], t["shobj_description(oid,name)"] = byCatalog, byCatalog
	t["obj_description(oid)"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		return comment(c, 0, oid(args[0], i), 0)
	})
	const pgClass types.OID = 1259
	t["col_description(oid,int4)"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		column := loop.At[int32](args[1], i)
		if column == 0 {
			return "", false, nil
		}
		return comment(c, pgClass, oid(args[0], i), column)
	})
}
