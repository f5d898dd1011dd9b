package budget

// Usage is what a run of an operator needed, as EXPLAIN ANALYZE shows it.
type Usage struct {
	Kind    Kind
	Method  string // of a sort
	Memory  int64  // bytes, at their peak
	Disk    int64  // bytes of temporary files, 0: nothing was spilled
	Buckets int    // of a hash table
	Batches int    // into which its rows were divided, 1: none were spilled
}

// Kind is which sort of operator a Usage speaks of.
type Kind uint8

// The kinds.
const (
	None Kind = iota
	Sort
	HashJoin
	HashGroup
)
