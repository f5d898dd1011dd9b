package types

// CastContext says where a cast may be applied without being written.
type CastContext byte

// The contexts of pg_cast, from the freest.
const (
	Implicit   CastContext = 'i'
	Assignment CastContext = 'a'
	Explicit   CastContext = 'e'
)

// CastMethod says what does the cast.
type CastMethod byte

// The methods of pg_cast.
const (
	ByFunction CastMethod = 'f'
	ByIO       CastMethod = 'i'
	Binary     CastMethod = 'b'
)

// Cast is one row of pg_cast.
type Cast struct {
	OID            OID
	Source, Target OID
	Func           OID // pg_proc, if ByFunction
	Context        CastContext
	Method         CastMethod
}

// Allows tells whether the cast may be used in a context.
func (c *Cast) Allows(context CastContext) bool {
	return context == Explicit || c.Context == Implicit || context == c.Context
}

var casts, castList = loadCasts()

// FindCast returns PostgreSQL's own cast between two types, or nil.
func FindCast(source, target OID) *Cast { return casts[[2]OID{source, target}] }

// Casts lists pg_cast's rows by OID. The slice must not be changed.
func Casts() []*Cast { return castList }

func loadCasts() (map[[2]OID]*Cast, []*Cast) {
	index, list := map[[2]OID]*Cast{}, []*Cast{}
	for _, f := range Facts(castFacts) {
		c := &Cast{OID: FactOID(f[0]), Source: FactOID(f[1]), Target: FactOID(f[2]), Func: FactOID(f[3]),
			Context: CastContext(f[4][0]), Method: CastMethod(f[5][0])}
		index[[2]OID{c.Source, c.Target}] = c
		list = append(list, c)
	}
	return index, list
}
