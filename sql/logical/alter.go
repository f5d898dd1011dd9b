package logical

import (
	"datapunk/catalog/desc"
	"datapunk/types"
)

type (
	// Alter is ALTER TABLE, INDEX, VIEW or SEQUENCE with its actions, in order.
	Alter struct {
		What string // TABLE, INDEX, VIEW, SEQUENCE
		// Bound is the relation as it was when the actions were bound.
		Bound   *desc.Relation
		Actions []Action
		Missing string // IF EXISTS passed over this
	}

	// Rename gives an object, or a part of a relation, another name.
	Rename struct {
		What    string // the command tag without ALTER
		Object  desc.ID
		Part    RenamePart
		Old     string // of the column or constraint
		New     string
		Missing string
	}

	// SetSchema moves a relation to another schema.
	SetSchema struct {
		What    string
		Object  desc.ID
		Schema  types.OID
		Missing string
	}

	// ChangeOwner is ALTER … OWNER TO.
	ChangeOwner struct {
		What    string
		Object  desc.ID
		Owner   types.OID
		Missing string
	}

	// CreateView makes a view, or gives one another query.
	CreateView struct {
		Schema  types.OID
		Name    string
		Replace bool
		Temp    bool
		Columns []desc.Column
		Query   string // stored form
		Needs   []desc.Need
		Options []string
	}

	// AlterSequence changes a sequence's parameters.
	AlterSequence struct {
		Sequence types.OID
		Def      desc.SequenceDef
		Restart  *int64
		Owned    *desc.ID // OWNED BY; OID 0 is NONE
		Missing  string
	}
)

// RenamePart is what of an object is renamed.
type RenamePart uint8

// The parts.
const (
	Whole RenamePart = iota
	ColumnPart
	ConstraintPart
)

// Action is one action of ALTER TABLE.
type Action interface{ action() }

type (
	// AddColumn adds a column with its constraints.
	AddColumn struct {
		Column      desc.Column
		IfNotExists bool
		Serial      *Serial
		Constraints []Constraint
		// Volatile: the default is to be computed for every row there is.
		Volatile bool
	}

	// DropColumn drops a column.
	DropColumn struct {
		Name     string
		IfExists bool
		Cascade  bool
	}

	// SetType changes a column's type; Using is the stored expression of its new
	// value, "" where the bytes stay as they are.
	SetType struct {
		Column    int16
		Type      types.OID
		Mod       int32
		Collation types.OID
		Using     string
		// Default is the column's default in the new type, if it has one.
		Default string
	}

	// SetDefault changes a default; "" drops it.
	SetDefault struct {
		Column  int16
		Default string
	}

	// SetNotNull is SET or DROP NOT NULL.
	SetNotNull struct {
		Column  int16
		NotNull bool
	}

	// DropExpression makes a generated column a plain one.
	DropExpression struct {
		Column   int16
		IfExists bool
	}

	// SetIdentity adds, changes or (Kind 0) drops the identity of a column.
	SetIdentity struct {
		Column   int16
		Kind     byte
		Def      *desc.SequenceDef // nil: keep
		Restart  *int64
		Add      bool
		Name     string // of the sequence, "": chosen
		IfExists bool
	}

	// SetColumnOption is SET STATISTICS and SET STORAGE.
	SetColumnOption struct {
		Column     int16
		Statistics *int16
		Storage    byte
	}

	// AddConstraintAction is ADD CONSTRAINT.
	AddConstraintAction struct{ Constraint Constraint }

	// DropConstraint drops a constraint.
	DropConstraint struct {
		Name     string
		IfExists bool
		Cascade  bool
	}

	// ValidateConstraint checks the rows there are against a NOT VALID constraint.
	ValidateConstraint struct{ Name string }

	// AlterConstraint changes when a foreign key is checked.
	AlterConstraint struct {
		Name                 string
		Deferrable, Deferred bool
	}

	// SetOptions sets or resets storage parameters.
	SetOptions struct {
		Options []string // name=value, or names
		Reset   bool
	}

	// SetMark is CLUSTER ON, SET WITHOUT CLUSTER, REPLICA IDENTITY, SET LOGGED
	// and SET UNLOGGED: notes on the relation that change nothing else.
	SetMark struct {
		Clustered   *types.OID
		Replica     byte
		ReplicaBy   types.OID
		Persistence desc.Persistence
	}

	// OwnerAction is OWNER TO.
	OwnerAction struct{ Owner types.OID }

	// NoAction is an action that needs nothing done: ENABLE TRIGGER ALL.
	NoAction struct{}
)

func (*AddColumn) action()           {}
func (*DropColumn) action()          {}
func (*SetType) action()             {}
func (*SetDefault) action()          {}
func (*SetNotNull) action()          {}
func (*DropExpression) action()      {}
func (*SetIdentity) action()         {}
func (*SetColumnOption) action()     {}
func (*AddConstraintAction) action() {}
func (*DropConstraint) action()      {}
func (*ValidateConstraint) action()  {}
func (*AlterConstraint) action()     {}
func (*SetOptions) action()          {}
func (*SetMark) action()             {}
func (*OwnerAction) action()         {}
func (*NoAction) action()            {}

// Tag is the command tag.
func (a *Alter) Tag() string { return "ALTER " + a.What }

// Tag is the command tag.
func (r *Rename) Tag() string { return "ALTER " + r.What }

// Tag is the command tag.
func (s *SetSchema) Tag() string { return "ALTER " + s.What }

// Tag is the command tag.
func (c *ChangeOwner) Tag() string { return "ALTER " + c.What }

// Tag is the command tag.
func (*CreateView) Tag() string { return "CREATE VIEW" }

// Tag is the command tag.
func (*AlterSequence) Tag() string { return "ALTER SEQUENCE" }
