// Package desc is the catalog's descriptors: what a database, schema, relation,
// type or role is. They are plain immutable data; a change makes a new one.
//
// A descriptor is stored as JSON under its class and OID (docs/format/catalog.md):
// few, small, and readable by every later version, which adds fields only.
package desc

import "datapunk/types"

// ID names any catalog object: the OID of the catalog it is a row of (its
// class), its own OID, and for a column its number (pg_depend's three columns).
type ID struct {
	Class types.OID `json:"c"`
	OID   types.OID `json:"o"`
	Sub   int16     `json:"s,omitempty"`
}

// The classes: OIDs of the catalogs themselves.
const (
	ClassType       types.OID = 1247
	ClassAttribute  types.OID = 1249
	ClassProc       types.OID = 1255
	ClassRelation   types.OID = 1259
	ClassRole       types.OID = 1260
	ClassMember     types.OID = 1261
	ClassDatabase   types.OID = 1262
	ClassTablespace types.OID = 1213
	ClassAttrdef    types.OID = 2604
	ClassConstraint types.OID = 2606
	ClassOperator   types.OID = 2617
	ClassRewrite    types.OID = 2618
	ClassSchema     types.OID = 2615
	ClassComment    types.OID = 2609
	ClassExtension  types.OID = 3079
	ClassCollation  types.OID = 3456
	ClassSettings   types.OID = 2964
	ClassLanguage   types.OID = 2612
	ClassStatistics types.OID = 2619
	// ClassSharedComment stands for the comments on roles and databases, which no
	// database holds; ClassComment for the others.
	ClassSharedComment types.OID = 2396
)

// FirstUser is the first OID given to a user's object, as in PostgreSQL.
const FirstUser types.OID = 16384

// Object is any descriptor.
type Object interface {
	ID() ID
	// Name is what a lookup finds it by, in its namespace; "" is never looked up.
	Lookup() Lookup
	// Needs lists what the object depends on.
	Needs() []Need
}

// Lookup is a name within a namespace (a schema's OID; 0 where names are
// global). Space tells apart what may share a name: relations and types do not.
type Lookup struct {
	Class     types.OID
	Namespace types.OID
	Name      string
}

// Need is one dependency (a row of pg_depend).
type Need struct {
	On   ID       `json:"on"`
	Kind NeedKind `json:"k,omitempty"` // 0 is Normal
	// Sub is the column of this object that needs it, 0 the whole.
	Sub int16 `json:"s,omitempty"`
}

// NeedKind is pg_depend.deptype.
type NeedKind byte

// The kinds: a normal need stops DROP RESTRICT; an automatic or internal one goes along.
const (
	Normal    NeedKind = 'n'
	Automatic NeedKind = 'a'
	Internal  NeedKind = 'i'
)

// Deptype is the letter pg_depend shows.
func (n Need) Deptype() NeedKind {
	if n.Kind == 0 {
		return Normal
	}
	return n.Kind
}

// Grant is one aclitem: what Grantor gave Grantee (0 is PUBLIC). Privileges and
// Options are sets of Privilege.
type Grant struct {
	Grantee    types.OID `json:"to"`
	Grantor    types.OID `json:"by"`
	Privileges Privilege `json:"p"`
	Options    Privilege `json:"o,omitempty"`
}

// Privilege is a set of privileges (PostgreSQL manual, 5.7).
type Privilege uint32

// The privileges, in the order in which aclitem prints them.
const (
	Insert Privilege = 1 << iota
	Select
	Update
	Delete
	Truncate
	References
	Trigger
	Execute
	Usage
	Create
	Temporary
	Connect
	SetParameter
	AlterSystem
)

// PrivilegeLetters has the letter of each privilege at its bit.
const PrivilegeLetters = "arwdDxtXUCTcsA"

// Role is a role (pg_authid), with its memberships.
type Role struct {
	OID         types.OID    `json:"oid"`
	Name        string       `json:"name"`
	Superuser   bool         `json:"super,omitempty"`
	NoInherit   bool         `json:"noinherit,omitempty"`
	CreateRole  bool         `json:"createrole,omitempty"`
	CreateDB    bool         `json:"createdb,omitempty"`
	Login       bool         `json:"login,omitempty"`
	Replication bool         `json:"replication,omitempty"`
	BypassRLS   bool         `json:"bypassrls,omitempty"`
	ConnLimit   *int32       `json:"connlimit,omitempty"` // nil is -1, no limit
	Password    string       `json:"password,omitempty"`  // a SCRAM verifier
	ValidUntil  *int64       `json:"until,omitempty"`     // µs since 2000-01-01
	MemberOf    []Membership `json:"memberof,omitempty"`
	Config      []string     `json:"config,omitempty"` // name=value, in every database
}

// Membership is one row of pg_auth_members, seen from the member.
type Membership struct {
	Role    types.OID `json:"role"`
	Grantor types.OID `json:"by"`
	Admin   bool      `json:"admin,omitempty"`
}

// Database is a database.
type Database struct {
	OID        types.OID           `json:"oid"`
	Name       string              `json:"name"`
	Owner      types.OID           `json:"owner"`
	Template   bool                `json:"template,omitempty"`
	NoConnect  bool                `json:"noconnect,omitempty"`
	ConnLimit  *int32              `json:"connlimit,omitempty"`
	Collate    string              `json:"collate"`
	Ctype      string              `json:"ctype"`
	Grants     []Grant             `json:"acl"` // null: the default
	Config     []string            `json:"config,omitempty"`
	RoleConfig map[string][]string `json:"roleconfig,omitempty"` // by role OID in decimal
}

// Schema is a namespace.
type Schema struct {
	OID    types.OID `json:"oid"`
	Name   string    `json:"name"`
	Owner  types.OID `json:"owner"`
	Grants []Grant   `json:"acl"`
	Temp   bool      `json:"temp,omitempty"` // a session's own
}

// Comment is the text of COMMENT ON.
type Comment struct {
	On   ID     `json:"on"`
	Text string `json:"text"`
}

// Extension is an installed extension.
type Extension struct {
	OID     types.OID `json:"oid"`
	Name    string    `json:"name"`
	Owner   types.OID `json:"owner"`
	Schema  types.OID `json:"schema"`
	Version string    `json:"version"`
}

// ID names the role.
func (r *Role) ID() ID { return ID{Class: ClassRole, OID: r.OID} }

// Lookup is the role's name.
func (r *Role) Lookup() Lookup { return Lookup{Class: ClassRole, Name: r.Name} }

// Needs is empty: owners are found through the objects they own.
func (r *Role) Needs() []Need { return nil }

// ID names the database.
func (d *Database) ID() ID { return ID{Class: ClassDatabase, OID: d.OID} }

// Lookup is the database's name.
func (d *Database) Lookup() Lookup { return Lookup{Class: ClassDatabase, Name: d.Name} }

// Needs is empty; see Role.Needs.
func (d *Database) Needs() []Need { return nil }

// ID names the schema.
func (s *Schema) ID() ID { return ID{Class: ClassSchema, OID: s.OID} }

// Lookup is the schema's name.
func (s *Schema) Lookup() Lookup { return Lookup{Class: ClassSchema, Name: s.Name} }

// Needs is empty; see Role.Needs.
func (s *Schema) Needs() []Need { return nil }

// ID is the commented object's, in a class of comments of its own.
func (c *Comment) ID() ID { return CommentID(c.On) }

// CommentID is the ID that the comment on an object has.
func CommentID(on ID) ID { return ID{Class: ClassComment<<16 | on.Class, OID: on.OID, Sub: on.Sub} }

// CommentedClass is the class that a class of comments is about, or 0.
func CommentedClass(class types.OID) types.OID {
	if class>>16 == ClassComment {
		return class & 0xffff
	}
	return 0
}

// Lookup names the comment by what it is on.
func (c *Comment) Lookup() Lookup { return Lookup{} }

// Needs makes the comment vanish with its object.
func (c *Comment) Needs() []Need { return []Need{{On: c.On, Kind: Automatic}} }

// ID names the extension.
func (e *Extension) ID() ID { return ID{Class: ClassExtension, OID: e.OID} }

// Lookup is the extension's name.
func (e *Extension) Lookup() Lookup { return Lookup{Class: ClassExtension, Name: e.Name} }

// Needs is the schema of its objects.
func (e *Extension) Needs() []Need {
	return []Need{{On: ID{Class: ClassSchema, OID: e.Schema}}}
}

// The objects with fixed OIDs: the databases that a new node has, as PostgreSQL's,
// and its superuser.
const (
	TemplateDatabase types.OID = 1
	EmptyDatabase    types.OID = 4
	PostgresDatabase types.OID = 5
	Superuser        types.OID = 10
)
