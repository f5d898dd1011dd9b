package logical

import (
	"datapunk/catalog/desc"
	"datapunk/types"
)

// Utility is a statement that changes the catalog. Names are resolved as far as
// they exist; expressions are in stored form (sql/deparse).
type Utility interface {
	// Tag is the command tag.
	Tag() string
}

type (
	// CreateTable makes a table.
	CreateTable struct {
		Schema      types.OID
		Name        string
		IfNotExists bool
		Columns     []desc.Column
		Serial      []Serial // sequences to be made for columns
		Constraints []Constraint
		Unlogged    bool
		Temp        bool
		OnCommit    byte // of a temporary table, as desc.Relation.OnCommit
		Options     []string
		Indexes     []CreateIndex  // of LIKE … INCLUDING INDEXES
		Comments    map[int]string // of LIKE … INCLUDING COMMENTS, by place of the column
	}

	// Drop removes objects.
	Drop struct {
		What    string // TABLE, INDEX, SCHEMA, SEQUENCE, VIEW
		Objects []desc.ID
		Cascade bool
		Missing []string // names that IF EXISTS passed over, for notices
		// Concurrently: one index, in several transactions, beside readers and writers.
		Concurrently bool
	}

	// CreateIndex makes an index.
	CreateIndex struct {
		Table       types.OID
		Bound       *desc.Relation // the table as it was when Def was bound; nil for one just made
		Name        string         // "": chosen
		Def         desc.IndexDef
		IfNotExists bool
		// Concurrently: in several transactions, beside writers.
		Concurrently bool
	}

	// CreateSchema makes a schema.
	CreateSchema struct {
		Name        string
		Owner       types.OID
		IfNotExists bool
	}

	// Truncate empties tables.
	Truncate struct {
		Tables  []types.OID
		Cascade bool
		Restart bool // RESTART IDENTITY
	}

	// CreateSequence makes a sequence.
	CreateSequence struct {
		Temp        bool
		Owned       *desc.ID
		Schema      types.OID
		Name        string
		IfNotExists bool
		Def         desc.SequenceDef
	}
)

// Serial asks for a sequence of a column.
type Serial struct {
	Column   int // place in CreateTable.Columns
	Def      desc.SequenceDef
	Identity bool
	Name     string // "": chosen
}

// Constraint is a table constraint to be made. Kind is 'p', 'u', 'c' or 'f'.
type Constraint struct {
	Kind       byte
	Name       string // "": chosen
	Columns    []string
	Expr       string // CHECK
	Mentions   []int16
	Target     types.OID // FOREIGN KEY; 0: the table itself
	Keys       []string
	Match      byte
	OnUpdate   byte
	OnDelete   byte
	Deferrable bool
	Deferred   bool
	NotValid   bool
	Index      types.OID // USING INDEX
	Include    []string
	NullsEqual bool
}

// Tag is the command tag.
func (*CreateTable) Tag() string { return "CREATE TABLE" }

// Tag is the command tag.
func (d *Drop) Tag() string { return "DROP " + d.What }

// Tag is the command tag.
func (*CreateIndex) Tag() string { return "CREATE INDEX" }

// Tag is the command tag.
func (*CreateSchema) Tag() string { return "CREATE SCHEMA" }

// Tag is the command tag.
func (*CreateSequence) Tag() string { return "CREATE SEQUENCE" }

// Tag is the command tag.
func (*Truncate) Tag() string { return "TRUNCATE TABLE" }
