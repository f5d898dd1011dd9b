package system

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"datapunk/catalog/desc"
	"datapunk/catalog/system/views"
	"datapunk/types"
)

//go:embed facts/relations.tsv
var relationFacts string

//go:embed facts/columns.tsv
var columnFacts string

//go:embed facts/indexes.tsv
var indexFacts string

//go:embed facts/domains.tsv
var domainFacts string

// InformationSchema is the OID of that schema, as PostgreSQL 15's initdb gives it.
const InformationSchema types.OID = 13207

// The schemas that every database has.
var schemas = []*desc.Schema{
	{OID: types.PgCatalog, Name: "pg_catalog", Owner: desc.Superuser, Grants: everybodyUses},
	{OID: types.PgToast, Name: "pg_toast", Owner: desc.Superuser},
	{OID: InformationSchema, Name: "information_schema", Owner: desc.Superuser, Grants: everybodyUses},
}

var everybodyUses = []desc.Grant{{Grantee: desc.Superuser, Grantor: desc.Superuser, Privileges: desc.Usage | desc.Create},
	{Grantor: desc.Superuser, Privileges: desc.Usage}}

// shape is the facts read.
type shape struct {
	objects   []desc.Object
	relations []*desc.Relation // tables and views by OID, then indexes
	named     map[string]*desc.Relation
	shared    map[types.OID]bool
	domains   []*types.Type // with their arrays
	checks    []domainCheck
	defaults  map[types.OID]string // of domains
}

// domainCheck is a constraint of a domain.
type domainCheck struct {
	oid    types.OID
	domain *types.Type
	text   string
}

var loaded = sync.OnceValue(load)

// Objects lists what every database has: schemas, and the relations of pg_catalog
// and information_schema with their indexes.
func Objects() []desc.Object { return loaded().objects }

// Relations lists the relations of pg_catalog and information_schema.
func Relations() []*desc.Relation { return loaded().relations }

// Domains lists the domains of information_schema and their arrays.
func Domains() []*types.Type { return loaded().domains }

// Shared tells the relations that belong to no database.
func Shared(oid types.OID) bool { return loaded().shared[oid] }

// columnType finds the type of a system column.
func columnType(oid types.OID) *types.Type {
	if t := types.Builtin(oid); t != nil {
		return t
	}
	for _, t := range loaded().domains {
		if t.OID == oid {
			return t.Root()
		}
	}
	return types.Text
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func load() *shape {
	s := &shape{named: map[string]*desc.Relation{}, shared: map[types.OID]bool{}, defaults: map[types.OID]string{}}
	for _, x := range schemas {
		s.objects = append(s.objects, x)
	}
	s.loadDomains()
	byOID := map[types.OID]*desc.Relation{}
	for _, f := range types.Facts(relationFacts) {
		r := &desc.Relation{OID: types.FactOID(f[0]), Name: f[2], Schema: types.PgCatalog, Owner: desc.Superuser,
			Kind: desc.RelKind(f[3][0]), Persistence: desc.Permanent, RowType: types.FactOID(f[4]), RowArray: types.FactOID(f[5]),
			Replica: 'n', Grants: grants(f[7])}
		if f[1] == "information_schema" {
			r.Schema = InformationSchema
		}
		if f[8] != `\N` {
			r.Options = strings.Split(strings.Trim(f[8], "{}"), ",")
		}
		if r.Kind == desc.ViewKind {
			r.View = &desc.ViewDef{Query: views.Query(f[1], r.Name), RuleOID: types.FactOID(f[9])}
		}
		s.shared[r.OID] = f[6] == "t"
		s.named[r.Name], byOID[r.OID] = r, r
		s.relations = append(s.relations, r)
	}
	for _, f := range types.Facts(columnFacts) {
		r := s.named[f[0]]
		r.Columns = append(r.Columns, desc.Column{Name: f[1], Type: types.FactOID(f[2]), Mod: int32(number(f[3])),
			NotNull: f[4] == "t", Collation: types.FactOID(f[5]), Dims: int16(number(f[6])), Grants: grants(f[7])})
	}
	for _, f := range types.Facts(indexFacts) {
		t := byOID[types.FactOID(f[2])]
		if t == nil {
			continue // of a TOAST table
		}
		x := &desc.IndexDef{Table: t.OID, Method: "btree", Unique: f[3] == "t", Primary: f[4] == "t", Immediate: true}
		classes, collations := strings.Fields(f[6]), strings.Fields(f[7])
		r := &desc.Relation{OID: types.FactOID(f[0]), Name: f[1], Schema: t.Schema, Owner: desc.Superuser, Kind: desc.Index,
			Persistence: desc.Permanent, Index: x, Replica: 'n'}
		u := desc.Unique{OID: types.FactOID(f[8]), Name: r.Name, Index: r.OID, Primary: x.Primary}
		for i, k := range strings.Fields(f[5]) {
			c := &t.Columns[number(k)-1]
			u.Columns = append(u.Columns, int16(number(k)))
			x.Keys = append(x.Keys, desc.IndexKey{Column: int16(number(k)), Name: c.Name, Type: c.Type, Mod: c.Mod,
				OpClass: types.FactOID(classes[i]), Collation: types.FactOID(collations[i])})
		}
		s.shared[r.OID] = s.shared[t.OID]
		t.Indexes = append(t.Indexes, r.OID)
		if u.OID != 0 {
			t.Uniques = append(t.Uniques, u)
		}
		s.relations = append(s.relations, r)
	}
	for _, r := range s.relations {
		if r.View != nil {
			r.View.Query = s.typed(r, r.View.Query)
		}
		s.objects = append(s.objects, r)
	}
	return s
}

// typed casts the columns of a view's query to the types that they have to be of, or
// the types under domains, as which clients see them; a view without a query has no
// rows.
func (s *shape) typed(r *desc.Relation, query string) string {
	list, names := make([]string, len(r.Columns)), make([]string, len(r.Columns))
	for i := range r.Columns {
		c := &r.Columns[i]
		t, mod := types.Builtin(c.Type), ""
		for _, d := range s.domains {
			if d.OID == c.Type {
				t = d.Root()
				switch {
				case d.BaseMod < 0:
				case t == types.Varchar:
					const header = 4
					mod = "(" + strconv.Itoa(int(d.BaseMod)-header) + ")"
				default:
					mod = "(" + strconv.Itoa(int(d.BaseMod)) + ")"
				}
			}
		}
		names[i] = `"` + c.Name + `"`
		value := "q." + names[i]
		if query == "" {
			value = "NULL"
		}
		if t == types.AnyArray { // of any type, which no cast can name
			if query == "" {
				value = "(SELECT stavalues1 FROM pg_catalog.pg_statistic)"
			}
			list[i] = value + " AS " + names[i]
			continue
		}
		list[i] = "CAST(" + value + ` AS pg_catalog."` + t.Name + `"` + mod + ") AS " + names[i]
	}
	if query == "" {
		return "SELECT " + strings.Join(list, ", ") + " WHERE false"
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (" + query + ") AS q (" + strings.Join(names, ", ") + ")"
}

// loadDomains reads the domains of information_schema.
func (s *shape) loadDomains() {
	for _, f := range types.Facts(domainFacts) {
		base := types.Builtin(types.FactOID(f[4]))
		d := *base
		d.OID, d.Name, d.Schema, d.Owner, d.Kind = types.FactOID(f[0]), f[1], InformationSchema, desc.Superuser, types.Domain
		d.Array, d.Base, d.BaseMod, d.Collation, d.Preferred = types.FactOID(f[2]), base, int32(number(f[5])), types.FactOID(f[6]), false
		const domainIn, domainRecv types.OID = 2597, 2598
		d.Input, d.Receive, d.ModIn, d.ModOut = domainIn, domainRecv, 0, 0
		d.Elem, d.Subscript = nil, 0
		array := *types.Builtin(base.Array)
		array.OID, array.Name, array.Schema, array.Owner, array.Elem = d.Array, f[3], InformationSchema, desc.Superuser, &d
		array.Collation, array.ModIn, array.ModOut = d.Collation, 0, 0
		s.domains = append(s.domains, &d, &array)
		if f[7] != `\N` {
			s.defaults[d.OID] = f[7]
		}
		if f[8] != `\N` {
			s.checks = append(s.checks, domainCheck{types.FactOID(f[9]), &d, f[8]})
		}
	}
}

// grants reads privileges of facts: {postgres=arwdDxt/postgres,=r/postgres}.
func grants(text string) []desc.Grant {
	if text == `\N` {
		return nil
	}
	list := []desc.Grant{}
	for _, item := range strings.Split(strings.Trim(text, "{}"), ",") {
		who, rest, _ := strings.Cut(item, "=")
		letters, _, _ := strings.Cut(rest, "/")
		g := desc.Grant{Grantor: desc.Superuser}
		switch who {
		case "":
		case "postgres":
			g.Grantee = desc.Superuser
		default:
			g.Grantee = predefined(who)
		}
		for _, c := range letters {
			g.Privileges |= 1 << strings.IndexRune(desc.PrivilegeLetters, c)
		}
		list = append(list, g)
	}
	return list
}
