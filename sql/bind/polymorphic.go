package bind

import (
	"datapunk/internal/pgerr"
	"datapunk/types"
)

// unify finds what the polymorphic parameters of a function stand for (manual,
// 38.2.5), and returns the parameters' and the result's concrete types. unknown
// arguments become text where nothing else decides.
func (b *Binder) unify(declared []*types.Type, actual []*types.Type, result *types.Type) ([]*types.Type, *types.Type, error) {
	poly := result.Polymorphic()
	for _, d := range declared {
		poly = poly || d.Polymorphic()
	}
	if !poly {
		return declared, result, nil
	}
	var elem, array *types.Type // what anyelement and anyarray were seen as
	var compatible []*types.Type
	mismatch := func(what string, a, c *types.Type) error {
		return pgerr.Newf(pgerr.DatatypeMismatch, "arguments declared \"%s\" are not all alike", what).
			WithDetail("%s versus %s", b.typeName(a), b.typeName(c))
	}
	for i, d := range declared {
		t := actual[i]
		switch d {
		case types.AnyElement, types.AnyNonArray, types.AnyEnum:
			if t == types.Unknown {
				continue
			}
			if elem != nil && elem != t {
				return nil, nil, mismatch("anyelement", elem, t)
			}
			elem = t
		case types.AnyArray:
			if t == types.Unknown {
				continue
			}
			t = t.Root()
			if array != nil && array != t {
				return nil, nil, mismatch("anyarray", array, t)
			}
			array = t
		case types.AnyCompatible, types.AnyCompatibleNonArray:
			if t != types.Unknown {
				compatible = append(compatible, t)
			}
		case types.AnyCompatibleArray:
			if t != types.Unknown {
				if t.Root().Elem == nil {
					return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", d.Name, b.typeName(t))
				}
				compatible = append(compatible, t.Root().Elem)
			}
		case types.AnyRange, types.AnyMultirange, types.AnyCompatibleRange, types.AnyCompatibleMultirange:
			return nil, nil, pgerr.Unsupported("range types")
		}
	}
	if array != nil {
		if array == types.AnyArray { // a catalog column such as pg_stats.histogram_bounds
			if elem != nil {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement")
			}
			elem = types.AnyElement
		} else {
			if array.Elem == nil {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", "anyarray", b.typeName(array))
			}
			if elem == nil {
				elem = array.Elem
			} else if elem != array.Elem {
				return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement").
					WithDetail("%s versus %s", b.typeName(array), b.typeName(elem))
			}
		}
	}
	if elem == nil {
		elem = types.Text
		for _, d := range declared {
			if d == types.AnyElement || d == types.AnyArray || d == types.AnyNonArray {
				return nil, nil, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
			}
		}
	}
	if array == nil {
		array = b.Catalog.Type(elem.Array)
	}
	common := types.Text
	if len(compatible) > 0 {
		common = compatible[0]
		for _, t := range compatible[1:] {
			if t == common {
				continue
			}
			if t.Root().Category != common.Root().Category {
				return nil, nil, pgerr.New(pgerr.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
			}
			if !common.Root().Preferred && b.canCoerce(common, t, types.Implicit) && !b.canCoerce(t, common, types.Implicit) {
				common = t
			}
		}
	}
	concrete := func(t *types.Type) *types.Type {
		switch t {
		case types.AnyElement, types.AnyNonArray, types.AnyEnum:
			return elem
		case types.AnyArray:
			return array
		case types.AnyCompatible, types.AnyCompatibleNonArray:
			return common
		case types.AnyCompatibleArray:
			return b.Catalog.Type(common.Array)
		}
		return t
	}
	out := make([]*types.Type, len(declared))
	for i, d := range declared {
		if out[i] = concrete(d); out[i] == nil {
			return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "could not find array type for data type %s", b.typeName(elem))
		}
		if d == types.AnyNonArray && out[i].IsArray() {
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "type matched to anynonarray is an array type: %s", b.typeName(out[i]))
		}
	}
	r := concrete(result)
	if r == nil {
		return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "could not find array type for data type %s", b.typeName(elem))
	}
	return out, r, nil
}
