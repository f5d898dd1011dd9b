package function

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"datapunk/types"
)

//go:embed facts/proc.tsv
var procFacts string

//go:embed facts/information.tsv
var informationFacts string

// InformationSchema is the OID of that schema, which has functions of its own.
const InformationSchema types.OID = 13207

//go:embed facts/operator.tsv
var operatorFacts string

//go:embed facts/aggregate.tsv
var aggregateFacts string

// sqlLanguage is the OID of the language of functions with an SQL body; ours have
// kernels instead.
const sqlLanguage types.OID = 14

// Operator is one row of pg_operator.
type Operator struct {
	OID                 types.OID
	Name                string
	Left, Right         *types.Type // Left is nil for a prefix operator
	Result              *types.Type
	Commutator, Negator types.OID
	Func                *Func
	Restrict, Join      types.OID // selectivity estimators, pg_proc
	CanMerge, CanHash   bool
}

// AggFacts is one row of pg_aggregate.
type AggFacts struct {
	Kind        byte // n ordinary, o ordered set, h hypothetical set
	Direct      int  // number of direct arguments
	Row         []string
	SortOp      types.OID
	Transition  types.OID
	TransType   types.OID
	InitialNull bool
}

// Registry holds PostgreSQL's own functions and operators. It is not changed
// after New.
type Registry struct {
	funcs     map[types.OID]*Func
	elsewhere map[schemaName][]*Func // of schemas other than pg_catalog
	byName    map[string][]*Func
	operators map[types.OID]*Operator
	opsByName map[string][]*Operator
	list      []*Func
	opList    []*Operator
}

// New joins the facts with kernels. An entry of a table that names no function
// is an error: a kernel nobody can call.
func New(tables ...Table) (*Registry, error) {
	impls := Table{}
	for _, table := range tables {
		for key, impl := range table {
			if _, twice := impls[key]; twice {
				return nil, fmt.Errorf("function: two kernels for %q", key)
			}
			impls[key] = impl
		}
	}
	r := &Registry{funcs: map[types.OID]*Func{}, byName: map[string][]*Func{},
		operators: map[types.OID]*Operator{}, opsByName: map[string][]*Operator{}}
	used := map[string]bool{}
	r.elsewhere = map[schemaName][]*Func{}
	rows := types.Facts(procFacts)
	builtins := len(rows)
	for i, f := range append(rows, types.Facts(informationFacts)...) {
		fn := readFunc(f)
		if i >= builtins {
			fn.Schema = InformationSchema
		}
		key := fn.Source
		if fn.Kind == Aggregate || fn.Kind == Window || fn.Language == sqlLanguage {
			key = fn.Signature()
		}
		if impl, ok := impls[key]; ok {
			fn.Impl, used[key] = &impl, true
		}
		r.funcs[fn.OID] = fn
		if fn.Schema == types.PgCatalog {
			r.byName[fn.Name] = append(r.byName[fn.Name], fn)
		} else {
			key := schemaName{fn.Schema, fn.Name}
			r.elsewhere[key] = append(r.elsewhere[key], fn)
		}
		r.list = append(r.list, fn)
	}
	for _, f := range types.Facts(aggregateFacts) {
		direct, _ := strconv.Atoi(f[2])
		r.funcs[types.FactOID(f[0])].Agg = &AggFacts{Kind: f[1][0], Direct: direct, Row: f,
			SortOp: types.FactOID(f[15]), Transition: types.FactOID(f[3]), TransType: types.FactOID(f[16]),
			InitialNull: f[20] == `\N`}
	}
	for _, f := range types.Facts(operatorFacts) {
		op := &Operator{OID: types.FactOID(f[0]), Name: f[1], CanMerge: f[3] == "t", CanHash: f[4] == "t",
			Left: types.Builtin(types.FactOID(f[5])), Right: types.Builtin(types.FactOID(f[6])),
			Result: types.Builtin(types.FactOID(f[7])), Commutator: types.FactOID(f[8]), Negator: types.FactOID(f[9]),
			Func: r.funcs[types.FactOID(f[10])], Restrict: types.FactOID(f[11]), Join: types.FactOID(f[12])}
		r.operators[op.OID] = op
		r.opsByName[op.Name] = append(r.opsByName[op.Name], op)
		r.opList = append(r.opList, op)
	}
	for _, key := range slices.Sorted(maps.Keys(impls)) {
		if !used[key] {
			return nil, fmt.Errorf("function: kernel %q belongs to no function of facts/proc.tsv", key)
		}
	}
	return r, nil
}

// Func returns the function of an OID, or nil.
func (r *Registry) Func(oid types.OID) *Func { return r.funcs[oid] }

// Named lists the functions of a name in pg_catalog. It must not be changed.
func (r *Registry) Named(name string) []*Func { return r.byName[name] }

// schemaName is a name within a schema.
type schemaName struct {
	schema types.OID
	name   string
}

// NamedIn lists the functions of a name in a schema. It must not be changed.
func (r *Registry) NamedIn(schema types.OID, name string) []*Func {
	if schema == types.PgCatalog {
		return r.byName[name]
	}
	return r.elsewhere[schemaName{schema, name}]
}

// Funcs lists all functions by OID. It must not be changed.
func (r *Registry) Funcs() []*Func { return r.list }

// Operator returns the operator of an OID, or nil.
func (r *Registry) Operator(oid types.OID) *Operator { return r.operators[oid] }

// OperatorsNamed lists the operators of a name. It must not be changed.
func (r *Registry) OperatorsNamed(name string) []*Operator { return r.opsByName[name] }

// Operators lists all operators by OID. It must not be changed.
func (r *Registry) Operators() []*Operator { return r.opList }

// FindOperator returns the operator of exactly these types, or nil.
func (r *Registry) FindOperator(name string, left, right *types.Type) *Operator {
	for _, op := range r.opsByName[name] {
		if op.Left == left && op.Right == right {
			return op
		}
	}
	return nil
}

// Signature is the name with the argument types: sum(int4).
func (f *Func) Signature() string {
	names := make([]string, len(f.Args))
	for i, t := range f.Args {
		names[i] = t.Name
	}
	return f.Name + "(" + strings.Join(names, ",") + ")"
}

// readFunc turns a row of facts/proc.tsv into a Func.
func readFunc(f []string) *Func {
	cost, _ := strconv.ParseFloat(f[4], 32)
	rows, _ := strconv.ParseFloat(f[5], 32)
	fn := &Func{
		OID: types.FactOID(f[0]), Name: f[1], Schema: types.PgCatalog, Owner: 10, Kind: Kind(f[2][0]),
		Language: types.FactOID(f[3]), Cost: float32(cost), Rows: float32(rows),
		Variadic: types.Builtin(types.FactOID(f[6])), Support: types.FactOID(f[7]),
		Leakproof: f[8] == "t", Strict: f[9] == "t", ReturnsSet: f[10] == "t", Volatility: Volatility(f[11][0]),
		Parallel: f[12][0], Return: types.Builtin(types.FactOID(f[13])), Source: f[20], SQLBody: f[21] == "t",
	}
	for _, oid := range strings.Fields(f[14]) {
		fn.Args = append(fn.Args, types.Builtin(types.FactOID(oid)))
	}
	if f[15] != `\N` {
		for _, oid := range braced(f[15]) {
			fn.AllArgs = append(fn.AllArgs, types.Builtin(types.FactOID(oid)))
		}
	}
	if f[16] != `\N` {
		fn.Modes = strings.Join(braced(f[16]), "")
	}
	if f[17] != `\N` {
		fn.ArgNames = braced(f[17])
	}
	if f[19] != `\N` {
		fn.Defaults = Commas(f[19], '\'')
	}
	return fn
}

// braced splits {a,b,""} as array_out prints simple elements.
func braced(s string) []string {
	parts := strings.Split(strings.Trim(s, "{}"), ",")
	for i, p := range parts {
		parts[i] = strings.Trim(p, `"`)
	}
	return parts
}

// Commas cuts a list at its commas that lie in no brackets and no quotes.
func Commas(s string, quote rune) []string {
	var parts []string
	depth, start, quoted := 0, 0, false
	for i, c := range s {
		switch {
		case c == quote:
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}
