package system

import (
	"sync"

	"datapunk/types"
)

// opclass is one row of pg_opclass.
type opclass struct {
	oid, family types.OID
	name        string
}

// operators are what the facts of access methods say, for looking up.
type operators struct {
	defaults map[[2]types.OID]opclass   // by method and type
	named    map[types.OID][]opclass    // by method
	byOID    map[types.OID]opclass      // any
	equals   map[[3]types.OID]types.OID // by family and the operands' types
}

var indexOperators = sync.OnceValue(func() *operators {
	o := &operators{map[[2]types.OID]opclass{}, map[types.OID][]opclass{}, map[types.OID]opclass{}, map[[3]types.OID]types.OID{}}
	for _, f := range factRows("pg_opclass") {
		c := opclass{oids(f, 0), oids(f, 5), f[2]}
		method := oids(f, 1)
		if f[7] == "t" {
			o.defaults[[2]types.OID{method, oids(f, 6)}] = c
		}
		o.named[method] = append(o.named[method], c)
		o.byOID[c.oid] = c
	}
	const btreeEqual, hashEqual = "3", "1"
	for _, f := range factRows("pg_amop") {
		if method := oids(f, 7); method == btree && f[4] == btreeEqual || method == hash && f[4] == hashEqual {
			o.equals[[3]types.OID{oids(f, 1), oids(f, 2), oids(f, 3)}] = oids(f, 6)
		}
	}
	return o
})

func factRows(name string) [][]string {
	text, err := factFiles.ReadFile("facts/" + name + ".tsv")
	if err != nil {
		panic(err)
	}
	return types.Facts(string(text))
}

// keyType is the type whose operator class a type is indexed by.
func keyType(t *types.Type) types.OID {
	t = t.Root()
	switch {
	case t == types.Varchar:
		return types.OIDText
	case t.IsArray():
		return types.OIDAnyArray
	case t.Kind == types.Enum:
		return types.OIDAnyEnum
	case t.Kind == types.Range:
		return types.OIDAnyRange
	case t.Kind == types.Multirange:
		return types.OIDAnyMultirange
	case t.Kind == types.Composite:
		return types.OIDRecord
	case t.OID == types.OIDCidr:
		return types.OIDInet
	}
	if len(t.Name) > 3 && t.Name[:3] == "reg" {
		return types.OIDOid
	}
	return t.OID
}

// OperatorClass is the operator class by which a method indexes a type: that of a
// name, or the default.
func OperatorClass(method types.OID, t *types.Type, name string) types.OID {
	o := indexOperators()
	if name != "" {
		for _, c := range o.named[method] {
			if c.name == name {
				return c.oid
			}
		}
	}
	return o.defaults[[2]types.OID{method, keyType(t)}].oid
}

// equalOperator is the operator that tells whether a key equals a value, 0 if there is
// none between these types.
func equalOperator(key, value *types.Type) types.OID {
	o := indexOperators()
	c, ok := o.defaults[[2]types.OID{btree, keyType(key)}]
	if !ok {
		return 0
	}
	k, v := keyType(key), keyType(value)
	if e := o.equals[[3]types.OID{c.family, k, v}]; e != 0 {
		return e
	}
	return o.equals[[3]types.OID{c.family, k, k}]
}
