package function

import (
	"context"

	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// Env is the world as functions see it: small interfaces that the session
// implements. Fields are set once for a statement.
type Env struct {
	Context   context.Context // ends when the statement is cancelled
	Format    *format.Context // text and binary I/O: DateStyle, TimeZone, bytea_output, reg* names
	Clock     Clock
	Settings  Settings
	Names     Names
	Sequences Sequences
	Locks     Locks
	Activity  Activity
	State     State
	Objects   Objects
	Functions *Registry // or nil
	Runner    Runner
	Random    Random
}

// Interrupt returns an error if the statement is to stop.
func (e *Env) Interrupt() error { return context.Cause(e.Context) }

// Clock gives the three times of PostgreSQL, in µs since 2000-01-01.
type Clock interface {
	Transaction() int64
	Statement() int64
	Now() int64
	Sleep(ctx context.Context, micros int64) error
}

// Settings is SET and SHOW.
type Settings interface {
	// Get returns a setting's value as SHOW prints it; missing says whether an
	// unknown name is "" and false instead of an error.
	Get(name string, missing bool) (value string, found bool, err error)
	Set(name, value string, local bool) error
}

// Names answers what the catalog knows about names and objects, as of the
// latest committed version plus this transaction's changes.
type Names interface {
	CurrentUser() string
	SessionUser() string
	CurrentUserOID() types.OID
	Database() string
	DatabaseOID() types.OID
	// SearchPath lists the schemas searched, by OID; implicit adds pg_catalog
	// and the temporary schema.
	SearchPath(implicit bool) []types.OID
	SchemaName(types.OID) (string, bool)
	RoleName(types.OID) (string, bool)
	RoleOID(name string) (types.OID, bool)
	// Has answers the has_*_privilege family: class is "table", "column",
	// "schema", "database", "sequence", "function", "role" …; privilege may end in
	// " WITH GRANT OPTION". found is false for an unknown object.
	Has(role types.OID, class string, object types.OID, column int16, privilege string) (has, found bool, err error)
	// Visible tells whether a name without schema finds the object first; class
	// is "relation", "type", "function", "operator", "collation", "opclass" ….
	Visible(class string, object types.OID) (visible, found bool)
	// Definition prints an object: "view", "index", "constraint", "rule", "trigger",
	// "function", "default" …, as pg_get_*def do.
	Definition(class string, object types.OID, column int, pretty bool) (string, bool, error)
	// Expression prints a stored expression of a relation (pg_get_expr).
	Expression(text string, relation types.OID, pretty bool) (string, error)
	// Size estimates bytes on disk: "relation", "table", "indexes", "total",
	// "database", "tablespace".
	Size(class string, object types.OID) (int64, bool)
	// Comment is obj_description and its kin; catalog is the class's OID.
	Comment(catalog, object types.OID, sub int32) (string, bool)
	// SerialSequence is pg_get_serial_sequence.
	SerialSequence(table, column string) (string, bool, error)
	// TypeByOID finds any type.
	TypeByOID(types.OID) *types.Type
}

// Sequences is nextval and its kin, by pg_class OID.
type Sequences interface {
	Next(sequence types.OID) (int64, error)
	Current(sequence types.OID) (int64, error)
	Last() (int64, error)
	Set(sequence types.OID, value int64, called bool) error
}

// Locks is the advisory lock functions. Try returns false where the lock is held
// by another session.
type Locks interface {
	Lock(key int64, pair, shared, session bool) error
	Try(key int64, pair, shared, session bool) (bool, error)
	Unlock(key int64, pair, shared bool) (bool, error)
	UnlockAll()
}

// Activity is what functions may know of and do to sessions and transactions.
type Activity interface {
	PID() int32
	Cancel(pid int32) (bool, error)
	Terminate(pid int32) (bool, error)
	BlockedBy(pid int32) []int32
	// XID is the transaction's number; assign allots one if there is none (else 0).
	XID(assign bool) uint64
	// XIDBounds is the oldest transaction in progress and the next number.
	XIDBounds() (oldest, next uint64)
	StartTime() int64  // of the server, µs since 2000-01-01
	ReloadTime() int64 // of the configuration
	ClientAddress() (address string, port int32, ok bool)
	ServerAddress() (address string, port int32, ok bool)
	BackendStart() int64
	Isolated() bool // a read-only replica; always false on one node
	Notify(channel, payload string) error
}

// State is what the session and the server hold at the moment, as the views
// pg_stat_activity, pg_locks, pg_settings, pg_cursors and their kin show it.
type State interface {
	// List gives the rows of a set-returning function, by its pg_proc.prosrc: one value
	// for each of its columns, nil for null. arg is its argument, nil without one.
	List(source string, arg any) ([][]any, error)
	// Counter is a counter that a pg_stat_get_* function shows, by its name behind
	// pg_stat_get_; object is a relation or database. ok is false where nothing counts.
	Counter(name string, object types.OID) (n int64, ok bool)
}

// Objects tells what an object is called: any row of any catalog.
type Objects interface {
	// Describe is pg_describe_object; ok is false where there is no such object.
	Describe(class, object types.OID, sub int32) (text string, ok bool, err error)
	// Identify is pg_identify_object: schema and name are "" where they are null.
	Identify(class, object types.OID, sub int32) (kind, schema, name, identity string, ok bool, err error)
}

// Runner runs SQL on the session's behalf with the caller's transaction.
type Runner interface {
	// Query runs one statement with parameters and gives each row to fn, which
	// must not keep it.
	Query(sql string, params []*vector.Vector, fn func(row []*vector.Vector, i int) error) error
}

// Random is the session's pseudo-random generator (setseed).
type Random interface {
	Seed(float64)
	Float64() float64 // in [0, 1)
	Normal() float64
	// Bytes fills b from the operating system's generator (gen_random_uuid).
	Bytes(b []byte)
}
