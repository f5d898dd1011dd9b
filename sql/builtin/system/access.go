package system

import (
	"strings"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/vector"
)

// What index access methods can do (manual, 9.26: pg_indexam_has_property and its
// kin). Only btree and hash are here.
var amProperties = map[int64]map[string]bool{
	403: {"can_order": true, "can_unique": true, "can_multi_col": true, "can_exclude": true, "can_include": true},
	405: {"can_order": false, "can_unique": false, "can_multi_col": false, "can_exclude": true, "can_include": false},
}

var indexProperties = map[int64]map[string]bool{
	403: {"clusterable": true, "index_scan": true, "bitmap_scan": true, "backward_scan": true},
	405: {"clusterable": false, "index_scan": true, "bitmap_scan": true, "backward_scan": true},
}

func accessMethods(t function.Table) {
	t["pg_indexam_has_property"] = maybe(func(_ *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
		has, known := amProperties[loop.At[int64](args[0], i)][strings.ToLower(args[1].String(i))]
		return has, known, nil
	})
	method := func(c *function.Call, index *vector.Vector, i int) (int64, bool, error) {
		return lookup(c, "SELECT relam::int8 FROM pg_catalog.pg_class WHERE oid = $1 AND relkind = 'i'", oidParam(oid(index, i)))
	}
	t["pg_index_has_property"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
		am, ok, err := method(c, args[0], i)
		if !ok || err != nil {
			return false, false, err
		}
		has, known := indexProperties[am][strings.ToLower(args[1].String(i))]
		return has, known, nil
	})
	t["pg_index_column_has_property"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (bool, bool, error) {
		am, ok, err := method(c, args[0], i)
		if !ok || err != nil {
			return false, false, err
		}
		column := int64(loop.At[int32](args[1], i))
		var keys, all, option int64
		err = c.Env.Runner.Query("SELECT indnkeyatts::int8, indnatts::int8 FROM pg_catalog.pg_index WHERE indexrelid = $1",
			[]*vector.Vector{oidParam(oid(args[0], i))}, func(row []*vector.Vector, k int) error {
				keys, all = loop.At[int64](row[0], k), loop.At[int64](row[1], k)
				return nil
			})
		if err != nil || column < 1 || column > all {
			return false, false, err
		}
		key := column <= keys
		if key {
			if option, _, err = lookup(c, "SELECT indoption["+number(column-1)+"]::int8 FROM pg_catalog.pg_index WHERE indexrelid = $1", oidParam(oid(args[0], i))); err != nil {
				return false, false, err
			}
		}
		ordered := am == 403
		switch strings.ToLower(args[2].String(i)) {
		case "asc":
			return ordered && option&1 == 0, key, nil
		case "desc":
			return ordered && option&1 != 0, key, nil
		case "nulls_first":
			return ordered && option&2 != 0, key, nil
		case "nulls_last":
			return ordered && option&2 == 0, key, nil
		case "orderable":
			return key && ordered, true, nil
		case "distance_orderable":
			return false, true, nil
		case "returnable":
			return ordered, true, nil
		case "search_array", "search_nulls":
			return key && ordered, key, nil
		}
		return false, false, nil
	})
	t["amvalidate"] = function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		loop.Put(out, i, true)
		return nil
	})
}
